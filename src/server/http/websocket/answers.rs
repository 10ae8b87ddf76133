//! What a socket is told of itself, as text.

use serde::Serialize;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::{
    model::time::UnixMs,
    wire::socket::{ChannelList, Connected, Frame, PROTOCOL, Pong, SocketLimits},
};

/// A frame as text. `None` if it can't be written as JSON, which none can bring about.
pub(super) fn answer<T: Serialize>(frame: &Frame<'_, T>) -> Option<Utf8Bytes> {
    let text = serde_json::to_string(frame).inspect_err(|error| tracing::error!(%error, "a frame can't be encoded"));
    text.ok().map(Utf8Bytes::from)
}

/// The one of a list with one.
pub(super) fn only(names: &[String]) -> Option<&str> {
    match names {
        [one] => Some(one),
        _ => None,
    }
}

pub(super) fn connected(
    client_id: &str,
    channels: Vec<String>,
    limits: SocketLimits,
    now: UnixMs,
) -> Option<Utf8Bytes> {
    let data = Connected { client_id, timestamp: now.to_rfc3339(), protocol: PROTOCOL, channels, limits };
    answer(&Frame { r#type: "connected", channel: None, id: None, data })
}

/// With the place in the log up to which nothing is missing, where channels of the log are among them.
pub(super) fn subscribed(channels: Vec<String>, subscriptions: usize, place: Option<u64>) -> Option<Utf8Bytes> {
    let id = place.map(|place| place.to_string());
    listed("subscribed", id.as_deref(), channels, subscriptions)
}

pub(super) fn unsubscribed(channels: Vec<String>, subscriptions: usize) -> Option<Utf8Bytes> {
    listed("unsubscribed", None, channels, subscriptions)
}

fn listed(r#type: &str, id: Option<&str>, channels: Vec<String>, subscriptions: usize) -> Option<Utf8Bytes> {
    let channel = only(&channels).map(str::to_owned);
    answer(&Frame { r#type, channel: channel.as_deref(), id, data: ChannelList { channels, subscriptions } })
}

pub(super) fn pong(now: UnixMs) -> Option<Utf8Bytes> {
    answer(&Frame { r#type: "pong", channel: None, id: None, data: Pong { timestamp: now.to_rfc3339() } })
}
