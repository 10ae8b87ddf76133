//! REST requests of one address: so many at once, and as many a minute.

use std::{collections::HashMap, net::IpAddr, sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{address::ClientAddress, error::HttpError};

const MINUTE: Duration = Duration::from_mins(1);
/// Addresses that are remembered.
const MAX_ADDRESSES: usize = 20_000;

/// The generic cell rate algorithm: one time per address says when its budget is whole again.
/// <https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm>
#[derive(Debug)]
pub struct RateLimiter {
    /// What one request costs. Zero: no limit.
    cost: Duration,
    trusted: Vec<IpAddr>,
    /// When each address has its whole budget back. Bounded: times that have passed are forgotten first, then all.
    whole_at: Mutex<HashMap<IpAddr, Instant>>,
}

impl RateLimiter {
    /// `per_minute` requests at once, and as many over each minute. 0 lets everything through.
    pub fn new(per_minute: u32, trusted_proxies: &[IpAddr]) -> Self {
        Self {
            cost: MINUTE.checked_div(per_minute).unwrap_or_default(),
            trusted: trusted_proxies.to_vec(),
            whole_at: Mutex::default(),
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// How long to wait, where the budget is spent.
    pub fn take(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        if self.cost.is_zero() {
            return Ok(());
        }
        let mut whole_at = self.whole_at.lock();
        if whole_at.len() >= MAX_ADDRESSES && !whole_at.contains_key(&address) {
            whole_at.retain(|_, at| *at > now);
            if whole_at.len() >= MAX_ADDRESSES {
                // So many addresses at once are an attack that counting addresses does not stop.
                whole_at.clear();
            }
        }
        let at = whole_at.entry(address).or_insert(now);
        let next = (*at).max(now) + self.cost;
        match (next - now).checked_sub(MINUTE) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                *at = next;
                Ok(())
            }
        }
    }

    /// Counts a request of now.
    ///
    /// # Errors
    /// [`HttpError::RateLimited`], where the budget is spent.
    pub fn check(&self, client: ClientAddress) -> Result<(), HttpError> {
        self.take(client.0, Instant::now()).map_err(|wait| {
            let retry_after_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
            HttpError::RateLimited { retry_after_ms }
        })
    }
}

/// The layer for REST routes.
pub async fn rate_limit(State(limiter): State<Arc<RateLimiter>>, request: Request, next: Next) -> Response {
    let client = ClientAddress::of(request.extensions(), request.headers(), &limiter.trusted);
    match limiter.check(client) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn address(n: u32) -> IpAddr {
        Ipv4Addr::from(n).into()
    }

    #[tokio::test(start_paused = true)]
    async fn a_budget_is_spent_and_comes_back() {
        let limiter = RateLimiter::new(300, &[]);
        let now = Instant::now();
        for _ in 0..300 {
            assert_eq!(limiter.take(address(1), now), Ok(()));
        }
        assert_eq!(limiter.take(address(1), now), Err(Duration::from_millis(200)));
        assert_eq!(limiter.take(address(2), now), Ok(()), "another address has its own");
        let later = now + Duration::from_millis(200);
        assert_eq!(limiter.take(address(1), later), Ok(()));
        assert!(limiter.take(address(1), later).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded() {
        let limiter = RateLimiter::new(1, &[]);
        let now = Instant::now();
        for n in 0..u32::try_from(MAX_ADDRESSES).expect("small") * 2 + 5 {
            assert_eq!(limiter.take(address(n), now), Ok(()));
        }
        assert!(limiter.whole_at.lock().len() <= MAX_ADDRESSES);
    }

    #[tokio::test(start_paused = true)]
    async fn zero_is_no_limit() {
        let limiter = RateLimiter::new(0, &[]);
        for _ in 0..10_000 {
            assert_eq!(limiter.take(address(1), Instant::now()), Ok(()));
        }
    }
}
