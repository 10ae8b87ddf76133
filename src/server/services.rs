//! What the server can be asked, in one place: endpoints and server functions call these and nothing deeper.

use std::sync::Arc;

use leptos::prelude::use_context;

use crate::{
    api::error::ApiError,
    model::{
        candle::{Candle, Interval},
        symbol::Symbol,
        ticker::Ticker,
    },
    wire::{page::PageSnapshot, status::StatusReport},
};

/// The server's services, shared by every request.
#[derive(Debug)]
pub struct Services {}

impl Services {
    /// The current ticker of each of `symbols` that has a price; all of them if the list is empty.
    ///
    /// # Errors
    /// [`ApiError::UnknownSymbol`] for one that is not followed.
    pub fn tickers(&self, _symbols: &[Symbol]) -> Result<Vec<Ticker>, ApiError> {
        Err(ApiError::Unavailable)
    }

    /// Up to 300 candles, oldest first.
    ///
    /// # Errors
    /// [`ApiError::UnknownSymbol`], or [`ApiError::Unavailable`] where no venue answers.
    pub async fn candles(&self, _symbol: Symbol, _interval: Interval) -> Result<Vec<Candle>, ApiError> {
        std::future::ready(Err(ApiError::Unavailable)).await
    }

    /// The state of the venues and of the server.
    pub fn status(&self) -> StatusReport {
        unimplemented!()
    }

    /// What a page starts with, from memory.
    pub fn page_snapshot(&self) -> PageSnapshot {
        unimplemented!()
    }
}

/// The services of the request that is being answered. `None` while the routes are listed, before the server runs.
pub fn current() -> Option<Arc<Services>> {
    use_context::<Arc<Services>>()
}

/// The services of the request that is being answered.
///
/// # Errors
/// [`ApiError::Unavailable`] outside a request.
pub fn expect() -> Result<Arc<Services>, ApiError> {
    current().ok_or(ApiError::Unavailable)
}
