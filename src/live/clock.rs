//! The server's time as the page knows it.

use crate::model::time::UnixMs;

/// Estimates the server's clock from the times that its messages carry and a local monotonic clock.
///
/// The visitor's own clock plays no part: it may be wrong by hours. A message is always late by its way through the
/// network, so of several estimates the highest is the best.
#[derive(Debug, Clone)]
pub struct ServerClock {
    /// Server time minus local time, in milliseconds.
    offset_ms: i64,
}

impl ServerClock {
    /// A clock that shows `server` at the local time `local_ms`.
    pub fn new(server: UnixMs, local_ms: u64) -> Self {
        Self { offset_ms: offset(server, local_ms) }
    }

    /// Learns that the server's clock had reached `server` by the local time `local_ms`.
    pub fn observe(&mut self, server: UnixMs, local_ms: u64) {
        self.offset_ms = self.offset_ms.max(offset(server, local_ms));
    }

    /// Forgets what was learned: a new connection may lead to another server, or a clock was set.
    pub fn reset(&mut self, server: UnixMs, local_ms: u64) {
        self.offset_ms = offset(server, local_ms);
    }

    /// The server's clock at the local time `local_ms`.
    pub fn now(&self, local_ms: u64) -> UnixMs {
        UnixMs(self.offset_ms.saturating_add_unsigned(local_ms))
    }
}

const fn offset(server: UnixMs, local_ms: u64) -> i64 {
    server.0.saturating_sub_unsigned(local_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_delayed_message_wins_until_a_reset() {
        let mut clock = ServerClock::new(UnixMs(1_000_000), 500);
        assert_eq!(clock.now(500), UnixMs(1_000_000));
        assert_eq!(clock.now(1_500), UnixMs(1_001_000));
        // 300 ms late: says nothing new.
        clock.observe(UnixMs(1_001_200), 2_000);
        assert_eq!(clock.now(2_000), UnixMs(1_001_500));
        // Earlier ones were later than this by 80 ms.
        clock.observe(UnixMs(1_002_580), 3_000);
        assert_eq!(clock.now(3_000), UnixMs(1_002_580));
        clock.reset(UnixMs(5_000), 4_000);
        assert_eq!(clock.now(4_100), UnixMs(5_100));
    }

    #[test]
    fn absurd_times_do_not_overflow() {
        let mut clock = ServerClock::new(UnixMs(i64::MIN), u64::MAX);
        clock.observe(UnixMs(i64::MAX), 0);
        assert_eq!(clock.now(u64::MAX), UnixMs(i64::MAX));
    }
}
