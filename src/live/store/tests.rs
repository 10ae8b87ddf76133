use std::collections::BTreeMap;

use super::*;
use crate::{
    model::{
        asset::AssetInfo,
        ticker::{Reason, VenueQuote},
        venue::Venue,
    },
    wire::{
        news::NewsSnapshot,
        page::{SPARK_POINTS, SPARK_STEP_MS},
    },
};

fn symbol(text: &str) -> Symbol {
    Symbol::parse(text).expect("a symbol")
}

fn venue(key: &str) -> Venue {
    Venue::new(key).expect("a key")
}

fn ticker(base: &str, price: f64, received_at: i64) -> Ticker {
    let quote = |key: &str| VenueQuote {
        venue: venue(key),
        price: Some(price),
        weight: 0.5,
        volume24h: None,
        timestamp: Some(UnixMs(received_at)),
        received_at: Some(UnixMs(received_at)),
        freshness: Freshness::Live,
        used: true,
        reason: None::<Reason>,
    };
    Ticker {
        symbol: symbol(base),
        quote: "USDT".to_owned(),
        price,
        change24h: None,
        change_percent24h: None,
        high24h: None,
        low24h: None,
        volume24h: None,
        volume_quote24h: None,
        timestamp: UnixMs(received_at),
        received_at: UnixMs(received_at),
        sources: 2,
        freshness: Freshness::Live,
        agree: true,
        dispersion: None,
        venues: vec![quote("binance"), quote("okx")],
    }
}

const AT: i64 = SPARK_STEP_MS * 100;

/// A store that follows BTC and ETH and has a price and a line for BTC.
fn store() -> LiveStore {
    let assets = ["BTC", "ETH"].map(|base| AssetInfo::of(symbol(base))).to_vec();
    let site = SiteInfo { simulated: true, strip: vec![symbol("BTC")], assets, ..SiteInfo::empty() };
    let spark = Spark {
        symbol: symbol("BTC"),
        start: UnixMs(AT - SPARK_STEP_MS),
        step_ms: SPARK_STEP_MS,
        closes: vec![1.0, 2.0],
    };
    let news = NewsSnapshot::default();
    LiveStore::new(PageSnapshot {
        site,
        at: UnixMs(AT),
        tickers: vec![ticker("BTC", 2.0, AT)],
        sparks: vec![spark],
        news,
    })
}

fn price(store: &LiveStore, base: &str) -> Option<f64> {
    store.asset(symbol(base))?.ticker.get_untracked().map(|t| t.price)
}

#[test]
fn the_first_html_is_what_it_shows_until_a_flush() {
    let store = store();
    assert_eq!(price(&store, "BTC"), Some(2.0));
    assert_eq!(price(&store, "ETH"), None);
    store.receive(ticker("BTC", 3.0, AT + 1));
    store.receive(ticker("BTC", 4.0, AT + 2));
    store.receive(ticker("ETH", 9.0, AT));
    assert_eq!(price(&store, "BTC"), Some(2.0));
    store.flush();
    assert_eq!((price(&store, "BTC"), price(&store, "ETH")), (Some(4.0), Some(9.0)));
    assert_eq!(store.now().get_untracked(), UnixMs(AT));
}

#[test]
fn what_is_not_followed_is_dropped() {
    let store = store();
    store.receive(ticker("DOGE", 1.0, AT));
    let asked = store.ask();
    store.answer(asked, vec![ticker("ADA", 1.0, AT)]);
    assert!(store.arrivals().pending.is_empty());
    assert!(store.arrivals().streamed.is_empty());
    assert!(store.asset(symbol("DOGE")).is_none());
}

#[test]
fn the_stream_may_leave_an_older_receipt_behind() {
    let store = store();
    store.receive(ticker("BTC", 3.0, AT + 500));
    // The venue that spoke last went down: what is left was received earlier, and is the newest state all the same.
    store.receive(Ticker { sources: 1, ..ticker("BTC", 2.9, AT + 400) });
    store.flush();
    assert_eq!(price(&store, "BTC"), Some(2.9));
}

