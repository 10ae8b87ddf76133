//! How far a figure can be trusted to be of now.

use serde::{Deserialize, Serialize};

/// Freshness of a venue's quote, or of a ticker. The order is from worst to best, so the best of several is `max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Freshness {
    /// Not connected: not used at once.
    Down,
    /// No data for longer than the stale limit (60 s by default): not used.
    Stale,
    /// No data for longer than the quiet limit (10 s by default), but the connection proves itself alive: still
    /// used, with a weight that falls with age.
    Quiet,
    /// Data within the quiet limit.
    Live,
}

impl Freshness {
    pub const ALL: [Self; 4] = [Self::Down, Self::Stale, Self::Quiet, Self::Live];

    /// The word of the contract: `live`, `quiet`, `stale`, `down`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Quiet => "quiet",
            Self::Stale => "stale",
            Self::Down => "down",
        }
    }

    /// Whether a figure of this freshness takes part in a price.
    pub const fn usable(self) -> bool {
        matches!(self, Self::Live | Self::Quiet)
    }
}
