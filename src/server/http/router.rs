//! The routes of the API, and the order of the layers around them.

use std::sync::Arc;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state, map_response},
    response::Response,
    routing::{any, delete, get, post},
};
use http::{HeaderValue, header};

use super::{
    caller::admit,
    channels::{
        manage, publish,
        rate::{PublishRate, publish_rate},
        stream,
    },
    cors::{Origins, cors},
    error::{method_not_allowed, not_found},
    health::health,
    live::live,
    news,
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
/// address, the look at its token, then for REST the rate limit. Nothing here is compressed: streams must not be, and the answers are small.
///
/// Probes (`/health`, `/ready`, `/live`) ask for no token and are not rate limited, so that a busy neighbor behind the same address can't
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
        .route("/api/v1/sse/status", get(manage::status))
        .route("/api/v1/channels", get(manage::list))
        .route("/price", any(not_found))
        .route("/price/{symbol}/{*rest}", any(not_found))
        .route("/streams", any(not_found))
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
        .route("/api/sse", get(sse))
        .route("/api/v1/sse/{channel}", get(stream::named))
        .route("/streams/", get(stream::created))
        .route("/streams/{*path}", get(stream::created));
    let publishing = Router::new()
        .route("/api/v1/channels", post(manage::create).merge(delete(manage::remove)))
        .route("/api/v1/channels/{channel}/events", post(publish::event))
        .route("/streams/", post(publish::message))
        .route("/streams/{*path}", post(publish::message))
        .layer(map_response(no_store))
        .layer(from_fn_with_state(PublishRate::new(&services), publish_rate));

    Router::new()
        .merge(rest)
        .merge(streams)
        .merge(publishing)
        .layer(from_fn_with_state(Arc::clone(&services), admit))
        .merge(probes)
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
