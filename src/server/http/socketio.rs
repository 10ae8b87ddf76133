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
//! `rate_limited` (the event was not heard), `unknown_event`. These leave the connection open. `too_many_events`,
//! `unauthorized` (the token is no longer good), `too_slow` and `going_down` end it, the first two with a disconnection
//! from the namespace, after which clients do not come back by themselves, the others with the end of the transport,
//! after which they do.
//!
//! A slow client gets the newest price of each symbol, never a backlog. There is no replay. Packets with binary data, in
//! other namespaces' names, longer than 64 KiB, or that can't be read end the session, as Socket.IO's own server does it.
//! By polling the answer says why; a WebSocket just ends.
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
//! | [`stay`], [`feed`] | are with a client from its coming to its end, send prices |
//! | [`library`] | is what is behind this, and is asked |
//! | [`line`] | is what these share of one session |
//! | [`conduit`], [`flow`] | watch a connection |

mod ask;
mod client;
mod conduit;
pub(super) mod description;
mod fault;
mod feed;
mod flow;
mod library;
mod line;
mod stay;

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, HttpBody, to_bytes},
    extract::{Request, State},
    response::Response,
    routing::get,
};
use futures_util::future::join_all;
use http::{HeaderValue, header, request::Parts};
use socketioxide::{extract::SocketRef, handler::ConnectHandler, socket::Sid};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, warn};

use self::{
    ask::{Ask, PATH, refuse},
    client::Client,
    conduit::Conduit,
    library::{Library, MAX_MESSAGE, opened},
    line::{Line, Lines},
    stay::LINGER,
};
use super::{
    address::client_of,
    caller::admitted,
    cors::Origins,
    error::HttpError,
    rate_limit::refused_to,
    websocket::handshake::{self, Handshake},
};
use crate::server::{follows::Interests, metrics::clients::Protocol, rate::Purpose, services::Services};

/// How long the body of a request may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What every request needs.
pub(super) struct Reception {
    services: Arc<Services>,
    origins: Arc<Origins>,
    lines: Arc<Lines>,
    library: Library,
}

/// The route, and the task that ends its sessions with the server.
pub(super) fn router<S>(services: &Arc<Services>, origins: &Arc<Origins>) -> Router<S> {
    let reception = Reception::open(Arc::clone(services), Arc::clone(origins));
    services.tasks.spawn(Arc::clone(&reception).end_with_server());
    let methods = || get(receive).post(hear).fallback(receive);
    Router::new().route(PATH, methods()).route(PATH.trim_end_matches('/'), methods()).with_state(reception)
}

/// Prices over Socket.IO, protocol 5 over Engine.IO 4, in the namespace `/`.
///
/// For `socket.io-client` 3 and 4 and `python-socketio` 5, by polling or WebSocket. A client that asks for an
/// acknowledgment gets `symbols` and `message` of what was done, with `errors`, the list of what was not. Prices are not
/// replayed. A token is shown when a session is opened, as a header or as `?token=`. Pages of other sites are refused with
/// `origin_not_allowed`, by polling and by WebSocket alike, unless `server.cors_origins` names them or allows any. Refusals
/// have Engine.IO's own `code` and `message` beside what every refusal has.
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

/// What a client of Socket.IO says that polls.
///
/// Packets of Engine.IO, as libraries write them. Refused ones end the session where something would be missing.
#[utoipa::path(
    post, path = "/socket.io/", tag = "sockets", operation_id = "socketio_say",
    params(super::openapi::EngineParameters),
    request_body(content = String, content_type = "text/plain", description = "Packets, with U+001E between them, of at most 64 KiB together."),
    responses(
        (status = 200, description = "`ok`", content_type = "text/plain", body = String),
        (status = "default", response = super::openapi::Refused),
    ),
)]
pub(super) async fn hear(reception: State<Arc<Reception>>, request: Request) -> Response {
    receive(reception, request).await
}

impl Reception {
    fn open(services: Arc<Services>, origins: Arc<Origins>) -> Arc<Self> {
        let library = Library::open();
        Arc::new_cyclic(|reception| {
            let admitting = Arc::clone(&services);
            let admit = async move |socket: SocketRef| stay::admit(&admitting, &socket);
            let (entering, reception) = (Arc::clone(&services), Weak::clone(reception));
            let enter = async move |socket: SocketRef| {
                if let Some(line) = Line::of(&socket) {
                    stay::attend(reception, Client { services: entering, line }, socket).await;
                }
            };
            library.io.ns("/", enter.with(admit));
            Self { services, origins, lines: Arc::default(), library }
        })
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

    /// A session that begins with polling. The answer names it.
    async fn start_polling(&self, ask: Ask, line: Arc<Line>) -> Result<Response, HttpError> {
        let response = self.library.answer(ask, Some(Arc::clone(&line)), Body::empty()).await;
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
        let response = self.library.answer(ask, None, Body::empty()).await;
        // One byte is a ping, or nothing at all.
        if response.status().is_success() && response.body().size_hint().lower() > 1 {
            line.flow.took_all();
        }
        understood(response, line)
    }

    async fn post(&self, ask: Ask, line: &Line, body: Body) -> Result<Response, HttpError> {
        let body = timeout(BODY_TIMEOUT, to_bytes(body, MAX_MESSAGE));
        let heard = match body.await {
            Err(_) => Err(HttpError::BodyTooSlow),
            Ok(Err(_)) => Err(HttpError::BodyTooLarge { most: MAX_MESSAGE }),
            Ok(Ok(bytes)) => line.heard(bytes.len(), Instant::now()).map(|()| bytes).map_err(HttpError::rate_limited),
        };
        match heard {
            Ok(bytes) => understood(self.library.answer(ask, None, bytes.into()).await, line),
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
        let library = self.library.clone();
        self.services.tasks.spawn(async move {
            if let Some(stream) = stream.await {
                library.hand_over(ask, Conduit::new(stream, Arc::clone(&line)), line);
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
                reception.library.hand_over(ask, conduit, Arc::clone(&line));
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
            let response = self.library.answer(Ask::Post(sid), None, Body::from("1")).await;
            debug!(status = %response.status(), "a session of Socket.IO ends");
        }
    }

    /// Waits for the end of every session when the server goes down: each is told when to come back.
    async fn end_with_server(self: Arc<Self>) {
        self.services.hub.shutdown().cancelled().await;
        let lines = self.library.io.sockets().iter().filter_map(Line::of).collect::<Vec<_>>();
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

/// The library's answer, in whose place a refusal is told as everywhere: its own have no words.
fn understood(response: Response, line: &Line) -> Result<Response, HttpError> {
    let is_refusal = !response.status().is_success();
    if is_refusal && (line.flow.is_cut() || line.left.is_cancelled()) {
        return Err(HttpError::UnknownSession);
    }
    if is_refusal { Err(HttpError::BadEngineRequest) } else { Ok(response) }
}

fn handshake(parts: &mut Parts) -> Result<Handshake, HttpError> {
    if handshake::is_asked_for(&parts.headers) { Handshake::read(parts) } else { Err(HttpError::BadHandshake) }
}
