//! The right to lead, as its holder sees it.

use std::time::Duration;

use tokio::time::Instant;

use super::link::LEASE;

/// How often the holder renews it.
pub(super) const RENEW_EVERY: Duration = Duration::from_secs(1);
/// How long before it may be another's the holder stops.
const MARGIN: Duration = Duration::from_millis(500);

/// A lease. Its end is counted from before it was asked for, so that it ends here no later than there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lease {
    /// Greater than that of every leader before.
    pub(super) fence: u64,
    /// When it was asked for first.
    pub(super) since: Instant,
    until: Instant,
}

impl Lease {
    /// A lease that was asked for at `asked` and granted; the one before, if it goes on.
    pub(super) fn granted(before: Option<Self>, fence: u64, asked: Instant) -> Self {
        let goes_on = before.filter(|before| before.fence == fence);
        let since = goes_on.map_or(asked, |before| before.since);
        Self { fence, since, until: asked + LEASE - MARGIN }
    }

    /// Whether its holder may act on it.
    pub(super) fn holds(&self, now: Instant) -> bool {
        now < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_ends_here_before_it_ends_there_and_is_renewed_from_when_it_was_asked_for() {
        let start = Instant::now();
        let lease = Lease::granted(None, 7, start);
        assert!(lease.holds(start + LEASE - MARGIN - Duration::from_millis(1)));
        assert!(!lease.holds(start + LEASE - MARGIN));
        let asked = start + RENEW_EVERY;
        let renewed = Lease::granted(Some(lease), 7, asked);
        assert!(renewed.holds(asked + Duration::from_secs(2)));
        assert_eq!((renewed.since, renewed.fence), (start, 7));
        assert_eq!(Lease::granted(Some(lease), 8, asked).since, asked, "another lease begins anew");
    }
}
