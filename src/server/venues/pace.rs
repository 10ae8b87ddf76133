//! How often the subscriptions of a connection may change.

use std::time::Duration;

use tokio::time::Instant;

use super::connector::Allowance;

/// Most requests in a row, after a rest.
const BURST: u32 = 20;

/// Spreads requests over the window of an allowance, so that it is never used up at once and then missing for the rest
/// of the window: a bucket of a few requests, which fills up at the pace of half the allowance. The other half is for
/// what can't wait: the first subscriptions of a connection, and what follows from the venue's answers.
#[derive(Debug)]
pub(super) struct Pace {
    /// From one request to the next, in the long run.
    interval: Duration,
    burst: u32,
    /// When the bucket will be full again.
    full_at: Instant,
}

impl Pace {
    pub(super) fn new(allowance: Allowance, now: Instant) -> Self {
        let interval = allowance.window * 2 / allowance.count.max(1);
        Self { interval, burst: (allowance.count / 2).clamp(1, BURST), full_at: now }
    }

    /// Whether there is one request in the bucket.
    pub(super) fn allows(&self, now: Instant) -> bool {
        self.full_at.saturating_duration_since(now) <= self.interval * (self.burst - 1)
    }

    /// Takes requests out: more than there are, if need be.
    pub(super) fn spend(&mut self, requests: usize, now: Instant) {
        let requests = u32::try_from(requests).unwrap_or(u32::MAX);
        self.full_at = self.full_at.max(now) + self.interval.saturating_mul(requests);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::venues::{binance::Binance, connector::Connector as _, okx::Okx};

    #[test]
    fn an_hour_of_constant_change_leaves_half_of_the_hour_s_requests() {
        let start = Instant::now();
        let mut pace = Pace::new(Okx.rules().requests, start);
        let mut spent = Vec::new();
        for tick in 0..4 * 3600 {
            let now = start + Duration::from_millis(250 * tick);
            if pace.allows(now) {
                pace.spend(1, now);
                spent.push(tick);
            }
        }
        assert_eq!(spent.len(), 219, "twenty, and one every 18 s");
        assert_eq!(spent[19], 19, "the first ones wait for nothing");
        let longest = spent.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert_eq!(longest, Some(4 * 18));
    }

    #[test]
    fn what_was_spent_beyond_the_bucket_is_waited_for() {
        let start = Instant::now();
        let mut pace = Pace::new(Binance.rules().requests, start);
        pace.spend(3, start);
        assert!(!pace.allows(start + Duration::from_millis(1999)));
        assert!(pace.allows(start + Duration::from_secs(2)));
        pace.spend(0, start + Duration::from_secs(2));
        assert!(pace.allows(start + Duration::from_secs(2)), "nothing sent, nothing spent");
    }
}
