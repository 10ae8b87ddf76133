//! The layers that count requests. What they count with is in [`crate::server::rate`].

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::request::Parts;
use tokio::time::Instant;

use super::{
    address::client_of,
    error::{HttpError, wait_ms},
};
use crate::server::{
    rate::{Purpose, Spent},
    services::Services,
};

/// The layer for REST routes.
pub async fn limit_rest(State(services): State<Arc<Services>>, request: Request, next: Next) -> Response {
    limit(&services, Purpose::Rest, request, next).await
}

/// The layer for what opens a stream.
pub async fn limit_streams(State(services): State<Arc<Services>>, request: Request, next: Next) -> Response {
    limit(&services, Purpose::Stream, request, next).await
}

/// The layer for what publishes, creates and removes.
pub async fn limit_publishing(State(services): State<Arc<Services>>, request: Request, next: Next) -> Response {
    limit(&services, Purpose::Publication, request, next).await
}

/// The layer for pages and what they call.
pub async fn limit_pages(State(services): State<Arc<Services>>, request: Request, next: Next) -> Response {
    limit(&services, Purpose::Page, request, next).await
}

/// The refusal of a request that no layer has counted. It is counted here, with REST: whoever is refused too often hears of
/// that instead.
pub(super) fn refused_to(parts: &Parts, services: &Services, error: HttpError) -> HttpError {
    let client = client_of(&parts.extensions, &parts.headers, &services.config.server.trusted_proxies);
    services.rates.take(Purpose::Rest, client, Instant::now()).map_or_else(HttpError::from, |()| error)
}

async fn limit(services: &Services, purpose: Purpose, request: Request, next: Next) -> Response {
    let client = client_of(request.extensions(), request.headers(), &services.config.server.trusted_proxies);
    match services.rates.take(purpose, client, Instant::now()) {
        Ok(()) => next.run(request).await,
        Err(spent) => HttpError::from(spent).into_response(),
    }
}

impl From<Spent> for HttpError {
    fn from(spent: Spent) -> Self {
        match spent {
            Spent::Client(wait) => Self::rate_limited(wait),
            Spent::Total(wait) => Self::Busy { retry_after_ms: wait_ms(wait) },
        }
    }
}
