//! `GET /api/ws`: prices and news over a WebSocket. Without an upgrade: a document that describes it.
//!
//! The client sends JSON texts:
//!
//! | message | answer |
//! |---|---|
//! | `{"op":"subscribe","channels":["ticker:BTC","news"],"lastEventId":"7"}` | `subscribed`, then at once the newest ticker of each symbol |
//! | `{"op":"unsubscribe","channels":["ticker:BTC"]}` | `unsubscribed`, also for what was not followed |
//! | `{"op":"ping"}` | `pong` |
//!
//! The server sends JSON texts `{"type","channel"?,"id"?,"data"}`:
//!
//! | type | channel | data |
//! |---|---|---|
//! | `connected` | | `clientId`, `timestamp`, `protocol`, `channels`, `limits`: the first frame |
//! | `subscribed`, `unsubscribed` | where it was one | `channels`, and how many `subscriptions` there are now |
//! | `ticker` | `ticker:BTC` | the whole ticker; a slow client gets the newest, never a backlog |
//! | `news`, `story_update` | `news` | as in `/api/sse` |
//! | `breaking`, `breaking_update` | `breaking` | as in `/api/sse` |
//! | `training_progress`, `risk_alert`, … | `training`, `backtest`, `alerts`, `dashboard` | what was published |
//! | `gap` | any but tickers | `from`, `to`, `reason`: what was missed can't be replayed |
//! | `pong` | | `timestamp` |
//! | `error` | where it is about one | `code`, `message`, `retry` (`null` where waiting does not help), perhaps `channels` |
//!
//! A symbol may be written as anywhere else; the name of its channel is `ticker:` and the base asset in upper case. To
//! subscribe again to a symbol is to ask for its newest ticker again.
//!
//! A symbol that is not configured, and so in no list, but that a venue lists, is followed as long as a socket subscribes to
//! it and a minute longer: its first ticker comes with the first answer of a venue.
//!
//! `id` is a place in a log; tickers have none. `news` and `breaking` are of one log, and each named channel has its own.
//! Whoever subscribes to the channels of one log with the last `id` that it has seen of them as `lastEventId` misses
//! nothing and gets nothing twice, over a restart of the server, too, but for the dashboard, which is of now. A message
//! with a `lastEventId` names channels of one log only. `subscribed` has an `id`, too, up to which nothing is missing, and
//! comes once for tickers and news, and once for each named channel. A channel that
//! is followed already goes on where it is, whatever `lastEventId` says; channels that go on from different places are
//! in order each for itself. Tickers are not replayed, and `lastEventId` does not concern them.
//!
//! The codes of errors: `mixed_last_event_id` (nothing was done), `invalid_json`, `bad_message`, `missing_channels`, `unknown_op`, `binary_not_supported`,
//! `unknown_channel`, `too_many_subscriptions`, `too_many_followed` (further symbols, for this client or in all) and
//! `starting` (what the venues list is not known yet; the other channels of the message are followed all the same),
//! `rate_limited` (the message was not heard). These leave the socket open. `frame_too_large`, `invalid_utf8`,
//! `protocol_error` and `too_many_messages` end it.
//!
//! | close code | why |
//! |---|---|
//! | 1001 | the server goes down; the waits of its clients are spread over five seconds |
//! | 1002, 1007, 1009 | no WebSocket frame, no UTF-8, too long |
//! | 1008 | as many messages again in a row as a minute has, all refused, or pings or parts of messages without end |
//! | 4001 | the token is not good, or there is none where one is needed, or it has ended since |
//! | 4002 | this address, or this token, has as many streams as it may |
//! | 4003 | the server has as many streams as it serves |
//! | 4008 | the client took or answered nothing for too long |
//!
//! The reason of a close frame is the `retry` object, or a code where there is nothing to retry (1002, 1007, 1009). Where
//! the server is full or the token is not good the upgrade is made all the same, as a browser's script sees no status of
//! one that fails. A token is `?token=`, or `Authorization: Bearer` where a client can send it. The server pings every
//! 30 s and closes a socket from which nothing came after two pings.

mod answers;
pub(super) mod budget;
mod channel;
mod close;
mod connection;
pub(super) mod description;
mod dialogue;
pub(super) mod handshake;
mod info;
mod protocol;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::FutureExt;
use http::{HeaderValue, header, request::Parts};
use tokio::time::{Instant, timeout};

use self::{
    close::End,
    connection::{LINGER, converse, finish},
    dialogue::Dialogue,
    handshake::Handshake,
};
use super::{
    address::client_of, caller::admitted, cors::Origins, error::HttpError, lapse::lapsed, openapi::Refused,
    rate_limit::refused_to,
};
use crate::{
    server::{
        client::Client,
        hub::limits::{Ceilings, ConnectionLimits},
        metrics::clients::Protocol,
        rate::Purpose,
        services::Services,
    },
    wire::socket::SocketInfo,
};

/// Sockets that are told at one time why they are not let in. Beyond them the answer is that of the other streams. One
/// address has a part of them, so that others hear why, too.
const TURNED_AWAY: Ceilings = Ceilings { total: 64, per_address: 16, per_token: 64 };

