//! Messages as bytes. What every reader sees alike is made here once.

use bytes::Bytes;
use serde::Serialize;

use super::envelope;
use crate::{
    model::{symbol::Symbol, ticker::Ticker, time::UnixMs},
    server::event::{EventKind, LogEvent},
    wire::{
        event_stream::StreamError,
        news::Gap,
        realtime::{Connected, Heartbeat, RealtimeMessage, StatusChange, timestamp},
        sse,
    },
};

/// How long a client waits before it reconnects, in milliseconds.
pub(super) const RETRY_MS: u64 = 2000;

/// [`RealtimeMessage::Ticker`] without a copy of the ticker.
#[derive(Serialize)]
struct TickerMessage<'a> {
    r#type: &'static str,
    data: &'a Ticker,
}

/// The newest ticker of a symbol. `None` if it can't be written as JSON, which no ticker can bring about.
pub(super) fn ticker(id: u64, ticker: &Ticker) -> Option<Bytes> {
    message(Some(id), &TickerMessage { r#type: "ticker", data: ticker })
}

pub(super) fn status(change: &StatusChange) -> Option<Bytes> {
    message(None, &RealtimeMessage::Status { data: change.clone() })
}

/// An entry of a log: the heads of stories as messages of a page, what somebody publishes on a channel of its own as it
/// is, the events of the named channels in their envelope, everything else as named events.
pub(super) fn entry(event: &LogEvent) -> Bytes {
    let json = sse::one_line(&event.draft.data);
    Bytes::from(match event.draft.kind {
        EventKind::Story => sse::message(Some(event.id), &format!(r#"{{"type":"story","data":{json}}}"#)),
        EventKind::Message => sse::message(Some(event.id), &json),
        kind if kind.channel().is_some() => envelope::event(Some(event.id), kind.as_str(), &json, event.at),
        kind => sse::named(Some(event.id), kind.as_str(), &json),
    })
}

/// Entries that are lost for a page. The id is that of the last one.
pub(super) fn gap(to: u64, gap: Gap) -> Option<Bytes> {
    message(Some(to), &RealtimeMessage::Gap { data: gap })
}

/// What a stream starts with: the wait before a reconnection, then the greeting, with the position in the log where
/// the reader follows it.
pub(super) fn hello(client_id: &str, symbols: &[Symbol], now: UnixMs, position: Option<u64>) -> Bytes {
    let retry = sse::retry(RETRY_MS);
    let Some(&symbol) = symbols.first() else { return Bytes::from(retry) };
    let connected = RealtimeMessage::Connected(Connected {
        symbol,
        symbols: symbols.to_vec(),
        client_id: client_id.to_owned(),
        timestamp: timestamp(now),
    });
    let connected = message(position, &connected).unwrap_or_default();
    Bytes::from([retry.as_bytes(), &connected].concat())
}

/// Without a position in the log, ids are those of ticker messages; 0 is none.
pub(super) fn heartbeat(last_id: u64, now: UnixMs, position: Option<u64>) -> Option<Bytes> {
    let last_id = match position.unwrap_or(last_id) {
        0 => String::new(),
        id => id.to_string(),
    };
    message(position, &RealtimeMessage::Heartbeat(Heartbeat { timestamp: timestamp(now), last_id }))
}

pub(super) const KEEP_ALIVE: Bytes = Bytes::from_static(sse::KEEP_ALIVE.as_bytes());

/// The last message of a stream, with the wait before a reconnection for clients that look at nothing else.
pub(super) fn end(error: StreamError) -> Option<Bytes> {
    let retry_ms = error.retry.delay_ms;
    let message = sse::message(None, &json(&RealtimeMessage::StreamError { data: error })?);
    Some(Bytes::from(format!("retry: {retry_ms}\n{message}")))
}

fn message<T: Serialize>(id: Option<u64>, body: &T) -> Option<Bytes> {
    Some(Bytes::from(sse::message(id, &json(body)?)))
}

pub(super) fn json<T: Serialize>(body: &T) -> Option<String> {
    serde_json::to_string(body).inspect_err(|error| tracing::error!(%error, "a message can't be encoded")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{hub::ending::End, market::fixture::ticker as a_ticker};

    #[test]
    fn a_ticker_is_written_as_the_message_type_says() {
        let data = a_ticker("BTC", 43_250.5);
        let json = serde_json::to_string(&RealtimeMessage::Ticker { data: Box::new(data.clone()) }).expect("JSON");
        assert_eq!(ticker(7, &data), Some(Bytes::from(format!("id: 7\ndata: {json}\n\n"))));
    }

    #[test]
    fn a_stream_starts_with_retry_then_connected() {
        let symbols = ["BTC", "ETH"].map(|s| Symbol::parse(s).expect("a symbol"));
        assert_eq!(
            hello("c-1", &symbols, UnixMs(0), None),
            "retry: 2000\n\n\
             data: {\"type\":\"connected\",\"symbol\":\"BTC\",\"symbols\":[\"BTC\",\"ETH\"],\"clientId\":\"c-1\",\
             \"timestamp\":\"1970-01-01T00:00:00.000Z\"}\n\n"
        );
    }

    #[test]
    fn a_stream_ends_with_a_reason_and_when_to_come_back() {
        let after_ms = crate::server::shutdown::reconnect_after_ms(3);
        let told = end(End::GoingDown.told_to(3)).expect("JSON");
        assert_eq!(
            told,
            format!(
                "retry: {after_ms}\ndata: {{\"type\":\"stream_error\",\"data\":{{\"code\":\"going_down\",\
                 \"message\":\"the server is going down; reconnect\",\"retry\":{{\"shouldReconnect\":true,\
                 \"delayMs\":{after_ms},\"maxDelayMs\":30000,\"strategy\":\"exponential-backoff\",\"jitter\":true}}}}}}\n\n"
            )
        );
    }

    #[test]
    fn a_heartbeat_names_the_last_id_or_none() {
        let text = |id| heartbeat(id, UnixMs(0), None).expect("JSON");
        assert_eq!(
            text(0),
            "data: {\"type\":\"heartbeat\",\"timestamp\":\"1970-01-01T00:00:00.000Z\",\"lastId\":\"\"}\n\n"
        );
        assert_eq!(
            text(9),
            "data: {\"type\":\"heartbeat\",\"timestamp\":\"1970-01-01T00:00:00.000Z\",\"lastId\":\"9\"}\n\n"
        );
    }
}
