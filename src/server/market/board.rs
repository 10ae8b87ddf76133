//! The board that everybody reads: the newest ticker and sparkline of every symbol. Readers never wait.

use std::{collections::HashMap, sync::Arc};

use arc_swap::ArcSwapOption;

use crate::{
    model::{symbol::Symbol, ticker::Ticker},
    wire::{page::Spark, rest::PriceSource},
};

/// Written by the market's task alone, read by every request.
#[derive(Debug)]
pub struct MarketBoard {
    symbols: Vec<Symbol>,
    index: HashMap<Symbol, usize>,
    slots: Vec<Slot>,
}

#[derive(Debug, Default)]
struct Slot {
    posted: ArcSwapOption<Posted>,
    spark: ArcSwapOption<Spark>,
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
        }
    }

    /// Every symbol that is followed, in the order of the homepage.
    pub fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    /// Whether a symbol is followed.
    pub fn follows(&self, symbol: Symbol) -> bool {
        self.index.contains_key(&symbol)
    }

    fn slot(&self, symbol: Symbol) -> Option<&Slot> {
        self.slots.get(*self.index.get(&symbol)?)
    }

    /// The newest ticker with its source; `None` before the first price, and for a symbol that is not followed.
    pub fn posted(&self, symbol: Symbol) -> Option<Arc<Posted>> {
        self.slot(symbol)?.posted.load_full()
    }

    /// The newest ticker; `None` before the first price, and for a symbol that is not followed.
    pub fn ticker(&self, symbol: Symbol) -> Option<Arc<Ticker>> {
        self.slot(symbol)?.posted.load().as_ref().map(|posted| Arc::clone(&posted.ticker))
    }

    /// Every ticker there is, in the order of the homepage.
    pub fn tickers(&self) -> Vec<Arc<Ticker>> {
        self.symbols.iter().filter_map(|symbol| self.ticker(*symbol)).collect()
    }

    /// Every sparkline there is, in the order of the homepage.
    pub fn sparks(&self) -> Vec<Arc<Spark>> {
        self.slots.iter().filter_map(|slot| slot.spark.load_full()).collect()
    }

    /// Puts a ticker up in place of the one before.
    pub fn post(&self, ticker: Arc<Ticker>, source: PriceSource) {
        if let Some(slot) = self.slot(ticker.symbol) {
            slot.posted.store(Some(Arc::new(Posted { ticker, source })));
        }
    }

    /// Puts a sparkline up in place of the one before.
    pub fn post_spark(&self, spark: Spark) {
        if let Some(slot) = self.slot(spark.symbol) {
            slot.spark.store(Some(Arc::new(spark)));
        }
    }
}
