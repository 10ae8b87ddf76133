//! The library that speaks Socket.IO, and what it is asked: every request to it is of our own making.

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request, response::Response};
use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use socketioxide::{ParserConfig, SocketIo, service::SocketIoService, socket::Sid};
use tokio::io::{AsyncRead, AsyncWrite};
use tower::{Service, ServiceExt};
use tracing::error;

use super::{
    ask::{Ask, PATH},
    conduit::Conduit,
    line::Line,
};

/// Longest message of a client, and longest body of a request, in bytes.
pub(super) const MAX_MESSAGE: usize = 64 * 1024;
/// Packets that the library keeps for one session: two rounds of prices of as many symbols as there may be, and the
/// answers to as many events as there may be, each with an error and an acknowledgment.
const MAX_PACKETS: usize = 512;
/// What is read of a WebSocket at once, in bytes. Clients say little.
const READ_BUFFER: usize = 1024;
/// How long a session may take to enter the namespace.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(super) struct Library {
    /// Its inner service, for other paths than its own, is never asked.
    engine: SocketIoService<Router>,
    /// Its namespaces and their sockets.
    pub(super) io: SocketIo,
}

impl Library {
    pub(super) fn open() -> Self {
        // Binary data means nothing here.
        let parser = ParserConfig::common().max_incoming_binaries(0).max_incoming_binary_buf_size(0);
        let (engine, io) = SocketIo::builder()
            .req_path(PATH.trim_end_matches('/'))
            .with_parser(parser)
            .connect_timeout(CONNECT_TIMEOUT)
            .max_buffer_size(MAX_PACKETS)
            .max_payload(u64::try_from(MAX_MESSAGE).unwrap_or(u64::MAX))
            .ws_max_message_size(MAX_MESSAGE)
            .ws_max_frame_size(MAX_MESSAGE)
            .ws_read_buffer_size(READ_BUFFER)
            .build_with_inner_svc(Router::new());
        Self { engine, io }
    }

    /// The answer to a request: nothing of the client's reaches the library but the body, and nothing of the client's
    /// headers is kept as long as the session lives. A session that is opened is opened with its line.
    pub(super) async fn answer(&self, ask: Ask, line: Option<Arc<Line>>, body: Body) -> Response {
        let method = if matches!(ask, Ask::Post(_)) { Method::POST } else { Method::GET };
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = ask.uri();
        if let Some(line) = line {
            request.extensions_mut().insert(line);
        }
        match self.engine.clone().oneshot(request).await {
            Ok(response) => response.map(Body::new),
            Err(never) => match never {},
        }
    }

    /// Gives it a connection.
    pub(super) fn hand_over<S>(&self, ask: Ask, conduit: Conduit<S>, line: Arc<Line>)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let mut request = Request::new(());
        *request.uri_mut() = ask.uri();
        request.extensions_mut().insert(line);
        // It makes a task of it, and is never busy.
        if let Err(reason) = self.engine.clone().call((conduit, request)).into_inner() {
            error!(%reason, "the library does not understand a request of our own");
        }
    }
}

/// The id in its answer to a new session: `0{"sid":…}`.
pub(super) fn opened(body: &Bytes) -> Option<Sid> {
    #[derive(Deserialize)]
    struct Opened {
        sid: Sid,
    }
    let json = body.strip_prefix(b"0")?;
    serde_json::from_slice(json).ok().map(|Opened { sid }| sid)
}
