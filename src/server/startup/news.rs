//! The news, put together: feeds and task.

use std::{sync::Arc, time::Duration};

use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

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
        storage::Storage,
    },
};

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

/// Starts the feeds and the task that makes stories of them.
///
/// # Errors
/// Where the database can't be read.
pub(super) async fn start(
    storage: Storage,
    http: Arc<dyn FeedHttp>,
    around: Around<'_>,
) -> Result<Arc<SourceBoard>, StartError> {
    let Around { config, market, prices, log, desk, metrics, clock, seed, tasks, token } = around;
    let assets: Vec<AssetInfo> = market.symbols().iter().map(|symbol| AssetInfo::of(*symbol)).collect();
    let sources = builtin::sources(config);
    let records = storage.feeds().await?;
    let (out, fetched) = mpsc::channel(FETCHED_CAPACITY);
    let task = NewsTask::open(NewsSetup {
        config: config.clone(),
        sources: sources.clone(),
        followed: market.symbols().to_vec(),
        storage,
        log,
        prices,
        desk,
        metrics: metrics.news.clone(),
        clock,
    });
    tasks.spawn(task.await?.run(fetched, token.clone()));
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
