//! The embedded database: what must outlive the process.
//!
//! | room | does |
//! |---|---|
//! | [`batch`], [`query`], [`cursor`], [`retention`], [`counts`], [`error`] | what callers say and hear |
//! | `connection`, `schema` | the file, its lock, its tables and their versions |
//! | `engine` | one writer and a few readers, off the runtime's threads |
//! | `write`, `read`, `list`, `search`, `log`, [`channels`], `prune` | the work, as plain functions of a connection |
//! | `place` | the key that keeps rows in the order of time |

use std::{collections::HashMap, path::Path, sync::Arc};

use self::{
    batch::Batch,
    channels::{ChannelEvents, KeptChannel},
    connection::Folder,
    counts::StorageCounts,
    cursor::Cursor,
    engine::Engine,
    error::StorageError,
    query::{ArticlePage, ArticleQuery, KnownArticle, StoryPageRows, StoryQuery, WindowArticle},
    retention::{Pruned, RetentionLimits},
};
use super::{
    clock::Clock,
    event::{LogEvent, LogRange},
    news::record::FeedRecord,
};
use crate::model::{
    story::{Story, StoryHead},
    time::UnixMs,
};

pub mod batch;
pub mod channels;
mod connection;
pub mod counts;
pub mod cursor;
mod engine;
pub mod error;
mod list;
mod log;
mod place;
mod prune;
pub mod query;
mod read;
pub mod retention;
mod schema;
mod search;
#[cfg(test)]
mod tests;
mod write;

/// The database of one data folder. Clones are handles to the same one.
///
/// What was committed survives a killed process and a power cut. Every method may fail with the errors of a running
/// database; reads are refused with [`StorageError::Busy`] while too many wait.
#[derive(Debug, Clone)]
pub struct Storage {
    engine: Arc<Engine>,
    clock: Clock,
}

impl Storage {
    /// Opens the database in `folder`, both created where they are not there. Blocks: for the start, not for a runtime.
    ///
    /// # Errors
    /// Those of [`StorageError`] that name a path. Nothing that is there is deleted or overwritten.
    pub fn open(folder: &Path, clock: Clock) -> Result<Self, StorageError> {
        let folder = Folder::claim(folder)?;
        Ok(Self { engine: Arc::new(Engine::open(folder, clock.wall())?), clock })
    }

    /// Writes all of it, or nothing of it. When it returns, the batch is on the disk. A call that is dropped before it
    /// returns may have been either.
    ///
    /// # Errors
    /// [`StorageError::OutOfOrder`] and [`StorageError::Unstorable`] for a batch that can't be stored at all.
    pub async fn commit(&self, batch: Batch) -> Result<(), StorageError> {
        let kinds = counts::kinds(&batch.events);
        self.engine.write(|connection| write::batch(connection, batch)).await?;
        self.engine.counts().lock().stored(kinds);
        Ok(())
    }

    /// Those of the articles that were committed before, the ones that have aged out since among them.
    pub async fn known(&self, ids: Vec<String>) -> Result<HashMap<String, KnownArticle>, StorageError> {
        let now = self.clock.wall();
        let known = self.engine.read(move |connection| read::known(connection, ids, now)).await?;
        if !known.listed_again.is_empty() {
            let ids = known.listed_again;
            self.engine.write(move |connection| read::note_listed(connection, &ids, now)).await?;
        }
        Ok(known.articles)
    }

    /// A page of articles, newest first.
    pub async fn articles(&self, query: ArticleQuery) -> Result<ArticlePage, StorageError> {
        self.engine.read(move |connection| list::articles(connection, &query)).await
    }

    /// A page of stories, newest first.
    pub async fn stories(&self, query: StoryQuery) -> Result<StoryPageRows, StorageError> {
        self.engine.read(move |connection| list::stories(connection, &query)).await
    }

    /// One story with its timeline.
    pub async fn story(&self, id: String) -> Result<Option<Story>, StorageError> {
        self.engine.read(move |connection| read::story(connection, &id)).await
    }

    /// Those of the stories that are there, in the order of `ids`.
    pub async fn story_heads(&self, ids: Vec<String>) -> Result<Vec<StoryHead>, StorageError> {
        self.engine.read(move |connection| read::story_heads(connection, &ids)).await
    }

    /// Stories that were first reported at `since` or later, newest first; at most `limit` and at most 10,000.
    pub async fn recent_stories(&self, since: UnixMs, limit: usize) -> Result<Vec<StoryHead>, StorageError> {
        self.engine.read(move |connection| read::recent_stories(connection, since, limit)).await
    }

