//! Keeps what is known of a venue's listing: asked for over REST, at the start and about once an hour.

use std::{sync::Arc, time::Duration};

use rand::{SeedableRng as _, rngs::SmallRng};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    backoff::{Backoff, jittered},
    context::VenueContext,
    listings::Listings,
    rest::Rest,
    rest_error::RestError,
};

/// How long a listing is believed.
const REFRESH: Duration = Duration::from_hours(1);

/// Waits of an hour differ by up to this share: servers that started together do not ask together.
const REFRESH_JITTER: f64 = 0.1;

/// The wait before a venue that gave no listing is asked again is at least this long, once the first quick tries failed.
const PATIENCE: Duration = Duration::from_mins(5);

/// Quick tries, before patience.
const TRIES: u32 = 4;

/// Asks now and about once an hour, until `shutdown`. While a venue can't be asked, what it listed before is believed.
pub(super) async fn run(
    context: Arc<VenueContext>,
    rest: Arc<Rest>,
    listings: Arc<Listings>,
    shutdown: CancellationToken,
    seed: u64,
) {
    let mut rng = SmallRng::seed_from_u64(seed);
    let work = async {
        let mut backoff = Backoff::default();
        let mut failures = 0;
        loop {
            let wait = match rest.listing().await {
                Ok(symbols) => {
                    info!(venue = %context.venue, symbols = symbols.len(), "listing loaded");
                    listings.set(context.index, symbols);
                    failures = 0;
                    backoff.reset();
                    jittered(REFRESH, REFRESH_JITTER, &mut rng)
                }
                Err(error) => {
                    failures += 1;
                    warn!(venue = %context.venue, %error, failures, "listing not loaded");
                    listings.failed(context.index);
                    let usual = backoff.next(&mut rng);
                    match error {
                        RestError::RateLimited { retry_after } => retry_after + usual,
                        _ if failures < TRIES => usual,
                        _ => jittered(PATIENCE, REFRESH_JITTER, &mut rng),
                    }
                }
            };
            sleep(wait).await;
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = work => {}
    }
}
