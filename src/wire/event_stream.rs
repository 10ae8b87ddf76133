//! The events of `GET /api/sse` that are made for the stream itself; the others carry the shapes of [`super::news`].

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::error::Retry;
use crate::model::{freshness::Freshness, symbol::Symbol, ticker::Ticker, time::UnixMs};

/// `connected`: the first event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = EventConnected))]
#[serde(rename_all = "camelCase")]
pub struct Connected<'a> {
    pub message: &'a str,
    pub client_id: &'a str,
    /// RFC 3339
    pub timestamp: String,
    pub config: &'a StreamConfig,
}

/// What the reader asked for, as it was understood. An empty list is no filter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StreamConfig {
    /// Keys.
    pub sources: Vec<String>,
    pub categories: Vec<String>,
    pub keywords: Vec<String>,
    /// Assets whose prices are sent; where the reader named them, news is about them, too.
    pub symbols: Vec<Symbol>,
    /// Names of the events that may come.
    pub events: Vec<Cow<'static, str>>,
}

/// `price`
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Price {
    pub symbol: Symbol,
    /// In USDT.
    pub price: f64,
    /// Over 24 h, in **percent**. `null` where it is not known.
    pub change24h: Option<f64>,
    pub timestamp: UnixMs,
    pub freshness: Freshness,
}

impl From<&Ticker> for Price {
    fn from(ticker: &Ticker) -> Self {
        Self {
            symbol: ticker.symbol,
            price: ticker.price,
            change24h: ticker.change_percent24h,
            timestamp: ticker.timestamp,
            freshness: ticker.freshness,
        }
    }
}

/// `heartbeat`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = EventHeartbeat))]
#[serde(rename_all = "camelCase")]
pub struct Heartbeat {
    /// RFC 3339
    pub timestamp: String,
    /// Up to this event the reader has everything that it asked for.
    pub last_id: String,
}

/// `stream_error`: the last event of a stream that the server ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StreamError {
    pub code: Cow<'static, str>,
    pub message: Cow<'static, str>,
    pub retry: Retry,
}
