//! What the server can be asked, in one place: endpoints and server functions call these and nothing deeper.

use std::sync::Arc;

use leptos::prelude::use_context;
use tokio_util::task::TaskTracker;

use super::{
    access::Tokens,
    channels::Channels,
    clock::{Clock, Stamp},
    config::Config,
    follows::Follows,
    hub::Hub,
    market::{board::MarketBoard, candle_service::CandleService},
    metrics::Metrics,
    news::desk::NewsDesk,
    rate::RateLimits,
    storage::Storage,
    venues::board::VenueCounts,
};
use crate::{
    api::error::ApiError,
    model::{
        candle::{Candle, Interval},
        symbol::Symbol,
        ticker::Ticker,
    },
    wire::{
        news::SourceStatus,
        page::{PageSnapshot, SiteInfo},
        status::{StatusReport, VenueStatus},
    },
};

/// Where the state of the venues' connections is told.
pub trait VenueReports: Send + Sync {
    /// One report per enabled venue, in the registry's order.
    fn reports(&self) -> Vec<VenueStatus>;

    /// What each of them has said since the start.
    fn counts(&self) -> Vec<VenueCounts>;
}

/// Where the state of the feeds is told.
pub trait FeedReports: Send + Sync {
    /// One report per feed that is followed, in the order of the settings.
    fn statuses(&self) -> Vec<SourceStatus>;
}

/// No feed is followed.
pub struct NoFeeds;

impl FeedReports for NoFeeds {
    fn statuses(&self) -> Vec<SourceStatus> {
        Vec::new()
    }
}

/// The server's services, shared by every request.
pub struct Services {
    /// With the address that is listened on: where port 0 was asked for, the one that was given.
    pub config: Arc<Config>,
    pub clock: Clock,
    pub site: SiteInfo,
    pub market: Arc<MarketBoard>,
    pub hub: Arc<Hub>,
    /// Through which symbols are asked for.
    pub follows: Arc<Follows>,
    /// How often clients may ask.
    pub rates: RateLimits,
    pub candles: Arc<CandleService>,
    /// When the server started.
    pub started: Stamp,
    pub venues: Arc<dyn VenueReports>,
    pub news: Arc<NewsDesk>,
    pub feeds: Arc<dyn FeedReports>,
    /// `None` where nothing is stored, as in tests: a server that is run has one.
    pub storage: Option<Storage>,
    pub tokens: Arc<Tokens>,
    /// What the server waits for at its end: its tasks, and the sockets, whose connections nobody else waits for.
    pub tasks: TaskTracker,
    /// What programs tell each other through this server.
    pub channels: Arc<Channels>,
    /// Where everybody counts.
    pub metrics: Metrics,
}

impl Services {
    /// The current ticker of each of `symbols` that has a price, in that order; all of them if the list is empty.
    ///
    /// # Errors
    /// [`ApiError::UnknownSymbol`] for one that is not configured: pages show no other.
    pub fn tickers(&self, symbols: &[Symbol]) -> Result<Vec<Ticker>, ApiError> {
        for symbol in symbols {
            self.known(*symbol)?;
        }
        let wanted = if symbols.is_empty() { self.market.symbols() } else { symbols };
        Ok(wanted.iter().filter_map(|symbol| self.market.ticker(*symbol)).map(Arc::unwrap_or_clone).collect())
    }

    /// Up to 300 candles, oldest first.
    ///
    /// # Errors
    /// [`ApiError::UnknownSymbol`], or [`ApiError::Unavailable`] where no venue answers.
    pub async fn candles(&self, symbol: Symbol, interval: Interval) -> Result<Vec<Candle>, ApiError> {
        self.known(symbol)?;
        self.candles.candles(symbol, interval).await.map_err(|_| ApiError::Unavailable)
    }

    fn known(&self, symbol: Symbol) -> Result<(), ApiError> {
        if self.market.is_configured(symbol) {
            Ok(())
        } else {
            Err(ApiError::UnknownSymbol { symbol: symbol.to_string() })
        }
    }

    /// The state of the venues, of the feeds and of the server.
    pub fn status(&self) -> StatusReport {
        StatusReport {
            at: self.clock.wall(),
            version: self.site.version.clone(),
            simulated: self.site.simulated,
            started_at: self.started.wall,
            uptime_s: self.uptime_s(),
            clients: self.hub.streams(),
            venues: self.venues.reports(),
            feeds: self.feeds.statuses(),
            storage_error: self.storage.as_ref().and_then(Storage::error),
        }
    }

    /// Whole seconds since the start.
    pub fn uptime_s(&self) -> u64 {
        self.clock.now().mono.saturating_duration_since(self.started.mono).as_secs()
    }

    /// What a page starts with, from memory.
    pub fn page_snapshot(&self) -> PageSnapshot {
        PageSnapshot {
            site: self.site.clone(),
            at: self.clock.wall(),
            tickers: self.market.tickers().into_iter().map(Arc::unwrap_or_clone).collect(),
            sparks: self.market.sparks().into_iter().map(Arc::unwrap_or_clone).collect(),
            news: Arc::unwrap_or_clone(self.news.snapshot()),
        }
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

mod news;

#[cfg(test)]
pub(in crate::server) mod fixture;
#[cfg(test)]
mod tests;
