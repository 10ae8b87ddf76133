//! Trying again while the storage fails.

use std::{future::Future, time::Duration};

use tokio::time::sleep;
use tracing::{info, warn};

use crate::server::storage::error::StorageError;

/// Between two attempts: at first, and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Tries until it succeeds, at growing intervals. Says once that it fails and once that it does no more.
pub(super) async fn patiently<T, F>(what: &str, attempt: impl Fn() -> F) -> T
where
    F: Future<Output = Result<T, StorageError>>,
{
    let (mut wait, most) = RETRY;
    let mut failed = false;
    loop {
        match attempt().await {
            Ok(done) => {
                if failed {
                    info!("can {what} again");
                }
                return done;
            }
            Err(error) => {
                if !failed {
                    warn!(%error, "can't {what}; trying again");
                }
                failed = true;
                sleep(wait).await;
                wait = (wait * 2).min(most);
            }
        }
    }
}
