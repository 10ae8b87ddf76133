//! A reader of named events, and one answer of the API.

use std::time::Duration;

use axum::{
    Router,
    body::{Body, BodyDataStream},
};
use futures_util::StreamExt;
use http::Request;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use tower::ServiceExt;

/// One event.
#[derive(Debug, Clone)]
pub struct Event {
    pub name: String,
    pub id: Option<u64>,
    pub data: Value,
}

/// An open stream.
pub struct Reader {
    body: BodyDataStream,
    buffer: String,
}

impl Reader {
    pub async fn open(api: &Router, path: &str) -> Self {
        let answer = api.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { body: answer.into_body().into_data_stream(), buffer: String::new() }
    }

    /// Reads until what was read is enough.
    pub async fn until(&mut self, limit: Duration, enough: impl Fn(&[Event]) -> bool) -> Vec<Event> {
        let deadline = Instant::now() + limit;
        let mut events = Vec::new();
        while !enough(&events) {
            while let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (event, rest) = (event(block), rest.to_owned());
                self.buffer = rest;
                events.extend(event);
                if enough(&events) {
                    return events;
                }
            }
            let next = timeout_at(deadline, self.body.next()).await;
            let bytes = next.unwrap_or_else(|_| panic!("not enough within {limit:?}: {events:#?}"));
            self.buffer.push_str(std::str::from_utf8(&bytes.expect("the stream goes on").unwrap()).unwrap());
        }
        events
    }

    /// What comes next, at least one event; `None` where the stream has ended.
    pub async fn next(&mut self) -> Option<Vec<Event>> {
        let mut events = Vec::new();
        loop {
            while let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (event, rest) = (event(block), rest.to_owned());
                self.buffer = rest;
                events.extend(event);
            }
            if !events.is_empty() {
                return Some(events);
            }
            let bytes = self.body.next().await?.ok()?;
            self.buffer.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }
}

/// An event with data; prices and heartbeats, too.
fn event(block: &str) -> Option<Event> {
    let line = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
    let data = serde_json::from_str(line("data: ")?).unwrap();
    let name = line("event: ").unwrap_or("message").to_owned();
    Some(Event { name, id: line("id: ").map(|id| id.parse().unwrap()), data })
}

/// The JSON of an answer, whatever its status.
pub async fn get(api: &Router, path: &str) -> Value {
    let answer = api.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
    let body = axum::body::to_bytes(answer.into_body(), 4 << 20).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}
