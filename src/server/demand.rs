//! What is followed beside the configured symbols, and where: plain values, written by [`follows`](super::follows), read
//! by the market and by the venues' connections.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::watch;

use super::venues::event::VenueIndex;
use crate::model::symbol::Symbol;

/// Every symbol that is followed on demand, with the venues that list it. Bounded by `market.max_on_demand`.
pub type Demand = BTreeMap<Symbol, VenueSet>;

/// The demand of now. Readers compare it with what they have; they never need to know what it was in between.
pub type DemandWatch = watch::Receiver<Arc<Demand>>;

/// Venues by their index. There are far fewer than it has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VenueSet(u32);

impl VenueSet {
    /// With this venue, too. One beyond the thirty-second is left out.
    #[must_use]
    pub fn with(self, venue: VenueIndex) -> Self {
        Self(self.0 | bit(venue))
    }

    pub fn contains(self, venue: VenueIndex) -> bool {
        self.0 & bit(venue) != 0
    }

    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

fn bit(venue: VenueIndex) -> u32 {
    1_u32.checked_shl(u32::from(venue.0)).unwrap_or_default()
}

impl FromIterator<VenueIndex> for VenueSet {
    fn from_iter<I: IntoIterator<Item = VenueIndex>>(venues: I) -> Self {
        venues.into_iter().fold(Self::default(), Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set: VenueSet = [VenueIndex(0), VenueIndex(2), VenueIndex(40)].into_iter().collect();
        let held: Vec<u8> = (0..=255).filter(|n| set.contains(VenueIndex(*n))).collect();
        assert_eq!(held, [0, 2]);
        let both = set.union(VenueSet::default().with(VenueIndex(31)));
        assert!(both.contains(VenueIndex(0)) && both.contains(VenueIndex(31)));
        assert!(VenueSet::default().is_empty() && !both.is_empty());
    }
}
