//! Looks prices up for stories, beside the task: a venue that answers slowly delays no news.

use std::sync::Arc;

use super::{editor::Found, prices::Prices, reactions::Due};
use crate::model::time::UnixMs;

/// The price of each figure that is due, in their order. What is due now has the live price, what is late that of the
/// candle of its time.
pub(super) async fn look_up(prices: Arc<dyn Prices>, dues: Vec<Due>, now: UnixMs) -> Vec<Found> {
    let mut found = Vec::with_capacity(dues.len());
    for due in dues {
        let live = if due.is_late(now) { None } else { prices.live(due.symbol) };
        let price = match live {
            Some(price) => Some(price),
            None => prices.at(due.symbol, due.at).await,
        };
        found.push(Found { due, price });
    }
    found
}
