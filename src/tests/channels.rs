//! Channels in the whole house: the dashboard tells what the exchanges do, and jobs are followed beside prices.

use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};
use market_pulse::server::access::{Label, NewToken, Scope};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{
    sse::{Event, Reader},
    stage::Stage,
};

const LIMIT: Duration = Duration::from_secs(20);

fn token(stage: &Stage) -> String {
    let wish = NewToken { scope: Scope::Publish, label: Label::parse("test").unwrap(), lifetime: None };
    stage.core.services.tokens.issue(wish).unwrap().1.reveal()
}

async fn publish(stage: &Stage, token: &str, channel: &str, body: Value) -> StatusCode {
    let request = Request::post(format!("/api/v1/channels/{channel}/events"))
        .header("authorization", format!("Bearer {token}"))
        .body(Body::from(body.to_string()))
        .unwrap();
    stage.api.clone().oneshot(request).await.unwrap().status()
}

/// The figures of the newest update of a type.
fn newest<'a>(events: &'a [Event], kind: &str) -> Option<&'a Value> {
    let updates = events.iter().rev().filter(|event| event.name == "dashboard_update");
    updates.map(|event| &event.data["data"]).find(|data| data["update_type"] == kind).map(|data| &data["data"])
}

#[tokio::test(start_paused = true)]
async fn the_dashboard_tells_what_the_exchanges_do() {
    let stage = Stage::live().await;
    let mut dashboard = Reader::open(&stage.api, "/api/v1/sse/dashboard").await;
    let told =
        dashboard.until(LIMIT, |events| newest(events, "market").is_some() && newest(events, "metrics").is_some());
    let told = told.await;
    let market = newest(&told, "market").unwrap();
    assert_eq!((&market["symbols"], &market["freshness"]["live"]), (&json!(4), &json!(4)));
    assert!(market["volume_quote_24h"].as_f64().is_some_and(|volume| volume > 0.0), "{market}");
    for mover in ["gainers", "losers"].iter().flat_map(|side| market[side].as_array().unwrap()) {
        let ticker = stage.ticker(mover["symbol"].as_str().unwrap());
        let rises = mover["change_percent_24h"].as_f64().unwrap() > 0.0;
        assert_eq!(rises, ticker.change_percent24h.unwrap() > 0.0, "{mover}");
    }
    let figures = newest(&told, "metrics").unwrap();
    let states: Vec<_> = figures["venues"].as_array().unwrap().iter().map(|v| (&v["venue"], &v["state"])).collect();
    let connected = json!("connected");
    assert_eq!(states, [(&json!("binance"), &connected), (&json!("bybit"), &connected), (&json!("okx"), &connected)]);

    for fault in [r#"{"fault":"refuse"}"#, r#"{"fault":"disconnect"}"#] {
        stage.fault("okx", fault).await;
    }
    let away = |events: &[Event]| {
        newest(events, "metrics")
            .is_some_and(|f| f["venues"][2]["state"] == "waiting" && f["venues"][0]["state"] == "connected")
    };
    dashboard.until(LIMIT, away).await;
    drop(dashboard);
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_is_followed_beside_prices_and_alerts() {
    let stage = Stage::live().await;
    let token = token(&stage);
    let mut prices = Reader::open(&stage.api, "/api/sse?symbols=BTC").await;
    let mut training = Reader::open(&stage.api, "/api/v1/sse/training?client_id=watcher").await;
    let mut alerts = Reader::open(&stage.api, "/api/v1/sse/alerts").await;
    for progress in 0..=100 {
        let status = ["started", "running", "completed"][usize::from(progress > 0) + usize::from(progress == 100)];
        let data = json!({ "task_id": "t", "progress": progress, "status": status });
        let body = json!({ "event": "training_progress", "data": data });
        assert_eq!(publish(&stage, &token, "training", body).await, StatusCode::ACCEPTED);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let data = json!({ "alert_type": "price", "severity": "critical", "message": "BTC", "metric_value": 1.5 });
    assert_eq!(
        publish(&stage, &token, "alerts", json!({ "event": "price_alert", "data": data })).await,
        StatusCode::ACCEPTED
    );
    let told = training.until(LIMIT, |events| events.iter().any(|e| e.data["data"]["status"] == "completed")).await;
    let seen: Vec<u64> = told.iter().filter_map(|event| event.data["data"]["progress"].as_u64()).collect();
    assert_eq!(seen, (0..=100).collect::<Vec<_>>());
    assert!(told.iter().all(|event| ["connected", "training_progress", "ping"].contains(&event.name.as_str())));
    let told = alerts.until(LIMIT, |events| events.iter().any(|event| event.name == "price_alert")).await;
    assert!(!told.iter().any(|event| event.name == "training_progress"));
    let told = prices.until(LIMIT, |events| events.iter().any(|event| event.name == "price")).await;
    assert!(told.iter().all(|event| event.name == "connected" || event.name == "price"), "{told:?}");
    drop((prices, training, alerts));
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn everything_ends_at_once_with_a_reason() {
    let stage = Stage::live().await;
    let mut training = Reader::open(&stage.api, "/api/v1/sse/training").await;
    let mut dashboard = Reader::open(&stage.api, "/api/v1/sse/dashboard").await;
    dashboard.until(LIMIT, |events| newest(events, "market").is_some()).await;
    let closing = tokio::spawn(stage.close());
    for reader in [&mut training, &mut dashboard] {
        let told = reader.until(LIMIT, |events| events.iter().any(|event| event.name == "stream_error")).await;
        let end = told.iter().find(|event| event.name == "stream_error").unwrap();
        assert_eq!(end.data["data"]["code"], "going_down");
    }
    closing.await.unwrap();
}
