//! One asset as components look at it: what is known of it, its signals, and what is derived from them.

use std::sync::Arc;

use leptos::prelude::*;

use super::format;
use crate::{
    live::store::{AssetSignals, LiveStore},
    model::{asset::AssetInfo, freshness::Freshness, symbol::Symbol, ticker::Ticker},
    ui::reactive::memo,
};

/// Cheap to clone. Made inside a component: the derived values go with it.
#[derive(Clone)]
pub struct AssetView {
    pub info: AssetInfo,
    pub signals: AssetSignals,
    /// Decimals of this asset's prices; fixed once a price is known.
    pub decimals: Memo<usize>,
    /// What may be said of the price now.
    pub freshness: Memo<Freshness>,
}

impl AssetView {
    /// `None` if the asset is not followed.
    pub fn of(store: &LiveStore, symbol: Symbol) -> Option<Self> {
        let info = store.site().assets.iter().find(|asset| asset.symbol == symbol)?.clone();
        let signals = store.asset(symbol)?;
        let decimals = {
            let signals = signals.clone();
            Memo::new(move |known: Option<&Option<usize>>| {
                known.copied().flatten().or_else(|| reference(&signals).map(format::decimals))
            })
        };
        let freshness = {
            let store = store.clone();
            memo(move || store.freshness(symbol))
        };
        Some(Self { info, signals, decimals: memo(move || decimals.get().unwrap_or(2)), freshness })
    }

    pub fn symbol(&self) -> Symbol {
        self.info.symbol
    }

    /// Tracks the ticker.
    pub fn ticker(&self) -> Option<Arc<Ticker>> {
        self.signals.ticker.get()
    }

    /// A figure of the ticker. Tracks the ticker.
    pub fn figure<T>(&self, read: impl FnOnce(&Ticker) -> Option<T>) -> Option<T> {
        self.signals.ticker.with(|ticker| ticker.as_deref().and_then(read))
    }

    /// The price as text. Tracks the ticker.
    pub fn price_text(&self) -> String {
        format::price(self.figure(|t| Some(t.price)), self.decimals.get())
    }

    /// The change in percent. Tracks the ticker.
    pub fn percent(&self) -> Option<f64> {
        self.figure(|t| t.change_percent24h)
    }

    /// The address of the asset's page.
    pub fn href(&self) -> String {
        format!("/coin/{}", self.info.symbol)
    }
}

/// The price that decides the decimals: the oldest of the last 24 h, which hardly ever changes, or else the newest.
fn reference(signals: &AssetSignals) -> Option<f64> {
    let oldest = signals.spark.with_untracked(|spark| spark.as_ref().and_then(|s| s.closes.first().copied()));
    oldest.or_else(|| signals.ticker.with(|ticker| ticker.as_ref().map(|t| t.price)))
}
