//! When a feed is fetched next.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;
use rand::{Rng as _, rngs::SmallRng};

use crate::model::time::UnixMs;

/// A feed may ask to be left alone for so long by its `ttl` or `Cache-Control`. Longer is as good as a mistake.
const LONGEST_ASKED: Duration = Duration::from_hours(6);

/// The same for a server that refuses and says when to come back.
const LONGEST_REFUSAL: Duration = Duration::from_hours(24);

/// A feed that fails is tried at least this often…
const FAILING: Duration = Duration::from_hours(1);

/// …and one that is dead this often: never forgotten.
const DEAD: Duration = Duration::from_hours(6);

/// Share of a wait that chance adds or takes away, so that feeds don't march in step.
const JITTER: f64 = 0.1;

/// The longest wait there is.
pub(super) const LONGEST: Duration = Duration::from_hours(27);

/// HTTP dates are mail dates in GMT. A wrong day of the week does not matter.
const DATES: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);

/// What is known of a feed when its next fetch is decided.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Situation {
    /// In a row, the last fetch included; 0 after a success.
    pub failures: u32,
    pub dead: bool,
    /// What the feed asked for, or the server that refused. Never undercut.
    pub asked: Duration,
}

/// How long to wait for the next fetch: the interval, doubled with each further failure in a row, and no less than was
/// asked for.
pub(super) fn wait(interval: Duration, situation: Situation, rng: &mut SmallRng) -> Duration {
    let Situation { failures, dead, asked } = situation;
    let cap = if dead { DEAD } else { FAILING }.max(interval);
    let factor = 2_u32.checked_pow(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    let usual = interval.saturating_mul(factor).min(cap).mul_f64(1.0 + rng.random_range(-JITTER..=JITTER));
    let asked = asked.mul_f64(1.0 + rng.random_range(0.0..=JITTER));
    usual.max(asked)
}

/// How long a feed asks to be left alone.
pub(super) fn asked(ttl: Option<Duration>, max_age: Option<Duration>) -> Duration {
    ttl.max(max_age).unwrap_or_default().min(LONGEST_ASKED)
}

/// How long an answer stays fresh by its `Cache-Control` and `Age`: `None` where it does not say.
pub(super) fn max_age(cache_control: Option<&str>, age: Option<&str>) -> Option<Duration> {
    let mut directives = cache_control?.split(',').filter_map(|directive| directive.split_once('='));
    let (_, seconds) = directives.find(|(name, _)| name.trim().eq_ignore_ascii_case("max-age"))?;
    let seconds: u64 = seconds.trim().trim_matches('"').parse().ok()?;
    let age = age.and_then(|age| age.trim().parse().ok()).unwrap_or(0);
    Some(Duration::from_secs(seconds.saturating_sub(age)))
}

/// How long a server that refused wants to be left alone, by its `Retry-After`: a number of seconds or a date.
pub(super) fn retry_after(text: &str, now: UnixMs) -> Option<Duration> {
    let text = text.trim();
    let wait = if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
        // More digits than a number has room for are still a long time.
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        let date = DATES.parse_timestamp(text).ok()?.as_millisecond();
        Duration::from_millis(u64::try_from(UnixMs(date).since(now)).unwrap_or(0))
    };
    Some(wait.min(LONGEST_REFUSAL))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng as _;

    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    proptest! {
        #[test]
        fn waits_stay_between_what_was_asked_and_the_caps(
            seed: u64, seconds in 1_u64..=86_400, failures: u32, dead: bool, asked in 0_u64..=86_400,
        ) {
            let (interval, asked) = (Duration::from_secs(seconds), Duration::from_secs(asked));
            let mut rng = SmallRng::seed_from_u64(seed);
            let wait = wait(interval, Situation { failures, dead, asked }, &mut rng);
            let cap = if dead { DEAD } else { FAILING }.max(interval);
            prop_assert!(wait >= asked && wait >= interval.mul_f64(0.899));
            prop_assert!(wait <= cap.mul_f64(1.101).max(asked.mul_f64(1.101)));
            prop_assert!(wait <= LONGEST);
        }
    }

    /// The mean of many waits, in minutes: chance evens out.
    fn mean(situation: Situation) -> f64 {
        let mut rng = SmallRng::seed_from_u64(1);
        let sum: Duration = (0..2000).map(|_| wait(5 * MINUTE, situation, &mut rng)).sum();
        sum.as_secs_f64() / 2000.0 / 60.0
    }

    #[test]
    fn failures_double_the_wait_up_to_an_hour_or_six() {
        let failing = [(0, 5.0), (1, 5.0), (2, 10.0), (3, 20.0), (4, 40.0), (5, 60.0), (50, 60.0), (u32::MAX, 60.0)];
        let dead = [(1, 5.0), (2, 10.0), (5, 80.0), (6, 160.0), (7, 320.0), (8, 360.0), (u32::MAX, 360.0)];
        for (dead, waits) in [(false, failing.as_slice()), (true, &dead)] {
            for (failures, minutes) in waits {
                let mean = mean(Situation { failures: *failures, dead, asked: Duration::ZERO });
                assert!((mean / minutes - 1.0).abs() < 0.01, "{failures} failures, dead {dead}: {mean} minutes");
            }
        }
    }

    #[test]
    fn waits_differ_by_a_tenth() {
        let mut rng = SmallRng::seed_from_u64(3);
        let waits: Vec<Duration> = (0..200).map(|_| wait(MINUTE, Situation::default(), &mut rng)).collect();
        let (least, most) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
        assert!(*least < MINUTE.mul_f64(0.92) && *most > MINUTE.mul_f64(1.08), "{least:?} to {most:?}");
    }

    #[test]
    fn feeds_are_heeded_up_to_six_hours() {
        let minutes = |n: u32| Some(n * MINUTE);
        for (ttl, max_age, expected) in [
            (None, None, 0),
            (minutes(60), None, 60),
            (None, minutes(10), 10),
            (minutes(60), minutes(10), 60),
            (minutes(5), minutes(10), 10),
            (minutes(100_000), None, 360),
            (None, minutes(100_000), 360),
        ] {
            assert_eq!(asked(ttl, max_age), expected * MINUTE, "{ttl:?} {max_age:?}");
        }
    }

    #[test]
    fn freshness_is_max_age_less_age() {
        for (cache_control, age, expected) in [
            ("max-age=60", None, Some(60)),
            ("public, Max-Age = \"60\", immutable", None, Some(60)),
            ("max-age=60", Some("50"), Some(10)),
            ("max-age=60", Some("70"), Some(0)),
            ("max-age=60", Some("soon"), Some(60)),
            ("s-maxage=60", None, None),
            ("max-age=-1", None, None),
            ("max-age=1e9", None, None),
            ("no-store", None, None),
            ("max-age", None, None),
            ("", None, None),
        ] {
            assert_eq!(max_age(Some(cache_control), age), expected.map(Duration::from_secs), "{cache_control} {age:?}");
        }
        assert_eq!(max_age(None, Some("5")), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_at_most_a_day() {
        // Wed, 21 Oct 2015 07:28:00 GMT
        let now = UnixMs(1_445_412_480_000);
        for (text, expected) in [
            ("17", Some(17)),
            (" 0 ", Some(0)),
            ("90000", Some(86_400)),
            ("99999999999999999999999", Some(86_400)),
            ("Wed, 21 Oct 2015 07:30:00 GMT", Some(120)),
            ("Wed, 21 Oct 2015 07:00:00 GMT", Some(0)),
            ("Wed, 21 Oct 2035 07:28:00 GMT", Some(86_400)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(text, now), expected.map(Duration::from_secs), "{text}");
        }
    }
}
