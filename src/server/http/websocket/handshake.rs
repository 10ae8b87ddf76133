//! From a request to a socket. <https://www.rfc-editor.org/rfc/rfc6455#section-4.2>
//!
//! Done here and not by the framework, as its socket can't be read on from after a message that is too long: the
//! connection would be reset before the client has read why.

use std::future::Future;

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header, request::Parts};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{WebSocketStream, tungstenite::handshake::derive_accept_key};

use super::{super::error::HttpError, connection};
use crate::wire::socket::PROTOCOL;

pub(in super::super) const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");
const UPGRADE: HeaderValue = HeaderValue::from_static("upgrade");
/// The one version that there is.
pub(in super::super) const VERSION: HeaderValue = HeaderValue::from_static("13");
/// 16 bytes as base64.
const KEY_LEN: usize = 24;

/// A connection that is no longer HTTP.
pub(in crate::server::http) type Stream = TokioIo<Upgraded>;
pub(super) type Socket = WebSocketStream<Stream>;

/// A request for an upgrade that is in order.
pub(in crate::server::http) struct Handshake {
    accept: HeaderValue,
    /// The client speaks this protocol by name.
    protocol: bool,
    upgrade: OnUpgrade,
}

/// Whether a request asks for an upgrade, in order or not.
pub(in crate::server::http) fn is_asked_for(headers: &HeaderMap) -> bool {
    has_token(headers, header::UPGRADE, "websocket")
}

impl Handshake {
    /// # Errors
    /// What is not in order.
    pub(in crate::server::http) fn read(request: &mut Parts) -> Result<Self, HttpError> {
        let headers = &request.headers;
        if headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version != VERSION) {
            return Err(HttpError::OtherWebSocketVersion);
        }
        let key = headers
            .get(header::SEC_WEBSOCKET_KEY)
            .filter(|key| is_key(key.as_bytes()))
            .ok_or(HttpError::BadHandshake)?;
        let in_order = request.method == Method::GET
            && request.version == Version::HTTP_11
            && headers.contains_key(header::SEC_WEBSOCKET_VERSION)
            && has_token(headers, header::CONNECTION, "upgrade");
        if !in_order {
            return Err(HttpError::BadHandshake);
        }
        let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes())).map_err(|_| HttpError::BadHandshake)?;
        let protocol = has_token(headers, header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL);
        let upgrade = request.extensions.remove::<OnUpgrade>().ok_or(HttpError::BadHandshake)?;
        Ok(Self { accept, protocol, upgrade })
    }

    /// The answer, and the socket that there is once it was sent; `None` if the connection breaks before.
    pub(super) fn accept(self) -> (Response, impl Future<Output = Option<Socket>> + Send) {
        let (response, stream) = self.accept_stream();
        let socket = async move {
            match stream.await {
                Some(stream) => Some(connection::socket(stream).await),
                None => None,
            }
        };
        (response, socket)
    }

    /// The same with the bare connection.
    pub(in crate::server::http) fn accept_stream(self) -> (Response, impl Future<Output = Option<Stream>> + Send) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, UPGRADE);
        headers.insert(header::UPGRADE, WEBSOCKET);
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, self.accept);
        if self.protocol {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
        }
        let upgrade = self.upgrade;
        let stream = async move {
            let upgraded = upgrade.await;
            let upgraded =
                upgraded.inspect_err(|error| tracing::debug!(%error, "a connection broke before it was a socket"));
            upgraded.ok().map(TokioIo::new)
        };
        (response, stream)
    }
}

/// Whether a header that is a list has this word, in any case.
fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    let mut words = headers
        .get_all(name)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(',').map(str::trim));
    words.any(|word| word.eq_ignore_ascii_case(token))
}

fn is_key(key: &[u8]) -> bool {
    let of_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == KEY_LEN && key.strip_suffix(b"==").is_some_and(|body| body.iter().all(of_base64))
}
