use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::server::services::fixture::Fixture;

/// Prices that run until they are let go, and no news.
#[derive(Default)]
struct Played {
    starts: AtomicUsize,
}

impl Sides for Played {
    fn start_prices(&self, tasks: &TaskTracker, _: &CancellationToken) {
        self.starts.fetch_add(1, Ordering::Relaxed);
        tasks.spawn(std::future::pending::<()>());
    }

    fn start_news<'a>(
        &'a self,
        _: Arc<dyn Press>,
        _: &'a TaskTracker,
        _: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<(), StorageError>> {
        unreachable!("nobody leads")
    }
}

/// Something that does not end when it should.
fn stuck(token: &CancellationToken) -> Running {
    let running = Running::under(token);
    running.tasks.spawn(std::future::pending::<()>());
    running
}

const GRACE: Duration = Duration::from_secs(10);

fn roles(fixture: &Fixture, sides: &Arc<Played>) -> Roles {
    let services = &fixture.services;
    let (board, hub) = (Arc::clone(&services.market), Arc::clone(&services.hub));
    Roles {
        shared: Shared::new("me".to_owned()),
        mirror: Arc::new(Mirror::new(board, hub, services.clock, GRACE)),
        outlet: Arc::default(),
        sides: Arc::clone(sides) as Arc<dyn Sides>,
        storage: None,
        clock: services.clock,
        grace: GRACE,
        prices: None,
        news: None,
    }
}

#[tokio::test(start_paused = true)]
async fn news_that_does_not_end_holds_up_no_prices() {
    let (fixture, sides, token) = (Fixture::new(), Arc::<Played>::default(), CancellationToken::new());
    let mut roles = roles(&fixture, &sides);
    let folder = tempfile::tempdir().unwrap();
    roles.storage = Some(Storage::open(folder.path(), fixture.services.clock).unwrap());
    // Nobody leads any more, and no leader has been heard for just long enough.
    roles.news = Some((7, stuck(&token)));
    roles.shared.set_own_news(true);
    tokio::time::sleep(GRACE).await;
    let shared = Arc::clone(&roles.shared);
    let running = tokio::spawn(roles.run(token.clone()));
    tokio::time::sleep(2 * LOOK_EVERY).await;
    assert_eq!((sides.starts.load(Ordering::Relaxed), shared.own_prices(), shared.own_news()), (1, true, true));
    tokio::time::sleep(STOP_TIMEOUT).await;
    assert!(!shared.own_news());
    token.cancel();
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_shown_ages_while_something_does_not_end() {
    let (fixture, sides, token) = (Fixture::new(), Arc::<Played>::default(), CancellationToken::new());
    let mut roles = roles(&fixture, &sides);
    let folder = tempfile::tempdir().unwrap();
    roles.storage = Some(Storage::open(folder.path(), fixture.services.clock).unwrap());
    roles.news = Some((7, stuck(&token)));
    roles.grace = 10 * GRACE;
    // Left behind by this node's own market; it grows too old while the news is stopped.
    let mut left = crate::server::market::fixture::ticker("BTC", 9.0);
    left.received_at = fixture.services.clock.wall();
    let symbol = left.symbol;
    fixture.post(left);
    tokio::time::sleep(GRACE.checked_sub(4 * LOOK_EVERY).unwrap()).await;
    let running = tokio::spawn(roles.run(token.clone()));
    let sources = || fixture.services.market.ticker(symbol).unwrap().sources;
    tokio::time::sleep(2 * LOOK_EVERY).await;
    assert_eq!(sources(), 1);
    tokio::time::sleep(4 * LOOK_EVERY).await;
    assert_eq!(sources(), 0);
    token.cancel();
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_does_not_end_is_waited_for_together() {
    let (fixture, sides, token) = (Fixture::new(), Arc::<Played>::default(), CancellationToken::new());
    let mut roles = roles(&fixture, &sides);
    (roles.prices, roles.news) = (Some(stuck(&token)), Some((7, stuck(&token))));
    token.cancel();
    let begun = Instant::now();
    roles.run(token).await;
    assert!(begun.elapsed() < 2 * STOP_TIMEOUT, "on the paused clock");
}
