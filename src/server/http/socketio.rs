//! `/socket.io/`: prices for clients of Socket.IO, protocol 5 over Engine.IO 4, in the namespace `/`.
//!
//! The client says:
//!
//! | event | data | answer |
//! |---|---|---|
//! | `subscribe` | `{"symbols":["BTCUSDT","ETHUSDT"]}` | `subscribed`, then at once the newest `price_update` of each |
//! | `unsubscribe` | `{"symbols":["BTCUSDT"]}` | `unsubscribed`, also for what was not followed |
//!
//! The server says:
//!
//! | event | data |
//! |---|---|
//! | `connected` | `message`, `client_id`: the first event |
//! | `subscribed`, `unsubscribed` | `symbols`, `message` |
//! | `price_update` | as `data` of `GET /price/{symbol}` |
//! | `subscribe_error`, `unsubscribe_error` | `symbols`, `message`, `code`, `retry`: what could not be done; the rest was |
//! | `stream_error` | `code`, `message`, `retry`: about anything else, and before the server ends a connection |
//!
//! Symbols may be written as anywhere else, and are answered as pairs. To subscribe again to a symbol is to ask for its
//! newest price again. A client that asks for an acknowledgment gets `symbols` and `message` of what was done with
//! `errors`, the list of what was not. `retry` is `null` where waiting does not help.
//!
//! Codes: `missing_symbols`, `bad_symbols`, `unknown_symbol`, `too_many_symbols`, `too_many_followed`, `starting`,
//! `rate_limited` (the event was not heard), `unknown_event`. These leave the connection open. `too_many_events`, `unauthorized` (the token is no longer
//! good), `too_slow` and `going_down` end it, the first two with a disconnection from the namespace, after which clients
//! do not come back by themselves, the others with the end of the transport, after which they do.
//!
//! A slow client gets the newest price of each symbol, never a backlog. There is no replay. Packets with binary data, in
//! other namespaces' names, or that can't be read end the session, as Socket.IO's own server does it.
//!
//! # Limits
//!
//! A session counts as a stream, in all and of its address, whatever it is carried by. Refused ones get `503` with
//! `retry`. Pages of sites that are not allowed get `403` for polling and for web sockets alike. A token is shown as
//! everywhere else, when a session is opened.
//!
//! | file | does |
//! |---|---|
//! | [`ask`] | reads requests, writes refusals |
//! | [`client`], [`fault`] | answers events |
//! | [`feed`] | sends prices |
//! | [`line`] | is what these share of one session |
//! | [`conduit`], [`flow`] | watch a connection |

mod ask;
mod client;
mod conduit;
pub(super) mod description;
mod fault;
mod feed;
mod flow;
mod line;

use std::{
    fmt,
    future::poll_fn,
    sync::{Arc, Weak},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, HttpBody, to_bytes},
    extract::{Request, State},
    response::Response,
    routing::any,
};
use bytes::Bytes;
use futures_util::future::join_all;
use http::{HeaderValue, header, request::Parts};
use serde::Deserialize;
use socketioxide::{
    ParserConfig, SocketIo,
    extract::SocketRef,
    handler::ConnectHandler,
    service::SocketIoService,
    socket::{DisconnectReason, Sid},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    select,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt};
use tracing::{debug, error, info, warn};

use self::{
    ask::{Ask, PATH, refuse},
    client::Client,
    conduit::Conduit,
    fault::Fault,
    feed::{End, feed},
    line::{Line, Lines},
};
use super::{
    address::client_of,
    caller::admitted,
    cors::Origins,
    error::HttpError,
    lapse::lapsed,
    rate_limit::refused_to,
    websocket::handshake::{self, Handshake},
};
use crate::{
    server::{
        follows::Interests,
        metrics::clients::Protocol,
        rate::Purpose,
        services::Services,
        shutdown::{GOING_DOWN, reconnect_after_ms},
        uptake::TOO_SLOW_MS,
    },
    wire::{error::Retry, socketio::StreamError},
};

/// Longest message of a client, and longest body of a request, in bytes.
const MAX_MESSAGE: usize = 64 * 1024;
/// Packets that the library keeps for one session: two rounds of prices of as many symbols as there may be, and the
/// answers to as many events as there may be, each with an error and an acknowledgment.
const MAX_PACKETS: usize = 512;
/// What is read of a WebSocket at once, in bytes. Clients say little.
const READ_BUFFER: usize = 1024;
/// How long a session may take to enter the namespace.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the body of a request may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client that was told of the end may take to go.
const LINGER: Duration = Duration::from_secs(2);

