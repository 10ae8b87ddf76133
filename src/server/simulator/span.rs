//! Lengths of candles, and where they start.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use super::path::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};

/// A candle's length and the calendar it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Span {
    /// Multiples of `ms`, counted from the epoch plus `shift` ms.
    Fixed { ms: i64, shift: i64 },
    /// Calendar months, starting `shift` ms after midnight UTC of the first.
    Month { shift: i64 },
}

/// 1970-01-01 was a Thursday; weeks start on Monday.
const MONDAY: i64 = 4 * DAY_MS;

/// Midnight in Hong Kong, where OKX's days start, relative to UTC.
const HONG_KONG: i64 = -8 * HOUR_MS;

impl Span {
    pub const MINUTE: Self = Self::Fixed { ms: MINUTE_MS, shift: 0 };

    const fn fixed(ms: i64) -> Self {
        Self::Fixed { ms, shift: 0 }
    }

    /// Binance: `1s`, `1m` … `1M`.
    /// <https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#klinecandlestick-data>
    pub fn of_binance(text: &str) -> Option<Self> {
        Some(match text {
            "1s" => Self::fixed(SECOND_MS),
            "1M" => Self::Month { shift: 0 },
            "1w" => Self::Fixed { ms: 7 * DAY_MS, shift: MONDAY },
            "1m" | "3m" | "5m" | "15m" | "30m" | "1h" | "2h" | "4h" | "6h" | "8h" | "12h" | "1d" | "3d" => {
                Self::fixed(count_and_unit(text)?)
            }
            _ => return None,
        })
    }

    /// Bybit: minutes as a number, or `D`, `W`, `M`. <https://bybit-exchange.github.io/docs/v5/enum#interval>
    pub fn of_bybit(text: &str) -> Option<Self> {
        Some(match text {
            "D" => Self::fixed(DAY_MS),
            "W" => Self::Fixed { ms: 7 * DAY_MS, shift: MONDAY },
            "M" => Self::Month { shift: 0 },
            "1" | "3" | "5" | "15" | "30" | "60" | "120" | "240" | "360" | "720" => {
                Self::fixed(text.parse::<i64>().ok()? * MINUTE_MS)
            }
            _ => return None,
        })
    }

    /// OKX: `1m` … `1M`; six hours and longer start at midnight in Hong Kong unless they end in `utc`.
    /// <https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-candlesticks>
    pub fn of_okx(text: &str) -> Option<Self> {
        let (bar, shift) = text.strip_suffix("utc").map_or((text, HONG_KONG), |bar| (bar, 0));
        Some(match bar {
            "6H" | "12H" | "1D" | "2D" | "3D" | "5D" => {
                Self::Fixed { ms: count_and_unit(&bar.to_ascii_lowercase())?, shift }
            }
            "1W" => Self::Fixed { ms: 7 * DAY_MS, shift: MONDAY + shift },
            "1M" => Self::Month { shift },
            "1s" | "1m" | "3m" | "5m" | "15m" | "30m" if bar == text => Self::fixed(count_and_unit(bar)?),
            "1H" | "2H" | "4H" if bar == text => Self::fixed(count_and_unit(&bar.to_ascii_lowercase())?),
            _ => return None,
        })
    }

    /// Start of the candle that `time` (ms) falls in.
    pub fn start_of(self, time: i64) -> i64 {
        match self {
            Self::Fixed { ms, shift } => time - (time - shift).rem_euclid(ms),
            Self::Month { shift } => month_start(time - shift, 0) + shift,
        }
    }

    /// Start of the candle after the one that `time` falls in.
    pub fn next(self, time: i64) -> i64 {
        match self {
            Self::Fixed { ms, .. } => self.start_of(time) + ms,
            Self::Month { shift } => month_start(time - shift, 1) + shift,
        }
    }

    /// Start of the candle `count` candles before the one that `time` falls in.
    pub fn before(self, time: i64, count: i64) -> i64 {
        match self {
            Self::Fixed { ms, .. } => self.start_of(time).saturating_sub(count.saturating_mul(ms)),
            Self::Month { shift } => month_start(time - shift, count.saturating_neg()) + shift,
        }
    }
}

/// `15m` in ms.
fn count_and_unit(text: &str) -> Option<i64> {
    let unit = match text.chars().last()? {
        's' => SECOND_MS,
        'm' => MINUTE_MS,
        'h' => HOUR_MS,
        'd' => DAY_MS,
        _ => return None,
    };
    let count: i64 = text.get(..text.len() - 1)?.parse().ok()?;
    Some(count * unit)
}

/// First ms of the month that `time` falls in, moved by `months`; the epoch where no calendar reaches.
fn month_start(time: i64, months: i64) -> i64 {
    let moved = || -> Option<i64> {
        let date = Timestamp::from_millisecond(time).ok()?.to_zoned(TimeZone::UTC).date();
        let first: Date = date.first_of_month().checked_add(months.months()).ok()?;
        Some(first.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
    };
    if months.unsigned_abs() > 12_000 { 0 } else { moved().unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-20T12:34:56.789Z, a Friday
    const NOW: i64 = 1_795_178_096_789;

    fn written(time: i64) -> String {
        crate::model::time::UnixMs(time).to_rfc3339().replace(".000Z", "Z")
    }

    #[test]
    fn candles_start_where_each_exchange_starts_them() {
        for (span, start, next) in [
            (Span::of_binance("1m"), "2026-11-20T12:34:00Z", "2026-11-20T12:35:00Z"),
            (Span::of_binance("1w"), "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"),
            (Span::of_binance("1M"), "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
            (Span::of_bybit("240"), "2026-11-20T12:00:00Z", "2026-11-20T16:00:00Z"),
            (Span::of_bybit("D"), "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"),
            (Span::of_okx("4H"), "2026-11-20T12:00:00Z", "2026-11-20T16:00:00Z"),
            (Span::of_okx("1D"), "2026-11-19T16:00:00Z", "2026-11-20T16:00:00Z"),
            (Span::of_okx("1Dutc"), "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"),
            (Span::of_okx("1W"), "2026-11-15T16:00:00Z", "2026-11-22T16:00:00Z"),
            (Span::of_okx("1M"), "2026-10-31T16:00:00Z", "2026-11-30T16:00:00Z"),
        ] {
            let span = span.expect("a known length");
            assert_eq!(written(span.start_of(NOW)), start, "{span:?}");
            assert_eq!(written(span.next(NOW)), next, "{span:?}");
            assert_eq!(span.before(span.next(NOW), 1), span.start_of(NOW), "{span:?}");
        }
    }

    #[test]
    fn unknown_lengths_are_unknown() {
        for text in ["", "7m", "1x", "m", "1H"] {
            assert_eq!(Span::of_binance(text), None, "{text}");
        }
        assert_eq!(Span::of_bybit("7"), None);
        assert_eq!(Span::of_okx("1h"), None);
        assert_eq!(Span::of_okx("1mutc"), None);
    }
}
