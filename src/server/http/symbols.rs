//! `GET /symbols`: what may be asked for, and what somebody listens to.

use std::sync::Arc;

use axum::{Json, extract::State};

use crate::{
    model::symbol::Symbol,
    server::services::Services,
    wire::rest::{Success, Symbols},
};

/// The pairs that are on the strip, that somebody follows, and that can be asked for.
#[utoipa::path(
    get, path = "/symbols", tag = "prices",
    responses((status = 200, body = Success<Symbols>), (status = "default", response = super::openapi::Refused)),
)]
pub(super) async fn symbols(State(services): State<Arc<Services>>) -> Json<Success<Symbols>> {
    let pairs = |symbols: &[Symbol]| symbols.iter().map(Symbol::pair).collect();
    let active = services.hub.subscriptions();
    Json(Success::new(Symbols {
        default_symbols: pairs(&services.site.strip),
        active_symbols: active.iter().map(|(symbol, _)| symbol.pair()).collect(),
        supported: pairs(&services.follows.supported()),
    }))
}
