//! What the channels tell about themselves.

use std::collections::BTreeMap;

use serde::Serialize;

use super::status::ConnectionState;
use crate::model::{freshness::Freshness, symbol::Symbol, venue::Venue};

/// `connected`: the first event of a named channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = ChannelConnected))]
pub struct Connected<'a> {
    /// What the reader calls itself, or is called here.
    pub client_id: &'a str,
    pub channel: &'a str,
    pub message: &'a str,
}

/// `ping`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = ChannelPing))]
pub struct Ping {
    /// RFC 3339
    pub timestamp: String,
}

/// `GET /api/v1/sse/status`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ChannelsStatus {
    /// `active`
    pub status: &'static str,
    /// Of the channels below, together.
    pub total_connections: usize,
    #[cfg_attr(feature = "ssr", schema(value_type = BTreeMap<String, ChannelStatus>))]
    pub channels: BTreeMap<&'static str, ChannelStatus>,
}

/// One of the built-in channels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ChannelStatus {
    pub connection_count: usize,
    /// What the readers call themselves, sorted: one entry a reader, but for web sockets, which have no name. Only for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<Vec<String>>))]
    pub clients: Option<Vec<Box<str>>>,
}

/// Where a published event is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Published {
    /// Its id on the stream.
    pub id: String,
    /// `training`, or the path of a created channel.
    pub channel: String,
}

/// `GET /api/v1/channels`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ChannelList {
    /// Names of the built-in channels.
    pub built_in: Vec<&'static str>,
    /// By path.
    pub channels: Vec<CreatedChannel>,
}

/// A created channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CreatedChannel {
    pub path: String,
    /// Where it streams, and is published to: a path with what must be encoded as such.
    pub stream: String,
    pub connection_count: usize,
    /// RFC 3339
    pub created_at: String,
    /// Of the newest message, or where the channel started.
    pub last_event_id: String,
}

/// Which channel was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RemovedChannel {
    pub path: String,
    /// Always `true`.
    pub removed: bool,
}

/// `dashboard_update`, as the server itself tells it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DashboardUpdate<'a> {
    /// `market` or `metrics`
    pub update_type: &'static str,
    pub data: &'a DashboardData,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum DashboardData {
    Market(MarketFigures),
    Metrics(ServerFigures),
}

impl DashboardData {
    pub const fn update_type(&self) -> &'static str {
        match self {
            Self::Market(_) => "market",
            Self::Metrics(_) => "metrics",
        }
    }
}

/// The market in a few figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct MarketFigures {
    /// Currency of the prices and of the volume.
    pub quote: &'static str,
    /// Assets that are followed.
    pub symbols: usize,
    /// Assets that have a price.
    pub with_price: usize,
    pub freshness: FreshnessCounts,
    /// Of the assets whose price is of now, over 24 h, in `quote`. `null` where it is not known of any.
    pub volume_quote_24h: Option<f64>,
    /// Those that rise most over 24 h, the most first; at most five.
    pub gainers: Vec<Mover>,
    /// Those that fall most.
    pub losers: Vec<Mover>,
}

/// How many assets have a price of this freshness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FreshnessCounts {
    pub live: usize,
    pub quiet: usize,
    pub stale: usize,
    pub down: usize,
}

/// An asset that moves.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Mover {
    pub symbol: Symbol,
    pub price: f64,
    /// In percent.
    pub change_percent_24h: f64,
    pub freshness: Freshness,
}

/// How the server is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ServerFigures {
    /// Whole seconds since the start.
    pub uptime_s: u64,
    /// Open streams of every kind.
    pub streams: usize,
    /// Readers of the built-in channels.
    #[cfg_attr(feature = "ssr", schema(value_type = BTreeMap<String, usize>))]
    pub channels: BTreeMap<&'static str, usize>,
    /// Channels that somebody created.
    pub created_channels: usize,
    /// In the registry's order.
    pub venues: Vec<VenueHealth>,
}

/// How a venue is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = DashboardVenue))]
pub struct VenueHealth {
    pub venue: Venue,
    pub state: ConnectionState,
    /// RFC 3339; `null` where there was none yet.
    pub last_message_at: Option<String>,
    /// Over the last 10 s.
    pub messages_per_second: f64,
    /// Connections made after the first.
    pub reconnects: u64,
}
