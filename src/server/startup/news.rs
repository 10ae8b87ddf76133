//! The news, put together: feeds, task, and what keeps the database small.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use super::StartError;
use crate::{
    model::asset::AssetInfo,
    server::{
        clock::Clock,
        config::NewsConfig,
        hub::log::EventLog,
        market::board::MarketBoard,
        metrics::Metrics,
        news::{
            desk::NewsDesk,
            feeds::{self, FeedsSetup, board::SourceBoard, builtin, client::FeedHttp, tickers::Tickers},
            prices::Prices,
            task::{FETCHED_CAPACITY, NewsSetup, NewsTask},
        },
        storage::{
            Storage,
            retention::{Pruned, RetentionLimits},
        },
    },
};

/// What the news needs of the world outside.
pub struct NewsSide {
    pub storage: Storage,
    pub http: Arc<dyn FeedHttp>,
}

/// What the news is joined to in the house.
pub(super) struct Around<'a> {
    pub config: &'a NewsConfig,
    pub market: &'a Arc<MarketBoard>,
    pub prices: Arc<dyn Prices>,
    pub log: Arc<EventLog>,
    pub desk: Arc<NewsDesk>,
    pub metrics: &'a Metrics,
    pub clock: Clock,
    pub seed: u64,
    pub tasks: &'a TaskTracker,
    pub token: &'a CancellationToken,
}

const MIB: u64 = 1 << 20;
/// How often the database is looked through for what is too old.
const PRUNE_EVERY: Duration = Duration::from_mins(10);

/// Starts the feeds and the task that makes stories of them.
///
/// # Errors
/// Where the database can't be read.
pub(super) async fn start(side: NewsSide, around: Around<'_>) -> Result<Arc<SourceBoard>, StartError> {
    let NewsSide { storage, http } = side;
    let Around { config, market, prices, log, desk, metrics, clock, seed, tasks, token } = around;
    let assets: Vec<AssetInfo> = market.symbols().iter().map(|symbol| AssetInfo::of(*symbol)).collect();
    let sources = builtin::sources(config);
    let records = storage.feeds().await?;
    let (out, fetched) = mpsc::channel(FETCHED_CAPACITY);
    let task = NewsTask::open(NewsSetup {
        config: config.clone(),
        sources: sources.clone(),
        followed: market.symbols().to_vec(),
        storage: storage.clone(),
        log,
        prices,
        desk,
        metrics: metrics.news.clone(),
        clock,
    });
    tasks.spawn(task.await?.run(fetched, token.clone()));
    tasks.spawn(keep_small(storage, config.clone(), clock, token.clone()));
    Ok(feeds::start(FeedsSetup {
        sources,
        records,
        interval: Duration::from_secs(config.interval_s),
        http,
        clock,
        seed,
        followed: Arc::new(Tickers::new(&assets)),
        out,
        metrics: metrics.feeds.clone(),
        shutdown: token.clone(),
        tasks,
    }))
}

/// Throws away what is too old or too much, at the start and then now and again.
async fn keep_small(storage: Storage, config: NewsConfig, clock: Clock, token: CancellationToken) {
    let limits = RetentionLimits {
        days: config.retention_days,
        event_hours: config.event_hours,
        max_bytes: config.max_mb.saturating_mul(MIB),
    };
    let mut tick = interval(PRUNE_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = token.cancelled() => return,
            _ = tick.tick() => {}
        }
        match storage.prune(clock.wall(), limits).await {
            Ok(pruned) if pruned == Pruned::default() => {}
            Ok(Pruned { articles, stories, events, bytes }) => {
                info!(articles, stories, events, bytes, "news that is too old was thrown away");
            }
            Err(error) => warn!(%error, "old news can't be thrown away"),
        }
    }
}
