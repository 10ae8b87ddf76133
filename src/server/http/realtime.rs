//! `GET /api/realtime/{symbol}` and `GET /api/realtime?symbols=BTC,ETH`: tickers as server-sent events.
//!
//! | parameter | meaning |
//! |---|---|
//! | `symbols` | a comma-separated list, at most 100; the assets of the strip where it is missing |
//! | `maxHz` | 0.1–50: at most so many tickers a second of each symbol; status changes are not held back |
//! | `news` | `1`: the heads of stories too, as `{"type":"story","data":…}` |
//! | `lastEventId` | with `news=1`: where to go on, unless the header `Last-Event-ID` says it |
//!
//! A symbol that is not configured, but that a venue lists, is followed as long as a stream wants it and a minute longer:
//! its first ticker comes with the first answer of a venue.
//!
//! Without `news=1`, `Last-Event-ID` is accepted and changes nothing: every stream starts with a snapshot, and nothing
//! but the newest state of a symbol is ever sent. With it, ids are places in the log of the news, and tickers have none:
//! stories that changed after that place are sent in order, once, before those that change from now on; where that is
//! not possible, `{"type":"gap","data":…}` comes in their place. `Accept` is not looked at.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Extension,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;
use http::header;

use super::{
    address::Counted,
    error::HttpError,
    lapse::Admission,
    last_event_id::LastEventId,
    outflow::Endless,
    query::{PathSymbol, StreamQuery, want},
};
use crate::{
    model::symbol::Symbol,
    server::{
        hub::{MAX_SYMBOLS_PER_READER, stream::FrameStream},
        services::Services,
    },
};

/// No proxy may keep, change, compress or hold back a stream.
const HEADERS: [(header::HeaderName, &str); 3] = [
    (header::CONTENT_TYPE, "text/event-stream"),
    (header::CACHE_CONTROL, "no-cache, no-transform"),
    (header::HeaderName::from_static("x-accel-buffering"), "no"),
];

/// Tickers of one asset, as server-sent events without a name.
///
/// For `EventSource.onmessage`: each `data:` is one JSON object with a `type`. Types that are not listed are for newer
/// clients and are to be ignored. An asset that is not configured, but that a venue lists, is followed as long as a stream
/// wants it and a minute longer.
#[utoipa::path(
    get, path = "/api/realtime/{symbol}", tag = "streams", operation_id = "realtime_one",
    params(super::openapi::InPathSymbol, super::openapi::RealtimeParameters, super::openapi::LastEventIdHeader),
    responses(
        (status = 200, description = "Each `data:` is one message.", content_type = "text/event-stream", body = String),
        (status = "default", response = super::openapi::Refused),
    ),
)]
pub(super) async fn one(
    State(services): State<Arc<Services>>,
    client: Counted,
    admission: Admission,
    PathSymbol(symbol): PathSymbol,
    last: LastEventId,
    query: StreamQuery,
) -> Result<Response, HttpError> {
    open(&services, (client, admission), query, vec![symbol], last)
}

/// Tickers of several assets over one connection, as server-sent events without a name.
///
/// The same messages as of one asset.
#[utoipa::path(
    get, path = "/api/realtime", tag = "streams", operation_id = "realtime",
    params(super::openapi::RealtimeSymbols, super::openapi::RealtimeParameters, super::openapi::LastEventIdHeader),
    responses(
        (status = 200, description = "Each `data:` is one message.", content_type = "text/event-stream", body = String),
        (status = "default", response = super::openapi::Refused),
    ),
)]
pub(super) async fn many(
    State(services): State<Arc<Services>>,
    client: Counted,
    admission: Admission,
    last: LastEventId,
    mut query: StreamQuery,
) -> Result<Response, HttpError> {
    let strip = || services.site.strip.iter().copied().take(MAX_SYMBOLS_PER_READER).collect();
    let symbols = query.symbols.take().unwrap_or_else(strip);
    open(&services, (client, admission), query, symbols, last)
}

fn open(
    services: &Services,
    (Counted(client), admission): (Counted, Admission),
    query: StreamQuery,
    symbols: Vec<Symbol>,
    LastEventId(since): LastEventId,
) -> Result<Response, HttpError> {
    let news = query.news;
    let wish = query.wish(symbols);
    let interests = want(services, &wish.symbols, client)?;
    let stream =
        if news { services.hub.connect_page(client, &wish, since)? } else { services.hub.connect(client, &wish)? };
    Ok(respond(stream.keeping(interests), admission))
}

/// The answer that a stream is.
pub(super) fn respond(stream: FrameStream, admission: Admission) -> Response {
    let stream = admission.bound(stream);
    (HEADERS, Extension(Endless), Body::from_stream(stream.map(Ok::<_, Infallible>))).into_response()
}
