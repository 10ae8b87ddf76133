//! How many streams there may be, in all and from one address.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use parking_lot::Mutex;
use thiserror::Error;

/// Why a reader is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("the server has as many streams as it serves")]
    ServerFull,
    #[error("this address has as many streams as it may")]
    AddressFull,
    #[error("the server is going down")]
    GoingDown,
    #[error("too many symbols for one stream")]
    TooManySymbols,
    #[error("a symbol is not followed")]
    UnknownSymbol,
}

impl Refusal {
    /// For the monitors.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ServerFull => "server_full",
            Self::AddressFull => "address_full",
            Self::GoingDown => "going_down",
            Self::TooManySymbols => "too_many_symbols",
            Self::UnknownSymbol => "unknown_symbol",
        }
    }
}

/// Counts open streams. The map holds only addresses with an open stream, so it is as bounded as the total.
#[derive(Debug)]
pub struct ConnectionLimits {
    total: usize,
    per_address: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl ConnectionLimits {
    pub fn new(total: usize, per_address: usize) -> Self {
        Self { total, per_address, open: Mutex::default() }
    }

    /// Streams that are open now.
    pub fn open(&self) -> usize {
        self.open.lock().total
    }

    /// Room for one more stream, given back when the permit is dropped.
    ///
    /// # Errors
    /// [`Refusal::ServerFull`] or [`Refusal::AddressFull`].
    pub fn acquire(self: &Arc<Self>, address: IpAddr) -> Result<Permit, Refusal> {
        let mut open = self.open.lock();
        if open.total >= self.total {
            return Err(Refusal::ServerFull);
        }
        if open.by_address.get(&address).copied().unwrap_or_default() >= self.per_address {
            return Err(Refusal::AddressFull);
        }
        open.total += 1;
        *open.by_address.entry(address).or_default() += 1;
        Ok(Permit { limits: Arc::clone(self), address })
    }
}

/// Room for one stream. Held as long as the stream lives.
#[derive(Debug)]
pub struct Permit {
    limits: Arc<ConnectionLimits>,
    address: IpAddr,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.limits.open.lock();
        open.total = open.total.saturating_sub(1);
        let left = open.by_address.get_mut(&self.address).map(|count| {
            *count = count.saturating_sub(1);
            *count
        });
        if left == Some(0) {
            open.by_address.remove(&self.address);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn address(last: u8) -> IpAddr {
        Ipv4Addr::new(10, 0, 0, last).into()
    }

    #[test]
    fn each_limit_refuses_and_a_dropped_permit_makes_room() {
        let limits = Arc::new(ConnectionLimits::new(3, 2));
        let first = limits.acquire(address(1)).expect("room");
        let _second = limits.acquire(address(1)).expect("room");
        assert_eq!(limits.acquire(address(1)).map(drop), Err(Refusal::AddressFull));
        let _third = limits.acquire(address(2)).expect("room for another address");
        assert_eq!(limits.acquire(address(3)).map(drop), Err(Refusal::ServerFull));
        assert_eq!(limits.open(), 3);
        drop(first);
        assert_eq!(limits.open(), 2);
        limits.acquire(address(1)).map(drop).expect("room again");
        assert_eq!(limits.open.lock().by_address.len(), 2, "nobody is remembered without a stream");
    }
}
