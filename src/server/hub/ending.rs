//! Why the server ends a stream, and when its reader should come back.

use crate::{
    server::shutdown,
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
}

impl End {
    /// How long the reader should wait before it comes back, in milliseconds.
    const fn delay_ms(self, reader: u64) -> u64 {
        match self {
            Self::GoingDown => shutdown::reconnect_after_ms(reader),
            Self::TooSlow | Self::Removed => RETRY_MS,
        }
    }

    /// What a reader is told.
    pub(super) fn told_to(self, reader: u64) -> StreamError {
        use std::borrow::Cow::Borrowed;
        let (code, message) = match self {
            Self::GoingDown => ("going_down", "the server is going down; reconnect"),
            Self::TooSlow => ("too_slow", "the stream was not read for too long; reconnect"),
            Self::Removed => ("removed", "the channel was removed"),
        };
        let retry = Retry { should_reconnect: self != Self::Removed, ..Retry::after_ms(self.delay_ms(reader)) };
        StreamError { code: Borrowed(code), message: Borrowed(message), retry }
    }
}
