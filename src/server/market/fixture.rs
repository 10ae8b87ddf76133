//! What tests of other rooms need of a market.

use crate::{
    model::{
        freshness::Freshness,
        number::{Price, Volume},
        symbol::{QUOTE, Symbol},
        ticker::{Ticker, VenueQuote},
        time::UnixMs,
        venue::Venue,
    },
    server::venues::event::Quote,
};

const WALL: UnixMs = UnixMs(1_763_640_000_000);

/// What a venue says of a symbol: a price, and as little else as may be.
pub(in crate::server) fn quote(symbol: Symbol, price: f64, time: UnixMs) -> Quote {
    Quote {
        symbol,
        last: Price::new(price).expect("a price"),
        open: None,
        high: None,
        low: None,
        volume: Volume::new(1.0).expect("a volume"),
        volume_quote: None,
        time,
    }
}

/// A live ticker from one venue.
pub(in crate::server) fn ticker(base: &str, price: f64) -> Ticker {
    Ticker {
        symbol: Symbol::parse(base).expect("a symbol"),
        quote: QUOTE.to_owned(),
        price,
        change24h: None,
        change_percent24h: None,
        high24h: None,
        low24h: None,
        volume24h: Some(1.5),
        volume_quote24h: None,
        timestamp: WALL,
        received_at: WALL,
        sources: 1,
        freshness: Freshness::Live,
        agree: true,
        dispersion: None,
        venues: vec![VenueQuote {
            venue: Venue::new("binance").expect("a key"),
            price: Some(price),
            weight: 1.0,
            volume24h: Some(1.5),
            timestamp: Some(WALL),
            received_at: Some(WALL),
            freshness: Freshness::Live,
            used: true,
            reason: None,
        }],
    }
}
