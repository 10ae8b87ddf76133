//! Fetches feeds politely and makes items of what comes.
//!
//! | file | does |
//! |---|---|
//! | [`builtin`] | which feeds are followed |
//! | [`fetcher`] | the task: which feed is next, how many at once |
//! | [`feed`] | what is known of one feed, and what a fetch changes of it |
//! | [`schedule`] | when a feed is fetched next |
//! | [`fetch`] | one visit to a feed, by way of redirects |
//! | [`hosts`] | one request at a time to each host |
//! | [`guard`] | which addresses may be asked |
//! | [`client`] | one request, over the network |
//! | [`parse`] | items of the bytes that came |
//! | [`clean`], [`link`] | plain texts, canonical addresses |
//! | [`tickers`] | the assets that a text is about |
//! | [`identity`] | which item is one that was seen before |
//! | [`board`] | what is told of the feeds |

pub mod board;
pub mod builtin;
pub mod clean;
pub mod client;
mod feed;
mod fetch;
pub mod fetch_error;
mod fetcher;
mod guard;
mod hosts;
pub mod identity;
pub mod link;
pub mod parse;
mod schedule;
#[cfg(test)]
mod script;
pub mod tickers;

use std::sync::Arc;

pub use fetcher::{FeedsSetup, start};

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
