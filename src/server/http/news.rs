//! The news that is stored, newest first: articles, stories, and what is breaking.
//!
//! | address | answer |
//! |---|---|
//! | `GET /api/news` | articles |
//! | `GET /api/news/stories` | stories, each with the first report of every source |
//! | `GET /api/breaking` | the same of the stories that were told as breaking in the last 24 h and are not taken back |
//!
//! | parameter | meaning |
//! |---|---|
//! | `limit` | 1–100; 20 where it is missing |
//! | `source`, `category`, `symbol` | comma-separated; the plural is as good |
//! | `q` | words of title or description, at most 200 characters |
//! | `before` | `nextCursor` of the answer before |
//!
//! `ETag` stands for what is told, without the times that every answer is made anew with: `fetchedAt` and `timeAgo`.
//! Without news the lists are empty.

use std::{collections::HashSet, sync::Arc};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::HeaderMap;

use super::{
    error::HttpError,
    news_query::NewsQuery,
    validator::{REVALIDATE, Validator},
};
use crate::{
    model::{story::Story, time::UnixMs},
    server::{services::Services, storage::query::StoryQuery},
    wire::news::{ArticleBody, NewsAnswer, StoriesAnswer, StoryReports},
};

/// How long a story counts as breaking, in milliseconds.
const BREAKING_MS: i64 = 24 * 3_600_000;

/// Articles, newest first.
#[utoipa::path(
    get, path = "/api/news", tag = "news", operation_id = "news",
    params(super::openapi::NewsParameters),
    responses((status = 200, body = NewsAnswer<'_>), (status = "default", response = super::openapi::Refused)),
)]
pub(super) async fn articles(
    State(services): State<Arc<Services>>,
    query: NewsQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let page = services.articles(query.articles()).await?;
    let next_cursor = page.next.map(|cursor| cursor.encode());
    let content = serde_json::to_string(&page.articles).map_err(|_| HttpError::StorageUnavailable)?;
    let validator = Validator::of(&(content, page.total, &next_cursor));
    Ok(validator.answer(&headers, REVALIDATE, || {
        let now = services.clock.wall();
        let mut sources: Vec<&str> = page.articles.iter().map(|article| article.source_key.as_str()).collect();
        sources.sort_unstable();
        sources.dedup();
        Json(NewsAnswer {
            articles: page.articles.iter().map(|article| ArticleBody::of(article, now)).collect(),
            total_count: page.total,
            sources,
            fetched_at: now.to_rfc3339(),
            next_cursor,
        })
        .into_response()
    }))
}

/// Stories, newest first, each with the first report of every source.
#[utoipa::path(
    get, path = "/api/news/stories", tag = "news",
    params(super::openapi::NewsParameters),
    responses((status = 200, body = StoriesAnswer<'_>), (status = "default", response = super::openapi::Refused)),
)]
pub(super) async fn stories(
    State(services): State<Arc<Services>>,
    query: NewsQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    answer(&services, query.stories(None), &headers).await
}

/// Stories that were told as breaking in the last 24 h and are not taken back, with the reasons.
#[utoipa::path(
    get, path = "/api/breaking", tag = "news",
    params(super::openapi::NewsParameters),
    responses((status = 200, body = StoriesAnswer<'_>), (status = "default", response = super::openapi::Refused)),
)]
pub(super) async fn breaking(
    State(services): State<Arc<Services>>,
    query: NewsQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let since = UnixMs(services.clock.wall().0.saturating_sub(BREAKING_MS));
    answer(&services, query.stories(Some(since)), &headers).await
}

async fn answer(services: &Services, query: StoryQuery, headers: &HeaderMap) -> Result<Response, HttpError> {
    let page = services.story_rows(query).await?;
    let next_cursor = page.next.map(|cursor| cursor.encode());
    let mut stories = Vec::with_capacity(page.stories.len());
    for head in page.stories {
        // A story that was thrown away meanwhile is left out.
        if let Some(mut story) = services.stored_story(&head.id).await? {
            keep_first_reports(&mut story);
            stories.push(story);
        }
    }
    let content = serde_json::to_string(&stories).map_err(|_| HttpError::StorageUnavailable)?;
    let validator = Validator::of(&(content, page.total, &next_cursor));
    Ok(validator.answer(headers, REVALIDATE, || {
        let now = services.clock.wall();
        let body = |story| StoryReports::of(story, now);
        Json(StoriesAnswer {
            stories: stories.iter().map(body).collect(),
            total_count: page.total,
            fetched_at: now.to_rfc3339(),
            next_cursor,
        })
        .into_response()
    }))
}

/// Leaves the first article of each source, which bounds the answer.
fn keep_first_reports(story: &mut Story) {
    let mut seen = HashSet::new();
    story.timeline.retain(|article| seen.insert(article.source_key.clone()));
}
