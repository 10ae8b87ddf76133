//! What is in each feed, and what will be.

use std::collections::{BTreeMap, VecDeque};

use crate::model::symbol::Symbol;

use super::{
    NewsMode,
    events::{Events, SLOT_MS},
    item::Item,
    outlets::OUTLETS,
    telling::{Report, reports},
};
use crate::server::simulator::path::{DAY_MS, HOUR_MS};

/// Items of a feed.
pub const ROOM: usize = 40;
/// Most items that are published at once.
pub const MOST_AT_ONCE: usize = 10_000;
/// Of so many slots, one is told of the time before the start: forty events in a day.
const BACKLOG_EVERY: i64 = 72;
/// Outlets were slower then.
const BACKLOG_STRETCH: i64 = 5;
/// Who was not asked for so long has missed what is older.
const CATCH_UP_MS: i64 = 2 * HOUR_MS;
/// Reports that wait for their time. Every event makes a dozen at most, and none waits for a quarter of an hour.
const MOST_PENDING: usize = 4096;

/// One outlet's feed.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// Newest first.
    pub items: VecDeque<Item>,
    /// How many it holds.
    room: usize,
    /// When it last gained an item, ms since the epoch.
    pub changed: i64,
    /// Grows with every change.
    pub version: u64,
}

impl Shelf {
    fn add(&mut self, item: Item, now: i64) {
        self.items.push_front(item);
        self.items.truncate(self.room);
        self.changed = now;
        self.version += 1;
    }
}

/// All feeds in time.
#[derive(Debug)]
pub struct Shelves {
    events: Events,
    pub mode: NewsMode,
    next_slot: i64,
    /// By their time, then by the order in which they were made.
    pending: BTreeMap<(i64, u64), (usize, Item)>,
    made: u64,
    feeds: Vec<Shelf>,
}

impl Shelves {
    /// Feeds with what happened in the 24 hours before `now` (ms since the epoch), or empty ones.
    pub fn new(events: Events, mode: NewsMode, now: i64, price: impl Fn(Symbol, i64) -> f64) -> Self {
        let empty = Shelf { items: VecDeque::new(), room: ROOM, changed: now, version: 0 };
        let next_slot = Events::slot_of(now);
        let feeds = vec![empty; OUTLETS.len()];
        let mut all = Self { events, mode, next_slot, pending: BTreeMap::new(), made: 0, feeds };
        if mode == NewsMode::Playing {
            let slots = Events::slot_of(now - DAY_MS)..next_slot;
            for slot in slots.filter(|slot| slot.rem_euclid(BACKLOG_EVERY) == 0) {
                all.tell(slot, BACKLOG_STRETCH, &price);
            }
            all.settle(now);
        }
        all
    }

    /// Moves all feeds on to `now` (ms since the epoch).
    pub fn advance(&mut self, now: i64, price: impl Fn(Symbol, i64) -> f64) {
        let reached = Events::slot_of(now);
        if self.mode == NewsMode::Quiet {
            self.next_slot = reached + 1;
            return;
        }
        self.next_slot = self.next_slot.max(reached - CATCH_UP_MS / SLOT_MS);
        while self.next_slot <= reached {
            self.tell(self.next_slot, 1, &price);
            self.next_slot += 1;
        }
        self.settle(now);
    }

    /// From now on only what is published on demand, or the rest as well.
    pub fn set_mode(&mut self, mode: NewsMode) {
        self.mode = mode;
        if mode == NewsMode::Quiet {
            self.pending.clear();
        }
    }

    fn tell(&mut self, slot: i64, stretch: i64, price: &impl Fn(Symbol, i64) -> f64) {
        let Some(event) = self.events.of(slot) else { return };
        for Report { outlet, at, item } in reports(&event, price(event.symbol, event.at), stretch) {
            if self.pending.len() < MOST_PENDING {
                let serial = self.serial();
                self.pending.insert((at, serial), (outlet, item));
            }
        }
    }

    fn settle(&mut self, now: i64) {
        while let Some(entry) = self.pending.first_entry() {
            let at = entry.key().0;
            if at > now {
                break;
            }
            let (outlet, item) = entry.remove();
            if let Some(shelf) = self.feeds.get_mut(outlet) {
                shelf.add(item, at);
            }
        }
    }

    /// Puts items into a feed at once. So many that the feed has no room for them make it longer, until the next time.
    pub fn publish(&mut self, outlet: usize, items: Vec<Item>, now: i64) {
        let Some(feed) = self.feeds.get_mut(outlet) else { return };
        feed.room = items.len().clamp(ROOM, MOST_AT_ONCE);
        for item in items {
            feed.add(item, now);
        }
    }

