//! Reading one message of the stream. A page must survive anything that arrives.

use crate::wire::{
    json::{self, Fields, FromJson, Json},
    realtime::RealtimeMessage,
};

/// What a text of the stream was.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    Known(RealtimeMessage),
    /// A type that a newer server may send. Proof of life, and nothing else.
    Unknown,
    /// Not a message at all, or a known type in a wrong shape.
    Malformed,
}

/// Reads one text of the stream: its type first, then what that type carries.
pub fn read(text: &str) -> Reading {
    known(text).unwrap_or(Reading::Malformed)
}

fn known(text: &str) -> Option<Reading> {
    let json: Json = json::read(text.as_bytes()).ok()?;
    let mut fields = Fields::of(json)?;
    let name: String = fields.take("type")?;
    // These two carry their fields in the message itself.
    let message = match name.as_str() {
        "connected" => RealtimeMessage::Connected(FromJson::from_json(fields.rest())?),
        "heartbeat" => RealtimeMessage::Heartbeat(FromJson::from_json(fields.rest())?),
        "ticker" => RealtimeMessage::Ticker { data: fields.take("data")? },
        "status" => RealtimeMessage::Status { data: fields.take("data")? },
        "story" => RealtimeMessage::Story { data: fields.take("data")? },
        "gap" => RealtimeMessage::Gap { data: fields.take("data")? },
        "stream_error" => RealtimeMessage::StreamError { data: fields.take("data")? },
        _ => return Some(Reading::Unknown),
    };
    Some(Reading::Known(message))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        model::{freshness::Freshness, symbol::Symbol},
        wire::{
            error::Retry,
            event_stream::StreamError,
            news::{Gap, GapReason},
            realtime::{Connected, Heartbeat, StatusChange},
        },
    };

    #[test]
    fn every_text_is_known_unknown_or_malformed() {
        let connected = r#"{"type":"connected","symbol":"BTC","symbols":["BTC"],"clientId":"c","timestamp":"2025-11-20T12:00:00Z"}"#;
        assert!(matches!(
            read(connected),
            Reading::Known(RealtimeMessage::Connected(c)) if c.symbol == Symbol::parse("BTC").expect("a symbol")
        ));
        let heartbeat = r#"{"type":"heartbeat","timestamp":"2025-11-20T12:00:00Z","lastId":"","extra":1}"#;
        assert!(matches!(read(heartbeat), Reading::Known(RealtimeMessage::Heartbeat(_))));
        for text in [r#"{"type":"trade","data":{}}"#, r#"{"type":"","x":[1,2]}"#, r#"{"type":"news","data":"TICKER"}"#]
        {
            assert_eq!(read(text), Reading::Unknown, "{text}");
        }
        for text in [
            "",
            "null",
            "[]",
            "{}",
            "{\"type\":1}",
            "{\"type\":\"ticker\"}",
            "{\"type\":\"ticker\",\"data\":{\"price\":\"NaN\"}}",
            "{\"type\":\"heartbeat\"}",
            "{\"type\":\"status\",\"data\":{\"symbol\":\"BTC\",\"freshness\":\"fine\",\"venues\":{}}}",
            "<html>",
            "{\"type\":\"ticker\",",
        ] {
            assert_eq!(read(text), Reading::Malformed, "{text}");
        }
    }

    const TICKER: &str = r#"{"symbol":"BTC","quote":"USDT","price":1.5,"timestamp":1,"receivedAt":2,"sources":1,
        "freshness":"live","agree":true,"venues":[{"venue":"okx","price":1.5,"weight":1,"freshness":"live","used":true}]}"#;

    const STORY: &str = r#"{"id":"s1","title":"T","link":"https://a.example/1","description":"","category":"general",
        "tickers":["BTC"],"sources":[{"key":"a","name":"A"}],"articles":1,"firstSeen":"2025-11-20T12:00:00.000Z",
        "lastSeen":"2025-11-20T12:00:00.000Z","breaking":{"score":0.8,"reasons":["novel"],"state":"upgraded",
        "since":"2025-11-20T12:00:00.000Z"},"reaction":[{"symbol":"BTC","at":"2025-11-20T12:00:00.000Z","price":1.5,
        "after5m":null,"after15m":null,"after60m":null}]}"#;

    #[test]
    fn every_type_of_the_wire_is_read() {
        let symbol = Symbol::parse("BTC").expect("a symbol");
        let timestamp = "2025-11-20T12:00:00.000Z".to_owned();
        let change = StatusChange { symbol, freshness: Freshness::Quiet, venues: BTreeMap::new() };
        for message in [
            RealtimeMessage::Connected(Connected {
                symbol,
                symbols: vec![symbol],
                client_id: "c".to_owned(),
                timestamp: timestamp.clone(),
            }),
            RealtimeMessage::Ticker { data: serde_json::from_str(TICKER).expect("a ticker") },
            RealtimeMessage::Status { data: change },
            RealtimeMessage::Heartbeat(Heartbeat { timestamp, last_id: "7".to_owned() }),
            RealtimeMessage::Story { data: serde_json::from_str(STORY).expect("a story") },
            RealtimeMessage::Gap { data: Gap { from: "1".to_owned(), to: "9".to_owned(), reason: GapReason::Expired } },
            RealtimeMessage::StreamError {
                data: StreamError { code: "going_down".into(), message: "m".into(), retry: Retry::after_ms(1234) },
            },
        ] {
            let text = serde_json::to_string(&message).expect("plain data");
            assert_eq!(read(&text), Reading::Known(message), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(text in ".{0,200}") {
            let _ = read(&text);
        }
    }
}
