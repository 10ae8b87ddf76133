//! The house without its doors: venues, market and hub at work, and the services that ask them.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    StartError,
    adapters::{FeedSide, MarketPrices, VenueSide},
    news::Newsroom,
    retention::{self, keep_small},
    sides::{PriceSide, RelaySides},
};
use crate::{
    model::asset::AssetInfo,
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
        },
        metrics::Metrics,
        news::{
            desk::NewsDesk,
            feeds::{builtin, client::FeedHttp},
            press::OwnPress,
            source::Source,
            stand::Newsstand,
        },
        rate::RateLimits,
        relay::{self, Outlet, Relay, RelaySetup},
        services::{FeedReports, Services, VenueReports},
        storage::Storage,
        venues::{self, Venues, dialer::Dialer, http_client::Http, listings::Listings},
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
    /// Where the database can't be read, or the address of the Redis can't be used.
    pub async fn start(setup: CoreSetup) -> Result<Self, StartError> {
        let CoreSetup { config, simulated, dialer, http, storage, news, tokens, clock, seed, token } = setup;
        let config = Arc::new(config);
        let started = clock.now();
        let metrics = Metrics::default();
        let tasks = TaskTracker::new();
        let symbols = &config.market.symbols;
        let idle = Arc::new(venues::idle(&config.venues, &http, clock, seed));
        let venue_side = Arc::new(VenueSide { venues: ArcSwap::new(Arc::clone(&idle)), clock });
        let hub = Arc::new(open_hub(&config, storage.as_ref(), clock, &metrics, &token).await?);
        tasks.spawn(Arc::clone(&hub).run());

        let board = Arc::new(MarketBoard::new(symbols));
        let listings = Arc::new(Listings::new(venues::enabled(&config.venues).len()));
        let follows = Follows::new(&config.market, Arc::clone(&hub), Arc::clone(&board), Arc::clone(&listings));
        let follows = Arc::new(follows);
        tasks.spawn(Arc::clone(&follows).run(token.clone()));
        if config.redis.is_some() {
            // Whichever node leads: each knows what may be asked of it.
            idle.list(&listings, &tasks, &token, seed);
        }

        let source: Arc<dyn CandleSource> = Arc::clone(&venue_side) as _;
        let candles = Arc::new(CandleService::new(source, Arc::clone(&board), clock));

        let desk = Arc::new(NewsDesk::default());
        let feed_side = Arc::new(FeedSide::default());
        let sources = if news.is_some() { builtin::sources(&config.news) } else { Vec::new() };
        let shown = storage.as_ref().filter(|_| news.is_some() || config.redis.is_some());
        let stand = open_stand(shown, &sources, &desk, &hub).await?;
        let newsroom = |http| -> Result<Newsroom, StartError> {
            Ok(Newsroom {
                storage: storage.clone().ok_or_else(|| StartError::Setup("news needs a database".to_owned()))?,
                http,
                config: config.news.clone(),
                sources,
                followed: symbols.clone(),
                prices: Arc::new(MarketPrices { board: Arc::clone(&board), candles: Arc::clone(&candles) }),
                reports: Arc::clone(&feed_side),
                metrics: metrics.clone(),
                clock,
                seed,
            })
        };
        let news = news.map(newsroom).transpose()?;

        let outlet = config.redis.is_some().then(Arc::<Outlet>::default);
        let prices = PriceSide {
            config: Arc::clone(&config),
            demand: follows.demand(),
            listings: config.redis.is_none().then_some(listings),
            dialer,
            http,
            venues: Arc::clone(&venue_side),
            board: Arc::clone(&board),
            hub: Arc::clone(&hub),
            outlet: outlet.clone(),
            metrics: metrics.market.clone(),
            clock,
            seed: AtomicU64::new(seed),
        };
        let (channels, press) = open_channels(&config, &hub, storage.clone(), clock).await?;
        let around = Around {
            config: &config,
            board: &board,
            hub: &hub,
            follows: &follows,
            storage: storage.as_ref(),
            stand,
            press,
            venues: venue_side,
            feeds: feed_side,
            clock,
            seed,
            tasks: &tasks,
            token: &token,
        };
        let Started { venues, feeds, node } = begin(RelaySides { prices, news }, outlet, around).await?;
        if let Some(storage) = storage.clone() {
            tasks.spawn(keep_small(storage, retention::limits(&config.news), clock, token.clone()));
        }

        let services = Arc::new(Services {
            clock,
            site: site_info(&config, &idle, simulated),
            candles,
            market: board,
            hub,
            follows,
            rates: RateLimits::new(&config.limits),
            started,
            venues,
            news: desk,
            feeds,
            storage,
            node,
            tokens,
            tasks: tasks.clone(),
            channels,
            metrics,
            config,
        });
        tasks.spawn(dashboard::run(Arc::clone(&services), token));
        tasks.close();
        Ok(Self { services, tasks })
    }
}

