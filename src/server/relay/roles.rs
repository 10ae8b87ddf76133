//! Starts and stops what a node's role needs.
//!
//! | a node | venues and market | news |
//! |---|---|---|
//! | leads | at work | at work, once it has all of the log |
//! | follows | stopped: the leader's prices are put up | stopped: the leader's editions are taken |
//! | has not heard a leader for the grace time | at work | stopped: nobody may write |
//!
//! A node that has its own prices goes on with them until a leader has been heard for a while, so no venue is called
//! twice where Redis is away for a moment.

use std::{pin::pin, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use super::{mirror::Mirror, outlet::Outlet, press::SharedPress, shared::Shared};
use crate::server::{
    clock::Clock,
    news::{press::Press, record::FeedRecord},
    storage::{Storage, batch::Batch, error::StorageError},
};

/// How often a node looks at its role, and at the ages of what it shows.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long a leader is heard before a node trusts in it.
const STEADY: Duration = Duration::from_secs(2);
/// How long what is stopped may take.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// Feeds of which anything is remembered.
const MOST_FEEDS: usize = 1000;

/// What a node starts as its role changes. Everything ends on the token.
pub trait Sides: Send + Sync + 'static {
    /// Connects to the venues and makes tickers of what they tell.
    fn start_prices(&self, tasks: &TaskTracker, token: &CancellationToken);

    /// Fetches feeds and makes stories of what comes, for `press`. Fails where the storage can't be read.
    fn start_news<'a>(
        &'a self,
        press: Arc<dyn Press>,
        tasks: &'a TaskTracker,
        token: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<(), StorageError>>;
}

/// The task.
pub(super) struct Roles {
    pub(super) shared: Arc<Shared>,
    pub(super) mirror: Arc<Mirror>,
    pub(super) outlet: Arc<Outlet>,
    pub(super) sides: Arc<dyn Sides>,
    /// `None` runs without news.
    pub(super) storage: Option<Storage>,
    pub(super) clock: Clock,
    /// Without word of a leader.
    pub(super) grace: Duration,
    pub(super) prices: Option<Running>,
    pub(super) news: Option<(u64, Running)>,
}

/// What was started.
pub(super) struct Running {
    token: CancellationToken,
    tasks: TaskTracker,
}

impl Running {
    fn under(token: &CancellationToken) -> Self {
        Self { token: token.child_token(), tasks: TaskTracker::new() }
    }

    async fn stop(self) {
        self.token.cancel();
        self.tasks.close();
        if timeout(STOP_TIMEOUT, self.tasks.wait()).await.is_err() {
            warn!(left = self.tasks.len(), "some tasks of the role before go on");
        }
    }
}

async fn stop(running: Option<Running>) {
    if let Some(running) = running {
        running.stop().await;
    }
}

impl Roles {
    /// Works until the token is cancelled; then ends what it has started.
    pub(super) async fn run(mut self, token: CancellationToken) {
        loop {
            tokio::select! {
                () = token.cancelled() => break,
                () = self.shared.changed.notified() => {}
                () = sleep(LOOK_EVERY) => {}
            }
            self.look(&token).await;
        }
        let (news, prices) = (self.news.take().map(|(_, running)| running), self.prices.take());
        tokio::join!(stop(news), stop(prices));
    }

    /// Prices come first, as they are old soonest: what is stopped, and what is asked before the news is started, takes
    /// its time.
    async fn look(&mut self, token: &CancellationToken) {
        self.start_prices(token);
        let (news, prices) = (self.news_to_stop(), self.prices_to_stop());
        self.mirror.sweep(self.prices.is_some() || prices.is_some());
        let (stops_news, stops_prices) = (news.is_some(), prices.is_some());
        let mut stopping = pin!(async { tokio::join!(stop(news), stop(prices)) });
        loop {
            tokio::select! {
                biased;
                _ = &mut stopping => break,
                () = sleep(LOOK_EVERY) => self.mirror.sweep(self.prices.is_some() || stops_prices),
            }
        }
        if stops_news {
            self.shared.set_own_news(false);
        }
        if stops_prices {
            self.shared.set_own_prices(false);
            self.outlet.clear();
            self.mirror.resume();
        }
        self.start_news(token).await;
    }

