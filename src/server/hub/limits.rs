//! How many connections there may be, in all and of one client.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use thiserror::Error;

use crate::server::client::{Account, Client};

/// Why a reader is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("the server has as many streams as it serves")]
    ServerFull,
    #[error("this address has as many streams as it may")]
    AddressFull,
    #[error("this token has as many streams as it may")]
    TokenFull,
    #[error("the server is going down")]
    GoingDown,
    #[error("too many symbols for one stream")]
    TooManySymbols,
    #[error("a symbol is not followed")]
    UnknownSymbol,
    #[error("the channel was removed")]
    Removed,
}

impl Refusal {
    /// For the monitors.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ServerFull => "server_full",
            Self::AddressFull => "address_full",
            Self::TokenFull => "token_full",
            Self::GoingDown => "going_down",
            Self::TooManySymbols => "too_many_symbols",
            Self::UnknownSymbol => "unknown_symbol",
            Self::Removed => "removed",
        }
    }
}

/// How many of something may be open at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ceilings {
    pub total: usize,
    /// Of one block of addresses.
    pub per_address: usize,
    /// Of one token, beside what counts for the addresses that it comes from.
    pub per_token: usize,
}

/// Counts open connections. The map holds only clients with an open one, so it is as bounded as the total.
#[derive(Debug)]
pub struct ConnectionLimits {
    ceilings: Ceilings,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_account: HashMap<Account, usize>,
}

impl ConnectionLimits {
    pub fn new(ceilings: Ceilings) -> Self {
        Self { ceilings, open: Mutex::default() }
    }

    /// Connections that are open now.
    pub fn open(&self) -> usize {
        self.open.lock().total
    }

    /// Room for one more connection, given back when the permit is dropped.
    ///
    /// # Errors
    /// [`Refusal::ServerFull`], [`Refusal::AddressFull`] or [`Refusal::TokenFull`].
    pub fn acquire(self: &Arc<Self>, client: Client) -> Result<Permit, Refusal> {
        let mut open = self.open.lock();
        self.room(&open)?;
        for account in client.accounts() {
            let (most, refusal) = match account {
                Account::Address(_) => (self.ceilings.per_address, Refusal::AddressFull),
                Account::Token(_) => (self.ceilings.per_token, Refusal::TokenFull),
            };
            if open.by_account.get(&account).copied().unwrap_or_default() >= most {
                return Err(refusal);
            }
        }
        open.total += 1;
        for account in client.accounts() {
            *open.by_account.entry(account).or_default() += 1;
        }
        Ok(Permit { limits: Arc::clone(self), client: Some(client) })
    }

    /// The same for nobody in particular: counted in all only.
    ///
    /// # Errors
    /// [`Refusal::ServerFull`].
    pub fn acquire_unnamed(self: &Arc<Self>) -> Result<Permit, Refusal> {
        let mut open = self.open.lock();
        self.room(&open)?;
        open.total += 1;
        Ok(Permit { limits: Arc::clone(self), client: None })
    }

    const fn room(&self, open: &Open) -> Result<(), Refusal> {
        if open.total < self.ceilings.total { Ok(()) } else { Err(Refusal::ServerFull) }
    }
}

/// Room for one connection. Held as long as it lives.
#[derive(Debug)]
pub struct Permit {
    limits: Arc<ConnectionLimits>,
    client: Option<Client>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.limits.open.lock();
        open.total = open.total.saturating_sub(1);
        for account in self.client.into_iter().flat_map(Client::accounts) {
            let left = open.by_account.get_mut(&account).map(|count| {
                *count = count.saturating_sub(1);
                *count
            });
            if left == Some(0) {
                open.by_account.remove(&account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::server::access::TokenId;

    fn address(last: u8) -> Client {
        Ipv4Addr::new(10, 0, 0, last).into()
    }

    fn token(n: u8) -> Option<TokenId> {
        TokenId::parse(&format!("t0ken00{n}"))
    }

    fn limits(total: usize, per_address: usize, per_token: usize) -> Arc<ConnectionLimits> {
        Arc::new(ConnectionLimits::new(Ceilings { total, per_address, per_token }))
    }

    #[test]
    fn each_limit_refuses_and_a_dropped_permit_makes_room() {
        let limits = limits(3, 2, 1);
        let first = limits.acquire(address(1)).expect("room");
        let _second = limits.acquire(address(1)).expect("room");
        assert_eq!(limits.acquire(address(1)).map(drop), Err(Refusal::AddressFull));
        let _third = limits.acquire(address(2)).expect("room for another address");
        assert_eq!(limits.acquire(address(3)).map(drop), Err(Refusal::ServerFull));
        assert_eq!(limits.open(), 3);
        drop(first);
        assert_eq!(limits.open(), 2);
        limits.acquire(address(1)).map(drop).expect("room again");
        assert_eq!(limits.open.lock().by_account.len(), 2, "nobody is remembered without a connection");
    }

    #[test]
    fn a_token_has_a_limit_of_its_own_and_raises_none() {
        let limits = limits(10, 2, 3);
        let at = |last, n| address(last).with_token(token(n));
        let held = [at(1, 7), at(1, 8)].map(|client| limits.acquire(client).expect("room"));
        for client in [at(1, 7), at(1, 9), address(1)] {
            assert_eq!(limits.acquire(client).map(drop), Err(Refusal::AddressFull), "whatever it shows");
        }
        let second = limits.acquire(at(2, 7)).expect("room at another address");
        let third = limits.acquire(at(2, 7)).expect("room at another address");
        assert_eq!(limits.acquire(at(3, 7)).map(drop), Err(Refusal::TokenFull), "wherever it comes from");
        let other = limits.acquire(at(3, 8)).expect("room for another token");
        drop(third);
        limits.acquire(at(3, 7)).map(drop).expect("room again");
        drop((held, second, other));
        assert_eq!(limits.open.lock().by_account.len(), 0, "nobody is remembered without a connection");
    }

    #[test]
    fn a_network_of_64_bits_is_one_client() {
        let limits = limits(10, 2, 1);
        let host = |n: u16| Client::from(std::net::IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, n]));
        let _held = [limits.acquire(host(1)).expect("room"), limits.acquire(host(2)).expect("room")];
        assert_eq!(limits.acquire(host(3)).map(drop), Err(Refusal::AddressFull));
    }

    #[test]
    fn whoever_is_not_named_counts_in_all_only() {
        let limits = limits(2, 1, 1);
        let held = [limits.acquire_unnamed().expect("room"), limits.acquire_unnamed().expect("room")];
        assert_eq!(limits.acquire_unnamed().map(drop), Err(Refusal::ServerFull));
        assert_eq!(limits.acquire(address(1)).map(drop), Err(Refusal::ServerFull));
        drop(held);
        assert_eq!(limits.open(), 0);
    }
}
