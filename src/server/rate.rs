//! How often clients may ask: each so many times at once, and as many a minute; and all together.

mod window;

use std::{collections::HashMap, hash::Hash, time::Duration};

use parking_lot::Mutex;
use tokio::time::Instant;

use self::window::WindowLimiter;
use super::{
    client::{Account, Client},
    config::LimitsConfig,
};

pub(super) const MINUTE: Duration = Duration::from_mins(1);
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
    /// In any minute: what is said to everybody of requests.
    rest: WindowLimiter,
    streams: RateLimiter,
    pages: RateLimiter,
    tokens: RateLimiter,
    publications: RateLimiter,
    total: RateLimiter<Everybody>,
}

impl RateLimits {
    pub fn new(limits: &LimitsConfig) -> Self {
        Self {
            rest: WindowLimiter::new(limits.requests_per_minute),
            streams: RateLimiter::new(limits.streams_per_minute()),
            pages: RateLimiter::new(limits.pages_per_minute()),
            tokens: RateLimiter::new(limits.token_requests_per_minute()),
            total: RateLimiter::new(limits.total_requests_per_minute()),
            publications: RateLimiter::new(limits.publishes_per_minute),
        }
    }

    /// Counts a request, for the address that it comes from and for the token that it shows. One that is refused is not
    /// counted, so a client that asks for too much takes nothing from others, nor from itself where the server is busy.
    ///
    /// # Errors
    /// [`Spent`], with how long to wait.
    pub fn take(&self, purpose: Purpose, client: Client, now: Instant) -> Result<(), Spent> {
        let budgets = self.budgets(purpose, client);
        for (budget, account) in budgets.iter().flatten() {
            budget.peek(*account, now).map_err(Spent::Client)?;
        }
        self.total.take(Everybody, now).map_err(Spent::Total)?;
        for (budget, account) in budgets.iter().flatten() {
            budget.take(*account, now).map_err(Spent::Client)?;
        }
        Ok(())
    }

    /// What a request is counted in: for its token and for its address.
    fn budgets(&self, purpose: Purpose, client: Client) -> [Option<(&dyn Budget, Account)>; 2] {
        let of_token: &dyn Budget = if purpose == Purpose::Publication { &self.publications } else { &self.tokens };
        let of_address: &dyn Budget = match purpose {
            // Who publishes without a token is about to be refused.
            Purpose::Rest | Purpose::Publication => &self.rest,
            Purpose::Stream => &self.streams,
            Purpose::Page => &self.pages,
        };
        let token = client.token().map(|token| (of_token, token));
        // Publishing has a budget of its own, which an address has not.
        let publishes = purpose == Purpose::Publication && token.is_some();
        [token, (!publishes).then_some((of_address, client.address()))]
    }
}

/// So many a minute for each of many clients.
trait Budget {
    /// Counts a request, or says how long to wait.
    fn take(&self, whose: Account, now: Instant) -> Result<(), Duration>;

    /// What `take` would say, without counting.
    fn peek(&self, whose: Account, now: Instant) -> Result<(), Duration>;
}

impl Budget for RateLimiter {
    fn take(&self, whose: Account, now: Instant) -> Result<(), Duration> {
        self.take(whose, now)
    }

    fn peek(&self, whose: Account, now: Instant) -> Result<(), Duration> {
        self.peek(whose, now)
    }
}

impl Budget for WindowLimiter {
    fn take(&self, whose: Account, now: Instant) -> Result<(), Duration> {
        self.take(whose, now)
    }

    fn peek(&self, whose: Account, now: Instant) -> Result<(), Duration> {
        self.peek(whose, now)
    }
}

/// Budgets of many clients, or of whatever else is counted, by the generic cell rate algorithm: one time says when a
/// budget is whole again. <https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm>
#[derive(Debug)]
pub struct RateLimiter<K = Account> {
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
        make_room(&mut whole_at, &whose, |at| *at > now);
        let at = whole_at.entry(whose).or_insert(now);
        *at = whole_after(*at, self.cost, now)?;
        Ok(())
    }

    /// What [`take`](Self::take) would say, without counting.
    ///
    /// # Errors
    /// How long to wait, where the budget is spent.
    pub fn peek(&self, whose: K, now: Instant) -> Result<(), Duration> {
        let at = self.whole_at.lock().get(&whose).copied();
        at.map_or(Ok(()), |at| whole_after(at, self.cost, now).map(|_| ()))
    }
}

/// When a budget is whole again of which some is taken now: all of it takes a minute to come back, and what is taken
/// takes `cost`. `whole_at` is when it would be whole otherwise.
///
/// # Errors
/// How long to wait until there is as much.
pub(super) fn whole_after(whole_at: Instant, cost: Duration, now: Instant) -> Result<Instant, Duration> {
    let next = whole_at.max(now) + cost;
    match (next - now).checked_sub(MINUTE) {
        Some(wait) if !wait.is_zero() => Err(wait),
        _ => Ok(next),
    }
}

/// Makes room for one more client where as many are remembered as may be: those are forgotten of which nothing has to be
/// remembered, or else all.
fn make_room<K: Eq + Hash, V>(clients: &mut HashMap<K, V>, whose: &K, has_to_stay: impl Fn(&V) -> bool) {
    if clients.len() < MAX_CLIENTS || clients.contains_key(whose) {
        return;
    }
    clients.retain(|_, known| has_to_stay(known));
    if clients.len() >= MAX_CLIENTS {
        // So many clients at once are an attack that counting clients does not stop. A total does.
        clients.clear();
    }
}

#[cfg(test)]
mod tests;
