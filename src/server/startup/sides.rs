//! What is started once by a node that is alone, and as its role changes by one of many.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use futures_util::{FutureExt as _, future::BoxFuture};
use tokio::sync::{Notify, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{adapters::VenueSide, news::Newsroom};
use crate::{
    model::{ticker::Ticker, venue::Venue},
    server::{
        clock::Clock,
        config::Config,
        demand::DemandWatch,
        hub::Hub,
        market::{
            board::MarketBoard,
            candle_service::CandleSource,
            spark_loader::SparkLoader,
            task::{EVENT_CAPACITY, Inputs, MarketTask, SPARK_CAPACITY},
        },
        metrics::market::MarketMetrics,
        news::press::Press,
        relay::{self, Outlet},
        storage::error::StorageError,
        venues::{self, VenuesSetup, dialer::Dialer, http_client::Http, listings::Listings},
    },
};

/// From the venues to the hub.
pub(super) struct PriceSide {
    pub(super) config: Arc<Config>,
    pub(super) dialer: Arc<dyn Dialer>,
    pub(super) http: Arc<dyn Http>,
    pub(super) venues: Arc<VenueSide>,
    pub(super) board: Arc<MarketBoard>,
    pub(super) hub: Arc<Hub>,
    /// What is followed beside the configured symbols.
    pub(super) demand: DemandWatch,
    /// Where the venues at work say what they list; `None` where others ask them.
    pub(super) listings: Option<Arc<Listings>>,
    /// Where other nodes are told.
    pub(super) outlet: Option<Arc<Outlet>>,
    pub(super) metrics: MarketMetrics,
    pub(super) clock: Clock,
    /// Another one with every start.
    pub(super) seed: AtomicU64,
}

impl PriceSide {
    /// Starts venues, market and sparklines. They end on the token.
    pub(super) fn start(&self, tasks: &TaskTracker, token: &CancellationToken) {
        let symbols = self.board.symbols();
        let clock = self.clock;
        let (events, event_inbox) = mpsc::channel(EVENT_CAPACITY);
        let (series, series_inbox) = mpsc::channel(SPARK_CAPACITY);
        let venues = Arc::new(venues::start(VenuesSetup {
            configs: &self.config.venues,
            symbols,
            demand: self.demand.clone(),
            listings: self.listings.clone(),
            dialer: Arc::clone(&self.dialer),
            http: Arc::clone(&self.http),
            clock,
            seed: self.seed.fetch_add(1, Ordering::Relaxed),
            events,
            shutdown: token.clone(),
            tasks,
        }));
        let keys: Vec<Venue> = venues.infos().iter().map(|info| info.venue).collect();
        self.venues.venues.store(venues);

        let reload = Arc::new(Notify::new());
        let (hub, board, outlet) = (Arc::clone(&self.hub), Arc::clone(&self.board), self.outlet.clone());
        let publish = move |ticker: &Arc<Ticker>| {
            let id = hub.publish(ticker);
            if let (Some(outlet), Some(id), Some(posted)) = (&outlet, id, board.posted(ticker.symbol)) {
                outlet.offer(id, posted.source, ticker);
            }
        };
        let board = Arc::clone(&self.board);
        let counts = self.metrics.clone();
        let market = MarketTask::new(&self.config.market, &keys, board, clock, Arc::clone(&reload), counts, publish);
        let inputs = Inputs { events: event_inbox, sparks: series_inbox, demand: self.demand.clone() };
        tasks.spawn(market.run(inputs, token.clone()));
        let source: Arc<dyn CandleSource> = Arc::clone(&self.venues) as _;
        tasks.spawn(SparkLoader::new(source, symbols, series, reload, clock).run(token.clone()));
    }
}

/// What one node of many starts and stops.
pub(super) struct RelaySides {
    pub(super) prices: PriceSide,
    /// `None` runs without news.
    pub(super) news: Option<Newsroom>,
}

impl relay::Sides for RelaySides {
    fn start_prices(&self, tasks: &TaskTracker, token: &CancellationToken) {
        self.prices.start(tasks, token);
    }

    fn start_news<'a>(
        &'a self,
        press: Arc<dyn Press>,
        tasks: &'a TaskTracker,
        token: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<(), StorageError>> {
        async move {
            match &self.news {
                Some(news) => news.start(press, tasks, token).await,
                None => Ok(()),
            }
        }
        .boxed()
    }
}
