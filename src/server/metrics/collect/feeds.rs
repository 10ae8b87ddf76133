//! What the feeds' board shows.

use std::fmt;

use prometheus_client::registry::Unit;

use super::{Sheet, seconds};
use crate::{model::time::UnixMs, server::services::Services, wire::news::SourceState};

pub(super) fn write(sheet: &mut Sheet<'_>, services: &Services) -> fmt::Result {
    let feeds = services.feeds.statuses();
    if feeds.is_empty() {
        return Ok(());
    }
    let count = |state: SourceState| feeds.iter().filter(|feed| feed.state == state).count();
    let states = SourceState::ALL.map(|state| ([("state", state.as_str())], count(state)));
    sheet.gauges("feeds", "Feeds that are followed, by their state.", None, states)?;
    let rejected = feeds.iter().map(|feed| ([("feed", feed.key.as_str())], feed.rejected));
    sheet.counters("feed_items_rejected", "Items of a feed that were of no use.", None, rejected)?;
    let successes = feeds.iter().filter_map(|feed| {
        let at = UnixMs::parse_rfc3339(feed.last_success.as_deref()?)?;
        Some(([("feed", feed.key.as_str())], seconds(at.0)))
    });
    let help = "When a feed last answered with a feed, changed or not, since 1970.";
    sheet.gauges("feed_last_success_timestamp", help, Some(&Unit::Seconds), successes)
}
