//! One price per asset, with everything that is needed to check it.

use serde::{Deserialize, Serialize};

use super::{freshness::Freshness, symbol::Symbol, time::UnixMs, venue::Venue};

/// The ticker of the public contract. `null` means unknown; an unknown figure is never `0`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Ticker {
    pub symbol: Symbol,
    /// Always `USDT`.
    pub quote: String,
    /// Weighted mean of the venues used, in the quote currency. With none left it is the last such price.
    pub price: f64,
    /// `price` minus the 24 h open of the same venues and weights, in the quote currency.
    pub change24h: Option<f64>,
    /// `change24h` in percent of that open: `2.4447` is +2.4447 %.
    pub change_percent24h: Option<f64>,
    /// Highest 24 h high of the venues used.
    pub high24h: Option<f64>,
    /// Lowest 24 h low of the venues used.
    pub low24h: Option<f64>,
    /// Sum of the 24 h volumes of the venues used, in the base asset.
    pub volume24h: Option<f64>,
    /// The same in the quote currency.
    pub volume_quote24h: Option<f64>,
    /// Newest venue time used.
    pub timestamp: UnixMs,
    /// When that reached us, on our clock.
    pub received_at: UnixMs,
    /// How many venues are used; 0 means that `price` is the last known one.
    pub sources: u8,
    pub freshness: Freshness,
    /// `false` while two venues differ by more than the outlier limit and nobody can say which is right.
    pub agree: bool,
    /// (highest − lowest) / `price` of the venues used, as a fraction. `null` below two venues.
    pub dispersion: Option<f64>,
    /// Every configured venue, in the registry's order, used or not.
    pub venues: Vec<VenueQuote>,
}

/// One venue's part in a ticker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct VenueQuote {
    pub venue: Venue,
    pub price: Option<f64>,
    /// Share of the price, 0–1. The weights of the venues used add up to 1; a venue that is not used has 0.
    pub weight: f64,
    /// 24 h volume in the base asset.
    pub volume24h: Option<f64>,
    /// The venue's own time of the quote.
    pub timestamp: Option<UnixMs>,
    /// When the quote reached us, on our clock.
    pub received_at: Option<UnixMs>,
    pub freshness: Freshness,
    pub used: bool,
    /// Why the venue is not used; `null` while it is.
    pub reason: Option<Reason>,
}

/// Why a venue takes no part in a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Too far from the median of three or more venues.
    Outlier,
    /// No data for too long.
    Stale,
    /// Not connected.
    Down,
    /// Connected, but nothing was ever received for this symbol (not listed, or not delivered).
    NoData,
    /// The last frame for this symbol could not be used.
    BadData,
}
