//! What the board shows of prices, and who follows them.

use std::{fmt, sync::Arc};

use prometheus_client::registry::Unit;

use super::{Sheet, seconds};
use crate::{
    model::{freshness::Freshness, ticker::Ticker},
    server::services::Services,
};

pub(super) fn write(sheet: &mut Sheet<'_>, services: &Services) -> fmt::Result {
    let now = services.clock.wall();
    let tickers: Vec<Arc<Ticker>> = services.market.tickers();
    let ages = tickers.iter().flat_map(|ticker| {
        ticker.venues.iter().filter_map(|quote| {
            let labels = [("venue", quote.venue.as_str()), ("symbol", ticker.symbol.as_str())];
            // A wall clock that was set back makes nothing come from the future.
            Some((labels, seconds(now.since(quote.received_at?).max(0))))
        })
    });
    let help = "Time since a venue last said something of an asset.";
    sheet.gauges("venue_data_age", help, Some(&Unit::Seconds), ages)?;
    let count = |freshness: Freshness| tickers.iter().filter(|ticker| ticker.freshness == freshness).count();
    let by_freshness = Freshness::ALL.map(|freshness| ([("freshness", freshness.as_str())], count(freshness)));
    let help = "Assets that have a price, by how fresh it is.";
    sheet.gauges("symbols", help, None, by_freshness)?;
    let sources = tickers.iter().map(|ticker| ([("symbol", ticker.symbol.as_str())], u32::from(ticker.sources)));
    sheet.gauges("ticker_sources", "Venues that the price of an asset is made of.", None, sources)?;
    let subscriptions = services.hub.subscriptions();
    let readers = subscriptions.iter().map(|(symbol, readers)| ([("symbol", symbol.as_str())], *readers));
    sheet.gauges("subscriptions", "Streams that follow an asset.", None, readers)
}
