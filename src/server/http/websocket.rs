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
//! | `gap` | `news` or `breaking` | `from`, `to`, `reason`: what was missed can't be replayed |
//! | `pong` | | `timestamp` |
//! | `error` | where it is about one | `code`, `message`, `retry` (`null` where waiting does not help), perhaps `channels` |
//!
//! A symbol may be written as anywhere else; the name of its channel is `ticker:` and the base asset in upper case. To
//! subscribe again to a symbol is to ask for its newest ticker again.
//!
//! `id` is a place in the log of the news; frames without one are not of the log. Whoever subscribes to `news` and
//! `breaking` in one message with the last `id` that it has seen as `lastEventId` misses nothing of them and gets nothing
//! twice, over a restart of the server, too. `subscribed` has an `id`, too: up to there nothing is missing. A channel that
//! is followed already goes on where it is, whatever `lastEventId` says; channels that go on from different places are
//! in order each for itself. Tickers are not replayed, and `lastEventId` does not concern them.
//!
//! The codes of errors: `invalid_json`, `bad_message`, `missing_channels`, `unknown_op`, `binary_not_supported`,
//! `unknown_channel` and `too_many_subscriptions` (the other channels of the message are followed all the same),
//! `rate_limited` (the message was not heard). These leave the socket open. `frame_too_large`, `invalid_utf8`,
//! `protocol_error` and `too_many_messages` end it.
//!
//! | close code | why |
//! |---|---|
//! | 1001 | the server goes down; the waits of its clients are spread over five seconds |
//! | 1002, 1007, 1009 | no WebSocket frame, no UTF-8, too long |
//! | 1008 | as many messages again in a row as a minute has, all refused, or pings without end |
//! | 4002 | this address has as many streams as it may |
//! | 4003 | the server has as many streams as it serves |
//! | 4008 | the client took or answered nothing for too long |
//!
//! The reason of a close frame is the `retry` object where waiting helps, and a code otherwise. Where the server is full
//! the upgrade is made all the same, as a browser's script sees no status of one that fails. The server pings every 30 s
//! and closes a socket from which nothing came after two pings.

mod answers;
pub(super) mod budget;
mod channel;
pub(super) mod close;
mod connection;
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
use http::{HeaderValue, header};
use tokio::{sync::Semaphore, time::timeout};

use self::{
    close::End,
    connection::{LINGER, converse, finish},
    dialogue::Dialogue,
    handshake::Handshake,
};
use super::{address::ClientAddress, cors::Origins, error::HttpError, rate_limit::RateLimiter};
use crate::server::{hub::limits::Refusal, services::Services};

/// Sockets that are told at one time that there is no room. Beyond them the answer is that of the other streams.
const MAX_TURNED_AWAY: usize = 64;

/// What every request needs.
struct Reception {
    services: Arc<Services>,
    origins: Arc<Origins>,
    /// Of the document.
    limiter: Arc<RateLimiter>,
    turned_away: Arc<Semaphore>,
}

/// The route. The document is REST and limited as such; sockets are counted with the other streams.
pub(super) fn router<S>(services: &Arc<Services>, origins: &Arc<Origins>, limiter: &Arc<RateLimiter>) -> Router<S> {
    let reception = Reception {
        services: Arc::clone(services),
        origins: Arc::clone(origins),
        limiter: Arc::clone(limiter),
        turned_away: Arc::new(Semaphore::new(MAX_TURNED_AWAY)),
    };
    Router::new().route("/api/ws", get(receive)).with_state(Arc::new(reception))
}

async fn receive(State(reception): State<Arc<Reception>>, request: Request) -> Result<Response, HttpError> {
    let services = &reception.services;
    let trusted = &services.config.server.trusted_proxies;
    let address = ClientAddress::of(request.extensions(), request.headers(), trusted);
    if handshake::is_asked_for(request.headers()) {
        return reception.open(address, request);
    }
    reception.limiter.check(address)?;
    let mut response = Json(info::document(services, request.headers())).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

impl Reception {
    fn open(&self, address: ClientAddress, mut request: Request) -> Result<Response, HttpError> {
        if !self.origins.admit_socket(request.headers()) {
            return Err(HttpError::OriginRefused);
        }
        let handshake = Handshake::read(&mut request)?;
        let session = match self.services.hub.session(address.0) {
            Ok(session) => session,
            Err(refusal) => return self.turn_away(handshake, refusal),
        };
        let dialogue = Dialogue::new(Arc::clone(&self.services), session);
        let (response, socket) = handshake.accept();
        self.services.tasks.spawn(async move {
            if let Some(socket) = socket.await {
                converse(socket, dialogue).await;
            }
        });
        Ok(response)
    }

    /// Says by a close code that there is no room.
    fn turn_away(&self, handshake: Handshake, refusal: Refusal) -> Result<Response, HttpError> {
        let place = Arc::clone(&self.turned_away).try_acquire_owned();
        let place = place.map_err(|_| HttpError::from(refusal))?;
        let (response, socket) = handshake.accept();
        // As many as there are places come at once, and are spread.
        let number = u64::try_from(self.turned_away.available_permits()).unwrap_or_default();
        self.services.tasks.spawn(async move {
            // A client that does not take the answer to its request holds no place for long.
            if let Ok(Some(socket)) = timeout(LINGER, socket).await {
                finish(socket, End::of_refusal(refusal, number)).await;
            }
            drop(place);
        });
        Ok(response)
    }
}
