//! What the venues tell the market.

use crate::{
    model::{
        number::{Price, Volume},
        symbol::Symbol,
        time::UnixMs,
    },
    server::clock::Stamp,
};

/// Position of a venue among the enabled ones, in the registry's order. An index into every per-venue array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VenueIndex(pub u8);

/// A venue's rolling 24 h view of one symbol. Checked values only; what could not be checked never gets here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quote {
    pub symbol: Symbol,
    /// Last traded price.
    pub last: Price,
    /// Price 24 h ago.
    pub open: Option<Price>,
    pub high: Option<Price>,
    pub low: Option<Price>,
    /// 24 h volume in the base asset: the weight.
    pub volume: Volume,
    /// 24 h volume in the quote currency.
    pub volume_quote: Option<Volume>,
    /// The venue's own time of this state.
    pub time: UnixMs,
}

/// How a quote reached us. A REST answer may be older than what the stream already said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Stream,
    Rest,
}

/// One event for the market. Sent over a bounded channel; a full channel holds back the socket it came from.
#[derive(Debug, Clone, PartialEq)]
pub enum MarketEvent {
    Quote {
        venue: VenueIndex,
        quote: Quote,
        origin: Origin,
        at: Stamp,
    },
    /// A frame for this symbol was understood but its figures can't be used.
    BadQuote {
        venue: VenueIndex,
        symbol: Symbol,
        at: Stamp,
    },
    /// The venue's data connection came up, or went down for good (a planned change-over is neither).
    Link {
        venue: VenueIndex,
        up: bool,
        at: Stamp,
    },
}
