//! Joins rooms that don't know each other: the venues answer what the market and the services ask, the database what the
//! hub asks.

use std::sync::Arc;

use futures_util::{FutureExt, future::BoxFuture};
use tracing::debug;

use crate::{
    model::{
        candle::{Candle, Interval},
        symbol::Symbol,
        time::UnixMs,
        venue::Venue,
    },
    server::{
        clock::Clock,
        event::LogEvent,
        hub::log::{EventStore, EventStoreError},
        market::{
            board::MarketBoard,
            candle_service::{CandleService, CandleSource},
        },
        news::{feeds::board::SourceBoard, prices::Prices},
        services::{FeedReports, VenueReports},
        storage::Storage,
        venues::{Venues, board::VenueCounts},
    },
    wire::{news::SourceStatus, status::VenueStatus},
};

/// The venues, as the rest of the house asks them.
pub(super) struct VenueSide {
    pub venues: Arc<Venues>,
    pub clock: Clock,
}

impl VenueReports for VenueSide {
    fn reports(&self) -> Vec<VenueStatus> {
        self.venues.board().snapshot(self.clock.now())
    }

    fn counts(&self) -> Vec<VenueCounts> {
        self.venues.board().counts()
    }
}

impl CandleSource for VenueSide {
    fn candles(&self, symbol: Symbol, interval: Interval, limit: usize) -> BoxFuture<'_, Vec<(Venue, Vec<Candle>)>> {
        let limit = u16::try_from(limit).unwrap_or(u16::MAX);
        async move {
            let answers = self.venues.candles(symbol, interval, limit).await;
            let answered = |(venue, answer)| match answer {
                Ok(candles) => Some((venue, candles)),
                Err(error) => {
                    // The supervisor tells of a venue that is away; a chart without one venue is still a chart.
                    debug!(%venue, %symbol, %interval, %error, "no candles");
                    None
                }
            };
            answers.into_iter().filter_map(answered).collect()
        }
        .boxed()
    }
}

impl EventStore for Storage {
    fn read(&self, after: u64, limit: usize) -> BoxFuture<'static, Result<Vec<LogEvent>, EventStoreError>> {
        let storage = self.clone();
        async move { storage.events(after, limit).await.map_err(|error| EventStoreError(error.to_string())) }.boxed()
    }
}

/// The market, as the news asks it.
pub(super) struct MarketPrices {
    pub board: Arc<MarketBoard>,
    pub candles: Arc<CandleService>,
}

impl Prices for MarketPrices {
    fn live(&self, symbol: Symbol) -> Option<f64> {
        let ticker = self.board.ticker(symbol)?;
        (ticker.sources > 0 && ticker.freshness.usable()).then_some(ticker.price)
    }

    /// The close of the minute that holds the time.
    fn at(&self, symbol: Symbol, at: UnixMs) -> BoxFuture<'_, Option<f64>> {
        async move {
            let minute = Interval::OneMinute;
            let candles = self.candles.candles(symbol, minute).await.ok()?;
            let holds = |candle: &&Candle| (0..minute.ms()).contains(&at.since(candle.open_time));
            candles.iter().find(holds).map(|candle| candle.close)
        }
        .boxed()
    }
}

impl FeedReports for SourceBoard {
    fn statuses(&self) -> Vec<SourceStatus> {
        Self::statuses(self)
    }
}
