//! Nothing is lost and nothing comes twice: over the end of the memory, a new connection, a new server.

use proptest::prelude::*;
use tokio::time::timeout;

use super::{
    log::{START, Script, draft, everything},
    *,
};
use crate::server::{event::EventKind, hub::log::READS};

/// Entries that are kept in memory.
const KEEP: usize = 4;

/// Writes entries as the task of the news does: stored, then sent.
async fn publish(hub: &Hub, script: &Script, from: &mut u64, count: u64) {
    let mut turn = hub.log().turn().await;
    let drafts = (0..count).map(|_| {
        *from += 1;
        draft(EventKind::News, if (*from).is_multiple_of(3) { "third" } else { "other" }, *from)
    });
    let events = turn.stamp(drafts.collect());
    script.0.lock().events.extend(events.clone());
    turn.publish(events);
}

/// A client that keeps the last id it has seen, and checks what it is told.
struct Client {
    wish: EventWish,
    stream: Option<FrameStream>,
    last_id: Option<u64>,
    /// Up to here everything was told, in order.
    told: Option<u64>,
    seen: Vec<(u64, u64)>,
    gaps: Vec<(u64, u64)>,
}

impl Client {
    fn new(wish: EventWish) -> Self {
        Self { wish, stream: None, last_id: None, told: None, seen: vec![], gaps: vec![] }
    }

    fn connect(&mut self, hub: &Arc<Hub>) {
        self.stream = None;
        let since = self.last_id.map_or(Since::Now, Since::After);
        self.stream = Some(hub.connect_events(address(1), self.wish.clone(), since).expect("room"));
    }

    /// Takes one frame in.
    fn take(&mut self, frame: &Bytes) {
        let text = std::str::from_utf8(frame).expect("UTF-8");
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
        let data = field("data: ").and_then(|json| serde_json::from_str::<serde_json::Value>(json).ok());
        let id: Option<u64> = field("id: ").map(|id| id.parse().expect("a number"));
        match field("event: ") {
            Some("news") => {
                let id = id.expect("an id");
                assert!(self.told.is_none_or(|told| id > told), "{id} comes after {:?}", self.told);
                self.seen.push((id, data.expect("JSON")["n"].as_u64().expect("a number")));
                self.told = Some(id);
            }
            Some("gap") => {
                let data = data.expect("JSON");
                let [from, to] = ["from", "to"].map(|end| data[end].as_str().and_then(|id| id.parse().ok()));
                let (from, to): (u64, u64) = (from.expect("a place"), to.expect("a place"));
                assert_eq!(data["reason"], "expired");
                assert!(self.told.is_none_or(|told| from >= told) && to > from && id == Some(to));
                self.gaps.push((from, to));
                self.told = Some(to);
            }
            Some("connected" | "heartbeat") => {
                let id = id.expect("a place");
                assert!(self.told.is_none_or(|told| id >= told), "{id} goes back behind {:?}", self.told);
                self.told = Some(id);
            }
            // It was left alone for too long.
            Some("stream_error") => self.stream = None,
            other => assert_eq!((other, text.starts_with(':')), (None, true), "{text}"),
        }
        self.last_id = id.or(self.last_id);
    }

    /// Reads up to `count` frames, waiting for each or not.
    async fn read(&mut self, count: usize, wait: bool) -> usize {
        for done in 0..count {
            let Some(stream) = &mut self.stream else { return done };
            let next = if wait {
                timeout(Duration::from_secs(9), stream.next()).await.ok().flatten()
            } else {
                tokio::task::yield_now().await;
                stream.next().now_or_never().flatten()
            };
            let Some(frame) = next else { return done };
            self.take(&frame);
        }
        count
    }

    /// Frames that were sent and never arrived.
    fn lose(&mut self, count: usize) {
        if let Some(mut stream) = self.stream.take() {
            for _ in 0..count {
                let _ = stream.next().now_or_never();
            }
        }
    }
}

#[derive(Debug, Clone)]
enum Act {
    Publish(u64),
    /// A turn that comes to nothing.
    Abandon,
    Read {
        count: usize,
        wait: bool,
    },
    /// The connection breaks while this many frames are on their way.
    Break(usize),
    Restart,
    /// The oldest entries are thrown away.
    Prune(usize),
    Wait(u64),
    /// The store can't be read, or can be again.
    Mood(bool),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        5 => (1..12_u64).prop_map(Act::Publish),
        1 => Just(Act::Abandon),
        4 => (1..20_usize, any::<bool>()).prop_map(|(count, wait)| Act::Read { count, wait }),
        3 => (0..6_usize).prop_map(Act::Break),
        1 => Just(Act::Restart),
        1 => (1..10_usize).prop_map(Act::Prune),
        1 => (1..40_000_u64).prop_map(Act::Wait),
        1 => any::<bool>().prop_map(Act::Mood),
    ];
    prop::collection::vec(act, 1..40)
}