    /// Articles of `since` or later, oldest first; at most `limit` and at most 10,000. The rest comes after the
    /// [`cursor`](WindowArticle::cursor) of the last one.
    pub async fn window(
        &self,
        since: UnixMs,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Vec<WindowArticle>, StorageError> {
        self.engine.read(move |connection| read::window(connection, since, after.as_ref(), limit)).await
    }

    /// What is remembered of every feed, by key.
    pub async fn feeds(&self) -> Result<Vec<FeedRecord>, StorageError> {
        self.engine.read(read::feeds).await
    }

    /// What the log holds.
    pub async fn log_range(&self) -> Result<LogRange, StorageError> {
        self.engine.read(log::range).await
    }

    /// The position that the log started at, whatever of it is still kept. One before it is of another log, which was
    /// thrown away.
    pub async fn log_first(&self) -> Result<u64, StorageError> {
        self.engine.read(log::first).await
    }

    /// Entries of the log after `after`, oldest first: at most `limit`, at most 1,000, and about a MiB. At least one
    /// where there is one.
    pub async fn events(&self, after: u64, limit: usize) -> Result<Vec<LogEvent>, StorageError> {
        self.engine.read(move |connection| log::events(connection, after, limit)).await
    }

    /// Every channel, the oldest first.
    pub async fn channels(&self) -> Result<Vec<KeptChannel>, StorageError> {
        self.engine.read(channels::all).await
    }

    /// Adds a channel whose log starts at `first`.
    ///
    /// # Errors
    /// [`StorageError::Unstorable`] where there is one of this name.
    pub async fn create_channel(&self, name: String, first: u64) -> Result<KeptChannel, StorageError> {
        let now = self.clock.wall();
        self.engine.write(move |connection| channels::create(connection, name, now, first)).await
    }

    /// The same for one that was created elsewhere, at that time.
    ///
    /// # Errors
    /// As [`create_channel`](Self::create_channel).
    pub async fn adopt_channel(&self, name: String, at: UnixMs, first: u64) -> Result<KeptChannel, StorageError> {
        self.engine.write(move |connection| channels::create(connection, name, at, first)).await
    }

    /// Throws every event of a channel away. Its log is now one that started at `first`.
    pub async fn replace_channel(&self, key: i64, first: u64) -> Result<(), StorageError> {
        self.engine.write(move |connection| channels::replace(connection, key, first)).await
    }

    /// Goes on after the position `last`, if it is beyond the end of the channel's log: entries between are never had.
    pub async fn skip_channel(&self, key: i64, last: u64) -> Result<(), StorageError> {
        self.engine.write(move |connection| channels::skip(connection, key, last)).await
    }

    /// Forgets a channel. Its events go with the next pruning.
    pub async fn remove_channel(&self, key: i64) -> Result<(), StorageError> {
        self.engine.write(move |connection| channels::remove(connection, key)).await
    }

    /// What the log of a channel holds.
    pub async fn channel_range(&self, key: i64) -> Result<LogRange, StorageError> {
        self.engine.read(move |connection| channels::range(connection, key)).await
    }

    /// Appends entries to the logs of channels, all of them or none, and gives them back. What is then too much of a
    /// channel is thrown away: [`channels::MAX_KEPT_EVENTS`], [`channels::MAX_KEPT_BYTES`].
    ///
    /// # Errors
    /// [`StorageError::OutOfOrder`] for entries that can't be stored at all.
    pub async fn tell_channels(&self, batch: Vec<ChannelEvents>) -> Result<Vec<ChannelEvents>, StorageError> {
        self.engine
            .write(move |connection| {
                channels::append(connection, &batch)?;
                Ok(batch)
            })
            .await
    }

    /// Entries of a channel after `after`, oldest first: at most `limit`, at most 1,000, and about 256 KiB. At least
    /// one where there is one.
    pub async fn channel_events(&self, key: i64, after: u64, limit: usize) -> Result<Vec<LogEvent>, StorageError> {
        self.engine.read(move |connection| channels::events(connection, key, after, limit)).await
    }

    /// Throws away the oldest events of channels while all of them take more than `max_bytes`. Returns how many.
    pub async fn prune_channels(&self, max_bytes: u64) -> Result<u64, StorageError> {
        let mut pruned = Pruned::default();
        prune::channel_events(&self.engine, &mut pruned, max_bytes).await?;
        Ok(pruned.events)
    }

    /// Throws the log away for one that started at `first` and of which nothing up to `after` is to be had. Articles and
    /// stories stay.
    pub async fn replace_log(&self, first: u64, after: u64) -> Result<(), StorageError> {
        self.engine.write(move |connection| log::replace(connection, first, after)).await
    }

    /// Goes on after the position `last`, if it is beyond the end: entries between are never had.
    pub async fn skip_log(&self, last: u64) -> Result<(), StorageError> {
        self.engine.write(move |connection| log::skip(connection, last)).await
    }

    /// Throws away what is beyond the limits at `now`, in many short transactions between which others commit.
    pub async fn prune(&self, now: UnixMs, limits: RetentionLimits) -> Result<Pruned, StorageError> {
        prune::run(&self.engine, now, limits).await
    }

    /// What was stored and what went wrong since the start.
    pub fn counts(&self) -> StorageCounts {
        self.engine.counts().lock().clone()
    }

    /// What the database takes on the disk, in bytes; `None` where its file can't be found. Asks the file system, so it
    /// may block.
    pub fn bytes(&self) -> Option<u64> {
        self.engine.bytes()
    }

    /// Why nothing can be stored, while that is so: set by a write that fails, cleared by one that succeeds. For
    /// everybody's eyes.
    pub fn error(&self) -> Option<String> {
        self.engine.trouble().map(|error| error.to_string())
    }
}
