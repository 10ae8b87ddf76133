//! The events of Socket.IO for the description of the API, made of the types that are sent.

use std::time::Duration;

use super::{client::WELCOME, fault::Fault, stay::TOO_SLOW};
use crate::{
    server::{
        http::openapi::{
            event::{Event, Shapes, Stream, event, shape},
            samples::Samples,
        },
        hub::MAX_SYMBOLS_PER_READER,
        shutdown::GOING_DOWN,
    },
    wire::{
        error::Retry,
        json::Json,
        rest::PriceUpdate,
        socketio::{Connected, StreamError, SymbolList},
    },
};

/// What is said in the namespace `/`, in both directions.
pub fn stream(samples: &Samples, shapes: &mut Shapes) -> Stream {
    let (events, commands) = (events(samples, shapes), commands(samples));
    Stream { method: "get", path: "/socket.io/", content: None, events, commands }
}

/// What a client says.
fn commands(samples: &Samples) -> Vec<Event> {
    let symbols = Json::object([
        ("type", Json::word("array")),
        ("items", Json::object([("type", Json::word("string"))])),
        ("minItems", Json::Number(1.0)),
        ("maxItems", Json::of(&MAX_SYMBOLS_PER_READER)),
        ("description", Json::word("Symbols in any notation.")),
    ]);
    let named = |symbols: &[String]| Json::object([("symbols", Json::of(symbols))]);
    vec![
        Event {
            name: "subscribe",
            about: "Answered with `subscribed`, then at once with the newest `price_update` of each.",
            schema: shape([("symbols", symbols.clone())]),
            example: named(&[samples.btc.pair(), samples.eth.pair()]),
        },
        Event {
            name: "unsubscribe",
            about: "Answered with `unsubscribed`, also for what was not followed.",
            schema: shape([("symbols", symbols)]),
            example: named(&[samples.eth.pair()]),
        },
    ]
}

/// What the server says.
fn events(samples: &Samples, shapes: &mut Shapes) -> Vec<Event> {
    let (btc, eth) = (samples.btc.pair(), samples.eth.pair());
    let connected = Connected { message: WELCOME, client_id: "c-17" };
    let subscribed = SymbolList { symbols: vec![btc, eth.clone()], message: "Subscribed to 2 symbols".to_owned() };
    let unsubscribed = SymbolList { symbols: vec![eth], message: "Unsubscribed from 1 symbols".to_owned() };
    let unknown = Fault::Unknown(vec!["XYZUSDT".to_owned()]).of_symbols();
    let ended = StreamError { code: "going_down", message: GOING_DOWN.into(), retry: Some(Retry::after_ms(2400)) };
    let price = PriceUpdate::from(&samples.ticker);
    vec![
        event(shapes, "connected", "The first event.", &connected),
        event(shapes, "subscribed", "What is followed from now on.", &subscribed),
        event(shapes, "unsubscribed", "What is followed no more.", &unsubscribed),
        event(
            shapes,
            "price_update",
            "The newest price of a symbol. A slow client gets the newest, never a backlog.",
            &price,
        ),
        event(shapes, "subscribe_error", "What could not be done; the rest was.", &unknown),
        event(shapes, "unsubscribe_error", "The same of `unsubscribe`.", &unknown),
        event(shapes, "stream_error", "About anything else, and before the server ends a connection.", &ended),
    ]
}

/// `{"code","message","retry","ends"}` of every error that a client may be told.
pub fn faults() -> Json {
    let none = Vec::new;
    let all = [
        Fault::NoSymbols,
        Fault::NotTexts,
        Fault::Empty,
        Fault::Unknown(none()),
        Fault::TooMany(none()),
        Fault::TooManyFollowed(none()),
        Fault::Starting(none()),
        Fault::RateLimited(Duration::ZERO),
        Fault::UnknownEvent,
        Fault::Abuse,
        Fault::Denied,
    ];
    let row = |code, message: &str, retry, ends| {
        Json::object([
            ("code", Json::word(code)),
            ("message", Json::word(message)),
            ("retry", Json::Bool(retry)),
            ("ends", Json::Bool(ends)),
        ])
    };
    let told = |fault: Fault| {
        let StreamError { code, message, retry } = fault.of_stream();
        let retry = retry.is_some_and(|retry| retry.should_reconnect);
        row(code, &message, retry, matches!(fault, Fault::Abuse | Fault::Denied))
    };
    let ending = [("too_slow", TOO_SLOW), ("going_down", GOING_DOWN)];
    let ending = ending.map(|(code, message)| row(code, message, true, true));
    Json::List(all.into_iter().map(told).chain(ending).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_of_a_fault_is_described() {
        let source = include_str!("fault.rs");
        let (_, rest) = source.split_once("fn code(&self)").expect("the codes");
        let (body, _) = rest.split_once("\n    }\n").expect("its end");
        let codes: BTreeSet<&str> = body.split('"').skip(1).step_by(2).collect();
        let faults = faults();
        let described: BTreeSet<&str> = faults.items().iter().map(|fault| fault.text_of("code")).collect();
        let stay = include_str!("stay.rs");
        let ends: BTreeSet<&str> = stay.split("code: \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(ends, BTreeSet::from(["going_down", "too_slow"]));
        assert_eq!(described, &codes | &ends);
    }
}
