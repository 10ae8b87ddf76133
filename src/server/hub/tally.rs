//! What a reader was handed and is not counted yet.

use crate::server::metrics::clients::Presence;

/// Messages of one reader. They are counted when it has taken all there is, not one by one: thousands of readers would
/// meet at one counter.
#[derive(Debug, Default)]
pub(super) struct Tally {
    delivered: u64,
}

impl Tally {
    pub(super) const fn delivered(&mut self) {
        self.delivered += 1;
    }

    /// Counts them, and prices that were `superseded` before the reader took them.
    pub(super) fn settle(&mut self, presence: &Presence, superseded: u64) {
        if self.delivered > 0 {
            presence.delivered(std::mem::take(&mut self.delivered));
        }
        if superseded > 0 {
            presence.superseded(superseded);
        }
    }
}
