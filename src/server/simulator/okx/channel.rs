//! Channels, and which of the two sockets has them.

use crate::server::simulator::span::Span;

/// The two public sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// `/ws/v5/public`
    Public,
    /// `/ws/v5/business`
    Business,
}

/// What a channel tells of an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    Tickers,
    Trades,
    /// `trades-all`
    AllTrades,
    /// `bbo-tbt`
    Best,
    /// `books5`: five levels, whole each time.
    Books5,
    /// `books`: 400 levels, then changes.
    Books,
    Candles(Span),
}

impl Channel {
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "tickers" => Self::Tickers,
            "trades" => Self::Trades,
            "trades-all" => Self::AllTrades,
            "bbo-tbt" => Self::Best,
            "books5" => Self::Books5,
            "books" => Self::Books,
            _ => Self::Candles(name.strip_prefix("candle").and_then(Span::of_okx)?),
        })
    }

    /// The socket that has the channel.
    pub const fn side(self) -> Side {
        match self {
            Self::AllTrades | Self::Candles(_) => Side::Business,
            _ => Side::Public,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_have_a_side() {
        let side = |name| Channel::parse(name).map(Channel::side);
        assert_eq!(side("tickers"), Some(Side::Public));
        assert_eq!(side("candle1m"), Some(Side::Business));
        assert_eq!(side("candle1Dutc"), Some(Side::Business));
        assert_eq!(side("trades-all"), Some(Side::Business));
        assert_eq!(side("candle1"), None);
        assert_eq!(side("nothing"), None);
    }
}
