//! The news, put together: feeds, task, and what keeps the database small.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use super::adapters::FeedSide;
use crate::{
    model::{asset::AssetInfo, symbol::Symbol},
    server::{
        clock::Clock,
        config::NewsConfig,
        news::{
            feeds::{self, FeedsSetup, client::FeedHttp, tickers::Tickers},
            press::Press,
            prices::Prices,
            source::Source,
            task::{FETCHED_CAPACITY, NewsSetup, NewsTask},
        },
        storage::{
            Storage,
            error::StorageError,
            retention::{Pruned, RetentionLimits},
        },
    },
};

/// What the news needs of the world outside.
#[derive(Clone)]
pub struct NewsSide {
    pub storage: Storage,
    pub http: Arc<dyn FeedHttp>,
}

/// Where stories are made.
pub(super) struct Newsroom {
    pub side: NewsSide,
    pub config: NewsConfig,
    pub sources: Vec<Arc<Source>>,
    /// The assets that have a price here.
    pub followed: Vec<Symbol>,
    pub prices: Arc<dyn Prices>,
    /// What is told of the feeds.
    pub reports: Arc<FeedSide>,
    pub clock: Clock,
    pub seed: u64,
}

const MIB: u64 = 1 << 20;
/// How often the database is looked through for what is too old.
const PRUNE_EVERY: Duration = Duration::from_mins(10);

impl Newsroom {
    /// Starts the feeds and the task that makes stories of them. They end on the token.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub(super) async fn start(
        &self,
        press: Arc<dyn Press>,
        tasks: &TaskTracker,
        token: &CancellationToken,
    ) -> Result<(), StorageError> {
        let NewsSide { storage, http } = &self.side;
        let assets: Vec<AssetInfo> = self.followed.iter().map(|symbol| AssetInfo::of(*symbol)).collect();
        let records = storage.feeds().await?;
        let (out, fetched) = mpsc::channel(FETCHED_CAPACITY);
        let task = NewsTask::new(NewsSetup {
            config: self.config.clone(),
            sources: self.sources.clone(),
            followed: self.followed.clone(),
            storage: storage.clone(),
            press,
            prices: Arc::clone(&self.prices),
            clock: self.clock,
        });
        tasks.spawn(task.run(fetched, token.clone()));
        let board = feeds::start(FeedsSetup {
            sources: self.sources.clone(),
            records,
            interval: Duration::from_secs(self.config.interval_s),
            http: Arc::clone(http),
            clock: self.clock,
            seed: self.seed,
            followed: Arc::new(Tickers::new(&assets)),
            out,
            shutdown: token.clone(),
            tasks,
        });
        self.reports.0.store(Some(board));
        Ok(())
    }
}

/// Throws away what is too old or too much, at the start and then now and again.
pub(super) async fn keep_small(storage: Storage, config: NewsConfig, clock: Clock, token: CancellationToken) {
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
