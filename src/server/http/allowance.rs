//! How much of something one connection may use over time.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::server::rate::{MINUTE, whole_after};

/// So many units at once, and as many over each minute: the generic cell rate algorithm, whose one time says when the
/// allowance is whole again. <https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm>
#[derive(Debug)]
pub(in crate::server::http) struct Allowance {
    per_minute: u32,
    whole_at: Mutex<Instant>,
}

impl Allowance {
    pub(in crate::server::http) fn per_minute(units: u32, now: Instant) -> Self {
        Self { per_minute: units.max(1), whole_at: Mutex::new(now) }
    }

    /// Uses some.
    ///
    /// # Errors
    /// How long to wait until there is as much; nothing is used then. More than there ever is has to wait like all of it.
    pub(in crate::server::http) fn take(&self, units: usize, now: Instant) -> Result<(), Duration> {
        let units = u32::try_from(units).unwrap_or(u32::MAX).min(self.per_minute);
        let cost = MINUTE.mul_f64(f64::from(units) / f64::from(self.per_minute));
        let mut whole_at = self.whole_at.lock();
        *whole_at = whole_after(*whole_at, cost, now)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_comes_back_with_time() {
        let start = Instant::now();
        let allowance = Allowance::per_minute(600, start);
        assert_eq!(allowance.take(400, start), Ok(()));
        assert_eq!(allowance.take(200, start), Ok(()));
        assert_eq!(allowance.take(10, start), Err(Duration::from_secs(1)));
        let later = start + Duration::from_secs(1);
        assert_eq!(allowance.take(10, later), Ok(()), "a refusal uses nothing");
        assert!(allowance.take(1, later).is_err());
    }

    #[test]
    fn more_than_all_of_it_waits_like_all_of_it() {
        let now = Instant::now();
        let allowance = Allowance::per_minute(10, now);
        assert_eq!(allowance.take(usize::MAX, now), Ok(()));
        assert_eq!(allowance.take(usize::MAX, now), Err(MINUTE));
        assert_eq!(allowance.take(usize::MAX, now + MINUTE), Ok(()));
    }
}
