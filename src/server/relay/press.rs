//! Editions of a market of many nodes: appended to the shared log, from which every node takes them, this one too.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tracing::{error, info, warn};

use super::{
    link::{Append, Appended, Link},
    message,
    shared::{Shared, count},
};
use crate::server::{
    clock::Clock,
    event::{EventDraft, LogEvent},
    news::press::Press,
    storage::{Storage, batch::Batch},
};

/// Between two looks at whether the log may be written, and at whether this node still leads.
const SETTLING: Duration = Duration::from_millis(250);

/// Prints for every node, as long as this one leads with one fence.
pub(super) struct SharedPress {
    shared: Arc<Shared>,
    storage: Storage,
    clock: Clock,
    fence: u64,
}

/// What became of an edition.
enum Outcome {
    Kept,
    Unusable,
    /// This press prints no more: another takes its place, or another node leads.
    Over,
}

impl SharedPress {
    pub(super) const fn new(shared: Arc<Shared>, storage: Storage, clock: Clock, fence: u64) -> Self {
        Self { shared, storage, clock, fence }
    }

    async fn attempt(&self, batch: Batch, drafts: Vec<EventDraft>) -> Outcome {
        let Batch { articles, stories, feeds, .. } = batch;
        let records: Vec<(String, String)> =
            feeds.iter().filter_map(|record| Some((record.key.clone(), serde_json::to_string(record).ok()?))).collect();
        let is_news = !(articles.is_empty() && stories.is_empty() && drafts.is_empty());
        let after = self.shared.place().last;
        let at = self.clock.wall();
        let events: Vec<LogEvent> = (after + 1..).zip(drafts).map(|(id, draft)| LogEvent { id, at, draft }).collect();
        let last = events.last().map_or(after, |event| event.id);
        let edition = if is_news {
            let Some(json) = message::edition(&Batch { articles, stories, events, feeds: Vec::new() }) else {
                error!("news that can't be stored is left out");
                return Outcome::Unusable;
            };
            json
        } else {
            String::new()
        };
        let attempt = self.shared.name_attempt();
        let mut links = self.shared.links();
        loop {
            let Some(link) = links.borrow_and_update().clone() else { return Outcome::Over };
            if !self.leads() {
                return Outcome::Over;
            }
            let append =
                Append { fence: self.fence, attempt: &attempt, after, last, edition: &edition, feeds: &records };
            match link.append(append).await {
                Ok(Appended::Kept) => break,
                Ok(Appended::Settling) => sleep(SETTLING).await,
                Ok(Appended::Fenced) => {
                    self.shared.fenced(self.fence);
                    return Outcome::Over;
                }
                Ok(Appended::Behind) => {
                    info!("the shared log has grown by another node; the news begins again from there");
                    return Outcome::Over;
                }
                Err(error) => {
                    warn!(%error, "whether news was kept is not known; it begins again from what is");
                    return Outcome::Over;
                }
            }
        }
        if is_news {
            count(&self.shared.counters.editions_appended, 1);
            self.shared.grew.notify_one();
            if !self.is_back(last, links).await {
                warn!("whether news that was kept is still there is not known; it begins again from what is");
                return Outcome::Over;
            }
        }
        if !feeds.is_empty()
            && let Err(error) = self.storage.commit(Batch { feeds, ..Batch::default() }).await
        {
            // Another edition says the same or more.
            warn!(%error, "what is remembered of feeds can't be stored");
        }
        Outcome::Kept
    }

    /// Waits until this node has taken its own edition: nobody places what follows before that is here. `false` where it
    /// may never come: a Redis that answers over another connection may have forgotten it, and who leads no more places
    /// nothing.
    async fn is_back(&self, last: u64, mut links: watch::Receiver<Option<Link>>) -> bool {
        let mut places = self.shared.places();
        loop {
            tokio::select! {
                biased;
                // The sender lives as long as this node does.
                back = async { places.wait_for(|place| place.last >= last).await.is_ok() } => return back,
                _ = links.changed() => return false,
                () = sleep(SETTLING) => {}
            }
            if !self.leads() {
                return false;
            }
        }
    }

    fn leads(&self) -> bool {
        self.shared.lease(Instant::now()).is_some_and(|lease| lease.fence == self.fence)
    }
}

impl Press for SharedPress {
    fn print(&self, batch: Batch, drafts: Vec<EventDraft>) -> BoxFuture<'_, bool> {
        async move {
            match self.attempt(batch, drafts).await {
                Outcome::Kept => true,
                Outcome::Unusable => false,
                Outcome::Over => {
                    self.shared.begin_again();
                    std::future::pending().await
                }
            }
        }
        .boxed()
    }
}
