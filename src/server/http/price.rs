//! `GET /price/{symbol}`: the price of now, once.

use std::sync::Arc;

use axum::{Json, extract::State};

use super::{error::HttpError, query::PathSymbol};
use crate::{
    server::services::Services,
    wire::rest::{PriceAnswer, PriceUpdate},
};

/// The price of one asset, now.
///
/// `source` says where it is from: `stream` is live, `cache` is the last one that was live.
#[utoipa::path(
    get, path = "/price/{symbol}", tag = "prices",
    params(super::openapi::InPathSymbol),
    responses((status = 200, body = PriceAnswer), (status = "default", response = super::openapi::Refused)),
)]
pub(super) async fn price(
    State(services): State<Arc<Services>>,
    PathSymbol(symbol): PathSymbol,
) -> Result<Json<PriceAnswer>, HttpError> {
    let posted = services.market.posted(symbol).ok_or(HttpError::NoPriceYet)?;
    Ok(Json(PriceAnswer { success: true, data: PriceUpdate::from(&*posted.ticker), source: posted.source }))
}
