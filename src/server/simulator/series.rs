//! One asset on one exchange: any window, any candle, any trade, as its clients would see them.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;

use super::{
    decimal,
    distortion::{Distortion, Distortions},
    listing::Listing,
    noise::{Noise, key, key_of_text},
    path::{LEAF_MS, MINUTE_MS, Node, Path, floor},
    span::Span,
};

/// The history begins here: 2020-01-01T00:00:00Z.
pub const LISTED_MS: i64 = 1_577_836_800_000;

/// What many pieces of a quarter of an hour add up to is remembered: a day's window is asked for four times a second.
const QUARTER_MS: i64 = 15 * MINUTE_MS;
/// Quarters that are remembered: those of a day, and some more.
const REMEMBERED_QUARTERS: i64 = 128;

/// Decimals of quote volumes.
pub const QUOTE_DECIMALS: u32 = 8;

/// What happened in a window. Prices are whole price steps, volumes whole lots.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// ms since the epoch.
    pub from: i64,
    pub to: i64,
    pub open: i128,
    pub high: i128,
    pub low: i128,
    pub close: i128,
    pub lots: u64,
    /// Quote volume in `10^-8` USDT, from the typical prices of its hours or what is shorter: those of candles add up
    /// exactly from an hour on, and below that to what the price has moved in between.
    pub quote: i128,
    pub trades: u64,
    /// Number of the first trade; the last one is `first_trade + trades - 1`.
    pub first_trade: u64,
}

/// A trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trade {
    /// Counts up by one, without gaps.
    pub id: u64,
    /// ms since the epoch.
    pub time: i64,
    /// In price steps.
    pub price: i128,
    pub lots: u64,
    /// The buyer's order was in the book: the taker sold.
    pub buyer_is_maker: bool,
}

/// One asset on one exchange.
#[derive(Debug, Clone)]
pub struct Series {
    pub listing: Listing,
    path: Path,
    noise: u64,
    /// By a slot that several quarters share: the last one stays.
    quarters: Arc<Mutex<HashMap<i64, (i64, Sum)>>>,
}

/// Prices in USDT, not rounded yet.
#[derive(Debug, Clone, Copy)]
struct Sum {
    open: f64,
    high: f64,
    low: f64,
    close: f64,
    lots: u64,
    quote: f64,
    trades: u64,
    first_trade: u64,
}

impl Series {
    pub fn new(listing: Listing, seed: u64) -> Self {
        let noise = key(key_of_text(seed, listing.symbol().as_str()), listing.exchange.number() + 10);
        Self { path: Path::new(&listing, seed), listing, noise, quarters: Arc::default() }
    }

    /// What happened in `from..to` (ms, rounded down to quarters of a second). `None` for an empty window.
    pub fn window(&self, over: &Distortions, from: i64, to: i64) -> Option<Window> {
        let (from, to) = (floor(from.max(LISTED_MS)), floor(to));
        let sum = self.sum(over, from, to)?;
        let decimals = self.listing.price_decimals;
        Some(Window {
            from,
            to,
            open: decimal::units(sum.open, decimals),
            high: decimal::units_ceil(sum.high, decimals),
            low: decimal::units_floor(sum.low, decimals),
            close: decimal::units(sum.close, decimals),
            lots: sum.lots,
            quote: decimal::units(sum.quote, QUOTE_DECIMALS),
            trades: sum.trades,
            first_trade: sum.first_trade,
        })
    }

    /// Adds up `from..to` (ms, whole leaves).
    fn sum(&self, over: &Distortions, from: i64, to: i64) -> Option<Sum> {
        let symbol = self.listing.symbol();
        let mut sum = None;
        let mut pieces = over.pieces(symbol, from, to);
        let mut reached = from;
        if pieces.len() > 1 {
            let mut quarters: Vec<i64> = pieces.iter().map(|piece| piece.0 - piece.0.rem_euclid(QUARTER_MS)).collect();
            quarters.dedup();
            for quarter in quarters {
                let end = quarter + QUARTER_MS;
                if quarter >= reached && end <= to && over.is_settled(symbol, quarter, end) {
                    self.lay(over, &over.pieces(symbol, reached, quarter), &mut sum);
                    join(&mut sum, self.quarter(over, quarter));
                    reached = end;
                }
            }
            if reached > from {
                pieces = over.pieces(symbol, reached, to);
            }
        }
        self.lay(over, &pieces, &mut sum);
        sum
    }

    /// A whole quarter of an hour, from the memory where it is known.
    fn quarter(&self, over: &Distortions, start: i64) -> Option<Sum> {
        let slot = start.div_euclid(QUARTER_MS).rem_euclid(REMEMBERED_QUARTERS);
        if let Some((_, sum)) = self.quarters.lock().get(&slot).filter(|known| known.0 == start) {
            return Some(*sum);
        }
        let mut sum = None;
        self.lay(over, &over.pieces(self.listing.symbol(), start, start + QUARTER_MS), &mut sum);
        self.quarters.lock().insert(slot, (start, sum?));
        sum
    }

    /// Adds pieces within which the distortion does not change.
    fn lay(&self, over: &Distortions, pieces: &[(i64, i64)], sum: &mut Option<Sum>) {
        for &(start, end) in pieces {
            let distortion = over.at(self.listing.symbol(), start);
            self.path.visit(start, end, &mut |node| self.add(sum, node, &distortion));
        }
    }

