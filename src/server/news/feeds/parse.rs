//! Makes items of the bytes that a feed answered with.
//!
//! Bytes of strangers: every size is bounded, and one bad item costs that item alone. The text is decoded leniently, cut
//! into documents of one item each, repaired on the way, and each is read by `feed-rs`. What it says is then cleaned.
//! No entity is ever expanded: a document's own definitions are not even looked at.

mod encoding;
mod entry;
mod json;
#[cfg(test)]
mod tests;
mod xml;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use feed_rs::{model::Entry, parser};
use thiserror::Error;
use url::Url;

use super::tickers::Tickers;
use crate::{model::time::UnixMs, server::news::item::Item};

/// Most items that are taken of one answer: the newest.
pub const MAX_ITEMS: usize = 500;

/// Most items of one answer that are looked at.
const MAX_SEEN: u32 = 20_000;

/// Largest answer that is read, in bytes. Whoever fetches stops earlier.
const MAX_BYTES: usize = 16 << 20;

/// What one answer of a feed holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parsed {
    /// Oldest first; those without a date stay beside their neighbors in the feed.
    pub items: Vec<Item>,
    /// Items that were of no use: unreadable, without a title or a usable link, or beyond the limits.
    pub rejected: u32,
    /// How long the feed wants to be left alone after a fetch.
    pub ttl: Option<Duration>,
}

/// Why an answer is no feed. In words for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotAFeed {
    #[error("not a feed: empty")]
    Empty,
    #[error("not a feed: larger than 16 MiB")]
    TooLarge,
    /// A login page, most often.
    #[error("not a feed: an HTML page")]
    Html,
    #[error("not a feed: neither XML nor JSON")]
    Unknown,
    #[error("not a feed: XML of another kind")]
    OtherXml,
    #[error("not a feed: JSON of another kind")]
    OtherJson,
    /// It ends before its first item does.
    #[error("not a feed: cut off")]
    CutOff,
}

/// What a format's reader finds.
#[derive(Debug, Default)]
struct Found {
    /// Items that were begun, whatever became of them.
    items: u32,
    ttl: Option<Duration>,
}

/// Reads the answer of a feed: RSS 0.9 to 2.0, Atom or JSON Feed.
///
/// `content_type` is the header's value, `base` the address that answered: relative links are relative to it. `now` is
/// the time of arrival: no item is dated later.
///
/// # Errors
/// If it is no feed at all. An item that can't be read is counted in [`Parsed::rejected`].
pub fn read(
    bytes: &[u8],
    content_type: Option<&str>,
    base: &Url,
    now: UnixMs,
    tickers: &Tickers,
) -> Result<Parsed, NotAFeed> {
    if bytes.len() > MAX_BYTES {
        return Err(NotAFeed::TooLarge);
    }
    let text = encoding::decode(bytes, content_type);
    let mut entries = Vec::new();
    let mut take = |document: &str| {
        entries.extend(entry_of(document));
    };
    let found = match text.trim_start_matches(is_blank).chars().next() {
        None => return Err(NotAFeed::Empty),
        Some('{') => json::split(&text, &mut take)?,
        // Some servers print a warning before the feed.
        Some(_) if text.contains('<') => xml::split(&text, &mut take)?,
        Some(_) => return Err(NotAFeed::Unknown),
    };
    oldest_first(&mut entries);
    let newest = entries.split_off(entries.len().saturating_sub(MAX_ITEMS));
    let items: Vec<Item> = newest.into_iter().filter_map(|entry| entry::item(&entry, base, now, tickers)).collect();
    let rejected = found.items.saturating_sub(u32::try_from(items.len()).unwrap_or(u32::MAX));
    Ok(Parsed { items, rejected, ttl: found.ttl })
}

/// The first entry of a small document.
fn entry_of(document: &str) -> Option<Entry> {
    let read = || {
        // Missing ids stay empty: the link takes their place, which is the same after a restart.
        let parser = parser::Builder::new().sanitize_content(false).id_generator(|_, _, _| String::new()).build();
        parser.parse(document.as_bytes()).ok()?.entries.into_iter().next()
    };
    // What can't become an item must not take the place of one that can.
    let is_some = |entry: &Entry| {
        let says = entry.title.is_some() || entry.summary.is_some() || entry.content.is_some();
        says && !(entry.links.is_empty() && entry.id.is_empty())
    };
    // A bug in the reader must cost one item, and not the feed's task.
    catch_unwind(AssertUnwindSafe(read)).ok().flatten().filter(is_some)
}

/// Turns the order of feeds, newest first, around. An item without a date goes with the one that precedes it then.
fn oldest_first(entries: &mut Vec<Entry>) {
    let mut last = i64::MIN;
    let keyed = entries.drain(..).rev().map(|entry| {
        last = entry.published.or(entry.updated).map_or(last, |at| at.timestamp_millis());
        (last, entry)
    });
    let mut keyed: Vec<(i64, Entry)> = keyed.collect();
    keyed.sort_by_key(|(at, _)| *at);
    entries.extend(keyed.into_iter().map(|(_, entry)| entry));
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}' || c == '\0'
}
