//! Symbols that are not configured, as clients ask for them.

use std::time::Duration;

use futures_util::FutureExt;

use super::*;
use crate::{
    model::symbol::Symbol,
    server::{market::fixture::ticker, venues::event::VenueIndex},
};

pub(super) fn symbol(base: &str) -> Symbol {
    Symbol::parse(base).expect("a symbol")
}

/// A server whose venue lists `L0` to `L99` beside what is followed: ten may be followed, five for one client.
pub(super) fn fixture() -> Fixture {
    let fixture = Fixture::new();
    fixture.listings.set(VenueIndex(0), (0..100).map(|n| symbol(&format!("L{n}"))));
    fixture
}

pub(super) fn is_followed(fixture: &Fixture, base: &str) -> bool {
    fixture.services.follows.demand().borrow().contains_key(&symbol(base))
}

async fn open(app: &Router, uri: &str) -> BodyDataStream {
    let response = get(app, uri).await;
    assert_eq!(response.status(), StatusCode::OK, "{uri}");
    response.into_body().into_data_stream()
}

async fn error(app: &Router, uri: &str) -> (u16, Value, Option<String>) {
    let (status, headers, body) = json(get(app, uri).await).await;
    let wait = headers.get("retry-after").map(|value| value.to_str().expect("text").to_owned());
    (status.as_u16(), body["error"]["code"].clone(), wait)
}

#[tokio::test(start_paused = true)]
async fn a_listed_symbol_streams_like_a_configured_one() {
    let fixture = fixture();
    let app = app(&fixture);
    let mut one = open(&app, "/api/realtime/l7usdt").await;
    assert!(frame(&mut one).await.contains("\"symbols\":[\"L7\"]"));
    assert!(one.next().now_or_never().is_none(), "no price yet");
    fixture.post(ticker("L7", 2.5));
    assert!(frame(&mut one).await.contains("\"symbol\":\"L7\",\"quote\":\"USDT\",\"price\":2.5"));
    let mut many = open(&app, "/api/realtime?symbols=BTC,L7").await;
    frame(&mut many).await;
    assert!(frame(&mut many).await.contains("\"symbol\":\"L7\""), "the snapshot");
    let mut events = open(&app, "/api/sse?symbols=L7&events=price").await;
    frame(&mut events).await;
    assert!(frame(&mut events).await.contains("event: price\ndata: {\"symbol\":\"L7\""));
    let (_, _, health) = json(get(&app, "/health").await).await;
    assert_eq!(health["metrics"]["active_symbols"], serde_json::json!(["BTC", "L7"]));
    assert_eq!(health["metrics"]["total_subscriptions"], 4);
}

#[tokio::test(start_paused = true)]
async fn a_stream_holds_its_symbols_and_lets_go_of_them_at_its_end() {
    let fixture = fixture();
    let app = app(&fixture);
    let stream = open(&app, "/api/realtime/L7").await;
    let hour = Duration::from_hours(1);
    tokio::time::sleep(hour).await;
    assert!(fixture.services.follows.demand().borrow().contains_key(&symbol("L7")));
    drop(stream);
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert!(fixture.services.follows.demand().borrow().contains_key(&symbol("L7")));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(fixture.services.follows.demand().borrow().is_empty());
    assert_eq!(error(&app, "/api/realtime/NOPE").await, (404, "unknown_symbol".into(), None));
}