    /// Starts this node's own prices where it leads, or has not heard a leader for the grace time.
    fn start_prices(&mut self, token: &CancellationToken) {
        let now = Instant::now();
        let leads = self.shared.lease(now).is_some();
        if self.prices.is_some() || !(leads || self.mirror.silence(now) >= self.grace) {
            return;
        }
        if !leads {
            warn!("no word of a leading node: this one connects to the venues itself");
        }
        self.mirror.pause();
        let running = Running::under(token);
        self.sides.start_prices(&running.tasks, &running.token);
        self.shared.set_own_prices(true);
        self.prices = Some(running);
    }

    /// This node's own prices, where those of a leader take their place.
    fn prices_to_stop(&mut self) -> Option<Running> {
        let now = Instant::now();
        if self.shared.lease(now).is_some() || self.mirror.steadiness(now) < STEADY {
            return None;
        }
        self.prices.take().inspect(|_| info!("the leading node's prices take the place of this node's own"))
    }

    /// This node's own news, where it leads no more, or must begin again.
    fn news_to_stop(&mut self) -> Option<Running> {
        // Without news nobody asks for another beginning.
        let again = self.shared.take_begin_again();
        let lease = self.shared.lease(Instant::now());
        let (_, running) = self.news.take_if(|(fence, _)| again || lease.is_none_or(|lease| lease.fence != *fence))?;
        Some(running)
    }

    /// Starts this node's own news where it leads and has all of the log.
    async fn start_news(&mut self, token: &CancellationToken) {
        let Some(storage) = self.storage.clone().filter(|_| self.news.is_none()) else { return };
        let lease = self.shared.lease(Instant::now());
        let Some(lease) = lease.filter(|lease| self.shared.may_write(lease)) else { return };
        if !self.take_feed_records(&storage).await {
            return;
        }
        let running = Running::under(token);
        let press =
            Arc::new(SharedPress::new(Arc::clone(&self.shared), storage, self.clock, lease.fence)) as Arc<dyn Press>;
        match self.sides.start_news(press, &running.tasks, &running.token).await {
            Ok(()) => {
                info!("this node fetches the news");
                self.shared.set_own_news(true);
                self.news = Some((lease.fence, running));
            }
            Err(error) => {
                warn!(%error, "the news can't be started; trying again");
                running.stop().await;
            }
        }
    }

    /// Takes over what the leader before remembered of the feeds. Returns whether that was to be had.
    async fn take_feed_records(&self, storage: &Storage) -> bool {
        let Some(link) = self.shared.link() else { return false };
        let told = match link.feeds().await {
            Ok(told) => told,
            Err(error) => {
                warn!(%error, "what is remembered of the feeds can't be read");
                return false;
            }
        };
        // One that can't be read is fetched anew.
        let told = told.iter().take(MOST_FEEDS).filter_map(|json| serde_json::from_str::<FeedRecord>(json).ok());
        let known = match storage.feeds().await {
            Ok(known) => known,
            Err(error) => {
                warn!(%error, "what is remembered of the feeds can't be read");
                return false;
            }
        };
        let newer = |record: &FeedRecord| {
            known.iter().find(|known| known.key == record.key).is_none_or(|known| known.last_fetch < record.last_fetch)
        };
        let feeds: Vec<FeedRecord> = told.filter(newer).collect();
        let stored = if feeds.is_empty() { Ok(()) } else { storage.commit(Batch { feeds, ..Batch::default() }).await };
        stored.inspect_err(|error| warn!(%error, "what is remembered of the feeds can't be stored")).is_ok()
    }
}

#[cfg(test)]
mod tests;
