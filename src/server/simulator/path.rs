//! The path of a price: a tree of intervals, from 64 days down to a quarter of a second.
//!
//! Every interval carries its open, high, low, close, volume and number of trades, and is divided in two
//! by noise that is a pure function of (seed, asset, exchange, interval). So candles of all lengths agree with each
//! other and with the live price, any point of the history costs a few microseconds, and nothing is stored.
//!
//! - The middle of an interval is a point of a Brownian bridge whose highest and lowest points are known already; one
//!   of the halves inherits each of them, the other draws its own.
//! - The variance is divided unevenly at every step (a multiplicative cascade, Mandelbrot 1974), so that calm and wild
//!   hours cluster on all scales.
//! - A part of every draw is shared by all assets (the market), the rest is the asset's own.
//! - Each exchange follows the asset's path at a small distance that is drawn anew at every step and halves where it
//!   is not renewed: it stays within basis points.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;

use division::{Division, divide, ratio};

use super::{
    bridge::{Bounded, Bridge, Middle},
    listing::Listing,
    noise::{Noise, key, key_of_text},
};

pub const SECOND_MS: i64 = 1000;
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// The shortest interval that has figures of its own, in ms.
pub const LEAF_MS: i64 = 250;

const BLOCK_DAYS: i64 = 64;
const BLOCK_MS: i64 = BLOCK_DAYS * DAY_MS;

/// No path goes further: in the year 5138, far from the ends of the numbers.
const END_MS: i64 = 100_000_000_000_000;

/// Standard deviation of the price around its base at the ends of the 64-day blocks, as a fraction.
const LONG_RUN_DEVIATION: f64 = 0.06;
/// Standard deviation of the logarithm of the ratio in which an interval's variance is divided.
const CLUSTERING: f64 = 0.35;
/// What an exchange's price is moved away from the asset's at every step of an hour or longer, as a fraction.
const SPREAD: f64 = 0.000_15;

/// Interval lengths at which the tree divides, in ms, longest first. Days are divided into equal halves above.
const UNITS: [i64; 15] = [
    DAY_MS,
    12 * HOUR_MS,
    6 * HOUR_MS,
    3 * HOUR_MS,
    HOUR_MS,
    30 * MINUTE_MS,
    15 * MINUTE_MS,
    5 * MINUTE_MS,
    MINUTE_MS,
    30 * SECOND_MS,
    15 * SECOND_MS,
    5 * SECOND_MS,
    SECOND_MS,
    500,
    LEAF_MS,
];

/// Prices of an interval, in USDT.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    pub open: f64,
    pub high: f64,
    pub low: f64,
    pub close: f64,
}

impl Shape {
    /// A mean price that suits the interval: the middle between its extremes and its ends.
    pub const fn typical(&self) -> f64 {
        f64::midpoint(f64::midpoint(self.open, self.close), f64::midpoint(self.high, self.low))
    }

    const fn clamp(&self, price: f64) -> f64 {
        price.clamp(self.low, self.high)
    }
}

/// An interval of the path on one exchange.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Node {
    /// Start, ms since the epoch.
    pub start: i64,
    /// Length in ms.
    pub len: i64,
    /// Prices on this exchange.
    pub shape: Shape,
    /// Base volume in lots.
    pub lots: u64,
    pub trades: u64,
    /// Number of trades before this interval since the first block.
    pub trades_before: u64,
    /// The asset's path, before the exchange's distance from it.
    asset: Shape,
    /// Variance of the asset's log return over the interval.
    variance: f64,
}

impl Node {
    pub const fn end(&self) -> i64 {
        self.start + self.len
    }

    pub const fn is_leaf(&self) -> bool {
        self.len <= LEAF_MS
    }
}

/// The path of one asset on one exchange.
#[derive(Debug, Clone)]
pub struct Path {
    market: u64,
    asset: u64,
    exchange: u64,
    base_price: f64,
    daily_variance: f64,
    correlation: f64,
    block_lots: u64,
    block_trades: u64,
    memory: Arc<Mutex<Memory>>,
}

/// Halves of intervals, by a slot that several intervals share: the last one stays.
type Memory = HashMap<u64, ((i64, i64), (Node, Node))>;

/// Slots of the memory. A day's window takes about a hundred.
const REMEMBERED: u64 = 256;
/// Slots for what is shorter than a minute, so that it does not push out the rest: both edges of a window.
const REMEMBERED_SHORT: u64 = 64;

impl Path {
    pub fn new(listing: &Listing, seed: u64) -> Self {
        let asset = key_of_text(seed, listing.symbol().as_str());
        let days = BLOCK_DAYS.unsigned_abs();
        Self {
            market: key(seed, 0),
            asset,
            exchange: key(asset, listing.exchange.number()),
            base_price: listing.asset.price,
            daily_variance: listing.asset.daily_volatility.powi(2),
            correlation: listing.asset.market_correlation,
            block_lots: listing.daily_lots * days,
            block_trades: listing.daily_trades * days,
            memory: Arc::default(),
        }
    }

