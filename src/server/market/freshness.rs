//! How the age of a quote decides what it is worth. Ages are measured on our monotonic clock, never on the venue's.

use std::time::Duration;

use crate::model::freshness::Freshness;

/// From which age a quote is quiet, and from which it is stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgeLimits {
    pub quiet_after: Duration,
    pub stale_after: Duration,
}

impl AgeLimits {
    /// Freshness of a venue's quote. `age` is `None` where nothing was ever received.
    pub fn freshness(&self, connected: bool, age: Option<Duration>) -> Freshness {
        match age {
            _ if !connected => Freshness::Down,
            Some(age) if age < self.quiet_after && age < self.stale_after => Freshness::Live,
            Some(age) if age < self.stale_after => Freshness::Quiet,
            _ => Freshness::Stale,
        }
    }

    /// The factor that age puts on a weight: 1 while live, then falling in a straight line to 0 at the stale limit.
    pub fn penalty(&self, age: Duration) -> f64 {
        if age < self.quiet_after {
            return 1.0;
        }
        let left = self.stale_after.saturating_sub(age).as_secs_f64();
        let span = self.stale_after.saturating_sub(self.quiet_after).as_secs_f64();
        if span > 0.0 { left / span } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: AgeLimits = AgeLimits { quiet_after: Duration::from_secs(10), stale_after: Duration::from_mins(1) };

    #[test]
    fn age_and_connection_decide_the_freshness() {
        for (connected, age_ms, expected) in [
            (true, Some(0), Freshness::Live),
            (true, Some(9_999), Freshness::Live),
            (true, Some(10_000), Freshness::Quiet),
            (true, Some(59_999), Freshness::Quiet),
            (true, Some(60_000), Freshness::Stale),
            (true, None, Freshness::Stale),
            (false, Some(0), Freshness::Down),
            (false, None, Freshness::Down),
        ] {
            let age = age_ms.map(Duration::from_millis);
            assert_eq!(LIMITS.freshness(connected, age), expected, "{connected} {age:?}");
        }
    }

    #[test]
    fn the_penalty_falls_from_one_to_nothing() {
        for (age_s, expected) in [(0, 1.0), (9, 1.0), (10, 1.0), (35, 0.5), (55, 0.1), (60, 0.0), (1000, 0.0)] {
            let penalty = LIMITS.penalty(Duration::from_secs(age_s));
            assert!((penalty - expected).abs() < 1e-12, "{age_s} s: {penalty}");
        }
    }

    #[test]
    fn equal_limits_leave_no_quiet_time() {
        let limits = AgeLimits { quiet_after: Duration::from_secs(10), stale_after: Duration::from_secs(10) };
        assert_eq!(limits.freshness(true, Some(Duration::from_secs(9))), Freshness::Live);
        assert_eq!(limits.freshness(true, Some(Duration::from_secs(10))), Freshness::Stale);
        assert!(limits.penalty(Duration::from_secs(10)).abs() < f64::EPSILON);
    }
}
