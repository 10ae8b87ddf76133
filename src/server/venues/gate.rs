//! Whether a venue delivers, over all its connections: two during a change-over, none while it is down.

use std::collections::BTreeSet;

use tokio::sync::{Mutex, mpsc};

use super::event::{MarketEvent, VenueIndex};
use crate::server::clock::Clock;

/// Tells the market when the first connection starts to deliver and when the last one ends.
///
/// The lock is held while the event is sent, so that events leave in the order of what they tell. Connections raise
/// it before their first quote; the supervisor lowers it after their last.
#[derive(Debug)]
pub(super) struct Gate {
    venue: VenueIndex,
    clock: Clock,
    events: mpsc::Sender<MarketEvent>,
    delivering: Mutex<BTreeSet<u64>>,
}

impl Gate {
    pub(super) fn new(venue: VenueIndex, clock: Clock, events: mpsc::Sender<MarketEvent>) -> Self {
        Self { venue, clock, events, delivering: Mutex::default() }
    }

    /// This connection delivers from now on.
    pub(super) async fn raise(&self, connection: u64) {
        let mut delivering = self.delivering.lock().await;
        if delivering.is_empty() {
            self.tell(true).await;
        }
        delivering.insert(connection);
    }

    /// This connection delivers no more. Nothing happens if it never did.
    pub(super) async fn lower(&self, connection: u64) {
        let mut delivering = self.delivering.lock().await;
        if delivering.remove(&connection) && delivering.is_empty() {
            self.tell(false).await;
        }
    }

    async fn tell(&self, up: bool) {
        // A closed channel means that the market has ended; there is nobody left to tell.
        let _ = self.events.send(MarketEvent::Link { venue: self.venue, up, at: self.clock.now() }).await;
    }
}
