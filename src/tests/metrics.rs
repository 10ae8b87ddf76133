//! What a monitor of the whole server reads when things happen.

use std::time::Duration;

use axum::{Router, body::Body};
use futures_util::StreamExt;
use http::Request;
use tower::ServiceExt;

use super::{
    reading::{Form, Reading},
    stage::{Stage, VENUES},
};

/// What is told now. Both forms are read.
pub async fn told(api: &Router) -> Reading {
    let mut readings = Vec::new();
    for (accept, form) in [("application/openmetrics-text", Form::OpenMetrics), ("*/*", Form::Prometheus)] {
        let request = Request::get("/metrics").header("accept", accept).body(Body::empty()).unwrap();
        let answer = api.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        let body = axum::body::to_bytes(answer.into_body(), 4 << 20).await.unwrap();
        readings.push(Reading::of(std::str::from_utf8(&body).unwrap(), form));
    }
    readings.swap_remove(0)
}

/// After every venue has had its turn: Binance sends once a second.
async fn told_later(api: &Router) -> Reading {
    tokio::time::sleep(Duration::from_secs(2)).await;
    told(api).await
}

fn state(told: &Reading, venue: &str, state: &str) -> Option<f64> {
    told.get("market_pulse_venue_state", &[("venue", venue), ("state", state)])
}

fn age(told: &Reading, venue: &str, symbol: &str) -> f64 {
    told.get("market_pulse_venue_data_age_seconds", &[("venue", venue), ("symbol", symbol)]).expect("an age")
}

#[tokio::test(start_paused = true)]
async fn what_venues_say_is_counted_by_venue_and_kind_and_its_age_told() {
    let stage = Stage::live().await;
    let before = told(&stage.api).await;
    let after = told_later(&stage.api).await;
    for venue in VENUES {
        let tickers =
            |told: &Reading| told.sum("market_pulse_venue_messages_total", &[("venue", venue), ("kind", "ticker")]);
        assert!(tickers(&after) > tickers(&before), "{venue}");
        assert!(after.sum("market_pulse_venue_decode_errors_total", &[("venue", venue)]).abs() < f64::EPSILON);
        assert_eq!((state(&after, venue, "connected"), state(&after, venue, "waiting")), (Some(1.0), Some(0.0)));
        for symbol in ["BTC", "ETH", "SOL", "BNB"] {
            let age = age(&after, venue, symbol);
            assert!((0.0..10.0).contains(&age), "{venue} {symbol}: {age}");
        }
    }
    assert_eq!(after.get("market_pulse_symbols", &[("freshness", "live")]), Some(4.0));
    assert_eq!(after.get("market_pulse_ticker_sources", &[("symbol", "BTC")]), Some(3.0));
    let counts = ["market_pulse_aggregate_duration_seconds_count", "market_pulse_updates_coalesced_total"];
    assert!(counts.iter().all(|name| after.sum(name, &[]) > before.sum(name, &[])));
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_venue_s_trouble_shows_on_its_own_figures_only() {
    let stage = Stage::live().await;
    let bad = |told: &Reading, venue| told.sum("market_pulse_venue_decode_errors_total", &[("venue", venue)]);
    let reconnects = |told: &Reading, venue| told.sum("market_pulse_venue_reconnects_total", &[("venue", venue)]);
    stage.fault("okx", r#"{"fault":"garbage","seconds":3}"#).await;
    stage.until(Duration::from_secs(5), "bad frames", || stage.status("okx").bad_frames > 0).await;
    let garbage = told_later(&stage.api).await;
    assert!(bad(&garbage, "okx") > 0.0 && bad(&garbage, "binance").abs() < f64::EPSILON);

    stage.clear("okx").await;
    stage.fault("bybit", r#"{"fault":"refuse"}"#).await;
    stage.fault("bybit", r#"{"fault":"disconnect"}"#).await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    let down = told(&stage.api).await;
    assert_eq!(state(&down, "bybit", "connected"), Some(0.0));
    assert!(age(&down, "bybit", "BTC") > 15.0 && age(&down, "binance", "BTC") < 5.0);
    assert_eq!(down.get("market_pulse_ticker_sources", &[("symbol", "BTC")]), Some(2.0));
    stage.clear("bybit").await;
    stage.until(Duration::from_mins(1), "it is back", || stage.ticker("BTC").sources == 3).await;
    let back = told_later(&stage.api).await;
    assert_eq!(state(&back, "bybit", "connected"), Some(1.0));
    assert!(age(&back, "bybit", "BTC") < 5.0);
    assert!(reconnects(&back, "bybit") >= 1.0 && reconnects(&back, "binance").abs() < f64::EPSILON);
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_shows_as_a_client_with_its_deliveries() {
    let stage = Stage::live().await;
    let request = Request::get("/api/realtime/BTC").body(Body::empty()).unwrap();
    let answer = stage.api.clone().oneshot(request).await.unwrap();
    let mut body = answer.into_body().into_data_stream();
    for _ in 0..20 {
        body.next().await.expect("the stream goes on").unwrap();
    }
    let sse = [("protocol", "sse")];
    let open = told_later(&stage.api).await;
    assert_eq!(open.get("market_pulse_clients", &sse), Some(1.0));
    assert_eq!(open.get("market_pulse_subscriptions", &[("symbol", "BTC")]), Some(1.0));
    assert!(open.sum("market_pulse_deliveries_total", &sse) >= 15.0);
    assert!(open.sum("market_pulse_fan_out_duration_seconds_count", &[("kind", "ticker")]) > 15.0);
    drop(body);
    let left = told_later(&stage.api).await;
    assert_eq!(left.get("market_pulse_clients", &sse), Some(0.0));
    assert_eq!(left.get("market_pulse_subscriptions", &[("symbol", "BTC")]), None);
    stage.close().await;
}
