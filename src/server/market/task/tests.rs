use std::sync::Mutex;

use tokio::{sync::watch, task::JoinHandle, time::advance};

use super::*;
use crate::{
    model::{freshness::Freshness, time::UnixMs},
    server::{
        demand::{Demand, VenueSet},
        market::fixture::quote,
        metrics::{Metrics, tests::counted},
        venues::event::{Origin, VenueIndex},
    },
};

const WALL: UnixMs = UnixMs(1_763_640_000_000);

struct Running {
    events: mpsc::Sender<MarketEvent>,
    sparks: mpsc::Sender<SparkSeries>,
    demand: watch::Sender<Arc<Demand>>,
    board: Arc<MarketBoard>,
    published: Arc<Mutex<Vec<Arc<Ticker>>>>,
    reload: Arc<Notify>,
    metrics: Metrics,
    clock: Clock,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

fn symbol(text: &str) -> Symbol {
    Symbol::parse(text).expect("a symbol")
}

impl Running {
    /// Two venues, both connected, and BTC and ETH with a price of 100 at both.
    async fn start() -> Self {
        let symbols = vec![symbol("BTC"), symbol("ETH")];
        let config = MarketConfig {
            symbols: symbols.clone(),
            default_symbols: symbols.clone(),
            max_on_demand: 10,
            max_on_demand_per_client: 5,
            coalesce_ms: 50,
            outlier_pct: 2.0,
            outlier_return_pct: 1.0,
            quiet_after_s: 10.0,
            stale_after_s: 60.0,
        };
        let venues = ["binance", "bybit"].map(|key| Venue::new(key).expect("a key"));
        let board = Arc::new(MarketBoard::new(&symbols));
        let published = Arc::new(Mutex::new(Vec::new()));
        let (events, event_receiver) = mpsc::channel(EVENT_CAPACITY);
        let (sparks, spark_receiver) = mpsc::channel(SPARK_CAPACITY);
        let (reload, shutdown) = (Arc::new(Notify::new()), CancellationToken::new());
        let clock = Clock::following(WALL);
        let sink = {
            let published = Arc::clone(&published);
            move |ticker: &Arc<Ticker>| published.lock().expect("no panic").push(Arc::clone(ticker))
        };
        let metrics = Metrics::default();
        let counts = metrics.market.clone();
        let task = MarketTask::new(&config, &venues, Arc::clone(&board), clock, Arc::clone(&reload), counts, sink);
        let demand = watch::Sender::default();
        let inputs = Inputs { events: event_receiver, sparks: spark_receiver, demand: demand.subscribe() };
        let task = tokio::spawn(task.run(inputs, shutdown.clone()));
        let running = Self { events, sparks, demand, board, published, reload, metrics, clock, shutdown, task };
        for venue in 0..2 {
            running.link(venue, true).await;
            for base in ["BTC", "ETH"] {
                running.quote(venue, base, 100.0).await;
            }
        }
        // Past the windows and the next sweep.
        running.pass(Duration::from_millis(700)).await;
        running.take();
        running
    }

    async fn link(&self, venue: u8, up: bool) {
        let event = MarketEvent::Link { venue: VenueIndex(venue), up, at: self.clock.now() };
        self.events.send(event).await.expect("the task runs");
        settle().await;
    }

    async fn quote(&self, venue: u8, base: &str, price: f64) {
        let at = self.clock.now();
        let quote = quote(symbol(base), price, at.wall);
        let event = MarketEvent::Quote { venue: VenueIndex(venue), quote, origin: Origin::Stream, at };
        self.events.send(event).await.expect("the task runs");
        settle().await;
    }

    /// These are in demand from now on, with new places on the board, and no others.
    async fn want(&self, bases: &[&str]) {
        let wanted = demand(bases);
        let before = Arc::clone(&self.demand.borrow());
        before.keys().filter(|symbol| !wanted.contains_key(symbol)).for_each(|symbol| self.board.close(*symbol));
        wanted.keys().for_each(|symbol| self.board.open(*symbol));
        self.demand.send_replace(wanted);
        settle().await;
    }

    /// Lets time pass in small steps, so that every timer fires in its turn.
    async fn pass(&self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            advance(Duration::from_millis(10).min(end - Instant::now())).await;
            settle().await;
        }
    }

    /// What was published since the last time: symbol, price, freshness.
    fn take(&self) -> Vec<(String, f64, Freshness)> {
        let published = std::mem::take(&mut *self.published.lock().expect("no panic"));
        published.iter().map(|t| (t.symbol.to_string(), t.price, t.freshness)).collect()
    }

    fn btc(&self) -> Arc<Ticker> {
        self.board.ticker(symbol("BTC")).expect("a price")
    }
}

