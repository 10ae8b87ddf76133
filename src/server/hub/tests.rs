mod care;
mod channels;
mod counts;
mod log;
mod resume;
mod session;
mod shared;

use std::net::Ipv4Addr;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use tokio::time::{advance, sleep};

use super::*;
use crate::{
    live::message::{self, Reading},
    model::{freshness::Freshness, time::UnixMs},
    server::{market::fixture::ticker, metrics::Metrics},
    wire::realtime::RealtimeMessage,
};

const WALL: UnixMs = UnixMs(1_763_640_000_000);

fn of(freshness: Freshness, base: &str, price: f64) -> Ticker {
    Ticker { freshness, ..ticker(base, price) }
}

fn symbol(base: &str) -> Symbol {
    Symbol::parse(base).expect("a symbol")
}

fn hub() -> (Arc<Hub>, CancellationToken) {
    let clock = Clock::following(WALL);
    hub_with(LogSetup::in_memory(clock), clock)
}

fn hub_with(log: LogSetup, clock: Clock) -> (Arc<Hub>, CancellationToken) {
    let shutdown = CancellationToken::new();
    let limits = LimitsConfig { connections_per_address: 3, connections_total: 5, ..LimitsConfig::default() };
    let symbols = ["BTC", "ETH", "SOL"].map(symbol);
    let hub = Arc::new(Hub::new(
        &symbols,
        &limits,
        Duration::from_secs(30),
        clock,
        log,
        &Metrics::default(),
        shutdown.clone(),
    ));
    tokio::spawn(Arc::clone(&hub).run());
    (hub, shutdown)
}

fn address(last: u8) -> Client {
    Ipv4Addr::new(192, 0, 2, last).into()
}

fn wish(bases: &[&str]) -> Wish {
    Wish { symbols: bases.iter().map(|base| symbol(base)).collect(), pace: Duration::ZERO }
}

/// A stream that has said its hello.
fn connect(hub: &Arc<Hub>, wish: &Wish) -> FrameStream {
    let mut stream = hub.connect(address(1), wish).expect("room");
    let hello = stream.next().now_or_never().flatten().expect("a hello");
    assert!(hello.starts_with(b"retry: 2000\n\ndata: {\"type\":\"connected\""));
    stream
}

/// What can be read without waiting.
fn ready(stream: &mut FrameStream) -> Vec<Bytes> {
    std::iter::from_fn(|| stream.next().now_or_never().flatten()).collect()
}

/// The messages among the frames, in short: `BTC 1`, `status BTC stale`, `heartbeat <id>`, `going_down <ms>`, `:` for a
/// comment.
fn brief(frames: &[Bytes]) -> Vec<String> {
    frames
        .iter()
        .map(|frame| {
            let text = std::str::from_utf8(frame).expect("UTF-8");
            let Some(json) = text.lines().find_map(|line| line.strip_prefix("data: ")) else { return ":".to_owned() };
            let Reading::Known(message) = message::read(json) else { panic!("no message: {json}") };
            match message {
                RealtimeMessage::Ticker { data } => format!("{} {}", data.symbol, data.price),
                RealtimeMessage::Status { data } => format!("status {} {}", data.symbol, data.freshness.as_str()),
                RealtimeMessage::Heartbeat(heartbeat) => format!("heartbeat {}", heartbeat.last_id),
                RealtimeMessage::Connected(_) => "connected".to_owned(),
                RealtimeMessage::Story { data } => format!("story {}", data.id),
                RealtimeMessage::Gap { data } => format!("gap {} {}", data.from, data.to),
                RealtimeMessage::StreamError { data } => format!("{} {}", data.code, data.retry.delay_ms),
            }
        })
        .collect()
}

fn id(frame: &Bytes) -> u64 {
    let text = std::str::from_utf8(frame).expect("UTF-8");
    let line = text.lines().next().and_then(|line| line.strip_prefix("id: ")).expect("an id first");
    line.parse().expect("a number")
}

#[tokio::test(start_paused = true)]
async fn a_stream_starts_with_a_snapshot_and_goes_on_with_changes() {
    let (hub, _shutdown) = hub();
    hub.publish(&ticker("BTC", 1.0));
    hub.publish(&ticker("BTC", 2.0));
    hub.publish(&ticker("ETH", 3.0));
    let mut stream = connect(&hub, &wish(&["ETH", "BTC", "SOL"]));
    assert_eq!(brief(&ready(&mut stream)), ["ETH 3", "BTC 2"], "SOL has no price yet");
    hub.publish(&ticker("SOL", 4.0));
    assert_eq!(brief(&ready(&mut stream)), ["SOL 4"]);
    assert_eq!(ready(&mut stream).len(), 0);
}

#[tokio::test(start_paused = true)]
async fn every_reader_gets_the_same_bytes() {
    let (hub, _shutdown) = hub();
    let mut streams = [connect(&hub, &wish(&["BTC"])), connect(&hub, &wish(&["BTC", "ETH"]))];
    hub.publish(&ticker("BTC", 1.0));
    let frames: Vec<Bytes> = streams.iter_mut().flat_map(ready).collect();
    assert_eq!(frames.len(), 2);
    assert_eq!(frames[0].as_ptr(), frames[1].as_ptr(), "shared, not copied");
}

