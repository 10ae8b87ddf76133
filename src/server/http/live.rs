//! `GET /live`: the process runs.

use axum::Json;
use serde::Serialize;

use crate::wire::rest::Success;

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Live {
    /// Always `true`.
    pub(super) live: bool,
}

/// Whether the process runs.
#[utoipa::path(get, path = "/live", tag = "operations", responses((status = 200, body = Success<Live>)))]
pub(super) async fn live() -> Json<Success<Live>> {
    Json(Success::new(Live { live: true }))
}
