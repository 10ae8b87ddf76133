//! Services without sockets, for the tests of endpoints.

use std::time::Duration;

use futures_util::{FutureExt, future::BoxFuture};
use parking_lot::Mutex;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::*;
use crate::{
    model::{asset::AssetInfo, time::UnixMs, venue::Venue},
    server::{
        access::{Label, NewToken, Scope},
        channels::{self, ChannelsSetup, dashboard},
        config::{
            AccessConfig, ChannelsConfig, Feeds, LimitsConfig, MarketConfig, MetricsAccess, MetricsConfig, NewsConfig,
            Reading, ServerConfig,
        },
        follows::Follows,
        hub::log::LogSetup,
        market::candle_service::CandleSource,
        storage::channels::KeptChannel,
        venues::{event::VenueIndex, listings::Listings},
    },
    wire::{rest::PriceSource, status::ConnectionState},
};

pub(in crate::server) const WALL: UnixMs = UnixMs(1_763_640_000_000);

/// One venue whose state a test sets.
pub(in crate::server) struct Reports(pub(in crate::server) Mutex<ConnectionState>);

impl VenueReports for Reports {
    fn reports(&self) -> Vec<VenueStatus> {
        vec![VenueStatus {
            venue: Venue::new("binance").expect("a key"),
            state: *self.0.lock(),
            detail: None,
            endpoint: None,
            connected_since: None,
            last_message_at: Some(WALL),
            next_attempt_at: None,
            reconnects: 2,
            bad_frames: 0,
            clock_skew_ms: Some(-3),
            messages_per_second: 1.0,
            refused: vec![],
            silent: vec![],
        }]
    }

    fn counts(&self) -> Vec<VenueCounts> {
        vec![VenueCounts {
            venue: Venue::new("binance").expect("a key"),
            messages: vec![("ticker", 9)],
            bad_frames: vec![("not_json", 1)],
        }]
    }
}

/// Feeds whose state a test gives.
struct Followed(Vec<SourceStatus>);

impl FeedReports for Followed {
    fn statuses(&self) -> Vec<SourceStatus> {
        self.0.clone()
    }
}

/// A source of one candle at the epoch.
struct OneCandle;

impl CandleSource for OneCandle {
    fn candles(&self, _: Symbol, _: Interval, _: usize) -> BoxFuture<'_, Vec<(Venue, Vec<Candle>)>> {
        let candle = Candle { open_time: UnixMs(0), open: 1.0, high: 1.0, low: 1.0, close: 1.0, volume: 1.0 };
        std::future::ready(vec![(Venue::new("binance").expect("a key"), vec![candle])]).boxed()
    }
}

/// The services of a server that follows BTC, ETH and SOL, with BTC and ETH on the strip, and no price yet.
pub(in crate::server) struct Fixture {
    pub(in crate::server) services: Arc<Services>,
    pub(in crate::server) reports: Arc<Reports>,
    pub(in crate::server) shutdown: CancellationToken,
    /// What the one venue lists: nothing, unless a test says otherwise.
    pub(in crate::server) listings: Arc<Listings>,
}

impl Fixture {
    pub(in crate::server) fn new() -> Self {
        Self::with(|_| {})
    }

