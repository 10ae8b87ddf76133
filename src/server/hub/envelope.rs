//! The events of the named channels as bytes: each has its name twice, for the stream and inside an envelope that says
//! when it was told.

use bytes::Bytes;
use serde::Serialize;

use super::encode::{RETRY_MS, json, retry_line};
use crate::{
    model::time::UnixMs,
    wire::{
        channels::{Connected, Ping},
        event_stream::StreamError,
        news::Gap,
        sse,
    },
};

/// The event of a channel whose data is JSON of one line.
pub fn event(id: Option<u64>, name: &'static str, json: &str, at: UnixMs) -> String {
    let at = at.to_rfc3339();
    sse::named(id, name, &format!(r#"{{"event":"{name}","data":{json},"timestamp":"{at}"}}"#))
}

/// The first event, with the wait before a reconnection, and the position where it is known: a reader that is cut off
/// before the first entry misses nothing either.
pub(super) fn hello(channel: &str, client_id: &str, now: UnixMs, position: Option<u64>) -> Option<Bytes> {
    let message = format!("connected to the channel {channel}");
    let connected = Connected { client_id, channel, message: &message };
    let event = event(position, "connected", &json(&connected)?, now);
    Some(Bytes::from(format!("retry: {RETRY_MS}\n{event}")))
}

/// What a stream without names starts with: the same, without an event. An id alone is kept by the reader and shown to
/// nobody.
pub(super) fn plain_hello(position: Option<u64>) -> Bytes {
    let id = position.map(|id| format!("id: {id}\n")).unwrap_or_default();
    Bytes::from(format!("retry: {RETRY_MS}\n{id}: connected\n\n"))
}

/// With the position as its id.
pub(super) fn ping(position: Option<u64>, now: UnixMs) -> Option<Bytes> {
    told(position, "ping", &Ping { timestamp: now.to_rfc3339() }, now)
}

/// Entries that are lost. The id is that of the last one.
pub(super) fn gap(to: u64, gap: &Gap, now: UnixMs) -> Option<Bytes> {
    told(Some(to), "gap", gap, now)
}

/// The last event of a stream, with the wait before a reconnection for clients that look at nothing else.
pub(super) fn end(error: &StreamError, now: UnixMs) -> Option<Bytes> {
    let event = event(None, "stream_error", &json(error)?, now);
    Some(Bytes::from(retry_line(&error.retry) + &event))
}

fn told<T: Serialize>(id: Option<u64>, name: &'static str, body: &T, now: UnixMs) -> Option<Bytes> {
    Some(Bytes::from(event(id, name, &json(body)?, now)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{server::hub::ending::End, wire::news::GapReason};

    fn text(frame: Option<Bytes>) -> String {
        String::from_utf8(frame.expect("a frame").to_vec()).expect("UTF-8")
    }

    #[test]
    fn each_event_to_the_byte() {
        assert_eq!(
            event(Some(42), "training_progress", r#"{"task_id":"t"}"#, UnixMs(1_761_319_835_000)),
            "id: 42\nevent: training_progress\ndata: {\"event\":\"training_progress\",\"data\":{\"task_id\":\"t\"},\
             \"timestamp\":\"2025-10-24T15:30:35.000Z\"}\n\n"
        );
        assert_eq!(
            text(hello("training", "c-1", UnixMs(0), Some(7))),
            "retry: 2000\nid: 7\nevent: connected\ndata: {\"event\":\"connected\",\"data\":{\"client_id\":\"c-1\",\
             \"channel\":\"training\",\"message\":\"connected to the channel training\"},\
             \"timestamp\":\"1970-01-01T00:00:00.000Z\"}\n\n"
        );
        assert_eq!(
            text(ping(Some(9), UnixMs(0))),
            "id: 9\nevent: ping\ndata: {\"event\":\"ping\",\"data\":{\"timestamp\":\"1970-01-01T00:00:00.000Z\"},\
             \"timestamp\":\"1970-01-01T00:00:00.000Z\"}\n\n"
        );
        let lost = Gap { from: "1".to_owned(), to: "8".to_owned(), reason: GapReason::Expired };
        assert_eq!(
            text(gap(8, &lost, UnixMs(0))),
            "id: 8\nevent: gap\ndata: {\"event\":\"gap\",\"data\":{\"from\":\"1\",\"to\":\"8\",\"reason\":\"expired\"},\
             \"timestamp\":\"1970-01-01T00:00:00.000Z\"}\n\n"
        );
        assert_eq!(
            text(end(&End::Removed.told_to(1), UnixMs(0))),
            "retry: 2000\nevent: stream_error\ndata: {\"event\":\"stream_error\",\"data\":{\"code\":\"removed\",\
             \"message\":\"the channel was removed\",\"retry\":{\"shouldReconnect\":false,\"delayMs\":2000,\
             \"maxDelayMs\":30000,\"strategy\":\"exponential-backoff\",\"jitter\":true}},\
             \"timestamp\":\"1970-01-01T00:00:00.000Z\"}\n\n"
        );
        assert_eq!(plain_hello(Some(7)), "retry: 2000\nid: 7\n: connected\n\n");
        assert_eq!(plain_hello(None), "retry: 2000\n: connected\n\n");
    }
}
