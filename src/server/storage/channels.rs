//! Channels and their events on the disk.

use rusqlite::{Connection, params};

use super::{
    error::{Outcome, StorageError},
    log::{from_id, to_id},
    read::to_sql,
};
use crate::{
    model::time::UnixMs,
    server::event::{EventDraft, EventKind, Facets, LogEvent, LogRange},
};

/// Most entries of one answer.
const MAX_EVENTS: usize = 1000;
/// An answer ends with the entry that reaches this many bytes.
const MAX_PAGE_BYTES: usize = 256 << 10;
/// The newest entries of a channel that are kept.
pub const MAX_KEPT_EVENTS: u64 = 10_000;
/// Bytes that the entries of one channel may take; beyond them only the newest entry is kept, however long it is.
pub const MAX_KEPT_BYTES: u64 = 64 << 20;
/// A step of throwing away ends with the entry that reaches this many bytes.
const MAX_STEP_BYTES: i64 = 4 << 20;
/// What an entry takes beside its data, in bytes, about.
const ENTRY_BYTES: usize = 64;

/// A channel as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptChannel {
    /// Never given out twice.
    pub key: i64,
    /// `training`, or the path of a created one.
    pub name: String,
    pub created_at: UnixMs,
    /// Where its log started. Positions before it are of another log.
    pub first: u64,
    pub range: LogRange,
}

/// Entries for the log of one channel; ids grow.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelEvents {
    /// Of the channel.
    pub key: i64,
    pub events: Vec<LogEvent>,
}

/// Every channel, the oldest first.
pub(super) fn all(connection: &Connection) -> Outcome<Vec<KeptChannel>> {
    let sql = "SELECT key, name, created_at, first_id, after_id, last_id FROM channels \
               WHERE name IS NOT NULL ORDER BY key";
    let mut statement = connection.prepare_cached(sql)?;
    let kept = statement.query_map([], |row| {
        Ok(KeptChannel {
            key: row.get(0)?,
            name: row.get(1)?,
            created_at: UnixMs(row.get(2)?),
            first: to_id(row.get(3)?),
            range: LogRange { after: to_id(row.get(4)?), last: to_id(row.get(5)?) },
        })
    })?;
    Ok(kept.collect::<Result<_, _>>()?)
}

/// Adds a channel whose log starts at `first`.
///
/// # Errors
/// [`StorageError::Unstorable`] where there is one of this name.
pub(super) fn create(connection: &Connection, name: String, at: UnixMs, first: u64) -> Outcome<KeptChannel> {
    let sql = "INSERT INTO channels (name, created_at, first_id, after_id, last_id, bytes) \
               VALUES (?1, ?2, ?3, ?3, ?3, 0) ON CONFLICT (name) DO NOTHING RETURNING key";
    let mut insert = connection.prepare_cached(sql)?;
    let mut rows = insert.query(params![name, at.0, from_id(first)])?;
    let Some(row) = rows.next()? else {
        return Err(StorageError::Unstorable { id: name, reason: "there is a channel of this name".to_owned() });
    };
    Ok(KeptChannel { key: row.get(0)?, name, created_at: at, first, range: LogRange { after: first, last: first } })
}

/// Forgets a channel. Its events go with the next pruning.
pub(super) fn remove(connection: &Connection, key: i64) -> Outcome<()> {
    connection.prepare_cached("UPDATE channels SET name = NULL WHERE key = ?1")?.execute([key])?;
    Ok(())
}

/// What the log of a channel holds.
pub(super) fn range(connection: &Connection, key: i64) -> Outcome<LogRange> {
    let mut statement = connection.prepare_cached("SELECT after_id, last_id FROM channels WHERE key = ?1")?;
    let (after, last): (i64, i64) = statement.query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(LogRange { after: to_id(after), last: to_id(last) })
}

