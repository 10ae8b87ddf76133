//! The feeds over HTTP, as well-behaved hosts serve them: `ETag`, `Last-Modified`, 304, gzip, redirects.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::{
    Json, Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use tower_http::compression::CompressionLayer;

use super::{
    News, Simulator, broken,
    item::{http_date, parse_http_date},
    outlets::{Moved, OUTLETS, Outlet, by_file},
    render::{SIMULATED, render},
    shelf::Shelf,
};
use crate::server::simulator::path::SECOND_MS;

/// Readers may keep a feed for two seconds: a demo is to be lively.
const CACHE: &str = "max-age=2";

/// A feed as text.
#[derive(Debug)]
pub struct Rendered {
    /// That of the shelf.
    pub version: u64,
    body: Bytes,
    etag: String,
    /// ms since the epoch
    changed: i64,
}

impl Rendered {
    pub fn new(outlet: &Outlet, shelf: &Shelf) -> Self {
        let body = render(outlet, shelf.items.iter());
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        // Weak: the same feed may leave compressed.
        let etag = format!("W/\"{:016x}\"", hasher.finish());
        Self { version: shelf.version, body: body.into(), etag, changed: shelf.changed }
    }

    pub fn body(&self) -> Bytes {
        self.body.clone()
    }

    /// Whether a reader with these headers has it already.
    fn is_known(&self, headers: &HeaderMap, now: i64) -> bool {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        if let Some(tags) = text(header::IF_NONE_MATCH) {
            let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
            return tags.split(',').any(|tag| tag.trim() == "*" || opaque(tag) == opaque(&self.etag));
        }
        let whole = |ms: i64| ms - ms.rem_euclid(SECOND_MS);
        // Within the second of a change another may follow, which the date could not tell apart.
        let has_settled = now >= whole(self.changed) + SECOND_MS;
        has_settled
            && text(header::IF_MODIFIED_SINCE).and_then(parse_http_date).is_some_and(|at| at >= whole(self.changed))
    }
}

pub fn router() -> Router<Simulator> {
    Router::new()
        .route("/news", get(list))
        .route("/news/{file}", get(known))
        .route("/news/at/{file}", get(moved_here))
        .layer(CompressionLayer::new().gzip(true).no_br())
}

async fn list(State(simulator): State<Simulator>, headers: HeaderMap) -> Json<Value> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    Json(json!({ "simulated": true, "note": SIMULATED, "feeds": simulator.feeds(host) }))
}

/// The address that an outlet is known by.
async fn known(State(simulator): State<Simulator>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some((place, outlet)) = found(&file) else { return nobody() };
    let status = match outlet.moved {
        None => return feed(&simulator, place, outlet, &headers).await,
        Some(Moved::Forever) => StatusCode::MOVED_PERMANENTLY,
        Some(Moved::ForNow) => StatusCode::FOUND,
    };
    (status, [(header::LOCATION, outlet.final_path())]).into_response()
}

/// Where those are that have moved.
async fn moved_here(State(simulator): State<Simulator>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    match found(&file) {
        Some((place, outlet)) if outlet.moved.is_some() => feed(&simulator, place, outlet, &headers).await,
        _ => nobody(),
    }
}

fn found(file: &str) -> Option<(usize, &'static Outlet)> {
    let place = by_file(file)?;
    Some((place, OUTLETS.get(place)?))
}

fn nobody() -> Response {
    let known: Vec<String> = OUTLETS.iter().map(Outlet::path).collect();
    (StatusCode::NOT_FOUND, Json(json!({ "error": "no such feed", "known": known }))).into_response()
}

async fn feed(simulator: &Simulator, place: usize, outlet: &Outlet, headers: &HeaderMap) -> Response {
    let news = simulator.news();
    News::count(&news.requests, place);
    if let Some(active) = news.faults.of(place) {
        return broken::answer(simulator, place, outlet, active).await;
    }
    let market = simulator.market();
    let Some(rendered) = news.rendered(market, place) else { return nobody() };
    let mut answer = if rendered.is_known(headers, market.clock().wall().0) {
        News::count(&news.unchanged, place);
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, outlet.format.content_type())], rendered.body.clone()).into_response()
    };
    let head = answer.headers_mut();
    head.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE));
    for (name, value) in [(header::ETAG, rendered.etag.clone()), (header::LAST_MODIFIED, http_date(rendered.changed))] {
        if let Ok(value) = HeaderValue::try_from(value) {
            head.insert(name, value);
        }
    }
    answer
}
