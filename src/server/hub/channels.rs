//! The channels of all symbols: those of the settings for ever, others while somebody wants them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use parking_lot::RwLock;

use super::channel::Channel;
use crate::model::symbol::Symbol;

#[derive(Debug)]
pub(super) struct Channels {
    /// In the configured order.
    configured: Vec<Arc<Channel>>,
    /// Into `configured`. Never changes, so that the busiest symbols are found without a lock.
    index: HashMap<Symbol, usize>,
    on_demand: RwLock<BTreeMap<Symbol, Arc<Channel>>>,
}

impl Channels {
    pub(super) fn new(symbols: &[Symbol]) -> Self {
        Self {
            configured: symbols.iter().map(|symbol| Arc::new(Channel::new(*symbol))).collect(),
            index: symbols.iter().enumerate().map(|(i, symbol)| (*symbol, i)).collect(),
            on_demand: RwLock::default(),
        }
    }

    pub(super) fn get(&self, symbol: Symbol) -> Option<Arc<Channel>> {
        match self.index.get(&symbol) {
            Some(index) => self.configured.get(*index).cloned(),
            None => self.on_demand.read().get(&symbol).cloned(),
        }
    }

    /// Opens a channel. One that is open stays as it is.
    pub(super) fn open(&self, symbol: Symbol) {
        if !self.index.contains_key(&symbol) {
            self.on_demand.write().entry(symbol).or_insert_with(|| Arc::new(Channel::new(symbol)));
        }
    }

    /// Closes a channel that was opened. Returns `false`, and leaves it open, while anybody holds it: so nobody ever
    /// waits at a channel that nothing is published to.
    pub(super) fn close(&self, symbol: Symbol) -> bool {
        if self.index.contains_key(&symbol) {
            return false;
        }
        let mut on_demand = self.on_demand.write();
        // Others get at it through this map only, which is locked.
        if on_demand.get(&symbol).is_some_and(|channel| Arc::strong_count(channel) > 1) {
            return false;
        }
        on_demand.remove(&symbol);
        true
    }

    /// How many readers each symbol has, without those that have none.
    pub(super) fn subscriptions(&self) -> Vec<(Symbol, usize)> {
        let on_demand = self.on_demand.read();
        let all = self.configured.iter().chain(on_demand.values());
        all.map(|c| (c.symbol(), c.readers())).filter(|(_, readers)| *readers > 0).collect()
    }
}
