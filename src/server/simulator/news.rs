//! News feeds, played: invented outlets that tell invented events about the simulated market.
//!
//! | room | does |
//! |---|---|
//! | [`outlets`] | who there is |
//! | [`plots`], [`facts`] | what can happen, and the words for it |
//! | [`events`] | what happens when: a pure function of the seed and the time |
//! | [`telling`] | who tells it when, in which words |
//! | [`shelf`] | what is in each feed now |
//! | [`render`] | RSS 2.0, 1.0 and 0.92, Atom, JSON Feed |
//! | [`serve`], [`faults`], [`broken`] | over HTTP, well or badly |
//! | [`control`] | items and faults on demand |
//!
//! It shares no code with the reader of feeds: it is its opposite number.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use parking_lot::Mutex;
use serde::Serialize;

use crate::{model::symbol::Symbol, server::config::Feed};

use self::{
    events::Events,
    faults::FeedFaults,
    outlets::OUTLETS,
    serve::Rendered,
    shelf::{Shelf, Shelves},
};
use super::{Simulator, market::Market};

pub mod broken;
pub mod control;
pub mod events;
pub mod facts;
pub mod faults;
pub mod item;
pub mod outlets;
pub mod plots;
pub mod render;
pub mod serve;
pub mod shelf;
pub mod telling;

#[cfg(test)]
mod tests;

/// What the outlets do by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, clap::ValueEnum)]
pub enum NewsMode {
    /// About two events a minute, with a day of them behind the start; some move prices.
    Playing,
    /// Nothing is in the feeds but what is published on demand, and prices follow their path alone.
    #[default]
    Quiet,
}

impl NewsMode {
    /// The name in the control interface.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Playing => "playing",
            Self::Quiet => "quiet",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Playing, Self::Quiet].into_iter().find(|mode| mode.as_str() == text)
    }
}

/// A feed that is played here.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeedPlay {
    pub key: String,
    pub name: String,
    pub category: String,
    /// 1 is the best, 3 the least.
    pub tier: u8,
    /// 0 to 1
    pub trust: f64,
    pub url: String,
}

impl From<FeedPlay> for Feed {
    fn from(play: FeedPlay) -> Self {
        let FeedPlay { key, name, category, tier, trust, url } = play;
        Self { key, name, category, url, tier, trust }
    }
}

/// Where the feeds are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewsUrls {
    /// Every feed is below this.
    pub base: String,
    pub control: String,
    pub feeds: Vec<FeedPlay>,
}

/// All outlets.
#[derive(Debug)]
pub struct News {
    shelves: Mutex<Shelves>,
    faults: FeedFaults,
    /// The newest text of each feed.
    rendered: Mutex<Vec<Option<Arc<Rendered>>>>,
    requests: [AtomicU64; OUTLETS.len()],
    unchanged: [AtomicU64; OUTLETS.len()],
}

impl News {
    pub fn new(events: Events, mode: NewsMode, market: &Market) -> Self {
        Self {
            shelves: Mutex::new(Shelves::new(events, mode, market.now(), |symbol, at| price(market, symbol, at))),
            faults: FeedFaults::default(),
            rendered: Mutex::new(vec![None; OUTLETS.len()]),
            requests: Default::default(),
            unchanged: Default::default(),
        }
    }

    /// The feeds at this moment of the market.
    fn now<T>(&self, market: &Market, look: impl FnOnce(&mut Shelves) -> T) -> T {
        let mut shelves = self.shelves.lock();
        shelves.advance(market.clock().wall().0, |symbol, at| price(market, symbol, at));
        look(&mut shelves)
    }

    /// A feed at this moment as text.
    fn rendered(&self, market: &Market, outlet: usize) -> Option<Arc<Rendered>> {
        let known = self.rendered.lock().get(outlet).cloned().flatten();
        let version = known.as_ref().map(|known| known.version);
        let is_newer = |shelf: &&Shelf| Some(shelf.version) != version;
        let Some(feed) = self.now(market, |all| all.shelf(outlet).filter(is_newer).cloned()) else { return known };
        let rendered = Arc::new(Rendered::new(OUTLETS.get(outlet)?, &feed));
        if let Some(slot) = self.rendered.lock().get_mut(outlet) {
            *slot = Some(Arc::clone(&rendered));
        }
        Some(rendered)
    }

    fn count(counters: &[AtomicU64], outlet: usize) {
        if let Some(counter) = counters.get(outlet) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn counted(counters: &[AtomicU64], outlet: usize) -> u64 {
        counters.get(outlet).map_or(0, |counter| counter.load(Ordering::Relaxed))
    }
}

/// The price at an event, or that of an asset which nobody trades.
fn price(market: &Market, symbol: Symbol, at: i64) -> f64 {
    market.price(symbol, at).unwrap_or(1.0)
}

impl Simulator {
    /// The feeds behind `base` (`127.0.0.1:19001`).
    pub fn feeds(&self, base: impl std::fmt::Display) -> Vec<FeedPlay> {
        OUTLETS
            .iter()
            .map(|outlet| FeedPlay {
                key: outlet.key.to_owned(),
                name: outlet.name.to_owned(),
                category: outlet.category.to_owned(),
                tier: outlet.tier,
                trust: outlet.trust,
                url: format!("http://{base}{}", outlet.path()),
            })
            .collect()
    }
}
