//! Who wants which symbol: one that is not configured is followed from its first reader to a minute after its last.
//!
//! ```text
//! endpoint ── want ──► Follows ── Demand ──► venues' connections (subscribe, unsubscribe) and the market (state)
//!                         └── opens and closes the symbol's place on the board and its channel in the hub
//! ```
//!
//! Configured symbols are followed always, and wanting them costs nothing. The others are limited, in all and for one
//! client, and a symbol that nobody wants any more counts for the minute that it stays: so whoever asks for ever new
//! symbols, or comes and goes, causes no more traffic to the venues than the limits say.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use thiserror::Error;
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{
    client::{Account, Client},
    config::MarketConfig,
    demand::{Demand, DemandWatch, VenueSet},
    hub::Hub,
    market::board::MarketBoard,
    venues::listings::Listings,
};
use crate::model::symbol::Symbol;

mod interests;
#[cfg(test)]
mod tests;

pub use interests::Interests;

/// How long a symbol is still followed when nobody wants it any more.
pub const GRACE: Duration = Duration::from_mins(1);

/// When to look again at a symbol that nobody wants, but that a reader has not let go of yet.
const HELD: Duration = Duration::from_secs(1);

/// Most symbols that are said to be supported.
const MAX_SUPPORTED: usize = 5000;

/// Why a symbol is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unfollowed {
    /// No venue lists it.
    #[error("no venue lists this symbol")]
    Unlisted,
    /// What the venues list is still being asked, at the start, or none could tell. Worth another try in a second.
    #[error("what the venues list is not known yet")]
    NotKnownYet,
    /// As many symbols are followed as may be. Worth another try in a minute.
    #[error("as many symbols are followed as may be")]
    Full,
    /// As many symbols are followed for this client as may be. Worth another try in a minute, after others were left.
    #[error("as many symbols are followed for this client as may be")]
    ClientFull,
}

/// Everything that is followed.
#[derive(Debug)]
pub struct Follows {
    configured: HashSet<Symbol>,
    /// Most symbols beside the configured ones, in all.
    most: usize,
    /// The same for one client, by its address and by its token.
    most_per_client: usize,
    hub: Arc<Hub>,
    board: Arc<MarketBoard>,
    listings: Arc<Listings>,
    /// Its lock is held while places are opened and closed, so that they are what it says.
    entries: Mutex<BTreeMap<Symbol, Entry>>,
    demand: watch::Sender<Arc<Demand>>,
    /// Set off when a symbol has lost its last reader.
    left: Notify,
}

/// A symbol that is followed on demand.
#[derive(Debug)]
struct Entry {
    venues: VenueSet,
    state: Wanted,
}

#[derive(Debug)]
enum Wanted {
    /// On these accounts, so often.
    By(HashMap<Account, usize>),
    /// By nobody: it stays until then, on the accounts of the last who wanted it.
    No { until: Instant, last: Client },
}

impl Wanted {
    /// By one client, once.
    fn by(client: Client) -> Self {
        Self::By(client.accounts().map(|account| (account, 1)).collect())
    }
}

impl Entry {
    /// Whether it is on this account that this one is followed.
    fn is_on(&self, account: Account) -> bool {
        match &self.state {
            Wanted::By(holders) => holders.contains_key(&account),
            Wanted::No { last, .. } => last.accounts().any(|of_last| of_last == account),
        }
    }
}

impl Follows {
    /// Follows the configured symbols. The others are opened and closed on `board` and `hub`, and followed at the venues
    /// that `listings` names.
    pub fn new(config: &MarketConfig, hub: Arc<Hub>, board: Arc<MarketBoard>, listings: Arc<Listings>) -> Self {
        Self {
            configured: config.symbols.iter().copied().collect(),
            most: config.max_on_demand,
            most_per_client: config.max_on_demand_per_client,
            hub,
            board,
            listings,
            entries: Mutex::default(),
            demand: watch::Sender::default(),
            left: Notify::new(),
        }
    }

    /// What is followed beside the configured symbols, now and from here on.
    pub fn demand(&self) -> DemandWatch {
        self.demand.subscribe()
    }

    /// One interest more, until [`leave`](Self::leave). Nothing happens for a configured symbol, which is followed anyway.
    fn count(&self, symbol: Symbol, client: Client, most_per_client: usize) -> Result<(), Unfollowed> {
        if self.configured.contains(&symbol) {
            return Ok(());
        }
        let mut entries = self.entries.lock();
        match entries.get_mut(&symbol) {
            Some(Entry { state: Wanted::By(holders), .. }) => {
                for account in client.accounts() {
                    *holders.entry(account).or_default() += 1;
                }
            }
            Some(entry) => entry.state = Wanted::by(client),
            None => {
                let venues = self.listed(symbol)?;
                if entries.len() >= self.most {
                    return Err(Unfollowed::Full);
                }
                let on = |account| entries.values().filter(|entry| entry.is_on(account)).count();
                if client.accounts().any(|account| on(account) >= most_per_client) {
                    return Err(Unfollowed::ClientFull);
                }
                self.hub.open(symbol);
                self.board.open(symbol);
                entries.insert(symbol, Entry { venues, state: Wanted::by(client) });
                self.tell(&entries);
                info!(%symbol, on_demand = entries.len(), "followed on demand");
            }
        }
        Ok(())
    }