    fn add(&self, sum: &mut Option<Sum>, node: &Node, distortion: &Distortion) {
        let [open, high, low, close, mean] =
            [node.shape.open, node.shape.high, node.shape.low, node.shape.close, node.shape.typical()]
                .map(|price| distortion.apply(price));
        let quote = mean * self.base(node.lots);
        let (lots, trades, first_trade) = (node.lots, node.trades, node.trades_before);
        join(sum, Some(Sum { open, high, low, close, lots, quote, trades, first_trade }));
    }

    /// Lots as a base volume.
    pub fn base(&self, lots: u64) -> f64 {
        decimal::value(i128::from(lots), self.listing.lot_decimals)
    }

    /// Up to `limit` candles that start within `from..=to`, oldest first. The last one may still be open at `now`.
    pub fn candles(&self, over: &Distortions, span: Span, range: (i64, i64), now: i64, limit: usize) -> Vec<Window> {
        let (from, to) = range;
        let from = from.max(LISTED_MS);
        if from > to.min(now) {
            return Vec::new();
        }
        let mut start = span.start_of(from);
        if start < from {
            start = span.next(start);
        }
        let mut candles = Vec::new();
        while start <= to && start < now && candles.len() < limit {
            let end = span.next(start);
            if let Some(window) = self.window(over, start, end.min(now)) {
                candles.push(Window { to: end, ..window });
            }
            start = end;
        }
        candles
    }

    /// The candle that is open at `now`, the moment itself not included. `None` in its first instant.
    pub fn open_candle(&self, over: &Distortions, span: Span, now: i64) -> Option<Window> {
        let start = span.start_of(now);
        let window = self.window(over, start, now)?;
        Some(Window { to: span.next(start), ..window })
    }

    /// The price at `now` (ms), in price steps: that of the last trade.
    pub fn price(&self, over: &Distortions, now: i64) -> i128 {
        self.window(over, now - LEAF_MS, now).map_or(0, |window| window.close)
    }

    /// The trades within `from..to` (ms, whole leaves), oldest first.
    pub fn trades(&self, over: &Distortions, from: i64, to: i64) -> Vec<Trade> {
        let mut trades = Vec::new();
        self.path.visit_leaves(from, to, &mut |leaf| self.leaf_trades(over, leaf, &mut trades));
        trades
    }

    /// The trades numbered `first..end`, oldest first.
    pub fn trades_numbered(&self, over: &Distortions, first: u64, end: u64) -> Vec<Trade> {
        let mut trades = Vec::new();
        self.path.visit_trades(first, end, &mut |leaf| self.leaf_trades(over, leaf, &mut trades));
        trades.retain(|trade| (first..end).contains(&trade.id));
        trades
    }

    /// Number of the first trade that has not happened at `now`.
    pub fn next_trade(&self, now: i64) -> u64 {
        let mut next = 0;
        self.path.visit(now - LEAF_MS, now, &mut |leaf| next = leaf.trades_before + leaf.trades);
        next
    }

    /// The last `count` trades before `now`, oldest first.
    pub fn last_trades(&self, over: &Distortions, now: i64, count: u64) -> Vec<Trade> {
        let end = self.next_trade(now);
        self.trades_numbered(over, end.saturating_sub(count), end)
    }

    /// Noise that belongs to this series and `salt`.
    pub const fn noise(&self, salt: u64) -> Noise {
        Noise::new(key(self.noise, salt))
    }

    fn leaf_trades(&self, over: &Distortions, leaf: &Node, trades: &mut Vec<Trade>) {
        let distortion = over.at(self.listing.symbol(), leaf.start);
        let mut noise = self.noise(leaf.start.unsigned_abs());
        let shape = leaf.shape;
        let mut lots_left = leaf.lots;
        let mut last = shape.open;
        for i in 0..leaf.trades {
            let left = leaf.trades - i;
            let price = match (left, i) {
                (1, _) => shape.close,
                (2, _) if leaf.trades > 2 => shape.low,
                // The extreme that is further away, where there is room for one only.
                (2, 0) if shape.high - shape.open < shape.open - shape.low => shape.low,
                (_, 0) => shape.high,
                _ => shape.low + (shape.high - shape.low) * noise.unit(),
            };
            let lots = if left == 1 {
                lots_left
            } else {
                // On average an even share; at least one lot remains for every trade to come.
                let twice_even = lots_left / left * 2;
                (1 + noise.below(twice_even.max(1))).min(lots_left - (left - 1)).max(1)
            };
            lots_left = lots_left.saturating_sub(lots);
            let falls = price < last;
            let offset = LEAF_MS * i64::try_from(i + 1).unwrap_or(1) / i64::try_from(leaf.trades + 1).unwrap_or(2);
            trades.push(Trade {
                id: leaf.trades_before + i,
                time: leaf.start + offset.min(LEAF_MS - 1),
                price: decimal::units(distortion.apply(price), self.listing.price_decimals),
                lots,
                buyer_is_maker: falls || ((price - last).abs() < f64::EPSILON && noise.below(2) == 0),
            });
            last = price;
        }
    }
}

/// Adds what follows.
fn join(sum: &mut Option<Sum>, next: Option<Sum>) {
    match (sum.as_mut(), next) {
        (Some(sum), Some(next)) => {
            sum.high = sum.high.max(next.high);
            sum.low = sum.low.min(next.low);
            sum.close = next.close;
            sum.lots += next.lots;
            sum.quote += next.quote;
            sum.trades += next.trades;
        }
        (None, Some(next)) => *sum = Some(next),
        (_, None) => {}
    }
}

#[cfg(test)]
mod tests;
