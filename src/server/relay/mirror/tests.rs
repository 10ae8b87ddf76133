use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    model::freshness::Freshness,
    server::{
        config::LimitsConfig,
        hub::log::LogSetup,
        market::fixture::ticker,
        metrics::Metrics,
        relay::message::{Beside, bulletin},
    },
};

const WALL: UnixMs = UnixMs(1_763_640_000_000);
const QUIET_AFTER: Duration = Duration::from_secs(10);

struct Stage {
    mirror: Mirror,
    board: Arc<MarketBoard>,
    shared: Arc<Shared>,
}

impl Stage {
    fn new() -> Self {
        let symbols = ["BTC", "ETH"].map(symbol);
        // This node's own wall clock is an hour behind: it must not matter.
        let clock = Clock::following(UnixMs(WALL.0 - 3_600_000));
        let limits = LimitsConfig::default();
        let log = LogSetup::in_memory(clock).shared();
        let heartbeat = Duration::from_secs(30);
        let (metrics, token) = (Metrics::default(), CancellationToken::new());
        let hub = Arc::new(Hub::new(&symbols, &limits, heartbeat, clock, log, &metrics, token));
        let board = Arc::new(MarketBoard::new(&symbols));
        let mirror = Mirror::new(Arc::clone(&board), hub, clock, QUIET_AFTER);
        Self { mirror, board, shared: Shared::new("me".to_owned()) }
    }

    /// What the leader tells: symbols with prices, the newest figure of which is so old.
    fn told(&self, node: &str, fence: u64, id: u64, prices: &[(&str, f64)], age: Duration) {
        let at = UnixMs(WALL.0 + i64::try_from(age.as_millis()).unwrap());
        let tickers: Vec<Ticker> = prices.iter().map(|(base, price)| ticker(base, *price)).collect();
        let told: Vec<Told<&Ticker>> =
            tickers.iter().map(|ticker| Told { id, fence: Some(fence), source: PriceSource::Stream, ticker }).collect();
        let bulletin = bulletin(node, fence, at, &told, &Beside::default()).unwrap();
        let tickers: Vec<&str> = bulletin.tickers.iter().map(|(_, json)| json.as_str()).collect();
        let json = format!(r#"{}"tickers":[{}],"sparks":[]}}"#, bulletin.head, tickers.join(","));
        self.mirror.hear(&json, &self.shared);
    }

    fn beat(&self) {
        self.told("leader", 1, 0, &[], Duration::ZERO);
    }

    fn shown(&self, base: &str) -> (f64, Freshness, u8, PriceSource) {
        let posted = self.board.posted(symbol(base)).expect("a price");
        (posted.ticker.price, posted.ticker.freshness, posted.ticker.sources, posted.source)
    }

    /// Lets time pass as a node does: looking at the ages again and again.
    async fn pass(&self, time: Duration, own_market: bool) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(250)).await;
            self.mirror.sweep(own_market);
        }
    }
}

