//! The house without its doors: venues, market and hub at work, and the services that ask them.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Notify, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    StartError,
    adapters::{MarketPrices, VenueSide},
    news::{self, Around},
    retention::{self, keep_small},
};
use crate::{
    model::{asset::AssetInfo, ticker::Ticker, venue::Venue},
    server::{
        access::Tokens,
        channels::{self, Channels, ChannelsSetup, dashboard, press::Press},
        clock::Clock,
        config::Config,
        follows::Follows,
        hub::{
            Hub,
            log::{EventStore, LogSetup},
        },
        market::{
            board::MarketBoard,
            candle_service::{CandleService, CandleSource},
            spark_loader::SparkLoader,
            task::{EVENT_CAPACITY, Inputs, MarketTask, SPARK_CAPACITY},
        },
        metrics::Metrics,
        news::{desk::NewsDesk, feeds::client::FeedHttp},
        rate::RateLimits,
        services::{FeedReports, NoFeeds, Services, VenueReports},
        storage::Storage,
        venues::{self, Venues, VenuesSetup, dialer::Dialer, http_client::Http, listings::Listings},
    },
    wire::page::SiteInfo,
};

/// What the core is made of, and what it is given of the world outside: a network, a clock, chance.
pub struct CoreSetup {
    pub config: Config,
    /// The venues are played on this machine.
    pub simulated: bool,
    pub dialer: Arc<dyn Dialer>,
    pub http: Arc<dyn Http>,
    /// `None` keeps events in memory, and runs without news.
    pub storage: Option<Storage>,
    /// The network of the feeds. `None` runs without news.
    pub news: Option<Arc<dyn FeedHttp>>,
    pub tokens: Arc<Tokens>,
    pub clock: Clock,
    /// Of everything that is drawn by chance.
    pub seed: u64,
    /// Ends every task and every stream.
    pub token: CancellationToken,
}

/// The running core.
pub struct Core {
    pub services: Arc<Services>,
    /// Every task; closed, so that waiting for it ends when they have ended.
    pub tasks: TaskTracker,
}

impl Core {
    /// Starts every task. They end on the token.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub async fn start(setup: CoreSetup) -> Result<Self, StartError> {
        let CoreSetup { config, simulated, dialer, http, storage, news, tokens, clock, seed, token } = setup;
        let started = clock.now();
        let metrics = Metrics::default();
        let tasks = TaskTracker::new();
        let symbols = &config.market.symbols;
        let (events, event_inbox) = mpsc::channel(EVENT_CAPACITY);
        let (series, series_inbox) = mpsc::channel(SPARK_CAPACITY);
        let heartbeat = Duration::from_secs(config.server.heartbeat_s);
        let log = log_of(storage.as_ref(), clock).await?;
        let hub = Arc::new(Hub::new(symbols, &config.limits, heartbeat, clock, log, &metrics, token.clone()));
        tasks.spawn(Arc::clone(&hub).run());

        let board = Arc::new(MarketBoard::new(symbols));
        let listings = Arc::new(Listings::new(venues::enabled(&config.venues).len()));
        let follows = Follows::new(&config.market, Arc::clone(&hub), Arc::clone(&board), Arc::clone(&listings));
        let follows = Arc::new(follows);
        tasks.spawn(Arc::clone(&follows).run(token.clone()));

        let venues = Arc::new(venues::start(VenuesSetup {
            configs: &config.venues,
            symbols,
            demand: follows.demand(),
            listings,
            dialer,
            http,
            clock,
            seed,
            events,
            shutdown: token.clone(),
            tasks: &tasks,
        }));
        let side = Arc::new(VenueSide { venues: Arc::clone(&venues), clock });
        let source: Arc<dyn CandleSource> = Arc::clone(&side) as _;
        let reports: Arc<dyn VenueReports> = side;

