//! What the venues' board shows.

use std::fmt;

use prometheus_client::registry::Unit;

use super::{Sheet, seconds};
use crate::{
    server::{services::Services, venues::board::VenueCounts},
    wire::status::ConnectionState,
};

pub(super) fn write(sheet: &mut Sheet<'_>, services: &Services) -> fmt::Result {
    let counts = services.venues.counts();
    let reports = services.venues.reports();
    let each = |of: fn(&VenueCounts) -> &[(&'static str, u64)]| {
        counts.iter().flat_map(move |venue| {
            of(venue).iter().map(|(kind, count)| ([("venue", venue.venue.as_str()), ("kind", *kind)], *count))
        })
    };
    let help = "What venues said and was understood, by kind; each ticker of a frame counts.";
    sheet.counters("venue_messages", help, None, each(|venue| &venue.messages))?;
    let help = "Frames of venues that could not be used, by what is wrong with them.";
    sheet.counters("venue_decode_errors", help, None, each(|venue| &venue.bad_frames))?;
    let reconnects = reports.iter().map(|report| ([("venue", report.venue.as_str())], report.reconnects));
    sheet.counters("venue_reconnects", "Connections to a venue after the first one.", None, reconnects)?;
    let states = reports.iter().flat_map(|report| {
        ConnectionState::ALL.map(|state| {
            ([("venue", report.venue.as_str()), ("state", state.as_str())], u32::from(report.state == state))
        })
    });
    sheet.gauges("venue_state", "State of the connection to a venue: 1 for the one that it is in.", None, states)?;
    let skews =
        reports.iter().filter_map(|report| Some(([("venue", report.venue.as_str())], seconds(report.clock_skew_ms?))));
    let help = "Clock of a venue minus ours, as far as the delay of messages lets it be told.";
    sheet.gauges("venue_clock_skew", help, Some(&Unit::Seconds), skews)?;
    let silent = reports.iter().map(|report| ([("venue", report.venue.as_str())], report.silent.len()));
    let help = "Assets that a venue acknowledged and does not deliver.";
    sheet.gauges("venue_silent_symbols", help, None, silent)?;
    let refused = reports.iter().map(|report| ([("venue", report.venue.as_str())], report.refused.len()));
    sheet.gauges("venue_refused_symbols", "Assets that a venue refuses to deliver.", None, refused)
}
