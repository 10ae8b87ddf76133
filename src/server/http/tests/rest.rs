use std::time::Duration;

use super::*;
use crate::{
    model::{freshness::Freshness, ticker::Ticker},
    server::market::fixture::ticker,
    wire::status::ConnectionState,
};

#[tokio::test(start_paused = true)]
async fn a_price_is_answered_in_every_form_of_its_symbol() {
    let fixture = Fixture::new();
    fixture.post(ticker("BTC", 43_250.5));
    let app = app(&fixture);
    for form in ["BTC", "btc", "BTCUSDT", "btc-usdt", "BTC%2FUSDT", "BTC_USDT"] {
        let (status, headers, body) = json(get(&app, &format!("/price/{form}")).await).await;
        assert_eq!(status, StatusCode::OK, "{form}");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(
            body.to_string(),
            r#"{"data":{"change":null,"changePercent":null,"freshness":"live","high":null,"low":null,"price":43250.5,"symbol":"BTCUSDT","timestamp":"2025-11-20T12:00:00.000Z","volume":1.5},"source":"stream","success":true}"#,
            "{form}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_kept_price_says_so() {
    let fixture = Fixture::new();
    fixture.post(Ticker { sources: 0, freshness: Freshness::Down, ..ticker("BTC", 1.0) });
    let (status, _, body) = json(get(&app(&fixture), "/price/BTC").await).await;
    assert_eq!((status, &body["source"]), (StatusCode::OK, &Value::from("cache")));
    assert_eq!(body["data"]["freshness"], "down");
}

#[tokio::test(start_paused = true)]
async fn symbols_are_pairs_and_active_ones_have_readers() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let stream = get(&app, "/api/realtime/ETH").await;
    let (_, _, body) = json(get(&app, "/symbols").await).await;
    assert_eq!(
        body.to_string(),
        r#"{"data":{"active_symbols":["ETHUSDT"],"default_symbols":["BTCUSDT","ETHUSDT"],"supported":["BTCUSDT","ETHUSDT","SOLUSDT"]},"success":true}"#
    );
    drop(stream);
    let (_, _, body) = json(get(&app, "/symbols").await).await;
    assert_eq!(body["data"]["active_symbols"], serde_json::json!([]));
}

#[tokio::test(start_paused = true)]
async fn ready_when_the_strip_has_prices_or_after_ten_seconds() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    fixture.post(ticker("BTC", 1.0));
    assert_eq!(get(&app, "/ready").await.status(), StatusCode::SERVICE_UNAVAILABLE, "ETH is missing");
    fixture.post(ticker("ETH", 1.0));
    assert_eq!(get(&app, "/ready").await.status(), StatusCode::OK);
    let fixture = Fixture::new();
    let app = super::app(&fixture);
    tokio::time::advance(Duration::from_millis(9_999)).await;
    assert_eq!(get(&app, "/ready").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(get(&app, "/ready").await.status(), StatusCode::OK);
    assert_eq!(get(&app, "/live").await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn health_names_what_is_missing() {
    let fixture = Fixture::new();
    let app = app(&fixture);
    let (status, headers, body) = json(get(&app, "/health").await).await;
    assert_eq!((status.as_u16(), &body["status"]), (503, &Value::from("unhealthy")), "no price at all");
    assert!(headers.contains_key("retry-after"));
    fixture.post(ticker("BTC", 1.0));
    let check = async |expected: &str, why: &str| {
        let (status, _, body) = json(get(&app, "/health").await).await;
        assert_eq!((status.as_u16(), &body["status"]), (200, &Value::from(expected)), "{why}");
    };
    check("degraded", "ETH has no price").await;
    fixture.post(ticker("ETH", 1.0));
    check("healthy", "all is there").await;
    *fixture.reports.0.lock() = ConnectionState::Waiting;
    check("degraded", "a venue is away").await;
    *fixture.reports.0.lock() = ConnectionState::Connected;
    fixture.post(Ticker { freshness: Freshness::Stale, sources: 0, ..ticker("ETH", 1.0) });
    check("degraded", "a default symbol is stale").await;
}

#[tokio::test(start_paused = true)]
async fn health_has_the_shape_of_the_contract() {
    let fixture = Fixture::new();
    for base in ["BTC", "ETH"] {
        fixture.post(ticker(base, 1.0));
    }
    let app = app(&fixture);
    let _stream = get(&app, "/api/realtime?symbols=BTC,SOL").await;
    tokio::time::advance(Duration::from_secs(8_130)).await;
    let (_, _, body) = json(get(&app, "/health").await).await;
    let expected = serde_json::json!({
        "service": "market-pulse", "port": 3000, "status": "healthy", "version": "0.1.0",
        "timestamp": "2025-11-20T14:15:30.000Z", "uptime": "2h 15m 30s",
        "dependencies": {
            "cache": {"status": "disabled", "message": "no Redis is configured"},
            "storage": {"status": "disabled", "message": "nothing is stored"},
            "venues": {"binance": {
                "status": "connected", "lastMessageAt": "2025-11-20T12:00:00.000Z", "reconnects": 2, "clockSkewMs": -3,
            }},
            "feeds": {},
        },
        "metrics": {"active_streams": 1, "total_subscriptions": 2, "active_symbols": ["BTCUSDT", "SOLUSDT"]},
    });
    assert_eq!(body, expected);
}

#[tokio::test(start_paused = true)]
async fn head_is_get_without_a_body() {
    let fixture = Fixture::new();
    fixture.post(ticker("BTC", 1.0));
    let app = app(&fixture);
    for uri in ["/price/BTC", "/symbols", "/health", "/live", "/api/realtime/BTC", "/api/sse", "/api/news", "/api/rss"]
    {
        let response = send(&app, Request::head(uri).body(Body::empty()).expect("a request")).await;
        assert_eq!(response.status(), StatusCode::OK, "{uri}");
        let body = axum::body::to_bytes(response.into_body(), 1).await.expect("no body");
        assert!(body.is_empty(), "{uri}");
    }
    assert_eq!(fixture.services.hub.streams(), 0);
}
