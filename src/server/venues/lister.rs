//! Keeps what is known of a venue's listing: asked for over REST, at the start and about once an hour.

use std::{sync::Arc, time::Duration};

use rand::{SeedableRng as _, rngs::SmallRng};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    backoff::{Backoff, jittered},
    event::VenueIndex,
    listings::Listings,
    rest::Rest,
    rest_error::RestError,
};
use crate::model::venue::Venue;

/// How long a listing is believed.
const REFRESH: Duration = Duration::from_hours(1);

/// Waits of an hour differ by up to this share: servers that started together do not ask together.
const REFRESH_JITTER: f64 = 0.1;

/// The wait before a venue that gave no listing is asked again is at least this long, once the first quick tries failed.
const PATIENCE: Duration = Duration::from_mins(5);

/// The same while nothing is known of it: readers wait for its symbols.
const IMPATIENCE: Duration = Duration::from_secs(30);

/// Quick tries, before patience.
const TRIES: u32 = 4;

/// Who is asked.
pub(super) struct Asked {
    pub(super) venue: Venue,
    pub(super) index: VenueIndex,
    pub(super) rest: Arc<Rest>,
}

/// Asks now and about once an hour, until `shutdown`. While a venue can't be asked, what it listed before is believed.
pub(super) async fn run(asked: Asked, listings: Arc<Listings>, shutdown: CancellationToken, seed: u64) {
    let Asked { venue, index, rest } = asked;
    let mut rng = SmallRng::seed_from_u64(seed);
    let work = async {
        let mut backoff = Backoff::default();
        let mut failures = 0;
        loop {
            let wait = match rest.listing().await {
                Ok(symbols) => {
                    info!(%venue, symbols = symbols.len(), "listing loaded");
                    listings.set(index, symbols);
                    failures = 0;
                    backoff.reset();
                    jittered(REFRESH, REFRESH_JITTER, &mut rng)
                }
                Err(error) => {
                    failures += 1;
                    warn!(%venue, %error, failures, "listing not loaded");
                    listings.failed(index);
                    let usual = backoff.next(&mut rng);
                    match error {
                        RestError::RateLimited { retry_after } => retry_after + usual,
                        _ if failures < TRIES => usual,
                        _ if listings.is_known(index) => jittered(PATIENCE, REFRESH_JITTER, &mut rng),
                        _ => jittered(IMPATIENCE, REFRESH_JITTER, &mut rng),
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

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, sleep};

    use super::*;
    use crate::{
        model::symbol::Symbol,
        server::venues::{
            bybit::Bybit,
            connector::Connector as _,
            peer::{Shelf, symbols},
        },
    };

    const HOUR: Duration = Duration::from_hours(1);

    /// A lister of Bybit, and the shelf that its answers come from.
    fn start() -> (Arc<Shelf>, Arc<Listings>, CancellationToken) {
        let (shelf, listings, shutdown) =
            (Arc::new(Shelf::default()), Arc::new(Listings::new(1)), CancellationToken::new());
        let rest = Rest::new(&Bybit, vec!["http://a".to_owned()], Arc::<Shelf>::clone(&shelf), 1);
        let asked = Asked { venue: Bybit.venue(), index: VenueIndex(0), rest: Arc::new(rest) };
        tokio::spawn(run(asked, Arc::clone(&listings), shutdown.clone(), 1));
        (shelf, listings, shutdown)
    }

    fn lists(shelf: &Shelf, base: &str) {
        let row = format!(r#"{{"baseCoin":"{base}","quoteCoin":"USDT","status":"Trading"}}"#);
        let body = format!(r#"{{"retCode":0,"result":{{"list":[{row}]}},"time":1}}"#);
        shelf.put("http://a/v5/market/instruments-info?category=spot", 200, &body);
    }

    fn known(listings: &Listings) -> Vec<Symbol> {
        listings.symbols().into_iter().collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_listing_is_asked_for_at_the_start_and_about_every_hour() {
        let (shelf, listings, shutdown) = start();
        lists(&shelf, "PEPE");
        sleep(Duration::from_secs(1)).await;
        assert_eq!((known(&listings), shelf.count()), (symbols(&["PEPE"]), 1));
        lists(&shelf, "SHIB");
        sleep(HOUR.mul_f64(0.89)).await;
        assert_eq!(shelf.count(), 1);
        sleep(HOUR.mul_f64(0.22)).await;
        assert_eq!((known(&listings), shelf.count()), (symbols(&["SHIB"]), 2));
        sleep(10 * HOUR).await;
        assert!((10..=14).contains(&shelf.count()), "{}", shelf.count());
        let asked: Vec<Instant> = shelf.asked.lock().iter().map(|(at, _)| *at).collect();
        let mut waits: Vec<u64> = asked.windows(2).map(|pair| (pair[1] - pair[0]).as_secs()).collect();
        waits.dedup();
        assert!(waits.len() > 5, "they differ: {waits:?}");
        shutdown.cancel();
        sleep(10 * HOUR).await;
        assert_eq!(shelf.count(), asked.len());
    }

    #[tokio::test(start_paused = true)]
    async fn a_venue_that_gives_none_is_asked_patiently_and_what_it_gave_is_kept() {
        let (shelf, listings, _shutdown) = start();
        sleep(Duration::from_millis(1)).await;
        assert!(listings.is_incomplete(), "nothing is known to be listed nowhere");
        sleep(HOUR).await;
        assert!((100..=150).contains(&shelf.count()), "{}", shelf.count());
        lists(&shelf, "PEPE");
        sleep(Duration::from_secs(35)).await;
        assert_eq!(known(&listings), symbols(&["PEPE"]));
        sleep(2 * HOUR).await;
        let before = shelf.count();
        for nonsense in ["", "[]", r#"{"retCode":0,"result":{"list":[]},"time":1}"#, r#"{"retCode":10016}"#] {
            shelf.put("http://a/v5/market/instruments-info?category=spot", 200, nonsense);
            sleep(2 * HOUR).await;
            assert_eq!(known(&listings), symbols(&["PEPE"]), "{nonsense}");
        }
        assert!((80..=120).contains(&(shelf.count() - before)), "eight hours: {}", shelf.count() - before);
    }
}
