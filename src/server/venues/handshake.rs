//! From an address to an open WebSocket, and what stood in the way.

use std::time::Duration;

use thiserror::Error;
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, protocol::WebSocketConfig},
};

use super::{
    connector::Connector,
    dialer::{Dialer, Socket},
    rest_error::{Answer, RestError},
    retry_after::retry_after,
};

/// Name, TCP, TLS and upgrade together may take this long.
pub(super) const OPEN_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest message that is read. The longest that a venue sends for one ticker is under 1 KiB.
pub(super) const MAX_MESSAGE_BYTES: usize = 1 << 20;

pub(super) type WebSocket = WebSocketStream<Box<dyn Socket>>;

/// Why no WebSocket could be opened.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum OpenError {
    #[error("not a WebSocket address")]
    Address,
    #[error("no connection within {} s", OPEN_TIMEOUT.as_secs())]
    Timeout,
    #[error("no connection: {0}")]
    Connect(String),
    /// HTTP 451, or 403 where the venue does not mean a rate by it.
    #[error("region refused (HTTP {status})")]
    Region { status: u16 },
    /// HTTP 418 or 429, or what else the venue means by it.
    #[error("too many connections (HTTP {status})")]
    RateLimited { status: u16, retry_after: Duration },
    #[error("the server answered HTTP {status}")]
    Http { status: u16 },
    #[error("no WebSocket: {0}")]
    Handshake(String),
}

/// The server of this address, without path, query and credentials: `wss://ws.okx.com:8443`.
pub(super) fn endpoint(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(url) => {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
        }
        Err(_) => String::new(),
    }
}

/// Opens a WebSocket to a venue. A refusal is read as the venue means it: one status can be a region or a rate.
pub(super) async fn open(dialer: &dyn Dialer, url: &str, venue: &dyn Connector) -> Result<WebSocket, OpenError> {
    timeout(OPEN_TIMEOUT, open_unlimited(dialer, url, venue)).await.unwrap_or(Err(OpenError::Timeout))
}

async fn open_unlimited(dialer: &dyn Dialer, address: &str, venue: &dyn Connector) -> Result<WebSocket, OpenError> {
    let url = url::Url::parse(address).map_err(|_| OpenError::Address)?;
    let (tls, default_port) = match url.scheme() {
        "ws" => (false, 80),
        "wss" => (true, 443),
        _ => return Err(OpenError::Address),
    };
    let host = url.host_str().ok_or(OpenError::Address)?.trim_matches(['[', ']']);
    let port = url.port().unwrap_or(default_port);
    let stream = dialer.dial(host, port, tls).await.map_err(|e| OpenError::Connect(e.to_string()))?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES))
        .read_buffer_size(16 << 10)
        .write_buffer_size(0);
    match client_async_with_config(url.as_str(), stream, Some(config)).await {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(response)) => Err(refused(&response, venue)),
        Err(error) => Err(OpenError::Handshake(error.to_string())),
    }
}

fn refused(response: &tungstenite::http::Response<Option<Vec<u8>>>, venue: &dyn Connector) -> OpenError {
    let status = response.status().as_u16();
    let body = response.body().as_deref().unwrap_or_default();
    match venue.refusal(&Answer { status, retry_after: retry_after(response.headers()), body }) {
        Some(RestError::RegionBlocked { status }) => OpenError::Region { status },
        Some(RestError::RateLimited { retry_after }) => OpenError::RateLimited { status, retry_after },
        _ => OpenError::Http { status },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_has_no_path_and_no_secrets() {
        for (url, expected) in [
            ("wss://ws.okx.com:8443/ws/v5/public", "wss://ws.okx.com:8443"),
            ("ws://user:secret@127.0.0.1:19001/stream?key=1", "ws://127.0.0.1:19001"),
            ("wss://stream.bybit.com/v5/public/spot", "wss://stream.bybit.com"),
            ("nonsense", ""),
        ] {
            assert_eq!(endpoint(url), expected);
        }
    }
}
