//! Budgets: so much in a window of time, for each client address.

use std::{collections::HashMap, net::IpAddr, time::Duration};

use parking_lot::Mutex;
use tokio::time::Instant;

/// Addresses that are remembered. When there are more, all are forgotten: a simulator has few clients.
const REMEMBERED: usize = 4096;

/// A client's address; `None` for one that did not come over the network.
pub type Client = Option<IpAddr>;

/// A limit for each client and window.
#[derive(Debug)]
pub struct Budget {
    limit: u32,
    window: Duration,
    spent: Mutex<HashMap<Client, (Instant, u32)>>,
}

/// The state of a client's budget after something was spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// Spent in this window, over the limit too.
    pub used: u32,
    pub limit: u32,
    /// To the next window.
    pub renews_in: Duration,
}

impl Spent {
    pub const fn is_over(self) -> bool {
        self.used > self.limit
    }

    pub const fn left(self) -> u32 {
        self.limit.saturating_sub(self.used)
    }

    /// For a `Retry-After` header: whole seconds, at least one.
    pub const fn retry_after(self) -> u64 {
        self.renews_in.as_secs() + 1
    }
}

impl Budget {
    pub fn new(limit: u32, window: Duration) -> Self {
        Self { limit, window, spent: Mutex::default() }
    }

    /// Spends and says where that leads.
    pub fn spend(&self, client: Client, weight: u32) -> Spent {
        let now = Instant::now();
        let mut spent = self.spent.lock();
        if spent.len() >= REMEMBERED && !spent.contains_key(&client) {
            spent.clear();
        }
        let (since, used) = spent.entry(client).or_insert((now, 0));
        if now.duration_since(*since) >= self.window {
            (*since, *used) = (now, 0);
        }
        *used = used.saturating_add(weight);
        let renews_in = self.window.saturating_sub(now.duration_since(*since));
        Spent { used: *used, limit: self.limit, renews_in }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_budget_is_spent_and_renewed() {
        let budget = Budget::new(10, Duration::from_mins(1));
        assert_eq!(budget.spend(None, 9).left(), 1);
        assert!(!budget.spend(None, 1).is_over());
        tokio::time::advance(Duration::from_secs(20)).await;
        let spent = budget.spend(None, 1);
        assert!(spent.is_over());
        assert_eq!(spent.retry_after(), 41);
        assert!(!budget.spend(Some(Ipv4Addr::LOCALHOST.into()), 10).is_over());
        tokio::time::advance(Duration::from_secs(40)).await;
        assert_eq!(budget.spend(None, 1).used, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_memory_is_bounded() {
        let budget = Budget::new(10, Duration::from_mins(1));
        for i in 0..10_000_u32 {
            budget.spend(Some(Ipv4Addr::from(i).into()), 1);
        }
        assert!(budget.spent.lock().len() <= REMEMBERED);
    }
}
