//! How long ago, as people say it.

use super::time::UnixMs;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// `just now`, `5m ago`, `3h ago`, `yesterday`, `4d ago`, and the date from a week on.
///
/// By elapsed time, not by calendar days: a server does not know the reader's midnight.
pub fn time_ago(at: UnixMs, now: UnixMs) -> String {
    match now.since(at) {
        age if age < MINUTE => "just now".to_owned(),
        age if age < HOUR => format!("{}m ago", age / MINUTE),
        age if age < DAY => format!("{}h ago", age / HOUR),
        age if age < 2 * DAY => "yesterday".to_owned(),
        age if age < 7 * DAY => format!("{}d ago", age / DAY),
        _ => at.to_rfc3339().get(..10).unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_age_has_its_words() {
        let now = UnixMs(1_763_640_000_000);
        for (age, words) in [
            (-5 * MINUTE, "just now"),
            (0, "just now"),
            (MINUTE - 1, "just now"),
            (MINUTE, "1m ago"),
            (HOUR - 1, "59m ago"),
            (HOUR, "1h ago"),
            (DAY - 1, "23h ago"),
            (DAY, "yesterday"),
            (2 * DAY - 1, "yesterday"),
            (2 * DAY, "2d ago"),
            (7 * DAY - 1, "6d ago"),
            (7 * DAY, "2025-11-13"),
        ] {
            assert_eq!(time_ago(UnixMs(now.0 - age), now), words, "{age}");
        }
    }
}
