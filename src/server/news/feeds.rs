//! Fetches feeds politely and makes items of what comes.
//!
//! | file | does |
//! |---|---|
//! | [`builtin`] | which feeds are followed |
//! | [`schedule`] | when a feed is fetched next |
//! | [`fetch`] | one visit to a feed, by way of redirects |
//! | [`hosts`] | one request at a time to each host |
//! | [`guard`] | which addresses may be asked |
//! | [`client`] | one request, over the network |
//! | [`board`] | what is told of the feeds |
//! | [`parse`] | items of the bytes that came |
//! | [`clean`], [`link`] | plain texts, canonical addresses |
//! | [`tickers`] | the assets that a text is about |
//! | [`identity`] | which item is one that was seen before |

pub mod board;
pub mod builtin;
pub mod clean;
pub mod client;
mod fetch;
pub mod fetch_error;
mod guard;
mod hosts;
pub mod identity;
pub mod link;
pub mod parse;
mod schedule;
pub mod tickers;

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
