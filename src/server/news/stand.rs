//! Puts the newest stories out where pages find them.

use std::sync::Arc;

use parking_lot::Mutex;

use super::{
    desk::NewsDesk,
    front::{FRONT_STORIES, Front},
    source::Source,
};
use crate::{
    model::story::StoryHead,
    server::{
        hub::log::EventLog,
        storage::{Storage, error::StorageError, query::StoryQuery},
    },
    wire::news::{NewsSnapshot, SourceName},
};

/// Keeps the desk up to date.
pub struct Newsstand {
    desk: Arc<NewsDesk>,
    log: Arc<EventLog>,
    names: Vec<SourceName>,
    front: Mutex<Front>,
}

impl Newsstand {
    /// A stand with the newest stories that are stored.
    ///
    /// # Errors
    /// Where the storage can't be read.
    pub async fn open(
        storage: &Storage,
        sources: &[Arc<Source>],
        desk: Arc<NewsDesk>,
        log: Arc<EventLog>,
    ) -> Result<Self, StorageError> {
        let name = |source: &Arc<Source>| SourceName {
            key: source.key.clone(),
            name: source.name.clone(),
            category: source.category.clone(),
        };
        let names = sources.iter().map(name).collect();
        let stand = Self { desk, log, names, front: Mutex::default() };
        stand.reload(storage).await?;
        Ok(stand)
    }

    /// Begins again with the newest stories that are stored.
    ///
    /// # Errors
    /// Where the storage can't be read.
    pub async fn reload(&self, storage: &Storage) -> Result<(), StorageError> {
        let newest = StoryQuery { limit: FRONT_STORIES, ..StoryQuery::default() };
        let stories = storage.stories(newest).await?.stories;
        *self.front.lock() = Front::default();
        self.show(&stories);
        Ok(())
    }

    /// Takes stories in, or what changed in them, for the next time that something is shown.
    pub fn take(&self, stories: &[StoryHead]) {
        let mut front = self.front.lock();
        for story in stories {
            front.take(story);
        }
    }

    /// Puts stories out, or what changed in them. The log has told of them.
    pub fn show(&self, stories: &[StoryHead]) {
        self.take(stories);
        let front = self.front.lock();
        self.desk.post(NewsSnapshot {
            stories: front.stories().to_vec(),
            last_event_id: self.log.tip(),
            sources: self.names.clone(),
        });
    }
}