#[tokio::test(start_paused = true)]
async fn the_newest_of_each_symbol_wins_for_a_slow_reader() {
    let (hub, _shutdown) = hub();
    let mut stream = connect(&hub, &wish(&["BTC", "ETH"]));
    for price in 1..=1000 {
        hub.publish(&ticker("BTC", f64::from(price)));
        hub.publish(&ticker("ETH", f64::from(price) / 2.0));
    }
    assert_eq!(brief(&ready(&mut stream)), ["BTC 1000", "ETH 500"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_twice_when_it_changes_while_being_read() {
    let (hub, _shutdown) = hub();
    let mut stream = connect(&hub, &wish(&["BTC", "ETH"]));
    hub.publish(&ticker("BTC", 1.0));
    hub.publish(&ticker("ETH", 1.0));
    let first = stream.next().now_or_never().flatten().expect("BTC");
    hub.publish(&ticker("ETH", 2.0));
    assert_eq!(brief(&[first]), ["BTC 1"]);
    assert_eq!(brief(&ready(&mut stream)), ["ETH 2"]);
}

#[tokio::test(start_paused = true)]
async fn ids_grow_and_fit_a_double() {
    let (hub, _shutdown) = hub();
    let mut stream = connect(&hub, &wish(&["BTC", "ETH"]));
    hub.publish(&ticker("BTC", 1.0));
    hub.publish(&ticker("ETH", 1.0));
    let ids: Vec<u64> = ready(&mut stream).iter().map(id).collect();
    assert_eq!(ids, [1_763_640_000_000_001, 1_763_640_000_000_002]);
    assert!(ids.iter().all(|id| *id < 1 << 53));
}

#[tokio::test(start_paused = true)]
async fn a_change_of_freshness_is_told_and_missed_ones_collapse() {
    let (hub, _shutdown) = hub();
    hub.publish(&of(Freshness::Live, "BTC", 1.0));
    let mut fast = connect(&hub, &wish(&["BTC"]));
    let mut slow = connect(&hub, &wish(&["BTC"]));
    assert_eq!(brief(&ready(&mut fast)), ["BTC 1"], "the snapshot says it");
    hub.publish(&of(Freshness::Quiet, "BTC", 1.0));
    assert_eq!(brief(&ready(&mut fast)), ["status BTC quiet", "BTC 1"]);
    hub.publish(&of(Freshness::Quiet, "BTC", 2.0));
    assert_eq!(brief(&ready(&mut fast)), ["BTC 2"], "no change, no status");
    hub.publish(&of(Freshness::Stale, "BTC", 2.0));
    assert_eq!(brief(&ready(&mut fast)), ["status BTC stale", "BTC 2"]);
    assert_eq!(brief(&ready(&mut slow)), ["status BTC stale", "BTC 2"]);
    let mut late = connect(&hub, &wish(&["BTC"]));
    assert_eq!(brief(&ready(&mut late)), ["BTC 2"]);
}

#[tokio::test(start_paused = true)]
async fn a_venue_that_changes_is_a_status_too() {
    let (hub, _shutdown) = hub();
    hub.publish(&ticker("BTC", 1.0));
    let mut stream = connect(&hub, &wish(&["BTC"]));
    ready(&mut stream);
    let mut changed = ticker("BTC", 1.0);
    changed.venues[0].freshness = Freshness::Down;
    hub.publish(&changed);
    let status = ready(&mut stream).remove(0);
    assert_eq!(
        status,
        "data: {\"type\":\"status\",\"data\":{\"symbol\":\"BTC\",\"freshness\":\"live\",\"venues\":{\"binance\":\"down\"}}}\n\n"
    );
}

#[tokio::test(start_paused = true)]
async fn a_pace_holds_tickers_back_but_no_status() {
    let (hub, _shutdown) = hub();
    hub.publish(&ticker("BTC", 1.0));
    let mut stream = connect(&hub, &Wish { pace: Duration::from_secs(1), ..wish(&["BTC"]) });
    assert_eq!(brief(&ready(&mut stream)), ["BTC 1"], "the snapshot does not wait");
    for price in 2..=9 {
        advance(Duration::from_millis(100)).await;
        hub.publish(&ticker("BTC", f64::from(price)));
        assert_eq!(ready(&mut stream).len(), 0);
    }
    hub.publish(&of(Freshness::Quiet, "BTC", 10.0));
    assert_eq!(brief(&ready(&mut stream)), ["status BTC quiet"]);
    let before = tokio::time::Instant::now();
    let frame = stream.next().await.expect("a ticker");
    assert_eq!(brief(&[frame]), ["BTC 10"]);
    assert!(before.elapsed() <= Duration::from_millis(201), "woken when the pace allows: {:?}", before.elapsed());
}

#[tokio::test(start_paused = true)]
async fn only_readers_of_a_symbol_are_woken() {
    let (hub, _shutdown) = hub();
    let mut btc = connect(&hub, &wish(&["BTC"]));
    let mut eth = connect(&hub, &wish(&["ETH"]));
    let (counted, wakes) = futures_count();
    let (idle, strays) = futures_count();
    assert!(btc.poll_next_unpin(&mut std::task::Context::from_waker(&counted)).is_pending());
    assert!(eth.poll_next_unpin(&mut std::task::Context::from_waker(&idle)).is_pending());
    for price in 1..=5 {
        hub.publish(&ticker("BTC", f64::from(price)));
    }
    assert_eq!(wakes.count(), 1, "once is enough until it looks");
    assert_eq!(strays.count(), 0);
}

/// A waker that counts.
struct Count(AtomicU64);

impl Count {
    fn count(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl futures_util::task::ArcWake for Count {
    fn wake_by_ref(count: &Arc<Self>) {
        count.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn futures_count() -> (std::task::Waker, Arc<Count>) {
    let count = Arc::new(Count(AtomicU64::new(0)));
    (futures_util::task::waker(Arc::clone(&count)), count)
}
