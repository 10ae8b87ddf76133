//! What goes wrong with feeds on demand.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::outlets::OUTLETS;

/// What can be wrong with a feed. [`super::control`] says what each does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeedFault {
    Slow,
    Dead,
    Gone,
    Malformed,
    Html,
    Huge,
    Bomb,
    GzipBomb,
    RedirectLoop,
    RedirectPrivate,
    WrongEncoding,
    RateLimit,
    ServerError,
    Empty,
    Nested,
    Endless,
    Truncated,
}

impl FeedFault {
    pub const ALL: [Self; 17] = [
        Self::Slow,
        Self::Dead,
        Self::Gone,
        Self::Malformed,
        Self::Html,
        Self::Huge,
        Self::Bomb,
        Self::GzipBomb,
        Self::RedirectLoop,
        Self::RedirectPrivate,
        Self::WrongEncoding,
        Self::RateLimit,
        Self::ServerError,
        Self::Empty,
        Self::Nested,
        Self::Endless,
        Self::Truncated,
    ];

    /// The name in the control interface.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Slow => "slow",
            Self::Dead => "dead",
            Self::Gone => "gone",
            Self::Malformed => "malformed",
            Self::Html => "html",
            Self::Huge => "huge",
            Self::Bomb => "bomb",
            Self::GzipBomb => "gzip_bomb",
            Self::RedirectLoop => "redirect_loop",
            Self::RedirectPrivate => "redirect_private",
            Self::WrongEncoding => "wrong_encoding",
            Self::RateLimit => "rate_limit",
            Self::ServerError => "server_error",
            Self::Empty => "empty",
            Self::Nested => "nested",
            Self::Endless => "endless",
            Self::Truncated => "truncated",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.as_str() == text)
    }
}

/// A fault that is in force.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ActiveFault {
    pub fault: FeedFault,
    /// `None` until it is cleared.
    pub until: Option<Instant>,
}

/// The faults of all feeds: one of each at most.
#[derive(Debug)]
pub struct FeedFaults {
    active: Mutex<[Option<ActiveFault>; OUTLETS.len()]>,
}

impl Default for FeedFaults {
    fn default() -> Self {
        Self { active: Mutex::new([None; OUTLETS.len()]) }
    }
}

impl FeedFaults {
    /// Breaks a feed, for a time or until it is mended. A new fault replaces the one before.
    pub fn start(&self, outlet: usize, fault: FeedFault, lasts: Option<Duration>) {
        // A time too long to be written as an instant is as good as none.
        let until = lasts.and_then(|lasts| Instant::now().checked_add(lasts));
        if let Some(slot) = self.active.lock().get_mut(outlet) {
            *slot = Some(ActiveFault { fault, until });
        }
    }

    /// Mends a feed, or all of them.
    pub fn clear(&self, outlet: Option<usize>) {
        for (place, slot) in self.active.lock().iter_mut().enumerate() {
            if outlet.is_none_or(|outlet| outlet == place) {
                *slot = None;
            }
        }
    }

    /// What is wrong with a feed now.
    pub fn of(&self, outlet: usize) -> Option<ActiveFault> {
        let now = Instant::now();
        let known = self.active.lock().get(outlet).copied().flatten();
        known.filter(|active| active.until.is_none_or(|until| now < until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_name_of_its_own() {
        for fault in FeedFault::ALL {
            assert_eq!(FeedFault::parse(fault.as_str()), Some(fault));
        }
        assert_eq!(FeedFault::parse("earthquake"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn faults_end_by_themselves_or_when_cleared() {
        let faults = FeedFaults::default();
        let of = |place| faults.of(place).map(|active| active.fault);
        faults.start(0, FeedFault::Gone, Some(Duration::from_secs(5)));
        faults.start(1, FeedFault::Slow, None);
        faults.start(1, FeedFault::Html, None);
        faults.start(2, FeedFault::Html, None);
        assert_eq!((of(0), of(1), of(3)), (Some(FeedFault::Gone), Some(FeedFault::Html), None));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!((of(0), of(1)), (None, Some(FeedFault::Html)));
        faults.clear(Some(1));
        assert_eq!((of(1), of(2)), (None, Some(FeedFault::Html)));
        faults.clear(None);
        assert_eq!(of(2), None);
    }
}