/// What every request needs.
pub(super) struct Reception {
    services: Arc<Services>,
    origins: Arc<Origins>,
    lines: Arc<Lines>,
    /// The library. Its inner service, for other paths than its own, is never asked.
    engine: SocketIoService<Router>,
    io: SocketIo,
}

/// The route, and the task that ends its sessions with the server.
pub(super) fn router<S>(services: &Arc<Services>, origins: &Arc<Origins>) -> Router<S> {
    let reception = Reception::open(Arc::clone(services), Arc::clone(origins));
    services.tasks.spawn(Arc::clone(&reception).end_with_server());
    Router::new().route(PATH, any(receive)).route(PATH.trim_end_matches('/'), any(receive)).with_state(reception)
}

/// Prices over Socket.IO, protocol 5 over Engine.IO 4, in the namespace `/`.
///
/// For `socket.io-client` 3 and 4 and `python-socketio` 5, by polling or WebSocket. A client that asks for an
/// acknowledgment gets `symbols` and `message` of what was done, with `errors`, the list of what was not. Prices are not
/// replayed. A token is shown when a session is opened, as a header or as `?token=`. Pages of other sites are refused with
/// `origin_not_allowed`, by polling and by WebSocket alike, unless `server.cors_origins` names them or allows any.
#[utoipa::path(
    get, path = "/socket.io/", tag = "sockets", operation_id = "socketio",
    params(super::openapi::EngineParameters),
    responses(
        (status = 101, description = "With `transport=websocket` and an upgrade: the socket is open."),
        (status = 200, description = "With `transport=polling`: packets of Engine.IO.", content_type = "text/plain", body = String),
        (status = "default", response = super::openapi::Refused),
    ),
)]
pub(super) async fn receive(State(reception): State<Arc<Reception>>, request: Request) -> Response {
    let mut response = reception.answer(request).await.unwrap_or_else(refuse);
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Why a client may not enter the namespace.
#[derive(Debug)]
struct Ended;

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this session ends; open another")
    }
}

impl Reception {
    fn open(services: Arc<Services>, origins: Arc<Origins>) -> Arc<Self> {
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
        Arc::new_cyclic(|reception| {
            let admitting = Arc::clone(&services);
            let admit = async move |socket: SocketRef| Self::admit(&admitting, &socket);
            let (entering, reception) = (Arc::clone(&services), Weak::clone(reception));
            let enter = async move |socket: SocketRef| {
                if let Some(line) = line_of(&socket) {
                    Self::attend(reception, Client { services: entering, line }, socket).await;
                }
            };
            io.ns("/", enter.with(admit));
            Self { services, origins, lines: Arc::default(), engine, io }
        })
    }

    /// Before a client is in the namespace: from then on it is heard.
    fn admit(services: &Arc<Services>, socket: &SocketRef) -> Result<(), Ended> {
        let line = line_of(socket).filter(|line| !line.left.is_cancelled()).ok_or(Ended)?;
        Client { services: Arc::clone(services), line: Arc::clone(&line) }.listen(socket);
        socket.on_disconnect(move |reason: DisconnectReason| {
            let stays = matches!(reason, DisconnectReason::ClientNSDisconnect | DisconnectReason::ServerNSDisconnect);
            debug!(%reason, "a client of Socket.IO has left");
            if !stays {
                line.flow.cut();
            }
            line.left.cancel();
            std::future::ready(())
        });
        Ok(())
    }

    /// As long as the client is in the namespace, and until its session is gone.
    async fn attend(reception: Weak<Self>, client: Client, socket: SocketRef) {
        client.greet(&socket);
        let pace = Duration::from_millis(client.services.config.market.coalesce_ms);
        let line = Arc::clone(&client.line);
        let end = select! {
            end = feed(&socket, &line, pace) => end,
            () = token_lapsed(&client) => End::Denied,
        };
        // It costs nobody anything any more, and counts as a connection until it is gone.
        line.retire();
        match end {
            End::GoingDown => dismiss(&client, &socket).await,
            End::Left if line.flow.is_cut() => return,
            End::Left => sleep(LINGER).await,
            End::Denied => {
                client.send_away(socket, &Fault::Denied);
                sleep(LINGER).await;
            }
            End::TooSlow => {
                info!("a client of Socket.IO takes nothing for too long; its session ends");
                let message = "the prices were not read for too long; reconnect".into();
                let retry = Some(Retry::after_ms(TOO_SLOW_MS));
                client.tell(&socket, "stream_error", &StreamError { code: "too_slow", message, retry });
            }
        }
        if let Some(reception) = reception.upgrade() {
            reception.close(&line).await;
        }
    }

