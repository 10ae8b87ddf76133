//! Reading single rows and runs of rows; the filtered lists are next door in [`list`](super::list).

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    cursor::Cursor,
    error::{Outcome, StorageError},
    place::{self, Placed},
    query::{KnownArticle, WindowArticle},
};
use crate::{
    model::{
        article::Article,
        story::{MAX_TIMELINE, Story, StoryHead},
        time::UnixMs,
    },
    server::news::record::FeedRecord,
};

/// Most rows of one answer to [`window`] or [`recent_stories`].
const MAX_ROWS: usize = 10_000;
/// A feed's listing of a forgotten article is noted again when the last note is older, in milliseconds.
const LISTED_AGAIN_MS: i64 = 3 * 86_400_000;

/// What is known of some articles, and which of the forgotten ones have to be noted as still listed.
pub(super) struct Known {
    pub(super) articles: HashMap<String, KnownArticle>,
    pub(super) listed_again: Vec<String>,
}

pub(super) fn known(connection: &Connection, ids: Vec<String>, now: UnixMs) -> Outcome<Known> {
    #[derive(Deserialize)]
    struct Titled {
        title: String,
    }
    let sql = "SELECT a.story_id, b.body FROM articles a JOIN article_bodies b ON b.place = a.place WHERE a.id = ?1";
    let mut kept = connection.prepare_cached(sql)?;
    let mut forgotten = connection.prepare_cached("SELECT listed FROM forgotten WHERE id = ?1")?;
    let mut known = Known { articles: HashMap::with_capacity(ids.len()), listed_again: Vec::new() };
    for id in ids {
        let found = kept.query_row([&id], |row| Ok((row.get(0)?, row.get::<_, String>(1)?))).optional()?;
        if let Some((story_id, body)) = found {
            let Titled { title } = parsed(&body)?;
            known.articles.insert(id, KnownArticle { title, story_id, kept: true });
        } else if let Some(listed) = forgotten.query_row([&id], |row| row.get::<_, i64>(0)).optional()? {
            if now.since(UnixMs(listed)) > LISTED_AGAIN_MS {
                known.listed_again.push(id.clone());
            }
            known.articles.insert(id, KnownArticle { title: String::new(), story_id: String::new(), kept: false });
        }
    }
    Ok(known)
}

pub(super) fn note_listed(connection: &Connection, ids: &[String], now: UnixMs) -> Outcome<()> {
    let mut note = connection.prepare_cached("UPDATE forgotten SET listed = ?2 WHERE id = ?1")?;
    for id in ids {
        note.execute(params![id, now.0])?;
    }
    Ok(())
}

pub(super) fn story(connection: &Connection, id: &str) -> Outcome<Option<Story>> {
    let Some(head) = story_head(connection, id)? else { return Ok(None) };
    let sql = "SELECT b.body FROM articles a JOIN article_bodies b ON b.place = a.place WHERE a.story_id = ?1 \
               ORDER BY a.place DESC LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut timeline: Vec<Article> = bodies(statement.query(params![id, to_sql(MAX_TIMELINE)])?)?;
    timeline.reverse();
    Ok(Some(Story { head, timeline }))
}

pub(super) fn story_heads(connection: &Connection, ids: &[String]) -> Outcome<Vec<StoryHead>> {
    ids.iter().filter_map(|id| story_head(connection, id).transpose()).collect()
}

fn story_head(connection: &Connection, id: &str) -> Outcome<Option<StoryHead>> {
    let mut statement = connection.prepare_cached("SELECT body FROM stories WHERE id = ?1")?;
    let body: Option<String> = statement.query_row([id], |row| row.get(0)).optional()?;
    body.map(|body| parsed(&body)).transpose()
}

pub(super) fn recent_stories(connection: &Connection, since: UnixMs, limit: usize) -> Outcome<Vec<StoryHead>> {
    let sql = "SELECT body FROM stories WHERE place >= ?1 ORDER BY place DESC LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    bodies(statement.query(params![place::start_of(since), to_sql(limit.min(MAX_ROWS))])?)
}

pub(super) fn window(
    connection: &Connection,
    since: UnixMs,
    after: Option<&Cursor>,
    limit: usize,
) -> Outcome<Vec<WindowArticle>> {
    let before_first = place::start_of(since) - 1;
    let after = match after {
        Some(cursor) => place::of_cursor(connection, Placed::Articles, cursor)?.max(before_first),
        None => before_first,
    };
    let sql = "SELECT body FROM article_bodies WHERE place > ?1 ORDER BY place LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let articles: Vec<Article> = bodies(statement.query(params![after, to_sql(limit.min(MAX_ROWS))])?)?;
    Ok(articles.into_iter().map(WindowArticle::from).collect())
}

impl From<Article> for WindowArticle {
    fn from(article: Article) -> Self {
        Self {
            at: article.at(),
            id: article.id,
            source_key: article.source_key,
            title: article.title,
            description: article.description,
            tickers: article.tickers,
            story_id: article.story_id,
        }
    }
}

pub(super) fn feeds(connection: &Connection) -> Outcome<Vec<FeedRecord>> {
    let sql = "SELECT key, url, moved_to, etag, last_modified, last_fetch, last_success, next_fetch, last_error, \
               failures, items FROM feeds ORDER BY key";
    let mut statement = connection.prepare_cached(sql)?;
    let time = |row: &Row<'_>, column| row.get::<_, Option<i64>>(column).map(|at| at.map(UnixMs));
    let records = statement.query_map([], |row| {
        Ok(FeedRecord {
            key: row.get(0)?,
            url: row.get(1)?,
            moved_to: row.get(2)?,
            etag: row.get(3)?,
            last_modified: row.get(4)?,
            last_fetch: time(row, 5)?,
            last_success: time(row, 6)?,
            next_fetch: time(row, 7)?,
            last_error: row.get(8)?,
            failures: row.get(9)?,
            items: row.get(10)?,
        })
    })?;
    Ok(records.collect::<Result<_, _>>()?)
}

/// Values from the JSON in the first column.
pub(super) fn bodies<T: DeserializeOwned>(mut rows: rusqlite::Rows<'_>) -> Outcome<Vec<T>> {
    let mut values = Vec::new();
    while let Some(row) = rows.next()? {
        values.push(parsed(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?);
    }
    Ok(values)
}

/// A value from JSON that was written here.
pub(super) fn parsed<T: DeserializeOwned>(body: &str) -> Outcome<T> {
    serde_json::from_str(body).map_err(|error| {
        tracing::warn!(%error, "a row of the database can't be read");
        StorageError::Damaged
    })
}

/// A count or a position for a statement.
pub(super) fn to_sql(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
