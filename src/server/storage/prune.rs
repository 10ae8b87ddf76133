//! Throwing away what is too old or too much, in steps so small that whoever commits meanwhile hardly waits.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    channels,
    engine::Engine,
    error::Outcome,
    log, place,
    read::to_sql,
    retention::{Pruned, RetentionLimits},
};
use crate::model::time::UnixMs;

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;

/// Rows that go in one transaction.
const STEP: usize = 250;
/// Pages that are given back to the file system in one go.
const VACUUM_STEP: i64 = 256;
/// Free pages that are left in the file for what comes next: a MiB.
const SPARE_PAGES: i64 = 256;
/// How long an article that aged out is remembered after a feed last listed it.
const FORGOTTEN_MS: u64 = 90 * DAY_MS;
/// Most articles that are remembered like that, about 15 MB of the file.
const MAX_FORGOTTEN: i64 = 200_000;

/// What one step threw away.
#[derive(Debug, Default)]
struct Step {
    pruned: Pruned,
    /// There may be more of the kind.
    again: bool,
}

impl From<channels::Dropped> for Step {
    fn from(channels::Dropped { events, again }: channels::Dropped) -> Self {
        Self { pruned: Pruned { events, ..Pruned::default() }, again }
    }
}

/// Applies the limits.
///
/// # Errors
/// Those of writing. What was thrown away until then stays away.
pub(super) async fn run(engine: &Engine, now: UnixMs, limits: RetentionLimits) -> Outcome<Pruned> {
    let mut pruned = Pruned::default();
    let size = engine.with_writer(|connection| size(connection)).await?;
    let news_before = earlier(now, limits.days.saturating_mul(DAY_MS));
    let events_before = earlier(now, limits.event_hours.saturating_mul(HOUR_MS));
    repeat(engine, &mut pruned, move |connection| old_articles(connection, place::start_of(news_before), now)).await?;
    repeat(engine, &mut pruned, move |connection| empty_stories(connection, news_before)).await?;
    repeat(engine, &mut pruned, move |connection| old_events(connection, events_before)).await?;
    repeat(engine, &mut pruned, move |connection| old_channel_events(connection, events_before)).await?;
    channel_events(engine, &mut pruned, limits.channel_bytes()).await?;
    repeat(engine, &mut pruned, move |connection| forgotten(connection, now)).await?;
    repeat(engine, &mut pruned, move |connection| oldest_of_all(connection, limits.max_bytes, now)).await?;
    let mut vacuumed = false;
    while engine.with_writer(|connection| vacuum(connection)).await? {
        vacuumed = true;
    }
    if vacuumed {
        pruned.bytes = size.saturating_sub(engine.with_writer(|connection| settle(connection)).await?);
    }
    Ok(pruned)
}

/// Throws away what channels have that were removed, and the oldest events of channels while all of them take more than
/// `max_bytes`.
///
/// # Errors
/// As [`run`].
pub(super) async fn channel_events(engine: &Engine, pruned: &mut Pruned, max_bytes: u64) -> Outcome<()> {
    repeat(engine, pruned, removed_channels).await?;
    repeat(engine, pruned, move |connection| {
        let too_much = channels::bytes(connection)? > max_bytes;
        if too_much { old_channel_events(connection, UnixMs(i64::MAX)) } else { Ok(Step::default()) }
    })
    .await
}

async fn repeat<F>(engine: &Engine, pruned: &mut Pruned, step: F) -> Outcome<()>
where
    F: Fn(&Connection) -> Outcome<Step> + Clone + Send + 'static,
{
    loop {
        let step = step.clone();
        let done = engine.write_at_leisure(move |transaction| step(transaction)).await?;
        pruned.articles += done.pruned.articles;
        pruned.stories += done.pruned.stories;
        pruned.events += done.pruned.events;
        if !done.again {
            return Ok(());
        }
    }
}