/// Throws every entry of a channel away. Its log is now one that started at `first`.
pub(super) fn replace(connection: &Connection, key: i64, first: u64) -> Outcome<()> {
    connection.prepare_cached("DELETE FROM channel_events WHERE channel = ?1")?.execute([key])?;
    let sql = "UPDATE channels SET first_id = ?2, after_id = ?2, last_id = ?2, bytes = 0 WHERE key = ?1";
    connection.prepare_cached(sql)?.execute([key, from_id(first)])?;
    Ok(())
}

/// Goes on after `last` at least: what is between the newest entry and that one is never had.
pub(super) fn skip(connection: &Connection, key: i64, last: u64) -> Outcome<()> {
    let sql = "UPDATE channels SET last_id = max(last_id, ?2) WHERE key = ?1";
    connection.prepare_cached(sql)?.execute([key, from_id(last)])?;
    Ok(())
}

/// Appends entries to the logs of channels, and throws away what is then too much of each.
///
/// # Errors
/// [`StorageError::OutOfOrder`]
pub(super) fn append(connection: &Connection, batch: &[ChannelEvents]) -> Outcome<()> {
    let sql = "INSERT INTO channel_events (channel, id, at, size, kind, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let mut insert = connection.prepare_cached(sql)?;
    let mut tell = connection.prepare_cached("UPDATE channels SET last_id = ?2, bytes = bytes + ?3 WHERE key = ?1")?;
    for ChannelEvents { key, events } in batch {
        let mut last = range(connection, *key)?.last;
        let mut bytes = 0;
        for LogEvent { id, at, draft } in events {
            if *id <= last {
                return Err(StorageError::OutOfOrder { id: *id, last });
            }
            let size = to_sql(draft.data.len() + ENTRY_BYTES);
            insert.execute(params![key, from_id(*id), at.0, size, draft.kind.as_str(), draft.data])?;
            bytes += size;
            last = *id;
        }
        tell.execute(params![key, from_id(last), bytes])?;
        trim(connection, *key)?;
    }
    Ok(())
}

