//! Whether an exchange lets a connection in.

use std::time::Duration;

use super::{
    Simulator,
    budget::{Budget, Client},
    exchange::Exchange,
    faults::Fault,
};

/// Open sockets of one exchange that are served at most.
const MAX_SOCKETS: usize = 1024;

/// Connection attempts that each exchange allows a client.
#[derive(Debug)]
pub struct Gate {
    binance: Budget,
    bybit: Budget,
    okx: Budget,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            binance: Budget::new(300, Duration::from_mins(5)),
            bybit: Budget::new(500, Duration::from_mins(5)),
            // Three a second, with some patience for a client that opens its sockets together.
            okx: Budget::new(30, Duration::from_secs(10)),
        }
    }
}

/// Why a connection is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The exchange is down, or full.
    Unavailable,
    /// The exchange does not serve this country.
    Region,
    /// Too many attempts; the next one after this many seconds.
    TooMany { retry_after: u64 },
}

impl Simulator {
    /// Whether the exchange takes a new socket of this client.
    pub(super) fn admit_socket(&self, exchange: Exchange, client: Client) -> Result<(), Refused> {
        self.admit(exchange)?;
        let gate = self.gate();
        let budget = match exchange {
            Exchange::Binance => &gate.binance,
            Exchange::Bybit => &gate.bybit,
            Exchange::Okx => &gate.okx,
        };
        let spent = budget.spend(client, 1);
        if spent.is_over() {
            return Err(Refused::TooMany { retry_after: spent.retry_after() });
        }
        if self.open_sockets(exchange) >= MAX_SOCKETS { Err(Refused::Unavailable) } else { Ok(()) }
    }

    /// Whether the exchange answers at all.
    pub(super) fn admit(&self, exchange: Exchange) -> Result<(), Refused> {
        if self.faults().has(exchange, Fault::Refuse) {
            return Err(Refused::Unavailable);
        }
        if self.faults().has(exchange, Fault::RegionBlock) { Err(Refused::Region) } else { Ok(()) }
    }
}