/// What the sides are joined to in the house.
struct Around<'a> {
    config: &'a Config,
    board: &'a Arc<MarketBoard>,
    hub: &'a Arc<Hub>,
    follows: &'a Arc<Follows>,
    storage: Option<&'a Storage>,
    stand: Option<Arc<Newsstand>>,
    press: Press,
    venues: Arc<dyn VenueReports>,
    feeds: Arc<dyn FeedReports>,
    clock: Clock,
    seed: u64,
    tasks: &'a TaskTracker,
    token: &'a CancellationToken,
}

/// Whom the rest of the house asks of venues and feeds.
struct Started {
    venues: Arc<dyn VenueReports>,
    feeds: Arc<dyn FeedReports>,
    node: Option<Arc<Relay>>,
}

/// Starts prices, news and who writes to the channels: for good where this node is alone, as its role asks for it where it is one of many.
async fn begin(sides: RelaySides, outlet: Option<Arc<Outlet>>, around: Around<'_>) -> Result<Started, StartError> {
    let Around { config, board, hub, follows, storage, stand, press, .. } = around;
    let Around { venues, feeds, clock, seed, tasks, token, .. } = around;
    if let (Some(redis), Some(outlet)) = (&config.redis, outlet) {
        let relay = relay::start(RelaySetup {
            config: redis,
            quiet_after: config.market.quiet_after(),
            board: Arc::clone(board),
            hub: Arc::clone(hub),
            follows: Arc::clone(follows),
            outlet,
            fetches_news: sides.news.is_some(),
            sides: Arc::new(sides),
            venues,
            feeds,
            log: storage.cloned().zip(stand),
            channels: press,
            keep_channels: retention::limits(&config.news).event_age(),
            clock,
            seed,
            token: token.clone(),
            tasks,
        });
        let relay = relay.map_err(StartError::Setup)?;
        return Ok(Started { venues: Arc::clone(&relay) as _, feeds: Arc::clone(&relay) as _, node: Some(relay) });
    }
    tasks.spawn(press.run(token.clone()));
    sides.prices.start(tasks, token);
    if let (Some(newsroom), Some(stand)) = (sides.news, stand) {
        let press = OwnPress::new(newsroom.storage.clone(), Arc::clone(hub.log()), stand);
        newsroom.start(Arc::new(press), tasks, token).await?;
    }
    Ok(Started { venues, feeds, node: None })
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
        shared: config.redis.is_some(),
    }))
}

/// Where the newest of the news that is kept is shown, if any is.
async fn open_stand(
    storage: Option<&Storage>,
    sources: &[Arc<Source>],
    desk: &Arc<NewsDesk>,
    hub: &Hub,
) -> Result<Option<Arc<Newsstand>>, StartError> {
    let Some(storage) = storage else { return Ok(None) };
    let stand = Newsstand::open(storage, sources, Arc::clone(desk), Arc::clone(hub.log())).await?;
    Ok(Some(Arc::new(stand)))
}

/// The hub, with the log as it is kept, or one in memory.
async fn open_hub(
    config: &Config,
    storage: Option<&Storage>,
    clock: Clock,
    metrics: &Metrics,
    token: &CancellationToken,
) -> Result<Hub, StartError> {
    let log = match storage {
        Some(storage) => {
            let range = storage.log_range().await?;
            let store: Arc<dyn EventStore> = Arc::new(storage.clone());
            let log = LogSetup::stored(range, storage.log_first().await?, store).await;
            log.map_err(|error| StartError::Setup(error.to_string()))?
        }
        None => LogSetup::in_memory(clock),
    };
    let log = if config.redis.is_some() { log.shared() } else { log };
    let heartbeat = Duration::from_secs(config.server.heartbeat_s);
    Ok(Hub::new(&config.market.symbols, &config.limits, heartbeat, clock, log, metrics, token.clone()))
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
