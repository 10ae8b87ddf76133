//! `GET /price/{symbol}`: the price of now, once.
//!
//! A symbol that is not configured, but that a venue lists, is followed for this: the answer waits a moment for the first
//! price, and who asks again within a minute is answered from memory.

use std::{sync::Arc, time::Duration};

use axum::{Json, extract::State};
use tokio::time::timeout;

use super::{
    address::Counted,
    error::HttpError,
    query::{PathSymbol, want},
};
use crate::{
    server::services::Services,
    wire::rest::{PriceAnswer, PriceUpdate},
};

/// How long an answer waits for the first price. The slowest venue tells a ticker every second, and is asked within one.
const FIRST_PRICE: Duration = Duration::from_secs(3);

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
    Counted(client): Counted,
    PathSymbol(symbol): PathSymbol,
) -> Result<Json<PriceAnswer>, HttpError> {
    let _interests = want(&services, &[symbol], client)?;
    let posted = match services.market.posted(symbol) {
        None if !services.market.is_configured(symbol) => {
            timeout(FIRST_PRICE, services.market.first_posted(symbol)).await.unwrap_or_default()
        }
        posted => posted,
    };
    let posted = posted.ok_or(HttpError::NoPriceYet)?;
    Ok(Json(PriceAnswer { success: true, data: PriceUpdate::from(&*posted.ticker), source: posted.source }))
}
