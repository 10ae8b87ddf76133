//! One item of a news feed, cleaned.

use serde::{Deserialize, Serialize};

use super::{
    symbol::Symbol,
    time::{UnixMs, rfc3339},
};

/// Longest description, in characters.
pub const MAX_DESCRIPTION: usize = 500;

/// What one source reported. Every text is plain: no markup, no control characters, one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Article {
    /// The same item of the same feed has the same id, over restarts too.
    pub id: String,
    pub title: String,
    /// Canonical; `http` or `https`, without tracking parameters.
    pub link: String,
    /// At most 500 characters; may be empty.
    pub description: String,
    /// The source's name: `CoinDesk`.
    pub source: String,
    /// The source's key: `coindesk`.
    pub source_key: String,
    pub category: String,
    /// As the source says, never after `seenAt`. `null` where it gives no usable date.
    #[serde(with = "rfc3339::option")]
    #[cfg_attr(feature = "ssr", schema(value_type = Option<String>, format = DateTime))]
    pub pub_date: Option<UnixMs>,
    /// When it was first seen here.
    #[serde(with = "rfc3339")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub seen_at: UnixMs,
    /// Always `https`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The assets it is about, in the order they are named.
    pub tickers: Vec<Symbol>,
    pub story_id: String,
    /// Its story is breaking, as far as was known when this was written. Never without `pub_date`.
    pub is_breaking: bool,
}

impl Article {
    /// The time it is ordered by: when it was published, or first seen where that is not known.
    pub fn at(&self) -> UnixMs {
        self.pub_date.unwrap_or(self.seen_at)
    }
}
