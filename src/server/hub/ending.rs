//! Why the server ends a stream, and when its reader should come back.

use crate::{
    server::{
        shutdown::{GOING_DOWN, reconnect_after_ms},
        uptake::TOO_SLOW_MS,
    },
    wire::{error::Retry, event_stream::StreamError},
};

use super::encode::RETRY_MS;

/// Why the server ends a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    GoingDown,
    TooSlow,
    /// The channel is no more.
    Removed,
    /// The reader's token is no longer good.
    Denied,
}

impl End {
    /// When the reader should come back.
    fn retry(self, reader: u64) -> Retry {
        match self {
            Self::GoingDown => Retry::after_ms(reconnect_after_ms(reader)),
            Self::TooSlow => Retry::after_ms(TOO_SLOW_MS),
            Self::Removed => Retry { should_reconnect: false, ..Retry::after_ms(RETRY_MS) },
            Self::Denied => Retry::never(),
        }
    }

    /// What a reader is told.
    pub(super) fn told_to(self, reader: u64) -> StreamError {
        use std::borrow::Cow::Borrowed;
        let (code, message) = match self {
            Self::GoingDown => ("going_down", GOING_DOWN),
            Self::TooSlow => ("too_slow", "the stream was not read for too long; reconnect"),
            Self::Removed => ("removed", "the channel was removed"),
            Self::Denied => ("unauthorized", "the token is no longer good"),
        };
        StreamError { code: Borrowed(code), message: Borrowed(message), retry: self.retry(reader) }
    }
}