#[test]
fn an_answer_never_overwrites_what_came_after_the_question() {
    let store = store();
    let early = store.ask();
    store.receive(ticker("BTC", 5.0, AT + 10));
    store.answer(early, vec![ticker("BTC", 4.0, AT + 5), ticker("ETH", 9.0, AT + 5)]);
    store.flush();
    assert_eq!((price(&store, "BTC"), price(&store, "ETH")), (Some(5.0), Some(9.0)));

    // The same after the flush, and with the same receipt: nothing depends on clocks.
    store.answer(early, vec![ticker("BTC", 4.5, AT + 10)]);
    store.flush();
    assert_eq!(price(&store, "BTC"), Some(5.0));

    let late = store.ask();
    store.answer(late, vec![ticker("BTC", 6.0, AT + 10)]);
    store.flush();
    assert_eq!(price(&store, "BTC"), Some(6.0));
}

#[test]
fn a_late_answer_never_overwrites_that_of_a_later_question() {
    let store = store();
    let (first, second) = (store.ask(), store.ask());
    store.answer(second, vec![ticker("BTC", 6.0, AT + 20)]);
    store.answer(first, vec![ticker("BTC", 5.0, AT + 10)]);
    store.flush();
    assert_eq!(price(&store, "BTC"), Some(6.0));
}

#[test]
fn a_status_changes_the_freshness_of_the_newest_ticker() {
    let store = store();
    let change = |freshness, okx| RealtimeMessage::Status {
        data: StatusChange {
            symbol: symbol("BTC"),
            freshness,
            venues: BTreeMap::from([(venue("okx"), okx), (venue("bybit"), Freshness::Live)]),
        },
    };
    let shown = || store.asset(symbol("BTC")).and_then(|a| a.ticker.get_untracked()).expect("a ticker");

    store.take(change(Freshness::Quiet, Freshness::Down));
    store.flush();
    assert_eq!(shown().freshness, Freshness::Quiet);
    assert_eq!(shown().venues.iter().map(|v| v.freshness).collect::<Vec<_>>(), [Freshness::Live, Freshness::Down]);
    assert_eq!(price(&store, "BTC"), Some(2.0));

    // One that waits for the flush is the newest.
    let asked = store.ask();
    store.take(RealtimeMessage::Ticker { data: Box::new(ticker("BTC", 7.0, AT + 9)) });
    store.take(change(Freshness::Stale, Freshness::Stale));
    store.answer(asked, vec![ticker("BTC", 6.0, AT + 8)]);
    store.flush();
    assert_eq!((shown().freshness, price(&store, "BTC")), (Freshness::Stale, Some(7.0)));

    // A price that was never seen has no freshness to change.
    store.take(RealtimeMessage::Status {
        data: StatusChange { symbol: symbol("ETH"), freshness: Freshness::Down, venues: BTreeMap::new() },
    });
    store.flush();
    assert_eq!(price(&store, "ETH"), None);
}

#[test]
fn the_line_follows_the_price() {
    let store = store();
    let closes = || store.asset(symbol("BTC")).and_then(|a| a.spark.get_untracked()).expect("a line").closes.clone();
    store.receive(ticker("BTC", 3.0, AT + 1));
    assert_eq!(closes(), [1.0, 2.0]);
    store.flush();
    assert_eq!(closes(), [1.0, 3.0]);
    store.receive(ticker("BTC", 4.0, AT + SPARK_STEP_MS));
    store.flush();
    assert_eq!(closes(), [1.0, 3.0, 4.0]);
    for step in 2..100 {
        store.receive(ticker("BTC", 5.0, AT + step * SPARK_STEP_MS));
        store.flush();
    }
    assert_eq!(closes(), [5.0; SPARK_POINTS]);
}

#[test]
fn nothing_is_live_while_nothing_reaches_the_page() {
    let store = store();
    let fresh = || store.freshness(symbol("BTC"));
    assert_eq!(fresh(), Freshness::Live);
    for (link, expected) in [
        (Link::Live, Freshness::Live),
        (Link::Reconnecting { in_s: 3 }, Freshness::Down),
        (Link::Polling, Freshness::Live),
        (Link::Paused, Freshness::Down),
    ] {
        store.set_link(link);
        assert_eq!(fresh(), expected, "{link:?}");
    }
    store.set_link(Link::Live);
    store.set_silent(true);
    assert_eq!(fresh(), Freshness::Quiet);
    store.receive(Ticker { freshness: Freshness::Stale, ..ticker("BTC", 2.0, AT) });
    store.flush();
    assert_eq!(fresh(), Freshness::Stale);
    assert_eq!(store.freshness(symbol("ETH")), Freshness::Down);
    store.set_now(UnixMs(AT + 5));
    assert_eq!(store.now().get_untracked(), UnixMs(AT + 5));
}