#[tokio::test(start_paused = true)]
async fn limits_are_clear_and_disturb_nobody() {
    let fixture = fixture();
    let app = app(&fixture);
    let ask = async |address: &str, uri: &str| send(&app, from(address, uri)).await;
    let greedy = "192.0.2.1:1000";
    let held = ask(greedy, "/api/realtime?symbols=L0,L1,L2,L3,L4").await;
    assert_eq!(held.status(), StatusCode::OK);
    let refused = ask(greedy, "/api/realtime/L5").await;
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (503, &"30".parse().expect("a value")));
    let (_, _, body) = json(refused).await;
    assert_eq!(body["error"]["code"], "too_many_followed");
    assert_eq!(body["retry"]["delayMs"], 30_000);
    assert_eq!(
        ask(greedy, "/api/realtime/BTC").await.status(),
        StatusCode::OK,
        "configured ones are no matter of that"
    );
    assert_eq!(ask(greedy, "/api/realtime/L0").await.status(), StatusCode::OK);
    let other = ask("192.0.2.2:1000", "/api/realtime?symbols=L5,L6,L7,L8,L9").await;
    assert_eq!(other.status(), StatusCode::OK);
    let third = ask("192.0.2.3:1000", "/price/L10").await;
    assert_eq!(third.status(), StatusCode::SERVICE_UNAVAILABLE, "full");
    drop((held, other));
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(ask("192.0.2.3:1000", "/api/realtime/L10").await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_as_a_whole_leaves_nothing_followed() {
    let fixture = fixture();
    let app = app(&fixture);
    let refused = get(&app, "/api/realtime?symbols=L0,L1,L2,L3,L4,L5").await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get(&app, "/api/realtime?symbols=L6,NOPE").await.status(), StatusCode::NOT_FOUND);
    assert!(!fixture.services.follows.demand().borrow().contains_key(&symbol("L6")));
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert!(fixture.services.follows.demand().borrow().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_price_is_waited_for_and_asked_for_once() {
    let fixture = fixture();
    let app = app(&fixture);
    let (answer, ()) = tokio::join!(get(&app, "/price/L7"), async {
        tokio::time::sleep(Duration::from_millis(900)).await;
        fixture.post(ticker("L7", 2.5));
    });
    let (status, _, body) = json(answer).await;
    assert_eq!((status.as_u16(), &body["data"]["price"]), (200, &Value::from(2.5)));
    assert_eq!((&body["data"]["symbol"], &body["source"]), (&Value::from("L7USDT"), &Value::from("stream")));
    let before = tokio::time::Instant::now();
    assert_eq!(get(&app, "/price/L7").await.status(), StatusCode::OK);
    assert_eq!(before.elapsed(), Duration::ZERO, "from memory");
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert!(fixture.services.follows.demand().borrow().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_price_that_does_not_come_is_said_not_to_be_there() {
    let fixture = fixture();
    let app = app(&fixture);
    let before = tokio::time::Instant::now();
    assert_eq!(error(&app, "/price/L7").await, (503, "no_price_yet".into(), Some("1".to_owned())));
    assert_eq!(before.elapsed(), Duration::from_secs(3));
    assert_eq!(error(&app, "/price/BTC").await.1, "no_price_yet");
    assert_eq!(before.elapsed(), Duration::from_secs(3), "for what is followed anyway nobody waits");
}

#[tokio::test(start_paused = true)]
async fn symbols_lists_what_may_be_asked_for() {
    let fixture = Fixture::new();
    fixture.listings.set(VenueIndex(0), ["PEPE", "AAVE", "BTC"].map(symbol));
    let app = app(&fixture);
    let (_, _, body) = json(get(&app, "/symbols").await).await;
    let supported = serde_json::json!(["AAVEUSDT", "BTCUSDT", "ETHUSDT", "PEPEUSDT", "SOLUSDT"]);
    assert_eq!(
        (&body["data"]["supported"], &body["data"]["default_symbols"]),
        (&supported, &serde_json::json!(["BTCUSDT", "ETHUSDT"]))
    );
    let _stream = open(&app, "/api/realtime/PEPE").await;
    let (_, _, body) = json(get(&app, "/symbols").await).await;
    assert_eq!(body["data"]["active_symbols"], serde_json::json!(["PEPEUSDT"]));
}

#[tokio::test(start_paused = true)]
async fn pages_and_news_know_the_configured_symbols_only() {
    let fixture = fixture();
    let app = app(&fixture);
    let _stream = open(&app, "/api/realtime/L7").await;
    fixture.post(ticker("L7", 2.5));
    fixture.post(ticker("BTC", 1.0));
    let services = &fixture.services;
    assert!(services.tickers(&[symbol("L7")]).is_err());
    assert_eq!(services.tickers(&[]).expect("prices").len(), 1);
    assert_eq!(services.page_snapshot().tickers.len(), 1);
    assert_eq!(error(&app, "/api/news?symbol=L7").await.1, "unknown_symbol");
}

#[tokio::test(start_paused = true)]
async fn at_the_start_nobody_is_told_that_a_symbol_is_unknown() {
    let fixture = Fixture::starting();
    let app = app(&fixture);
    assert_eq!(error(&app, "/price/PEPE").await, (503, "starting".into(), Some("1".to_owned())));
    assert_eq!(error(&app, "/price/B*C").await.1, "malformed_symbol");
    assert_eq!(get(&app, "/api/realtime/BTC").await.status(), StatusCode::OK);
    fixture.listings.set(VenueIndex(0), [symbol("SHIB")]);
    assert_eq!(error(&app, "/price/PEPE").await.0, 404);
}
