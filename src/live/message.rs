//! Reading one message of the stream. A page must survive anything that arrives.

use serde::Deserialize;

use crate::wire::realtime::RealtimeMessage;

/// What a text of the stream was.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    Known(RealtimeMessage),
    /// A type that a newer server may send. Proof of life, and nothing else.
    Unknown,
    /// Not a message at all, or a known type in a wrong shape.
    Malformed,
}

/// The types of [`RealtimeMessage`].
const TYPES: [&str; 4] = ["connected", "ticker", "status", "heartbeat"];

/// Reads one text of the stream.
pub fn read(text: &str) -> Reading {
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(borrow, rename = "type")]
        name: std::borrow::Cow<'a, str>,
    }
    if let Ok(message) = serde_json::from_str(text) {
        return Reading::Known(message);
    }
    match serde_json::from_str::<Kind<'_>>(text) {
        Ok(kind) if !TYPES.contains(&kind.name.as_ref()) => Reading::Unknown,
        _ => Reading::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::symbol::Symbol;

    #[test]
    fn every_text_is_known_unknown_or_malformed() {
        let connected = r#"{"type":"connected","symbol":"BTC","symbols":["BTC"],"clientId":"c","timestamp":"2025-11-20T12:00:00Z"}"#;
        assert!(matches!(
            read(connected),
            Reading::Known(RealtimeMessage::Connected { symbol, .. }) if symbol == Symbol::parse("BTC").expect("a symbol")
        ));
        let heartbeat = r#"{"type":"heartbeat","timestamp":"2025-11-20T12:00:00Z","lastId":"","extra":1}"#;
        assert!(matches!(read(heartbeat), Reading::Known(RealtimeMessage::Heartbeat { .. })));
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

    #[test]
    fn the_known_types_are_those_of_the_wire() {
        let refusal = serde_json::from_str::<RealtimeMessage>(r#"{"type":"?"}"#).expect_err("no such type").to_string();
        for name in TYPES {
            assert!(refusal.contains(&format!("`{name}`")), "{name} in {refusal}");
        }
        assert_eq!(refusal.matches('`').count(), 2 * (TYPES.len() + 1), "{refusal}");
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(text in ".{0,200}") {
            let _ = read(&text);
        }
    }
}
