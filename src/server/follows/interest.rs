//! A share in a symbol's being followed.

use std::{fmt, sync::Arc};

use super::Follows;
use crate::{model::symbol::Symbol, server::client::Client};

/// As long as it is held, its symbol is followed: its channel in the hub stays open, and its prices come.
#[must_use = "the symbol is followed as long as this is held"]
pub struct Interest {
    symbol: Symbol,
    /// `None` for a configured symbol, which is followed anyway.
    count: Option<(Client, Arc<Follows>)>,
}

impl Interest {
    pub(super) const fn configured(symbol: Symbol) -> Self {
        Self { symbol, count: None }
    }

    pub(super) const fn counted(symbol: Symbol, client: Client, follows: Arc<Follows>) -> Self {
        Self { symbol, count: Some((client, follows)) }
    }

    pub const fn symbol(&self) -> Symbol {
        self.symbol
    }
}

impl Drop for Interest {
    fn drop(&mut self) {
        if let Some((client, follows)) = &self.count {
            follows.leave(self.symbol, *client);
        }
    }
}

impl fmt::Debug for Interest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Interest").field(&self.symbol).finish()
    }
}
