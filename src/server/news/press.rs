//! Where editions are kept and then told.

use std::sync::Arc;

use futures_util::{FutureExt as _, future::BoxFuture};
use tracing::error;

use super::{patience::patiently, stand::Newsstand};
use crate::server::{
    event::EventDraft,
    hub::log::EventLog,
    storage::{Storage, batch::Batch},
};

/// Keeps editions and tells of them.
pub trait Press: Send + Sync {
    /// Keeps what is in the batch and gives the drafts their places in the log, then tells. Waits as long as nothing can
    /// be kept. Returns whether it was kept: what can never be is left out.
    fn print(&self, batch: Batch, drafts: Vec<EventDraft>) -> BoxFuture<'_, bool>;
}

/// The press of a node that is alone: it keeps editions in its own storage.
pub struct OwnPress {
    storage: Storage,
    log: Arc<EventLog>,
    stand: Arc<Newsstand>,
}

impl OwnPress {
    pub const fn new(storage: Storage, log: Arc<EventLog>, stand: Arc<Newsstand>) -> Self {
        Self { storage, log, stand }
    }
}

impl Press for OwnPress {
    fn print(&self, batch: Batch, drafts: Vec<EventDraft>) -> BoxFuture<'_, bool> {
        async move {
            // What is remembered of feeds is nothing that a page shows.
            let shown = !drafts.is_empty();
            self.stand.take(&batch.stories);
            let (storage, log) = (self.storage.clone(), Arc::clone(&self.log));
            let stored = patiently("store news", || async {
                let mut turn = log.turn().await;
                let events = turn.stamp(drafts.clone());
                match storage.commit(Batch { events: events.clone(), ..batch.clone() }).await {
                    Ok(()) => Ok(Some((turn, events))),
                    Err(error) if !error.stops_writing() => {
                        // It would be refused for ever, and hold up everything behind it.
                        error!(%error, "news that can't be stored is left out");
                        Ok(None)
                    }
                    Err(error) => Err(error),
                }
            })
            .await;
            let kept = stored.is_some();
            if let Some((turn, events)) = stored {
                turn.publish(events);
            }
            if shown {
                self.stand.show(&[]);
            }
            kept
        }
        .boxed()
    }
}
