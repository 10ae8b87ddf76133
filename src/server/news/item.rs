//! An item of a feed after cleaning, before it belongs to a story.

use crate::model::{symbol::Symbol, time::UnixMs};

/// What one item says. Every text is plain, of one line and of bounded length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The feed's own id of the item, or what takes its place. Part of the article's id.
    pub guid: String,
    /// Never empty.
    pub title: String,
    /// Canonical `http` or `https` address.
    pub link: String,
    /// At most 500 characters; may be empty.
    pub description: String,
    /// As the feed says, a time to come replaced by the time of arrival. `None` without a usable date.
    pub pub_date: Option<UnixMs>,
    /// `https` only.
    pub image_url: Option<String>,
    pub author: Option<String>,
    /// The assets it is about, in the order they are named.
    pub tickers: Vec<Symbol>,
}
