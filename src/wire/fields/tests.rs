use std::{collections::BTreeMap, fmt::Debug};

use serde::{Serialize, de::DeserializeOwned};

use super::*;
use crate::wire::json;

/// What serde writes is read back as it was, and as serde itself reads it.
fn comes_back<T: Serialize + DeserializeOwned + FromJson + PartialEq + Debug>(value: T) {
    let text = serde_json::to_string(&value).expect("plain data");
    let read: T = json::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(read, value, "{text}");
    assert_eq!(serde_json::from_str::<T>(&text).expect("the same text"), value);
}

fn symbol(text: &str) -> Symbol {
    Symbol::parse(text).expect("a symbol")
}

fn venue() -> Venue {
    Venue::new("okx").expect("a key")
}

fn text(words: &str) -> String {
    words.to_owned()
}

const AT: UnixMs = UnixMs(1_763_640_000_123);

fn ticker(known: bool) -> Ticker {
    let some = |value: f64| known.then_some(value);
    Ticker {
        symbol: symbol("1INCH"),
        quote: text("USDT"),
        price: 0.1 + 0.2,
        change24h: some(-1.5),
        change_percent24h: some(2.0),
        high24h: some(3.0),
        low24h: some(1e-9),
        volume24h: some(1e21),
        volume_quote24h: some(6.0),
        timestamp: AT,
        received_at: UnixMs(-7),
        sources: 255,
        freshness: Freshness::Quiet,
        agree: known,
        dispersion: some(0.0),
        venues: vec![VenueQuote {
            venue: venue(),
            price: some(1.0),
            weight: 0.25,
            volume24h: some(8.0),
            timestamp: known.then_some(AT),
            received_at: known.then_some(AT),
            freshness: Freshness::Stale,
            used: known,
            reason: known.then_some(Reason::NoData),
        }],
    }
}

fn story(known: bool) -> StoryHead {
    let some = |value: f64| known.then_some(value);
    StoryHead {
        id: text("s-1"),
        title: text("A \"quoted\" <b>title</b> \u{1F4C8} \\ \n"),
        link: text("https://a.example/?a=b&c"),
        description: text(""),
        category: text("markets"),
        image_url: known.then(|| text("https://a.example/i.png")),
        tickers: vec![symbol("BTC")],
        sources: vec![StorySource { key: text("a"), name: text("A") }],
        articles: 3,
        first_seen: AT,
        last_seen: AT,
        novelty: 0.5,
        breaking: known.then(|| Breaking {
            score: 0.8,
            reasons: vec![text("x")],
            state: BreakingState::Upgraded,
            since: AT,
        }),
        reaction: vec![Reaction {
            symbol: symbol("BTC"),
            at: AT,
            price: some(1.0),
            after5m: some(2.0),
            after15m: some(-3.0),
            after60m: None,
        }],
    }
}

fn article(known: bool) -> Article {
    Article {
        id: text("a-1"),
        title: text("T"),
        link: text("https://a.example"),
        description: text("d"),
        source: text("A"),
        source_key: text("a"),
        category: text("c"),
        pub_date: known.then_some(AT),
        seen_at: AT,
        image_url: known.then(|| text("https://a.example/i.png")),
        author: known.then(|| text("N. N.")),
        tickers: vec![symbol("ETH")],
        story_id: text("s-1"),
        is_breaking: known,
    }
}

fn report(known: bool) -> StatusReport {
    StatusReport {
        at: AT,
        version: text("1"),
        simulated: known,
        started_at: AT,
        uptime_s: 9_007_199_254_740_991,
        clients: 7,
        venues: vec![VenueStatus {
            venue: venue(),
            state: ConnectionState::RegionBlocked,
            detail: known.then(|| text("d")),
            endpoint: known.then(|| text("e")),
            connected_since: known.then_some(AT),
            last_message_at: known.then_some(AT),
            next_attempt_at: known.then_some(AT),
            reconnects: 1,
            bad_frames: 2,
            clock_skew_ms: known.then_some(-3),
            messages_per_second: 1.5,
            refused: vec![symbol("BTC")],
            silent: vec![],
        }],
        feeds: vec![SourceStatus {
            key: text("a"),
            name: text("A"),
            category: text("c"),
            tier: 1,
            trust: 0.5,
            url: text("https://a.example/rss"),
            state: SourceState::Failing,
            moved_to: known.then(|| text("https://b.example")),
            last_fetch: known.then(|| AT.to_rfc3339()),
            last_success: known.then(|| AT.to_rfc3339()),
            last_error: known.then(|| text("HTTP 503")),
            failures: 4,
            items: 5,
            rejected: 6,
            next_fetch: known.then(|| AT.to_rfc3339()),
        }],
        storage_error: known.then(|| text("full")),
    }
}