    /// Calls `found` with the longest intervals up to an hour that lie within `from..to` (ms, rounded down to leaves),
    /// in order.
    pub fn visit(&self, from: i64, to: i64, found: &mut impl FnMut(&Node)) {
        let (from, to) = (floor(from), floor(to.min(END_MS)));
        if from >= to || from < 0 {
            return;
        }
        let reach = |node: &Node| match within(node.start, node.end(), from, to) {
            Overlap::Whole if node.len > HOUR_MS => Overlap::Part,
            overlap => overlap,
        };
        for block in from.div_euclid(BLOCK_MS)..=(to - 1).div_euclid(BLOCK_MS) {
            self.descend(&self.block(block), &reach, found);
        }
    }

    /// Calls `found` with the leaves within `from..to` that have trades, in order.
    pub fn visit_leaves(&self, from: i64, to: i64, found: &mut impl FnMut(&Node)) {
        let (from, to) = (floor(from), floor(to.min(END_MS)));
        if from >= to || from < 0 {
            return;
        }
        let reach = |node: &Node| {
            let overlap = if node.trades == 0 { Overlap::None } else { within(node.start, node.end(), from, to) };
            if overlap == Overlap::Whole && !node.is_leaf() { Overlap::Part } else { overlap }
        };
        for block in from.div_euclid(BLOCK_MS)..=(to - 1).div_euclid(BLOCK_MS) {
            self.descend(&self.block(block), &reach, found);
        }
    }

    /// Calls `found` with the leaves that hold the trades numbered `first..end`, in order.
    pub fn visit_trades(&self, first: u64, end: u64, found: &mut impl FnMut(&Node)) {
        if first >= end {
            return;
        }
        let reach = |node: &Node| {
            let node_end = node.trades_before + node.trades;
            if node.trades == 0 || node.trades_before >= end || node_end <= first {
                Overlap::None
            } else if node.is_leaf() {
                Overlap::Whole
            } else {
                Overlap::Part
            }
        };
        let last = END_MS.unsigned_abs() / BLOCK_MS.unsigned_abs();
        let blocks = first / self.block_trades..=((end - 1) / self.block_trades).min(last);
        for block in blocks {
            self.descend(&self.block(i64::try_from(block).unwrap_or(i64::MAX)), &reach, found);
        }
    }

    fn descend(&self, node: &Node, reach: &impl Fn(&Node) -> Overlap, found: &mut impl FnMut(&Node)) {
        match reach(node) {
            Overlap::None => {}
            Overlap::Whole => found(node),
            Overlap::Part => {
                let (left, right) = self.halves(node);
                self.descend(&left, reach, found);
                self.descend(&right, reach, found);
            }
        }
    }

    fn block(&self, index: i64) -> Node {
        let start = index * BLOCK_MS;
        let variance = self.daily_variance * 64.0;
        let (open, close) = (self.anchor(index), self.anchor(index + 1));
        let (venue_open, venue_close) = (open * self.anchor_spread(index), close * self.anchor_spread(index + 1));
        let mut noise = Noise::new(key(self.asset, start.unsigned_abs()));
        let mut market = Noise::new(key(self.market, start.unsigned_abs()));
        let bridge = Bridge::new(open, close, variance);
        let high = bridge.high(None, self.shared_unit(&mut market, &mut noise));
        let low = bridge.low(None, self.shared_unit(&mut market, &mut noise));
        let shape = Shape {
            open: venue_open,
            close: venue_close,
            high: high.max(venue_open).max(venue_close),
            low: low.min(venue_open).min(venue_close),
        };
        Node {
            start,
            len: BLOCK_MS,
            lots: self.block_lots,
            trades: self.block_trades,
            trades_before: index.unsigned_abs() * self.block_trades,
            shape,
            asset: Shape { open, high, low, close },
            variance,
        }
    }

    /// The asset's price at the start of a block.
    fn anchor(&self, index: i64) -> f64 {
        let z = self.shared_normal(
            &mut Noise::new(key(self.market, !index.unsigned_abs())),
            &mut Noise::new(key(self.asset, !index.unsigned_abs())),
        );
        // A stable asset has no long-run deviation to speak of.
        let deviation = LONG_RUN_DEVIATION.min(4.0 * self.daily_variance.sqrt());
        self.base_price * (1.0 + deviation * z)
    }

    fn anchor_spread(&self, index: i64) -> f64 {
        1.0 + SPREAD * Noise::new(key(self.exchange, !index.unsigned_abs())).normal()
    }