/// The oldest articles before a place, and the stories that have none left.
fn old_articles(connection: &Connection, before: i64, now: UnixMs) -> Outcome<Step> {
    let mut oldest =
        connection.prepare_cached("SELECT place FROM articles WHERE place < ?1 ORDER BY place LIMIT ?2")?;
    let places = oldest.query_map(params![before, to_sql(STEP)], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    let mut delete = connection.prepare_cached("DELETE FROM articles WHERE place = ?1 RETURNING id, story_id")?;
    let mut remember = connection.prepare_cached("INSERT OR REPLACE INTO forgotten (id, listed) VALUES (?1, ?2)")?;
    let mut stories = HashSet::new();
    for place in &places {
        let (id, story): (String, String) = delete.query_row([place], |row| Ok((row.get(0)?, row.get(1)?)))?;
        remember.execute(params![id, now.0])?;
        stories.insert(story);
    }
    let sql = "DELETE FROM stories WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM articles WHERE story_id = ?1)";
    let mut delete = connection.prepare_cached(sql)?;
    let mut pruned = Pruned { articles: count(places.len()), ..Pruned::default() };
    for story in &stories {
        pruned.stories += count(delete.execute([story])?);
    }
    Ok(Step { pruned, again: places.len() == STEP })
}

/// Stories without articles that nothing was added to for long.
fn empty_stories(connection: &Connection, before: UnixMs) -> Outcome<Step> {
    let sql = "DELETE FROM stories WHERE place IN (SELECT place FROM stories WHERE place < ?1 \
               AND NOT EXISTS (SELECT 1 FROM articles WHERE articles.story_id = stories.id) ORDER BY place LIMIT ?2)";
    let gone = connection.prepare_cached(sql)?.execute(params![place::start_of(before), to_sql(STEP)])?;
    Ok(Step { pruned: Pruned { stories: count(gone), ..Pruned::default() }, again: gone == STEP })
}

fn old_events(connection: &Connection, before: UnixMs) -> Outcome<Step> {
    let events = log::drop_oldest(connection, before, STEP)?;
    Ok(Step { pruned: Pruned { events, ..Pruned::default() }, again: events == count(STEP) })
}

fn old_channel_events(connection: &Connection, before: UnixMs) -> Outcome<Step> {
    Ok(channels::drop_oldest(connection, before, STEP)?.into())
}

fn removed_channels(connection: &Connection) -> Outcome<Step> {
    Ok(channels::drop_removed(connection, STEP)?.into())
}

/// What no feed has listed for long, and the longest unlisted of what is too many.
fn forgotten(connection: &Connection, now: UnixMs) -> Outcome<Step> {
    let sql = "DELETE FROM forgotten WHERE id IN (SELECT id FROM forgotten WHERE listed < ?1 ORDER BY listed LIMIT ?2)";
    let mut delete = connection.prepare_cached(sql)?;
    let old = delete.execute(params![earlier(now, FORGOTTEN_MS).0, to_sql(STEP)])?;
    let left: i64 = connection.prepare_cached("SELECT count(*) FROM forgotten")?.query_row([], |row| row.get(0))?;
    let excess = (left - MAX_FORGOTTEN).clamp(0, to_sql(STEP));
    let more = delete.execute(params![i64::MAX, excess])?;
    Ok(Step { pruned: Pruned::default(), again: old == STEP || more == STEP })
}

/// While the database is too large: the oldest articles, or the oldest entries of the log or of the channels where those
/// are older.
fn oldest_of_all(connection: &Connection, max_bytes: u64, now: UnixMs) -> Outcome<Step> {
    let pages = number(connection, "PRAGMA page_count")? - number(connection, "PRAGMA freelist_count")?;
    let used = (pages + SPARE_PAGES) * number(connection, "PRAGMA page_size")?;
    if u64::try_from(used).unwrap_or(0) <= max_bytes {
        return Ok(Step::default());
    }
    let first = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).optional();
    let article = first("SELECT place FROM articles ORDER BY place LIMIT 1")?;
    let event = first("SELECT at FROM events ORDER BY id LIMIT 1")?.map(|at| place::start_of(UnixMs(at)));
    let of_channel = channels::oldest(connection)?.map(place::start_of);
    let Some(oldest) = [article, event, of_channel].into_iter().flatten().min() else { return Ok(Step::default()) };
    let step = if article == Some(oldest) {
        old_articles(connection, i64::MAX, now)?
    } else if event == Some(oldest) {
        old_events(connection, UnixMs(i64::MAX))?
    } else {
        old_channel_events(connection, UnixMs(i64::MAX))?
    };
    Ok(Step { again: true, ..step })
}

/// Gives some free pages back, and tells whether there may be more to give.
fn vacuum(connection: &Connection) -> Outcome<bool> {
    let spare = number(connection, "PRAGMA freelist_count")? - SPARE_PAGES;
    if spare <= 0 {
        return Ok(false);
    }
    let before = size(connection)?;
    let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({})", spare.min(VACUUM_STEP)))?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    drop(rows);
    // A file that does not become smaller this way never will.
    Ok(size(connection)? < before)
}

/// Writes the journal into the file, which only then becomes smaller. Readers are not waited for. Returns the size.
fn settle(connection: &Connection) -> Outcome<u64> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    size(connection)
}

/// Bytes of the database, without its journal.
fn size(connection: &Connection) -> Outcome<u64> {
    let bytes = number(connection, "PRAGMA page_count")? * number(connection, "PRAGMA page_size")?;
    Ok(u64::try_from(bytes).unwrap_or(0))
}

fn number(connection: &Connection, sql: &str) -> Outcome<i64> {
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

fn earlier(now: UnixMs, by_ms: u64) -> UnixMs {
    UnixMs(now.0.saturating_sub(i64::try_from(by_ms).unwrap_or(i64::MAX)))
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}
