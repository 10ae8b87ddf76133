//! OKX v5, spot.
//!
//! <https://www.okx.com/docs-v5/en/#overview-websocket>, <https://www.okx.com/docs-v5/en/#order-book-trading-market-data>

use std::time::Duration;

use axum::{
    Router,
    extract::{State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{StatusCode, header};

use super::{Simulator, budget::Budget, client, exchange::Exchange, gate::Refused, socket};

mod channel;
mod checksum;
mod figures;
mod rest;
mod session;
mod telling;

use channel::Side;
use session::Session;

/// A session for tests, without a socket.
#[cfg(test)]
pub(super) fn test_session(simulator: &Simulator, business: bool) -> impl socket::Protocol + use<> {
    Session::new(simulator.clone(), if business { Side::Business } else { Side::Public })
}

/// What OKX allows a client address in two seconds.
#[derive(Debug)]
pub struct Limits {
    /// `public/time`
    time: Budget,
    /// Tickers, instruments, history.
    scarce: Budget,
    /// Candles, books.
    plenty: Budget,
    trades: Budget,
}

impl Default for Limits {
    fn default() -> Self {
        let per_two_seconds = |limit| Budget::new(limit, Duration::from_secs(2));
        Self {
            time: per_two_seconds(10),
            scarce: per_two_seconds(20),
            plenty: per_two_seconds(40),
            trades: per_two_seconds(100),
        }
    }
}

pub fn router() -> Router<Simulator> {
    Router::new()
        .route("/ws/v5/public", get(public))
        .route("/ws/v5/business", get(business))
        .route("/api/v5/{*endpoint}", get(rest::answer))
        .fallback(not_found)
}

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

async fn public(State(simulator): State<Simulator>, client: client::Peer, upgrade: Upgrade) -> Response {
    open(simulator, client, upgrade, Side::Public)
}

async fn business(State(simulator): State<Simulator>, client: client::Peer, upgrade: Upgrade) -> Response {
    open(simulator, client, upgrade, Side::Business)
}

fn open(simulator: Simulator, client: client::Peer, upgrade: Upgrade, side: Side) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    match simulator.admit_socket(Exchange::Okx, client.0) {
        Ok(()) => socket::accept(upgrade, simulator.clone(), Session::new(simulator, side)),
        Err(refused) => refuse(refused),
    }
}

fn refuse(refused: Refused) -> Response {
    match refused {
        Refused::Unavailable => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Refused::Region => {
            (StatusCode::FORBIDDEN, "Access denied: this service is not available in your region.").into_response()
        }
        Refused::TooMany { retry_after } => {
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, retry_after.to_string())]).into_response()
        }
    }
}

async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "404 page not found").into_response()
}
