//! Ids of ticker messages: they grow, over restarts and over nodes too.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::server::clock::{Clock, Stamp};

/// Gives out ids.
///
/// They start at the microseconds of the wall clock, so they grow over restarts as long as fewer than a million a second
/// are given out, and stay below 2^53 until the year 2255.
#[derive(Debug)]
pub(super) struct Ids {
    last: AtomicU64,
    /// Where several nodes give out ids, all of them stay near the wall clock, and so near each other.
    shared: Option<Clock>,
}

impl Ids {
    pub(super) fn new(started: Stamp, shared: Option<Clock>) -> Self {
        Self { last: AtomicU64::new(micros(started.wall.0)), shared }
    }

    /// An id that is greater than every one before.
    pub(super) fn next(&self) -> u64 {
        let floor = self.shared.map_or(0, |clock| micros(clock.wall().0));
        let next = |last: u64| (last + 1).max(floor);
        // Never refused, so both arms are the id before.
        let (Ok(last) | Err(last)) =
            self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        next(last)
    }

    /// Another node gave out this one: those of here are greater from now on.
    pub(super) fn note(&self, id: u64) {
        self.last.fetch_max(id, Ordering::Relaxed);
    }
}

fn micros(wall_ms: i64) -> u64 {
    u64::try_from(wall_ms.max(0)).unwrap_or_default().saturating_mul(1000)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::time::UnixMs;

    #[tokio::test(start_paused = true)]
    async fn ids_grow_by_one_and_nodes_stay_near_each_other() {
        let clock = Clock::following(UnixMs(5));
        let alone = Ids::new(clock.now(), None);
        let shared = Ids::new(clock.now(), Some(clock));
        assert_eq!([alone.next(), alone.next(), shared.next(), shared.next()], [5001, 5002, 5001, 5002]);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!([alone.next(), shared.next(), shared.next()], [5003, 1_005_000, 1_005_001]);
        shared.note(2_000_000);
        shared.note(7);
        assert_eq!(shared.next(), 2_000_001);
    }
}
