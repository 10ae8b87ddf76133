//! How often clients may ask: each so many times at once, and as many a minute; and all together.

use std::{collections::HashMap, hash::Hash, time::Duration};

use parking_lot::Mutex;
use tokio::time::Instant;

use super::{client::Client, config::LimitsConfig};

const MINUTE: Duration = Duration::from_mins(1);
/// Clients that one limiter remembers.
const MAX_CLIENTS: usize = 20_000;

/// What is asked for. Each has budgets of its own, so that a script does not take the pages away from the people behind
/// its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Rest,
    /// The opening of a stream.
    Stream,
    /// A publication on a channel.
    Publication,
    /// A page, or a call that a page makes.
    Page,
}

/// Whose budget is spent, and how long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    Client(Duration),
    Total(Duration),
}

/// All clients together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Everybody;

/// All budgets of a server.
#[derive(Debug)]
pub struct RateLimits {
    rest: RateLimiter,
    streams: RateLimiter,
    pages: RateLimiter,
    tokens: RateLimiter,
    publications: RateLimiter,
    total: RateLimiter<Everybody>,
}

impl RateLimits {
    pub fn new(limits: &LimitsConfig) -> Self {
        Self {
            rest: RateLimiter::new(limits.requests_per_minute),
            streams: RateLimiter::new(limits.streams_per_minute()),
            pages: RateLimiter::new(limits.pages_per_minute()),
            tokens: RateLimiter::new(limits.token_requests_per_minute()),
            total: RateLimiter::new(limits.total_requests_per_minute()),
            publications: RateLimiter::new(limits.publishes_per_minute),
        }
    }

    /// Counts a request. One that is refused is not counted, so a client that asks for too much takes nothing from
    /// others.
    ///
    /// # Errors
    /// [`Spent`], with how long to wait.
    pub fn take(&self, purpose: Purpose, client: Client, now: Instant) -> Result<(), Spent> {
        let budgets = match (client, purpose) {
            (Client::Token(_), Purpose::Publication) => &self.publications,
            (Client::Token(_), _) => &self.tokens,
            // Who publishes without a token is about to be refused.
            (Client::Address(_), Purpose::Rest | Purpose::Publication) => &self.rest,
            (Client::Address(_), Purpose::Stream) => &self.streams,
            (Client::Address(_), Purpose::Page) => &self.pages,
        };
        budgets.take(client, now).map_err(Spent::Client)?;
        self.total.take(Everybody, now).map_err(Spent::Total)
    }
}

/// Budgets of many clients, or of whatever else is counted, by the generic cell rate algorithm: one time says when a
/// budget is whole again. <https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm>
#[derive(Debug)]
pub struct RateLimiter<K = Client> {
    /// What one request costs. Zero: no limit.
    cost: Duration,
    /// When each budget is whole again. Bounded: times that have passed are forgotten first, then all.
    whole_at: Mutex<HashMap<K, Instant>>,
}

impl<K: Eq + Hash + Copy> RateLimiter<K> {
    /// `per_minute` requests at once, and as many over each minute. 0 lets everything through.
    pub fn new(per_minute: u32) -> Self {
        Self { cost: MINUTE.checked_div(per_minute).unwrap_or_default(), whole_at: Mutex::default() }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// How long to wait, where the budget is spent.
    pub fn take(&self, whose: K, now: Instant) -> Result<(), Duration> {
        if self.cost.is_zero() {
            return Ok(());
        }
        let mut whole_at = self.whole_at.lock();
        if whole_at.len() >= MAX_CLIENTS && !whole_at.contains_key(&whose) {
            whole_at.retain(|_, at| *at > now);
            if whole_at.len() >= MAX_CLIENTS {
                // So many clients at once are an attack that counting clients does not stop. A total does.
                whole_at.clear();
            }
        }
        let at = whole_at.entry(whose).or_insert(now);
        *at = self.after_one(*at, now)?;
        Ok(())
    }

    /// What [`take`](Self::take) would say, without counting.
    ///
    /// # Errors
    /// How long to wait, where the budget is spent.
    pub fn peek(&self, whose: K, now: Instant) -> Result<(), Duration> {
        let at = self.whole_at.lock().get(&whose).copied();
        at.map_or(Ok(()), |at| self.after_one(at, now).map(|_| ()))
    }

    /// When the budget is whole again after one more.
    fn after_one(&self, whole_at: Instant, now: Instant) -> Result<Instant, Duration> {
        let next = whole_at.max(now) + self.cost;
        match (next - now).checked_sub(MINUTE) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => Ok(next),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::server::access::TokenId;

    fn address(n: u32) -> Client {
        Ipv4Addr::from(n).into()
    }

    fn token(n: u32) -> Client {
        Client::Token(TokenId::parse(&format!("t0ken00{n}")).expect("an id"))
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
        let wait = Duration::from_millis(200);
        assert_eq!(limits.take(Purpose::Rest, address(1), now), Err(Spent::Client(wait)));
        assert_eq!(limits.take(Purpose::Rest, address(2), now), Ok(()), "another client has its own");
        let later = now + wait;
        assert_eq!(limits.take(Purpose::Rest, address(1), later), Ok(()));
        assert!(limits.take(Purpose::Rest, address(1), later).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn pages_streams_and_tokens_have_budgets_of_their_own() {
        let limits = RateLimits::new(&limits());
        let now = Instant::now();
        assert_eq!(burst(&limits, Purpose::Rest, address(1), now), 300);
        assert_eq!(burst(&limits, Purpose::Page, address(1), now), 60);
        assert_eq!(burst(&limits, Purpose::Stream, address(1), now), 30);
        assert_eq!(burst(&limits, Purpose::Rest, token(1), now), 600);
        assert_eq!(burst(&limits, Purpose::Page, token(1), now), 0, "a token has one, whatever it is used for");
        assert_eq!(burst(&limits, Purpose::Rest, token(2), now), 600);
        assert_eq!(burst(&limits, Purpose::Publication, token(2), now), 900, "but for publishing");
        assert_eq!(burst(&limits, Purpose::Publication, address(1), now), 0, "which an address has not");
        assert_eq!(burst(&limits, Purpose::Publication, address(2), now), 300);
    }

    #[tokio::test(start_paused = true)]
    async fn all_together_have_one_too_and_refused_requests_take_nothing_from_it() {
        let limits = RateLimits::new(&LimitsConfig { total_requests_per_minute: 400, ..limits() });
        let now = Instant::now();
        assert_eq!(burst(&limits, Purpose::Rest, address(1), now), 300);
        for _ in 0..1000 {
            assert!(matches!(limits.take(Purpose::Rest, address(1), now), Err(Spent::Client(_))));
        }
        assert_eq!(burst(&limits, Purpose::Rest, address(2), now), 100);
        assert_eq!(limits.take(Purpose::Rest, address(3), now), Err(Spent::Total(Duration::from_millis(150))));
        assert_eq!(limits.take(Purpose::Rest, address(3), now + Duration::from_millis(150)), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded() {
        let budgets = RateLimiter::new(1);
        let now = Instant::now();
        for n in 0..u32::try_from(MAX_CLIENTS).expect("small") * 2 + 5 {
            assert_eq!(budgets.take(address(n), now), Ok(()));
        }
        assert!(budgets.whole_at.lock().len() <= MAX_CLIENTS);
    }

    #[tokio::test(start_paused = true)]
    async fn zero_is_no_limit() {
        let budgets = RateLimiter::new(0);
        for _ in 0..10_000 {
            assert_eq!(budgets.take(address(1), Instant::now()), Ok(()));
        }
    }
}
