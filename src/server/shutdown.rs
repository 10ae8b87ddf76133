//! The end: one token, heard by every task and every open stream.

use std::{future::Future, time::Duration};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How long tasks and open connections have to end after the token was cancelled, all in all.
pub const GRACE: Duration = Duration::from_secs(9);

/// The soonest that a reader of a server that goes down is asked to come back, in milliseconds: a restart takes about
/// as long.
const SOONEST_MS: u64 = 1000;
/// Over how long the readers come back, in milliseconds.
const SPREAD_MS: u64 = 5000;

/// What readers of a server that goes down are told.
pub const GOING_DOWN: &str = "the server is going down; reconnect";

/// When a reader of a server that goes down should come back, in milliseconds from now: 1 to 6 seconds. Consecutive
/// readers are far apart from each other, so that all of them together come back at an even rate.
pub const fn reconnect_after_ms(reader: u64) -> u64 {
    // Fibonacci hashing (Knuth, The Art of Computer Programming, 6.4): multiples of the golden ratio fill a range evenly.
    let place = reader.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    SOONEST_MS + ((place * SPREAD_MS) >> 32)
}

/// Waits for `work`, which ends some time after `token` is cancelled, but not for ever. Whether it ended in time.
pub async fn within_grace(token: &CancellationToken, work: impl Future<Output = ()>) -> bool {
    let expired = async {
        token.cancelled().await;
        sleep(GRACE).await;
    };
    tokio::select! {
        () = work => true,
        () = expired => false,
    }
}

/// Cancels `token` at the first interrupt or termination signal. A second one ends the process at once.
pub async fn on_signal(token: CancellationToken) {
    signal().await;
    tracing::info!("shutting down");
    token.cancel();
    signal().await;
    tracing::warn!("second signal: ending at once");
    std::process::exit(1);
}

async fn signal() {
    let interrupt = async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::warn!(%error, "can't listen for interrupts");
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    () = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(error) => {
                tracing::warn!(%error, "can't listen for termination");
                interrupt.await;
            }
        }
    }
    #[cfg(not(unix))]
    interrupt.await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_does_not_end_is_not_waited_for() {
        let token = CancellationToken::new();
        let cancelling = token.clone();
        tokio::spawn(async move {
            sleep(Duration::from_hours(1)).await;
            cancelling.cancel();
        });
        let started = tokio::time::Instant::now();
        assert!(!within_grace(&token, std::future::pending()).await);
        assert_eq!(started.elapsed(), Duration::from_hours(1) + GRACE);
        assert!(within_grace(&token, sleep(Duration::from_secs(8))).await, "what ends in time is waited for");
    }

    #[test]
    fn readers_come_back_at_an_even_rate() {
        for readers in [50, 1000, 10_000] {
            for first in [1, 77, 1 << 40] {
                let mut per_half_second = [0_u64; 10];
                for reader in first..first + readers {
                    let ms = reconnect_after_ms(reader);
                    assert!((1000..6000).contains(&ms), "{ms}");
                    per_half_second[usize::try_from((ms - 1000) / 500).expect("small")] += 1;
                }
                let (least, most) = (readers / 10 * 6 / 10, readers / 10 * 14 / 10);
                assert!(per_half_second.iter().all(|count| (least..=most).contains(count)), "{per_half_second:?}");
            }
        }
    }
}
