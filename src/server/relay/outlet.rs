//! What the leader tells of prices: the newest ticker of each symbol that changed, as fast as Redis takes them.

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};
use tracing::error;

use super::{
    link::{Link, LinkError},
    message::{Beside, Told, bulletin},
    shared::{Shared, count},
};
use crate::{
    model::{symbol::Symbol, ticker::Ticker},
    server::{
        clock::Clock,
        market::board::MarketBoard,
        services::{FeedReports, VenueReports},
    },
    wire::rest::PriceSource,
};

/// How often the leader says that it is there, and how its venues are.
const BEAT_EVERY: Duration = Duration::from_secs(1);
/// Every so many beats it tells of the feeds and the sparklines, too.
const SLOW: u64 = 5;

/// Takes what the market makes. Never waits: what is not yet told when something newer comes is left out.
#[derive(Default)]
pub struct Outlet {
    newest: Mutex<HashMap<Symbol, Waiting>>,
    filled: Notify,
}

struct Waiting {
    told: Told<Arc<Ticker>>,
    is_told: bool,
}

/// What is told beside tickers.
pub(super) struct Around {
    pub(super) board: Arc<MarketBoard>,
    pub(super) venues: Arc<dyn VenueReports>,
    pub(super) feeds: Arc<dyn FeedReports>,
    pub(super) clock: Clock,
}

impl Outlet {
    /// A ticker that this node made, with its id.
    pub fn offer(&self, id: u64, source: PriceSource, ticker: &Arc<Ticker>) {
        let told = Told { id, fence: None, source, ticker: Arc::clone(ticker) };
        self.newest.lock().insert(ticker.symbol, Waiting { told, is_told: false });
        self.filled.notify_one();
    }

    /// Others may know nothing of what was told.
    fn begin_again(&self) {
        self.newest.lock().values_mut().for_each(|waiting| waiting.is_told = false);
    }

    /// Nothing comes from this node's own market any more.
    pub(super) fn clear(&self) {
        self.newest.lock().clear();
    }

    /// Of symbols that are not followed any more nothing is told.
    fn keep(&self, followed: &[Symbol]) {
        let followed: HashSet<Symbol> = followed.iter().copied().collect();
        self.newest.lock().retain(|symbol, _| followed.contains(symbol));
    }

    fn take(&self) -> Vec<Told<Arc<Ticker>>> {
        let mut newest = self.newest.lock();
        let untold = newest.values_mut().filter(|waiting| !waiting.is_told);
        untold
            .map(|waiting| {
                waiting.is_told = true;
                Told { ticker: Arc::clone(&waiting.told.ticker), ..waiting.told }
            })
            .collect()
    }

    /// Tells while this node leads, over one connection.
    pub(super) async fn tell(&self, shared: &Shared, around: &Around, link: &Link) -> Result<Infallible, LinkError> {
        let mut beat = Instant::now();
        let mut beats = 0;
        let mut fence = 0;
        loop {
            tokio::select! {
                () = self.filled.notified() => {}
                () = sleep_until(beat) => {}
            }
            let now = Instant::now();
            let due = now >= beat;
            if due {
                beat = now + BEAT_EVERY;
            }
            let Some(lease) = shared.lease(now) else { continue };
            if lease.fence != fence {
                // Every leader tells everything, and everything again over every connection.
                (fence, beats) = (lease.fence, 0);
                self.begin_again();
            }
            let slow = due && beats % SLOW == 0;
            beats += u64::from(due);
            let followed = if slow { around.board.places() } else { Vec::new() };
            if slow {
                self.keep(&followed);
            }
            let tickers = self.take();
            let venues = due.then(|| around.venues.reports());
            let feeds = slow.then(|| around.feeds.statuses());
            let sparks: Vec<_> =
                if slow { around.board.sparks().iter().map(|spark| (**spark).clone()).collect() } else { vec![] };
            let beside =
                Beside { venues: venues.as_deref(), feeds: feeds.as_deref(), sparks: &sparks, followed: &followed };
            let told: Vec<Told<&Ticker>> = tickers
                .iter()
                .map(|told| Told { id: told.id, fence: Some(lease.fence), source: told.source, ticker: &*told.ticker })
                .collect();
            if told.is_empty() && !due {
                continue;
            }
            let bulletin = match bulletin(&shared.node, lease.fence, around.clock.wall(), &told, &beside) {
                Ok(bulletin) => bulletin,
                Err(error) => {
                    error!(%error, "prices can't be told to the other nodes");
                    continue;
                }
            };
            if link.tell(lease.fence, &bulletin).await? {
                count(&shared.counters.tickers_told, u64::try_from(told.len()).unwrap_or_default());
            } else {
                shared.fenced(lease.fence);
            }
        }
    }
}
