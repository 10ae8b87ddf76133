//! Names of streams.

use crate::server::simulator::{
    path::{DAY_MS, HOUR_MS},
    span::Span,
};

/// What a stream tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Ticker,
    MiniTicker,
    /// A ticker over another window than a day.
    WindowTicker {
        name: &'static str,
        ms: i64,
    },
    Trade,
    AggTrade,
    BookTicker,
    AvgPrice,
    Kline(Span),
    /// The best levels.
    Levels {
        depth: usize,
        fast: bool,
    },
    /// Changes of the book.
    Diff {
        fast: bool,
    },
}

/// A stream that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stream {
    /// `BTCUSDT` and what is told of it.
    Pair { pair: String, kind: Kind },
    /// Every pair that changed.
    All(Kind),
}

/// Whether a text can be the name of a stream. One that can't costs the connection.
pub fn is_well_formed(name: &str) -> bool {
    let legal = |c: char| c.is_alphanumeric() || matches!(c, '_' | '@' | '!' | '.' | '-');
    !name.is_empty() && name.chars().all(legal) && name.split('@').all(|part| !part.is_empty())
}

/// The stream of this name. `None` where there is none: Binance acknowledges those too, and says nothing.
pub fn parse(name: &str) -> Option<Stream> {
    let (subject, kind) = name.split_once('@')?;
    if let Some(all) = subject.strip_prefix('!') {
        let kind = match (all, kind) {
            // Some clients ask for the pace that it has anyway.
            ("miniTicker", "arr" | "arr@1000ms") => Kind::MiniTicker,
            ("ticker", "arr") => Kind::Ticker,
            (window, "arr") => window_ticker(window)?,
            _ => return None,
        };
        return Some(Stream::All(kind));
    }
    // Names of streams are in lower case, and nothing else will do.
    if subject.chars().any(char::is_uppercase) {
        return None;
    }
    let pair = subject.to_uppercase();
    Some(Stream::Pair { pair, kind: kind_of(kind)? })
}

fn kind_of(kind: &str) -> Option<Kind> {
    if let Some(interval) = kind.strip_prefix("kline_") {
        return Span::of_binance(interval).map(Kind::Kline);
    }
    if let Some(depth) = kind.strip_prefix("depth") {
        let (levels, fast) = match depth.split_once('@') {
            None => (depth, false),
            Some((levels, "100ms")) => (levels, true),
            Some((levels, "1000ms")) => (levels, false),
            Some(_) => return None,
        };
        return match levels {
            "" => Some(Kind::Diff { fast }),
            "5" | "10" | "20" => Some(Kind::Levels { depth: levels.parse().ok()?, fast }),
            _ => None,
        };
    }
    Some(match kind {
        "ticker" => Kind::Ticker,
        "miniTicker" => Kind::MiniTicker,
        "trade" => Kind::Trade,
        "aggTrade" => Kind::AggTrade,
        "bookTicker" => Kind::BookTicker,
        "avgPrice" => Kind::AvgPrice,
        window => return window_ticker(window),
    })
}

fn window_ticker(kind: &str) -> Option<Kind> {
    let (name, ms) = match kind {
        "ticker_1h" => ("1hTicker", HOUR_MS),
        "ticker_4h" => ("4hTicker", 4 * HOUR_MS),
        "ticker_1d" => ("1dTicker", DAY_MS),
        _ => return None,
    };
    Some(Kind::WindowTicker { name, ms })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_found_by_their_lower_case_names() {
        let pair = |kind| Some(Stream::Pair { pair: "BTCUSDT".to_owned(), kind });
        for (name, stream) in [
            ("btcusdt@ticker", pair(Kind::Ticker)),
            ("btcusdt@depth", pair(Kind::Diff { fast: false })),
            ("btcusdt@depth@100ms", pair(Kind::Diff { fast: true })),
            ("btcusdt@depth20@100ms", pair(Kind::Levels { depth: 20, fast: true })),
            ("btcusdt@ticker_4h", pair(Kind::WindowTicker { name: "4hTicker", ms: 4 * HOUR_MS })),
            ("!miniTicker@arr", Some(Stream::All(Kind::MiniTicker))),
            ("BTCUSDT@ticker", None),
            ("btcusdt@depth7", None),
            ("btcusdt@kline_7m", None),
            ("btcusdt@Ticker", None),
            ("btcusdt", None),
        ] {
            assert_eq!(parse(name), stream, "{name}");
            assert!(is_well_formed(name));
        }
    }

    #[test]
    fn malformed_names_are_told_from_unknown_ones() {
        assert!(is_well_formed("nopeusdt@ticker"));
        for name in ["", "@@@x###", "btc usdt@ticker", "@ticker", "btcusdt@"] {
            assert!(!is_well_formed(name), "{name}");
        }
    }
}
