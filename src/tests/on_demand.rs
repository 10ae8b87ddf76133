//! Symbols that are not configured, from the reader to the exchanges and back.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use market_pulse::{
    model::{freshness::Freshness, symbol::Symbol, ticker::Reason},
    server::follows::{GRACE, Interests, Unfollowed},
};

use super::stage::{Stage, VENUES};

const SECOND: Duration = Duration::from_secs(1);
/// A second less than the time that a symbol stays.
const ALMOST: Duration = Duration::from_secs(59);

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn want_from(stage: &Stage, symbol: &str, host: u8) -> Result<Interests, Unfollowed> {
    let symbol = Symbol::parse(symbol).unwrap();
    Interests::in_each(Arc::clone(&stage.core.services.follows), Ipv4Addr::new(192, 0, 2, host), &[symbol])
        .map_err(|(_, why)| why)
}

fn want(stage: &Stage, symbol: &str) -> Interests {
    want_from(stage, symbol, 1).expect("listed, and room")
}

/// Four assets live, and what every exchange lists is known.
async fn live() -> Stage {
    let stage = Stage::live().await;
    stage.until(seconds(10), "every listing is known", || stage.core.services.follows.supported().len() == 22).await;
    stage
}

/// The requests of the three venues so far that name this instrument.
async fn naming(stage: &Stage, base: &str) -> [Vec<String>; 3] {
    let mut all = VENUES.map(|_| Vec::new());
    for (venue, named) in VENUES.iter().zip(&mut all) {
        let (_, last) = stage.requests(venue).await;
        let names =
            [format!("{}usdt@ticker", base.to_lowercase()), format!("tickers.{base}USDT"), format!("{base}-USDT")];
        named.extend(last.into_iter().filter(|request| names.iter().any(|name| request.contains(name))));
    }
    all
}

fn count(requests: &[Vec<String>; 3], word: &str) -> [usize; 3] {
    let is = |request: &&String| request.to_lowercase().contains(&format!("\"{word}\""));
    [0, 1, 2].map(|venue| requests[venue].iter().filter(is).count())
}

