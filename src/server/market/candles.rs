//! The candles of several venues, made into one series.

use std::collections::BTreeMap;

use crate::model::{
    candle::{Candle, Interval},
    number::{Price, Volume},
    time::UnixMs,
    venue::Venue,
};

/// Candles that are kept and served at most, per symbol and interval.
pub const MAX_CANDLES: usize = 300;

/// One candle per interval that any venue has: open and close weighted by volume (equally where there was none),
/// high = max, low = min, volume = sum. Oldest first, the newest [`MAX_CANDLES`]; an interval that no venue has stays
/// missing. Candles with impossible figures are left out.
pub fn combine(venues: &[(Venue, Vec<Candle>)], interval: Interval) -> Vec<Candle> {
    let mut buckets: BTreeMap<UnixMs, Bucket> = BTreeMap::new();
    for candle in venues.iter().flat_map(|(_, candles)| candles).filter(|candle| plausible(candle)) {
        buckets.entry(interval.start_of(candle.open_time)).or_default().add(candle);
    }
    let surplus = buckets.len().saturating_sub(MAX_CANDLES);
    buckets.into_iter().skip(surplus).map(|(open_time, bucket)| bucket.candle(open_time)).collect()
}

fn plausible(candle: &Candle) -> bool {
    let prices = [candle.open, candle.high, candle.low, candle.close];
    prices.into_iter().all(|price| Price::new(price).is_some()) && Volume::new(candle.volume).is_some()
}

/// Sums over the venues of one interval.
#[derive(Debug, Default)]
struct Bucket {
    candles: Vec<Candle>,
}

impl Bucket {
    fn add(&mut self, candle: &Candle) {
        self.candles.push(*candle);
    }

    fn candle(&self, open_time: UnixMs) -> Candle {
        let greatest = self.candles.iter().map(|c| c.volume).fold(0.0, f64::max);
        // Relative to the greatest, so that no sum can overflow.
        let weight = |c: &Candle| if greatest > 0.0 { c.volume / greatest } else { 1.0 };
        let weights: f64 = self.candles.iter().map(weight).sum();
        let mean = |figure: fn(&Candle) -> f64| {
            let values = || self.candles.iter().map(figure);
            let mean: f64 = self.candles.iter().map(|c| weight(c) / weights * figure(c)).sum();
            mean.clamp(values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max))
        };
        let (open, close) = (mean(|c| c.open), mean(|c| c.close));
        Candle {
            open_time,
            open,
            high: self.candles.iter().map(|c| c.high).fold(open.max(close), f64::max),
            low: self.candles.iter().map(|c| c.low).fold(open.min(close), f64::min),
            close,
            volume: self.candles.iter().map(|c| c.volume).sum::<f64>().min(f64::MAX),
        }
    }
}

/// Brings a series up to date with a price of now: the open candle follows it, and a new one starts when its interval
/// has begun since the series was loaded.
pub fn follow(candles: &mut Vec<Candle>, interval: Interval, price: Price, now: UnixMs) {
    let (start, price) = (interval.start_of(now), price.get());
    match candles.last_mut() {
        Some(last) if last.open_time > start => {}
        Some(last) if last.open_time == start => {
            last.close = price;
            last.high = last.high.max(price);
            last.low = last.low.min(price);
        }
        Some(_) => {
            candles.push(Candle { open_time: start, open: price, high: price, low: price, close: price, volume: 0.0 });
            let surplus = candles.len().saturating_sub(MAX_CANDLES);
            candles.drain(..surplus);
        }
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candle(minute: i64, prices: [f64; 4], volume: f64) -> Candle {
        let [open, high, low, close] = prices;
        Candle { open_time: UnixMs(minute * 60_000), open, high, low, close, volume }
    }

    fn venue(key: &str) -> Venue {
        Venue::new(key).expect("a key")
    }

    #[test]
    fn figures_are_weighted_by_volume() {
        let a = vec![candle(2, [10.0, 12.0, 9.0, 11.0], 3.0)];
        let b = vec![candle(2, [14.0, 15.0, 13.0, 15.0], 1.0)];
        let one = combine(&[(venue("a"), a), (venue("b"), b)], Interval::OneMinute);
        assert_eq!(one, [candle(2, [11.0, 15.0, 9.0, 12.0], 4.0)]);
    }

    #[test]
    fn without_volume_venues_weigh_the_same() {
        let a = vec![candle(2, [10.0, 10.0, 10.0, 10.0], 0.0)];
        let b = vec![candle(2, [20.0, 20.0, 20.0, 20.0], 0.0)];
        let one = combine(&[(venue("a"), a), (venue("b"), b)], Interval::OneMinute);
        assert_eq!(one, [candle(2, [15.0, 20.0, 10.0, 15.0], 0.0)]);
    }

    #[test]
    fn gaps_stay_and_order_does_not_matter() {
        let flat = |minute| candle(minute, [1.0; 4], 1.0);
        let series =
            combine(&[(venue("a"), vec![flat(9), flat(3)]), (venue("b"), vec![flat(4), flat(9)])], Interval::OneMinute);
        let minutes: Vec<_> = series.iter().map(|c| c.open_time.0 / 60_000).collect();
        assert_eq!(minutes, [3, 4, 9]);
        assert!((series[2].volume - 2.0).abs() < 1e-12);
    }

    #[test]
    fn only_the_newest_are_kept_and_impossible_ones_never() {
        let mut many: Vec<_> = (0..350).map(|minute| candle(minute, [1.0; 4], 1.0)).collect();
        many.push(candle(400, [f64::NAN, 1.0, 1.0, 1.0], 1.0));
        many.push(candle(401, [1.0, 1.0, 0.0, 1.0], 1.0));
        many.push(candle(402, [1.0; 4], -1.0));
        let series = combine(&[(venue("a"), many)], Interval::OneMinute);
        assert_eq!(series.len(), MAX_CANDLES);
        assert_eq!(series.first().map(|c| c.open_time.0), Some(50 * 60_000));
        assert_eq!(series.last().map(|c| c.open_time.0), Some(349 * 60_000));
    }

    #[test]
    fn a_candle_holds_its_own_open_and_close() {
        let liar = vec![candle(1, [10.0, 5.0, 20.0, 11.0], 1.0)];
        let series = combine(&[(venue("a"), liar)], Interval::OneMinute);
        assert_eq!(series, [candle(1, [10.0, 11.0, 10.0, 11.0], 1.0)]);
    }

    #[test]
    fn the_open_candle_follows_the_price() {
        let price = |value| Price::new(value).expect("a price");
        let mut series = vec![candle(5, [10.0, 11.0, 9.0, 10.0], 4.0)];
        follow(&mut series, Interval::OneMinute, price(12.0), UnixMs(5 * 60_000 + 30_000));
        assert_eq!(series, [candle(5, [10.0, 12.0, 9.0, 12.0], 4.0)]);
        follow(&mut series, Interval::OneMinute, price(8.0), UnixMs(6 * 60_000));
        assert_eq!(series.len(), 2);
        assert_eq!(series[1], candle(6, [8.0; 4], 0.0));
        follow(&mut series, Interval::OneMinute, price(99.0), UnixMs(0));
        assert_eq!(series[1], candle(6, [8.0; 4], 0.0), "a clock that steps back rewrites no history");
        let mut empty = Vec::new();
        follow(&mut empty, Interval::OneMinute, price(1.0), UnixMs(0));
        assert!(empty.is_empty(), "one price is no history");
    }
}
