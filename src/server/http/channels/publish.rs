//! `POST /api/v1/channels/{channel}/events` and `POST /streams{path}`: tells something to everybody who listens.
//!
//! The answer is `202` with the id that the event has on the stream, once it is stored: what was answered survives a
//! killed server. Without an answer nobody knows, so a client that tries again may tell a thing twice. After `503` and
//! `429` it should: nothing was sent. Only `unconfirmed`, of a server that is one of many, is no answer, either. The type of
//! the body is not looked at.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Request, State, rejection::PathRejection},
};
use http::{StatusCode, Uri};

use super::{body, path_of, room_of};
use crate::{
    server::{
        access::Scope,
        channels::{
            Channel, Channels,
            builtin::BuiltIn,
            publication::{self, BadPublication},
        },
        event::EventDraft,
        http::{
            caller::Caller,
            error::HttpError,
            openapi::{InPathChannel, InPathCreated, Refused},
        },
        services::Services,
    },
    wire::{channels::Published, rest::Success},
};

pub type Accepted = (StatusCode, Json<Success<Published>>);

/// Tells something to everybody who follows a named channel.
///
/// Answered once it is stored: what was answered survives a killed server. Without an answer nobody knows, so who tries
/// again may tell a thing twice. What does not fit the channel is refused with `invalid_event`, naming the field; fields
/// that are not listed are passed on as they are. At most 1 MiB.
#[utoipa::path(
    post, path = "/api/v1/channels/{channel}/events", tag = "channels", operation_id = "publish_event",
    params(InPathChannel),
    request_body(content = serde_json::Value, content_type = "application/json", description = "An event of the channel."),
    responses(
        (status = 202, description = "It is stored and sent.", body = Success<Published>),
        (status = "default", response = Refused),
    ),
    security(("bearer" = ["publish"]), ("token" = ["publish"])),
)]
pub async fn event(
    State(services): State<Arc<Services>>,
    caller: Caller,
    channel: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Accepted, HttpError> {
    caller.require(Scope::Publish)?;
    let Path(name) = channel.map_err(|_| HttpError::BadPath)?;
    let channel = BuiltIn::parse(&name).ok_or(HttpError::UnknownChannel)?;
    let read = |body: &[u8]| publication::event(channel, body);
    publish(&services.channels, services.channels.built_in(channel), &caller, request, read).await
}

/// Tells something to everybody who follows a created channel.
///
/// Any JSON of at most 1 MiB and 128 levels. It is stored and sent as it was written, but on one line: line ends, which
/// mean nothing in JSON, become spaces.
#[utoipa::path(
    post, path = "/streams/{path}", tag = "channels", operation_id = "publish_message",
    params(InPathCreated),
    request_body(content = serde_json::Value, content_type = "application/json", description = "Any JSON."),
    responses(
        (status = 202, description = "It is stored and sent.", body = Success<Published>),
        (status = "default", response = Refused),
    ),
    security(("bearer" = ["publish"]), ("token" = ["publish"])),
)]
pub async fn message(
    State(services): State<Arc<Services>>,
    caller: Caller,
    uri: Uri,
    request: Request,
) -> Result<Accepted, HttpError> {
    caller.require(Scope::Publish)?;
    let channel = services.channels.find(&path_of(&uri)?).await.ok_or(HttpError::UnknownChannel)?;
    publish(&services.channels, &channel, &caller, request, publication::message).await
}

async fn publish(
    channels: &Channels,
    channel: &Arc<Channel>,
    caller: &Caller,
    request: Request,
    read: impl FnOnce(&[u8]) -> Result<EventDraft, BadPublication>,
) -> Result<Accepted, HttpError> {
    let mut room = room_of(channels, caller);
    let draft = read(&body::read(request, &mut room).await?)?;
    let id = channels.publish(channel, draft, room).await?;
    let published = Published { id: id.to_string(), channel: channel.name().to_owned() };
    Ok((StatusCode::ACCEPTED, Json(Success::new(published))))
}
