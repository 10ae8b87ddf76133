//! `GET /api/v1/sse/{channel}` and `GET /streams{path}`: what is told on a channel, as server-sent events.
//!
//! | parameter | meaning |
//! |---|---|
//! | `client_id` | a label of the reader's choice, 1 to 64 of `A-Za-z0-9_.-`; for the named channels only |
//! | `lastEventId` | where to go on, unless the header `Last-Event-ID` says it |
//!
//! The events of a named channel have a name, and an envelope `{"event":…,"data":{…},"timestamp":…}`. First comes
//! `connected`, then every 30 s (`server.heartbeat_s`) a `ping`. What is published on a created channel comes as
//! messages without a name, as it was published; a comment keeps the connection open.
//!
//! Ids are places in the channel's own log; `connected` and `ping` carry the reader's own place. A reader that comes
//! back gets what it missed in order, once, before anything new, over a restart of the server, too. Where that is not
//! possible one `gap` `{"from","to","reason"}` tells so. The dashboard is of now: only its last minutes are kept, and
//! not over a restart. A stream that the server ends says why with `stream_error` `{"code","message","retry"}`.

use std::sync::Arc;

use axum::{
    extract::{Path, State, rejection::PathRejection},
    response::Response,
};
use http::Uri;

use super::{client_id::ClientId, path_of};
use crate::server::{
    channels::builtin::BuiltIn,
    http::{
        address::Counted,
        error::HttpError,
        lapse::Admission,
        last_event_id::LastEventId,
        openapi::{ChannelParameters, InPathChannel, InPathCreated, LastEventIdHeader, LastEventIdParameter, Refused},
        realtime::respond,
    },
    hub::{ChannelForm, ChannelWish},
    services::Services,
};

/// What is told on a named channel, as server-sent events with a name.
///
/// Each event carries its name twice, for `EventSource` and in an envelope `{"event","data","timestamp"}`. Ids are places
/// in the channel's own log: who comes back with its last id gets what it missed in order, once, over a restart of the
/// server, too. The dashboard is of now: only its last minutes are kept, and not over a restart.
#[utoipa::path(
    get, path = "/api/v1/sse/{channel}", tag = "channels", operation_id = "channel",
    params(InPathChannel, ChannelParameters, LastEventIdHeader),
    responses(
        (status = 200, description = "Each `data:` is one event in its envelope.", content_type = "text/event-stream",
         body = String),
        (status = "default", response = Refused),
    ),
)]
pub async fn named(
    State(services): State<Arc<Services>>,
    Counted(client): Counted,
    admission: Admission,
    channel: Result<Path<String>, PathRejection>,
    LastEventId(since): LastEventId,
    label: Result<ClientId, HttpError>,
) -> Result<Response, HttpError> {
    let Path(name) = channel.map_err(|_| HttpError::BadPath)?;
    let channel = BuiltIn::parse(&name).ok_or(HttpError::UnknownChannel)?;
    let ClientId(label) = label?;
    services.channels.have_met().await;
    let form = ChannelForm::Named { channel: channel.as_str(), label };
    let wish = ChannelWish { log: services.channels.built_in(channel).log(), form };
    Ok(respond(services.hub.connect_channel(client, wish, since)?, admission))
}

/// What is told on a channel that somebody created, as server-sent events without a name.
///
/// Each `data:` is the JSON that was published, as it was written, on one line. There is no greeting; a comment keeps the connection
/// open. Ids and coming back are those of the named channels. The path may have slashes; `/` alone is one, too.
#[utoipa::path(
    get, path = "/streams/{path}", tag = "channels", operation_id = "created_channel",
    params(InPathCreated, LastEventIdParameter, LastEventIdHeader),
    responses(
        (status = 200, description = "Each `data:` is one message.", content_type = "text/event-stream", body = String),
        (status = "default", response = Refused),
    ),
)]
pub async fn created(
    State(services): State<Arc<Services>>,
    Counted(client): Counted,
    admission: Admission,
    uri: Uri,
    LastEventId(since): LastEventId,
) -> Result<Response, HttpError> {
    let path = path_of(&uri)?;
    services.channels.have_met().await;
    let channel = services.channels.find(&path).await.ok_or(HttpError::UnknownChannel)?;
    let wish = ChannelWish { log: channel.log(), form: ChannelForm::Plain };
    Ok(respond(services.hub.connect_channel(client, wish, since)?, admission))
}
