//! Moves of prices that go with the news: laid over the path, the same for the same seed.
//!
//! A shock climbs to its peak within seconds and dies away within the hour, in steps of five seconds and more, so
//! that every candle can be put together from pieces within which it stands still. It is a pure function of the seed and
//! the time: nothing is stored, and all exchanges, candles and trades see the same.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;

use crate::model::symbol::Symbol;

use super::{
    listing::Asset,
    news::events::{Events, MOVE_STEP_MS, MOVING_EVERY, SLOT_MS},
    path::{DAY_MS, MINUTE_MS, SECOND_MS},
};

/// Steps of the climb, and how long each takes.
const CLIMB: i64 = 8;
const CLIMB_STEP_MS: i64 = MOVE_STEP_MS;
/// Steps of the way back, and how long each takes.
const DECAY: i64 = 16;
const DECAY_STEP_MS: i64 = 225 * SECOND_MS;
/// How long a shock lasts.
const DURATION_MS: i64 = CLIMB * CLIMB_STEP_MS + DECAY * DECAY_STEP_MS;
/// A shock starts at most so long before or after the slot of its event.
const AROUND_SLOT_MS: i64 = MINUTE_MS;
/// The daily volatility that the percentages of events are meant for.
const LIVELY_AS_BITCOIN: f64 = 0.022;
/// Livelier assets move more, but not by more than this.
const MOST_LIVELY: f64 = 1.8;
/// Days whose shocks are kept at hand.
const REMEMBERED_DAYS: usize = 64;

/// One move of a price.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Shock {
    /// ms since the epoch
    from: i64,
    /// As a fraction of the price.
    peak: f64,
}