#[tokio::test(start_paused = true)]
async fn the_first_reader_brings_the_prices_of_every_venue_that_lists_it() {
    let stage = live().await;
    assert_eq!(count(&naming(&stage, "AAVE").await, "subscribe"), [0, 0, 0]);
    let (_first, _second) = (want(&stage, "AAVE"), want_from(&stage, "AAVE", 2).unwrap());
    stage.until(seconds(3), "three venues", || stage.find("AAVE").is_some_and(|t| t.sources == 3)).await;
    let ticker = stage.ticker("AAVE");
    assert_eq!((ticker.freshness, ticker.agree), (Freshness::Live, true));
    assert!(stage.is_plausible("AAVE"));
    let again: f64 = ticker.venues.iter().map(|v| v.weight * v.price.unwrap()).sum();
    assert!((again / ticker.price - 1.0).abs() < 1e-6, "the price can be made again from its parts: {ticker:?}");
    let before = ticker.price;
    stage.until(seconds(30), "it moves", || (stage.ticker("AAVE").price - before).abs() > 0.0).await;
    stage.pin("okx", "AAVE", before * 1.5).await;
    stage
        .until(seconds(5), "an outlier is left out", || stage.part("AAVE", "okx").reason == Some(Reason::Outlier))
        .await;
    assert_eq!(count(&naming(&stage, "AAVE").await, "subscribe"), [1, 1, 1], "once at each");
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_venue_that_does_not_list_it_is_not_asked_and_says_so() {
    let stage = live().await;
    let _interest = want(&stage, "TON");
    stage.until(seconds(3), "two venues", || stage.find("TON").is_some_and(|t| t.sources == 2)).await;
    assert_eq!(stage.part("TON", "binance").reason, Some(Reason::NoData));
    assert_eq!(count(&naming(&stage, "TON").await, "subscribe"), [0, 1, 1]);
    assert_eq!(want_from(&stage, "NOPE", 1).err(), Some(Unfollowed::Unlisted));
    assert_eq!(stage.get("/price/NOPE").await.0, 404);
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn it_is_left_a_minute_after_its_last_reader_and_not_before() {
    let stage = live().await;
    let interest = want(&stage, "AAVE");
    stage.until(seconds(3), "a price", || stage.find("AAVE").is_some()).await;
    drop(interest);
    stage
        .throughout(ALMOST, "it is live as if somebody read it", || stage.ticker("AAVE").freshness == Freshness::Live)
        .await;
    let back = want(&stage, "AAVE");
    stage.throughout(2 * GRACE, "it stays", || stage.ticker("AAVE").sources == 3).await;
    let requests = naming(&stage, "AAVE").await;
    assert_eq!((count(&requests, "subscribe"), count(&requests, "unsubscribe")), ([1, 1, 1], [0, 0, 0]));
    drop(back);
    tokio::time::sleep(ALMOST).await;
    assert_eq!(count(&naming(&stage, "AAVE").await, "unsubscribe"), [0, 0, 0]);
    tokio::time::sleep(2 * SECOND).await;
    assert_eq!(count(&naming(&stage, "AAVE").await, "unsubscribe"), [1, 1, 1]);
    assert!(stage.find("AAVE").is_none(), "nothing is left of it");
    let unknown = || VENUES.map(|venue| stage.status(venue).silent);
    tokio::time::sleep(2 * GRACE).await;
    assert!(unknown().iter().all(Vec::is_empty), "nobody waits for it");
    // And from the beginning.
    let _again = want(&stage, "AAVE");
    assert!(stage.find("AAVE").is_none(), "what it was two minutes ago is not said");
    stage.until(seconds(3), "three venues", || stage.find("AAVE").is_some_and(|t| t.sources == 3)).await;
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_comes_back_with_what_is_wanted_then() {
    for venue in VENUES {
        let stage = live().await;
        let (_pepe, shib) = (want(&stage, "PEPE"), want(&stage, "SHIB"));
        let all = || ["PEPE", "SHIB"].iter().all(|s| stage.find(s).is_some_and(|t| t.sources == 3));
        stage.until(seconds(3), "three venues", all).await;
        stage.fault(venue, r#"{"fault":"disconnect","seconds":100}"#).await;
        stage.until(SECOND, "it is down", || stage.freshness("PEPE", venue) == Freshness::Down).await;
        assert_eq!(stage.ticker("PEPE").sources, 2, "at once, like any other");
        drop(shib);
        let _aave = want(&stage, "AAVE");
        stage.until(seconds(5), "the others deliver", || stage.find("AAVE").is_some_and(|t| t.sources == 2)).await;
        stage
            .until(seconds(140), "it is back", || {
                ["PEPE", "AAVE", "BTC"].iter().all(|s| stage.find(s).is_some_and(|t| t.sources == 3))
            })
            .await;
        assert!(stage.find("SHIB").is_none());
        stage.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_announced_end_of_a_connection_is_bridged_for_these_too() {
    let stage = live().await;
    let _interest = want(&stage, "AAVE");
    stage.until(seconds(3), "three venues", || stage.find("AAVE").is_some_and(|t| t.sources == 3)).await;
    for venue in ["binance", "okx"] {
        stage.fault(venue, r#"{"fault":"shutdown_notice"}"#).await;
    }
    stage.throughout(seconds(90), "no venue is missed", || stage.ticker("AAVE").sources == 3).await;
    for venue in ["binance", "okx"] {
        assert!(stage.status(venue).reconnects >= 1);
    }
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_venue_that_delists_it_is_named_and_the_others_go_on() {
    for (venue, refused) in [("binance", false), ("bybit", true), ("okx", true)] {
        let stage = live().await;
        stage.fault(venue, r#"{"fault":"delist","symbol":"AAVE"}"#).await;
        let (_aave, _pepe) = (want(&stage, "AAVE"), want(&stage, "PEPE"));
        stage.until(seconds(5), "two venues", || stage.find("AAVE").is_some_and(|t| t.sources == 2)).await;
        stage.until(seconds(5), "its neighbor has three", || stage.find("PEPE").is_some_and(|t| t.sources == 3)).await;
        let named = || {
            let status = stage.status(venue);
            let list = if refused { status.refused } else { status.silent };
            list.iter().any(|symbol| symbol.as_str() == "AAVE")
        };
        stage.until(seconds(20), "it is named", named).await;
        stage.throughout(seconds(60), "the others go on", || stage.ticker("AAVE").sources == 2).await;
        assert_eq!(stage.part("AAVE", venue).reason, Some(Reason::NoData));
        assert_eq!(stage.ticker("BTC").sources, 3);
        stage.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_never_delivers_has_no_price_and_never_an_old_one() {
    let stage = live().await;
    for venue in VENUES {
        stage.fault(venue, r#"{"fault":"stall_symbol","symbol":"AAVE"}"#).await;
    }
    let _interest = want(&stage, "AAVE");
    stage.throughout(seconds(90), "there is no price", || stage.find("AAVE").is_none()).await;
    let (status, body) = stage.get("/price/AAVE").await;
    assert_eq!((status.as_u16(), body["error"]["code"].as_str()), (503, Some("no_price_yet")));
    for venue in VENUES {
        assert!(stage.status(venue).silent.iter().any(|s| s.as_str() == "AAVE"), "{venue} is named");
        stage.clear(venue).await;
    }
    stage.until(seconds(70), "it delivers after all", || stage.find("AAVE").is_some_and(|t| t.sources == 3)).await;
    // One that did deliver and stops keeps its last price, marked.
    for venue in VENUES {
        stage.fault(venue, r#"{"fault":"stall_symbol","symbol":"AAVE"}"#).await;
    }
    stage.until(seconds(65), "it is stale", || stage.ticker("AAVE").freshness == Freshness::Stale).await;
    assert_eq!(stage.ticker("AAVE").sources, 0);
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_hostile_reader_that_comes_and_goes_causes_no_traffic() {
    let stage = live().await;
    let before = stage.requests("okx").await.0;
    for _ in 0..1000 {
        drop(want(&stage, "AAVE"));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let requests = naming(&stage, "AAVE").await;
    assert_eq!((count(&requests, "subscribe"), count(&requests, "unsubscribe")), ([1, 1, 1], [0, 0, 0]));
    // And one that asks for all there is, again and again, for minutes.
    let listed = stage.core.services.follows.supported();
    for round in 0..300 {
        let symbol = listed[round % listed.len()];
        let _ = want_from(&stage, symbol.as_str(), 66).map(drop);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let after = stage.requests("okx").await.0;
    assert!(after - before <= 20, "{} requests at OKX in four minutes", after - before);
    assert!(["BTC", "ETH"].iter().all(|s| stage.ticker(s).sources == 3), "nobody else noticed");
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn the_price_of_anything_that_is_listed_can_be_asked_for() {
    let stage = live().await;
    for pair in ["AAVE", "okbusdt", "KAS-USDT"] {
        let (status, body) = stage.get(&format!("/price/{pair}")).await;
        assert_eq!(status, 200, "{pair}: {body}");
        assert!(body["data"]["price"].as_f64().unwrap() > 0.0);
        assert_eq!((&body["data"]["freshness"], &body["source"]), (&"live".into(), &"stream".into()));
    }
    let pages = stage.core.services.page_snapshot();
    assert_eq!((pages.tickers.len(), pages.sparks.len()), (4, 4), "pages show what is configured");
    let (_, symbols) = stage.get("/symbols").await;
    let supported = symbols["data"]["supported"].as_array().unwrap();
    assert!(supported.contains(&"OKBUSDT".into()) && supported.contains(&"BTCUSDT".into()));
    tokio::time::sleep(GRACE + 2 * SECOND).await;
    assert!(["AAVE", "OKB", "KAS"].iter().all(|symbol| stage.find(symbol).is_none()));
    stage.close().await;
}
