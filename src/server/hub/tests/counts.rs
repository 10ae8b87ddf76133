//! What the monitors are told of streams.

use super::{
    log::{START, Script, draft, everything},
    *,
};
use crate::server::{event::EventKind, metrics::tests::counted};

async fn publish(hub: &Hub, script: &Script, count: u64) {
    let mut turn = hub.log().turn().await;
    let events = turn.stamp((0..count).map(|n| draft(EventKind::News, "a", n)).collect());
    script.0.lock().events.extend(events.clone());
    turn.publish(events);
}

fn get(hub: &Hub, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    counted(&hub.metrics).get(&format!("market_pulse_{name}"), labels)
}

#[tokio::test(start_paused = true)]
async fn clients_and_deliveries_are_counted_by_protocol() {
    let (hub, _shutdown) = hub();
    let (sse, page) = ([("protocol", "sse")], [("protocol", "page")]);
    let mut program = connect(&hub, &wish(&["BTC", "ETH"]));
    let mut reader = hub.connect_page(address(2), &wish(&["BTC"]), Since::Now).expect("room");
    assert_eq!((get(&hub, "clients", &sse), get(&hub, "clients", &page)), (Some(1.0), Some(1.0)));
    hub.publish(&ticker("BTC", 1.0));
    hub.publish(&ticker("ETH", 2.0));
    assert_eq!((ready(&mut program).len(), ready(&mut reader).len()), (2, 2), "a greeting among them");
    hub.publish(&of(Freshness::Stale, "BTC", 1.0));
    assert_eq!((ready(&mut program).len(), ready(&mut reader).len()), (2, 2), "a status and a ticker each");
    sleep(Duration::from_secs(31)).await;
    assert_eq!(ready(&mut program).len(), 2, "signs of life");
    assert_eq!(get(&hub, "deliveries_total", &sse), Some(4.0), "these are no messages");
    assert_eq!(get(&hub, "deliveries_total", &page), Some(3.0));
    drop(program);
    assert_eq!((get(&hub, "clients", &sse), get(&hub, "clients", &page)), (Some(0.0), Some(1.0)));
    assert_eq!(get(&hub, "clients", &[("protocol", "websocket")]), Some(0.0), "nobody's is told, too");
}

#[tokio::test(start_paused = true)]
async fn what_was_handed_out_counts_even_if_the_stream_is_dropped_before_it_waits() {
    let (hub, _shutdown) = hub();
    hub.publish(&ticker("BTC", 1.0));
    hub.publish(&ticker("ETH", 2.0));
    let mut stream = connect(&hub, &wish(&["BTC", "ETH"]));
    stream.next().await.expect("a snapshot");
    drop(stream);
    assert_eq!(get(&hub, "deliveries_total", &[("protocol", "sse")]), Some(1.0));
}