    async fn answer(self: &Arc<Self>, request: Request) -> Result<Response, HttpError> {
        let (mut parts, body) = request.into_parts();
        let ask = self.read(&parts).map_err(|error| refused_to(&parts, &self.services, error))?;
        match ask {
            Ask::Open => {
                let line = self.admit_session(&mut parts)?;
                self.start_polling(ask, line).await
            }
            Ask::Poll(sid) => {
                let line = self.find(sid, &parts)?;
                self.poll(ask, &line).await
            }
            Ask::Post(sid) => {
                let line = self.find(sid, &parts)?;
                self.post(ask, &line, body).await
            }
            Ask::WebSocket(None) => self.start_websocket(ask, parts),
            Ask::WebSocket(Some(sid)) => {
                let line = self.find(sid, &parts)?;
                self.upgrade(ask, line, parts)
            }
        }
    }

    /// What is asked for, by whom it may be.
    fn read(&self, parts: &Parts) -> Result<Ask, HttpError> {
        if !self.origins.admit_socket(&parts.headers) {
            return Err(HttpError::OriginRefused);
        }
        Ask::read(&parts.method, parts.uri.query().unwrap_or_default())
    }

    /// A session, of which a request is counted.
    fn find(&self, sid: Sid, parts: &Parts) -> Result<Arc<Line>, HttpError> {
        let line = self.lines.find(sid).filter(|line| !line.flow.is_cut());
        let line = line.ok_or_else(|| refused_to(parts, &self.services, HttpError::UnknownSession))?;
        line.asked(Instant::now()).map_err(HttpError::rate_limited)?;
        Ok(line)
    }

    /// Room for one more session, for a caller who may have one. The id of a session stands for the caller from then on.
    fn admit_session(&self, parts: &mut Parts) -> Result<Arc<Line>, HttpError> {
        let services = &self.services;
        let caller = admitted(parts, services);
        let client = client_of(&parts.extensions, &parts.headers, &services.config.server.trusted_proxies);
        services.rates.take(Purpose::Stream, client, Instant::now())?;
        let token = caller?.grant().map(|grant| grant.id);
        let session = services.hub.session(client, Protocol::SocketIo)?;
        let interests = Interests::new(Arc::clone(&services.follows), client);
        Ok(self.lines.open(session, interests, token))
    }

    /// The library's answer to a request of our own making: nothing of the client's reaches it but the body, and nothing
    /// of the client's headers is kept as long as the session lives.
    async fn ask_library(&self, ask: Ask, line: Option<Arc<Line>>, body: Body) -> Response {
        let method = if matches!(ask, Ask::Post(_)) { http::Method::POST } else { http::Method::GET };
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

    /// A session that begins with polling. The answer names it.
    async fn start_polling(&self, ask: Ask, line: Arc<Line>) -> Result<Response, HttpError> {
        let response = self.ask_library(ask, Some(Arc::clone(&line)), Body::empty()).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, MAX_MESSAGE).await.map_err(|_| HttpError::BadEngineRequest)?;
        if let Some(sid) = opened(&body) {
            line.name(sid);
        } else {
            error!("a session was opened without an id");
        }
        Ok(Response::from_parts(parts, body.into()))
    }

    async fn poll(&self, ask: Ask, line: &Line) -> Result<Response, HttpError> {
        let response = self.ask_library(ask, None, Body::empty()).await;
        // One byte is a ping, or nothing at all.
        if response.status().is_success() && response.body().size_hint().lower() > 1 {
            line.flow.took_all();
        }
        if line.flow.is_cut() && !response.status().is_success() {
            return Err(HttpError::UnknownSession);
        }
        Ok(response)
    }

    async fn post(&self, ask: Ask, line: &Line, body: Body) -> Result<Response, HttpError> {
        let body = timeout(BODY_TIMEOUT, to_bytes(body, MAX_MESSAGE));
        let heard = match body.await {
            Err(_) => Err(HttpError::BodyTooSlow),
            Ok(Err(_)) => Err(HttpError::BodyTooLarge { most: MAX_MESSAGE }),
            Ok(Ok(bytes)) => line.heard(bytes.len(), Instant::now()).map(|()| bytes).map_err(HttpError::rate_limited),
        };
        match heard {
            Ok(bytes) => Ok(self.ask_library(ask, None, bytes.into()).await),
            Err(error) => {
                // What is missing now would be missing for good.
                self.close(line).await;
                Err(error)
            }
        }
    }