/// What every request needs.
pub(super) struct Reception {
    services: Arc<Services>,
    origins: Arc<Origins>,
    turned_away: Arc<ConnectionLimits>,
}

/// The route. It looks at tokens and at rates itself, as a socket is told of both in its own way. The document is REST and
/// counted as such; sockets are counted with the other streams.
pub(super) fn router<S>(services: &Arc<Services>, origins: &Arc<Origins>) -> Router<S> {
    let reception = Reception {
        services: Arc::clone(services),
        origins: Arc::clone(origins),
        turned_away: Arc::new(ConnectionLimits::new(TURNED_AWAY)),
    };
    Router::new().route("/api/ws", get(receive)).with_state(Arc::new(reception))
}

/// Prices and news over a WebSocket; without an upgrade, a document that says where and what.
///
/// JSON texts in both directions, at most 64 KiB each, 50 subscriptions and 60 messages a minute. The subprotocol
/// `market-pulse.v1` may be named. A browser shows its token as `?token=`, as it can't send a header. Handshakes from pages
/// of other sites are refused with `origin_not_allowed` unless `server.cors_origins` names them or allows any; programs,
/// which send no `Origin`, are let in.
///
/// `id` is a place in a log: `news` and `breaking` are of one, each named channel has its own. Who subscribes to the channels
/// of one log with the last `id` that it has seen of them as `lastEventId` misses nothing and gets nothing twice, but for the
/// dashboard, which is of now. Tickers have no `id` and are not replayed.
///
/// The reason of a close frame is the `retry` object, or a code where there is nothing to retry.
#[utoipa::path(
    get, path = "/api/ws", tag = "sockets", operation_id = "socket",
    responses(
        (status = 101, description = "The socket is open; `connected` follows."),
        (status = 200, description = "Without an upgrade: where to connect to, the channels and the limits.",
         body = SocketInfo<'_>),
        (status = 426, response = Refused),
        (status = "default", response = Refused),
    ),
)]
pub(super) async fn receive(State(reception): State<Arc<Reception>>, request: Request) -> Result<Response, HttpError> {
    let (mut parts, _) = request.into_parts();
    if handshake::is_asked_for(&parts.headers) { reception.open(parts) } else { reception.describe(&mut parts) }
}

impl Reception {
    fn describe(&self, parts: &mut Parts) -> Result<Response, HttpError> {
        admitted(parts, &self.services).map_err(|error| refused_to(parts, &self.services, error))?;
        self.count(Purpose::Rest, parts)?;
        let mut response = Json(info::document(&self.services, &parts.headers)).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }

    fn open(&self, mut parts: Parts) -> Result<Response, HttpError> {
        let services = &self.services;
        if !self.origins.admit_socket(&parts.headers) {
            return Err(refused_to(&parts, services, HttpError::OriginRefused));
        }
        let handshake = Handshake::read(&mut parts).map_err(|error| refused_to(&parts, services, error))?;
        let caller = admitted(&mut parts, &self.services);
        let client = self.count(Purpose::Stream, &parts)?;
        let caller = match caller {
            Ok(caller) => caller,
            Err(error) => {
                let Some(end) = End::of_denial(&error) else { return Err(error) };
                self.services.metrics.clients.refused(Protocol::WebSocket, "denied");
                return self.turn_away(client, handshake, end, error);
            }
        };
        let session = match self.services.hub.session(client, Protocol::WebSocket) {
            Ok(session) => session,
            Err(refusal) => {
                // As many as there are places come at once, and are told different waits.
                let number = u64::try_from(self.turned_away.open()).unwrap_or_default();
                return self.turn_away(client, handshake, End::of_refusal(refusal, number), refusal.into());
            }
        };
        let dialogue = Dialogue::new(Arc::clone(&self.services), session, client);
        let lapsed = caller.grant().map(|grant| lapsed(Arc::clone(&self.services), grant.id).boxed());
        let (response, socket) = handshake.accept();
        let channels = Arc::clone(&self.services.channels);
        self.services.tasks.spawn(async move {
            if let Some(socket) = socket.await {
                channels.have_met().await;
                converse(socket, dialogue, lapsed).await;
            }
        });
        Ok(response)
    }

    /// Counts a request. Returns for whom.
    fn count(&self, purpose: Purpose, parts: &Parts) -> Result<Client, HttpError> {
        let trusted = &self.services.config.server.trusted_proxies;
        let client = client_of(&parts.extensions, &parts.headers, trusted);
        self.services.rates.take(purpose, client, Instant::now())?;
        Ok(client)
    }

    /// Says why by a close code, or by a status where many are told at once.
    fn turn_away(
        &self,
        client: Client,
        handshake: Handshake,
        end: End,
        error: HttpError,
    ) -> Result<Response, HttpError> {
        let place = self.turned_away.acquire(client).map_err(|_| error)?;
        let (response, socket) = handshake.accept();
        self.services.tasks.spawn(async move {
            // A client that does not take the answer to its request holds no place for long.
            if let Ok(Some(socket)) = timeout(LINGER, socket).await {
                finish(socket, end).await;
            }
            drop(place);
        });
        Ok(response)
    }
}