#[tokio::test(start_paused = true)]
async fn prices_that_nobody_took_in_time_are_counted() {
    let (hub, _shutdown) = hub();
    let sse = [("protocol", "sse")];
    for price in 1..=9 {
        hub.publish(&ticker("BTC", f64::from(price)));
    }
    let mut stream = connect(&hub, &wish(&["BTC", "ETH"]));
    assert_eq!(ready(&mut stream).len(), 1);
    assert_eq!(get(&hub, "deliveries_superseded_total", &sse), Some(0.0), "what was before it came is not its loss");
    for price in 1..=5 {
        hub.publish(&ticker("BTC", f64::from(price)));
        hub.publish(&ticker("ETH", f64::from(price)));
    }
    assert_eq!(ready(&mut stream).len(), 2);
    // Of ETH the reader had nothing before: its first one is a snapshot.
    assert_eq!(get(&hub, "deliveries_superseded_total", &sse), Some(4.0));
    hub.publish(&ticker("BTC", 6.0));
    ready(&mut stream);
    assert_eq!(get(&hub, "deliveries_superseded_total", &sse), Some(4.0), "a reader that keeps up loses nothing");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_does_not_look_is_counted_as_slow_once() {
    let (hub, _shutdown) = hub();
    let mut stalled = hub.connect_page(address(1), &wish(&["BTC"]), Since::Now).expect("room");
    ready(&mut stalled);
    hub.publish(&ticker("BTC", 1.0));
    sleep(Duration::from_mins(1)).await;
    assert_eq!(get(&hub, "slow_readers_total", &[("protocol", "page")]), Some(1.0));
    assert_eq!(get(&hub, "slow_readers_total", &[("protocol", "sse")]), Some(0.0));
    assert_eq!(get(&hub, "clients", &[("protocol", "page")]), Some(1.0), "as long as its connection is there");
    drop(stalled);
    assert_eq!(get(&hub, "clients", &[("protocol", "page")]), Some(0.0));
}

#[tokio::test(start_paused = true)]
async fn refusals_are_counted_with_their_reason() {
    let (hub, shutdown) = hub();
    let streams: Vec<_> = (0..3).map(|_| connect(&hub, &wish(&["BTC"]))).collect();
    hub.connect(address(1), &wish(&["BTC"])).err().expect("no room for the address");
    hub.connect(address(1), &wish(&["XYZ"])).err().expect("not followed");
    hub.connect_page(address(1), &wish(&["BTC"]), Since::Now).err().expect("no room for the address");
    let _others: Vec<_> = (2..4).map(|n| hub.connect(address(n), &wish(&["BTC"])).expect("room")).collect();
    hub.connect(address(9), &wish(&["BTC"])).err().expect("no room at all");
    shutdown.cancel();
    hub.connect_events(address(9), everything(), Since::Now).err().expect("going down");
    drop(streams);
    for (protocol, reason) in [
        ("sse", "address_full"),
        ("sse", "unknown_symbol"),
        ("page", "address_full"),
        ("sse", "server_full"),
        ("sse", "going_down"),
    ] {
        let refused = get(&hub, "streams_refused_total", &[("protocol", protocol), ("reason", reason)]);
        assert_eq!(refused, Some(1.0), "{protocol} {reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_message_is_timed() {
    let (hub, _shutdown) = hub();
    let script = Script::default();
    for price in 1..=3 {
        hub.publish(&ticker("BTC", f64::from(price)));
    }
    hub.publish(&ticker("XYZ", 1.0));
    publish(&hub, &script, 5).await;
    let count = |kind| get(&hub, "fan_out_duration_seconds_count", &[("kind", kind)]);
    assert_eq!((count("ticker"), count("event")), (Some(3.0), Some(1.0)), "what is published together counts once");
}

#[tokio::test(start_paused = true)]
async fn what_readers_missed_is_counted_by_where_it_was_read() {
    let script = Script::default();
    let clock = Clock::following(WALL);
    let (hub, _shutdown) = hub_with(script.setup(START, 4).await, clock);
    let mut live = hub.connect_events(address(1), everything(), Since::Now).expect("room");
    ready(&mut live);
    publish(&hub, &script, 10).await;
    let replayed = |source| get(&hub, "events_replayed_total", &[("source", source)]);
    // Six of the ten have left the memory before the reader looks: it is late for those only.
    let last = format!("id: {}\n", START + 10);
    while !live.next().await.expect("an entry").starts_with(last.as_bytes()) {}
    assert_eq!((replayed("store"), replayed("memory")), (Some(6.0), Some(0.0)));
    let mut back = hub.connect_events(address(2), everything(), Since::After(START + 8)).expect("room");
    assert_eq!(ready(&mut back).len(), 3, "a greeting and two entries");
    assert_eq!((replayed("store"), replayed("memory")), (Some(6.0), Some(2.0)));
    publish(&hub, &script, 1).await;
    assert_eq!((ready(&mut back).len(), ready(&mut live).len()), (1, 1));
    assert_eq!((replayed("store"), replayed("memory")), (Some(6.0), Some(2.0)), "what is new is no replay");
    let mut foreign = hub.connect_events(address(3), everything(), Since::Unknown).expect("room");
    assert_eq!(ready(&mut foreign).len(), 2);
    script.0.lock().events.drain(..5);
    let mut late = hub.connect_events(address(3), everything(), Since::After(START + 1)).expect("room");
    late.next().await.expect("a greeting");
    assert!(late.next().await.expect("a gap").windows(5).any(|word| word == b"event"));
    let gaps = |reason| get(&hub, "gaps_total", &[("reason", reason)]);
    assert_eq!((gaps("restarted"), gaps("expired")), (Some(1.0), Some(1.0)));
}
