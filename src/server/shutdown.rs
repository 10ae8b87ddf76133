//! The end: one token, heard by every task and every open stream.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// How long tasks and open connections have to end after the token was cancelled.
pub const GRACE: Duration = Duration::from_secs(10);

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
