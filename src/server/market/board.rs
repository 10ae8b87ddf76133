//! The board that everybody reads: the newest ticker and sparkline of every symbol. Readers never wait.

use std::{collections::HashMap, sync::Arc};

use arc_swap::ArcSwapOption;
use parking_lot::RwLock;
use tokio::sync::Notify;

use crate::{
    model::{symbol::Symbol, ticker::Ticker},
    wire::{page::Spark, rest::PriceSource},
};

/// Written by the market's task alone, read by every request. Places of symbols that are not configured are opened and
/// closed by [`follows`](crate::server::follows).
#[derive(Debug)]
pub struct MarketBoard {
    symbols: Vec<Symbol>,
    index: HashMap<Symbol, usize>,
    slots: Vec<Slot>,
    on_demand: RwLock<HashMap<Symbol, Arc<Slot>>>,
}

#[derive(Debug, Default)]
struct Slot {
    posted: ArcSwapOption<Posted>,
    spark: ArcSwapOption<Spark>,
    /// Set off by the first ticker.
    first: Notify,
}

/// A ticker on the board.
#[derive(Debug, Clone, PartialEq)]
pub struct Posted {
    pub ticker: Arc<Ticker>,
    /// Where its price came from.
    pub source: PriceSource,
}

impl MarketBoard {
    /// An empty board for `symbols`.
    pub fn new(symbols: &[Symbol]) -> Self {
        Self {
            symbols: symbols.to_vec(),
            index: symbols.iter().enumerate().map(|(i, symbol)| (*symbol, i)).collect(),
            slots: symbols.iter().map(|_| Slot::default()).collect(),
            on_demand: RwLock::default(),
        }
    }

    /// Every configured symbol, in the order of the homepage.
    pub fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    /// Whether a symbol is configured: followed always, and shown on the pages.
    pub fn is_configured(&self, symbol: Symbol) -> bool {
        self.index.contains_key(&symbol)
    }

    /// Makes a place for a symbol that is not configured. Nothing happens if there is one.
    pub fn open(&self, symbol: Symbol) {
        if !self.is_configured(symbol) {
            self.on_demand.write().entry(symbol).or_default();
        }
    }

    /// Takes such a place away, with what is on it.
    pub fn close(&self, symbol: Symbol) {
        self.on_demand.write().remove(&symbol);
    }

    fn at<T>(&self, symbol: Symbol, look: impl FnOnce(&Slot) -> T) -> Option<T> {
        if let Some(index) = self.index.get(&symbol) {
            return self.slots.get(*index).map(look);
        }
        let slot = self.on_demand.read().get(&symbol).cloned();
        slot.as_deref().map(look)
    }

    /// The newest ticker with its source; `None` before the first price, and for a symbol that is not followed.
    pub fn posted(&self, symbol: Symbol) -> Option<Arc<Posted>> {
        self.at(symbol, |slot| slot.posted.load_full())?
    }

    /// The first ticker of a symbol that is followed on demand, when it comes; the newest if there is one. `None` for any
    /// other symbol.
    pub async fn first_posted(&self, symbol: Symbol) -> Option<Arc<Posted>> {
        let slot = self.on_demand.read().get(&symbol).cloned()?;
        let first = slot.first.notified();
        // From here on nothing is missed.
        match slot.posted.load_full() {
            None => {
                first.await;
                slot.posted.load_full()
            }
            posted => posted,
        }
    }

    /// The newest ticker; `None` before the first price, and for a symbol that is not followed.
    pub fn ticker(&self, symbol: Symbol) -> Option<Arc<Ticker>> {
        self.at(symbol, |slot| slot.posted.load().as_ref().map(|posted| Arc::clone(&posted.ticker)))?
    }

    /// Every ticker of a configured symbol, in the order of the homepage.
    pub fn tickers(&self) -> Vec<Arc<Ticker>> {
        self.symbols.iter().filter_map(|symbol| self.ticker(*symbol)).collect()
    }

    /// Every sparkline of a configured symbol, in the order of the homepage.
    pub fn sparks(&self) -> Vec<Arc<Spark>> {
        self.slots.iter().filter_map(|slot| slot.spark.load_full()).collect()
    }

    /// Puts a ticker up in place of the one before.
    pub fn post(&self, ticker: Arc<Ticker>, source: PriceSource) {
        // No place: it was taken away a moment ago.
        let _ = self.at(ticker.symbol, |slot| {
            if slot.posted.swap(Some(Arc::new(Posted { ticker, source }))).is_none() {
                slot.first.notify_waiters();
            }
        });
    }

    /// Puts a sparkline up in place of the one before.
    pub fn post_spark(&self, spark: Spark) {
        let _ = self.at(spark.symbol, |slot| slot.spark.store(Some(Arc::new(spark))));
    }
}
