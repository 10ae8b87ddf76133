//! Per-asset signals, written once per animation frame.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use leptos::prelude::*;

use super::{
    link::Link,
    preferences::{Choices, Preferences},
};
use crate::{
    model::{freshness::Freshness, symbol::Symbol, ticker::Ticker, time::UnixMs},
    wire::page::{PageSnapshot, SiteInfo, Spark},
};

/// Everything live on a page. Made once above the router and cloned into components through the context.
///
/// Signals are reference-counted, not owned by a page: a page that is left must not take them along.
#[derive(Clone)]
pub struct LiveStore(Arc<Inner>);

struct Inner {
    site: SiteInfo,
    assets: HashMap<Symbol, AssetSignals>,
    link: ArcRwSignal<Link>,
    now: ArcRwSignal<UnixMs>,
    preferences: Preferences,
    pending: Mutex<HashMap<Symbol, Arc<Ticker>>>,
}

/// The signals of one asset.
#[derive(Clone)]
pub struct AssetSignals {
    /// `None` until the asset has a price.
    pub ticker: ArcRwSignal<Option<Arc<Ticker>>>,
    /// `None` until the asset has a history.
    pub spark: ArcRwSignal<Option<Arc<Spark>>>,
}

impl LiveStore {
    /// A store that shows `snapshot` to a visitor who chose nothing.
    pub fn new(snapshot: PageSnapshot) -> Self {
        Self::with_choices(snapshot, Choices::default())
    }

    /// A store that shows `snapshot` to a visitor who made these choices.
    pub fn with_choices(snapshot: PageSnapshot, choices: Choices) -> Self {
        let mut assets: HashMap<Symbol, AssetSignals> = snapshot
            .site
            .assets
            .iter()
            .map(|a| (a.symbol, AssetSignals { ticker: ArcRwSignal::new(None), spark: ArcRwSignal::new(None) }))
            .collect();
        for ticker in snapshot.tickers {
            if let Some(signals) = assets.get_mut(&ticker.symbol) {
                signals.ticker = ArcRwSignal::new(Some(Arc::new(ticker)));
            }
        }
        for spark in snapshot.sparks {
            if let Some(signals) = assets.get_mut(&spark.symbol) {
                signals.spark = ArcRwSignal::new(Some(Arc::new(spark)));
            }
        }
        Self(Arc::new(Inner {
            preferences: Preferences::new(choices, &snapshot.site),
            site: snapshot.site,
            assets,
            link: ArcRwSignal::new(Link::Connecting),
            now: ArcRwSignal::new(snapshot.at),
            pending: Mutex::new(HashMap::new()),
        }))
    }

    /// The store of this page.
    ///
    /// # Panics
    /// Never in a page: `App` provides it above the router.
    pub fn expect() -> Self {
        expect_context()
    }

    pub fn site(&self) -> &SiteInfo {
        &self.0.site
    }

    /// The signals of an asset; `None` if it is not followed.
    pub fn asset(&self, symbol: Symbol) -> Option<AssetSignals> {
        self.0.assets.get(&symbol).cloned()
    }

    /// State of the page's own connection.
    pub fn link(&self) -> ArcRwSignal<Link> {
        self.0.link.clone()
    }

    /// The server's clock as far as the page can tell: the snapshot's time at first, then moved on once a second.
    pub fn now(&self) -> ArcRwSignal<UnixMs> {
        self.0.now.clone()
    }

    /// What the visitor chose.
    pub fn preferences(&self) -> Preferences {
        self.0.preferences.clone()
    }

    /// Keeps a ticker for the next [`flush`](Self::flush). The newest of a symbol wins.
    pub fn receive(&self, ticker: Ticker) {
        let mut pending = self.0.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.insert(ticker.symbol, Arc::new(ticker));
    }

    /// Writes what was received into the signals. Called once per animation frame.
    pub fn flush(&self) {
        let pending = std::mem::take(&mut *self.0.pending.lock().unwrap_or_else(PoisonError::into_inner));
        for (symbol, ticker) in pending {
            if let Some(signals) = self.0.assets.get(&symbol) {
                signals.ticker.set(Some(ticker));
            }
        }
    }

    /// What may be said of an asset's figure now: `down` while nothing reaches the page. Tracks both signals.
    pub fn freshness(&self, symbol: Symbol) -> Freshness {
        let link = self.0.link.get();
        let known = self.asset(symbol).and_then(|a| a.ticker.with(|t| t.as_ref().map(|t| t.freshness)));
        match known {
            Some(freshness) if link.delivers() || link == Link::Connecting => freshness,
            _ => Freshness::Down,
        }
    }
}
