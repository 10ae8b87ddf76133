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
    server::clock::{Clock, Stamp},
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
    /// As many as one connection takes.
    pub(super) symbols: Vec<Symbol>,
    pub(super) dialer: Arc<dyn Dialer>,
    pub(super) clock: Clock,
    pub(super) events: mpsc::Sender<MarketEvent>,
    pub(super) board: BoardEntry,
    pub(super) gate: Gate,
}

impl VenueContext {
    /// Whether the time of this quote can be true, at the time it came.
    pub(super) const fn plausible(quote: &Quote, at: Stamp) -> bool {
        quote.time.since(at.wall) <= MAX_AHEAD_MS
    }
}
