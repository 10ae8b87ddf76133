//! The state of the venues and of the server, for the status page.

use serde::{Deserialize, Serialize};

use super::news::SourceStatus;
use crate::model::{symbol::Symbol, time::UnixMs, venue::Venue};

/// Everything that `/status` shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// The server's clock when the report was made.
    pub at: UnixMs,
    pub version: String,
    pub simulated: bool,
    pub started_at: UnixMs,
    pub uptime_s: u64,
    /// Open streams.
    pub clients: usize,
    /// In the registry's order.
    pub venues: Vec<VenueStatus>,
    /// Every feed that is followed; empty where news is off.
    pub feeds: Vec<SourceStatus>,
    /// Why nothing can be stored, while that is so.
    pub storage_error: Option<String>,
    /// The part that this node has among others, in words; `None` where it is alone.
    pub node: Option<String>,
}

/// The state of one venue's connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VenueStatus {
    pub venue: Venue,
    pub state: ConnectionState,
    /// In words, where there is something to say: `region refused (HTTP 451)`, `no data for 25 s`.
    pub detail: Option<String>,
    /// The server that is or was talked to, without path and query.
    pub endpoint: Option<String>,
    pub connected_since: Option<UnixMs>,
    pub last_message_at: Option<UnixMs>,
    /// When the next attempt is due, while waiting.
    pub next_attempt_at: Option<UnixMs>,
    /// Connections made after the first.
    pub reconnects: u64,
    /// Frames that could not be used.
    pub bad_frames: u64,
    /// The venue's clock minus ours, as far as network delay lets it be told.
    pub clock_skew_ms: Option<i64>,
    /// Messages a second, over the last 10 s.
    pub messages_per_second: f64,
    /// Symbols whose subscription the venue refused.
    pub refused: Vec<Symbol>,
    /// Symbols that were acknowledged and deliver nothing.
    pub silent: Vec<Symbol>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    /// A socket is being opened, or is open and has not delivered yet.
    Connecting,
    /// Data flows.
    Connected,
    /// Waiting for the next attempt.
    Waiting,
    /// The venue refuses this region; tried again rarely.
    RegionBlocked,
    /// Shut down.
    Stopped,
}

impl ConnectionState {
    pub const ALL: [Self; 5] = [Self::Connecting, Self::Connected, Self::Waiting, Self::RegionBlocked, Self::Stopped];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Waiting => "waiting",
            Self::RegionBlocked => "region_blocked",
            Self::Stopped => "stopped",
        }
    }
}
