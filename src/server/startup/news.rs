//! The news, put together: feeds and task.

use std::{sync::Arc, time::Duration};

use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::adapters::FeedSide;
use crate::{
    model::{asset::AssetInfo, symbol::Symbol},
    server::{
        clock::Clock,
        config::NewsConfig,
        metrics::Metrics,
        news::{
            feeds::{self, FeedsSetup, client::FeedHttp, tickers::Tickers},
            press::Press,
            prices::Prices,
            source::Source,
            task::{FETCHED_CAPACITY, NewsSetup, NewsTask},
        },
        storage::{Storage, error::StorageError},
    },
};

/// Where stories are made.
pub(super) struct Newsroom {
    pub storage: Storage,
    pub http: Arc<dyn FeedHttp>,
    pub config: NewsConfig,
    pub sources: Vec<Arc<Source>>,
    /// The assets that have a price here.
    pub followed: Vec<Symbol>,
    pub prices: Arc<dyn Prices>,
    /// What is told of the feeds.
    pub reports: Arc<FeedSide>,
    pub metrics: Metrics,
    pub clock: Clock,
    pub seed: u64,
}

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
        let assets: Vec<AssetInfo> = self.followed.iter().map(|symbol| AssetInfo::of(*symbol)).collect();
        let records = self.storage.feeds().await?;
        let (out, fetched) = mpsc::channel(FETCHED_CAPACITY);
        let task = NewsTask::new(NewsSetup {
            config: self.config.clone(),
            sources: self.sources.clone(),
            followed: self.followed.clone(),
            storage: self.storage.clone(),
            press,
            prices: Arc::clone(&self.prices),
            metrics: self.metrics.news.clone(),
            clock: self.clock,
        });
        tasks.spawn(task.run(fetched, token.clone()));
        let board = feeds::start(FeedsSetup {
            sources: self.sources.clone(),
            records,
            interval: Duration::from_secs(self.config.interval_s),
            http: Arc::clone(&self.http),
            clock: self.clock,
            seed: self.seed,
            followed: Arc::new(Tickers::new(&assets)),
            out,
            metrics: self.metrics.feeds.clone(),
            shutdown: token.clone(),
            tasks,
        });
        self.reports.0.store(Some(board));
        Ok(())
    }
}