    fn shared_normal(&self, market: &mut Noise, asset: &mut Noise) -> f64 {
        let own = (1.0 - self.correlation.powi(2)).sqrt();
        self.correlation * market.normal() + own * asset.normal()
    }

    /// Both halves, from the memory where they are known: the windows of two neighboring moments share most of them.
    fn halves(&self, node: &Node) -> (Node, Node) {
        let hash = key(node.start.unsigned_abs(), node.len.unsigned_abs());
        let slot = if node.len >= MINUTE_MS { hash % REMEMBERED } else { REMEMBERED + hash % REMEMBERED_SHORT };
        let mut memory = self.memory.lock();
        if let Some((whole, halves)) = memory.get(&slot)
            && (whole.0, whole.1) == (node.start, node.len)
        {
            return *halves;
        }
        let halves = self.split(node);
        memory.insert(slot, ((node.start, node.len), halves));
        halves
    }

    /// A uniform draw that is the market's the more often the more the asset goes with the market.
    fn shared_unit(&self, market: &mut Noise, asset: &mut Noise) -> f64 {
        let (shared, own) = (market.unit(), asset.unit());
        if asset.unit() < self.correlation.sqrt() { shared } else { own }
    }

    fn split(&self, node: &Node) -> (Node, Node) {
        let left_len = left_length(node.len);
        let right_len = node.len - left_len;
        let id = key(node.start.unsigned_abs(), node.len.unsigned_abs());
        let mut market = Noise::new(key(self.market, id));
        let mut asset = Noise::new(key(self.asset, id));
        let mut venue = Noise::new(key(self.exchange, id));
        let fraction = ratio(left_len, node.len);

        // The asset's path: a Brownian bridge with known extremes, in a time that runs faster where it is wilder.
        let whole = node.asset;
        let tilt = (CLUSTERING * self.shared_normal(&mut market, &mut asset)).exp();
        let share = fraction * tilt / (fraction * tilt + 1.0 - fraction);
        let variance = (node.variance * share, node.variance * (1.0 - share));
        let bounded = Bounded { a: whole.open, b: whole.close, high: whole.high, low: whole.low };
        let mut choice = Noise::new(key(self.market, !id));
        let mut free = (market, asset.clone());
        let normal = || self.shared_normal(&mut free.0, &mut free.1);
        let middle = bounded.middle(variance, normal, &mut choice);
        let Middle { price: middle, high_is_left, low_is_left } = middle;
        let (left, right) = (Bridge::new(whole.open, middle, variance.0), Bridge::new(middle, whole.close, variance.1));
        let units = (self.shared_unit(&mut choice, &mut asset), self.shared_unit(&mut choice, &mut asset));
        let highs = if high_is_left {
            (whole.high, right.high(Some(whole.high), units.0))
        } else {
            (left.high(Some(whole.high), units.0), whole.high)
        };
        let lows = if low_is_left {
            (whole.low, right.low(Some(whole.low), units.1))
        } else {
            (left.low(Some(whole.low), units.1), whole.low)
        };
        let (highs, lows) = ((whole.clamp(highs.0), whole.clamp(highs.1)), (whole.clamp(lows.0), whole.clamp(lows.1)));
        let path = (
            Shape { open: whole.open, high: highs.0, low: lows.0, close: middle },
            Shape { open: middle, high: highs.1, low: lows.1, close: whole.close },
        );

        // More is traded where the price moves more.
        let activity = share.sqrt() * fraction.sqrt();
        let activity = activity / (activity + ((1.0 - share) * (1.0 - fraction)).sqrt());
        let division = Division {
            fraction,
            activity: (activity * (1.0 + 0.15 * venue.normal())).clamp(0.02, 0.98),
            path,
            high_is_left,
            low_is_left,
        };
        let (left, right) = divide(node, &division, &mut venue);
        let left = Node { start: node.start, len: left_len, variance: variance.0, ..left };
        let right = Node { start: node.start + left_len, len: right_len, variance: variance.1, ..right };
        (left, right)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overlap {
    None,
    Part,
    Whole,
}

const fn within(start: i64, end: i64, from: i64, to: i64) -> Overlap {
    if end <= from || start >= to {
        Overlap::None
    } else if start >= from && end <= to {
        Overlap::Whole
    } else {
        Overlap::Part
    }
}

/// Length of the left part. Every listed unit and all its multiples are reached.
fn left_length(len: i64) -> i64 {
    if len > DAY_MS {
        return len / 2;
    }
    let unit = UNITS.into_iter().find(|&unit| unit < len).unwrap_or(LEAF_MS);
    len / unit / 2 * unit
}

/// Start of the leaf that `time` falls in.
pub const fn floor(time: i64) -> i64 {
    time - time.rem_euclid(LEAF_MS)
}

mod division;
#[cfg(test)]
mod tests;
