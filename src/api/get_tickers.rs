//! The current tickers, for pages that poll while the live stream is away.

use leptos::{prelude::*, server_fn::codec::GetUrl};

use super::error::ApiError;
use crate::{
    model::{symbol::Symbol, ticker::Ticker},
    wire::json::PageJson,
};

/// The current ticker of each of `symbols` that has a price, in that order. All of them if the list is empty.
///
/// # Errors
/// [`ApiError::UnknownSymbol`] for one that is not followed.
#[server(prefix = "/api/fn", endpoint = "get_tickers", input = GetUrl, output = PageJson)]
pub async fn get_tickers(#[server(default)] symbols: Vec<Symbol>) -> Result<Vec<Ticker>, ApiError> {
    crate::server::services::expect()?.tickers(&symbols)
}
