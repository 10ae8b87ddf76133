//! Binance spot: market streams and market data.
//!
//! <https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams>,
//! <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints>

use std::time::Duration;

use axum::{
    Router,
    extract::{Path, Query, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{StatusCode, header};
use serde::Deserialize;

use super::{Simulator, budget::Budget, client, exchange::Exchange, gate::Refused, socket};

mod figures;
mod info;
mod refusal;
mod rest;
mod session;
mod stream;
mod telling;

use session::Session;

/// A session for tests, without a socket.
#[cfg(test)]
pub(super) fn test_session(simulator: &Simulator) -> impl socket::Protocol + use<> {
    Session::new(simulator.clone(), false, false)
}

/// What Binance allows a client address.
#[derive(Debug)]
pub struct Limits {
    /// Request weight a minute.
    weight: Budget,
}

impl Default for Limits {
    fn default() -> Self {
        Self { weight: Budget::new(6000, Duration::from_mins(1)) }
    }
}

pub fn router() -> Router<Simulator> {
    Router::new()
        .route("/ws", get(raw))
        .route("/ws/", get(raw))
        .route("/ws/{*streams}", get(raw_streams))
        .route("/stream", get(combined))
        .route("/api/v3/{*endpoint}", get(rest::answer))
        .route("/fapi/v1/exchangeInfo", get(rest::no_derivatives))
        .route("/dapi/v1/exchangeInfo", get(rest::no_derivatives))
        .fallback(unknown_path)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConnectQuery {
    streams: Option<String>,
    time_unit: Option<String>,
}

impl ConnectQuery {
    fn is_micro(&self) -> bool {
        self.time_unit.as_deref().is_some_and(|unit| unit.eq_ignore_ascii_case("microsecond"))
    }
}

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

async fn raw(
    State(simulator): State<Simulator>,
    client: client::Peer,
    Query(query): Query<ConnectQuery>,
    upgrade: Upgrade,
) -> Response {
    open(&simulator, client, upgrade, "", false, query.is_micro())
}

async fn raw_streams(
    State(simulator): State<Simulator>,
    client: client::Peer,
    Path(streams): Path<String>,
    Query(query): Query<ConnectQuery>,
    upgrade: Upgrade,
) -> Response {
    open(&simulator, client, upgrade, &streams, false, query.is_micro())
}

async fn combined(
    State(simulator): State<Simulator>,
    client: client::Peer,
    Query(query): Query<ConnectQuery>,
    upgrade: Upgrade,
) -> Response {
    open(&simulator, client, upgrade, query.streams.as_deref().unwrap_or_default(), true, query.is_micro())
}

fn open(
    simulator: &Simulator,
    client: client::Peer,
    upgrade: Upgrade,
    streams: &str,
    combined: bool,
    micro: bool,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    if let Err(refused) = simulator.admit_socket(Exchange::Binance, client.0) {
        return refuse(refused);
    }
    let mut session = Session::new(simulator.clone(), combined, micro);
    session.subscribe_from_url(streams);
    socket::accept(upgrade, simulator.clone(), session)
}

fn refuse(refused: Refused) -> Response {
    match refused {
        Refused::Unavailable => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Refused::Region => refusal::restricted(),
        Refused::TooMany { retry_after } => {
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, retry_after.to_string())]).into_response()
        }
    }
}

async fn unknown_path() -> Response {
    (StatusCode::NOT_FOUND, "Invalid request path").into_response()
}
