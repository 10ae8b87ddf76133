//! The frames of `GET /api/ws`, and the document that describes it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::error::Retry;

/// The name of the protocol, also as a WebSocket subprotocol.
pub const PROTOCOL: &str = "market-pulse.v1";

/// What `GET /api/ws` answers without an upgrade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SocketInfo<'a> {
    /// Where to connect to.
    pub url: String,
    /// `market-pulse.v1`
    pub protocol: &'a str,
    /// What can be subscribed to.
    pub channels: Vec<String>,
    /// Where the same is served as server-sent events.
    pub sse: &'a str,
    /// Where the same is served as Socket.IO.
    pub socketio: &'a str,
    /// Where the documentation is.
    pub docs: &'a str,
    pub limits: SocketLimits,
}

/// The limits of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SocketLimits {
    /// Longest message of a client, in bytes, all its fragments together.
    pub max_frame_bytes: usize,
    /// Channels that one socket may follow at a time.
    pub max_subscriptions: usize,
    /// Messages of one client in any minute.
    pub messages_per_minute: usize,
    /// Open streams of one client address, sockets included.
    pub connections_per_address: usize,
    /// Open streams of one token, beside the limit of its address.
    pub connections_per_token: usize,
    /// Streams that one client address may open a minute.
    pub connections_per_minute: u32,
    /// Open streams in all, sockets included.
    pub connections_total: usize,
    /// Between two pings of the server, in seconds. A client that answers two of them with nothing is disconnected.
    pub ping_interval_s: u64,
    /// A client that takes no byte for so long is disconnected, in seconds.
    pub stall_s: u64,
}

/// A frame of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Frame<'a, T> {
    pub r#type: &'a str,
    /// Where it concerns one channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<&'a str>,
    /// A place in the log: what follows it is sent to whoever gives it as `lastEventId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    pub data: T,
}

/// `connected`: the first frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = SocketConnected))]
#[serde(rename_all = "camelCase")]
pub struct Connected<'a> {
    pub client_id: &'a str,
    /// RFC 3339
    pub timestamp: String,
    /// `market-pulse.v1`
    pub protocol: &'a str,
    /// What can be subscribed to.
    pub channels: Vec<String>,
    pub limits: SocketLimits,
}

/// `subscribed` and `unsubscribed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = SocketChannels))]
pub struct ChannelList {
    /// Those that were asked for and are known, in the asked order, without duplicates.
    pub channels: Vec<String>,
    /// How many the socket follows now.
    pub subscriptions: usize,
}

/// `pong`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = SocketPong))]
pub struct Pong {
    /// RFC 3339
    pub timestamp: String,
}

/// `error`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SocketError<'a> {
    pub code: &'a str,
    pub message: Cow<'a, str>,
    /// `null` where waiting does not help.
    pub retry: Option<Retry>,
    /// The channels that it is about, as the client named them; shortened where they are many or long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<String>>,
}
