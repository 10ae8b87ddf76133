//! From a venue's figure texts to checked values.

use super::{event::Quote, field::Field, rest_error::RestError};
use crate::model::{
    candle::Candle,
    number::{Price, Volume},
    symbol::Symbol,
    time::UnixMs,
};

/// Longest figure that is read. The longest a venue sends has 19 characters.
const MAX_FIGURE_LEN: usize = 40;

/// The figure in this text: an optional minus, digits, and digits after a point where there is one. No exponent, no
/// `NaN`, no `inf`, no sign of plus, no spaces.
pub(super) fn figure(text: &str) -> Option<f64> {
    if text.len() > MAX_FIGURE_LEN {
        return None;
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    text.parse().ok()
}

/// A figure that is there and can't be used: another type, no number, or out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadFigure;

/// A venue's rolling 24 h view of one symbol, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Figures {
    last: Option<Price>,
    open: Option<Price>,
    high: Option<Price>,
    low: Option<Price>,
    volume: Option<Volume>,
    volume_quote: Option<Volume>,
}

/// The same figures as the venue's texts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FigureTexts<'a> {
    pub(super) last: Field<'a>,
    pub(super) open: Field<'a>,
    pub(super) high: Field<'a>,
    pub(super) low: Field<'a>,
    pub(super) volume: Field<'a>,
    pub(super) volume_quote: Field<'a>,
}

impl Figures {
    /// This view with the texts on top: a missing text leaves its figure as it was, an empty one makes it unknown.
    ///
    /// # Errors
    /// [`BadFigure`] where one of the texts can't be used, or the low is above the high.
    pub(super) fn with(mut self, texts: &FigureTexts<'_>) -> Result<Self, BadFigure> {
        put(&mut self.last, texts.last, Price::new)?;
        put(&mut self.open, texts.open, Price::new)?;
        put(&mut self.high, texts.high, Price::new)?;
        put(&mut self.low, texts.low, Price::new)?;
        put(&mut self.volume, texts.volume, Volume::new)?;
        put(&mut self.volume_quote, texts.volume_quote, Volume::new)?;
        match (self.low, self.high) {
            (Some(low), Some(high)) if low > high => Err(BadFigure),
            _ => Ok(self),
        }
    }

    /// The quote, where at least the price and the weight are known and the time is one.
    ///
    /// # Errors
    /// [`BadFigure`] otherwise.
    pub(super) fn quote(&self, symbol: Symbol, time_ms: Option<i64>) -> Result<Quote, BadFigure> {
        let (Some(last), Some(volume), Some(time)) = (self.last, self.volume, time_ms.filter(|ms| *ms > 0)) else {
            return Err(BadFigure);
        };
        Ok(Quote {
            symbol,
            last,
            open: self.open,
            high: self.high,
            low: self.low,
            volume,
            volume_quote: self.volume_quote,
            time: UnixMs(time),
        })
    }
}

fn put<T>(slot: &mut Option<T>, field: Field<'_>, check: impl Fn(f64) -> Option<T>) -> Result<(), BadFigure> {
    match field {
        Field::Missing => {}
        Field::Text("") => *slot = None,
        Field::Text(text) => *slot = Some(figure(text).and_then(check).ok_or(BadFigure)?),
        Field::Int(_) | Field::Bool(_) | Field::Other => return Err(BadFigure),
    }
    Ok(())
}

