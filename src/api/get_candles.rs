//! The candles of one asset, for its chart.

use leptos::{prelude::*, server_fn::codec::GetUrl};

use super::error::ApiError;
use crate::{
    model::{
        candle::{Candle, Interval},
        symbol::Symbol,
    },
    wire::json::PageJson,
};

/// Up to 300 candles made from all venues that answer, oldest first; the last one is still open.
///
/// # Errors
/// [`ApiError::UnknownSymbol`], or [`ApiError::Unavailable`] where no venue answers.
#[server(prefix = "/api/fn", endpoint = "get_candles", input = GetUrl, output = PageJson)]
pub async fn get_candles(symbol: Symbol, interval: Interval) -> Result<Vec<Candle>, ApiError> {
    crate::server::services::expect()?.candles(symbol, interval).await
}