    /// With other settings than the default ones. Must run inside a runtime.
    pub(in crate::server) fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::following(&["BTC", "ETH", "SOL"].map(|base| Symbol::parse(base).expect("a symbol")), change)
    }

    /// With other symbols, too.
    pub(in crate::server) fn following(symbols: &[Symbol], change: impl FnOnce(&mut Config)) -> Self {
        let clock = Clock::following(WALL);
        let fixture = Self::made_of(symbols, change, clock, LogSetup::in_memory(clock), None, vec![], vec![]);
        fixture.listings.set(VenueIndex(0), []);
        fixture
    }

    /// A server that does not know yet what its venue lists.
    pub(in crate::server) fn starting() -> Self {
        let symbols = ["BTC", "ETH", "SOL"].map(|base| Symbol::parse(base).expect("a symbol"));
        let clock = Clock::following(WALL);
        Self::made_of(&symbols, |_| {}, clock, LogSetup::in_memory(clock), None, vec![], vec![])
    }

    /// With news: a database, the log in it, and feeds.
    pub(in crate::server) async fn with_news(storage: Storage, clock: Clock, feeds: Vec<SourceStatus>) -> Self {
        Self::stored(storage, clock, feeds, |_| {}).await
    }

    /// With a database and other settings than the default ones.
    pub(in crate::server) async fn stored(
        storage: Storage,
        clock: Clock,
        feeds: Vec<SourceStatus>,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let range = storage.log_range().await.expect("a log");
        let first = storage.log_first().await.expect("a log");
        let log = LogSetup::stored(range, first, Arc::new(storage.clone())).await.expect("readable");
        let symbols = ["BTC", "ETH", "SOL"].map(|base| Symbol::parse(base).expect("a symbol"));
        let kept = channels::load(&storage, clock).await.expect("channels");
        let fixture = Self::made_of(&symbols, change, clock, log, Some(storage), feeds, kept);
        fixture.listings.set(VenueIndex(0), []);
        fixture
    }

    fn made_of(
        symbols: &[Symbol],
        change: impl FnOnce(&mut Config),
        clock: Clock,
        log: LogSetup,
        storage: Option<Storage>,
        feeds: Vec<SourceStatus>,
        kept: Vec<KeptChannel>,
    ) -> Self {
        let mut config = config(symbols);
        change(&mut config);
        let (metrics, shutdown) = (Metrics::default(), CancellationToken::new());
        let market = Arc::new(MarketBoard::new(symbols));
        let heartbeat = Duration::from_secs(config.server.heartbeat_s);
        let hub = Arc::new(Hub::new(symbols, &config.limits, heartbeat, clock, log, &metrics, shutdown.clone()));
        tokio::spawn(Arc::clone(&hub).run());
        let listings = Arc::new(Listings::new(1));
        let follows = Follows::new(&config.market, Arc::clone(&hub), Arc::clone(&market), Arc::clone(&listings));
        let follows = Arc::new(follows);
        tokio::spawn(Arc::clone(&follows).run(shutdown.clone()));
        let reports = Arc::new(Reports(Mutex::new(ConnectionState::Connected)));
        let (channels, press) = Channels::open(ChannelsSetup {
            hub: Arc::clone(&hub),
            storage: storage.clone(),
            kept,
            clock,
            max_created: config.channels.max_created,
            max_bytes: 64 << 20,
            shared: false,
        });
        tokio::spawn(press.run(shutdown.clone()));
        let services = Arc::new(Services {
            clock,
            site: SiteInfo {
                version: "0.1.0".to_owned(),
                simulated: false,
                strip: config.market.default_symbols.clone(),
                assets: symbols.iter().map(|symbol| AssetInfo::of(*symbol)).collect(),
                venues: vec![],
                outlier_pct: config.market.outlier_pct,
                outlier_return_pct: config.market.outlier_return_pct,
                quiet_after_s: config.market.quiet_after_s,
                stale_after_s: config.market.stale_after_s,
            },
            candles: Arc::new(CandleService::new(Arc::new(OneCandle), Arc::clone(&market), clock)),
            market,
            hub,
            follows,
            rates: RateLimits::new(&config.limits),
            started: clock.now(),
            venues: Arc::clone(&reports) as Arc<dyn VenueReports>,
            news: Arc::default(),
            feeds: Arc::new(Followed(feeds)),
            storage,
            node: None,
            tokens: Arc::new(Tokens::in_memory(clock, config.access.wrong_tokens_per_minute)),
            tasks: TaskTracker::new(),
            channels,
            metrics,
            config: Arc::new(config),
        });
        tokio::spawn(dashboard::run(Arc::clone(&services), shutdown.clone()));
        Self { services, reports, shutdown, listings }
    }

    /// A token of this scope.
    pub(in crate::server) fn token(&self, scope: Scope) -> String {
        let label = Label::parse("test").expect("a label");
        let (_, token) = self.services.tokens.issue(NewToken { scope, label, lifetime: None }).expect("a token");
        token.reveal()
    }

    /// Puts a ticker up and publishes it, as the market's task does.
    pub(in crate::server) fn post(&self, ticker: Ticker) {
        let source = if ticker.sources > 0 { PriceSource::Stream } else { PriceSource::Cache };
        let ticker = Arc::new(ticker);
        self.services.market.post(Arc::clone(&ticker), source);
        self.services.hub.publish(&ticker);
    }
}

fn config(symbols: &[Symbol]) -> Config {
    Config {
        server: ServerConfig {
            addr: ([127, 0, 0, 1], 3000).into(),
            public_url: None,
            data_dir: None,
            trusted_proxies: vec![],
            cors_origins: vec!["*".to_owned()],
            frame_ancestors: vec![],
            heartbeat_s: 30,
            site_root: None,
        },
        market: MarketConfig {
            symbols: symbols.to_vec(),
            default_symbols: symbols.iter().copied().take(2).collect(),
            max_on_demand: 10,
            max_on_demand_per_client: 5,
            coalesce_ms: 50,
            outlier_pct: 2.0,
            outlier_return_pct: 1.0,
            quiet_after_s: 10.0,
            stale_after_s: 60.0,
        },
        venues: vec![],
        news: NewsConfig {
            feeds: Feeds::Off,
            extra_feeds: vec![],
            interval_s: 300,
            contact: None,
            retention_days: 30,
            event_hours: 24,
            max_mb: 2048,
            breaking_score: 0.6,
            breaking_window_min: 30,
        },
        access: AccessConfig { read: Reading::Open, wrong_tokens_per_minute: 30 },
        channels: ChannelsConfig { max_created: 1000 },
        limits: LimitsConfig::default(),
        metrics: MetricsConfig { access: MetricsAccess::Open },
        redis: None,
    }
}
