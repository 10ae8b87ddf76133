//! What goes wrong on demand.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::{sync::watch, time::Instant};

use crate::model::symbol::Symbol;

use super::exchange::Exchange;

/// A fault. [`super::control`] says what each does to open sockets, new connections and REST.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Open sockets are cut off once; for the given seconds none is accepted.
    Disconnect,
    /// New connections and REST requests are answered with 503; open sockets go on.
    Refuse,
    /// No data on any socket; acknowledgements, pings and pongs go on.
    Stall,
    /// The same for one symbol.
    StallSymbol,
    /// One symbol is no longer traded.
    Delist,
    /// Broken frames instead of data.
    Garbage,
    /// Prices are a tenth too high.
    Outlier,
    /// Everything sent arrives two seconds later, in order.
    Delay,
    /// Open sockets are neither served nor closed; new ones are accepted and silent.
    HalfOpen,
    /// The exchange announces its restart in its own words, then closes.
    ShutdownNotice,
    /// The exchange does not serve this country.
    RegionBlock,
    /// Everything is too much.
    RateLimit,
}

impl Fault {
    pub const ALL: [Self; 12] = [
        Self::Disconnect,
        Self::Refuse,
        Self::Stall,
        Self::StallSymbol,
        Self::Delist,
        Self::Garbage,
        Self::Outlier,
        Self::Delay,
        Self::HalfOpen,
        Self::ShutdownNotice,
        Self::RegionBlock,
        Self::RateLimit,
    ];

    /// The name in the control interface.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disconnect => "disconnect",
            Self::Refuse => "refuse",
            Self::Stall => "stall",
            Self::StallSymbol => "stall_symbol",
            Self::Delist => "delist",
            Self::Garbage => "garbage",
            Self::Outlier => "outlier",
            Self::Delay => "delay",
            Self::HalfOpen => "half_open",
            Self::ShutdownNotice => "shutdown_notice",
            Self::RegionBlock => "region_block",
            Self::RateLimit => "rate_limit",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.as_str() == text)
    }
}

/// A fault that is in force.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Active {
    pub fault: Fault,
    /// `None` is every symbol.
    pub symbol: Option<Symbol>,
    /// `None` until it is cleared.
    pub until: Option<Instant>,
}

/// Happenings that every open socket of an exchange must react to at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Happenings {
    /// How often all sockets were cut off.
    pub cuts: u64,
    /// How often a shutdown was announced.
    pub notices: u64,
    /// The announced time to the close, where the control request named one.
    pub lead: Option<Duration>,
}

/// The faults of all exchanges.
#[derive(Debug)]
pub struct Faults {
    venues: [Venue; 3],
}

#[derive(Debug)]
struct Venue {
    /// At most one of each fault and symbol, so bounded by the control interface's check of symbols.
    active: Mutex<Vec<Active>>,
    happenings: watch::Sender<Happenings>,
}

impl Default for Faults {
    fn default() -> Self {
        let venue = |_| Venue { active: Mutex::default(), happenings: watch::Sender::default() };
        Self { venues: Exchange::ALL.map(venue) }
    }
}

impl Faults {
    fn venue(&self, exchange: Exchange) -> &Venue {
        let [binance, bybit, okx] = &self.venues;
        match exchange {
            Exchange::Binance => binance,
            Exchange::Bybit => bybit,
            Exchange::Okx => okx,
        }
    }

    /// Puts a fault in force, for a time or until it is cleared. The same fault again replaces the earlier one.
    pub fn start(&self, exchange: Exchange, fault: Fault, symbol: Option<Symbol>, lasts: Option<Duration>) {
        let venue = self.venue(exchange);
        match fault {
            Fault::Disconnect => {
                if lasts.is_some() {
                    self.start(exchange, Fault::Refuse, None, lasts);
                }
                venue.happenings.send_modify(|happenings| happenings.cuts += 1);
            }
            Fault::ShutdownNotice => venue.happenings.send_modify(|happenings| {
                happenings.notices += 1;
                happenings.lead = lasts;
            }),
            _ => {
                // A time too long to be written as an instant is as good as none.
                let until = lasts.and_then(|lasts| Instant::now().checked_add(lasts));
                let mut active = venue.active.lock();
                active.retain(|known| (known.fault, known.symbol) != (fault, symbol));
                active.push(Active { fault, symbol, until });
            }
        }
    }

    /// Ends every fault of the exchange.
    pub fn clear(&self, exchange: Exchange) {
        self.venue(exchange).active.lock().clear();
    }

    /// The faults in force.
    pub fn active(&self, exchange: Exchange) -> Vec<Active> {
        let now = Instant::now();
        let mut active = self.venue(exchange).active.lock();
        active.retain(|fault| fault.until.is_none_or(|until| now < until));
        active.clone()
    }

    /// Whether the fault is in force for everything.
    pub fn has(&self, exchange: Exchange, fault: Fault) -> bool {
        self.has_for(exchange, fault, None)
    }

    /// Whether the fault is in force for everything or for this symbol.
    pub fn has_for(&self, exchange: Exchange, fault: Fault, symbol: Option<Symbol>) -> bool {
        let now = Instant::now();
        self.venue(exchange).active.lock().iter().any(|active| {
            active.fault == fault
                && active.until.is_none_or(|until| now < until)
                && (active.symbol.is_none() || active.symbol == symbol)
        })
    }

    /// Whether data of this symbol is held back.
    pub fn stalls(&self, exchange: Exchange, symbol: Option<Symbol>) -> bool {
        [Fault::Stall, Fault::StallSymbol, Fault::Delist].iter().any(|fault| self.has_for(exchange, *fault, symbol))
    }

    /// Hears of every happening from now on.
    pub fn happenings(&self, exchange: Exchange) -> watch::Receiver<Happenings> {
        self.venue(exchange).happenings.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_name_of_its_own() {
        for fault in Fault::ALL {
            assert_eq!(Fault::parse(fault.as_str()), Some(fault));
        }
        assert_eq!(Fault::parse("earthquake"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn several_faults_hold_at_once_and_end_by_themselves() {
        let faults = Faults::default();
        let btc = Symbol::parse("BTC").ok();
        faults.start(Exchange::Okx, Fault::Stall, btc, Some(Duration::from_secs(5)));
        faults.start(Exchange::Okx, Fault::Delay, None, None);
        faults.start(Exchange::Okx, Fault::Delay, None, None);
        assert_eq!(faults.active(Exchange::Okx).len(), 2);
        assert!(faults.stalls(Exchange::Okx, btc));
        assert!(!faults.stalls(Exchange::Okx, Symbol::parse("ETH").ok()));
        assert!(!faults.stalls(Exchange::Binance, btc));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert!(!faults.stalls(Exchange::Okx, btc));
        assert!(faults.has(Exchange::Okx, Fault::Delay));
        faults.clear(Exchange::Okx);
        assert!(faults.active(Exchange::Okx).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_disconnect_is_heard_once_and_refuses_for_its_time() {
        let faults = Faults::default();
        let heard = faults.happenings(Exchange::Bybit);
        faults.start(Exchange::Bybit, Fault::Disconnect, None, None);
        assert_eq!(heard.borrow().cuts, 1);
        assert!(!faults.has(Exchange::Bybit, Fault::Refuse));
        faults.start(Exchange::Bybit, Fault::Disconnect, None, Some(Duration::from_secs(3)));
        assert_eq!(heard.borrow().cuts, 2);
        assert!(faults.has(Exchange::Bybit, Fault::Refuse));
    }
}
