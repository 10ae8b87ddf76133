//! What `GET /api/ws` answers without an upgrade.

use std::net::SocketAddr;

use http::{HeaderMap, header, uri::Authority};

use super::{
    budget::MESSAGES_PER_MINUTE,
    channel::Channel,
    protocol::{MAX_MESSAGE, MAX_SUBSCRIPTIONS},
};
use crate::{
    server::{config::LimitsConfig, hub::session::PING_INTERVAL, services::Services},
    wire::socket::{PROTOCOL, SocketInfo, SocketLimits},
};

/// Longest name of a host with its port, in bytes.
const MAX_AUTHORITY: usize = 261;

pub(super) fn document(services: &Services, headers: &HeaderMap) -> SocketInfo<'static> {
    let server = &services.config.server;
    SocketInfo {
        url: url(server.public_url.as_deref(), headers, server.addr),
        protocol: PROTOCOL,
        channels: Channel::names(services),
        sse: "/api/sse",
        socketio: "/socket.io/",
        docs: "/docs",
        limits: limits(&services.config.limits),
    }
}

pub(super) fn limits(config: &LimitsConfig) -> SocketLimits {
    SocketLimits {
        max_frame_bytes: MAX_MESSAGE,
        max_subscriptions: MAX_SUBSCRIPTIONS,
        messages_per_minute: MESSAGES_PER_MINUTE,
        connections_per_address: config.connections_per_address,
        connections_per_token: config.connections_per_token(),
        connections_per_minute: config.streams_per_minute(),
        connections_total: config.connections_total,
        ping_interval_s: PING_INTERVAL.as_secs(),
        stall_s: config.stall_s,
    }
}

/// Where to connect to: what is configured, or else the host that the client has just reached, or else the address that
/// is listened on.
fn url(public_url: Option<&str>, headers: &HeaderMap, addr: SocketAddr) -> String {
    let base = match public_url.and_then(|url| url.split_once("://")) {
        Some(("https", rest)) => format!("wss://{rest}"),
        Some((_, rest)) => format!("ws://{rest}"),
        None => match host(headers) {
            Some(host) => format!("ws://{host}"),
            None => format!("ws://{addr}"),
        },
    };
    format!("{base}/api/ws")
}

/// The host of a request, if it is one. Whoever asks can write anything there.
fn host(headers: &HeaderMap) -> Option<Authority> {
    let host = headers.get(header::HOST).filter(|host| host.len() <= MAX_AUTHORITY)?;
    let authority = Authority::try_from(host.as_bytes()).ok()?;
    (!authority.as_str().contains('@') && !authority.host().is_empty()).then_some(authority)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_address_is_the_configured_or_the_reached_one() {
        let addr = ([127, 0, 0, 1], 3000).into();
        for (public_url, host, expected) in [
            (Some("https://ticker.example.org"), Some("evil.example"), "wss://ticker.example.org/api/ws"),
            (Some("http://example.org:8080/pulse"), None, "ws://example.org:8080/pulse/api/ws"),
            (None, Some("example.org"), "ws://example.org/api/ws"),
            (None, Some("example.org:8080"), "ws://example.org:8080/api/ws"),
            (None, Some("[::1]:3000"), "ws://[::1]:3000/api/ws"),
            (None, None, "ws://127.0.0.1:3000/api/ws"),
            (None, Some(""), "ws://127.0.0.1:3000/api/ws"),
            (None, Some("user@example.org"), "ws://127.0.0.1:3000/api/ws"),
            (None, Some("example.org/path"), "ws://127.0.0.1:3000/api/ws"),
            (None, Some("a\"b<c>"), "ws://127.0.0.1:3000/api/ws"),
            (None, Some(":80"), "ws://127.0.0.1:3000/api/ws"),
            (None, Some("a b"), "ws://127.0.0.1:3000/api/ws"),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(host) = host {
                headers.insert(header::HOST, HeaderValue::from_str(host).expect("a header"));
            }
            assert_eq!(url(public_url, &headers, addr), expected, "{public_url:?} {host:?}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(&"a".repeat(300)).expect("a header"));
        assert_eq!(url(None, &headers, addr), "ws://127.0.0.1:3000/api/ws");
    }
}
