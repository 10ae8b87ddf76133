//! Keeps the database small.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::server::{
    clock::Clock,
    config::NewsConfig,
    storage::{
        Storage,
        retention::{Pruned, RetentionLimits},
    },
};

const MIB: u64 = 1 << 20;
/// How often the database is looked through for what is too old.
const PRUNE_EVERY: Duration = Duration::from_mins(10);

/// What is kept, as the settings say.
pub(super) const fn limits(config: &NewsConfig) -> RetentionLimits {
    RetentionLimits {
        days: config.retention_days,
        event_hours: config.event_hours,
        max_bytes: config.max_mb.saturating_mul(MIB),
    }
}

/// Throws away what is too old or too much, at the start and then now and again.
pub(super) async fn keep_small(storage: Storage, limits: RetentionLimits, clock: Clock, token: CancellationToken) {
    let mut tick = interval(PRUNE_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = token.cancelled() => return,
            _ = tick.tick() => {}
        }
        match storage.prune(clock.wall(), limits).await {
            Ok(pruned) if pruned == Pruned::default() => {}
            Ok(Pruned { articles, stories, events, bytes }) => {
                info!(articles, stories, events, bytes, "news that is too old was thrown away");
            }
            Err(error) => warn!(%error, "old news can't be thrown away"),
        }
    }
}