    /// A number that nothing else has that was made here.
    pub const fn serial(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    pub fn shelf(&self, outlet: usize) -> Option<&Shelf> {
        self.feeds.get(outlet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::asset::default_symbols,
        server::simulator::{
            news::item::Date,
            path::{MINUTE_MS, SECOND_MS},
        },
    };

    /// 2026-11-20T12:00:00Z
    const NOON: i64 = 1_795_176_000_000;

    fn shelves(seed: u64, mode: NewsMode, now: i64) -> Shelves {
        Shelves::new(Events::new(seed, &default_symbols()), mode, now, |_, _| 100.0)
    }

    fn titles(shelves: &Shelves) -> Vec<Vec<String>> {
        shelves.feeds.iter().map(|shelf| shelf.items.iter().map(|item| item.title.clone()).collect()).collect()
    }

    #[test]
    fn a_day_lies_behind_the_start() {
        let shelves = shelves(1, NewsMode::Playing, NOON);
        let all: Vec<&Item> = shelves.feeds.iter().flat_map(|shelf| &shelf.items).collect();
        assert!((100..400).contains(&all.len()), "{}", all.len());
        let dates: Vec<i64> =
            all.iter().filter_map(|item| if let Date::At(at) = item.date { Some(at) } else { None }).collect();
        assert!(dates.iter().all(|at| (NOON - DAY_MS - MINUTE_MS..=NOON).contains(at)));
        assert!(dates.iter().any(|at| *at < NOON - 20 * HOUR_MS) && dates.iter().any(|at| *at > NOON - 2 * HOUR_MS));
        for shelf in &shelves.feeds {
            let dates: Vec<i64> = shelf
                .items
                .iter()
                .filter_map(|item| if let Date::At(at) = item.date { Some(at) } else { None })
                .collect();
            assert!(dates.is_sorted_by(|newer, older| newer >= older), "newest first");
        }
    }

    #[test]
    fn the_same_seed_and_clock_give_the_same_feeds_however_often_they_are_asked() {
        let (mut often, mut once) = (shelves(1, NewsMode::Playing, NOON), shelves(1, NewsMode::Playing, NOON));
        assert_eq!(titles(&often), titles(&once));
        assert_ne!(titles(&often), titles(&shelves(2, NewsMode::Playing, NOON)));
        let before = titles(&often);
        for second in 0..=1200 {
            often.advance(NOON + second * SECOND_MS, |_, _| 100.0);
        }
        once.advance(NOON + 1200 * SECOND_MS, |_, _| 100.0);
        assert_eq!(titles(&often), titles(&once));
        assert_ne!(titles(&often), before);
    }

    #[test]
    fn news_arrive_all_the_time_and_feeds_stay_short() {
        let mut shelves = shelves(1, NewsMode::Playing, NOON);
        let (mut last, mut longest) = (0, 0);
        let changes = |shelves: &Shelves| shelves.feeds.iter().map(|shelf| shelf.version).sum::<u64>();
        let start = changes(&shelves);
        let mut seen = start;
        for second in 0..7200 {
            shelves.advance(NOON + second * SECOND_MS, |_, _| 100.0);
            if changes(&shelves) > seen {
                (seen, longest, last) = (changes(&shelves), longest.max(second - last), second);
            }
            assert!(shelves.feeds.iter().all(|shelf| shelf.items.len() <= ROOM));
            assert!(shelves.pending.len() < 500);
        }
        assert!(longest < 90, "{longest} seconds without news");
        let hourly = (seen - start) / 2;
        assert!((250..900).contains(&hourly), "{hourly} items an hour");
    }

    #[test]
    fn a_quiet_market_has_only_what_is_published() {
        let mut shelves = shelves(1, NewsMode::Quiet, NOON);
        shelves.advance(NOON + HOUR_MS, |_, _| 100.0);
        assert!(shelves.feeds.iter().all(|shelf| shelf.items.is_empty()));
        shelves.set_mode(NewsMode::Playing);
        shelves.advance(NOON + HOUR_MS + 10 * MINUTE_MS, |_, _| 100.0);
        let count: usize = shelves.feeds.iter().map(|shelf| shelf.items.len()).sum();
        assert!(count > 20, "{count}");
        shelves.set_mode(NewsMode::Quiet);
        shelves.advance(NOON + 2 * HOUR_MS, |_, _| 100.0);
        assert_eq!(shelves.feeds.iter().map(|shelf| shelf.items.len()).sum::<usize>(), count);
    }

    #[test]
    fn a_long_sleep_is_not_made_up_for() {
        let mut shelves = shelves(1, NewsMode::Playing, NOON);
        shelves.advance(NOON + 30 * DAY_MS, |_, _| 100.0);
        let newest: u64 = shelves.feeds.iter().map(|shelf| shelf.version).sum();
        assert!(newest < 3000, "{newest}");
    }
}
