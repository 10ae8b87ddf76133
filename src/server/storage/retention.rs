//! How long what is stored is kept.

use std::time::Duration;

/// What is kept. Beyond it the oldest goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionLimits {
    /// Days of news, counted from [`Article::at`](crate::model::article::Article::at).
    pub days: u64,
    /// Hours of the log, and of the channels.
    pub event_hours: u64,
    /// Bytes that the database may use on the disk, beside a journal of a few MiB.
    pub max_bytes: u64,
}

impl RetentionLimits {
    /// How long the log is kept, and what is told on the channels.
    pub const fn event_age(self) -> Duration {
        Duration::from_secs(self.event_hours.saturating_mul(3600))
    }

    /// Bytes that the events of all channels may take: a quarter, so that who publishes much drives no news out.
    pub const fn channel_bytes(self) -> u64 {
        self.max_bytes / 4
    }
}

/// What was thrown away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    pub articles: u64,
    pub stories: u64,
    /// Of the log and of the channels.
    pub events: u64,
    /// Bytes that the file became smaller by.
    pub bytes: u64,
}
