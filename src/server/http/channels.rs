//! Channels: named ones with events of a fixed shape, and created ones with any JSON.
//!
//! | endpoint | does |
//! |---|---|
//! | `GET /api/v1/sse/{channel}` | streams `training`, `backtest`, `alerts` or `dashboard` |
//! | `GET /api/v1/sse/status` | how many read each of them; to an administrator also what they call themselves |
//! | `POST /api/v1/channels/{channel}/events` | publishes `{"event":…,"data":{…}}` |
//! | `GET`, `POST`, `DELETE /api/v1/channels` | lists, creates and removes channels with a path |
//! | `GET /streams{path}` | streams a created channel |
//! | `POST /streams{path}` | publishes any JSON on it |
//!
//! Publishing, creating and removing need a token with the scope `publish`.

pub(super) mod body;
pub(super) mod client_id;
pub(super) mod manage;
pub(super) mod publish;
pub(super) mod stream;

use http::Uri;

use super::{caller::Caller, error::HttpError};
use crate::server::channels::{
    Channels,
    path::{ChannelPath, decode},
    room::Room,
};

/// What stands before the path of a created channel.
const STREAMS: &str = "/streams";

/// Room for what a caller publishes.
fn room_of(channels: &Channels, caller: &Caller) -> Room {
    channels.room(caller.grant().map(|grant| grant.id))
}

/// The path of a created channel, from the address that was asked for.
fn path_of(uri: &Uri) -> Result<ChannelPath, HttpError> {
    let encoded = uri.path().strip_prefix(STREAMS).ok_or(HttpError::NotFound)?;
    let path = String::from_utf8(decode(encoded.as_bytes())).map_err(|_| HttpError::BadPath)?;
    Ok(ChannelPath::parse(&path)?)
}
