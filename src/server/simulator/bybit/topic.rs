//! Topics.

use crate::server::simulator::span::Span;

/// What a topic tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Ticker,
    Trades,
    Book { depth: usize },
    Candles { interval: String, span: Span },
}

/// A topic of a pair that may or may not be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    pub kind: Kind,
    /// `BTCUSDT`
    pub pair: String,
}

/// The topic of this name; `None` where Bybit knows none of the kind.
pub fn parse(name: &str) -> Option<Topic> {
    let (kind, pair) = name.rsplit_once('.')?;
    let kind = match kind.split_once('.') {
        None if kind == "tickers" => Kind::Ticker,
        None if kind == "publicTrade" => Kind::Trades,
        Some(("orderbook", depth)) if matches!(depth, "1" | "50" | "200" | "1000") => {
            Kind::Book { depth: depth.parse().ok()? }
        }
        Some(("kline", interval)) => Kind::Candles { interval: interval.to_owned(), span: Span::of_bybit(interval)? },
        _ => return None,
    };
    Some(Topic { kind, pair: pair.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_read() {
        let topic = |kind| Some(Topic { kind, pair: "BTCUSDT".to_owned() });
        for (name, expected) in [
            ("tickers.BTCUSDT", topic(Kind::Ticker)),
            ("publicTrade.BTCUSDT", topic(Kind::Trades)),
            ("orderbook.50.BTCUSDT", topic(Kind::Book { depth: 50 })),
            ("orderbook.7.BTCUSDT", None),
            ("kline.7.BTCUSDT", None),
            ("nothing.BTCUSDT", None),
            ("tickers", None),
        ] {
            assert_eq!(parse(name), expected, "{name}");
        }
        assert!(matches!(parse("kline.D.BTCUSDT").map(|t| t.kind), Some(Kind::Candles { .. })));
    }
}
