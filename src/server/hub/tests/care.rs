//! How streams are kept alive, counted and ended.

use super::*;

#[tokio::test(start_paused = true)]
async fn comments_and_heartbeats_come_without_data() {
    let (hub, _shutdown) = hub();
    let mut stream = connect(&hub, &wish(&["BTC"]));
    let started = tokio::time::Instant::now();
    let mut seen = Vec::new();
    for _ in 0..5 {
        let frame = stream.next().await.expect("a frame");
        seen.push((brief(&[frame]).remove(0), started.elapsed().as_secs_f64().round().to_string()));
    }
    let text: Vec<String> = seen.iter().map(|(what, at)| format!("{what} at {at}")).collect();
    assert_eq!(text, [": at 14", ": at 28", "heartbeat  at 30", ": at 42", ": at 56"]);
    hub.publish(&ticker("BTC", 1.0));
    let id = id(&stream.next().await.expect("a ticker"));
    let heartbeat = stream.next().await.expect("a heartbeat");
    assert_eq!(brief(&[heartbeat]), [format!("heartbeat {id}")]);
}

#[tokio::test(start_paused = true)]
async fn limits_refuse_and_a_closed_stream_makes_room() {
    let (hub, _shutdown) = hub();
    let mut streams: Vec<_> = (0..3).map(|_| connect(&hub, &wish(&["BTC", "ETH"]))).collect();
    assert_eq!(hub.connect(address(1), &wish(&["BTC"])).err(), Some(Refusal::AddressFull));
    let _fourth = hub.connect(address(2), &wish(&["BTC"])).expect("room for another");
    let _fifth = hub.connect(address(3), &wish(&["BTC"])).expect("room for another");
    assert_eq!(hub.connect(address(4), &wish(&["BTC"])).err(), Some(Refusal::ServerFull));
    assert_eq!((hub.streams(), hub.subscriptions()), (5, vec![(symbol("BTC"), 5), (symbol("ETH"), 3)]));
    streams.clear();
    assert_eq!((hub.streams(), hub.subscriptions()), (2, vec![(symbol("BTC"), 2)]));
    assert_eq!(hub.connect(address(1), &wish(&["XYZ"])).err(), Some(Refusal::UnknownSymbol));
    assert_eq!(hub.streams(), 2, "a refusal holds no room");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_does_not_look_is_forgotten() {
    let (hub, _shutdown) = hub();
    let mut stalled = connect(&hub, &wish(&["BTC"]));
    let mut lively = connect(&hub, &wish(&["BTC"]));
    assert_eq!(ready(&mut stalled).len(), 0);
    hub.publish(&ticker("BTC", 1.0));
    for _ in 0..29 {
        sleep(Duration::from_secs(1)).await;
        ready(&mut lively);
    }
    assert_eq!(hub.subscriptions(), [(symbol("BTC"), 2)]);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(hub.subscriptions(), [(symbol("BTC"), 1)], "it costs no publication anything");
    let end = stalled.next().await.expect("an end");
    assert!(end.starts_with(b"retry: 2000\n"));
    assert_eq!(brief(&[end]), ["too_slow 2000"]);
    assert_eq!(stalled.next().await, None);
    hub.publish(&ticker("BTC", 2.0));
    assert!(brief(&ready(&mut lively)).contains(&"BTC 2".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_reader_with_nothing_to_read_is_not_stalled() {
    let (hub, _shutdown) = hub();
    let stream = connect(&hub, &Wish { pace: Duration::from_secs(10), ..wish(&["BTC"]) });
    let reader = tokio::spawn(stream.take(1000).count());
    for price in 1..200 {
        hub.publish(&ticker("BTC", f64::from(price)));
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(hub.subscriptions(), [(symbol("BTC"), 1)]);
    reader.abort();
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_every_stream_at_once() {
    let (hub, shutdown) = hub();
    let streams: Vec<_> = (0..3).map(|_| connect(&hub, &wish(&["BTC"]))).collect();
    let readers: Vec<_> = streams.into_iter().map(|s| tokio::spawn(s.collect::<Vec<_>>())).collect();
    sleep(Duration::from_millis(1)).await;
    let before = tokio::time::Instant::now();
    shutdown.cancel();
    for (id, reader) in (1..).zip(readers) {
        let frames = reader.await.expect("it ends");
        let after_ms = crate::server::shutdown::reconnect_after_ms(id);
        assert_eq!(brief(&frames), [format!("going_down {after_ms}")]);
        assert!(frames[0].starts_with(format!("retry: {after_ms}\n").as_bytes()), "for clients that read no message");
    }
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert_eq!(hub.streams(), 0);
    assert_eq!(hub.connect(address(1), &wish(&["BTC"])).err(), Some(Refusal::GoingDown));
}
