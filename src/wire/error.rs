//! The body of every HTTP error.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// `{"success":false,"error":{"code","message"},"retry":{…}|null}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    /// Always `false`.
    pub success: bool,
    pub error: ErrorDetail,
    /// Present where waiting helps.
    pub retry: Option<Retry>,
}

/// What went wrong, for programs (`code`) and people (`message`). Never carries internals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ErrorDetail {
    pub code: Cow<'static, str>,
    pub message: Cow<'static, str>,
}

/// How a client should wait before it tries again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Retry {
    pub should_reconnect: bool,
    pub delay_ms: u64,
    /// No less than `delayMs`.
    pub max_delay_ms: u64,
    /// `exponential-backoff`, or `none`
    pub strategy: Cow<'static, str>,
    pub jitter: bool,
}

/// The longest wait between two tries, in milliseconds, unless the first is longer.
const MAX_DELAY_MS: u64 = 30_000;

impl Retry {
    /// Wait `delay_ms` at first, then longer, up to 30 s, with jitter. Never less than `delay_ms`: before that it would be
    /// the same again.
    pub const fn after_ms(delay_ms: u64) -> Self {
        Self {
            should_reconnect: true,
            delay_ms,
            max_delay_ms: if delay_ms > MAX_DELAY_MS { delay_ms } else { MAX_DELAY_MS },
            strategy: Cow::Borrowed("exponential-backoff"),
            jitter: true,
        }
    }
}

impl Retry {
    /// Don't: it would be the same.
    pub const fn never() -> Self {
        Self { should_reconnect: false, delay_ms: 0, max_delay_ms: 0, strategy: Cow::Borrowed("none"), jitter: false }
    }
}

impl ErrorBody {
    pub fn new(code: &'static str, message: impl Into<Cow<'static, str>>, retry: Option<Retry>) -> Self {
        Self { success: false, error: ErrorDetail { code: code.into(), message: message.into() }, retry }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_to_wait_longer_than_the_longest_wait() {
        let waits = |delay| (Retry::after_ms(delay).delay_ms, Retry::after_ms(delay).max_delay_ms);
        assert_eq!([2000, 30_000, 57_157].map(waits), [(2000, 30_000), (30_000, 30_000), (57_157, 57_157)]);
    }
}
