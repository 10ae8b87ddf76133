//! The routes of the API, and the order of the layers around them.

use std::sync::Arc;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state, map_response},
    response::Response,
    routing::{any, get},
};
use http::{HeaderValue, header};

use super::{
    cors::{Origins, cors},
    error::{method_not_allowed, not_found},
    health::health,
    live::live,
    news,
    openapi::openapi,
    price::price,
    query::bound_uri,
    rate_limit::{RateLimiter, rate_limit},
    ready::ready,
    realtime,
    rss::rss,
    sources::sources,
    sse::sse,
    symbols::symbols,
};
use crate::server::services::Services;

/// Everything but the pages and the server functions. From outside in, a request meets: CORS, the bound on the
/// address, then for REST the rate limit. Nothing here is compressed: streams must not be, and the answers are small.
///
/// Probes (`/health`, `/ready`, `/live`) are not rate limited, so that a busy neighbor behind the same address can't
/// make the server look dead. Streams have limits of their own.
pub fn api_router(services: Arc<Services>) -> Router {
    let config = &services.config;
    let limiter = Arc::new(RateLimiter::new(config.limits.requests_per_minute, &config.server.trusted_proxies));
    let origins = Arc::new(Origins::new(&config.server.cors_origins));

    let rest = Router::new()
        .route("/price/{symbol}", get(price))
        .route("/symbols", get(symbols))
        .route("/api/news", get(news::articles))
        .route("/api/news/stories", get(news::stories))
        .route("/api/breaking", get(news::breaking))
        .route("/api/sources", get(sources))
        .route("/api/rss", get(rss))
        .route("/api/openapi.json", get(openapi))
        .route("/price", any(not_found))
        .route("/price/{symbol}/{*rest}", any(not_found))
        .route("/api", any(not_found))
        .route("/api/", any(not_found))
        .route("/api/{*rest}", any(not_found))
        .layer(map_response(no_store))
        .layer(from_fn_with_state(limiter, rate_limit));
    let probes = Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready))
        .route("/live", get(live))
        .layer(map_response(no_store));
    let streams = Router::new()
        .route("/api/realtime", get(realtime::many))
        .route("/api/realtime/{symbol}", get(realtime::one))
        .route("/api/sse", get(sse));

    Router::new()
        .merge(rest)
        .merge(probes)
        .merge(streams)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn(bound_uri))
        .layer(from_fn_with_state(origins, cors))
        .with_state(services)
}

/// What says nothing else is of now: nobody may keep it.
async fn no_store(mut response: Response) -> Response {
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
