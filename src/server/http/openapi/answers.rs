//! What several endpoints answer alike.

#![expect(dead_code, reason = "read by what is derived only")]

use utoipa::{ToResponse, ToSchema};

use crate::wire::{
    error::ErrorBody,
    event_stream::{Connected, Heartbeat, Price, StreamError},
    news::{ArticleBody, Gap, StoryUpdate},
};

/// A refusal or a failure: a code for programs, words for people, and `retry` where waiting helps.
#[derive(ToResponse)]
#[response(content_type = "application/json")]
pub struct Refused(ErrorBody);

/// The `data:` of an event of `/api/sse`; its name says which.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum StreamEvent<'a> {
    /// `connected`, the first one.
    Connected(Connected<'a>),
    /// `news`, `breaking`, `breaking_update`
    Article(ArticleBody<'a>),
    /// `story_update`
    StoryUpdate(StoryUpdate<'a>),
    /// `price`
    Price(Price),
    /// `heartbeat`
    Heartbeat(Heartbeat),
    /// `gap`
    Gap(Gap),
    /// `stream_error`, the last one.
    StreamError(StreamError),
}
