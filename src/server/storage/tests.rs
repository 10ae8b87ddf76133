//! The whole database, through its public face.

use std::path::Path;

use tempfile::TempDir;

use super::{Storage, batch::Batch, query::ArticleQuery};
use crate::{
    model::{
        article::Article,
        story::{Breaking, BreakingState, StoryHead, StorySource},
        symbol::Symbol,
        time::UnixMs,
    },
    server::{
        clock::Clock,
        event::{EventDraft, EventKind, Facets, LogEvent},
    },
};

mod channels;
mod killed;
mod lists;
mod log;
mod opening;
mod rows;
mod searching;
mod thrown_away;
mod trouble;

/// Where the tests' clocks stand.
const NOW: UnixMs = UnixMs(1_763_640_000_000);
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

fn clock() -> Clock {
    Clock::following(NOW)
}

fn open(folder: &Path) -> Storage {
    Storage::open(folder, clock()).unwrap()
}

/// An empty database, and the folder that goes with it.
fn fresh() -> (TempDir, Storage) {
    let folder = tempfile::tempdir().unwrap();
    let storage = open(folder.path());
    (folder, storage)
}

fn symbol(text: &str) -> Symbol {
    Symbol::parse(text).unwrap()
}

fn ago(ms: i64) -> UnixMs {
    UnixMs(NOW.0 - ms)
}

/// An article of the source `wire` and of a story of its own.
fn article(id: &str, at: UnixMs) -> Article {
    Article {
        id: id.to_owned(),
        title: format!("Title of {id}"),
        link: format!("https://wire.example/{id}"),
        description: String::new(),
        source: "The Wire".to_owned(),
        source_key: "wire".to_owned(),
        category: "general".to_owned(),
        pub_date: Some(at),
        seen_at: at,
        image_url: None,
        author: None,
        tickers: Vec::new(),
        story_id: format!("story-{id}"),
        is_breaking: false,
    }
}

/// A story that `wire` reported, last at `at`.
fn story(id: &str, at: UnixMs) -> StoryHead {
    StoryHead {
        id: id.to_owned(),
        title: format!("Title of {id}"),
        link: format!("https://wire.example/{id}"),
        description: String::new(),
        category: "general".to_owned(),
        image_url: None,
        tickers: Vec::new(),
        sources: vec![source("wire")],
        articles: 1,
        first_seen: at,
        last_seen: at,
        novelty: 0.25,
        breaking: None,
        reaction: Vec::new(),
    }
}

fn source(key: &str) -> StorySource {
    StorySource { key: key.to_owned(), name: format!("The {key}") }
}

fn breaking(state: BreakingState, since: UnixMs) -> Breaking {
    Breaking { score: 0.83, reasons: vec!["4 sources in 12 min".to_owned()], state, since }
}

fn event(id: u64, at: UnixMs) -> LogEvent {
    let facets = Facets {
        sources: vec!["wire".to_owned()],
        category: "general".to_owned(),
        tickers: vec![symbol("BTC")],
        text: format!("Entry {id}"),
        breaking: id.is_multiple_of(2),
    };
    LogEvent { id, at, draft: EventDraft { kind: EventKind::News, data: format!("{{\"entry\":{id}}}"), facets } }
}

fn articles(articles: impl IntoIterator<Item = Article>) -> Batch {
    Batch { articles: articles.into_iter().collect(), ..Batch::default() }
}

fn stories(stories: impl IntoIterator<Item = StoryHead>) -> Batch {
    Batch { stories: stories.into_iter().collect(), ..Batch::default() }
}

fn events(events: impl IntoIterator<Item = LogEvent>) -> Batch {
    Batch { events: events.into_iter().collect(), ..Batch::default() }
}

/// All articles.
fn all() -> ArticleQuery {
    ArticleQuery { limit: 100, ..ArticleQuery::default() }
}

/// The ids of the newest articles, newest first.
async fn ids(storage: &Storage, query: ArticleQuery) -> Vec<String> {
    storage.articles(query).await.unwrap().articles.into_iter().map(|article| article.id).collect()
}

impl Storage {
    /// Makes every write fail as on a disk that can only be read, or lets them be again. For the tests of other rooms.
    pub(in crate::server) async fn refuse_writes(&self, refuse: bool) {
        let set =
            move |connection: &mut rusqlite::Connection| Ok(connection.pragma_update(None, "query_only", refuse)?);
        self.engine.with_writer(set).await.unwrap();
    }
}