async fn play(acts: Vec<Act>) {
    let clock = Clock::following(WALL);
    let script = Script::default();
    script.0.lock().delay = Duration::from_millis(3);
    let (mut hub, mut shutdown) = hub_with(script.setup(START, KEEP).await, clock);
    let mut third = everything();
    third.filter.sources = vec!["third".to_owned()];
    let mut clients = [Client::new(everything()), Client::new(third)];
    for client in &mut clients {
        client.connect(&hub);
        client.read(1, true).await;
    }
    let (mut n, mut pruned) = (0, START);
    for act in acts {
        match act {
            Act::Publish(count) => publish(&hub, &script, &mut n, count).await,
            Act::Abandon => drop(hub.log().turn().await.stamp(vec![draft(EventKind::News, "third", 0)])),
            Act::Read { count, wait } => {
                for client in &mut clients {
                    client.read(count, wait).await;
                }
            }
            Act::Break(count) => {
                for client in &mut clients {
                    client.lose(count);
                    client.connect(&hub);
                }
            }
            Act::Restart => {
                shutdown.cancel();
                script.0.lock().broken = false;
                for client in &mut clients {
                    client.lose(0);
                }
                (hub, shutdown) = hub_with(script.setup(START, KEEP).await, clock);
                for client in &mut clients {
                    client.connect(&hub);
                }
            }
            Act::Prune(count) => {
                let mut shelf = script.0.lock();
                let gone = count.min(shelf.events.len().saturating_sub(1));
                pruned = shelf.events.drain(..gone).next_back().map_or(pruned, |event| event.id);
            }
            Act::Wait(ms) => sleep(Duration::from_millis(ms)).await,
            Act::Mood(broken) => script.0.lock().broken = broken,
        }
    }
    script.0.lock().broken = false;
    let tip = hub.log().tip();
    for _ in 0..4 {
        for client in &mut clients {
            client.read(1000, true).await;
            if client.stream.is_none() {
                client.connect(&hub);
            }
        }
    }
    drop(shutdown);
    assert_eq!(tip, START + n, "every place was given once");
    for (client, every) in clients.iter().zip([1, 3]) {
        assert!(client.gaps.iter().all(|(_, to)| *to <= pruned), "{:?} beyond {pruned}", client.gaps);
        let lost = |id: u64| client.gaps.iter().any(|(from, to)| id > *from && id <= *to);
        let expected: Vec<(u64, u64)> =
            (1..=n).filter(|n| n.is_multiple_of(every)).map(|n| (START + n, n)).filter(|(id, _)| !lost(*id)).collect();
        assert_eq!(client.seen, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn every_entry_comes_once_in_order_or_is_told_as_lost(acts in acts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(play(acts));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_stored_but_not_yet_sent_is_given_to_nobody() {
    let script = Script::default();
    let (hub, _shutdown) = stocked(&script, 50).await;
    let mut turn = hub.log().turn().await;
    let stored = turn.stamp(vec![draft(EventKind::News, "a", 1000), draft(EventKind::News, "a", 1001)]);
    script.0.lock().events.extend(stored);
    let mut client = Client::new(everything());
    client.last_id = Some(START);
    client.connect(&hub);
    client.read(1000, true).await;
    assert_eq!(client.seen.len(), 50, "from the store and from memory");
    script.0.lock().events.truncate(50);
    drop(turn);
    publish(&hub, &script, &mut 2000, 1).await;
    client.read(1000, true).await;
    assert_eq!(client.seen[49..], [(START + 50, 50), (START + 51, 2001)]);
}

#[tokio::test(start_paused = true)]
async fn a_turn_whose_end_was_never_told_is_made_up_for() {
    let script = Script::default();
    let (hub, _shutdown) = stocked(&script, 10).await;
    let mut client = Client::new(everything());
    client.connect(&hub);
    client.read(1, true).await;
    let lost = hub.log().turn().await.stamp(vec![draft(EventKind::News, "a", 11)]);
    script.0.lock().events.extend(lost);
    let mut turn = hub.log().turn().await;
    turn.go_on_after(START + 11);
    let events = turn.stamp(vec![draft(EventKind::News, "a", 12)]);
    script.0.lock().events.extend(events.clone());
    turn.publish(events);
    client.read(1000, true).await;
    assert_eq!((client.seen, client.gaps), (vec![(START + 11, 11), (START + 12, 12)], vec![]));
}

/// A hub with little memory over a store that holds `count` entries.
async fn stocked(script: &Script, count: u64) -> (Arc<Hub>, CancellationToken) {
    let (hub, shutdown) = hub_with(script.setup(START, KEEP).await, Clock::following(WALL));
    publish(&hub, script, &mut 0, count).await;
    (hub, shutdown)
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_was_away_for_long_gets_everything_from_the_store() {
    let script = Script::default();
    let (hub, _shutdown) = stocked(&script, 300).await;
    let mut client = Client::new(everything());
    client.last_id = Some(START + 7);
    client.connect(&hub);
    client.read(1000, true).await;
    assert_eq!(client.seen.iter().map(|(_, n)| *n).collect::<Vec<_>>(), (8..=300).collect::<Vec<_>>());
    assert_eq!(client.gaps, []);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_falls_back_to_the_store_and_then_catches_up() {
    let script = Script::default();
    let (hub, _shutdown) = stocked(&script, 3).await;
    let mut slow = Client::new(everything());
    slow.connect(&hub);
    slow.read(1, true).await;
    let mut n = 3;
    for _ in 0..50 {
        publish(&hub, &script, &mut n, 3).await;
        slow.read(1, true).await;
    }
    assert_eq!(slow.seen.len(), 50, "one at a time");
    slow.read(1000, true).await;
    assert_eq!(slow.seen.iter().map(|(_, n)| *n).collect::<Vec<_>>(), (4..=153).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_new_server_over_the_same_store_goes_on() {
    let script = Script::default();
    let (hub, shutdown) = stocked(&script, 20).await;
    let mut client = Client::new(everything());
    client.last_id = Some(START + 15);
    client.connect(&hub);
    client.read(3, true).await;
    shutdown.cancel();
    let (hub, _shutdown) = hub_with(script.setup(START, KEEP).await, Clock::following(UnixMs(WALL.0 + 60_000)));
    client.connect(&hub);
    publish(&hub, &script, &mut 20, 2).await;
    client.read(1000, true).await;
    assert_eq!(client.seen.iter().map(|(_, n)| *n).collect::<Vec<_>>(), (16..=22).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn what_is_no_longer_kept_is_one_gap() {
    let script = Script::default();
    let (hub, _shutdown) = stocked(&script, 50).await;
    for (gone, gaps) in [(30, vec![(START + 5, START + 30)]), (20, vec![(START + 5, START + 46)])] {
        script.0.lock().events.drain(..gone);
        let mut client = Client::new(everything());
        client.last_id = Some(START + 5);
        client.connect(&hub);
        client.read(1000, true).await;
        assert_eq!(client.gaps, gaps);
        let first = gaps[0].1 - START + 1;
        assert_eq!(client.seen.iter().map(|(_, n)| *n).collect::<Vec<_>>(), (first..=50).collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_store_can_t_be_read_prices_go_on_and_nothing_is_skipped() {
    let script = Script::default();
    let (hub, _shutdown) = stocked(&script, 50).await;
    script.0.lock().broken = true;
    let wish = EventWish { prices: vec![symbol("BTC")], pace: Duration::ZERO, ..everything() };
    let mut stream = hub.connect_events(address(1), wish, Since::After(START + 5)).expect("room");
    let text = |frame: Option<Bytes>| String::from_utf8(frame.expect("a frame").to_vec()).expect("UTF-8");
    assert!(text(stream.next().await).contains(&format!("id: {}\nevent: connected", START + 5)));
    for price in 1..=5 {
        hub.publish(&ticker("BTC", f64::from(price)));
        assert!(text(stream.next().await).starts_with("event: price"), "{price}");
        sleep(Duration::from_secs(1)).await;
    }
    script.0.lock().broken = false;
    assert!(text(stream.next().await).starts_with(&format!("id: {}\nevent: news", START + 6)));
}

#[tokio::test(start_paused = true)]
async fn readers_that_are_stuck_in_the_middle_hold_up_no_other() {
    let script = Script::default();
    let limits = LimitsConfig { connections_per_address: 99, connections_total: 99, ..LimitsConfig::default() };
    let clock = Clock::following(WALL);
    let log = script.setup(START, KEEP).await;
    let hub = Arc::new(Hub::new(
        &[],
        &limits,
        Duration::from_secs(30),
        clock,
        log,
        &Metrics::default(),
        CancellationToken::new(),
    ));
    publish(&hub, &script, &mut 0, 200).await;
    script.0.lock().delay = Duration::from_millis(20);
    let mut stuck: Vec<FrameStream> = (0..READS * 2)
        .map(|_| hub.connect_events(address(1), everything(), Since::After(START)).expect("room"))
        .collect();
    // Each has asked the store, as many as may at once among them, and looks no more.
    for stream in &mut stuck {
        assert_eq!(ready(stream).len(), 1);
    }
    tokio::task::yield_now().await;
    for stream in &mut stuck {
        assert_eq!(ready(stream).len(), 0);
    }
    let mut client = Client::new(everything());
    client.last_id = Some(START);
    client.connect(&hub);
    let started = tokio::time::Instant::now();
    assert_eq!(client.read(201, true).await, 201);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!(client.seen.len(), 200);
}