    fn start_websocket(&self, ask: Ask, mut parts: Parts) -> Result<Response, HttpError> {
        let handshake = handshake(&mut parts)?;
        let line = self.admit_session(&mut parts)?;
        let (response, stream) = handshake.accept_stream();
        let engine = self.engine.clone();
        self.services.tasks.spawn(async move {
            if let Some(stream) = stream.await {
                hand_over(engine, ask, Conduit::new(stream, Arc::clone(&line)), line);
            }
        });
        Ok(response)
    }

    /// A WebSocket for a session that began with polling. One try is all there is: the library goes on with no other.
    fn upgrade(self: &Arc<Self>, ask: Ask, line: Arc<Line>, mut parts: Parts) -> Result<Response, HttpError> {
        // Where it is not in order the session goes on with polling.
        let handshake = handshake(&mut parts)?;
        if !line.begin_upgrade() {
            return Err(HttpError::BadEngineRequest);
        }
        let (response, stream) = handshake.accept_stream();
        let reception = Arc::downgrade(self);
        self.services.tasks.spawn(async move {
            let gone = CancellationToken::new();
            if let (Some(stream), Some(reception)) = (stream.await, reception.upgrade()) {
                let conduit = Conduit::new(stream, Arc::clone(&line)).signaling(gone.clone());
                hand_over(reception.engine.clone(), ask, conduit, Arc::clone(&line));
                drop(reception);
                gone.cancelled().await;
            }
            // Where it was not upgraded in the end, the library has forgotten the session half, and would never end it.
            if let Some(reception) = reception.upgrade() {
                reception.close(&line).await;
            }
        });
        Ok(response)
    }

    /// Ends a session at once, whatever carries it.
    async fn close(&self, line: &Line) {
        line.flow.cut();
        if let Some(sid) = line.sid() {
            // What a client that polls says when it goes. The library does not know a session that has gone already.
            let response = self.ask_library(Ask::Post(sid), None, Body::from("1")).await;
            debug!(status = %response.status(), "a session of Socket.IO ends");
        }
    }

    /// Waits for the end of every session when the server goes down: each is told when to come back.
    async fn end_with_server(self: Arc<Self>) {
        self.services.hub.shutdown().cancelled().await;
        let lines = self.io.sockets().iter().filter_map(line_of).collect::<Vec<_>>();
        let left = join_all(lines.iter().map(|line| line.left.cancelled()));
        if timeout(LINGER * 2, left).await.is_err() {
            warn!("some sessions of Socket.IO did not end in time");
        }
        // Those that had not yet entered the namespace.
        for line in self.lines.all() {
            self.close(&line).await;
        }
    }
}

fn handshake(parts: &mut Parts) -> Result<Handshake, HttpError> {
    if handshake::is_asked_for(&parts.headers) { Handshake::read(parts) } else { Err(HttpError::BadHandshake) }
}

/// Tells a client when to come back, and gives it the time to hear that. The library's own good-bye is left out: some
/// clients take it for a word not to come back.
async fn dismiss(client: &Client, socket: &SocketRef) {
    let flow = &client.line.flow;
    let mark = Some(flow.taken());
    let retry = Some(Retry::after_ms(reconnect_after_ms(client.line.number())));
    client.tell(socket, "stream_error", &StreamError { code: "going_down", message: GOING_DOWN.into(), retry });
    if timeout(LINGER, poll_fn(|cx| flow.poll_clear(mark, cx))).await.is_err() {
        debug!("a client of Socket.IO takes no good-bye; its session is cut off");
    }
}

/// Waits for the end of the token that a session was opened with.
async fn token_lapsed(client: &Client) {
    match client.line.token() {
        Some(token) => lapsed(Arc::clone(&client.services), token).await,
        None => std::future::pending().await,
    }
}

/// The line that a session was opened with.
fn line_of(socket: &SocketRef) -> Option<Arc<Line>> {
    let line = socket.req_parts().extensions.get::<Arc<Line>>();
    if line.is_none() {
        error!("a session of Socket.IO has no line");
    }
    line.cloned()
}

/// The id in the library's answer to a new session: `0{"sid":…}`.
fn opened(body: &Bytes) -> Option<Sid> {
    #[derive(Deserialize)]
    struct Opened {
        sid: Sid,
    }
    let json = body.strip_prefix(b"0")?;
    serde_json::from_slice(json).ok().map(|Opened { sid }| sid)
}

/// Gives the library a connection.
fn hand_over<S>(mut engine: SocketIoService<Router>, ask: Ask, conduit: Conduit<S>, line: Arc<Line>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut request = Request::new(());
    *request.uri_mut() = ask.uri();
    request.extensions_mut().insert(line);
    // The library makes a task of it, and is never busy.
    if let Err(reason) = engine.call((conduit, request)).into_inner() {
        error!(%reason, "the library does not understand a request of our own");
    }
}
