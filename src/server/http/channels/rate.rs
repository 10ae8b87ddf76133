//! How much one token may publish.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::time::Instant;

use crate::server::{
    access::TokenId,
    http::{address::ClientAddress, caller::Caller, error::HttpError, rate_limit::RateLimiter},
    services::Services,
};

/// Who is counted: a token, or the address of whoever shows none and is about to be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Publisher {
    Token(TokenId),
    Address(IpAddr),
}

/// Counts what is published.
#[derive(Clone)]
pub struct PublishRate {
    services: Arc<Services>,
    limiter: Arc<RateLimiter<Publisher>>,
}

impl PublishRate {
    pub fn new(services: &Arc<Services>) -> Self {
        let limiter = RateLimiter::new(services.config.channels.publishes_per_minute, &[]);
        Self { services: Arc::clone(services), limiter: Arc::new(limiter) }
    }

    fn publisher(&self, request: &Request) -> Publisher {
        match request.extensions().get::<Caller>().and_then(Caller::grant) {
            Some(grant) => Publisher::Token(grant.id),
            None => {
                let trusted = &self.services.config.server.trusted_proxies;
                Publisher::Address(ClientAddress::of(request.extensions(), request.headers(), trusted).0)
            }
        }
    }
}

/// The layer for routes that publish.
pub async fn publish_rate(State(rate): State<PublishRate>, request: Request, next: Next) -> Response {
    match rate.limiter.take(rate.publisher(&request), Instant::now()) {
        Ok(()) => next.run(request).await,
        Err(wait) => {
            let retry_after_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
            HttpError::RateLimited { retry_after_ms }.into_response()
        }
    }
}