/// What a shock's peak is multiplied by, `offset` ms after its start.
fn level(offset: i64) -> f64 {
    let climbed = offset - CLIMB * CLIMB_STEP_MS;
    if !(0..DURATION_MS).contains(&offset) {
        0.0
    } else if climbed < 0 {
        ratio(offset / CLIMB_STEP_MS + 1, CLIMB)
    } else {
        ratio(DECAY - climbed / DECAY_STEP_MS, DECAY).powi(2)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few steps")]
fn ratio(a: i64, b: i64) -> f64 {
    a as f64 / b as f64
}

/// The times after a shock's start at which it changes.
fn steps() -> impl Iterator<Item = i64> {
    let climb = (0..CLIMB).map(|step| step * CLIMB_STEP_MS);
    climb.chain((1..=DECAY).map(|step| CLIMB * CLIMB_STEP_MS + step * DECAY_STEP_MS))
}

impl Shock {
    fn factor(&self, time: i64) -> f64 {
        1.0 + self.peak * level(time - self.from)
    }

    const fn touches(&self, from: i64, to: i64) -> bool {
        self.from < to && from < self.from + DURATION_MS
    }
}

type Day = HashMap<Symbol, Vec<Shock>>;

/// The shocks of all assets.
#[derive(Debug)]
pub struct Shocks {
    events: Events,
    seed: u64,
    /// None before this, ms since the epoch: long candles would have too many pieces.
    begin: i64,
    days: Mutex<HashMap<i64, Arc<Day>>>,
}

impl Shocks {
    /// Those of the events since the day before `now` (ms since the epoch).
    pub fn new(events: Events, seed: u64, now: i64) -> Self {
        let begin = (now - DAY_MS).div_euclid(DAY_MS) * DAY_MS;
        Self { events, seed, begin, days: Mutex::default() }
    }

    /// What the asset's price is multiplied by at `time` (ms).
    pub fn factor(&self, symbol: Symbol, time: i64) -> f64 {
        let mut factor = 1.0;
        self.each(symbol, time, time + 1, |shock| factor *= shock.factor(time));
        factor
    }

    /// The times within `from..to` (ms) at which the factor of the asset may change, in no order.
    pub fn cuts(&self, symbol: Symbol, from: i64, to: i64) -> Vec<i64> {
        let mut cuts = Vec::new();
        self.each(symbol, from, to, |shock| {
            cuts.extend(steps().map(|step| shock.from + step).filter(|&cut| from < cut && cut < to));
        });
        cuts
    }

    fn each(&self, symbol: Symbol, from: i64, to: i64, mut found: impl FnMut(&Shock)) {
        let first = (from - DURATION_MS - AROUND_SLOT_MS).max(self.begin).div_euclid(DAY_MS);
        let last = (to + AROUND_SLOT_MS).div_euclid(DAY_MS);
        for day in first..=last {
            let shocks = self.day(day);
            shocks.get(&symbol).into_iter().flatten().filter(|shock| shock.touches(from, to)).for_each(&mut found);
        }
    }

    /// The shocks of the events of a day.
    fn day(&self, day: i64) -> Arc<Day> {
        if let Some(known) = self.days.lock().get(&day) {
            return Arc::clone(known);
        }
        let mut shocks = Day::new();
        let slots = Events::slot_of(day * DAY_MS)..Events::slot_of((day + 1) * DAY_MS);
        for slot in slots.filter(|slot| slot.rem_euclid(MOVING_EVERY) == 0 && slot * SLOT_MS >= self.begin) {
            let Some(moved) = self.events.of(slot).and_then(|event| event.moved) else { continue };
            let liveliness = Asset::of(moved.symbol, self.seed).daily_volatility / LIVELY_AS_BITCOIN;
            let peak = moved.percent / 100.0 * liveliness.min(MOST_LIVELY);
            shocks.entry(moved.symbol).or_default().push(Shock { from: moved.from, peak });
        }
        let shocks = Arc::new(shocks);
        let mut days = self.days.lock();
        if days.len() >= REMEMBERED_DAYS {
            days.clear();
        }
        days.insert(day, Arc::clone(&shocks));
        shocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::asset::default_symbols, server::simulator::path::LEAF_MS};

    /// 2026-11-20T12:00:00Z
    const NOON: i64 = 1_795_176_000_000;

    fn shocks(now: i64) -> Shocks {
        Shocks::new(Events::new(1, &default_symbols()), 1, now)
    }

    #[test]
    fn a_shock_climbs_fast_and_dies_away() {
        let levels: Vec<f64> = (-1..=DURATION_MS / SECOND_MS).map(|s| level(s * SECOND_MS)).collect();
        let top = levels.iter().position(|l| (l - 1.0).abs() < 1e-12).expect("a peak");
        assert_eq!(top, 36);
        assert!(levels[..top].is_sorted() && levels[top..].is_sorted_by(|a, b| a >= b));
        assert!((level(6 * MINUTE_MS) - 0.879).abs() < 0.01, "{}", level(6 * MINUTE_MS));
        assert_eq!((level(-1).to_bits(), level(DURATION_MS).to_bits()), (0, 0));
        assert!(levels.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 0.13));
    }

    #[test]
    fn the_factor_stands_still_between_cuts() {
        let shocks = shocks(NOON);
        let btc = Symbol::parse("BTC").expect("a symbol");
        let (from, to) = (NOON - 3 * 60 * MINUTE_MS, NOON);
        let mut cuts = shocks.cuts(btc, from, to);
        cuts.sort_unstable();
        assert!(cuts.len() > 20 && cuts.iter().all(|cut| cut % LEAF_MS == 0), "{}", cuts.len());
        let mut changes = 0;
        for time in (from + LEAF_MS..to).step_by(250) {
            if shocks.factor(btc, time - LEAF_MS).to_bits() != shocks.factor(btc, time).to_bits() {
                assert!(cuts.binary_search(&time).is_ok(), "{time} is no cut");
                changes += 1;
            }
        }
        assert!(changes > 20, "{changes}");
    }

    #[test]
    fn they_are_the_same_whenever_the_simulator_was_started() {
        let (early, late) = (shocks(NOON), shocks(NOON + DAY_MS));
        for symbol in default_symbols() {
            for minute in 0..600 {
                let time = NOON + DAY_MS + minute * MINUTE_MS;
                assert_eq!(early.factor(symbol, time).to_bits(), late.factor(symbol, time).to_bits());
            }
        }
    }

    #[test]
    fn most_prices_are_within_a_few_percent_of_their_path() {
        let shocks = shocks(NOON);
        let mut widest = 0.0_f64;
        for symbol in default_symbols() {
            for minute in 0..1440 {
                widest = widest.max((shocks.factor(symbol, NOON - minute * MINUTE_MS) - 1.0).abs());
            }
        }
        assert!((0.01..0.15).contains(&widest), "{widest}");
    }
}
