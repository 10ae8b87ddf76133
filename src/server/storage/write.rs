//! Writing a batch.

use rusqlite::{Connection, params};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    batch::Batch,
    error::{Outcome, StorageError},
    log,
    place::{self, Placed},
};
use crate::{
    model::{article::Article, story::StoryHead},
    server::news::record::FeedRecord,
};

/// Writes all of it. The caller's transaction makes it all or nothing.
pub(super) fn batch(connection: &Connection, mut batch: Batch) -> Outcome<()> {
    // The full-text index takes what comes in its order in one go.
    batch.articles.sort_by_key(Article::at);
    for article in &batch.articles {
        put_article(connection, article)?;
    }
    for story in &batch.stories {
        put_story(connection, story)?;
    }
    for record in &batch.feeds {
        put_feed(connection, record)?;
    }
    log::append(connection, &batch.events)
}

fn put_article(connection: &Connection, article: &Article) -> Outcome<()> {
    let body = readable(&article.id, article)?;
    connection.prepare_cached("DELETE FROM articles WHERE id = ?1")?.execute([&article.id])?;
    connection.prepare_cached("DELETE FROM forgotten WHERE id = ?1")?.execute([&article.id])?;
    let place = place::free(connection, Placed::Articles, article.at(), &article.id)?;
    connection
        .prepare_cached("INSERT INTO articles (place, id, story_id, source_key, category) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![place, article.id, article.story_id, article.source_key, article.category])?;
    connection
        .prepare_cached("INSERT INTO article_bodies (place, body) VALUES (?1, ?2)")?
        .execute(params![place, body])?;
    connection
        .prepare_cached("INSERT INTO article_texts (rowid, title, description) VALUES (?1, ?2, ?3)")?
        .execute(params![place, article.title, article.description])?;
    let mut link =
        connection.prepare_cached("INSERT OR IGNORE INTO article_symbols (symbol, place) VALUES (?1, ?2)")?;
    for symbol in &article.tickers {
        link.execute(params![symbol.as_str(), place])?;
    }
    Ok(())
}

fn put_story(connection: &Connection, story: &StoryHead) -> Outcome<()> {
    let body = readable(&story.id, story)?;
    connection.prepare_cached("DELETE FROM stories WHERE id = ?1")?.execute([&story.id])?;
    let place = place::free(connection, Placed::Stories, story.first_seen, &story.id)?;
    let breaking_since = story.breaking.as_ref().filter(|_| story.is_breaking()).map(|breaking| breaking.since.0);
    connection
        .prepare_cached("INSERT INTO stories (place, id, category, breaking_since, body) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![place, story.id, story.category, breaking_since, body])?;
    let mut link = connection.prepare_cached("INSERT OR IGNORE INTO story_symbols (symbol, place) VALUES (?1, ?2)")?;
    for symbol in &story.tickers {
        link.execute(params![symbol.as_str(), place])?;
    }
    let mut link =
        connection.prepare_cached("INSERT OR IGNORE INTO story_sources (source_key, place) VALUES (?1, ?2)")?;
    for source in &story.sources {
        link.execute(params![source.key, place])?;
    }
    Ok(())
}

fn put_feed(connection: &Connection, record: &FeedRecord) -> Outcome<()> {
    let sql = "INSERT OR REPLACE INTO feeds (key, url, moved_to, etag, last_modified, last_fetch, last_success, \
               next_fetch, last_error, failures, items) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    connection.prepare_cached(sql)?.execute(params![
        record.key,
        record.url,
        record.moved_to,
        record.etag,
        record.last_modified,
        record.last_fetch.map(|at| at.0),
        record.last_success.map(|at| at.0),
        record.next_fetch.map(|at| at.0),
        record.last_error,
        record.failures,
        record.items,
    ])?;
    Ok(())
}

/// The JSON of a value that can be read back from it: one row that can't would spoil every list that it is in.
fn readable<T: Serialize + DeserializeOwned>(id: &str, value: &T) -> Outcome<String> {
    let refused = |error: serde_json::Error| StorageError::Unstorable { id: id.to_owned(), reason: error.to_string() };
    let body = serde_json::to_string(value).map_err(refused)?;
    serde_json::from_str::<T>(&body).map_err(refused)?;
    Ok(body)
}