/// Lets the task take what was sent.
async fn settle() {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}

fn demand(bases: &[&str]) -> Arc<Demand> {
    let anywhere = VenueSet::default().with(VenueIndex(0)).with(VenueIndex(1));
    Arc::new(bases.iter().map(|base| (symbol(base), anywhere)).collect())
}

fn live(base: &str, price: f64) -> (String, f64, Freshness) {
    (base.to_owned(), price, Freshness::Live)
}

#[tokio::test(start_paused = true)]
async fn the_first_change_leaves_at_once_and_the_next_ones_as_one() {
    let market = Running::start().await;
    market.quote(0, "BTC", 102.0).await;
    assert_eq!(market.take(), [live("BTC", 101.0)], "at once");
    for price in [103.0, 104.0, 106.0] {
        market.quote(0, "BTC", price).await;
    }
    market.quote(0, "ETH", 102.0).await;
    assert_eq!(market.take(), [live("ETH", 101.0)], "another symbol has a window of its own");
    market.pass(Duration::from_millis(49)).await;
    assert_eq!(market.take(), []);
    market.pass(Duration::from_millis(2)).await;
    assert_eq!(market.take(), [live("BTC", 103.0)], "the newest, once");
    market.quote(0, "BTC", 108.0).await;
    assert_eq!(market.take(), [], "the end of a window begins the next");
    market.pass(Duration::from_millis(51)).await;
    assert_eq!(market.take(), [live("BTC", 104.0)]);
    market.pass(Duration::from_millis(51)).await;
    market.quote(0, "BTC", 110.0).await;
    assert_eq!(market.take(), [live("BTC", 105.0)], "a quiet window has closed");
}

#[tokio::test(start_paused = true)]
async fn what_left_together_and_every_making_of_a_price_is_counted() {
    let market = Running::start().await;
    let counts = || {
        let counted = counted(&market.metrics);
        let get = |name: &str| counted.get(&format!("market_pulse_{name}"), &[]).expect("a figure");
        (get("updates_coalesced_total"), get("aggregate_duration_seconds_count"))
    };
    let (coalesced, made) = counts();
    market.quote(0, "BTC", 102.0).await;
    assert_eq!(counts(), (coalesced, made + 1.0), "the first leaves alone");
    market.quote(0, "BTC", 103.0).await;
    assert_eq!(counts(), (coalesced, made + 1.0), "the next one waits");
    for price in [104.0, 105.0, 106.0] {
        market.quote(0, "BTC", price).await;
    }
    assert_eq!(counts(), (coalesced + 3.0, made + 1.0), "for those that go with it");
    market.pass(Duration::from_millis(51)).await;
    assert_eq!(counts(), (coalesced + 3.0, made + 2.0));
}

#[tokio::test(start_paused = true)]
async fn nothing_new_is_not_published() {
    let market = Running::start().await;
    market.pass(Duration::from_secs(5)).await;
    assert_eq!(market.take(), []);
}

#[tokio::test(start_paused = true)]
async fn silence_makes_quiet_then_stale_and_data_makes_live_again() {
    let market = Running::start().await;
    market.pass(Duration::from_secs(8)).await;
    assert_eq!(market.btc().freshness, Freshness::Live);
    market.pass(Duration::from_secs(2)).await;
    assert_eq!(market.btc().freshness, Freshness::Quiet);
    market.pass(Duration::from_secs(48)).await;
    assert_eq!((market.btc().freshness, market.btc().sources), (Freshness::Quiet, 2));
    market.pass(Duration::from_secs(2)).await;
    assert_eq!((market.btc().freshness, market.btc().sources), (Freshness::Stale, 0));
    let posted = market.board.posted(symbol("BTC")).expect("a price");
    assert_eq!(posted.source, PriceSource::Cache);
    market.quote(1, "BTC", 100.5).await;
    assert_eq!((market.btc().freshness, market.btc().sources), (Freshness::Live, 1));
    assert_eq!(market.board.posted(symbol("BTC")).map(|p| p.source), Some(PriceSource::Stream));
}

#[tokio::test(start_paused = true)]
async fn a_lost_venue_is_told_at_once_even_within_a_window() {
    let market = Running::start().await;
    market.quote(0, "BTC", 102.0).await;
    market.quote(0, "BTC", 104.0).await;
    market.take();
    market.link(0, false).await;
    assert_eq!(market.take(), [live("BTC", 100.0), live("ETH", 100.0)], "every symbol, no window");
    assert_eq!((market.btc().sources, market.btc().venues[0].freshness), (1, Freshness::Down));
    market.link(1, false).await;
    assert_eq!(market.btc().freshness, Freshness::Down);
    market.link(1, true).await;
    market.pass(Duration::from_millis(60)).await;
    assert_eq!((market.btc().freshness, market.btc().sources), (Freshness::Live, 1), "back, and its data is young");
}

