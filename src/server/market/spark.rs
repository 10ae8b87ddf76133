//! Sparklines: 24 h of a price in 48 points, loaded once from candles and continued with live prices.

use std::collections::VecDeque;

use crate::{
    model::{candle::Candle, number::Price, symbol::Symbol, time::UnixMs},
    wire::page::{SPARK_POINTS, SPARK_STEP_MS, Spark},
};

/// The course of one price. Points are evenly spaced; one that nothing was heard in repeats the one before.
#[derive(Debug, Clone, PartialEq)]
pub struct SparkSeries {
    symbol: Symbol,
    /// Start of the interval of the last point.
    end: UnixMs,
    /// At most [`SPARK_POINTS`] closes, oldest first, never empty.
    closes: VecDeque<f64>,
    changed: bool,
}

impl SparkSeries {
    /// A series that begins with a price of now.
    pub fn new(symbol: Symbol, price: Price, now: UnixMs) -> Self {
        Self { symbol, end: step_of(now), closes: VecDeque::from([price.get()]), changed: true }
    }

    /// The last 24 h of candles in ascending order; `None` if none of them is that young.
    pub fn from_candles(symbol: Symbol, candles: &[Candle], now: UnixMs) -> Option<Self> {
        let end = step_of(now);
        let points = i64::try_from(SPARK_POINTS).unwrap_or(i64::MAX);
        let start = UnixMs(end.0.saturating_sub((points - 1).saturating_mul(SPARK_STEP_MS)));
        let mut series: Option<Self> = None;
        for candle in candles {
            let in_range = (start..=UnixMs(end.0 + SPARK_STEP_MS - 1)).contains(&candle.open_time);
            let Some(close) = Price::new(candle.close).filter(|_| in_range) else { continue };
            match &mut series {
                Some(series) => series.push(close, candle.open_time),
                None => series = Some(Self::new(symbol, close, candle.open_time)),
            }
        }
        series
    }

    /// Continues with a price. One from before the last point changes nothing.
    pub fn push(&mut self, price: Price, at: UnixMs) {
        let step = step_of(at);
        let ahead = step.since(self.end) / SPARK_STEP_MS;
        if ahead < 0 {
            return;
        }
        let previous = self.closes.back().copied().unwrap_or(price.get());
        for _ in 0..ahead.min(i64::try_from(SPARK_POINTS).unwrap_or(i64::MAX)) {
            self.closes.push_back(previous);
        }
        if let Some(last) = self.closes.back_mut() {
            *last = price.get();
        }
        self.end = step;
        self.changed = true;
        let surplus = self.closes.len().saturating_sub(SPARK_POINTS);
        self.closes.drain(..surplus);
    }

    pub const fn symbol(&self) -> Symbol {
        self.symbol
    }

    /// The series as it is sent, if it changed since this was last asked.
    pub fn take_changed(&mut self) -> Option<Spark> {
        std::mem::take(&mut self.changed).then(|| self.spark())
    }

    /// The series as it is sent.
    pub fn spark(&self) -> Spark {
        let before_last = i64::try_from(self.closes.len().saturating_sub(1)).unwrap_or_default();
        Spark {
            symbol: self.symbol,
            start: UnixMs(self.end.0 - before_last * SPARK_STEP_MS),
            step_ms: SPARK_STEP_MS,
            closes: self.closes.iter().copied().collect(),
        }
    }
}

/// Start of the step that `time` falls in.
fn step_of(time: UnixMs) -> UnixMs {
    UnixMs(time.0 - time.0.rem_euclid(SPARK_STEP_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 48 * SPARK_STEP_MS;

    fn symbol() -> Symbol {
        Symbol::parse("BTC").expect("a symbol")
    }

    fn price(value: f64) -> Price {
        Price::new(value).expect("a price")
    }

    fn candle(at: i64, close: f64) -> Candle {
        Candle { open_time: UnixMs(at), open: close, high: close, low: close, close, volume: 1.0 }
    }

    #[test]
    fn a_day_of_five_minute_candles_makes_48_points() {
        let now = UnixMs(10 * DAY + 60_000);
        let candles: Vec<_> =
            (0_i32..300).map(|i| candle(now.0 - 60_000 - i64::from(299 - i) * 300_000, f64::from(i + 1))).collect();
        let spark = SparkSeries::from_candles(symbol(), &candles, now).expect("a series").spark();
        assert_eq!(spark.closes.len(), SPARK_POINTS);
        assert_eq!(spark.start, UnixMs(9 * DAY + SPARK_STEP_MS));
        assert_eq!(spark.step_ms, SPARK_STEP_MS);
        assert_eq!(spark.closes[46..], [299.0, 300.0], "the close of a step is that of its last candle");
    }

    #[test]
    fn holes_repeat_the_last_close() {
        let candles = [candle(DAY, 1.0), candle(DAY + 3 * SPARK_STEP_MS, 2.0)];
        let spark = SparkSeries::from_candles(symbol(), &candles, UnixMs(DAY + 3 * SPARK_STEP_MS)).expect("a series");
        assert_eq!(spark.spark().closes, [1.0, 1.0, 1.0, 2.0]);
        assert_eq!(spark.spark().start, UnixMs(DAY));
    }

    #[test]
    fn old_and_future_candles_make_no_series() {
        let now = UnixMs(3 * DAY);
        for at in [now.0 - DAY, now.0 + SPARK_STEP_MS] {
            assert_eq!(SparkSeries::from_candles(symbol(), &[candle(at, 1.0)], now), None);
        }
    }

    #[test]
    fn live_prices_continue_it() {
        let mut series = SparkSeries::new(symbol(), price(1.0), UnixMs(0));
        series.push(price(2.0), UnixMs(1000));
        assert_eq!(series.spark().closes, [2.0]);
        series.push(price(3.0), UnixMs(SPARK_STEP_MS));
        series.push(price(9.0), UnixMs(0));
        assert_eq!(series.spark().closes, [2.0, 3.0]);
        series.push(price(4.0), UnixMs(100 * DAY));
        assert_eq!(series.spark().closes.len(), SPARK_POINTS);
        assert_eq!(series.spark().closes[46..], [3.0, 4.0]);
    }
}
