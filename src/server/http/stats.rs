//! `GET /stats`: how many listen, and to what, whatever protocol they use.

use std::sync::Arc;

use axum::{Json, extract::State};

use super::health::{SERVICE, uptime};
use crate::{
    server::services::Services,
    wire::rest::{Stats, Success},
};

/// How many listen, and to what, whatever protocol they use.
#[utoipa::path(
    get, path = "/stats", tag = "prices",
    responses((status = 200, body = Success<Stats>), (status = "default", response = super::openapi::Refused)),
)]
pub(super) async fn stats(State(services): State<Arc<Services>>) -> Json<Success<Stats>> {
    let subscriptions = services.hub.subscriptions();
    let uptime_s = services.uptime_s();
    Json(Success::new(Stats {
        service: SERVICE.to_owned(),
        version: services.site.version.clone(),
        port: services.config.server.addr.port(),
        active_streams: services.hub.streams(),
        active_symbols: subscriptions.iter().map(|(symbol, _)| symbol.pair()).collect(),
        total_subscriptions: subscriptions.iter().map(|(_, readers)| readers).sum(),
        subscriptions_by_symbol: subscriptions.iter().map(|(symbol, readers)| (symbol.pair(), *readers)).collect(),
        uptime: uptime(uptime_s),
        uptime_seconds: uptime_s,
        timestamp: services.clock.wall().to_rfc3339(),
    }))
}
