//! The bodies of the REST endpoints.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{freshness::Freshness, ticker::Ticker, venue::Venue};

/// `{"success":true,"data":…}`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Success<T> {
    /// Always `true`.
    pub success: bool,
    pub data: T,
}

impl<T> Success<T> {
    pub const fn new(data: T) -> Self {
        Self { success: true, data }
    }
}

/// `GET /price/{symbol}`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PriceAnswer {
    pub success: bool,
    pub data: PriceUpdate,
    pub source: PriceSource,
}

/// Where a price came from: the live stream, the last value kept after the stream ended, or a REST call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum PriceSource {
    Stream,
    Cache,
    Api,
}

/// A price in the shape that Socket.IO and REST clients expect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PriceUpdate {
    /// The pair: `BTCUSDT`.
    pub symbol: String,
    pub price: f64,
    /// 24 h volume in the base asset.
    pub volume: Option<f64>,
    pub high: Option<f64>,
    pub low: Option<f64>,
    /// 24 h change in the quote currency.
    pub change: Option<f64>,
    /// 24 h change in percent.
    pub change_percent: Option<f64>,
    /// RFC 3339
    pub timestamp: String,
    pub freshness: Freshness,
}

impl From<&Ticker> for PriceUpdate {
    fn from(ticker: &Ticker) -> Self {
        Self {
            symbol: ticker.symbol.pair(),
            price: ticker.price,
            volume: ticker.volume24h,
            high: ticker.high24h,
            low: ticker.low24h,
            change: ticker.change24h,
            change_percent: ticker.change_percent24h,
            timestamp: ticker.timestamp.to_rfc3339(),
            freshness: ticker.freshness,
        }
    }
}

/// `GET /symbols`, as pairs (`BTCUSDT`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Symbols {
    pub default_symbols: Vec<String>,
    /// Those that somebody listens to now.
    pub active_symbols: Vec<String>,
    /// Those that may be asked for: followed ones, and what any venue lists. Sorted, at most 5000.
    pub supported: Vec<String>,
}

/// `GET /stats`. Symbols are pairs (`BTCUSDT`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Stats {
    pub service: String,
    pub version: String,
    pub port: u16,
    /// Open streams and sockets of every protocol.
    pub active_streams: usize,
    /// Those that somebody listens to now.
    pub active_symbols: Vec<String>,
    /// Of all streams and sockets, each counted once for each of its symbols.
    pub total_subscriptions: usize,
    /// Without those that nobody listens to.
    pub subscriptions_by_symbol: BTreeMap<String, usize>,
    /// `2h 15m 30s`
    pub uptime: String,
    pub uptime_seconds: u64,
    /// RFC 3339
    pub timestamp: String,
}

/// `GET /health`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Health {
    pub service: String,
    pub port: u16,
    pub status: HealthStatus,
    pub version: String,
    /// RFC 3339
    pub timestamp: String,
    /// `2h 15m 30s`
    pub uptime: String,
    pub dependencies: Dependencies,
    pub metrics: HealthMetrics,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    Healthy,
    /// Something is missing, but prices are served.
    Degraded,
    /// Nothing useful can be served.
    Unhealthy,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Dependencies {
    pub cache: DependencyHealth,
    pub storage: DependencyHealth,
    #[cfg_attr(feature = "ssr", schema(value_type = BTreeMap<String, VenueHealth>))]
    pub venues: BTreeMap<Venue, VenueHealth>,
    /// Empty while no feeds are followed.
    pub feeds: BTreeMap<String, DependencyHealth>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DependencyHealth {
    pub status: String,
    pub message: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct VenueHealth {
    /// `connected`, `connecting`, `waiting`, `region_blocked`, `stopped`
    pub status: String,
    /// RFC 3339; `null` before the first message.
    pub last_message_at: Option<String>,
    pub reconnects: u64,
    /// The venue's clock minus ours, as far as network delay lets it be told. Positive: the venue is ahead.
    pub clock_skew_ms: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct HealthMetrics {
    pub active_streams: usize,
    pub total_subscriptions: usize,
    /// Those that somebody listens to now.
    pub active_symbols: Vec<String>,
}
