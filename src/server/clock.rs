//! Where the time comes from. Nothing else in the server asks the operating system for it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::model::time::UnixMs;

/// One moment on both clocks: the wall clock for people and payloads, the monotonic one for ages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    pub wall: UnixMs,
    /// Tokio's instant, so that a paused runtime moves it.
    pub mono: Instant,
}

/// Whole milliseconds.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A source of [`Stamp`]s.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The machine's clocks.
    System,
    /// A wall clock that starts at `wall` and follows the monotonic one: for tests and replays.
    Following { wall: UnixMs, since: Instant },
}

impl Clock {
    /// A wall clock that reads `wall` now and from here on follows tokio's clock, paused or not.
    pub fn following(wall: UnixMs) -> Self {
        Self::Following { wall, since: Instant::now() }
    }

    /// This moment.
    pub fn now(self) -> Stamp {
        Stamp { wall: self.wall(), mono: Instant::now() }
    }

    /// This moment on the wall clock.
    pub fn wall(self) -> UnixMs {
        match self {
            Self::System => {
                let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                UnixMs(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
            }
            Self::Following { wall, since } => {
                UnixMs(wall.0.saturating_add(i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX)))
            }
        }
    }
}
