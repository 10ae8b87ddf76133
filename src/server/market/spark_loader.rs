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
const RELOAD_AFTER: Duration = Duration::from_hours(1);
const FIRST_RETRY: Duration = Duration::from_secs(2);
const LAST_RETRY: Duration = Duration::from_mins(5);
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::{FutureExt, future::BoxFuture};
    use tokio::time::sleep;

    use super::*;
    use crate::model::{candle::Candle, time::UnixMs, venue::Venue};

    const WALL: UnixMs = UnixMs(1_763_640_000_000);

    /// Gives nothing the first `failures` times, then one candle of now.
    struct Source {
        failures: usize,
        asked: AtomicUsize,
    }

    impl CandleSource for Source {
        fn candles(&self, _: Symbol, interval: Interval, limit: usize) -> BoxFuture<'_, Vec<(Venue, Vec<Candle>)>> {
            assert_eq!((interval, limit), (INTERVAL, MAX_CANDLES));
            let nothing = self.asked.fetch_add(1, Ordering::SeqCst) < self.failures;
            let candle = Candle { open_time: WALL, open: 1.0, high: 1.0, low: 1.0, close: 1.0, volume: 1.0 };
            let candles = vec![(Venue::new("okx").expect("a key"), vec![candle])];
            std::future::ready(if nothing { Vec::new() } else { candles }).boxed()
        }
    }

    struct Running {
        source: Arc<Source>,
        series: mpsc::Receiver<SparkSeries>,
        reload: Arc<Notify>,
        shutdown: CancellationToken,
        task: tokio::task::JoinHandle<()>,
    }

    fn start(failures: usize) -> Running {
        let source = Arc::new(Source { failures, asked: AtomicUsize::new(0) });
        let symbols = ["BTC", "ETH"].map(|base| Symbol::parse(base).expect("a symbol"));
        let (sender, series) = mpsc::channel(8);
        let (reload, shutdown) = (Arc::new(Notify::new()), CancellationToken::new());
        let clock = Clock::following(WALL);
        let from = Arc::clone(&source) as Arc<dyn CandleSource>;
        let loader = SparkLoader::new(from, &symbols, sender, Arc::clone(&reload), clock);
        let task = tokio::spawn(loader.run(shutdown.clone()));
        Running { source, series, reload, shutdown, task }
    }

    async fn symbols(running: &mut Running, count: usize) -> Vec<String> {
        let mut symbols = Vec::new();
        for _ in 0..count {
            symbols.push(running.series.recv().await.expect("the loader runs").symbol().to_string());
        }
        symbols.sort();
        symbols
    }

    #[tokio::test(start_paused = true)]
    async fn every_symbol_is_loaded_at_once_and_again_after_an_hour() {
        let mut running = start(0);
        let started = Instant::now();
        assert_eq!(symbols(&mut running, 2).await, ["BTC", "ETH"]);
        assert!(started.elapsed() < Duration::from_secs(1));
        assert_eq!(symbols(&mut running, 2).await, ["BTC", "ETH"]);
        assert_eq!(started.elapsed().as_secs(), RELOAD_AFTER.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_missing_is_asked_for_again_and_ever_more_rarely() {
        let mut running = start(usize::MAX);
        sleep(Duration::from_secs(2 + 4 + 8 + 1)).await;
        assert_eq!(running.source.asked.load(Ordering::SeqCst), 2 * 4);
        sleep(Duration::from_hours(1)).await;
        assert!(running.source.asked.load(Ordering::SeqCst) < 2 * 25);
        assert!(running.series.try_recv().is_err());
        running.shutdown.cancel();
        running.task.await.expect("it ends in peace");
    }

    #[tokio::test(start_paused = true)]
    async fn it_reloads_when_told() {
        let mut running = start(0);
        symbols(&mut running, 2).await;
        let told = Instant::now();
        running.reload.notify_one();
        assert_eq!(symbols(&mut running, 2).await, ["BTC", "ETH"]);
        assert!(told.elapsed() < Duration::from_secs(1));
    }
}