#[test]
fn everything_that_a_page_reads_comes_back_as_it_was() {
    for known in [true, false] {
        comes_back(ticker(known));
        comes_back(story(known));
        comes_back(article(known));
        comes_back(report(known));
        let page = StoryPage { stories: vec![story(known)], total_count: 9, next_cursor: known.then(|| text("c")) };
        let body = StoryBody { head: story(known), timeline: vec![article(known)] };
        let news =
            FirstNews { stories: known.then(|| page.clone()), story: known.then(|| body.clone()), unknown: known };
        comes_back(page);
        comes_back(known.then_some(body));
        comes_back(news.clone());
        let info = VenueInfo { venue: venue(), title: text("OKX"), mark: 'Ö' };
        let site = SiteInfo {
            simulated: known,
            strip: vec![symbol("BTC")],
            assets: vec![AssetInfo::of(symbol("BTC"))],
            venues: vec![info],
            ..SiteInfo::empty()
        };
        let spark = Spark { symbol: symbol("BTC"), start: AT, step_ms: 1_800_000, closes: vec![1.0, 2.5] };
        let source = SourceName { key: text("a"), name: text("A"), category: text("c") };
        let snapshot = PageSnapshot {
            site,
            at: AT,
            tickers: vec![ticker(known)],
            sparks: vec![spark],
            news: NewsSnapshot {
                stories: vec![story(known)],
                last_event_id: 1_763_640_000_000_000,
                sources: vec![source],
            },
        };
        let choices =
            Choices { theme: Theme::Dark, strip: vec![symbol("BTC")], notify: known, dismissed: vec![text("s-1")] };
        comes_back(PageStart { snapshot, choices, news: known.then_some(news) });
    }
    comes_back(vec![Candle { open_time: AT, open: 1.0, high: 2.0, low: 0.5, close: 1.5, volume: 9.0 }]);
    comes_back(Connected {
        symbol: symbol("BTC"),
        symbols: vec![symbol("BTC"), symbol("ETH")],
        client_id: text("c"),
        timestamp: AT.to_rfc3339(),
    });
    comes_back(Heartbeat { timestamp: AT.to_rfc3339(), last_id: text("") });
    comes_back(StatusChange {
        symbol: symbol("BTC"),
        freshness: Freshness::Live,
        venues: BTreeMap::from([(venue(), Freshness::Down)]),
    });
    for error in [
        ApiError::Unavailable,
        ApiError::UnknownSymbol { symbol: text("XXX") },
        ApiError::Transport { message: text("m") },
    ] {
        comes_back(error);
    }
    comes_back(Gap { from: text("1"), to: text("2"), reason: GapReason::Expired });
    comes_back(StreamError { code: "going_down".into(), message: "m".into(), retry: Retry::after_ms(1234) });
}

#[test]
fn every_name_is_one_that_serde_writes() {
    for value in [Freshness::Down, Freshness::Stale, Freshness::Quiet, Freshness::Live] {
        comes_back(value);
    }
    for value in [Reason::Outlier, Reason::Stale, Reason::Down, Reason::NoData, Reason::BadData] {
        comes_back(value);
    }
    for value in Theme::ALL {
        comes_back(value);
    }
    for value in [BreakingState::Breaking, BreakingState::Upgraded, BreakingState::Retracted] {
        comes_back(value);
    }
    for value in [GapReason::Expired, GapReason::Restarted] {
        comes_back(value);
    }
    for value in [SourceState::Pending, SourceState::Ok, SourceState::Failing, SourceState::Dead] {
        comes_back(value);
    }
    for value in [
        ConnectionState::Connecting,
        ConnectionState::Connected,
        ConnectionState::Waiting,
        ConnectionState::RegionBlocked,
        ConnectionState::Stopped,
    ] {
        comes_back(value);
    }
}

#[test]
fn what_has_another_shape_is_refused() {
    for wrong in [
        "",
        "{",
        "null",
        "[]",
        r#"{"timestamp":"t"}"#,
        r#"{"timestamp":1,"lastId":""}"#,
        r#"{"timestamp":"t","lastId":null}"#,
    ] {
        assert!(json::read::<Heartbeat>(wrong.as_bytes()).is_err(), "{wrong}");
    }
    for wrong in ["1.5", "-1", "256", "\"1\"", "1e300"] {
        assert!(json::read::<u8>(wrong.as_bytes()).is_err(), "{wrong}");
    }
    assert!(json::read::<Freshness>(b"\"fine\"").is_err());
    assert!(json::read::<char>(b"\"ab\"").is_err());
    let deep = "[".repeat(200_000);
    assert!(json::read::<Json>(deep.as_bytes()).is_err(), "no text exhausts the stack");
}
