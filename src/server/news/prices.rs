//! What the news asks of the market.

use futures_util::future::BoxFuture;

use crate::model::{symbol::Symbol, time::UnixMs};

/// Prices in USDT, now and a few hours back.
pub trait Prices: Send + Sync {
    /// The price now; `None` where none can be trusted.
    fn live(&self, symbol: Symbol) -> Option<f64>;

    /// The price at a time of the last hours, to the minute; `None` where nobody knows.
    fn at(&self, symbol: Symbol, at: UnixMs) -> BoxFuture<'_, Option<f64>>;
}
