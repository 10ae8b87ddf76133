//! Joins rooms that don't know each other: the venues answer what the market and the services ask, the database what the
//! hub asks.

use std::sync::Arc;

use futures_util::{FutureExt, future::BoxFuture};
use tracing::debug;

use crate::{
    model::{
        candle::{Candle, Interval},
        symbol::Symbol,
        venue::Venue,
    },
    server::{
        clock::Clock,
        event::LogEvent,
        hub::log::{EventStore, EventStoreError},
        market::candle_service::CandleSource,
        services::VenueReports,
        storage::Storage,
        venues::Venues,
    },
    wire::status::VenueStatus,
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
