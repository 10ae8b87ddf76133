//! Per-asset signals, written once per animation frame.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use leptos::prelude::*;

use super::{
    link::Link,
    news::NewsStore,
    preferences::{Choices, Preferences},
    spark,
};
use crate::{
    model::{freshness::Freshness, symbol::Symbol, ticker::Ticker, time::UnixMs},
    wire::{
        page::{PageSnapshot, SiteInfo, Spark},
        realtime::{RealtimeMessage, StatusChange},
    },
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
    /// The stream counts as open, and says nothing.
    silent: ArcRwSignal<bool>,
    preferences: Preferences,
    news: NewsStore,
    arrivals: Mutex<Arrivals>,
}

/// What came in and was not written into the signals yet, and in which order.
///
/// Frames stop in a tab that nobody sees, so this holds one value per symbol and never a queue.
#[derive(Default)]
struct Arrivals {
    pending: HashMap<Symbol, Arc<Ticker>>,
    /// Counts streamed tickers and questions together, so that any two can be put in order.
    count: u64,
    /// The count of each symbol's last streamed ticker.
    streamed: HashMap<Symbol, u64>,
    /// The count of the last question that was answered.
    answered: u64,
}

/// When a question was asked, among everything that the store received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked(u64);

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
            news: NewsStore::new(snapshot.news),
            site: snapshot.site,
            assets,
            link: ArcRwSignal::new(Link::Connecting),
            now: ArcRwSignal::new(snapshot.at),
            silent: ArcRwSignal::new(false),
            arrivals: Mutex::new(Arrivals::default()),
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

    /// What the visitor chose.
    pub fn preferences(&self) -> Preferences {
        self.0.preferences.clone()
    }

    /// The stories.
    pub fn news(&self) -> NewsStore {
        self.0.news.clone()
    }

    /// The server's clock as far as the page can tell: the snapshot's time at first, then moved on once a second.
    pub fn now(&self) -> ArcRwSignal<UnixMs> {
        self.0.now.clone()
    }

    /// Shows the state of the page's own connection.
    pub fn set_link(&self, link: Link) {
        set_if_changed(&self.0.link, link);
    }

    /// Says whether a stream that counts as open delivers nothing: its figures are `quiet` at best.
    pub fn set_silent(&self, silent: bool) {
        set_if_changed(&self.0.silent, silent);
    }

    /// Moves [`now`](Self::now).
    pub fn set_now(&self, now: UnixMs) {
        set_if_changed(&self.0.now, now);
    }

    /// Takes in one message of the stream.
    pub fn take(&self, message: RealtimeMessage) {
        match message {
            RealtimeMessage::Ticker { data } => self.receive(*data),
            RealtimeMessage::Status { data } => self.amend(&data),
            RealtimeMessage::Story { data } => self.0.news.receive(*data),
            // What a gap and an end ask for is the browser's business.
            RealtimeMessage::Gap { .. }
            | RealtimeMessage::StreamError { .. }
            | RealtimeMessage::Connected(_)
            | RealtimeMessage::Heartbeat(_) => {}
        }
    }

    /// Keeps a streamed ticker for the next [`flush`](Self::flush). The last of a symbol wins: the stream is in the
    /// server's order, and a venue that drops out may well leave an older `receivedAt` behind.
    /// Symbols that are not followed are dropped.
    pub fn receive(&self, ticker: Ticker) {
        if self.0.assets.contains_key(&ticker.symbol) {
            self.arrivals().stream(Arc::new(ticker));
        }
    }

    /// Changes the freshness of the newest ticker of a symbol and of its venues, for the next flush.
    fn amend(&self, change: &StatusChange) {
        let mut arrivals = self.arrivals();
        let shown = || self.0.assets.get(&change.symbol).and_then(|a| a.ticker.get_untracked());
        let Some(newest) = arrivals.pending.get(&change.symbol).cloned().or_else(shown) else { return };
        let mut ticker = Arc::unwrap_or_clone(newest);
        ticker.freshness = change.freshness;
        for quote in &mut ticker.venues {
            if let Some(freshness) = change.venues.get(&quote.venue) {
                quote.freshness = *freshness;
            }
        }
        arrivals.stream(Arc::new(ticker));
    }

    /// Remembers that the server is asked for tickers now. The answer goes to [`answer`](Self::answer).
    pub fn ask(&self) -> Asked {
        let mut arrivals = self.arrivals();
        arrivals.count += 1;
        Asked(arrivals.count)
    }

    /// Keeps the answer to a question for the next flush.
    ///
    /// Question and stream look at the same state of the server, so what was streamed after the question is at least
    /// as new as the answer and stays. So does the answer to a later question.
    pub fn answer(&self, asked: Asked, tickers: Vec<Ticker>) {
        let mut arrivals = self.arrivals();
        if asked.0 < arrivals.answered {
            return;
        }
        arrivals.answered = asked.0;
        for ticker in tickers {
            let newer_streamed = arrivals.streamed.get(&ticker.symbol).is_some_and(|&count| count > asked.0);
            if self.0.assets.contains_key(&ticker.symbol) && !newer_streamed {
                arrivals.pending.insert(ticker.symbol, Arc::new(ticker));
            }
        }
    }

    /// Writes what was received into the signals. Called once per animation frame.
    pub fn flush(&self) {
        let pending = std::mem::take(&mut self.arrivals().pending);
        for (symbol, ticker) in pending {
            let Some(signals) = self.0.assets.get(&symbol) else { continue };
            let next = signals.spark.with_untracked(|spark| {
                spark.as_ref().and_then(|s| spark::follow(s, ticker.received_at, ticker.price))
            });
            if let Some(next) = next {
                signals.spark.set(Some(Arc::new(next)));
            }
            set_if_changed(&signals.ticker, Some(ticker));
        }
        self.0.news.flush();
    }

    /// What may be said of an asset's figure now: `down` while nothing reaches the page, at best `quiet` while the
    /// stream is open and says nothing. Tracks what it depends on.
    pub fn freshness(&self, symbol: Symbol) -> Freshness {
        let link = self.0.link.get();
        let best = if self.0.silent.get() { Freshness::Quiet } else { Freshness::Live };
        let known = self.asset(symbol).and_then(|a| a.ticker.with(|t| t.as_ref().map(|t| t.freshness)));
        match known {
            Some(freshness) if link.delivers() || link == Link::Connecting => freshness.min(best),
            _ => Freshness::Down,
        }
    }

    fn arrivals(&self) -> MutexGuard<'_, Arrivals> {
        self.0.arrivals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Arrivals {
    fn stream(&mut self, ticker: Arc<Ticker>) {
        self.count += 1;
        self.streamed.insert(ticker.symbol, self.count);
        self.pending.insert(ticker.symbol, ticker);
    }
}

/// Writes a signal only where that changes it: every write wakes whoever watches.
fn set_if_changed<T: PartialEq + Send + Sync + 'static>(signal: &ArcRwSignal<T>, value: T) {
    if signal.with_untracked(|old| *old != value) {
        signal.set(value);
    }
}

#[cfg(test)]
mod tests;
