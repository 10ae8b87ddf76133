//! Loads the history of the sparklines: at the start, hourly, after long outages, and again while it is missing.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{
    candle_service::CandleSource,
    candles::{MAX_CANDLES, combine},
    spark::SparkSeries,
};
use crate::{
    model::{candle::Interval, symbol::Symbol},
    server::clock::Clock,
};

/// The candles that the points are made of: 288 a day.
const INTERVAL: Interval = Interval::FiveMinutes;
const RELOAD_AFTER: Duration = Duration::from_secs(3600);
const FIRST_RETRY: Duration = Duration::from_secs(2);
const LAST_RETRY: Duration = Duration::from_secs(300);
const FETCH_TIMEOUT: Duration = Duration::from_secs(20);

/// A task of its own, so that a slow venue never delays a price. Asks for one symbol at a time, which keeps it far
/// within every venue's request limits; started by whoever starts the market, ended by the token.
pub struct SparkLoader {
    source: Arc<dyn CandleSource>,
    /// To the market's task, which owns the series. When it is full the loader waits.
    series: mpsc::Sender<SparkSeries>,
    /// Set off by the market's task after a long outage.
    reload: Arc<Notify>,
    clock: Clock,
    plans: Vec<Plan>,
}

#[derive(Debug, Clone, Copy)]
struct Plan {
    symbol: Symbol,
    due: Instant,
    retry: Duration,
}

impl SparkLoader {
    pub fn new(
        source: Arc<dyn CandleSource>,
        symbols: &[Symbol],
        series: mpsc::Sender<SparkSeries>,
        reload: Arc<Notify>,
        clock: Clock,
    ) -> Self {
        let due = clock.now().mono;
        let plans = symbols.iter().map(|symbol| Plan { symbol: *symbol, due, retry: FIRST_RETRY }).collect();
        Self { source, series, reload, clock, plans }
    }

    /// Loads until `shutdown`, or until the market's task is gone.
    pub async fn run(mut self, shutdown: CancellationToken) {
        loop {
            let Some((next, due)) = self.plans.iter().map(|plan| plan.due).enumerate().min_by_key(|(_, due)| *due)
            else {
                return;
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.reload.notified() => {
                    let now = Instant::now();
                    self.plans.iter_mut().for_each(|plan| plan.due = now);
                }
                () = sleep_until(due) => {
                    let loaded = tokio::select! {
                        () = shutdown.cancelled() => return,
                        loaded = self.load(next) => loaded,
                    };
                    let Some(series) = loaded else { continue };
                    tokio::select! {
                        () = shutdown.cancelled() => return,
                        sent = self.series.send(series) => if sent.is_err() { return },
                    }
                }
            }
        }
    }

    /// Loads one series and plans its next load.
    async fn load(&mut self, next: usize) -> Option<SparkSeries> {
        let plan = self.plans.get_mut(next)?;
        let answer = timeout(FETCH_TIMEOUT, self.source.candles(plan.symbol, INTERVAL, MAX_CANDLES)).await;
        let candles = combine(&answer.unwrap_or_default(), INTERVAL);
        let series = SparkSeries::from_candles(plan.symbol, &candles, self.clock.wall());
        if series.is_some() {
            plan.due = Instant::now() + RELOAD_AFTER;
            plan.retry = FIRST_RETRY;
        } else {
            debug!(symbol = %plan.symbol, retry_s = plan.retry.as_secs(), "no history for the sparkline yet");
            plan.due = Instant::now() + plan.retry;
            plan.retry = (plan.retry * 2).min(LAST_RETRY);
        }
        series
    }
}
