use std::time::Duration;

use super::*;
use crate::{
    model::{freshness::Freshness, ticker::Ticker},
    server::{channels::builtin::BuiltIn, market::fixture::ticker},
};

const DASHBOARD: &str = "/api/v1/sse/dashboard";

fn moving(base: &str, price: f64, percent: f64, volume: f64) -> Ticker {
    Ticker { change_percent24h: Some(percent), volume_quote24h: Some(volume), ..ticker(base, price) }
}

/// The next update of a type.
async fn update(reader: &mut Reader, kind: &str) -> Value {
    loop {
        let event = reader.named("dashboard_update").await;
        let mut envelope = event.json();
        assert_eq!(envelope["event"], "dashboard_update");
        if envelope["data"]["update_type"] == kind {
            return envelope["data"]["data"].take();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_market_and_the_server_are_told_once_a_second() {
    let server = Server::new();
    server.fixture.post(moving("BTC", 43_250.5, 2.5, 1000.0));
    server.fixture.post(moving("ETH", 2_000.0, -1.25, 500.0));
    let stale = Ticker { sources: 0, freshness: Freshness::Stale, ..moving("SOL", 99.0, 50.0, 900.0) };
    server.fixture.post(stale);
    let mut reader = server.open(DASHBOARD).await;
    let _other = server.open("/api/v1/sse/training").await;
    assert_eq!(reader.event().await.name, "connected");
    let market = update(&mut reader, "market").await;
    let expected = serde_json::json!({
        "quote": "USDT",
        "symbols": 3,
        "with_price": 3,
        "freshness": { "live": 2, "quiet": 0, "stale": 1, "down": 0 },
        "volume_quote_24h": 1500.0,
        "gainers": [{ "symbol": "BTC", "price": 43250.5, "change_percent_24h": 2.5, "freshness": "live" }],
        "losers": [{ "symbol": "ETH", "price": 2000.0, "change_percent_24h": -1.25, "freshness": "live" }],
    });
    assert_eq!(market, expected, "what is stale moves nowhere");
    let figures = update(&mut reader, "metrics").await;
    let expected = serde_json::json!({
        "uptime_s": figures["uptime_s"],
        "streams": 2,
        "channels": { "alerts": 0, "backtest": 0, "dashboard": 1, "training": 1 },
        "created_channels": 0,
        "venues": [{
            "venue": "binance", "state": "connected", "last_message_at": "2025-11-20T12:00:00.000Z",
            "messages_per_second": 1.0, "reconnects": 2,
        }],
    });
    assert_eq!(figures, expected);
    assert!(figures["uptime_s"].as_u64().is_some_and(|uptime| uptime <= 2), "{figures}");
    let started = tokio::time::Instant::now();
    for _ in 0..10 {
        update(&mut reader, "market").await;
    }
    assert_eq!(started.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_known_is_not_told_as_zero() {
    let server = Server::new();
    let mut reader = server.open(DASHBOARD).await;
    let market = update(&mut reader, "market").await;
    assert_eq!((&market["volume_quote_24h"], &market["with_price"]), (&Value::Null, &Value::from(0)));
    assert_eq!((&market["gainers"], &market["losers"]), (&serde_json::json!([]), &serde_json::json!([])));
    server.fixture.post(ticker("BTC", 1.0));
    let market = update(&mut reader, "market").await;
    assert_eq!((&market["volume_quote_24h"], &market["with_price"]), (&Value::Null, &Value::from(1)));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_told_while_nobody_listens() {
    let server = Server::new();
    let log = std::sync::Arc::clone(server.fixture.services.channels.built_in(BuiltIn::Dashboard).log());
    let start = log.tip();
    let mut training = server.open("/api/v1/sse/training").await;
    training.event().await;
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(log.tip(), start);
    let mut reader = server.open(DASHBOARD).await;
    update(&mut reader, "metrics").await;
    drop(reader);
    let told = log.tip();
    assert_eq!(told, start + 2);
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(log.tip(), told);
}

#[tokio::test(start_paused = true)]
async fn positions_and_orders_come_from_outside_and_nothing_of_it_is_stored() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::stored(&folder).await;
    let mut reader = server.open(DASHBOARD).await;
    reader.event().await;
    for kind in ["positions", "orders", "market", "metrics"] {
        let data = format!(r#"{{"update_type":"{kind}","data":{{"mine":[1,2]}}}}"#);
        let body = format!(r#"{{"event":"dashboard_update","data":{data}}}"#);
        let id = server.publish("/api/v1/channels/dashboard/events", body).await;
        let told = reader.ready().into_iter().find(|event| event.id.as_ref() == Some(&id)).expect("it is told");
        assert!(told.data.contains(&data), "{told:?}");
    }
    let storage = server.fixture.services.storage.clone().expect("a database");
    let kept: Vec<_> = storage.channels().await.expect("readable").into_iter().map(|kept| kept.name).collect();
    assert_eq!(kept, ["training", "backtest", "alerts"]);
}

#[tokio::test(start_paused = true)]
async fn only_the_last_minutes_can_be_had_again() {
    let server = Server::new();
    let mut reader = server.open(DASHBOARD).await;
    reader.event().await;
    let first = reader.event().await.id.expect("an id");
    for _ in 0..20 {
        update(&mut reader, "market").await;
    }
    let mut back = server.open_after(DASHBOARD, Some(&first)).await;
    assert_eq!(back.event().await.name, "connected");
    assert!(back.ready().iter().all(|event| event.name == "dashboard_update"), "soon after nothing is lost");
    for _ in 0..200 {
        update(&mut reader, "market").await;
    }
    let mut back = server.open_after(DASHBOARD, Some(&first)).await;
    let gap = back.named("gap").await.json();
    assert_eq!((&gap["data"]["from"], &gap["data"]["reason"]), (&Value::from(first), &Value::from("expired")));
}
