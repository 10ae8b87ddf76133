//! Candles on demand: fetched once for all who ask, kept for a short while, and brought up to date with the live price.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use thiserror::Error;
use tokio::time::{Instant, timeout};

use super::{
    board::MarketBoard,
    candles::{MAX_CANDLES, combine, follow},
};
use crate::{
    model::{
        candle::{Candle, Interval},
        number::Price,
        symbol::Symbol,
        venue::Venue,
    },
    server::clock::Clock,
};

/// Longest time that a series is served without asking the venues again.
const MAX_AGE: Duration = Duration::from_secs(30);
/// How long an old series is served while no venue answers.
const MAX_STALE: Duration = Duration::from_mins(10);
/// How long nobody is asked again after no venue answered.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(2);
/// How long the venues may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);
/// Series that are kept: those of 40 assets in each of the six intervals, about 4 MB.
const MAX_SERIES: usize = 240;

/// Where candles come from: the REST sides of the venues.
pub trait CandleSource: Send + Sync {
    /// The newest `limit` candles of each venue that answers; empty if none does.
    fn candles(&self, symbol: Symbol, interval: Interval, limit: usize) -> BoxFuture<'_, Vec<(Venue, Vec<Candle>)>>;
}

/// Why there are no candles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CandleError {
    /// No venue answers; worth another try later.
    #[error("no venue answers")]
    Unavailable,
}

type Key = (Symbol, Interval);

/// One series. Its lock is held while the venues are asked, so that all who want the same wait for one answer.
type Entry = Arc<tokio::sync::Mutex<Series>>;

#[derive(Debug, Default)]
struct Series {
    loaded: Option<(Instant, Vec<Candle>)>,
    failed_at: Option<Instant>,
}

/// The candles of every symbol, cached.
pub struct CandleService {
    source: Arc<dyn CandleSource>,
    board: Arc<MarketBoard>,
    clock: Clock,
    /// With the time of the last question, to know which to drop.
    cache: Mutex<HashMap<Key, (Instant, Entry)>>,
}

impl CandleService {
    pub fn new(source: Arc<dyn CandleSource>, board: Arc<MarketBoard>, clock: Clock) -> Self {
        Self { source, board, clock, cache: Mutex::default() }
    }

    /// Up to 300 candles, oldest first. The last one is still open and follows the live price.
    ///
    /// # Errors
    /// [`CandleError::Unavailable`] where no venue answers and nothing recent is known.
    pub async fn candles(&self, symbol: Symbol, interval: Interval) -> Result<Vec<Candle>, CandleError> {
        let mut candles = self.series(symbol, interval).await?;
        let live = self.board.ticker(symbol).filter(|ticker| ticker.sources > 0);
        if let Some(price) = live.and_then(|ticker| Price::new(ticker.price)) {
            follow(&mut candles, interval, price, self.clock.wall());
        }
        Ok(candles)
    }

    async fn series(&self, symbol: Symbol, interval: Interval) -> Result<Vec<Candle>, CandleError> {
        let entry = self.entry((symbol, interval));
        let mut series = entry.lock().await;
        let now = Instant::now();
        if let Some((at, candles)) = &series.loaded
            && now.duration_since(*at) < max_age(interval)
        {
            return Ok(candles.clone());
        }
        if series.failed_at.is_none_or(|at| now.duration_since(at) >= PAUSE_AFTER_FAILURE) {
            let answer = timeout(FETCH_TIMEOUT, self.source.candles(symbol, interval, MAX_CANDLES)).await;
            let candles = combine(&answer.unwrap_or_default(), interval);
            let now = Instant::now();
            if !candles.is_empty() {
                *series = Series { loaded: Some((now, candles.clone())), failed_at: None };
                return Ok(candles);
            }
            series.failed_at = Some(now);
        }
        match &series.loaded {
            Some((at, candles)) if at.elapsed() < MAX_STALE => Ok(candles.clone()),
            _ => Err(CandleError::Unavailable),
        }
    }

    fn entry(&self, key: Key) -> Entry {
        let mut cache = self.cache.lock();
        if cache.len() >= MAX_SERIES
            && !cache.contains_key(&key)
            && let Some(oldest) = cache.iter().min_by_key(|(_, (asked, _))| *asked).map(|(key, _)| *key)
        {
            cache.remove(&oldest);
        }
        let (asked, entry) = cache.entry(key).or_insert_with(|| (Instant::now(), Entry::default()));
        *asked = Instant::now();
        Arc::clone(entry)
    }
}

/// Half an interval, at most 30 s.
fn max_age(interval: Interval) -> Duration {
    Duration::from_millis(u64::try_from(interval.ms() / 2).unwrap_or_default()).min(MAX_AGE)
}

#[cfg(test)]
mod tests;
