//! The feeds as their readers see them.

use std::{collections::HashSet, time::Duration};

use axum::{Router, body::Body};
use feed_rs::{model::Feed as Parsed, parser};
use futures_util::StreamExt;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};
use tower::ServiceExt;

use super::*;
use crate::{
    model::{asset::default_symbols, time::UnixMs},
    server::{
        clock::Clock,
        simulator::{
            SimulatorSettings,
            testing::{Answer, get, request},
        },
    },
};

mod broken;

/// 2026-11-20T12:00:00Z
const NOON: i64 = 1_795_176_000_000;

fn simulator(mode: NewsMode) -> Simulator {
    let clock = Clock::following(UnixMs(NOON));
    Simulator::new(SimulatorSettings { seed: 1, symbols: default_symbols(), clock, news: mode })
}

fn played() -> Router {
    simulator(NewsMode::Playing).router()
}

fn quiet() -> Router {
    simulator(NewsMode::Quiet).router()
}

async fn post(router: &Router, path: &str, body: &Value) -> Answer {
    request(router, "POST", path, &body.to_string()).await
}

async fn publish(router: &Router, body: &Value) -> Value {
    let answer = post(router, "/control/news", body).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.json()
}

/// One request with a header.
async fn asked(router: &Router, path: &str, name: &str, value: &str) -> Answer {
    let request = Request::get(path).header(name, value).body(Body::empty()).expect("a request");
    let (parts, body) = router.clone().oneshot(request).await.expect("infallible").into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
    Answer { status: parts.status, headers: parts.headers, body }
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The feed of an outlet, wherever it has gone.
async fn feed(router: &Router, key: &str) -> Parsed {
    let outlet = &OUTLETS[outlets::by_key(key).expect("known")];
    let answer = get(router, &outlet.final_path()).await;
    assert_eq!(answer.status, 200, "{key}");
    parser::parse(answer.body.as_ref()).unwrap_or_else(|error| panic!("{key}: {error}"))
}

fn titles(feed: &Parsed) -> Vec<String> {
    feed.entries.iter().filter_map(|entry| Some(entry.title.as_ref()?.content.clone())).collect()
}

#[tokio::test(start_paused = true)]
async fn every_feed_has_a_past_and_goes_on() {
    let router = played();
    let mut old = 0;
    for outlet in &OUTLETS {
        let feed = feed(&router, outlet.key).await;
        old += feed.entries.len();
        assert!(feed.entries.len() <= shelf::ROOM);
        assert!(feed.description.is_some_and(|text| text.content.contains("Simulated")), "{}", outlet.key);
    }
    assert!(old > 100, "{old}");
    sleep(Duration::from_mins(10)).await;
    for outlet in &OUTLETS {
        let feed = feed(&router, outlet.key).await;
        assert!(!feed.entries.is_empty(), "{}", outlet.key);
        for entry in &feed.entries {
            assert!(entry.links.iter().any(|link| link.href.starts_with("https://")), "{}", outlet.key);
            if let Some(at) = entry.published.or(entry.updated) {
                assert!((NOON - 90_000_000..=NOON + 600_000).contains(&at.timestamp_millis()), "{}", outlet.key);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_and_clock_give_the_same_feed() {
    let (one, other) = (played(), played());
    sleep(Duration::from_secs(100)).await;
    for outlet in &OUTLETS {
        let (a, b) = (get(&one, &outlet.final_path()).await, get(&other, &outlet.final_path()).await);
        assert_eq!((&a.body, header(&a, "etag")), (&b.body, header(&b, "etag")), "{}", outlet.key);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_reader_has_is_not_sent_again() {
    let router = quiet();
    let path = "/news/ledger_wire.xml";
    sleep(Duration::from_secs(2)).await;
    let first = get(&router, path).await;
    let (etag, modified) = (header(&first, "etag").to_owned(), header(&first, "last-modified").to_owned());
    assert_eq!(header(&first, "cache-control"), "max-age=2");
    for (name, value) in [("if-none-match", etag.as_str()), ("if-modified-since", &modified), ("if-none-match", "*")] {
        let again = asked(&router, path, name, value).await;
        assert_eq!(
            (again.status.as_u16(), again.body.len(), header(&again, "etag")),
            (304, 0, etag.as_str()),
            "{name}"
        );
    }
    for (name, value) in [("if-none-match", "W/\"0\", \"1\""), ("if-modified-since", "Thu, 19 Nov 2026 12:00:00 GMT")] {
        assert_eq!(asked(&router, path, name, value).await.status, 200, "{name}");
    }
    publish(&router, &json!({ "source": "ledger_wire", "title": "News" })).await;
    assert_eq!(asked(&router, path, "if-none-match", &etag).await.status, 200);
    // Within the second of the change, its date proves nothing.
    let changed = get(&router, path).await;
    let modified = header(&changed, "last-modified").to_owned();
    assert_eq!(asked(&router, path, "if-modified-since", &modified).await.status, 200);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(asked(&router, path, "if-modified-since", &modified).await.status, 304);
    let outlet = &get(&router, "/control/news").await.json()["outlets"][0];
    assert_eq!((&outlet["requests"], &outlet["notModified"]), (&json!(10), &json!(4)));
}

#[tokio::test(start_paused = true)]
async fn feeds_are_compressed_for_those_who_ask() {
    let router = played();
    for file in ["chain_courier.xml", "the_tally.json"] {
        let path = format!("/news/{file}");
        let plain = get(&router, &path).await;
        assert_eq!(header(&plain, "content-encoding"), "");
        let packed = asked(&router, &path, "accept-encoding", "gzip, br").await;
        assert_eq!(header(&packed, "content-encoding"), "gzip");
        assert!(packed.body.starts_with(&[0x1f, 0x8b]) && packed.body.len() < plain.body.len() / 2);
        // The last four bytes of gzip are the length of what was packed.
        let length = packed.body.last_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes));
        assert_eq!(length, u32::try_from(plain.body.len()).ok());
    }
}

#[tokio::test(start_paused = true)]
async fn two_feeds_have_moved() {
    let router = played();
    for (key, status) in [("night_desk", 301), ("candle_club", 302)] {
        let answer = get(&router, &format!("/news/{key}.xml")).await;
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(header(&answer, "location"), format!("/news/at/{key}.xml"));
        assert_eq!(get(&router, header(&answer, "location")).await.status, 200);
    }
    assert_eq!(get(&router, "/news/at/ledger_wire.xml").await.status, 404);
    let nobody = get(&router, "/news/nobody.xml").await;
    assert_eq!(nobody.status, 404);
    assert!(nobody.json()["known"].as_array().is_some_and(|known| known.contains(&json!("/news/the_tally.json"))));
}

#[tokio::test(start_paused = true)]
async fn what_is_published_is_in_the_feed() {
    let router = quiet();
    let hostile = "]]><script>alert('x')</script> & \"more\" \u{202e}";
    for outlet in &OUTLETS {
        let answer = publish(
            &router,
            &json!({
                "source": outlet.key, "title": hostile, "description": format!("lead {hostile}"),
                "link": "javascript:alert(1)", "guid": "same", "author": "A", "imageUrl": "http://x.example/a.svg",
                "pubDate": "2026-11-20T11:00:00Z",
            }),
        )
        .await;
        assert_eq!(answer["published"][0]["id"], "same");
        let body = get(&router, &outlet.final_path()).await.body;
        let parser = parser::Builder::new().sanitize_content(false).build();
        let feed = parser.parse(body.as_ref()).expect("a feed");
        assert_eq!(titles(&feed), [hostile], "{}", outlet.key);
        let entry = &feed.entries[0];
        assert_eq!(entry.published.or(entry.updated).map(|at| at.timestamp_millis()), Some(NOON - 3_600_000));
        assert!(String::from_utf8_lossy(&body).contains("javascript:alert(1)"), "{}", outlet.key);
    }
}

#[tokio::test(start_paused = true)]
async fn dates_are_now_as_asked_none_or_nonsense() {
    let router = quiet();
    for date in [json!(null), json!(""), json!("next Tuesday")] {
        let answer = publish(&router, &json!({ "source": "block_gazette", "title": "T", "pubDate": date })).await;
        let feed = feed(&router, "block_gazette").await;
        assert_eq!(feed.entries[0].published, None, "{answer}");
    }
    let answer = publish(&router, &json!({ "source": "block_gazette", "title": "T" })).await;
    assert_eq!(answer["published"][0]["pubDate"], "2026-11-20T12:00:00.000Z");
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_items_come_at_once() {
    let router = quiet();
    let answer = publish(&router, &json!({ "source": "the_tally", "title": "Flood", "count": 10_000 })).await;
    let ids: HashSet<&str> =
        answer["published"].as_array().expect("a list").iter().filter_map(|item| item["id"].as_str()).collect();
    assert_eq!(ids.len(), 10_000);
    let flooded = feed(&router, "the_tally").await;
    assert_eq!((flooded.entries.len(), titles(&flooded)[0].as_str()), (10_000, "Flood #10000"));
    // The next one is no flood, and the feed is short again.
    publish(&router, &json!({ "source": "the_tally", "title": "One" })).await;
    assert_eq!(feed(&router, "the_tally").await.entries.len(), shelf::ROOM);

    let same = json!({ "source": "fmc_press", "title": "T", "count": 3, "guid": "g", "link": "https://a.example/" });
    let answer = publish(&router, &same).await;
    let links: HashSet<&str> =
        answer["published"].as_array().expect("a list").iter().filter_map(|item| item["link"].as_str()).collect();
    assert_eq!(
        (links.len(), titles(&feed(&router, "fmc_press").await)),
        (1, ["T #3", "T #2", "T #1"].map(str::to_owned).into())
    );
    let twice = json!({ "source": "fmc_press", "title": "T" });
    assert_ne!(publish(&router, &twice).await["published"], publish(&router, &twice).await["published"]);
}

#[tokio::test(start_paused = true)]
async fn what_the_control_interface_does_not_know_it_says() {
    let router = quiet();
    for (path, body, status, word) in [
        ("", json!({ "source": "nobody", "title": "T" }), 404, "nobody"),
        ("", json!({ "source": "ledger_wire" }), 400, "title"),
        ("", json!({ "source": "ledger_wire", "title": "T", "count": 0 }), 400, "count"),
        ("", json!({ "source": "ledger_wire", "title": "T", "count": 10_001 }), 400, "count"),
        ("", json!({ "source": "ledger_wire", "title": "T", "pubdate": "" }), 400, "pubdate"),
        ("/fault", json!({ "source": "nobody", "fault": "slow" }), 404, "nobody"),
        ("/fault", json!({ "source": "ledger_wire", "fault": "earthquake" }), 400, "earthquake"),
        ("/fault", json!({ "source": "ledger_wire", "fault": "slow", "seconds": 0 }), 400, "seconds"),
        ("/clear", json!({ "source": "nobody" }), 404, "nobody"),
        ("/mode", json!({ "mode": "loud" }), 400, "loud"),
    ] {
        let answer = post(&router, &format!("/control/news{path}"), &body).await;
        assert_eq!(answer.status.as_u16(), status, "{path} {body}");
        assert!(answer.json()["error"].as_str().expect("a text").contains(word), "{path} {body}");
    }
    let known =
        post(&router, "/control/news", &json!({ "source": "nobody", "title": "T" })).await.json()["known"].clone();
    assert_eq!(known.as_array().map(Vec::len), Some(OUTLETS.len()));
}

#[tokio::test(start_paused = true)]
async fn the_mode_can_be_changed_and_the_exchanges_control_still_answers() {
    let router = quiet();
    sleep(Duration::from_mins(5)).await;
    assert!(feed(&router, "ledger_wire").await.entries.is_empty());
    let state = post(&router, "/control/news/mode", &json!({ "mode": "playing" })).await.json();
    assert_eq!(state["mode"], "playing");
    sleep(Duration::from_mins(15)).await;
    let count = feed(&router, "ledger_wire").await.entries.len();
    assert!(count > 2, "{count}");
    assert_eq!(get(&router, "/control/binance").await.json()["venue"], "binance");
    assert_eq!(get(&router, "/news").await.json()["simulated"], true);
}

#[test]
fn feeds_can_be_configured_as_they_are_given() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let simulator = runtime.block_on(async { simulator(NewsMode::Quiet) });
    let feeds: Vec<Feed> = simulator.feeds("127.0.0.1:19001").into_iter().map(Feed::from).collect();
    assert_eq!(feeds.len(), OUTLETS.len());
    assert_eq!((feeds[0].key.as_str(), feeds[0].tier), ("ledger_wire", 1));
    assert_eq!(feeds[3].url, "http://127.0.0.1:19001/news/the_tally.json");
}
