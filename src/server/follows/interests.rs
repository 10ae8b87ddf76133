//! What one reader wants, where that changes while it is connected.

use std::{collections::BTreeSet, fmt, net::Ipv4Addr, sync::Arc};

use super::{Follows, Unfollowed};
use crate::{model::symbol::Symbol, server::client::Client};

/// The interests of one reader: as long as a symbol is among them it is followed, its channel in the hub stays open, and its
/// prices come. Dropping this lets go of them all.
#[must_use = "symbols are followed as long as this is held"]
pub struct Interests {
    follows: Arc<Follows>,
    client: Client,
    /// Most on-demand symbols of this client, by whichever of its readers.
    most: usize,
    /// Sorted. Many readers have one of these: whom they count for is said once, not with each symbol.
    held: Vec<Symbol>,
}

impl Interests {
    /// Of a reader who is counted as `client`, and wants nothing yet.
    pub fn new(follows: Arc<Follows>, client: impl Into<Client>) -> Self {
        let most = follows.most_per_client;
        Self { follows, client: client.into(), most, held: Vec::new() }
    }

    /// Of a reader who wants these.
    ///
    /// # Errors
    /// The first that is not followed, and why, as [`want`](Self::want) says it. Then none is.
    pub fn in_each(
        follows: Arc<Follows>,
        client: impl Into<Client>,
        symbols: &[Symbol],
    ) -> Result<Self, (Symbol, Unfollowed)> {
        let mut interests = Self::new(follows, client);
        interests.held.reserve_exact(symbols.len());
        for symbol in symbols {
            interests.want(*symbol).map_err(|why| (*symbol, why))?;
        }
        Ok(interests)
    }

    /// Of the readers of other nodes, all together: those nodes have counted their clients already.
    pub fn of_nodes(follows: Arc<Follows>) -> Self {
        // Nobody comes from this address.
        Self { follows, client: Ipv4Addr::UNSPECIFIED.into(), most: usize::MAX, held: Vec::new() }
    }

    /// Wants a symbol. Nothing happens if it is wanted already. When this returns the hub has its channel and the board its
    /// place; the first price comes with the first answer of a venue. The reader bounds how many it wants.
    ///
    /// # Errors
    /// [`Unfollowed`] where no venue lists it, or a limit is reached.
    pub fn want(&mut self, symbol: Symbol) -> Result<(), Unfollowed> {
        if let Err(place) = self.held.binary_search(&symbol) {
            self.follows.count(symbol, self.client, self.most)?;
            self.held.insert(place, symbol);
        }
        Ok(())
    }

    /// Whether a symbol is wanted.
    pub fn holds(&self, symbol: Symbol) -> bool {
        self.held.binary_search(&symbol).is_ok()
    }

    /// How many symbols are wanted.
    #[expect(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Wants a symbol no more.
    pub fn leave(&mut self, symbol: Symbol) {
        if let Ok(place) = self.held.binary_search(&symbol) {
            self.held.remove(place);
            self.follows.leave(symbol, self.client);
        }
    }

    /// Wants no more than these.
    pub fn keep(&mut self, wanted: &BTreeSet<Symbol>) {
        for left in self.held.extract_if(.., |symbol| !wanted.contains(symbol)) {
            self.follows.leave(left, self.client);
        }
    }

    /// Wants nothing any more.
    pub fn clear(&mut self) {
        for symbol in self.held.drain(..) {
            self.follows.leave(symbol, self.client);
        }
    }
}

impl Drop for Interests {
    fn drop(&mut self) {
        self.clear();
    }
}

impl fmt::Debug for Interests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(&self.held).finish()
    }
}
