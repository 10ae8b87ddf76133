//! `GET /api/sources`: every feed that is followed, and how it is.

use std::sync::Arc;

use axum::{Json, extract::State};

use crate::{server::services::Services, wire::news::SourcesAnswer};

/// Every feed that is followed, and how it is.
#[utoipa::path(
    get, path = "/api/sources", tag = "news",
    responses((status = 200, body = SourcesAnswer), (status = "default", response = super::openapi::Refused)),
)]
pub(super) async fn sources(State(services): State<Arc<Services>>) -> Json<SourcesAnswer> {
    let sources = services.feeds.statuses();
    Json(SourcesAnswer { total_count: sources.len(), sources, fetched_at: services.clock.wall().to_rfc3339() })
}
