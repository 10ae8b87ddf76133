use std::time::Duration;

use super::{fixture::Fixture, *};
use crate::{server::market::fixture::ticker, wire::page::Spark};

fn symbol(base: &str) -> Symbol {
    Symbol::parse(base).expect("a symbol")
}

#[tokio::test(start_paused = true)]
async fn tickers_are_those_asked_for_in_that_order() {
    let fixture = Fixture::new();
    for (base, price) in [("BTC", 1.0), ("ETH", 2.0)] {
        fixture.post(ticker(base, price));
    }
    let bases = |symbols: &[&str]| {
        let symbols: Vec<_> = symbols.iter().map(|base| symbol(base)).collect();
        let tickers = fixture.services.tickers(&symbols)?;
        Ok(tickers.iter().map(|t| t.symbol.to_string()).collect::<Vec<_>>())
    };
    let words = |words: &[&str]| Ok(words.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(bases(&["ETH", "BTC"]), words(&["ETH", "BTC"]));
    assert_eq!(bases(&["SOL"]), words(&[]), "no price yet");
    assert_eq!(bases(&[]), words(&["BTC", "ETH"]), "all");
    assert_eq!(bases(&["BTC", "XYZ"]), Err(ApiError::UnknownSymbol { symbol: "XYZ".to_owned() }));
}

#[tokio::test(start_paused = true)]
async fn candles_are_for_followed_symbols_only() {
    let services = Fixture::new().services;
    assert_eq!(services.candles(symbol("BTC"), Interval::OneDay).await.map(|c| c.len()), Ok(1));
    let unknown = services.candles(symbol("XYZ"), Interval::OneDay).await;
    assert_eq!(unknown, Err(ApiError::UnknownSymbol { symbol: "XYZ".to_owned() }));
}

#[tokio::test(start_paused = true)]
async fn the_page_starts_with_what_the_board_shows() {
    let fixture = Fixture::new();
    fixture.post(ticker("ETH", 2.0));
    fixture.post(ticker("BTC", 1.0));
    let spark = Spark { symbol: symbol("SOL"), start: fixture::WALL, step_ms: 1, closes: vec![1.0] };
    fixture.services.market.post_spark(spark.clone());
    let page = fixture.services.page_snapshot();
    assert_eq!(page.tickers, [ticker("BTC", 1.0), ticker("ETH", 2.0)]);
    assert_eq!((page.sparks, page.at), (vec![spark], fixture::WALL));
}

#[tokio::test(start_paused = true)]
async fn the_status_counts_streams_and_seconds() {
    let Fixture { services, .. } = Fixture::new();
    let wish = crate::server::hub::Wish { symbols: vec![symbol("BTC")], pace: Duration::ZERO };
    let _stream = services.hub.connect(std::net::Ipv4Addr::LOCALHOST, &wish).expect("room");
    tokio::time::advance(Duration::from_millis(90_500)).await;
    let status = services.status();
    assert_eq!((status.clients, status.uptime_s, status.started_at), (1, 90, fixture::WALL));
    assert_eq!(status.venues.len(), 1);
}