        let reload = Arc::new(Notify::new());
        let keys: Vec<Venue> = venues.infos().iter().map(|info| info.venue).collect();
        let outlet = Arc::clone(&hub);
        let publish = move |ticker: &Arc<Ticker>| outlet.publish(ticker);
        let counts = metrics.market.clone();
        let market =
            MarketTask::new(&config.market, &keys, Arc::clone(&board), clock, Arc::clone(&reload), counts, publish);
        let inputs = Inputs { events: event_inbox, sparks: series_inbox, demand: follows.demand() };
        tasks.spawn(market.run(inputs, token.clone()));
        let sparks = SparkLoader::new(Arc::clone(&source), symbols, series, reload, clock);
        tasks.spawn(sparks.run(token.clone()));

        let candles = Arc::new(CandleService::new(source, Arc::clone(&board), clock));
        let desk = Arc::new(NewsDesk::default());
        let feeds: Arc<dyn FeedReports> = match news {
            None => Arc::new(NoFeeds),
            Some(http) => {
                let storage = storage.clone().ok_or_else(|| StartError::Setup("news needs a database".to_owned()))?;
                let around = Around {
                    config: &config.news,
                    market: &board,
                    prices: Arc::new(MarketPrices { board: Arc::clone(&board), candles: Arc::clone(&candles) }),
                    log: Arc::clone(hub.log()),
                    desk: Arc::clone(&desk),
                    metrics: &metrics,
                    clock,
                    seed,
                    tasks: &tasks,
                    token: &token,
                };
                news::start(storage, http, around).await?
            }
        };
        if let Some(storage) = storage.clone() {
            tasks.spawn(keep_small(storage, retention::limits(&config.news), clock, token.clone()));
        }
        let (channels, press) = open_channels(&config, &hub, storage.clone(), clock).await?;
        tasks.spawn(press.run(token.clone()));

        let services = Arc::new(Services {
            clock,
            site: site_info(&config, &venues, simulated),
            candles,
            market: board,
            hub,
            follows,
            rates: RateLimits::new(&config.limits),
            started,
            venues: reports,
            news: desk,
            feeds,
            storage,
            tokens,
            tasks: tasks.clone(),
            channels,
            metrics,
            config: Arc::new(config),
        });
        tasks.spawn(dashboard::run(Arc::clone(&services), token));
        tasks.close();
        Ok(Self { services, tasks })
    }
}

/// The channels as they are kept, and who writes to them.
async fn open_channels(
    config: &Config,
    hub: &Arc<Hub>,
    storage: Option<Storage>,
    clock: Clock,
) -> Result<(Arc<Channels>, Press), StartError> {
    let kept = match &storage {
        Some(storage) => channels::load(storage, clock).await?,
        None => Vec::new(),
    };
    Ok(Channels::open(ChannelsSetup {
        hub: Arc::clone(hub),
        kept,
        storage,
        clock,
        max_created: config.channels.max_created,
        max_bytes: retention::limits(&config.news).channel_bytes(),
    }))
}

/// The log as it is kept, or one in memory.
async fn log_of(storage: Option<&Storage>, clock: Clock) -> Result<LogSetup, StartError> {
    let Some(storage) = storage else { return Ok(LogSetup::in_memory(clock)) };
    let range = storage.log_range().await?;
    let store: Arc<dyn EventStore> = Arc::new(storage.clone());
    let log = LogSetup::stored(range, storage.log_first().await?, store).await;
    log.map_err(|error| StartError::Setup(error.to_string()))
}

fn site_info(config: &Config, venues: &Venues, simulated: bool) -> SiteInfo {
    SiteInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        simulated,
        strip: config.market.default_symbols.clone(),
        assets: config.market.symbols.iter().map(|symbol| AssetInfo::of(*symbol)).collect(),
        venues: venues.infos().to_vec(),
        outlier_pct: config.market.outlier_pct,
        outlier_return_pct: config.market.outlier_return_pct,
        quiet_after_s: config.market.quiet_after_s,
        stale_after_s: config.market.stale_after_s,
    }
}
