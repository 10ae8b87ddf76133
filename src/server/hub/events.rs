//! The named events of `GET /api/sse` as bytes, and what a reader of them wants.

use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

use super::{
    encode::{RETRY_MS, json, retry_line},
    filter::EventFilter,
};
use crate::{
    model::{symbol::Symbol, time::UnixMs},
    wire::{
        event_stream::{Connected, Heartbeat, Price, StreamConfig, StreamError},
        news::Gap,
        sse,
    },
};

const WELCOME: &str = "connected to the news and price stream";

/// What a reader of `GET /api/sse` wants.
#[derive(Debug, Clone, PartialEq)]
pub struct EventWish {
    /// Of the log.
    pub filter: EventFilter,
    /// Assets whose prices are sent, without duplicates; at most [`super::MAX_SYMBOLS_PER_READER`].
    pub prices: Vec<Symbol>,
    /// The least time between two prices of one asset; zero for all of them.
    pub pace: Duration,
    /// All of this, for the reader to see.
    pub config: StreamConfig,
}

/// The first event, with the wait before a reconnection, and the position where it is known: a reader that is cut off
/// before the first entry misses nothing either.
pub(super) fn hello(client_id: &str, config: &StreamConfig, now: UnixMs, position: Option<u64>) -> Option<Bytes> {
    let connected = Connected { message: WELCOME, client_id, timestamp: now.to_rfc3339(), config };
    let event = sse::named(position, "connected", &sse::one_line(&json(&connected)?));
    Some(Bytes::from(format!("retry: {RETRY_MS}\n{event}")))
}

pub(super) fn price(price: &Price) -> Option<Bytes> {
    event(None, "price", price)
}

/// With the position as its id: entries that a filter left out are not asked for again.
pub(super) fn heartbeat(position: Option<u64>, now: UnixMs) -> Option<Bytes> {
    let last_id = position.map(|id| id.to_string()).unwrap_or_default();
    event(position, "heartbeat", &Heartbeat { timestamp: now.to_rfc3339(), last_id })
}

/// Entries that are lost. The id is that of the last one.
pub(super) fn gap(to: u64, gap: &Gap) -> Option<Bytes> {
    event(Some(to), "gap", gap)
}

/// The last event of a stream, with the wait before a reconnection for clients that look at nothing else.
pub(super) fn end(error: &StreamError) -> Option<Bytes> {
    let event = sse::named(None, "stream_error", &json(error)?);
    Some(Bytes::from(retry_line(&error.retry) + &event))
}

fn event<T: Serialize>(id: Option<u64>, name: &'static str, body: &T) -> Option<Bytes> {
    Some(Bytes::from(sse::named(id, name, &json(body)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::freshness::Freshness, server::hub::ending::End, wire::news::GapReason};

    fn text(frame: Option<Bytes>) -> String {
        String::from_utf8(frame.expect("a frame").to_vec()).expect("UTF-8")
    }

    #[test]
    fn each_event_to_the_byte() {
        let btc = Symbol::parse("BTC").expect("a symbol");
        let config = StreamConfig {
            keywords: vec!["a\"\n\u{2028}b".to_owned()],
            symbols: vec![btc],
            events: vec!["news".into()],
            ..StreamConfig::default()
        };
        assert_eq!(
            text(hello("c-1", &config, UnixMs(0), Some(7))),
            "retry: 2000\nid: 7\nevent: connected\ndata: {\"message\":\"connected to the news and price stream\",\
             \"clientId\":\"c-1\",\"timestamp\":\"1970-01-01T00:00:00.000Z\",\"config\":{\"sources\":[],\
             \"categories\":[],\"keywords\":[\"a\\\"\\n\\u2028b\"],\"symbols\":[\"BTC\"],\"events\":[\"news\"]}}\n\n"
        );
        let of_now = Price {
            symbol: btc,
            price: 43_250.5,
            change24h: Some(2.4447),
            timestamp: UnixMs(1_763_640_000_123),
            freshness: Freshness::Live,
        };
        assert_eq!(
            text(price(&of_now)),
            "event: price\ndata: {\"symbol\":\"BTC\",\"price\":43250.5,\"change24h\":2.4447,\
             \"timestamp\":1763640000123,\"freshness\":\"live\"}\n\n"
        );
        assert_eq!(
            text(heartbeat(Some(9), UnixMs(0))),
            "id: 9\nevent: heartbeat\ndata: {\"timestamp\":\"1970-01-01T00:00:00.000Z\",\"lastId\":\"9\"}\n\n"
        );
        let lost = Gap { from: "1".to_owned(), to: "8".to_owned(), reason: GapReason::Expired };
        assert_eq!(
            text(gap(8, &lost)),
            "id: 8\nevent: gap\ndata: {\"from\":\"1\",\"to\":\"8\",\"reason\":\"expired\"}\n\n"
        );
        assert_eq!(
            text(end(&End::TooSlow.told_to(1))),
            "retry: 2000\nevent: stream_error\ndata: {\"code\":\"too_slow\",\
             \"message\":\"the stream was not read for too long; reconnect\",\"retry\":{\"shouldReconnect\":true,\"delayMs\":2000,\"maxDelayMs\":30000,\
             \"strategy\":\"exponential-backoff\",\"jitter\":true}}\n\n"
        );
    }
}
