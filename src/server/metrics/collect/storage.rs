//! What the database tells of itself.

use std::fmt;

use prometheus_client::registry::Unit;

use super::Sheet;
use crate::server::services::Services;

pub(super) fn write(sheet: &mut Sheet<'_>, services: &Services) -> fmt::Result {
    let Some(storage) = &services.storage else { return Ok(()) };
    let counts = storage.counts();
    let events = counts.events.iter().map(|(kind, count)| ([("kind", *kind)], *count));
    sheet.counters("events_stored", "Events that were written to the log on the disk, by kind.", None, events)?;
    let errors = counts
        .errors
        .iter()
        .map(|((operation, error), count)| ([("operation", operation.as_str()), ("error", *error)], *count));
    sheet.counters("storage_errors", "Work of the database that failed.", None, errors)?;
    let failing = u32::from(storage.error().is_some());
    sheet.gauge("storage_failing", "1 while nothing can be stored.", None, Some(failing))?;
    sheet.gauge("storage", "What the database takes on the disk.", Some(&Unit::Bytes), storage.bytes())
}
