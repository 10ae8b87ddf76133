//! What sessions are sent, as the text of a socket: made from the frames of the streams, once for everybody.
//!
//! `{"type":"ticker","channel":"ticker:BTC","data":{…}}` · `{"type":"news","channel":"news","id":"7","data":{…}}`
//!
//! Only entries of the log have an id, so that the last id which a client has seen is where it goes on. A ticker is never
//! replayed; its id would be a place that the log does not know.

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::encode::json;
use crate::{
    model::{symbol::Symbol, ticker::Ticker},
    server::event::EventKind,
    wire::{news::Gap, rest::PriceUpdate, socket::Frame},
};

/// A part of the log that a session follows by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogChannel {
    /// Articles, and stories that gain a source.
    News,
    /// Stories that are breaking, and verdicts that change.
    Breaking,
}

impl LogChannel {
    pub const ALL: [Self; 2] = [Self::News, Self::Breaking];

    pub const fn name(self) -> &'static str {
        match self {
            Self::News => "news",
            Self::Breaking => "breaking",
        }
    }

    /// What it carries.
    pub(super) const fn kinds(self) -> &'static [EventKind] {
        match self {
            Self::News => &[EventKind::News, EventKind::StoryUpdate],
            Self::Breaking => &[EventKind::Breaking, EventKind::BreakingUpdate],
        }
    }

    /// The channel that carries a kind. None carries the heads of stories: those are for pages.
    fn of(kind: EventKind) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.kinds().contains(&kind))
    }
}

/// The name of the channel of a symbol.
pub fn ticker_channel(symbol: Symbol) -> String {
    format!("ticker:{symbol}")
}

/// A ticker from its message in the stream.
pub(super) fn ticker(symbol: Symbol, message: &[u8]) -> Option<Utf8Bytes> {
    let data = data_of(message)?.strip_prefix(r#"{"type":"ticker","data":"#)?.strip_suffix('}')?;
    let channel = ticker_channel(symbol);
    Some(format!(r#"{{"type":"ticker","channel":"{channel}","data":{data}}}"#).into())
}

/// The price of a pair from the message of its ticker in the stream.
pub(super) fn pair(message: &[u8]) -> Option<Box<RawValue>> {
    #[derive(Deserialize)]
    struct Message {
        data: Ticker,
    }
    let made = serde_json::from_str(data_of(message)?)
        .and_then(|Message { data }| to_raw_value(&PriceUpdate::from(&data)))
        .inspect_err(|error| tracing::error!(%error, "a ticker of our own can't be read"));
    made.ok()
}

/// An entry of a log from its event in the stream. `None` for a kind that no channel carries.
pub(super) fn entry(id: u64, kind: EventKind, event: &[u8]) -> Option<Utf8Bytes> {
    let (name, data) = (kind.as_str(), data_of(event)?);
    let (channel, data) = match kind.channel() {
        Some(channel) => (channel, unwrapped(name, data)?),
        None => (LogChannel::of(kind)?.name(), data),
    };
    Some(format!(r#"{{"type":"{name}","channel":"{channel}","id":"{id}","data":{data}}}"#).into())
}

/// Entries of a channel that are lost. The id is that of the last one.
pub(super) fn gap(channel: &str, to: u64, gap: &Gap) -> Option<Utf8Bytes> {
    let id = to.to_string();
    let frame = Frame { r#type: "gap", channel: Some(channel), id: Some(&id), data: gap };
    json(&frame).map(Utf8Bytes::from)
}

/// The JSON of a frame of a stream: its last line, which is the only one that may be long.
fn data_of(frame: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(frame).ok()?.strip_suffix("\n\n")?;
    let line = text.rsplit('\n').next()?;
    line.strip_prefix("data: ")
}

/// What is inside the envelope of a named channel: `{"event":…,"data":…,"timestamp":…}`.
fn unwrapped<'a>(name: &str, envelope: &'a str) -> Option<&'a str> {
    let data = envelope.strip_prefix(r#"{"event":""#)?.strip_prefix(name)?.strip_prefix(r#"","data":"#)?;
    data.rsplit_once(r#","timestamp":""#).map(|(data, _)| data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::time::UnixMs,
        server::{
            event::{EventDraft, Facets, LogEvent},
            hub::encode,
            market::fixture::ticker as a_ticker,
        },
        wire::news::GapReason,
    };

    #[test]
    fn a_ticker_is_that_of_the_stream() {
        let btc = a_ticker("BTC", 43_250.5);
        let message = encode::ticker(7, &btc).expect("a message");
        let data = serde_json::to_string(&btc).expect("JSON");
        let expected = format!(r#"{{"type":"ticker","channel":"ticker:BTC","data":{data}}}"#);
        assert_eq!(ticker(btc.symbol, &message).expect("a text"), expected);
    }

    #[test]
    fn a_pair_has_the_price_of_the_ticker() {
        let btc = a_ticker("BTC", 43_250.5);
        let message = encode::ticker(7, &btc).expect("a message");
        let expected = serde_json::to_string(&PriceUpdate::from(&btc)).expect("JSON");
        assert_eq!(pair(&message).expect("JSON").get(), expected);
        assert!(expected.starts_with(r#"{"symbol":"BTCUSDT","price":43250.5,"#), "{expected}");
    }

    #[test]
    fn an_entry_says_its_kind_its_channel_and_its_place() {
        for (kind, expected) in [
            (EventKind::News, Some(r#"{"type":"news","channel":"news","id":"7","data":{"a": "b\ndata: {}"}}"#)),
            (
                EventKind::StoryUpdate,
                Some(r#"{"type":"story_update","channel":"news","id":"7","data":{"a": "b\ndata: {}"}}"#),
            ),
            (
                EventKind::Breaking,
                Some(r#"{"type":"breaking","channel":"breaking","id":"7","data":{"a": "b\ndata: {}"}}"#),
            ),
            (
                EventKind::BreakingUpdate,
                Some(r#"{"type":"breaking_update","channel":"breaking","id":"7","data":{"a": "b\ndata: {}"}}"#),
            ),
            (
                EventKind::RiskAlert,
                Some(r#"{"type":"risk_alert","channel":"alerts","id":"7","data":{"a": "b\ndata: {}"}}"#),
            ),
            (EventKind::Story, None),
            (EventKind::Message, None),
        ] {
            // A raw line end between two parts of the JSON, and one in words inside a text.
            let data = "{\"a\":\n\"b\\ndata: {}\"}".to_owned();
            let event = LogEvent { id: 7, at: UnixMs(0), draft: EventDraft { kind, data, facets: Facets::default() } };
            let text = entry(event.id, kind, &encode::entry(&event));
            assert_eq!(text.as_deref(), expected, "{kind:?}");
        }
    }

    #[test]
    fn a_gap_names_its_channel() {
        let lost = Gap { from: "1".to_owned(), to: "8".to_owned(), reason: GapReason::Expired };
        assert_eq!(
            gap("breaking", 8, &lost).expect("a text"),
            r#"{"type":"gap","channel":"breaking","id":"8","data":{"from":"1","to":"8","reason":"expired"}}"#
        );
    }
}
