//! The order book, made around the last price: a pure function of the series and the moment, like the path.

use super::{distortion::Distortions, noise::key, path::LEAF_MS, series::Series};

/// One price of the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// In price steps.
    pub price: i128,
    pub lots: u64,
}

/// Best prices first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    pub bids: Vec<Level>,
    pub asks: Vec<Level>,
}

/// What turned one book into the next. A level with no lots is gone.
pub type Change = Book;

/// A level's size is drawn anew after this many leaves.
const REFRESH: u64 = 16;

impl Series {
    /// The `depth` best prices of both sides at `now` (ms).
    pub fn book(&self, over: &Distortions, now: i64, depth: usize) -> Book {
        let price = self.price(over, now);
        // The last trade took from one side: that side's best price is the last price.
        let last_sold = self.last_trades(over, now, 1).first().is_some_and(|trade| trade.buyer_is_maker);
        let (bid, ask) = if last_sold { (price, price + 1) } else { (price - 1, price) };
        let moment = (now / LEAF_MS).unsigned_abs();
        // A fifth of a basis point between levels.
        let step = (price / 50_000).max(1);
        let side = |best: i128, direction: i128| {
            let grid = if direction < 0 { (best - 1).div_euclid(step) } else { (best + 1 + step - 1).div_euclid(step) };
            let away = (0..).map(move |i: i128| (grid + direction * i) * step);
            std::iter::once(best)
                .chain(away)
                .take(depth)
                .filter(|&price| price > 0)
                .map(|price| Level { price, lots: self.size(price, direction, moment) })
                .collect()
        };
        Book { bids: side(bid, -1), asks: side(ask, 1) }
    }

    fn size(&self, price: i128, direction: i128, moment: u64) -> u64 {
        let place = key(price.unsigned_abs().try_into().unwrap_or(u64::MAX), u64::from(direction > 0));
        let epoch = (moment + place % REFRESH) / REFRESH;
        let typical = (self.listing.daily_lots / self.listing.daily_trades.max(1)).max(1);
        // Mostly small orders and now and then a big one.
        let mut noise = self.noise(key(place, epoch));
        let (first, second) = (1 + noise.below(typical * 4), 1 + noise.below(8));
        first * second
    }
}

impl Book {
    /// What must be done to `self` to get `next`.
    #[must_use]
    pub fn change_to(&self, next: &Self) -> Change {
        Change { bids: changed(&self.bids, &next.bids), asks: changed(&self.asks, &next.asks) }
    }
}

fn changed(old: &[Level], new: &[Level]) -> Vec<Level> {
    let gone = old
        .iter()
        .filter(|level| !new.iter().any(|other| other.price == level.price))
        .map(|level| Level { lots: 0, ..*level });
    let fresh = new.iter().filter(|level| !old.contains(level)).copied();
    gone.chain(fresh).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        model::symbol::Symbol,
        server::simulator::{
            exchange::Exchange,
            listing::{Asset, Listing},
        },
    };

    const NOON: i64 = 1_795_176_000_000;

    fn series() -> Series {
        let asset = Asset::of(Symbol::parse("ETH").expect("a symbol"), 1);
        Series::new(Listing::new(Exchange::Okx, asset, 0, 1), 1)
    }

    #[test]
    fn books_are_sorted_uncrossed_and_around_the_price() {
        let (series, over) = (series(), Distortions::default());
        for i in 0..50 {
            let now = NOON + i * LEAF_MS;
            let book = series.book(&over, now, 50);
            let price = series.price(&over, now);
            assert_eq!((book.bids.len(), book.asks.len()), (50, 50));
            assert!(book.bids[0].price < book.asks[0].price);
            assert!(book.bids[0].price <= price && price <= book.asks[0].price);
            assert!(book.bids.windows(2).all(|pair| pair[0].price > pair[1].price));
            assert!(book.asks.windows(2).all(|pair| pair[0].price < pair[1].price));
            assert!(book.bids.iter().chain(&book.asks).all(|level| level.lots > 0));
        }
    }

    #[test]
    fn changes_lead_from_one_book_to_the_next() {
        let (series, over) = (series(), Distortions::default());
        let first = series.book(&over, NOON, 40);
        let mut bids: BTreeMap<i128, u64> = first.bids.iter().map(|level| (level.price, level.lots)).collect();
        let mut before = first;
        let mut changes = 0;
        for i in 1..100 {
            let next = series.book(&over, NOON + i * LEAF_MS, 40);
            for level in before.change_to(&next).bids {
                changes += 1;
                if level.lots == 0 {
                    bids.remove(&level.price);
                } else {
                    bids.insert(level.price, level.lots);
                }
            }
            assert_eq!(bids, next.bids.iter().map(|level| (level.price, level.lots)).collect());
            before = next;
        }
        assert!(changes > 100, "{changes}");
    }
}
