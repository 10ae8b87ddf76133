//! What can be wrong with a fetch.

use std::time::Duration;

use thiserror::Error;

use super::parse::NotAFeed;
use crate::server::metrics::news::FetchOutcome;

/// Why a fetch came to nothing, in one line that is fit for a public page: no address, no path, no library's words.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FetchError {
    #[error("HTTP {0}")]
    Status(u16),
    #[error("timed out after {} s", .0.as_secs_f64())]
    Timeout(Duration),
    /// After decompression; the limit in bytes.
    #[error("larger than {} MB", f64::from(*.0) / 1e6)]
    TooLarge(u32),
    #[error(transparent)]
    NotAFeed(#[from] NotAFeed),
    /// Our own fault.
    #[error("not a feed: it can't be read")]
    Unreadable,
    /// Private, loopback, link-local or otherwise not of the public internet.
    #[error("refuses private address")]
    PrivateAddress,
    /// Not `http` or `https`, or with a user's name or password in it.
    #[error("refuses an address of this kind")]
    UnusableAddress,
    /// From `https` to `http`: anybody on the way could change what is read.
    #[error("refuses a redirect to an unencrypted address")]
    Downgrade,
    #[error("redirected too often")]
    TooManyRedirects,
    #[error("redirected in a circle")]
    RedirectLoop,
    #[error("redirected without a usable address")]
    BadRedirect,
    #[error("name not found")]
    NameNotFound,
    #[error("can't connect")]
    Connect,
    #[error("no trusted encryption")]
    Tls,
    #[error("the answer broke off")]
    Broken,
}

impl FetchError {
    /// For the monitors.
    pub(super) const fn outcome(&self) -> FetchOutcome {
        match self {
            Self::Status(_) => FetchOutcome::Status,
            Self::Timeout(_) => FetchOutcome::Timeout,
            Self::TooLarge(_) => FetchOutcome::TooLarge,
            Self::NotAFeed(_) | Self::Unreadable => FetchOutcome::NotAFeed,
            Self::PrivateAddress | Self::UnusableAddress | Self::Downgrade => FetchOutcome::Refused,
            Self::TooManyRedirects | Self::RedirectLoop | Self::BadRedirect => FetchOutcome::Redirect,
            Self::NameNotFound | Self::Connect | Self::Tls | Self::Broken => FetchOutcome::Network,
        }
    }
}
