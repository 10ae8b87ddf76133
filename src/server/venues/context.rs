//! What everything that serves one venue shares.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{
    board::BoardEntry,
    connector::{Connector, Rules},
    dialer::Dialer,
    event::{MarketEvent, Quote, VenueIndex},
    gate::Gate,
};
use crate::{
    model::{symbol::Symbol, venue::Venue},
    server::{
        clock::{Clock, Stamp},
        demand::DemandWatch,
    },
};

/// A venue's time further ahead of ours than this is nonsense. It would otherwise stand as the newest for ever. Wide,
/// because our own clock may be wrong, too.
const MAX_AHEAD_MS: i64 = 24 * 3600 * 1000;

pub(super) struct VenueContext {
    pub(super) index: VenueIndex,
    pub(super) venue: Venue,
    pub(super) connector: &'static dyn Connector,
    /// The connector's rules; tests shorten them.
    pub(super) rules: Rules,
    /// The configured symbols: as many as one connection takes.
    pub(super) symbols: Vec<Symbol>,
    /// What is followed beside them.
    pub(super) demand: DemandWatch,
    pub(super) dialer: Arc<dyn Dialer>,
    pub(super) clock: Clock,
    pub(super) events: mpsc::Sender<MarketEvent>,
    pub(super) board: BoardEntry,
    pub(super) gate: Gate,
}

impl VenueContext {
    /// What a connection is to follow now: the configured symbols and what is in demand at this venue, as many as one
    /// connection takes.
    pub(super) fn wanted(&self) -> Vec<Symbol> {
        let demand = self.demand.borrow();
        let here = demand.iter().filter(|(_, venues)| venues.contains(self.index)).map(|(symbol, _)| *symbol);
        let more = here.filter(|symbol| !self.symbols.contains(symbol));
        self.symbols.iter().copied().chain(more).take(self.rules.streams).collect()
    }

    /// Whether the time of this quote can be true, at the time it came.
    pub(super) const fn plausible(quote: &Quote, at: Stamp) -> bool {
        quote.time.since(at.wall) <= MAX_AHEAD_MS
    }
}
