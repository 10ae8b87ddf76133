//! What one reader wants, where that changes while it is connected.

use std::{collections::HashMap, fmt, sync::Arc};

use super::{Follows, Interest, Unfollowed};
use crate::{model::symbol::Symbol, server::client::Client};

/// The interests of one reader. Dropping it lets go of them all.
pub struct Interests {
    follows: Arc<Follows>,
    client: Client,
    held: HashMap<Symbol, Interest>,
}

impl Interests {
    /// Of a reader who is counted as `client`, and wants nothing yet.
    pub fn new(follows: Arc<Follows>, client: Client) -> Self {
        Self { follows, client, held: HashMap::new() }
    }

    /// Wants a symbol. Nothing happens if it is wanted already. The reader bounds how many it wants.
    ///
    /// # Errors
    /// As [`Follows::want`].
    pub fn want(&mut self, symbol: Symbol) -> Result<(), Unfollowed> {
        if !self.held.contains_key(&symbol) {
            self.held.insert(symbol, self.follows.want(symbol, self.client)?);
        }
        Ok(())
    }

    /// Whether a symbol is wanted.
    pub fn holds(&self, symbol: Symbol) -> bool {
        self.held.contains_key(&symbol)
    }

    /// How many symbols are wanted.
    #[expect(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Wants a symbol no more.
    pub fn leave(&mut self, symbol: Symbol) {
        self.held.remove(&symbol);
    }

    /// Wants nothing any more.
    pub fn clear(&mut self) {
        self.held.clear();
    }
}

impl fmt::Debug for Interests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.held.keys()).finish()
    }
}
