//! A log that other nodes write to, too; and ids that they gave.

use super::{
    log::{START, draft, everything, open, publish, told},
    *,
};
use crate::server::event::{EventKind, LogEvent};

fn shared_hub() -> (Arc<Hub>, CancellationToken) {
    let clock = Clock::following(WALL);
    hub_with(LogSetup::in_memory(clock).shared(), clock)
}

/// What another node wrote, with the ids that it gave.
async fn take(hub: &Hub, ids: std::ops::RangeInclusive<u64>) {
    let event = |n| LogEvent { id: START + n, at: WALL, draft: draft(EventKind::News, "a", n) };
    hub.log().turn().await.publish(ids.map(event).collect());
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_ahead_of_its_node_waits_and_gets_nothing_twice() {
    let (hub, _shutdown) = shared_hub();
    take(&hub, 1..=3).await;
    let mut stream = open(&hub, everything(), Since::After(START + 5));
    assert_eq!(told(&mut stream), ["connected 5"], "another node gave this one out");
    sleep(Duration::from_secs(5)).await;
    hub.log().confirm();
    assert_eq!(told(&mut stream).len(), 0, "a question that may have been asked before it came proves nothing");
    take(&hub, 4..=7).await;
    assert_eq!(told(&mut stream), [r#"news 6 {"n":6}"#, r#"news 7 {"n":7}"#]);
}

#[tokio::test(start_paused = true)]
async fn a_position_that_no_node_gave_out_is_told_of_when_that_is_known() {
    let (hub, _shutdown) = shared_hub();
    take(&hub, 1..=3).await;
    let mut stream = open(&hub, everything(), Since::After(START + 5));
    assert_eq!(told(&mut stream), ["connected 5"]);
    for _ in 0..2 {
        hub.log().confirm();
        sleep(Duration::from_secs(1)).await;
    }
    let gap = |from: u64, to: u64| {
        format!(r#"gap {to} {{"from":"{}","to":"{}","reason":"restarted"}}"#, START + from, START + to)
    };
    assert_eq!(told(&mut stream), [gap(5, 3)]);
    take(&hub, 4..=5).await;
    assert_eq!(told(&mut stream), [r#"news 4 {"n":4}"#, r#"news 5 {"n":5}"#]);
    let mut far = open(&hub, everything(), Since::After(START + 2_000_000));
    assert_eq!(told(&mut far), ["connected -".to_owned(), gap(2_000_000, 5)], "so far ahead is no node");
}

#[tokio::test(start_paused = true)]
async fn readers_of_a_log_that_is_replaced_are_told_and_go_on_with_the_new_one() {
    let (hub, _shutdown) = shared_hub();
    publish(&hub, vec![draft(EventKind::News, "a", 1), draft(EventKind::News, "a", 2)]).await;
    let mut reader = open(&hub, everything(), Since::Now);
    let mut other = open(&hub, everything(), Since::After(START));
    assert_eq!((told(&mut reader).len(), told(&mut other).len()), (1, 3));
    // It started before ours and ends before ours did.
    hub.log().replace(START - 50, START - 10);
    for stream in [&mut reader, &mut other] {
        let frames = ready(stream);
        let text = std::str::from_utf8(&frames[0]).expect("UTF-8");
        assert!(text.contains("event: gap") && text.contains(&format!("\"from\":\"{}\"", START + 2)), "{text}");
        assert_eq!(
            (frames.len(), text.contains(&format!("\"to\":\"{}\",\"reason\":\"restarted\"", START - 10))),
            (1, true)
        );
    }
    let event = LogEvent { id: START - 9, at: WALL, draft: draft(EventKind::News, "a", 9) };
    hub.log().turn().await.publish(vec![event]);
    for stream in [&mut reader, &mut other] {
        assert_eq!(ready(stream).len(), 1, "what follows comes, once");
    }
    assert_eq!((hub.log().first(), hub.log().tip()), (START - 50, START - 9));
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_to_this_node_is_told_as_a_gap() {
    let (hub, _shutdown) = shared_hub();
    take(&hub, 1..=2).await;
    let mut reader = open(&hub, everything(), Since::Now);
    told(&mut reader);
    hub.log().skip_to(START + 9);
    hub.log().skip_to(START + 4);
    // The store is asked before anything is called lost.
    let frame = reader.next().await.expect("a frame");
    let text = String::from_utf8(frame.to_vec()).expect("UTF-8");
    let gap = format!(r#"data: {{"from":"{}","to":"{}","reason":"expired"}}"#, START + 2, START + 9);
    assert!(text.contains("event: gap") && text.contains(&gap), "{text}");
    take(&hub, 10..=10).await;
    assert_eq!(told(&mut reader), [r#"news 10 {"n":10}"#]);
}

#[tokio::test(start_paused = true)]
async fn ids_that_another_node_gave_are_kept_and_those_of_here_grow_beyond_them() {
    let (hub, _shutdown) = shared_hub();
    let far = START + 9_000_000_000;
    assert_eq!(hub.relay(&ticker("BTC", 1.0), far), Some(far));
    assert_eq!(hub.publish(&ticker("ETH", 1.0)), Some(far + 1));
    assert_eq!(hub.relay(&ticker("ETH", 2.0), far), Some(far + 2), "never smaller than the one before");
    assert_eq!(hub.relay(&ticker("ETH", 3.0), far + 7), Some(far + 7));
    assert_eq!(hub.publish(&ticker("DOGE", 1.0)), None);
    let mut stream = connect(&hub, &wish(&["ETH"]));
    let frame = ready(&mut stream).remove(0);
    assert!(frame.starts_with(format!("id: {}\n", far + 7).as_bytes()));
}
