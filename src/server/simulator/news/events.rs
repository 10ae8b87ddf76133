//! What happens when: a pure function of the seed and the time, like the prices.
//!
//! Time is divided into slots of half a minute, and one event happens in each. Every eighth of them moves a price, so
//! that moves are the same whoever reads the news.

use crate::{
    model::{asset::DEFAULT_STRIP, symbol::Symbol},
    server::simulator::{
        noise::{Noise, key, key_of_text},
        path::SECOND_MS,
    },
};

use super::plots::{self, Cast, Plot};

/// The length of a slot, in ms.
pub const SLOT_MS: i64 = 30 * SECOND_MS;
/// Of so many slots, the first one's event moves a price.
pub const MOVING_EVERY: i64 = 8;
/// An event happens within so many ms of the start of its slot.
const JITTER_MS: u64 = 12_000;
/// Moves start at whole multiples of this: the finer a cut of the path, the dearer.
pub const MOVE_STEP_MS: i64 = 5 * SECOND_MS;
/// Of so many events that move nothing, one is a column.
const COLUMN_OF: u64 = 6;

/// The assets of chains that run programs.
const CHAINS: [&str; 12] = ["ETH", "SOL", "BNB", "ADA", "AVAX", "DOT", "TRX", "NEAR", "APT", "ARB", "OP", "SUI"];

/// The move of a price that goes with an event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Move {
    pub symbol: Symbol,
    /// When it starts, ms since the epoch, a multiple of [`MOVE_STEP_MS`].
    pub from: i64,
    /// In percent for an asset as lively as Bitcoin; its sign is that of the move.
    pub percent: f64,
}

/// Something that happens.
#[derive(Debug, Clone)]
pub struct Event {
    pub slot: i64,
    pub plot: &'static Plot,
    pub symbol: Symbol,
    /// ms since the epoch
    pub at: i64,
    pub moved: Option<Move>,
    /// One outlet's own column.
    pub is_column: bool,
    /// Draws the rest of it.
    pub noise: Noise,
}

/// The events of a seed about some assets.
#[derive(Debug, Clone)]
pub struct Events {
    seed: u64,
    symbols: Vec<Symbol>,
}

impl Events {
    pub fn new(seed: u64, symbols: &[Symbol]) -> Self {
        // The order of the settings does not matter.
        let mut symbols = symbols.to_vec();
        symbols.sort_unstable_by_key(|symbol| symbol.as_str().to_owned());
        symbols.dedup();
        Self { seed: key_of_text(seed, "news"), symbols }
    }

    /// The slot that `time` (ms since the epoch) falls in.
    pub const fn slot_of(time: i64) -> i64 {
        time.div_euclid(SLOT_MS)
    }

    /// The event of a slot. `None` where there is no asset to tell of.
    pub fn of(&self, slot: i64) -> Option<Event> {
        let mut noise = Noise::new(key(self.seed, slot.cast_unsigned()));
        let moves = slot.rem_euclid(MOVING_EVERY) == 0;
        let is_column = !moves && noise.below(COLUMN_OF) == 0;
        let plot = if moves {
            choose(plots::moving(), &mut noise)
        } else if is_column {
            choose(plots::columns(), &mut noise)
        } else {
            choose(plots::still(), &mut noise)
        }?;
        let symbol = self.cast(plot.cast, &mut noise)?;
        let offset = i64::try_from(noise.below(JITTER_MS)).unwrap_or(0);
        let at = slot * SLOT_MS + offset;
        let shock = plot.shock.map(|(least, most)| {
            let percent = least + (most - least) * noise.unit();
            // From ten seconds before the news to half a minute after it.
            let lead = i64::try_from(noise.below(40_000)).unwrap_or(0) - 10_000;
            let from = at + lead;
            Move { symbol, from: from - from.rem_euclid(MOVE_STEP_MS), percent }
        });
        Some(Event { slot, plot, symbol, at, moved: shock, is_column, noise })
    }

