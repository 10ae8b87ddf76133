//! `GET /api/realtime/{symbol}` and `GET /api/realtime?symbols=BTC,ETH`: tickers as server-sent events.
//!
//! | parameter | meaning |
//! |---|---|
//! | `symbols` | a comma-separated list, at most 100; the assets of the strip where it is missing |
//! | `maxHz` | 0.1–50: at most so many tickers a second of each symbol; status changes are not held back |
//!
//! `Last-Event-ID` is accepted and changes nothing: every stream starts with a snapshot, and nothing but the newest
//! state of a symbol is ever sent. `Accept` is not looked at.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;
use http::header;

use super::{
    address::ClientAddress,
    error::HttpError,
    query::{PathSymbol, StreamQuery},
};
use crate::server::{
    hub::{MAX_SYMBOLS_PER_READER, Wish},
    services::Services,
};

/// No proxy may keep, change, compress or hold back a stream.
const HEADERS: [(header::HeaderName, &str); 3] = [
    (header::CONTENT_TYPE, "text/event-stream"),
    (header::CACHE_CONTROL, "no-cache, no-transform"),
    (header::HeaderName::from_static("x-accel-buffering"), "no"),
];

/// One symbol.
pub(super) async fn one(
    State(services): State<Arc<Services>>,
    address: ClientAddress,
    PathSymbol(symbol): PathSymbol,
    query: StreamQuery,
) -> Result<Response, HttpError> {
    open(&services, address, &query.wish(vec![symbol]))
}

/// Many symbols.
pub(super) async fn many(
    State(services): State<Arc<Services>>,
    address: ClientAddress,
    mut query: StreamQuery,
) -> Result<Response, HttpError> {
    let strip = || services.site.strip.iter().copied().take(MAX_SYMBOLS_PER_READER).collect();
    let symbols = query.symbols.take().unwrap_or_else(strip);
    open(&services, address, &query.wish(symbols))
}

fn open(services: &Services, address: ClientAddress, wish: &Wish) -> Result<Response, HttpError> {
    let stream = services.hub.connect(address.0, wish)?;
    Ok((HEADERS, Body::from_stream(stream.map(Ok::<_, Infallible>))).into_response())
}
