use std::net::Ipv4Addr;

use super::*;
use crate::server::access::TokenId;

fn address(n: u32) -> Client {
    Ipv4Addr::from(n).into()
}

/// Whoever shows this token, at an address of its own.
fn token(n: u32) -> Client {
    at(100 + n, n)
}

fn at(from: u32, n: u32) -> Client {
    address(from).with_token(Some(TokenId::parse(&format!("t0ken00{n}")).expect("an id")))
}

fn limits() -> LimitsConfig {
    LimitsConfig {
        requests_per_minute: 300,
        pages_per_minute: 60,
        streams_per_minute: 30,
        token_requests_per_minute: 600,
        publishes_per_minute: 900,
        total_requests_per_minute: 6000,
        ..LimitsConfig::default()
    }
}

/// How many requests at once are answered.
fn burst(limits: &RateLimits, purpose: Purpose, client: Client, now: Instant) -> usize {
    (0..10_000).take_while(|_| limits.take(purpose, client, now).is_ok()).count()
}

#[tokio::test(start_paused = true)]
async fn a_budget_is_spent_and_comes_back() {
    let limits = RateLimits::new(&limits());
    let now = Instant::now();
    assert_eq!(burst(&limits, Purpose::Rest, address(1), now), 300);
    assert_eq!(limits.take(Purpose::Rest, address(1), now), Err(Spent::Client(MINUTE)));
    assert_eq!(limits.take(Purpose::Rest, address(2), now), Ok(()), "another client has its own");
    assert!(limits.take(Purpose::Rest, address(1), now + MINUTE - Duration::from_millis(1)).is_err());
    assert_eq!(burst(&limits, Purpose::Rest, address(1), now + MINUTE), 300);
}

#[tokio::test(start_paused = true)]
async fn pages_streams_and_publications_have_budgets_of_their_own() {
    let limits = RateLimits::new(&limits());
    let now = Instant::now();
    assert_eq!(burst(&limits, Purpose::Rest, address(1), now), 300);
    assert_eq!(burst(&limits, Purpose::Page, address(1), now), 60);
    assert_eq!(burst(&limits, Purpose::Stream, address(1), now), 30);
    let wait = Duration::from_secs(2);
    assert_eq!(limits.take(Purpose::Stream, address(1), now), Err(Spent::Client(wait)));
    assert_eq!(limits.take(Purpose::Stream, address(1), now + wait), Ok(()));
    assert_eq!(burst(&limits, Purpose::Publication, token(2), now), 900);
    assert_eq!(burst(&limits, Purpose::Rest, token(2), now), 300, "publishing takes nothing from it");
    assert_eq!(burst(&limits, Purpose::Publication, address(1), now), 0, "which an address has not");
    assert_eq!(burst(&limits, Purpose::Publication, address(2), now), 300);
}

#[tokio::test(start_paused = true)]
async fn a_token_raises_nothing_for_its_address_and_is_counted_over_all_of_them() {
    let limits = RateLimits::new(&limits());
    let now = Instant::now();
    assert_eq!(burst(&limits, Purpose::Rest, at(1, 1), now), 300);
    for client in [at(1, 2), address(1)] {
        assert_eq!(burst(&limits, Purpose::Rest, client, now), 0, "the address has spent its own");
    }
    assert_eq!(burst(&limits, Purpose::Page, at(1, 2), now), 60);
    assert_eq!(burst(&limits, Purpose::Rest, at(2, 1), now), 300);
    assert_eq!(burst(&limits, Purpose::Rest, at(3, 1), now), 0, "the token has spent its own");
    assert_eq!(burst(&limits, Purpose::Rest, at(3, 2), now), 300, "and took nothing from the address then");
}

#[tokio::test(start_paused = true)]
async fn all_together_have_one_too_and_refused_requests_take_nothing() {
    let limits = RateLimits::new(&LimitsConfig { total_requests_per_minute: 400, ..limits() });
    let now = Instant::now();
    assert_eq!(burst(&limits, Purpose::Rest, address(1), now), 300);
    for _ in 0..1000 {
        assert!(matches!(limits.take(Purpose::Rest, address(1), now), Err(Spent::Client(_))));
    }
    assert_eq!(burst(&limits, Purpose::Rest, address(2), now), 100);
    let wait = Duration::from_millis(150);
    for _ in 0..1000 {
        assert_eq!(limits.take(Purpose::Rest, address(3), now), Err(Spent::Total(wait)));
    }
    // Of its own it has spent nothing.
    for n in 1..=300 {
        assert_eq!(limits.take(Purpose::Rest, address(3), now + wait * n), Ok(()));
    }
    assert!(matches!(limits.take(Purpose::Rest, address(3), now + wait * 301), Err(Spent::Client(_))));
}

#[tokio::test(start_paused = true)]
async fn memory_is_bounded() {
    let budgets = RateLimiter::new(1);
    let now = Instant::now();
    for n in 0..u32::try_from(MAX_CLIENTS).expect("small") * 2 + 5 {
        assert_eq!(budgets.take(address(n).address(), now), Ok(()));
    }
    assert!(budgets.whole_at.lock().len() <= MAX_CLIENTS);
}

#[tokio::test(start_paused = true)]
async fn zero_is_no_limit() {
    let budgets = RateLimiter::new(0);
    let window = WindowLimiter::new(0);
    for _ in 0..10_000 {
        let (whose, now) = (address(1).address(), Instant::now());
        assert_eq!((budgets.take(whose, now), window.take(whose, now)), (Ok(()), Ok(())));
    }
}
