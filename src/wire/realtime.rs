//! The messages of `GET /api/realtime`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{event_stream::StreamError, news::Gap};
use crate::model::{
    freshness::Freshness, story::StoryHead, symbol::Symbol, ticker::Ticker, time::UnixMs, venue::Venue,
};

/// One unnamed SSE message. Unknown types are for newer clients and are to be ignored.
///
/// [`crate::live::message::read`] reads it. There is no derived reader: one for a tagged enum keeps a whole message
/// in a form of its own first, and the code for that is a large part of the browser's build.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum RealtimeMessage {
    /// The first message.
    Connected(Connected),
    /// The newest state of one symbol.
    Ticker { data: Box<Ticker> },
    /// The freshness of a symbol or of one of its venues changed.
    Status { data: StatusChange },
    /// A story is new or changed. Only where news was asked for, and then only these have ids: their places in the log.
    Story { data: Box<StoryHead> },
    /// Stories may have been missed. Only where news was asked for.
    Gap { data: Gap },
    /// The stream is alive.
    Heartbeat(Heartbeat),
    /// The last message of a stream that the server ends.
    #[serde(rename = "stream_error")]
    StreamError { data: StreamError },
}

/// What a stream begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Connected {
    /// The first of `symbols`.
    pub symbol: Symbol,
    pub symbols: Vec<Symbol>,
    pub client_id: String,
    /// RFC 3339
    pub timestamp: String,
}

/// What a stream says when there is nothing to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Heartbeat {
    /// RFC 3339
    pub timestamp: String,
    /// Id of the last ticker message that was sent, `""` before the first. Where news was asked for: the place in the log
    /// up to which the reader has every story.
    pub last_id: String,
}

/// Freshness of a symbol and of each of its venues.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StatusChange {
    pub symbol: Symbol,
    pub freshness: Freshness,
    #[cfg_attr(feature = "ssr", schema(value_type = BTreeMap<String, Freshness>))]
    pub venues: BTreeMap<Venue, Freshness>,
}

impl StatusChange {
    /// The freshness that a ticker carries.
    pub fn of(ticker: &Ticker) -> Self {
        Self {
            symbol: ticker.symbol,
            freshness: ticker.freshness,
            venues: ticker.venues.iter().map(|v| (v.venue, v.freshness)).collect(),
        }
    }
}

/// RFC 3339 text of a time, as the messages carry it.
pub fn timestamp(at: UnixMs) -> String {
    at.to_rfc3339()
}
