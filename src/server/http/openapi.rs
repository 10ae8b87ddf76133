//! `GET /api/openapi.json`: the API, described for programs. Made of what stands beside each endpoint and of the very
//! types that are sent, so it can't say something else.

mod answers;
mod parameters;
mod schemas;

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use utoipa::OpenApi;

pub use self::{
    answers::{Refused, StreamEvent},
    parameters::{EventParameters, InPathSymbol, NewsParameters, RealtimeParameters, RealtimeSymbols},
};
use super::{health, live, news, price, ready, realtime, rss, sources, sse, symbols};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Market Pulse",
        description = "Live market prices of several exchanges and the news that moves them: one price per asset that anyone can \
                       audit, streams that lose nothing over a disconnection.\n\nTimes in `timestamp` fields of messages are \
                       milliseconds since the Unix epoch where they are numbers, and RFC 3339 where they are text. `null` is \
                       unknown, and an unknown figure is never `0`. Prices are in USDT.",
        license(name = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "prices", description = "The price of now"),
        (name = "streams", description = "Prices and news as they come"),
        (name = "news", description = "News, stories and feeds"),
        (name = "operations", description = "For monitors"),
    ),
    paths(
        price::price,
        symbols::symbols,
        realtime::one,
        realtime::many,
        sse::sse,
        news::articles,
        news::stories,
        news::breaking,
        sources::sources,
        rss::rss,
        health::health,
        ready::ready,
        live::live,
        openapi,
    ),
    components(responses(Refused)),
)]
struct Description;

static DOCUMENT: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(Description::openapi);

static ENCODED: LazyLock<Bytes> = LazyLock::new(|| match DOCUMENT.to_pretty_json() {
    Ok(json) => Bytes::from(json),
    Err(error) => {
        tracing::error!(%error, "the description of the API can't be written");
        Bytes::from_static(b"{}")
    }
});

/// The description itself.
pub fn document() -> &'static utoipa::openapi::OpenApi {
    &DOCUMENT
}

/// This document.
#[utoipa::path(
    get, path = "/api/openapi.json", tag = "operations",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = Object)),
)]
pub(super) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], ENCODED.clone()).into_response()
}
