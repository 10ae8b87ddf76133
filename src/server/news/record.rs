//! What is remembered of a feed over a restart.

use serde::{Deserialize, Serialize};

use crate::model::time::UnixMs;

/// The state of one feed as storage keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FeedRecord {
    /// The key of the source.
    pub key: String,
    /// The address this is about: where the settings name another one, the record is of no use.
    pub url: String,
    /// Where a permanent redirect said the feed is now.
    pub moved_to: Option<String>,
    /// As the server sent it, for `If-None-Match`.
    pub etag: Option<String>,
    /// As the server sent it, for `If-Modified-Since`.
    pub last_modified: Option<String>,
    pub last_fetch: Option<UnixMs>,
    pub last_success: Option<UnixMs>,
    pub next_fetch: Option<UnixMs>,
    pub last_error: Option<String>,
    /// Failures in a row.
    pub failures: u32,
    /// Items of the last answer.
    pub items: u32,
}