/// The candles of these rows, oldest first, each start once. The first columns of every venue's rows are the start in
/// milliseconds, open, high, low, close and base volume.
///
/// # Errors
/// [`RestError::Malformed`] where one of them is none.
pub(super) fn candles(rows: &[Vec<Field<'_>>]) -> Result<Vec<Candle>, RestError> {
    let candles: Option<Vec<Candle>> = rows.iter().map(|row| candle(row)).collect();
    let mut candles = candles.ok_or(RestError::Malformed)?;
    candles.sort_by_key(|c| c.open_time);
    candles.dedup_by_key(|c| c.open_time);
    Ok(candles)
}

fn candle(columns: &[Field<'_>]) -> Option<Candle> {
    let [time, open, high, low, close, volume, ..] = columns else { return None };
    let price = |column: &Field<'_>| column.text().and_then(figure).and_then(Price::new).map(Price::get);
    let candle = Candle {
        open_time: UnixMs(time.int().filter(|ms| *ms >= 0)?),
        open: price(open)?,
        high: price(high)?,
        low: price(low)?,
        close: price(close)?,
        volume: volume.text().and_then(figure).and_then(Volume::new)?.get(),
    };
    (candle.low <= candle.high).then_some(candle)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_plain_decimals_are_figures() {
        for (text, expected) in [
            ("1", Some(1.0)),
            ("0.00000721", Some(0.000_007_21)),
            ("887468830.390342052", Some(887_468_830.390_342)),
            ("-2.5", Some(-2.5)),
            ("007", Some(7.0)),
            ("", None),
            ("-", None),
            (".", None),
            (".5", None),
            ("5.", None),
            ("+5", None),
            (" 5", None),
            ("5 ", None),
            ("1,5", None),
            ("1e5", None),
            ("0x1F", None),
            ("NaN", None),
            ("nan", None),
            ("inf", None),
            ("-inf", None),
            ("Infinity", None),
            ("1.2.3", None),
            ("--1", None),
            ("٣", None),
            ("11111111111111111111111111111111111111111", None),
        ] {
            assert_eq!(figure(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_a_figure_is_finite_and_plain(text in "[-+.0-9eEnainfxX ]{0,12}") {
            if let Some(value) = figure(&text) {
                prop_assert!(value.is_finite());
                prop_assert!(text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-'));
            }
        }
    }

    #[test]
    fn candles_are_sorted_and_one_bad_row_spoils_them() {
        let row = |start: &'static str, low: &'static str| [start, "2", "3", low, "2", "9"].map(Field::Text).to_vec();
        let starts =
            |rows: &[Vec<Field<'_>>]| candles(rows).map(|c| c.iter().map(|c| c.open_time.0).collect::<Vec<_>>());
        assert_eq!(starts(&[row("120", "1"), row("60", "1"), row("60", "1")]), Ok(vec![60, 120]));
        for bad in [row("x", "1"), row("60", "4"), row("60", "-1"), row("60", ""), vec![Field::Int(60)], vec![]] {
            assert_eq!(candles(&[row("0", "1"), bad]), Err(RestError::Malformed));
        }
        assert_eq!(candles(&[]), Ok(Vec::new()));
    }

    #[test]
    fn a_bad_figure_is_never_half_taken() {
        let good = FigureTexts { last: Field::Text("10"), volume: Field::Text("5"), ..FigureTexts::default() };
        let known = Figures::default().with(&good).unwrap();
        for bad in [
            FigureTexts { last: Field::Text("-1"), ..good },
            FigureTexts { last: Field::Text("0"), ..good },
            FigureTexts { last: Field::Int(10), ..good },
            FigureTexts { volume: Field::Text("-0.1"), ..good },
            FigureTexts { open: Field::Text("NaN"), ..good },
            FigureTexts { open: Field::Other, ..good },
            FigureTexts { high: Field::Text("9"), low: Field::Text("11"), ..good },
        ] {
            assert_eq!(known.with(&bad), Err(BadFigure), "{bad:?}");
        }
        let symbol = Symbol::parse("BTC").unwrap();
        assert!(known.quote(symbol, Some(1)).is_ok());
        assert_eq!(known.quote(symbol, None), Err(BadFigure));
        assert_eq!(known.quote(symbol, Some(-5)), Err(BadFigure));
        let empty = known.with(&FigureTexts { last: Field::Text(""), ..FigureTexts::default() }).unwrap();
        assert_eq!(empty.quote(symbol, Some(1)), Err(BadFigure), "an empty price is unknown, not the old one");
    }
}
