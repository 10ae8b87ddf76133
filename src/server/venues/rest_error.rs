//! What can go wrong with a REST request, by what the caller can do about it.

use std::time::Duration;

use thiserror::Error;

/// Why a request brought nothing. The texts carry no words of the venue's answer and no addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RestError {
    /// The same request may succeed after the wait, and must not be sent before.
    #[error("too many requests, to be repeated after {} s", .retry_after.as_secs())]
    RateLimited { retry_after: Duration },
    /// The venue does not serve this region. Asking again soon is useless.
    #[error("region refused (HTTP {status})")]
    RegionBlocked { status: u16 },
    /// The venue does not know a symbol of the request.
    #[error("unknown symbol")]
    UnknownSymbol,
    /// The venue refuses the request for another reason.
    #[error("request refused (HTTP {status})")]
    Refused { status: u16 },
    /// The venue can't answer now.
    #[error("the venue can't answer (HTTP {status})")]
    Server { status: u16 },
    #[error("no answer in time")]
    Timeout,
    #[error("no connection")]
    Transport,
    #[error("the answer is too long")]
    TooLarge,
    #[error("the answer can't be read")]
    Malformed,
}

impl RestError {
    /// Whether another of the venue's servers may answer.
    pub const fn another_server_may_help(self) -> bool {
        !matches!(self, Self::RateLimited { .. } | Self::UnknownSymbol | Self::Refused { .. })
    }
}

/// What of an answer tells whether it is an error.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    pub status: u16,
    /// The `Retry-After` header.
    pub retry_after: Option<Duration>,
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// The error that the status alone tells, whoever the venue.
    ///
    /// `default_wait` is the wait after a rate limit that names none.
    pub fn http_error(&self, default_wait: Duration) -> Option<RestError> {
        let status = self.status;
        match status {
            200..=299 => None,
            418 | 429 => Some(RestError::RateLimited { retry_after: self.retry_after.unwrap_or(default_wait) }),
            403 | 451 => Some(RestError::RegionBlocked { status }),
            500..=599 => Some(RestError::Server { status }),
            _ => Some(RestError::Refused { status }),
        }
    }
}
