//! What can be wrong with an event, and the words for it.

use std::time::Duration;

use serde_json::Value;
use thiserror::Error;

use super::super::{
    error::{FOLLOWED_DELAY_MS, STARTING_DELAY_MS, wait_ms},
    refused::{Reason, shortened},
    websocket::budget::{ABUSE_MS, MESSAGES_PER_MINUTE},
};
use crate::{
    server::hub::MAX_SYMBOLS_PER_READER,
    wire::{
        error::Retry,
        socketio::{StreamError, SymbolError},
    },
};

/// What is wrong with an event, or with some of its symbols.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum Fault {
    #[error("the event has an object with a list of texts: {{\"symbols\":[\"BTCUSDT\"]}}")]
    NoSymbols,
    #[error("symbols is a list of texts such as [\"BTCUSDT\"]")]
    NotTexts,
    #[error("symbols is empty")]
    Empty,
    #[error("no such symbols are known here; GET /symbols lists those that are")]
    Unknown(Vec<String>),
    #[error("a socket follows at most {MAX_SYMBOLS_PER_READER} symbols at a time")]
    TooMany(Vec<String>),
    #[error("as many further symbols are followed as may be, for this client or in all; try again later")]
    TooManyFollowed(Vec<String>),
    #[error("the server is starting and does not know yet what the venues list")]
    Starting(Vec<String>),
    #[error("at most {MESSAGES_PER_MINUTE} events a minute; this one was not heard")]
    RateLimited(Duration),
    #[error("events are subscribe and unsubscribe")]
    UnknownEvent,
    #[error("too much was said over the limits")]
    Abuse,
    #[error("the token is no longer good")]
    Denied,
}

impl Fault {
    /// Part of the public contract.
    const fn code(&self) -> &'static str {
        match self {
            Self::NoSymbols | Self::Empty => "missing_symbols",
            Self::NotTexts => "bad_symbols",
            Self::Unknown(_) => "unknown_symbol",
            Self::TooMany(_) => "too_many_symbols",
            Self::TooManyFollowed(_) => "too_many_followed",
            Self::Starting(_) => "starting",
            Self::RateLimited(_) => "rate_limited",
            Self::UnknownEvent => "unknown_event",
            Self::Abuse => "too_many_events",
            Self::Denied => "unauthorized",
        }
    }

    /// About symbols that were asked for in vain.
    pub(super) fn refused((reason, names): (Reason, Vec<String>)) -> Self {
        match reason {
            Reason::Unknown => Self::Unknown(names),
            Reason::Beyond => Self::TooMany(names),
            Reason::Full => Self::TooManyFollowed(names),
            Reason::NotKnownYet => Self::Starting(names),
        }
    }

    /// The symbols that it is about, where it is about symbols.
    fn names(&self) -> Option<&[String]> {
        match self {
            Self::Unknown(names) | Self::TooMany(names) | Self::TooManyFollowed(names) | Self::Starting(names) => {
                Some(names)
            }
            _ => None,
        }
    }

    fn retry(&self) -> Option<Retry> {
        match self {
            Self::RateLimited(wait) => Some(Retry::after_ms(wait_ms(*wait))),
            Self::TooManyFollowed(_) => Some(Retry::after_ms(FOLLOWED_DELAY_MS)),
            Self::Starting(_) => Some(Retry::after_ms(STARTING_DELAY_MS)),
            Self::Abuse => Some(Retry::after_ms(ABUSE_MS)),
            Self::Denied => Some(Retry::never()),
            _ => None,
        }
    }

    /// As an answer to a request that names symbols.
    pub(super) fn of_symbols(&self) -> SymbolError {
        SymbolError {
            symbols: shortened(self.names().unwrap_or_default()),
            message: self.to_string(),
            code: self.code(),
            retry: self.retry(),
        }
    }

    /// As an answer to anything else.
    pub(super) fn of_stream(&self) -> StreamError {
        StreamError { code: self.code(), message: self.to_string().into(), retry: self.retry() }
    }
}

/// The symbols that an event names, as the client wrote them.
///
/// # Errors
/// [`Fault`], where it names none.
pub(super) fn symbols(data: Option<Value>) -> Result<Vec<String>, Fault> {
    let Some(Value::Object(mut fields)) = data else { return Err(Fault::NoSymbols) };
    match fields.remove("symbols") {
        Some(Value::Array(items)) if items.is_empty() => Err(Fault::Empty),
        Some(Value::Array(items)) => items
            .into_iter()
            .map(|item| if let Value::String(text) = item { Ok(text) } else { Err(Fault::NotTexts) })
            .collect(),
        Some(Value::Null) | None => Err(Fault::NoSymbols),
        Some(_) => Err(Fault::NotTexts),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn symbols_are_a_list_of_texts() {
        assert_eq!(symbols(Some(json!({"symbols": ["BTCUSDT", ""]}))), Ok(vec!["BTCUSDT".to_owned(), String::new()]));
        for (data, fault) in [
            (None, Fault::NoSymbols),
            (Some(json!(null)), Fault::NoSymbols),
            (Some(json!("BTCUSDT")), Fault::NoSymbols),
            (Some(json!(["BTCUSDT"])), Fault::NoSymbols),
            (Some(json!({})), Fault::NoSymbols),
            (Some(json!({"symbols": null})), Fault::NoSymbols),
            (Some(json!({"symbols": []})), Fault::Empty),
            (Some(json!({"symbols": "BTCUSDT"})), Fault::NotTexts),
            (Some(json!({"symbols": {"0": "BTCUSDT"}})), Fault::NotTexts),
            (Some(json!({"symbols": [1]})), Fault::NotTexts),
            (Some(json!({"symbols": ["BTCUSDT", ["ETHUSDT"]]})), Fault::NotTexts),
        ] {
            assert_eq!(symbols(data.clone()), Err(fault), "{data:?}");
        }
    }

    #[test]
    fn an_error_repeats_little() {
        let error = Fault::Unknown(vec!["é".repeat(10_000); 10_000]).of_symbols();
        assert_eq!(error.symbols, vec!["é".repeat(64); 200]);
    }
}
