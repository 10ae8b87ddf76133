//! How the open candle goes on. Pure.

use crate::model::{
    candle::{Candle, Interval},
    time::UnixMs,
};

/// The candle that `price` at `time` belongs to: `last` moved on, or a new one at the interval's turn.
/// `None` for a time before `last`.
pub fn advance(last: Candle, interval: Interval, price: f64, time: UnixMs) -> Option<Candle> {
    let open_time = interval.start_of(time);
    if open_time < last.open_time || !price.is_finite() {
        return None;
    }
    if open_time > last.open_time {
        return Some(Candle { open_time, open: price, high: price, low: price, close: price, volume: 0.0 });
    }
    Some(Candle { high: last.high.max(price), low: last.low.min(price), close: price, ..last })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_moves_the_open_candle_or_opens_the_next() {
        let last = Candle { open_time: UnixMs(60_000), open: 10.0, high: 12.0, low: 9.0, close: 11.0, volume: 5.0 };
        let minute = Interval::OneMinute;
        assert_eq!(advance(last, minute, 13.0, UnixMs(61_000)), Some(Candle { high: 13.0, close: 13.0, ..last }));
        assert_eq!(advance(last, minute, 8.0, UnixMs(119_999)), Some(Candle { low: 8.0, close: 8.0, ..last }));
        let next = Candle { open_time: UnixMs(120_000), open: 8.0, high: 8.0, low: 8.0, close: 8.0, volume: 0.0 };
        assert_eq!(advance(last, minute, 8.0, UnixMs(120_000)), Some(next));
        assert_eq!(advance(last, minute, 8.0, UnixMs(59_999)), None);
        assert_eq!(advance(last, minute, f64::NAN, UnixMs(61_000)), None);
    }
}
