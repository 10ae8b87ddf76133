//! Stories under filters, for the pages of the news.

use leptos::{prelude::*, server_fn::codec::GetUrl};

use super::error::ApiError;
use crate::wire::{
    json::PageJson,
    news::{StoriesQuery, StoryPage},
};

/// The stories that `query` asks for, newest first.
///
/// # Errors
/// [`ApiError::Unavailable`] where the stored news can't be read now.
#[server(prefix = "/api/fn", endpoint = "get_stories", input = GetUrl, output = PageJson)]
pub async fn get_stories(query: StoriesQuery) -> Result<StoryPage, ApiError> {
    crate::server::services::expect()?.stories(&query).await
}
