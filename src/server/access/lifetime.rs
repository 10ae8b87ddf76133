//! How long a token is good.

use std::{str::FromStr, time::Duration};

use thiserror::Error;

use crate::model::time::UnixMs;

const MINUTE_S: u64 = 60;
const HOUR_S: u64 = 60 * MINUTE_S;
const DAY_S: u64 = 24 * HOUR_S;
const WEEK_S: u64 = 7 * DAY_S;
const LONGEST_S: u64 = 3650 * DAY_S;

/// 1 second to 3650 days: `90s`, `15m`, `12h`, `30d`, `4w`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime(Duration);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a lifetime is a whole number and s, m, h, d or w, such as 30d, up to 3650d")]
pub struct BadLifetime;

impl Lifetime {
    /// When it is over that began at `start`.
    pub fn end(self, start: UnixMs) -> UnixMs {
        UnixMs(start.0.saturating_add(i64::try_from(self.0.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl FromStr for Lifetime {
    type Err = BadLifetime;

    fn from_str(text: &str) -> Result<Self, BadLifetime> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match text.get(digits.len()..) {
            Some("s") => 1,
            Some("m") => MINUTE_S,
            Some("h") => HOUR_S,
            Some("d") => DAY_S,
            Some("w") => WEEK_S,
            _ => return Err(BadLifetime),
        };
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BadLifetime);
        }
        let count: u64 = digits.parse().map_err(|_| BadLifetime)?;
        let seconds = count.checked_mul(unit).filter(|seconds| (1..=LONGEST_S).contains(seconds));
        seconds.map(|seconds| Self(Duration::from_secs(seconds))).ok_or(BadLifetime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_a_number_and_a_unit() {
        for (text, seconds) in [
            ("1s", 1),
            ("90s", 90),
            ("15m", 900),
            ("12h", 43_200),
            ("30d", 2_592_000),
            ("030d", 2_592_000),
            ("4w", 2_419_200),
            ("3650d", 315_360_000),
        ] {
            assert_eq!(text.parse(), Ok(Lifetime(Duration::from_secs(seconds))), "{text}");
        }
        for text in [
            "",
            "d",
            "30",
            "0d",
            "-1d",
            "+1d",
            "1.5d",
            "30 d",
            " 30d",
            "30D",
            "30days",
            "1d12h",
            "3651d",
            "522w",
            "1y",
            "٣d",
            "99999999999999999999s",
            "18446744073709551615w",
            "30dd",
        ] {
            assert_eq!(text.parse::<Lifetime>(), Err(BadLifetime), "{text}");
        }
    }

    #[test]
    fn it_ends_when_it_is_over() {
        let lifetime: Lifetime = "2h".parse().expect("a lifetime");
        assert_eq!(lifetime.end(UnixMs(1000)), UnixMs(7_201_000));
        assert_eq!(lifetime.end(UnixMs(i64::MAX)), UnixMs(i64::MAX));
    }
}
