//! How long to wait before the next try.

use std::time::Duration;

use rand::{Rng, rngs::SmallRng};

/// The ceiling of the first wait.
const FIRST: Duration = Duration::from_millis(500);

/// No wait is longer than this.
pub(super) const CAP: Duration = Duration::from_secs(30);

/// Exponential backoff with full jitter: each wait is drawn evenly between zero and a ceiling that doubles from
/// 0.5 s to 30 s, so that clients that failed together do not come back together.
///
/// See <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after one more failure.
    pub(super) fn next(&mut self, rng: &mut SmallRng) -> Duration {
        let ceiling = self.ceiling();
        self.failures = self.failures.saturating_add(1);
        ceiling.mul_f64(rng.random_range(0.0..=1.0))
    }

    /// The longest that the next wait can be.
    pub(super) fn ceiling(self) -> Duration {
        2_u32.checked_pow(self.failures).and_then(|factor| FIRST.checked_mul(factor)).map_or(CAP, |wait| wait.min(CAP))
    }

    /// Forgets the failures: for when data has flowed for a while, not for a mere connection.
    pub(super) const fn reset(&mut self) {
        self.failures = 0;
    }
}

/// `duration` give or take up to `share` of it.
pub(super) fn jittered(duration: Duration, share: f64, rng: &mut SmallRng) -> Duration {
    duration.mul_f64(1.0 + rng.random_range(-share..=share))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;

    use super::*;

    proptest! {
        #[test]
        fn waits_stay_under_a_ceiling_that_doubles_to_the_cap(seed: u64, tries in 1_usize..100) {
            let mut rng = SmallRng::seed_from_u64(seed);
            let mut backoff = Backoff::default();
            for n in 0..tries {
                let ceiling = CAP.min(FIRST.saturating_mul(2_u32.saturating_pow(u32::try_from(n).unwrap())));
                prop_assert_eq!(backoff.ceiling(), ceiling);
                prop_assert!(backoff.next(&mut rng) <= ceiling);
            }
            backoff.reset();
            prop_assert_eq!(backoff.ceiling(), FIRST);
        }

        #[test]
        fn jitter_keeps_to_its_share(seed: u64, seconds in 1_u64..100_000) {
            let mut rng = SmallRng::seed_from_u64(seed);
            let around = Duration::from_secs(seconds);
            let wait = jittered(around, 0.2, &mut rng);
            prop_assert!(wait >= around.mul_f64(0.79) && wait <= around.mul_f64(1.21));
        }
    }

    #[test]
    fn waits_are_spread_over_the_whole_range() {
        let mut rng = SmallRng::seed_from_u64(7);
        let mut late = Backoff { failures: 20 };
        let waits: Vec<_> = (0..1000).map(|_| late.next(&mut rng)).collect();
        let mean = waits.iter().sum::<Duration>() / 1000;
        assert!(mean > Duration::from_secs(14) && mean < Duration::from_secs(16), "{mean:?}");
        assert!(
            waits.iter().any(|w| *w < Duration::from_secs(1)) && waits.iter().any(|w| *w > Duration::from_secs(29))
        );
    }
}
