//! One story with its timeline.

use leptos::{prelude::*, server_fn::codec::GetUrl};

use super::error::ApiError;
use crate::wire::{json::PageJson, news::StoryBody};

/// The story with this id; `None` where there is none, or none any more.
///
/// # Errors
/// [`ApiError::Unavailable`] where the stored news can't be read now.
#[server(prefix = "/api/fn", endpoint = "get_story", input = GetUrl, output = PageJson)]
pub async fn get_story(id: String) -> Result<Option<StoryBody>, ApiError> {
    crate::server::services::expect()?.story(&id).await.map(|story| story.map(StoryBody::from))
}
