//! `GET`, `POST` and `DELETE /api/v1/channels`, and `GET /api/v1/sse/status`.
//!
//! Creating takes `{"path":"/notifications/user123"}`; removing takes the same, or one `?path=`, and then no body. A path starts with `/`, has
//! at most 200 characters, and no `..`, `\`, `//` or control characters, not even percent-encoded ones.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Request, State},
    response::IntoResponse,
};
use http::{StatusCode, Uri, header};

use super::{STREAMS, body, room_of};
use crate::{
    server::{
        access::Scope,
        channels::{
            Channel,
            builtin::BuiltIn,
            path::{ChannelPath, encode},
            publication,
            room::Room,
        },
        http::{
            caller::Caller,
            error::HttpError,
            openapi::{NewChannel, Refused, RemovedPath},
        },
        services::Services,
    },
    wire::{
        channels::{ChannelList, ChannelStatus, ChannelsStatus, CreatedChannel, RemovedChannel},
        rest::Success,
    },
};

/// How many follow each of the named channels.
///
/// `clients`, what they call themselves, is told to tokens with the scope `admin` only.
#[utoipa::path(
    get, path = "/api/v1/sse/status", tag = "channels", operation_id = "channels_status",
    responses((status = 200, body = ChannelsStatus), (status = "default", response = Refused)),
)]
pub async fn status(State(services): State<Arc<Services>>, caller: Caller) -> Json<ChannelsStatus> {
    let shows_labels = caller.may(Scope::Admin);
    let of_channel = |channel: BuiltIn| {
        let log = services.channels.built_in(channel).log();
        let clients = shows_labels.then(|| {
            let mut labels = log.labels();
            labels.sort_unstable();
            labels
        });
        // Readers over web sockets have no name.
        (channel.as_str(), ChannelStatus { connection_count: log.readers(), clients })
    };
    let channels: BTreeMap<_, _> = BuiltIn::ALL.into_iter().map(of_channel).collect();
    let total_connections = channels.values().map(|channel| channel.connection_count).sum();
    Json(ChannelsStatus { status: "active", total_connections, channels })
}

/// Every channel, built in and created.
#[utoipa::path(
    get, path = "/api/v1/channels", tag = "channels", operation_id = "channels",
    responses((status = 200, body = Success<ChannelList>), (status = "default", response = Refused)),
)]
pub async fn list(State(services): State<Arc<Services>>) -> Json<Success<ChannelList>> {
    services.channels.catch_up().await;
    let channels = services.channels.all_created().iter().map(|channel| created(channel)).collect();
    Json(Success::new(ChannelList { built_in: BuiltIn::ALL.map(BuiltIn::as_str).to_vec(), channels }))
}

/// Creates a channel.
///
/// It streams at `/streams` and its path, and is kept over a restart.
#[utoipa::path(
    post, path = "/api/v1/channels", tag = "channels", operation_id = "create_channel",
    request_body = NewChannel,
    responses(
        (status = 201, description = "It is there. `Location` says where it streams.", body = Success<CreatedChannel>),
        (status = "default", response = Refused),
    ),
    security(("bearer" = ["publish"]), ("token" = ["publish"])),
)]
pub async fn create(
    State(services): State<Arc<Services>>,
    caller: Caller,
    request: Request,
) -> Result<impl IntoResponse, HttpError> {
    caller.require(Scope::Publish)?;
    let path = path_in(room_of(&services.channels, &caller), request).await?;
    let channel = services.channels.create(path).await?;
    let created = created(&channel);
    let location = [(header::LOCATION, created.stream.clone())];
    Ok((StatusCode::CREATED, location, Json(Success::new(created))))
}

/// Removes a channel, and ends its streams with `stream_error` `removed`.
///
/// The path may also be in the body, as `{"path":…}`.
#[utoipa::path(
    delete, path = "/api/v1/channels", tag = "channels", operation_id = "remove_channel",
    params(RemovedPath),
    responses((status = 200, body = Success<RemovedChannel>), (status = "default", response = Refused)),
    security(("bearer" = ["publish"]), ("token" = ["publish"])),
)]
pub async fn remove(
    State(services): State<Arc<Services>>,
    caller: Caller,
    uri: Uri,
    request: Request,
) -> Result<Json<Success<RemovedChannel>>, HttpError> {
    caller.require(Scope::Publish)?;
    // What is removed is never guessed.
    let query = uri.query().unwrap_or_default();
    let mut named = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "path");
    let path = match (named.next(), named.next()) {
        (Some((_, path)), None) => ChannelPath::parse(&path)?,
        (Some(_), Some(_)) => return Err(HttpError::BadPath),
        (None, _) => path_in(room_of(&services.channels, &caller), request).await?,
    };
    let removed = RemovedChannel { path: path.as_str().to_owned(), removed: true };
    services.channels.remove(path).await?;
    Ok(Json(Success::new(removed)))
}

/// `{"path":…}`
async fn path_in(mut room: Room, request: Request) -> Result<ChannelPath, HttpError> {
    let body = body::read(request, &mut room).await?;
    Ok(ChannelPath::parse(&publication::text_in(&body, "path")?)?)
}

fn created(channel: &Channel) -> CreatedChannel {
    CreatedChannel {
        path: channel.name().to_owned(),
        stream: format!("{STREAMS}{}", encode(channel.name())),
        connection_count: channel.log().readers(),
        created_at: channel.created_at().to_rfc3339(),
        last_event_id: channel.log().tip().to_string(),
    }
}