    fn cast(&self, cast: Cast, noise: &mut Noise) -> Option<Symbol> {
        let is_of = |symbol: &Symbol, names: &[&str]| names.contains(&symbol.as_str());
        let (majors, bitcoin) = (&["BTC", "ETH", "SOL"], &["BTC"]);
        let fits = |symbol: &&Symbol| match cast {
            Cast::Bitcoin => is_of(symbol, bitcoin),
            Cast::Majors => is_of(symbol, majors),
            Cast::Chains => is_of(symbol, &CHAINS),
            Cast::Others => !is_of(symbol, majors),
            Cast::Any => true,
        };
        let mut fitting: Vec<&Symbol> = self.symbols.iter().filter(fits).collect();
        if fitting.is_empty() {
            fitting = self.symbols.iter().collect();
        }
        // Those on the strip are in the news most, unless one of them would be in all of it.
        let known: Vec<&Symbol> = fitting.iter().copied().filter(|symbol| is_of(symbol, &DEFAULT_STRIP)).collect();
        let pool = if known.len() > 1 && noise.below(5) < 2 { known } else { fitting };
        choose(pool.into_iter(), noise).copied()
    }
}

/// One of them, each as likely as any other.
pub fn choose<T>(from: impl Iterator<Item = T> + Clone, noise: &mut Noise) -> Option<T> {
    let count = u64::try_from(from.clone().count()).unwrap_or(0);
    let place = usize::try_from(noise.below(count)).unwrap_or(0);
    let mut from = from;
    from.nth(place)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::model::asset::default_symbols;

    /// The slot of 2026-11-20T12:00:00Z
    const NOON: i64 = 1_795_176_000_000 / SLOT_MS;

    #[test]
    fn the_same_seed_gives_the_same_events_in_any_order_of_the_assets() {
        let mut turned = default_symbols();
        turned.reverse();
        let (a, b, other) =
            (Events::new(1, &default_symbols()), Events::new(1, &turned), Events::new(2, &default_symbols()));
        let told = |events: &Events, slot| {
            let event = events.of(slot).expect("an event");
            (event.plot.told.first().expect("a wording").0, event.symbol, event.at)
        };
        let slots = NOON..NOON + 200;
        assert!(slots.clone().all(|slot| told(&a, slot) == told(&b, slot)));
        assert!(slots.clone().filter(|&slot| told(&a, slot) != told(&other, slot)).count() > 190);
        assert!(
            slots
                .clone()
                .zip(slots.skip(1))
                .all(|(slot, next)| { (18_000..=42_000).contains(&(told(&a, next).2 - told(&a, slot).2)) })
        );
    }

    #[test]
    fn every_eighth_event_moves_its_price() {
        let events = Events::new(1, &default_symbols());
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for slot in NOON..NOON + 4000 {
            let event = events.of(slot).expect("an event");
            assert_eq!(event.moved.is_some(), slot % MOVING_EVERY == 0, "{slot}");
            if let Some(moved) = event.moved {
                assert_eq!((moved.symbol, moved.from % MOVE_STEP_MS), (event.symbol, 0));
                assert!((-15_000..30_000).contains(&(moved.from - event.at)), "{slot}");
            }
            *seen.entry(event.symbol.as_str().to_owned().leak()).or_default() += 1;
        }
        assert_eq!(seen.len(), default_symbols().len(), "{seen:?}");
        assert!(seen["BTC"] > seen["LTC"] * 3, "{seen:?}");
    }

    #[test]
    fn a_market_of_one_asset_has_news_and_an_empty_one_none() {
        let only = Symbol::parse("PEPE").expect("a symbol");
        assert!((0..100).all(|slot| Events::new(1, &[only]).of(slot).is_some_and(|event| event.symbol == only)));
        assert!(Events::new(1, &[]).of(5).is_none());
    }
}
