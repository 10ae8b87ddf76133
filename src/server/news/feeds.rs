//! Fetches feeds politely and makes items of what comes.

use std::sync::Arc;

use super::{item::Item, record::FeedRecord, source::Source};
use crate::server::clock::Stamp;

/// A fetch that is over, whatever came of it.
#[derive(Debug, Clone)]
pub struct Fetched {
    pub source: Arc<Source>,
    pub at: Stamp,
    /// New to the feed or not: whoever places them knows. Oldest first. Empty where nothing changed or the fetch failed.
    pub items: Vec<Item>,
    /// What to remember of the feed.
    pub record: FeedRecord,
}
