//! `GET /ready`: the prices of the default symbols are there, or 10 s have passed since the start.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;

use super::error::HttpError;
use crate::{server::services::Services, wire::rest::Success};

/// From then on the server answers with what it has, in seconds since the start.
const PATIENCE_S: u64 = 10;

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Ready {
    /// Always `true`.
    pub(super) ready: bool,
}

/// Whether the prices of the strip are there, or 10 s have passed since the start.
#[utoipa::path(
    get, path = "/ready", tag = "operations",
    responses((status = 200, body = Success<Ready>), (status = "default", response = super::openapi::Refused)),
)]
pub(super) async fn ready(State(services): State<Arc<Services>>) -> Result<Json<Success<Ready>>, HttpError> {
    let priced = services.site.strip.iter().all(|symbol| services.market.ticker(*symbol).is_some());
    if priced || services.uptime_s() >= PATIENCE_S {
        Ok(Json(Success::new(Ready { ready: true })))
    } else {
        Err(HttpError::Starting)
    }
}
