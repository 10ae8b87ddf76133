//! Bybit v5, spot.
//!
//! <https://bybit-exchange.github.io/docs/v5/ws/connect>, <https://bybit-exchange.github.io/docs/v5/market/tickers>

use std::time::Duration;

use axum::{
    Router,
    extract::{State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use http::StatusCode;

use super::{Simulator, budget::Budget, client, exchange::Exchange, faults::Fault, gate::Refused, socket};

mod figures;
mod rest;
mod session;
mod topic;

use session::Session;

/// A session for tests, without a socket.
#[cfg(test)]
pub(super) fn test_session(simulator: &Simulator) -> impl socket::Protocol + use<> {
    Session::new(simulator.clone())
}

/// What Bybit allows a client address.
#[derive(Debug)]
pub struct Limits {
    /// Requests in five seconds.
    requests: Budget,
}

impl Default for Limits {
    fn default() -> Self {
        Self { requests: Budget::new(600, Duration::from_secs(5)) }
    }
}

pub fn router() -> Router<Simulator> {
    Router::new()
        .route("/v5/public/spot", get(spot))
        .route("/v5/market/{endpoint}", get(rest::answer))
        .fallback(not_found)
}

async fn spot(
    State(simulator): State<Simulator>,
    client: client::Peer,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    if simulator.faults().has(Exchange::Bybit, Fault::RateLimit) {
        return too_frequent();
    }
    match simulator.admit_socket(Exchange::Bybit, client.0) {
        Ok(()) => socket::accept(upgrade, simulator.clone(), Session::new(simulator)),
        Err(refused) => refuse(refused),
    }
}

fn refuse(refused: Refused) -> Response {
    match refused {
        Refused::Unavailable => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Refused::Region => region_blocked(),
        Refused::TooMany { .. } => too_frequent(),
    }
}

/// The content network's page for a country that is not served.
fn region_blocked() -> Response {
    let page = "<!DOCTYPE HTML><HTML><HEAD><TITLE>ERROR: The request could not be satisfied</TITLE></HEAD><BODY>\
                <H1>403 ERROR</H1><H2>The request could not be satisfied.</H2>The Amazon CloudFront distribution is \
                configured to block access from your country.</BODY></HTML>";
    (StatusCode::FORBIDDEN, Html(page)).into_response()
}

fn too_frequent() -> Response {
    (StatusCode::FORBIDDEN, "access too frequent").into_response()
}

async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "404 page not found").into_response()
}
