//! Values that stand in examples.

use crate::{
    model::{
        article::Article,
        freshness::Freshness,
        story::{Breaking, BreakingState, Reaction, StoryHead, StorySource},
        symbol::{QUOTE, Symbol},
        ticker::{Reason, Ticker, VenueQuote},
        time::UnixMs,
        venue::Venue,
    },
    server::shutdown::GOING_DOWN,
    wire::{
        error::Retry,
        event_stream::StreamError,
        news::{Gap, GapReason},
    },
};

/// The moment at which the examples play.
pub const NOW: UnixMs = UnixMs(1_763_640_000_161);
/// When the story of the examples was first reported.
const REPORTED: UnixMs = UnixMs(1_763_639_280_000);
const STORY: &str = "9f2c4e81a07b";

/// One market and one story, seen from all sides.
pub struct Samples {
    pub btc: Symbol,
    pub eth: Symbol,
    pub ticker: Ticker,
    pub article: Article,
    pub breaking: Breaking,
    pub story: StoryHead,
}

impl Samples {
    /// `None` if one of the names is none, which a test rules out.
    pub fn new() -> Option<Self> {
        let (btc, eth) = (Symbol::parse("BTC").ok()?, Symbol::parse("ETH").ok()?);
        let breaking = Breaking {
            score: 0.83,
            reasons: ["4 sources in 12 min", "novel", "tier-1 source"].map(str::to_owned).to_vec(),
            state: BreakingState::Breaking,
            since: NOW,
        };
        Some(Self { btc, eth, ticker: ticker(btc)?, article: article(btc), story: story(btc, &breaking), breaking })
    }
}

/// Three venues, one of which is too far from the others.
fn ticker(symbol: Symbol) -> Option<Ticker> {
    let venue = |key: &str, price, weight, volume24h, late, reason| {
        Some(VenueQuote {
            venue: Venue::new(key)?,
            price: Some(price),
            weight,
            volume24h: Some(volume24h),
            timestamp: Some(UnixMs(NOW.0 - 41 - late)),
            received_at: Some(UnixMs(NOW.0 - late)),
            freshness: Freshness::Live,
            used: weight > 0.0,
            reason,
        })
    };
    Some(Ticker {
        symbol,
        quote: QUOTE.to_owned(),
        price: 43_250.5,
        change24h: Some(1032.1),
        change_percent24h: Some(2.4447),
        high24h: Some(43_600.0),
        low24h: Some(41_880.2),
        volume24h: Some(28_123.41),
        volume_quote24h: Some(1_210_000_000.0),
        timestamp: UnixMs(NOW.0 - 41),
        received_at: NOW,
        sources: 2,
        freshness: Freshness::Live,
        agree: true,
        dispersion: Some(0.000_03),
        venues: vec![
            venue("binance", 43_251.0, 0.61, 17_155.28, 0, None)?,
            venue("bybit", 43_249.7, 0.39, 10_968.13, 90, None)?,
            venue("okx", 44_210.0, 0.0, 6_204.9, 30, Some(Reason::Outlier))?,
        ],
    })
}

fn article(symbol: Symbol) -> Article {
    Article {
        id: "c1f0a94d2b76".to_owned(),
        title: "Exchange pauses Bitcoin withdrawals after a wallet alert".to_owned(),
        link: "https://news.example/exchange-pauses-bitcoin-withdrawals".to_owned(),
        description: "The exchange says that funds are safe and that withdrawals will be open again today.".to_owned(),
        source: "CoinDesk".to_owned(),
        source_key: "coindesk".to_owned(),
        category: "markets".to_owned(),
        pub_date: Some(REPORTED),
        seen_at: UnixMs(REPORTED.0 + 4_000),
        image_url: None,
        author: None,
        tickers: vec![symbol],
        story_id: STORY.to_owned(),
        is_breaking: true,
    }
}

fn story(symbol: Symbol, breaking: &Breaking) -> StoryHead {
    let Article { title, link, description, category, tickers, .. } = article(symbol);
    let source = |key: &str, name: &str| StorySource { key: key.to_owned(), name: name.to_owned() };
    StoryHead {
        id: STORY.to_owned(),
        title,
        link,
        description,
        category,
        image_url: None,
        tickers,
        sources: vec![
            source("coindesk", "CoinDesk"),
            source("theblock", "The Block"),
            source("decrypt", "Decrypt"),
            source("blockworks", "Blockworks"),
        ],
        articles: 4,
        first_seen: UnixMs(REPORTED.0 + 4_000),
        last_seen: NOW,
        novelty: 0.91,
        breaking: Some(breaking.clone()),
        reaction: vec![Reaction {
            symbol,
            at: UnixMs(REPORTED.0 + 4_000),
            price: Some(43_610.0),
            after5m: Some(-0.82),
            after15m: None,
            after60m: None,
        }],
    }
}

/// A part of the log that is no more.
pub fn gap() -> Gap {
    Gap { from: "1763632800000017".to_owned(), to: "1763640000000141".to_owned(), reason: GapReason::Expired }
}

/// The end of a stream, as a server that goes down tells it.
pub fn stream_error() -> StreamError {
    StreamError { code: "going_down".into(), message: GOING_DOWN.into(), retry: Retry::after_ms(2400) }
}