    /// Symbols beside the configured ones that a reader wants now, sorted: without those that stay for their minute.
    pub fn wanted(&self) -> Vec<Symbol> {
        let entries = self.entries.lock();
        let wanted = entries.iter().filter(|(_, entry)| matches!(entry.state, Wanted::By(_)));
        wanted.map(|(symbol, _)| *symbol).collect()
    }

    /// Whether a symbol could be followed, limits aside. Follows nothing.
    ///
    /// # Errors
    /// [`Unfollowed::Unlisted`] or [`Unfollowed::NotKnownYet`].
    pub fn check(&self, symbol: Symbol) -> Result<(), Unfollowed> {
        if self.configured.contains(&symbol) || self.entries.lock().contains_key(&symbol) {
            return Ok(());
        }
        self.listed(symbol).map(|_| ())
    }

    /// Every symbol that may be asked for, sorted: at most 5000.
    pub fn supported(&self) -> Vec<Symbol> {
        let mut symbols: BTreeSet<Symbol> = self.configured.iter().copied().collect();
        symbols.extend(self.entries.lock().keys());
        if self.most > 0 {
            let listed = self.listings.symbols();
            let room = MAX_SUPPORTED.saturating_sub(symbols.len());
            let more: Vec<Symbol> = listed.difference(&symbols).copied().take(room).collect();
            symbols.extend(more);
        }
        symbols.into_iter().collect()
    }

    fn listed(&self, symbol: Symbol) -> Result<VenueSet, Unfollowed> {
        if self.most == 0 {
            return Err(Unfollowed::Unlisted);
        }
        // Asked in this order, an answer that comes in between is not missed.
        let incomplete = self.listings.is_incomplete();
        let venues = self.listings.venues_of(symbol);
        match (venues.is_empty(), incomplete) {
            (false, _) => Ok(venues),
            (true, true) => Err(Unfollowed::NotKnownYet),
            (true, false) => Err(Unfollowed::Unlisted),
        }
    }

    /// One interest less: a minute after the last the symbol is forgotten.
    fn leave(&self, symbol: Symbol, client: Client) {
        if self.configured.contains(&symbol) {
            return;
        }
        let mut entries = self.entries.lock();
        let Some(entry) = entries.get_mut(&symbol) else { return };
        let Wanted::By(holders) = &mut entry.state else { return };
        for account in client.accounts() {
            if let Some(count) = holders.get_mut(&account) {
                *count -= 1;
                if *count == 0 {
                    holders.remove(&account);
                }
            }
        }
        if holders.is_empty() {
            entry.state = Wanted::No { until: Instant::now() + GRACE, last: client };
            self.left.notify_one();
        }
    }

    /// Forgets symbols when their minute is over, and takes in what the venues list. Started once by whoever made this;
    /// ended by the token.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let mut listed = self.listings.changes();
        loop {
            let next = self.forget(Instant::now());
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.left.notified() => {}
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {}
                // The sender lives as long as this does.
                Ok(()) = listed.changed() => self.spread(),
            }
        }
    }

    /// Forgets what nobody has wanted for long enough. Returns when the next one may be due.
    fn forget(&self, now: Instant) -> Option<Instant> {
        let mut entries = self.entries.lock();
        let before = entries.len();
        entries.retain(|symbol, entry| {
            let Wanted::No { until, .. } = &mut entry.state else { return true };
            if *until > now {
                return true;
            }
            if !self.hub.close(*symbol) {
                *until = now + HELD;
                return true;
            }
            self.board.close(*symbol);
            info!(%symbol, "no longer followed");
            false
        });
        if entries.len() < before {
            self.tell(&entries);
        }
        let ends = entries.values().filter_map(|entry| match entry.state {
            Wanted::No { until, .. } => Some(until),
            Wanted::By(_) => None,
        });
        ends.min()
    }

    /// Follows what is followed at the venues, too, that list it since. A venue that lists it no longer is not left: what
    /// it sends still counts, and what it does not send is seen by the watch over silent symbols.
    fn spread(&self) {
        let mut entries = self.entries.lock();
        let mut changed = false;
        for (symbol, entry) in &mut *entries {
            let venues = entry.venues.union(self.listings.venues_of(*symbol));
            changed |= venues != entry.venues;
            entry.venues = venues;
        }
        if changed {
            self.tell(&entries);
        }
    }

    fn tell(&self, entries: &BTreeMap<Symbol, Entry>) {
        let demand: Demand = entries.iter().map(|(symbol, entry)| (*symbol, entry.venues)).collect();
        self.demand.send_replace(Arc::new(demand));
    }
}
