//! How sockets are counted, kept and ended.

use tokio::io::AsyncReadExt;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::*;
use crate::server::http::tests::from;

/// Whether every task that the server waits for ends in time, but for those of the server itself.
async fn tasks_end(fixture: &Fixture, own: usize, limit: Duration) -> bool {
    let ended = async {
        while fixture.services.tasks.len() > own {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(limit, ended).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn sockets_are_counted_with_the_other_streams() {
    let fixture = Fixture::with(|config| config.limits.connections_per_address = 2);
    let app = app(&fixture);
    let own = fixture.services.tasks.len();
    let stream = send(&app, from(PEER, "/api/realtime/BTC")).await;
    assert_eq!(stream.status(), StatusCode::OK);
    let mut client = Client::open(&app).await;
    client.subscribe(&["ticker:BTC", "ticker:ETH", "news"]).await;
    client.frame().await;
    let (_, _, health) = json(get(&app, "/health").await).await;
    let metrics = &health["metrics"];
    assert_eq!((&metrics["active_streams"], &metrics["total_subscriptions"]), (&2.into(), &3.into()), "{metrics}");
    assert_eq!(send(&app, from(PEER, "/api/realtime/BTC")).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    client.0.close(None).await.expect("closed");
    while client.0.next().await.is_some() {}
    assert!(tasks_end(&fixture, own, LIMIT).await);
    assert_eq!((fixture.services.hub.streams(), fixture.services.hub.log().readers()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn beyond_the_limits_a_close_code_says_so_and_when_to_come_back() {
    let fixture = Fixture::with(|config| {
        config.limits.connections_per_address = 2;
        config.limits.connections_total = 3;
    });
    let app = app(&fixture);
    let mut open = vec![Client::open(&app).await, Client::open(&app).await];
    let mut refused = Client::dial(&app, PEER).await;
    assert_eq!(code_and_wait(&refused.close().await), (4002, 5000));
    open.push(Client::dial(&app, "192.0.2.2:1").await);
    let mut refused = Client::dial(&app, "192.0.2.3:1").await;
    assert_eq!(code_and_wait(&refused.close().await), (4003, 5000));
    assert_eq!(fixture.services.hub.streams(), 3, "a refused one holds no room");
    open.remove(0).0.close(None).await.expect("closed");
    tokio::time::sleep(Duration::from_secs(3)).await;
    Client::open(&app).await;
}

#[tokio::test(start_paused = true)]
async fn being_turned_away_holds_nothing_for_long() {
    let fixture = Fixture::with(|config| {
        config.limits.connections_per_address = 1;
        config.limits.streams_per_minute = 1000;
    });
    let app = app(&fixture);
    let mut ordinary = Client::open(&app).await;
    ordinary.subscribe(&["news"]).await;
    ordinary.frame().await;
    // These answer no close frame, and read nothing.
    let mut stubborn = Vec::new();
    let mut statuses = Vec::new();
    for _ in 0..100 {
        match Client::dial_with(&app, PEER, BUFFER, &[]).await {
            Ok(client) => stubborn.push(client),
            Err(tungstenite::Error::Http(response)) => statuses.push(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((stubborn.len(), statuses), (64, vec![503; 36]), "so many are told by a code, the others by a status");
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut next = Client::dial(&app, PEER).await;
    assert_eq!(code_and_wait(&next.close().await).0, 4002, "there is room to be told again");
    publish(&fixture, 1, &[EventKind::News]).await;
    assert_eq!(brief(&ordinary.frame().await), "news 1", "nobody else noticed");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_closes_every_socket_and_spreads_the_return() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(Client::open(&app).await);
    }
    // One that reads no more.
    let _stuck = Client::dial_with(&app, PEER, 64, &[]).await.expect("a socket");
    fixture.shutdown.cancel();
    let before = Instant::now();
    let closes = futures_util::future::join_all(clients.iter_mut().map(Client::close)).await;
    assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    let mut waits: Vec<u64> =
        closes.iter().map(code_and_wait).map(|(code, wait)| if code == 1001 { wait } else { 0 }).collect();
    waits.sort_unstable();
    assert!(waits.iter().all(|wait| (1000..6000).contains(wait)), "{waits:?}");
    assert!(waits.windows(2).all(|pair| pair[1] - pair[0] < 1000), "evenly: {waits:?}");
    assert!(tasks_end(&fixture, 0, Duration::from_secs(5)).await, "also that of the stuck one");
    assert_eq!(fixture.services.hub.streams(), 0);
    let mut late = Client::dial(&app, PEER).await;
    assert_eq!(code_and_wait(&late.close().await).0, 1001);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_answers_nothing_is_closed_and_one_that_does_is_not() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let (mut silent, mut lively) = (Client::open(&app).await, Client::open(&app).await);
    let started = Instant::now();
    // The library answers pings when it is asked for the next message.
    let living = tokio::spawn(async move { while let Some(Ok(Message::Ping(_))) = lively.0.next().await {} });
    while fixture.services.hub.streams() == 2 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(started.elapsed() < Duration::from_mins(2), "still there");
    }
    let took = started.elapsed().as_secs();
    assert!((60..=93).contains(&took), "{took}");
    // Read past the library, which would answer now.
    let mut rest = Vec::new();
    silent.0.get_mut().read_to_end(&mut rest).await.expect("read");
    let [0x89, 0, 0x89, 0, 0x88, length, high, low, reason @ ..] = &rest[..] else { panic!("{rest:x?}") };
    assert_eq!(
        (usize::from(*length), u16::from_be_bytes([*high, *low])),
        (2 + reason.len(), 4008),
        "two pings, a close"
    );
    assert_eq!(serde_json::from_slice::<Retry>(reason).expect("a retry object"), Retry::after_ms(2000));
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!(fixture.services.hub.streams(), 1);
    assert!(!living.is_finished(), "nothing came but pings");
    living.abort();
}

#[tokio::test(start_paused = true)]
async fn a_stuck_reader_delays_nobody_and_is_closed() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let mut stuck = Client::dial_with(&app, PEER, 4096, &[]).await.expect("a socket");
    stuck.frame().await;
    let mut lively = Client::open(&app).await;
    for client in [&mut stuck, &mut lively] {
        client.subscribe(&["ticker:BTC", "news", "breaking"]).await;
        client.frame().await;
    }
    let started = Instant::now();
    let mut second = 0;
    while fixture.services.hub.log().readers() == 2 {
        second += 1;
        publish(&fixture, second, &[EventKind::News]).await;
        fixture.post(ticker("BTC", f64::from(u32::try_from(second).expect("small"))));
        let before = Instant::now();
        let frames = [lively.frame().await, lively.frame().await];
        assert_eq!(brief(&frames[0]), format!("news {second}"));
        assert_eq!(frames[1]["channel"], "ticker:BTC");
        assert!(before.elapsed() < Duration::from_millis(100), "{:?}", before.elapsed());
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(started.elapsed() < Duration::from_mins(2), "the stuck reader is still served");
    }
    assert!(second > 30, "not before it is due: {second}");
    // It reads again just after: what was on its way, and then why there is no more.
    let (mut tickers, mut close) = (Vec::new(), None);
    while let Some(Ok(message)) = stuck.0.next().await {
        match message {
            Message::Text(text) => {
                let frame: Value = serde_json::from_str(&text).expect("JSON");
                tickers.extend(frame["data"]["price"].as_f64());
            }
            Message::Close(frame) => close = frame,
            _ => {}
        }
    }
    assert!(tickers.len() < 20, "no backlog: {tickers:?}");
    assert_eq!(code_and_wait(&close.expect("a close frame")), (4008, 2000));
}

#[tokio::test(start_paused = true)]
async fn one_that_takes_little_at_a_time_gets_every_entry_and_the_newest_price() {
    let fixture = Fixture::new();
    let mut slow = Client::dial_with(&app(&fixture), PEER, 512, &[]).await.expect("a socket");
    slow.frame().await;
    slow.subscribe(&["ticker:BTC", "news"]).await;
    slow.frame().await;
    let mut told = Vec::new();
    let mut prices = Vec::new();
    for n in 1..=200_u32 {
        publish(&fixture, n.into(), &[EventKind::News]).await;
        fixture.post(ticker("BTC", f64::from(n)));
        if n % 20 == 0 {
            let frame = slow.frame().await;
            told.extend(frame["data"]["n"].as_u64());
            prices.extend(frame["data"]["price"].as_f64());
        }
    }
    while told.len() < 200 || prices.last() != Some(&200.0) {
        let frame = slow.frame().await;
        told.extend(frame["data"]["n"].as_u64());
        prices.extend(frame["data"]["price"].as_f64());
    }
    assert_eq!(told, (1..=200).collect::<Vec<_>>());
    assert!(prices.is_sorted() && prices.len() < 100, "{prices:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_may_close_and_may_vanish() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let own = fixture.services.tasks.len();
    let mut polite = Client::open(&app).await;
    let reason = CloseFrame { code: CloseCode::Normal, reason: "thank you".into() };
    polite.0.close(Some(reason.clone())).await.expect("sent");
    assert_eq!(polite.close().await, reason, "the server answers");
    let mut rude = Client::open(&app).await;
    rude.subscribe(&["ticker:BTC"]).await;
    drop(rude);
    assert!(tasks_end(&fixture, own, LIMIT).await);
    assert_eq!((fixture.services.hub.streams(), fixture.services.hub.subscriptions()), (0, vec![]));
}