/// Throws away the oldest entries of a channel that has too many, or too long ones.
fn trim(connection: &Connection, key: i64) -> Outcome<()> {
    let sql = "SELECT after_id, last_id, bytes FROM channels WHERE key = ?1";
    let (after, last, mut bytes): (i64, i64, i64) =
        connection.prepare_cached(sql)?.query_row([key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let most_bytes = from_id(MAX_KEPT_BYTES);
    let mut upto = after.max(last - from_id(MAX_KEPT_EVENTS));
    if upto == after && bytes <= most_bytes {
        return Ok(());
    }
    let mut oldest =
        connection.prepare_cached("SELECT id, size FROM channel_events WHERE channel = ?1 AND id < ?2 ORDER BY id")?;
    let mut rows = oldest.query([key, last])?;
    while let Some(row) = rows.next()? {
        let (id, size): (i64, i64) = (row.get(0)?, row.get(1)?);
        if id > upto && bytes <= most_bytes {
            break;
        }
        bytes -= size;
        upto = upto.max(id);
    }
    drop(rows);
    connection
        .prepare_cached("DELETE FROM channel_events WHERE channel = ?1 AND id <= ?2")?
        .execute(params![key, upto])?;
    connection
        .prepare_cached("UPDATE channels SET after_id = ?2, bytes = ?3 WHERE key = ?1")?
        .execute(params![key, upto, bytes])?;
    Ok(())
}

/// The entries of a channel after `after`, oldest first, up to `limit` and up to so many bytes; at least one where
/// there is one.
pub(super) fn events(connection: &Connection, key: i64, after: u64, limit: usize) -> Outcome<Vec<LogEvent>> {
    let sql = "SELECT id, at, kind, data FROM channel_events WHERE channel = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![key, from_id(after), to_sql(limit.min(MAX_EVENTS))])?;
    let mut events = Vec::new();
    let mut bytes = 0;
    while bytes < MAX_PAGE_BYTES
        && let Some(row) = rows.next()?
    {
        let kind: String = row.get(2)?;
        let data: String = row.get(3)?;
        bytes += data.len();
        let kind = EventKind::parse(&kind).ok_or(StorageError::Damaged)?;
        let draft = EventDraft { kind, data, facets: Facets::default() };
        events.push(LogEvent { id: to_id(row.get(0)?), at: UnixMs(row.get(1)?), draft });
    }
    Ok(events)
}

/// What a step threw away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Dropped {
    pub(super) events: u64,
    /// There may be more.
    pub(super) again: bool,
}

/// Throws away at most `limit` entries of channels and some MiB, the oldest of all first: those told before `before`,
/// up to the first that was not.
pub(super) fn drop_oldest(connection: &Connection, before: UnixMs, limit: usize) -> Outcome<Dropped> {
    let sql = "SELECT place, channel, id, size, at FROM channel_events ORDER BY place LIMIT ?1";
    let mut oldest = connection.prepare_cached(sql)?;
    let mut tell = connection
        .prepare_cached("UPDATE channels SET after_id = max(after_id, ?2), bytes = bytes - ?3 WHERE key = ?1")?;
    let mut rows = oldest.query([to_sql(limit)])?;
    let (mut last, mut events, mut bytes) = (None, 0, 0);
    while bytes < MAX_STEP_BYTES
        && let Some(row) = rows.next()?
        && row.get::<_, i64>(4)? < before.0
    {
        let (key, id, size): (i64, i64, i64) = (row.get(1)?, row.get(2)?, row.get(3)?);
        tell.execute([key, id, size])?;
        last = Some(row.get::<_, i64>(0)?);
        events += 1;
        bytes += size;
    }
    drop(rows);
    let Some(last) = last else { return Ok(Dropped::default()) };
    connection.prepare_cached("DELETE FROM channel_events WHERE place <= ?1")?.execute([last])?;
    Ok(Dropped { events, again: true })
}

/// Throws away at most `limit` entries of a channel that was removed and some MiB, or the last that is known of it.
pub(super) fn drop_removed(connection: &Connection, limit: usize) -> Outcome<Dropped> {
    let mut removed = connection.prepare_cached("SELECT key FROM channels WHERE name IS NULL LIMIT 1")?;
    let mut rows = removed.query([])?;
    let Some(row) = rows.next()? else { return Ok(Dropped::default()) };
    let key: i64 = row.get(0)?;
    drop(rows);
    let mut oldest =
        connection.prepare_cached("SELECT id, size FROM channel_events WHERE channel = ?1 ORDER BY id LIMIT ?2")?;
    let mut rows = oldest.query(params![key, to_sql(limit)])?;
    let (mut last, mut events, mut bytes) = (None, 0, 0);
    while bytes < MAX_STEP_BYTES
        && let Some(row) = rows.next()?
    {
        last = Some(row.get::<_, i64>(0)?);
        events += 1;
        bytes += row.get::<_, i64>(1)?;
    }
    drop(rows);
    match last {
        Some(last) => connection
            .prepare_cached("DELETE FROM channel_events WHERE channel = ?1 AND id <= ?2")?
            .execute([key, last])?,
        None => connection.prepare_cached("DELETE FROM channels WHERE key = ?1")?.execute([key])?,
    };
    Ok(Dropped { events, again: true })
}

/// What the entries of all channels take, in bytes, about.
pub(super) fn bytes(connection: &Connection) -> Outcome<u64> {
    let mut statement = connection.prepare_cached("SELECT coalesce(sum(bytes), 0) FROM channels")?;
    Ok(to_id(statement.query_row([], |row| row.get(0))?))
}

/// When the oldest entry of any channel was told.
pub(super) fn oldest(connection: &Connection) -> Outcome<Option<UnixMs>> {
    let mut statement = connection.prepare_cached("SELECT at FROM channel_events ORDER BY place LIMIT 1")?;
    let mut rows = statement.query([])?;
    Ok(match rows.next()? {
        Some(row) => Some(UnixMs(row.get(0)?)),
        None => None,
    })
}
