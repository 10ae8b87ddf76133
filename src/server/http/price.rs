//! `GET /price/{symbol}`: the price of now, once.

use std::sync::Arc;

use axum::{Json, extract::State};

use super::{error::HttpError, query::PathSymbol};
use crate::{
    server::services::Services,
    wire::rest::{PriceAnswer, PriceUpdate},
};

pub(super) async fn price(
    State(services): State<Arc<Services>>,
    PathSymbol(symbol): PathSymbol,
) -> Result<Json<PriceAnswer>, HttpError> {
    let posted = services.market.posted(symbol).ok_or(HttpError::NoPriceYet)?;
    Ok(Json(PriceAnswer { success: true, data: PriceUpdate::from(&*posted.ticker), source: posted.source }))
}
