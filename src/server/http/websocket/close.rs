//! How sockets end: the codes, and when to come back.

use http::StatusCode;
use tokio_tungstenite::tungstenite::{
    Error, Utf8Bytes,
    error::CapacityError,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use super::{budget::ABUSE_MS, protocol::Fault};
use crate::{
    server::{
        http::{error::HttpError, metered::is_spent},
        hub::{limits::Refusal, session::SessionEnd},
        shutdown::reconnect_after_ms,
        uptake::TOO_SLOW_MS,
    },
    wire::error::Retry,
};

/// Longest reason of a close frame, in bytes.
const MAX_REASON: usize = 123;

/// When to come back where there is no room, in milliseconds.
const NO_ROOM_MS: u64 = 5000;

/// Why a socket ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// The server goes down. With the number of the reader.
    Restart(u64),
    /// The token is not good, or there should be one. With how long to wait where so many were not good that none is
    /// looked at, in milliseconds.
    Denied(Option<u64>),
    /// The address, or the token, has as many streams as it may.
    ClientFull,
    ServerFull,
    /// It took nothing for too long.
    TooSlow,
    /// It answered nothing for too long.
    Silent,
    /// What it said can't be put up with, or can't be read on from.
    Fault(Fault),
    /// The client said so first.
    Closed,
    /// The connection broke.
    Gone,
}

impl End {
    /// Of what the socket could not read or send.
    pub(super) fn of(error: &Error) -> Self {
        match error {
            Error::Capacity(CapacityError::MessageTooLong { .. }) => Self::Fault(Fault::TooLarge),
            Error::Utf8(_) => Self::Fault(Fault::NoUtf8),
            Error::Protocol(tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake) => {
                Self::Gone
            }
            Error::Protocol(_) => Self::Fault(Fault::Protocol),
            Error::Io(error) if is_spent(error) => Self::Fault(Fault::Abuse),
            _ => Self::Gone,
        }
    }

    pub(super) fn of_session(end: SessionEnd, number: u64) -> Self {
        match end {
            SessionEnd::GoingDown => Self::Restart(number),
            SessionEnd::TooSlow => Self::TooSlow,
        }
    }

    /// Of a socket that is not let in.
    pub(super) fn of_refusal(refusal: Refusal, number: u64) -> Self {
        match refusal {
            Refusal::AddressFull | Refusal::TokenFull => Self::ClientFull,
            Refusal::GoingDown => Self::Restart(number),
            // A session begins with no symbols and on no channel, so the others are not its refusals.
            Refusal::ServerFull | Refusal::TooManySymbols | Refusal::UnknownSymbol | Refusal::Removed => {
                Self::ServerFull
            }
        }
    }

    /// Of a caller who may not read. `None` for an error that has nothing to do with that.
    pub(super) fn of_denial(error: &HttpError) -> Option<Self> {
        match error.status() {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Some(Self::Denied(None)),
            StatusCode::TOO_MANY_REQUESTS => Some(Self::Denied(error.body().retry.map(|retry| retry.delay_ms))),
            _ => None,
        }
    }

    /// The frame that comes before the last.
    pub(super) fn error(&self) -> Option<Utf8Bytes> {
        match self {
            Self::Fault(fault) => fault.frame(),
            _ => None,
        }
    }

    /// The last frame. `None` where the client closed, or is gone.
    pub(super) fn close_frame(&self) -> Option<CloseFrame> {
        let (code, retry) = match self {
            Self::Restart(number) => (1001, Some(Retry::after_ms(reconnect_after_ms(*number)))),
            Self::Denied(None) => (4001, Some(Retry::never())),
            Self::Denied(Some(wait_ms)) => (4001, Some(Retry::after_ms(*wait_ms))),
            Self::ClientFull => (4002, Some(Retry::after_ms(NO_ROOM_MS))),
            Self::ServerFull => (4003, Some(Retry::after_ms(NO_ROOM_MS))),
            Self::TooSlow | Self::Silent => (4008, Some(Retry::after_ms(TOO_SLOW_MS))),
            Self::Fault(Fault::Abuse) => (1008, Some(Retry::after_ms(ABUSE_MS))),
            Self::Fault(Fault::TooLarge) => (1009, None),
            Self::Fault(Fault::NoUtf8) => (1007, None),
            Self::Fault(_) => (1002, None),
            Self::Closed | Self::Gone => return None,
        };
        let reason = match retry {
            Some(retry) => serde_json::to_string(&retry).unwrap_or_default(),
            None => self.word().to_owned(),
        };
        let reason = if reason.len() <= MAX_REASON { reason } else { self.word().to_owned() };
        Some(CloseFrame { code: CloseCode::from(code), reason: reason.into() })
    }

    /// For the log, and where nothing else fits.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Restart(_) => "restart",
            Self::Denied(_) => "unauthorized",
            Self::ClientFull => "too_many_streams",
            Self::ServerFull => "server_full",
            Self::TooSlow => "too_slow",
            Self::Silent => "silent",
            Self::Fault(fault) => fault.code(),
            Self::Closed => "closed",
            Self::Gone => "gone",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(end: &End) -> (u16, String) {
        let frame = end.close_frame().expect("a close frame");
        (frame.code.into(), frame.reason.to_string())
    }

    #[test]
    fn each_end_has_its_code_and_says_when_to_come_back() {
        for (end, code, delay_ms) in [
            (End::Restart(0), 1001, 1000),
            (End::Denied(Some(700)), 4001, 700),
            (End::ClientFull, 4002, 5000),
            (End::ServerFull, 4003, 5000),
            (End::TooSlow, 4008, 2000),
            (End::Silent, 4008, 2000),
            (End::Fault(Fault::Abuse), 1008, 30_000),
        ] {
            let (told, reason) = close(&end);
            let retry: Retry = serde_json::from_str(&reason).expect("the whole object");
            assert_eq!((told, retry), (code, Retry::after_ms(delay_ms)), "{end:?}");
            assert!(reason.len() <= MAX_REASON, "{} bytes: {reason}", reason.len());
        }
        let (code, reason) = close(&End::Denied(None));
        assert_eq!((code, serde_json::from_str(&reason).ok()), (4001, Some(Retry::never())));
        for (fault, code) in [(Fault::TooLarge, 1009), (Fault::NoUtf8, 1007), (Fault::Protocol, 1002)] {
            assert_eq!(close(&End::Fault(fault.clone())), (code, fault.code().to_owned()));
        }
        assert_eq!((End::Closed.close_frame(), End::Gone.close_frame()), (None, None));
    }
}