#[tokio::test(start_paused = true)]
async fn sparks_grow_from_live_prices_and_take_their_history_in() {
    let market = Running::start().await;
    let closes = |market: &Running| market.board.sparks().first().map(|s| s.closes.clone());
    assert_eq!(closes(&market), Some(vec![100.0]));
    let earlier = UnixMs(WALL.0 - 2 * SPARK_STEP_MS);
    let history = SparkSeries::new(symbol("BTC"), Price::new(90.0).expect("a price"), earlier);
    market.sparks.send(history).await.expect("the task runs");
    market.pass(Duration::from_millis(600)).await;
    assert_eq!(closes(&market), Some(vec![90.0, 90.0, 100.0]));
    market.quote(0, "BTC", 104.0).await;
    market.pass(Duration::from_millis(600)).await;
    assert_eq!(closes(&market), Some(vec![90.0, 90.0, 102.0]));
}

#[tokio::test(start_paused = true)]
async fn a_long_outage_asks_for_the_history_again() {
    let market = Running::start().await;
    for (outage, expected) in [(Duration::from_mins(10), false), (Duration::from_secs(1_900), true)] {
        for venue in 0..2 {
            market.link(venue, false).await;
        }
        advance(outage).await;
        settle().await;
        for venue in 0..2 {
            market.link(venue, true).await;
        }
        market.quote(0, "BTC", 100.0).await;
        market.pass(Duration::from_millis(60)).await;
        let asked = tokio::time::timeout(Duration::from_millis(1), market.reload.notified()).await.is_ok();
        assert_eq!(asked, expected, "{outage:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_symbol_in_demand_is_published_like_the_others_and_forgotten_with_the_demand() {
    let market = Running::start().await;
    market.quote(0, "PEPE", 1.0).await;
    assert_eq!(market.take(), [], "nobody wants it");
    market.want(&["PEPE", "SHIB"]).await;
    market.quote(0, "PEPE", 2.0).await;
    assert_eq!(market.take(), [live("PEPE", 2.0)], "at once");
    market.quote(1, "PEPE", 4.0).await;
    market.pass(Duration::from_millis(51)).await;
    assert_eq!(market.take(), [live("PEPE", 3.0)], "coalesced");
    market.link(0, false).await;
    let lost = market.take();
    assert!(lost.contains(&live("PEPE", 4.0)), "{lost:?}");
    market.pass(Duration::from_secs(61)).await;
    let told = market.take();
    assert!(told.contains(&("PEPE".to_owned(), 4.0, Freshness::Stale)), "its age is looked at: {told:?}");
    let pages: Vec<Symbol> = market.board.tickers().iter().map(|t| t.symbol).collect();
    assert_eq!(pages, [symbol("BTC"), symbol("ETH")]);
    assert!(market.board.sparks().iter().all(|spark| spark.symbol != symbol("PEPE")));
    market.want(&["SHIB"]).await;
    market.quote(1, "PEPE", 5.0).await;
    market.pass(Duration::from_secs(2)).await;
    assert!(market.take().iter().all(|(symbol, ..)| symbol != "PEPE"));
    market.want(&["PEPE"]).await;
    market.pass(Duration::from_secs(2)).await;
    assert!(market.board.ticker(symbol("PEPE")).is_none(), "what was known an hour ago is not said again");
    market.quote(1, "PEPE", 6.0).await;
    assert_eq!(market.board.ticker(symbol("PEPE")).map(|t| (t.price, t.sources)), Some((6.0, 1)));
}

#[tokio::test(start_paused = true)]
async fn the_first_quote_is_taken_even_if_it_comes_with_the_demand() {
    let market = Running::start().await;
    market.board.open(symbol("PEPE"));
    market.demand.send_replace(demand(&["PEPE"]));
    // The task has not run since.
    let at = market.clock.now();
    let quote = quote(symbol("PEPE"), 2.0, at.wall);
    let event = MarketEvent::Quote { venue: VenueIndex(0), quote, origin: Origin::Stream, at };
    market.events.try_send(event).expect("room");
    settle().await;
    assert_eq!(market.take(), [live("PEPE", 2.0)]);
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_without_venues_and_ends_on_its_token() {
    let Running { events, sparks, board, shutdown, task, .. } = Running::start().await;
    drop((events, sparks));
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(board.ticker(symbol("ETH")).map(|t| t.freshness), Some(Freshness::Stale));
    shutdown.cancel();
    task.await.expect("it ends in peace");
}
