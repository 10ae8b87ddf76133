//! How an exchange shares out an interval: its trades, its volume, and prices that keep near the asset's path.

use super::{HOUR_MS, Node, SPREAD, Shape};
use crate::server::simulator::noise::Noise;

/// How an interval is divided, before the exchange's own noise.
pub struct Division {
    /// Share of the time on the left.
    pub fraction: f64,
    /// Share of the trading on the left.
    pub activity: f64,
    /// The asset's path on both sides.
    pub path: (Shape, Shape),
    pub high_is_left: bool,
    pub low_is_left: bool,
}

/// Divides trades, volume and prices of an exchange. Nothing that both sides hold together is lost or added.
pub fn divide(node: &Node, division: &Division, venue: &mut Noise) -> (Node, Node) {
    let whole = node.shape;
    let left_trades = share_of(node.trades, division.activity, venue.unit()).min(node.trades);
    let right_trades = node.trades - left_trades;
    let spread = distance(node, division.fraction) + spread_step(node.len) * venue.normal();
    let (noise_high, noise_low) = (venue.normal(), venue.normal());
    let wanted = (division.activity * (1.0 + 0.1 * venue.normal())).clamp(0.01, 0.99);

    // Without a trade there is no move.
    let middle = if left_trades == 0 {
        whole.open
    } else if right_trades == 0 {
        whole.close
    } else {
        whole.clamp(division.path.0.close * (1.0 + spread))
    };
    let high_is_left = sided(division.high_is_left, left_trades, right_trades);
    let low_is_left = sided(division.low_is_left, left_trades, right_trades);
    let step = spread_step(node.len) * 0.5;
    let side = |is_left: bool| {
        let (open, close) = if is_left { (whole.open, middle) } else { (middle, whole.close) };
        let trades = if is_left { left_trades } else { right_trades };
        if trades == 0 {
            return Shape { open, high: open, low: open, close: open };
        }
        let path = if is_left { division.path.0 } else { division.path.1 };
        // A single trade has one price.
        let own = |extreme: f64, noise: f64| if trades == 1 { open } else { extreme * (1.0 + step * noise) };
        let high = if high_is_left == is_left { whole.high } else { own(path.high, noise_high) };
        let low = if low_is_left == is_left { whole.low } else { own(path.low, noise_low) };
        let (high, low) = (whole.clamp(high).max(open).max(close), whole.clamp(low).min(open).min(close));
        Shape { open, high, low, close }
    };
    let (left, right) = (side(true), side(false));
    let left_lots = if left_trades == 0 {
        0
    } else if right_trades == 0 {
        node.lots
    } else {
        let lots = share_of(node.lots, wanted, 0.5);
        lots.clamp(left_trades, node.lots.saturating_sub(right_trades).max(left_trades)).min(node.lots)
    };
    let right_lots = node.lots - left_lots;
    let part = |shape, lots, trades, trades_before, asset| Node {
        start: node.start,
        len: node.len,
        shape,
        lots,
        trades,
        trades_before,
        asset,
        variance: node.variance,
    };
    (
        part(left, left_lots, left_trades, node.trades_before, division.path.0),
        part(right, right_lots, right_trades, node.trades_before + left_trades, division.path.1),
    )
}

/// Which side inherits an extreme: the one that the asset's path says, unless it has too few trades to reach it.
const fn sided(is_left: bool, left_trades: u64, right_trades: u64) -> bool {
    match (left_trades, right_trades) {
        (0, _) | (1, 2..) => false,
        (_, 0) | (2.., 1) => true,
        _ => is_left,
    }
}

/// The exchange's distance from the asset's path in the middle of the interval, as it was at its ends.
fn distance(node: &Node, fraction: f64) -> f64 {
    let of = |venue: f64, asset: f64| venue / asset - 1.0;
    let at = lerp(of(node.shape.open, node.asset.open), of(node.shape.close, node.asset.close), fraction);
    // After a pause in trading the last price may be far off: the next trade is not.
    at.clamp(-0.001, 0.001)
}

fn spread_step(len: i64) -> f64 {
    if len >= HOUR_MS { SPREAD } else { SPREAD * ratio(len, HOUR_MS).sqrt() }
}

fn lerp(a: f64, b: f64, fraction: f64) -> f64 {
    a + (b - a) * fraction
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of at most 64 days")]
pub fn ratio(a: i64, b: i64) -> f64 {
    a as f64 / b as f64
}

/// `count × share`, rounded up or down by chance so that small counts are not lost.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "non-negative, and exactness is not needed: the other side gets the rest"
)]
fn share_of(count: u64, share: f64, chance: f64) -> u64 {
    (count as f64 * share + chance).floor() as u64
}
