//! The log on the disk.

use std::borrow::Cow;

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::{
    error::{Outcome, StorageError},
    read::{parsed, to_sql},
};
use crate::{
    model::{symbol::Symbol, time::UnixMs},
    server::event::{EventDraft, EventKind, Facets, LogEvent, LogRange},
};

/// Most entries of one answer.
const MAX_EVENTS: usize = 1000;
/// An answer ends with the entry that reaches this many bytes.
const MAX_BYTES: usize = 1 << 20;

/// [`Facets`] as they are kept.
#[derive(Serialize, Deserialize)]
struct KeptFacets<'a> {
    sources: Cow<'a, [String]>,
    category: Cow<'a, str>,
    tickers: Cow<'a, [Symbol]>,
    text: Cow<'a, str>,
    breaking: bool,
}

pub(super) fn range(connection: &Connection) -> Outcome<LogRange> {
    let mut statement = connection.prepare_cached("SELECT after_id, last_id FROM log")?;
    let (after, last): (i64, i64) = statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(LogRange { after: to_id(after), last: to_id(last) })
}

/// Where the log started.
pub(super) fn first(connection: &Connection) -> Outcome<u64> {
    let mut statement = connection.prepare_cached("SELECT first_id FROM log")?;
    Ok(to_id(statement.query_row([], |row| row.get(0))?))
}

/// Appends entries whose ids grow.
///
/// # Errors
/// [`StorageError::OutOfOrder`]
pub(super) fn append(connection: &Connection, events: &[LogEvent]) -> Outcome<()> {
    if events.is_empty() {
        return Ok(());
    }
    let mut last = range(connection)?.last;
    let sql = "INSERT INTO events (id, at, kind, data, facets) VALUES (?1, ?2, ?3, ?4, ?5)";
    let mut insert = connection.prepare_cached(sql)?;
    for LogEvent { id, at, draft: EventDraft { kind, data, facets } } in events {
        if *id <= last {
            return Err(StorageError::OutOfOrder { id: *id, last });
        }
        let facets = serde_json::to_string(&KeptFacets {
            sources: Cow::Borrowed(&facets.sources),
            category: Cow::Borrowed(&facets.category),
            tickers: Cow::Borrowed(&facets.tickers),
            text: Cow::Borrowed(&facets.text),
            breaking: facets.breaking,
        });
        let facets =
            facets.map_err(|error| StorageError::Unstorable { id: id.to_string(), reason: error.to_string() })?;
        insert.execute(params![from_id(*id), at.0, kind.as_str(), data, facets])?;
        last = *id;
    }
    connection.prepare_cached("UPDATE log SET last_id = ?1")?.execute([from_id(last)])?;
    Ok(())
}

/// Throws every entry away. The log is now one that started at `first`, and goes on after `after`.
pub(super) fn replace(connection: &Connection, first: u64, after: u64) -> Outcome<()> {
    connection.prepare_cached("DELETE FROM events")?.execute([])?;
    connection
        .prepare_cached("UPDATE log SET first_id = ?1, after_id = ?2, last_id = ?2")?
        .execute([from_id(first), from_id(after)])?;
    Ok(())
}

/// Goes on after `last` at least: what is between the newest entry and that one is never had. Where there is no entry,
/// the log begins there.
pub(super) fn skip(connection: &Connection, last: u64) -> Outcome<()> {
    let sql = "UPDATE log SET after_id = CASE WHEN after_id = last_id THEN max(last_id, ?1) ELSE after_id END, \
               last_id = max(last_id, ?1)";
    connection.prepare_cached(sql)?.execute([from_id(last)])?;
    Ok(())
}

/// The entries after `after`, oldest first, up to `limit` and up to a MiB; at least one where there is one.
pub(super) fn events(connection: &Connection, after: u64, limit: usize) -> Outcome<Vec<LogEvent>> {
    let sql = "SELECT id, at, kind, data, facets FROM events WHERE id > ?1 ORDER BY id LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![from_id(after), to_sql(limit.min(MAX_EVENTS))])?;
    let mut events = Vec::new();
    let mut bytes = 0;
    while bytes < MAX_BYTES
        && let Some(row) = rows.next()?
    {
        let kind: String = row.get(2)?;
        let data: String = row.get(3)?;
        let facets: String = row.get(4)?;
        bytes += data.len() + facets.len();
        let facets: KeptFacets<'_> = parsed(&facets)?;
        let facets = Facets {
            sources: facets.sources.into_owned(),
            category: facets.category.into_owned(),
            tickers: facets.tickers.into_owned(),
            text: facets.text.into_owned(),
            breaking: facets.breaking,
        };
        events.push(LogEvent {
            id: to_id(row.get(0)?),
            at: UnixMs(row.get(1)?),
            draft: EventDraft { kind: EventKind::parse(&kind).ok_or(StorageError::Damaged)?, data, facets },
        });
    }
    Ok(events)
}

/// Throws away at most `limit` of the oldest entries: those told before `before`, up to the first that was not.
/// Returns how many.
pub(super) fn drop_oldest(connection: &Connection, before: UnixMs, limit: usize) -> Outcome<u64> {
    let mut oldest = connection.prepare_cached("SELECT id, at FROM events ORDER BY id LIMIT ?1")?;
    let mut rows = oldest.query([to_sql(limit)])?;
    let mut last = None;
    while let Some(row) = rows.next()?
        && row.get::<_, i64>(1)? < before.0
    {
        last = Some(row.get::<_, i64>(0)?);
    }
    drop(rows);
    let Some(last) = last else { return Ok(0) };
    let gone = connection.prepare_cached("DELETE FROM events WHERE id <= ?1")?.execute([last])?;
    connection.prepare_cached("UPDATE log SET after_id = ?1")?.execute([last])?;
    Ok(u64::try_from(gone).unwrap_or(u64::MAX))
}

/// Ids grow from the microseconds of a wall clock, so they stay far below the bound.
pub(super) fn from_id(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

/// Ids are never negative.
pub(super) fn to_id(id: i64) -> u64 {
    u64::try_from(id).unwrap_or(0)
}
