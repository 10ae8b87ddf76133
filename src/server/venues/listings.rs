//! Which symbols each venue lists: written by the venues' [`lister`](super::lister)s, read by whoever follows.

use std::collections::{BTreeSet, HashSet};

use parking_lot::RwLock;
use tokio::sync::watch;

use super::event::VenueIndex;
use crate::{model::symbol::Symbol, server::demand::VenueSet};

/// Most symbols that one venue is believed to list. The largest has some 500 in USDT.
pub const MAX_LISTED: usize = 4000;

/// What every enabled venue lists, as far as it is known.
#[derive(Debug)]
pub struct Listings {
    venues: RwLock<Vec<Listed>>,
    changes: watch::Sender<()>,
}

#[derive(Debug, Clone)]
enum Listed {
    /// It was not asked yet, or has not answered yet.
    Pending,
    /// It could not be asked.
    Unknown,
    Known(HashSet<Symbol>),
}

impl Listings {
    /// Of this many venues, of which nothing is known yet.
    pub fn new(venues: usize) -> Self {
        Self { venues: RwLock::new(vec![Listed::Pending; venues]), changes: watch::Sender::new(()) }
    }

    /// The venues that list a symbol, by what is known now.
    pub fn venues_of(&self, symbol: Symbol) -> VenueSet {
        let venues = self.venues.read();
        let listed = (0..).zip(venues.iter()).filter(|(_, listed)| match listed {
            Listed::Known(symbols) => symbols.contains(&symbol),
            Listed::Pending | Listed::Unknown => false,
        });
        listed.map(|(index, _)| VenueIndex(index)).collect()
    }

    /// Whether more may be listed than is known: a venue is still being asked for the first time, or none could be asked. One
    /// that is away while others have answered is not waited for.
    pub fn is_incomplete(&self) -> bool {
        let venues = self.venues.read();
        let none_known = !venues.iter().any(|listed| matches!(listed, Listed::Known(_)));
        none_known && !venues.is_empty() || venues.iter().any(|listed| matches!(listed, Listed::Pending))
    }

    /// Whether a venue has ever said what it lists.
    pub fn is_known(&self, venue: VenueIndex) -> bool {
        self.venues.read().get(usize::from(venue.0)).is_some_and(|listed| matches!(listed, Listed::Known(_)))
    }

    /// Every symbol that any venue lists, sorted.
    pub fn symbols(&self) -> BTreeSet<Symbol> {
        let venues = self.venues.read();
        let known = venues.iter().filter_map(|listed| match listed {
            Listed::Known(symbols) => Some(symbols),
            Listed::Pending | Listed::Unknown => None,
        });
        known.flatten().copied().collect()
    }

    /// Tells of every change from here on.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// A venue lists these, of which the first [`MAX_LISTED`] are kept, in the place of what it listed before.
    pub fn set(&self, venue: VenueIndex, symbols: impl IntoIterator<Item = Symbol>) {
        self.write(venue, |listed| *listed = Listed::Known(symbols.into_iter().take(MAX_LISTED).collect()));
    }

    /// A venue could not be asked. What it listed before is still believed.
    pub fn failed(&self, venue: VenueIndex) {
        self.write(venue, |listed| {
            if matches!(listed, Listed::Pending) {
                *listed = Listed::Unknown;
            }
        });
    }

    fn write(&self, venue: VenueIndex, change: impl FnOnce(&mut Listed)) {
        if let Some(listed) = self.venues.write().get_mut(usize::from(venue.0)) {
            change(listed);
        }
        self.changes.send_replace(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol(base: &str) -> Symbol {
        Symbol::parse(base).expect("a symbol")
    }

    #[test]
    fn venues_are_found_by_symbol_and_the_last_word_of_each_counts() {
        let listings = Listings::new(2);
        assert!(listings.is_incomplete());
        listings.set(VenueIndex(0), [symbol("PEPE"), symbol("SHIB")]);
        assert!(listings.is_incomplete(), "the other was not asked");
        listings.failed(VenueIndex(1));
        assert!(!listings.is_incomplete(), "nobody waits for a venue that is away");
        assert_eq!(listings.venues_of(symbol("PEPE")), VenueSet::default().with(VenueIndex(0)));
        listings.set(VenueIndex(1), [symbol("PEPE")]);
        let both = [VenueIndex(0), VenueIndex(1)].into_iter().collect();
        assert_eq!(listings.venues_of(symbol("PEPE")), both);
        listings.failed(VenueIndex(1));
        assert_eq!(listings.venues_of(symbol("PEPE")), both, "it was there an hour ago");
        listings.set(VenueIndex(0), [symbol("SHIB")]);
        assert_eq!(listings.venues_of(symbol("PEPE")), VenueSet::default().with(VenueIndex(1)));
        assert!(listings.venues_of(symbol("NOPE")).is_empty());
        assert_eq!(listings.symbols().into_iter().collect::<Vec<_>>(), [symbol("PEPE"), symbol("SHIB")]);
    }

    #[test]
    fn where_no_venue_has_answered_everything_may_be_listed() {
        let listings = Listings::new(2);
        listings.failed(VenueIndex(0));
        listings.failed(VenueIndex(1));
        assert!(listings.is_incomplete());
        listings.set(VenueIndex(1), [symbol("PEPE")]);
        assert!(!listings.is_incomplete());
        assert!(!Listings::new(0).is_incomplete(), "there is nobody to ask");
    }

    #[test]
    fn a_venue_that_lists_without_end_is_cut_short() {
        let listings = Listings::new(1);
        listings.set(VenueIndex(0), (0..100_000).map(|n| symbol(&format!("N{n}"))));
        assert_eq!(listings.symbols().len(), MAX_LISTED);
    }
}
