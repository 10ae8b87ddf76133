//! What a reader of the stream sees of all this.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt;
use http::Request;
use serde_json::Value;
use tokio::time::timeout;
use tower::ServiceExt;

use super::stage::Stage;

/// A reader as simple as a shell script.
struct Reader {
    body: BodyDataStream,
    buffer: String,
}

impl Reader {
    async fn open(stage: &Stage, path: &str) -> Self {
        let answer = stage.api.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert_eq!(answer.headers()["cache-control"], "no-cache, no-transform");
        assert_eq!(answer.headers()["x-accel-buffering"], "no");
        Self { body: answer.into_body().into_data_stream(), buffer: String::new() }
    }

    /// The next block, up to a blank line; `None` at the end of the stream.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.buffer = rest;
                return Some(block);
            }
            let bytes = timeout(Duration::from_secs(40), self.body.next()).await.expect("a sign of life")?.unwrap();
            self.buffer.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// The next message: its id and what it says.
    async fn message(&mut self) -> Option<(Option<u64>, Value)> {
        loop {
            let block = self.block().await?;
            let line = |name: &str| block.lines().find_map(|l| l.strip_prefix(name)).map(str::to_owned);
            if let Some(data) = line("data: ") {
                return Some((line("id: ").map(|id| id.parse().unwrap()), serde_json::from_str(&data).unwrap()));
            }
        }
    }

    async fn message_where(&mut self, holds: impl Fn(&Value) -> bool) -> Value {
        loop {
            let (_, message) = self.message().await.expect("the stream goes on");
            if holds(&message) {
                return message;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_begins_as_promised_and_moves() {
    let stage = Stage::live().await;
    let mut reader = Reader::open(&stage, "/api/realtime/btcusdt").await;
    assert_eq!(reader.block().await.unwrap(), "retry: 2000");
    let (id, connected) = reader.message().await.unwrap();
    assert_eq!((id, &connected["type"], &connected["symbol"]), (None, &"connected".into(), &"BTC".into()));
    assert!(connected["timestamp"].as_str().unwrap().ends_with('Z'));
    let mut last_id = 0;
    let mut prices = std::collections::HashSet::new();
    for _ in 0..40 {
        let (id, message) = reader.message().await.unwrap();
        if message["type"] == "ticker" {
            let id = id.expect("a ticker has an id");
            assert!(id > last_id);
            last_id = id;
            prices.insert(message["data"]["price"].to_string());
            assert_eq!((&message["data"]["symbol"], &message["data"]["quote"]), (&"BTC".into(), &"USDT".into()));
        }
    }
    assert!(prices.len() > 5, "prices move: {prices:?}");
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_dying_venue_is_told_as_a_status_and_in_the_ticker() {
    let stage = Stage::live().await;
    let mut reader = Reader::open(&stage, "/api/realtime?symbols=BTC,ETH").await;
    reader.message_where(|m| m["type"] == "ticker").await;
    stage.fault("binance", r#"{"fault":"disconnect","seconds":60}"#).await;
    let status = reader.message_where(|m| m["type"] == "status").await;
    assert_eq!(status["data"]["venues"]["binance"], "down");
    assert_eq!(status["data"]["freshness"], "live");
    let ticker = reader.message_where(|m| m["type"] == "ticker").await;
    assert_eq!(ticker["data"]["sources"], 2);
    stage.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_lives_without_data_and_ends_with_the_server() {
    let stage = Stage::live().await;
    for venue in super::stage::VENUES {
        stage.fault(venue, r#"{"fault":"stall"}"#).await;
    }
    let mut reader = Reader::open(&stage, "/api/realtime/ETH").await;
    reader.message_where(|m| m["type"] == "status" && m["data"]["freshness"] == "down").await;
    let heartbeat = reader.message_where(|m| m["type"] == "heartbeat").await;
    assert!(heartbeat["lastId"].as_str().is_some_and(|id| !id.is_empty()));
    stage.close().await;
    while reader.message().await.is_some() {}
}
