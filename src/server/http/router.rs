//! The routes of the API, and the order of the layers around them.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state, map_response},
    response::Response,
    routing::{any, delete, get, post},
};
use http::{HeaderValue, header};
use leptos::config::LeptosOptions;
use tower_http::{CompressionLevel, compression::CompressionLayer};

use super::{
    body::{BodyBounds, MAX_BODY, bound_body},
    browser_policy::{BrowserPolicy, browser_policy},
    caller::admit,
    channels::{manage, publish, stream},
    cors::{Origins, cors},
    docs::docs,
    error::{method_not_allowed, not_found},
    health::health,
    live::live,
    measure::measure,
    metrics, news,
    openapi::openapi,
    pages,
    price::price,
    query::bound_uri,
    rate_limit::{limit_pages, limit_publishing, limit_rest, limit_streams},
    ready::ready,
    realtime,
    rss::rss,
    socketio,
    sources::sources,
    sse::sse,
    stats::stats,
    symbols::symbols,
    websocket,
};
use crate::server::services::Services;

/// Everything but the pages and the server functions. From outside in, a request meets: CORS, the bounds on its
/// body and its address, the look at its token, then the rate limit. Only the description of the API is compressed:
/// streams must not be, and the other answers are small.
///
/// Probes (`/health`, `/ready`, `/live`) ask for no token and are not rate limited, so that a busy neighbor behind the
/// same address can't make the server look dead. Neither is `/metrics`, which looks at who asks itself.
pub fn api_router(services: Arc<Services>) -> Router {
    let config = &services.config;
    let origins = Origins::new(&config.server.cors_origins).of_server(config.server.public_url.as_deref());
    let origins = Arc::new(origins);
    let sockets = websocket::router(&services, &origins);

    // Long, both of them.
    let compression = CompressionLayer::new().quality(CompressionLevel::Fastest);
    // For people, and counted with the other pages.
    let page = Router::new()
        .route("/docs", get(docs))
        .layer(compression.clone())
        .layer(map_response(no_store))
        .layer(from_fn_with_state(Arc::clone(&services), limit_pages));
    let rest = Router::new()
        .route("/price/{symbol}", get(price))
        .route("/symbols", get(symbols))
        .route("/stats", get(stats))
        .route("/api/news", get(news::articles))
        .route("/api/news/stories", get(news::stories))
        .route("/api/breaking", get(news::breaking))
        .route("/api/sources", get(sources))
        .route("/api/rss", get(rss))
        .merge(Router::new().route("/api/openapi.json", get(openapi)).layer(compression))
        .route("/api/v1/sse/status", get(manage::status))
        .route("/api/v1/channels", get(manage::list))
        .route("/price", any(not_found))
        .route("/price/{symbol}/{*rest}", any(not_found))
        .route("/streams", any(not_found))
        .route("/api", any(not_found))
        .route("/api/", any(not_found))
        .route("/api/{*rest}", any(not_found))
        .layer(map_response(no_store))
        .layer(from_fn_with_state(Arc::clone(&services), limit_rest));
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
        .route("/streams/{*path}", get(stream::created))
        .layer(from_fn_with_state(Arc::clone(&services), limit_streams));
    let publishing = Router::new()
        .route("/api/v1/channels", post(manage::create).merge(delete(manage::remove)))
        .route("/api/v1/channels/{channel}/events", post(publish::event))
        .route("/streams/", post(publish::message))
        .route("/streams/{*path}", post(publish::message))
        .layer(map_response(no_store))
        .layer(from_fn_with_state(Arc::clone(&services), limit_publishing));

    Router::new()
        .merge(rest)
        .merge(page)
        .merge(streams)
        .merge(publishing)
        .layer(from_fn_with_state(Arc::clone(&services), admit))
        .merge(probes)
        .merge(sockets)
        .merge(socketio::router(&services, &origins))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn(bound_uri))
        .layer(from_fn_with_state(body_bounds(&services), bound_body))
        .layer(from_fn_with_state(origins, cors))
        .merge(metrics::router(&services))
        .with_state(services)
}

/// The whole site: the API, the pages, and around both what every request and every answer has to keep to. Outermost is
/// the count of requests, which misses none.
pub fn site(services: &Arc<Services>, options: LeptosOptions) -> Router {
    let policy = Arc::new(BrowserPolicy::new(&services.config.server, pages::reload_port(&options)));
    let pages = pages::router(services, options).layer(from_fn_with_state(body_bounds(services), bound_body));
    api_router(Arc::clone(services))
        .merge(pages)
        .layer(from_fn_with_state(policy, browser_policy))
        .layer(from_fn_with_state(services.metrics.http.clone(), measure))
}

/// The bounds of every body.
fn body_bounds(services: &Services) -> BodyBounds {
    BodyBounds { most: MAX_BODY, patience: Duration::from_secs(services.config.limits.body_timeout_s) }
}

/// What says nothing else is of now: nobody may keep it.
async fn no_store(mut response: Response) -> Response {
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