fn symbol(base: &str) -> Symbol {
    Symbol::parse(base).unwrap()
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

const LIVE: (Freshness, u8, PriceSource) = (Freshness::Live, 1, PriceSource::Stream);
const DOWN: (Freshness, u8, PriceSource) = (Freshness::Down, 0, PriceSource::Cache);

fn with(price: f64, state: (Freshness, u8, PriceSource)) -> (f64, Freshness, u8, PriceSource) {
    (price, state.0, state.1, state.2)
}

#[tokio::test(start_paused = true)]
async fn the_leader_vouches_while_it_is_heard_and_nothing_stays_live_when_it_is_not() {
    let stage = Stage::new();
    stage.told("leader", 1, 7, &[("BTC", 5.0)], seconds(4));
    for _ in 0..30 {
        stage.pass(seconds(1), false).await;
        stage.beat();
    }
    assert_eq!(stage.shown("BTC"), with(5.0, LIVE), "the leader says nothing else of it");
    stage.told("leader", 1, 8, &[("BTC", 6.0)], seconds(4));
    // Live by age for 6 more seconds.
    stage.pass(Duration::from_millis(5500), false).await;
    assert_eq!(stage.shown("BTC"), with(6.0, LIVE));
    stage.pass(seconds(1), false).await;
    assert_eq!(stage.shown("BTC"), with(6.0, DOWN), "the price stays");
    stage.beat();
    assert_eq!(stage.shown("BTC"), with(6.0, LIVE), "the same leader vouches for it again");
}

#[tokio::test(start_paused = true)]
async fn a_new_leader_s_tickers_replace_those_of_the_one_before_and_never_the_other_way() {
    let stage = Stage::new();
    stage.told("a", 1, 100, &[("BTC", 5.0), ("ETH", 1.0)], seconds(0));
    stage.told("a", 1, 99, &[("BTC", 4.0)], seconds(0));
    assert_eq!(stage.shown("BTC"), with(5.0, LIVE), "an older one");
    stage.told("b", 2, 50, &[("BTC", 6.0)], seconds(0));
    stage.told("a", 1, 101, &[("BTC", 7.0)], seconds(0));
    assert_eq!(stage.shown("BTC"), with(6.0, LIVE));
    stage.pass(seconds(11), false).await;
    stage.told("b", 2, 51, &[], seconds(0));
    assert_eq!((stage.shown("BTC"), stage.shown("ETH")), (with(6.0, LIVE), with(1.0, DOWN)), "b never told of ETH");
}

#[tokio::test(start_paused = true)]
async fn a_new_leader_does_not_vouch_for_what_the_one_before_told() {
    let stage = Stage::new();
    stage.told("a", 1, 100, &[("BTC", 5.0), ("ETH", 1.0)], seconds(0));
    for _ in 0..9 {
        stage.pass(seconds(1), false).await;
        stage.told("b", 2, 0, &[], seconds(0));
    }
    assert_eq!(stage.shown("BTC"), with(5.0, LIVE), "by its age");
    for _ in 0..2 {
        stage.pass(seconds(1), false).await;
        stage.told("b", 2, 0, &[], seconds(0));
    }
    assert_eq!((stage.shown("BTC"), stage.shown("ETH")), (with(5.0, DOWN), with(1.0, DOWN)), "b reaches no venue");
    stage.told("b", 2, 101, &[("BTC", 6.0)], seconds(0));
    stage.pass(seconds(1), false).await;
    assert_eq!((stage.shown("BTC"), stage.shown("ETH")), (with(6.0, LIVE), with(1.0, DOWN)));
    // A fence that no leader can have changes nothing.
    stage.told("c", u64::MAX, 0, &[], seconds(0));
    for _ in 0..12 {
        stage.pass(seconds(1), false).await;
        stage.told("b", 2, 0, &[], seconds(0));
    }
    assert_eq!(stage.shown("BTC"), with(6.0, LIVE), "b vouches for what it told itself");
}

#[tokio::test(start_paused = true)]
async fn what_redis_keeps_of_an_earlier_leader_is_worth_its_age() {
    let told = |base: &str, fence| {
        let told = Told { id: 7, fence: Some(fence), source: PriceSource::Stream, ticker: ticker(base, 5.0) };
        serde_json::to_string(&told).unwrap()
    };
    let stage = Stage::new();
    let snapshot = Snapshot {
        age_us: 300_000,
        fence: 2,
        node: "leader".to_owned(),
        at_ms: WALL.0 + 60_000,
        tickers: vec![told("BTC", 1), told("ETH", 2)],
        ..Snapshot::default()
    };
    stage.mirror.take_snapshot(&snapshot, &stage.shared);
    assert!(stage.mirror.is_heard(Instant::now()));
    assert_eq!((stage.shown("BTC"), stage.shown("ETH")), (with(5.0, DOWN), with(5.0, LIVE)));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_for_this_node_is_left_alone() {
    let stage = Stage::new();
    stage.told("me", 1, 7, &[("BTC", 5.0)], seconds(0));
    stage.told("leader", 1, 7, &[("DOGE", 5.0)], seconds(0));
    for text in ["", "[]", "{\"node\":3}", "\u{0}"] {
        stage.mirror.hear(text, &stage.shared);
    }
    // Numbers that would be greater than any after them, and a text without end.
    stage.told("leader", 1, u64::MAX, &[("BTC", 5.0)], seconds(0));
    stage.told("leader", u64::MAX, 7, &[("BTC", 5.0)], seconds(0));
    stage.mirror.hear(&" ".repeat(MAX_MESSAGE + 1), &stage.shared);
    assert!(stage.board.tickers().is_empty());
    assert_eq!(stage.shared.counters.undecodable.load(std::sync::atomic::Ordering::Relaxed), 7);
}

#[tokio::test(start_paused = true)]
async fn this_node_s_own_market_has_the_board_while_it_is_at_work() {
    let stage = Stage::new();
    stage.told("leader", 1, 7, &[("BTC", 5.0), ("ETH", 1.0)], seconds(0));
    stage.pass(seconds(5), false).await;
    stage.mirror.pause();
    stage.board.post(Arc::new(ticker("BTC", 9.0)), PriceSource::Stream);
    stage.told("leader", 1, 8, &[("BTC", 5.5)], seconds(0));
    assert_eq!(stage.shown("BTC"), with(9.0, LIVE));
    stage.pass(seconds(12), true).await;
    assert_eq!(stage.shown("BTC"), with(9.0, LIVE), "its ages are the market's to look at");
    assert_eq!(stage.shown("ETH"), with(1.0, DOWN), "nobody else looks at this one");

    stage.told("leader", 1, 9, &[("BTC", 6.5)], seconds(0));
    assert_eq!(stage.mirror.steadiness(Instant::now()), Duration::ZERO);
    stage.pass(seconds(2), true).await;
    stage.beat();
    assert!(stage.mirror.steadiness(Instant::now()) >= seconds(2));
    stage.mirror.resume();
    assert_eq!((stage.shown("BTC"), stage.shown("ETH")), (with(6.5, LIVE), with(1.0, LIVE)));
}

#[tokio::test(start_paused = true)]
async fn what_this_node_s_own_market_left_behind_is_marked_by_its_age() {
    let stage = Stage::new();
    let mut left = ticker("BTC", 9.0);
    left.received_at = UnixMs(WALL.0 - 3_600_000);
    stage.board.post(Arc::new(left), PriceSource::Stream);
    stage.pass(seconds(9), false).await;
    assert_eq!(stage.shown("BTC"), with(9.0, LIVE));
    stage.pass(seconds(2), false).await;
    assert_eq!(stage.shown("BTC"), with(9.0, DOWN));
}

#[tokio::test(start_paused = true)]
async fn a_market_that_is_started_again_does_not_vouch_for_what_it_said_before() {
    let stage = Stage::new();
    let own = |base, price| {
        let received_at = UnixMs(WALL.0 - 3_600_000);
        stage.board.post(Arc::new(Ticker { received_at, ..ticker(base, price) }), PriceSource::Stream);
    };
    stage.mirror.pause();
    own("BTC", 9.0);
    own("ETH", 2.0);
    stage.pass(seconds(1), true).await;
    // Another node leads for a moment, and tells no prices.
    for _ in 0..2 {
        stage.told("other", 2, 0, &[], seconds(0));
        stage.pass(seconds(1), true).await;
    }
    stage.mirror.resume();
    stage.pass(seconds(2), false).await;
    stage.mirror.pause();
    own("ETH", 3.0);
    stage.pass(seconds(4), true).await;
    assert_eq!((stage.shown("BTC"), stage.shown("ETH")), (with(9.0, LIVE), with(3.0, LIVE)), "by its age");
    stage.pass(seconds(2), true).await;
    assert_eq!(stage.shown("BTC"), with(9.0, DOWN), "no exchange has answered since");
    assert_eq!(stage.shown("ETH"), with(3.0, LIVE), "its ages are the market's to look at");
    own("BTC", 9.5);
    stage.pass(seconds(2), true).await;
    assert_eq!(stage.shown("BTC"), with(9.5, LIVE));
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_is_shown_at_once_and_as_old_as_it_is() {
    let json = |base: &str, price| {
        let told = Told { id: 7, fence: None, source: PriceSource::Stream, ticker: ticker(base, price) };
        serde_json::to_string(&told).unwrap()
    };
    let snapshot = |age: Duration| Snapshot {
        age_us: u64::try_from(age.as_micros()).unwrap(),
        fence: 1,
        node: "leader".to_owned(),
        at_ms: WALL.0,
        venues: None,
        feeds: Some("[]".to_owned()),
        tickers: vec![json("BTC", 5.0), "{}".to_owned(), json("ETH", 1.0)],
        sparks: vec![],
    };
    let stage = Stage::new();
    stage.mirror.take_snapshot(&snapshot(Duration::from_millis(300)), &stage.shared);
    assert_eq!((stage.shown("BTC"), stage.shown("ETH")), (with(5.0, LIVE), with(1.0, LIVE)));
    assert!(stage.mirror.is_heard(Instant::now()));

    let stage = Stage::new();
    stage.mirror.take_snapshot(&snapshot(seconds(3600)), &stage.shared);
    assert_eq!(stage.shown("BTC"), with(5.0, DOWN));
    assert!(!stage.mirror.is_heard(Instant::now()));

    let stage = Stage::new();
    stage.mirror.take_snapshot(&Snapshot { node: "me".to_owned(), ..snapshot(seconds(0)) }, &stage.shared);
    assert!(stage.board.tickers().is_empty(), "what this node told itself");
}

#[tokio::test(start_paused = true)]
async fn a_symbol_on_demand_is_shown_from_when_it_has_a_place_until_it_has_none() {
    let stage = Stage::new();
    let told = Told { id: 7, fence: Some(1), source: PriceSource::Stream, ticker: ticker("DOGE", 5.0) };
    let snapshot = Snapshot {
        age_us: 2_000_000,
        fence: 1,
        node: "leader".to_owned(),
        at_ms: WALL.0,
        tickers: vec![serde_json::to_string(&told).unwrap()],
        ..Snapshot::default()
    };
    stage.told("leader", 1, 7, &[("DOGE", 5.0)], seconds(0));
    stage.board.open(symbol("DOGE"));
    stage.mirror.take_snapshot(&snapshot, &stage.shared);
    assert_eq!(stage.shown("DOGE"), with(5.0, LIVE));
    stage.pass(seconds(1), false).await;
    // Nobody is heard by looking at what was told.
    let silence = stage.mirror.silence(Instant::now());
    stage.mirror.take_snapshot(&snapshot, &stage.shared);
    assert_eq!(stage.mirror.silence(Instant::now()), silence);

    // Its place is taken away and made again before anybody looks.
    stage.board.close(symbol("DOGE"));
    stage.board.open(symbol("DOGE"));
    stage.mirror.take_snapshot(&snapshot, &stage.shared);
    stage.pass(seconds(1), false).await;
    assert_eq!(stage.shown("DOGE"), with(5.0, LIVE));
    stage.pass(seconds(11), false).await;
    assert_eq!(stage.shown("DOGE"), with(5.0, DOWN), "like any other");
    stage.board.close(symbol("DOGE"));
    stage.pass(seconds(1), false).await;
    stage.board.open(symbol("DOGE"));
    stage.pass(seconds(1), false).await;
    assert_eq!(stage.board.posted(symbol("DOGE")), None, "what it was is forgotten");
}
