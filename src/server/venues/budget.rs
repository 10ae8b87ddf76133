//! Keeping to what a venue allows.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::connector::Allowance;

/// Counts what was spent of an [`Allowance`], exactly: never more than `count` in any span of `window`, where a token
/// bucket would let twice as much pass around a full bucket.
#[derive(Debug)]
pub(super) struct Budget {
    allowance: Allowance,
    /// When the newest `count` were spent, oldest first.
    spent: VecDeque<Instant>,
}

impl Budget {
    pub(super) const fn new(allowance: Allowance) -> Self {
        Self { allowance, spent: VecDeque::new() }
    }

    /// When the next one may be spent: `now` or later.
    pub(super) fn ready_at(&self, now: Instant) -> Instant {
        let full = self.spent.len() >= usize::try_from(self.allowance.count).unwrap_or(usize::MAX);
        match self.spent.front() {
            // Strictly outside the window.
            Some(oldest) if full => now.max(*oldest + self.allowance.window + std::time::Duration::from_millis(1)),
            _ => now,
        }
    }

    /// Spends one now, whether or not there is one.
    pub(super) fn spend(&mut self, now: Instant) {
        self.spent.push_back(now);
        while self.spent.len() > usize::try_from(self.allowance.count).unwrap_or(usize::MAX) {
            self.spent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_window_ever_holds_more_than_the_allowance(
            count in 1_u32..8,
            window_ms in 1_u64..5000,
            waits_ms in prop::collection::vec(0_u64..700, 1..80),
        ) {
            let window = Duration::from_millis(window_ms);
            let mut budget = Budget::new(Allowance::new(count, window));
            let mut now = Instant::now();
            let mut spent = Vec::new();
            for wait in waits_ms {
                now = budget.ready_at(now + Duration::from_millis(wait));
                budget.spend(now);
                spent.push(now);
            }
            for start in &spent {
                let within = spent.iter().filter(|at| *at >= start && **at <= *start + window).count();
                prop_assert!(within <= usize::try_from(count).unwrap());
            }
        }
    }
}
