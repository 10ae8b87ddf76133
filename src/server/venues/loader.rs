//! The first prices of a venue: its 24 h tickers over REST, at the start and after each new connection.

use std::{sync::Arc, time::Duration};

use rand::{SeedableRng as _, rngs::SmallRng};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    backoff::Backoff,
    context::VenueContext,
    event::{MarketEvent, Origin},
    rest::Rest,
    rest_error::RestError,
};

/// Loads are at least this far apart, however often connections come and go.
pub(super) const MIN_GAP: Duration = Duration::from_secs(10);

/// Tries for one load. Beyond, the stream has to do.
const TRIES: u32 = 5;

/// Loads once now, and once more each time `wake` says that a connection was made, until `shutdown`.
pub(super) async fn run(
    context: Arc<VenueContext>,
    rest: Arc<Rest>,
    wake: Arc<Notify>,
    shutdown: CancellationToken,
    seed: u64,
) {
    let mut rng = SmallRng::seed_from_u64(seed);
    let work = async {
        loop {
            let earliest_next = Instant::now() + MIN_GAP;
            load(&context, &rest, &mut rng).await;
            wake.notified().await;
            sleep_until(earliest_next).await;
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = work => {}
    }
}

async fn load(context: &VenueContext, rest: &Rest, rng: &mut SmallRng) {
    let mut backoff = Backoff::default();
    for left in (0..TRIES).rev() {
        match rest.tickers(&context.symbols).await {
            Ok(quotes) => {
                info!(venue = %context.venue, symbols = quotes.len(), "first prices loaded");
                for quote in quotes {
                    let at = context.clock.now();
                    let event = MarketEvent::Quote { venue: context.index, quote, origin: Origin::Rest, at };
                    if VenueContext::plausible(&quote, at) && context.events.send(event).await.is_err() {
                        return;
                    }
                }
                return;
            }
            Err(error) => {
                warn!(venue = %context.venue, error = %error, tries_left = left, "first prices not loaded");
                match error {
                    RestError::RegionBlocked { .. } | RestError::Refused { .. } => return,
                    RestError::RateLimited { retry_after } => sleep(retry_after + backoff.next(rng)).await,
                    _ => sleep(backoff.next(rng)).await,
                }
            }
        }
    }
}
