//! The `Retry-After` header: how long a server wants to be left alone.

use std::time::Duration;

use http::{HeaderMap, header::RETRY_AFTER};

/// No server is left alone for longer than this: a mistaken header must not end a venue for good.
const LONGEST: Duration = Duration::from_hours(1);

/// The wait that these headers ask for, if it is a number of seconds; at most an hour.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_of_seconds_is_heeded_and_no_more_than_an_hour() {
        for (text, expected) in [
            ("17", Some(Duration::from_secs(17))),
            (" 0 ", Some(Duration::ZERO)),
            ("18446744073709551615", Some(LONGEST)),
            ("18446744073709551616", None),
            ("-1", None),
            ("Wed, 21 Oct 2015 07:28:00 GMT", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(retry_after(&headers), expected, "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
