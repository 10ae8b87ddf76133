//! `GET /live`: the process runs.

use axum::Json;
use serde::Serialize;

use crate::wire::rest::Success;

#[derive(Serialize)]
pub(super) struct Live {
    live: bool,
}

pub(super) async fn live() -> Json<Success<Live>> {
    Json(Success::new(Live { live: true }))
}
