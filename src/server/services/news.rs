//! What is asked of the news: from the database; nothing where there is none.

use crate::{
    api::error::ApiError,
    model::story::Story,
    server::storage::{
        cursor::Cursor,
        error::StorageError,
        query::{ArticlePage, ArticleQuery, StoryPageRows, StoryQuery},
    },
    wire::news::{StoriesQuery, StoryPage},
};

use super::Services;

/// Most stories of one answer.
const MAX_STORIES: usize = 100;
/// Longest search of a page, in characters. What is beyond is left out.
const MAX_TEXT: usize = 200;
/// Longest id that a story can have, in bytes.
const MAX_ID_LEN: usize = 128;

impl Services {
    /// Articles under filters; none where there is no news.
    ///
    /// # Errors
    /// Those of a running database.
    pub async fn articles(&self, query: ArticleQuery) -> Result<ArticlePage, StorageError> {
        match &self.storage {
            Some(storage) => storage.articles(query).await,
            None => Ok(ArticlePage::default()),
        }
    }

    /// Stories under filters; none where there is no news.
    ///
    /// # Errors
    /// Those of a running database.
    pub async fn story_rows(&self, query: StoryQuery) -> Result<StoryPageRows, StorageError> {
        match &self.storage {
            Some(storage) => storage.stories(query).await,
            None => Ok(StoryPageRows::default()),
        }
    }

    /// One story with its timeline.
    ///
    /// # Errors
    /// Those of a running database.
    pub async fn stored_story(&self, id: &str) -> Result<Option<Story>, StorageError> {
        match &self.storage {
            Some(storage) if (1..=MAX_ID_LEN).contains(&id.len()) => storage.story(id.to_owned()).await,
            _ => Ok(None),
        }
    }

    /// The stories that a page asks for, newest first.
    ///
    /// # Errors
    /// [`ApiError::Unavailable`] where the stored news can't be read now, or where `before` is no cursor.
    pub async fn stories(&self, query: &StoriesQuery) -> Result<StoryPage, ApiError> {
        let before = query.before.as_deref().filter(|text| !text.is_empty());
        let before = before.map(|text| Cursor::parse(text).ok_or(ApiError::Unavailable)).transpose()?;
        let one = |text: &Option<String>| text.iter().filter(|text| !text.is_empty()).cloned().collect();
        let rows = self.story_rows(StoryQuery {
            limit: usize::from(query.limit).clamp(1, MAX_STORIES),
            sources: one(&query.source),
            categories: one(&query.category),
            symbols: query.symbol.into_iter().collect(),
            text: query.q.iter().flat_map(|text| text.chars()).take(MAX_TEXT).collect(),
            breaking_since: None,
            before,
        });
        let rows = rows.await.map_err(|_| ApiError::Unavailable)?;
        let next_cursor = rows.next.map(|cursor| cursor.encode());
        Ok(StoryPage { stories: rows.stories, total_count: rows.total, next_cursor })
    }

    /// The story with this id and its timeline; `None` where there is none, or none any more.
    ///
    /// # Errors
    /// [`ApiError::Unavailable`] where the stored news can't be read now.
    pub async fn story(&self, id: &str) -> Result<Option<Story>, ApiError> {
        self.stored_story(id).await.map_err(|_| ApiError::Unavailable)
    }
}
