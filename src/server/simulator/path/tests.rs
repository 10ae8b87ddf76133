use proptest::prelude::*;

use super::*;
use crate::{
    model::symbol::Symbol,
    server::simulator::{exchange::Exchange, listing::Asset},
};

/// 2026-11-20T12:00:00Z
const NOON: i64 = 1_795_176_000_000;

fn path(seed: u64, base: &str, exchange: Exchange) -> Path {
    let asset = Asset::of(Symbol::parse(base).expect("a symbol"), seed);
    Path::new(&Listing::new(exchange, asset, 0, seed), seed)
}

fn nodes(path: &Path, from: i64, to: i64) -> Vec<Node> {
    let mut found = Vec::new();
    path.visit(from, to, &mut |node| found.push(*node));
    found
}

/// One interval of any length, put together.
fn shape(path: &Path, from: i64, to: i64) -> Shape {
    let parts = nodes(path, from, to);
    Shape {
        open: parts.first().expect("parts").shape.open,
        high: parts.iter().map(|n| n.shape.high).fold(f64::MIN, f64::max),
        low: parts.iter().map(|n| n.shape.low).fold(f64::MAX, f64::min),
        close: parts.last().expect("parts").shape.close,
    }
}

fn check(whole: &Node, parts: &[Node]) {
    let first = parts.first().expect("parts");
    let last = parts.last().expect("parts");
    assert_eq!(first.start, whole.start);
    assert_eq!(last.end(), whole.end());
    assert!((first.shape.open - whole.shape.open).abs() < 1e-12);
    assert!((last.shape.close - whole.shape.close).abs() < 1e-12);
    let high = parts.iter().map(|n| n.shape.high).fold(f64::MIN, f64::max);
    let low = parts.iter().map(|n| n.shape.low).fold(f64::MAX, f64::min);
    assert!((high - whole.shape.high).abs() < 1e-12 * high, "{high} {whole:?}");
    assert!((low - whole.shape.low).abs() < 1e-12 * low, "{low} {whole:?}");
    assert_eq!(parts.iter().map(|n| n.lots).sum::<u64>(), whole.lots);
    assert_eq!(parts.iter().map(|n| n.trades).sum::<u64>(), whole.trades);
    assert_eq!(first.trades_before, whole.trades_before);
    for node in parts.iter().chain([whole]) {
        let Shape { open, high, low, close } = node.shape;
        assert!(low > 0.0 && low <= open.min(close) && high >= open.max(close), "{node:?}");
        assert!((low..=high).contains(&node.shape.typical()), "{node:?}");
        assert!(node.lots >= node.trades, "{node:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn an_interval_is_what_its_parts_make_together(seed in 0_u64..1000, at in 0_i64..500, unit in 4_usize..14) {
        let path = path(seed, "ETH", Exchange::Bybit);
        let len = UNITS[unit];
        let start = (NOON - at * 3 * HOUR_MS).div_euclid(len) * len;
        let whole = nodes(&path, start, start + len);
        prop_assert_eq!(whole.len(), 1);
        let part = UNITS[unit + 1];
        let parts: Vec<Node> = (0..len / part).flat_map(|i| nodes(&path, start + i * part, start + (i + 1) * part)).collect();
        check(&whole[0], &parts);
    }

    #[test]
    fn leaves_make_a_minute(seed in 0_u64..1000, minute in 0_i64..100_000) {
        let path = path(seed, "BTC", Exchange::Binance);
        let start = NOON - minute * MINUTE_MS;
        let whole = nodes(&path, start, start + MINUTE_MS);
        let parts: Vec<Node> =
            (0..240).flat_map(|i| nodes(&path, start + i * LEAF_MS, start + (i + 1) * LEAF_MS)).collect();
        check(&whole[0], &parts);
    }

    #[test]
    fn any_window_is_covered_once(from in 0_i64..10_000_000, len in 1_i64..100_000) {
        let path = path(1, "SOL", Exchange::Okx);
        let (from, to) = (NOON + floor(from), NOON + floor(from) + floor(len * 997));
        let mut at = from;
        let mut trades = None;
        path.visit(from, to, &mut |node| {
            assert_eq!(node.start, at);
            at = node.end();
            assert_eq!(trades.unwrap_or(node.trades_before), node.trades_before);
            trades = Some(node.trades_before + node.trades);
        });
        prop_assert_eq!(at, to.max(from));
    }
}

#[test]
fn exchanges_differ_by_basis_points_and_never_by_much() {
    for base in ["BTC", "DOGE", "1INCH"] {
        let paths = Exchange::ALL.map(|exchange| path(1, base, exchange));
        let mut widest = 0.0_f64;
        let mut total = 0.0;
        for i in 0..2000 {
            let at = NOON + i * 37 * SECOND_MS;
            let prices = paths.each_ref().map(|p| nodes(p, at, at + LEAF_MS)[0].shape.close);
            let apart =
                prices.iter().copied().fold(f64::MIN, f64::max) / prices.iter().copied().fold(f64::MAX, f64::min) - 1.0;
            widest = widest.max(apart);
            total += apart;
        }
        let mean = total / 2000.0;
        assert!((0.000_05..0.002).contains(&mean), "{base}: mean distance {mean}");
        assert!(widest < 0.01, "{base}: widest distance {widest}");
    }
}

fn returns(base: &str, step: i64, count: i64) -> Vec<f64> {
    let path = path(1, base, Exchange::Binance);
    let start = NOON.div_euclid(step) * step - count * step;
    (0..count)
        .map(|i| shape(&path, start + i * step, start + (i + 1) * step))
        .map(|shape| (shape.close / shape.open).ln())
        .collect()
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let covariance: f64 = a.iter().zip(b).map(|(x, y)| (x - mean_a) * (y - mean_b)).sum();
    let spread = |v: &[f64], m: f64| v.iter().map(|x| (x - m).powi(2)).sum::<f64>().sqrt();
    covariance / (spread(a, mean_a) * spread(b, mean_b))
}

#[test]
fn assets_move_together() {
    let [btc, eth, trx] = ["BTC", "ETH", "TRX"].map(|base| returns(base, HOUR_MS, 2000));
    let (close, loose) = (correlation(&btc, &eth), correlation(&btc, &trx));
    assert!(close > 0.5, "BTC and ETH: {close}");
    assert!(loose > 0.1 && loose < close, "BTC and TRX: {loose}");
}

#[test]
fn volatility_is_plausible_and_clusters() {
    let daily = returns("BTC", DAY_MS, 500);
    #[expect(clippy::cast_precision_loss, reason = "500")]
    let deviation = (daily.iter().map(|r| r * r).sum::<f64>() / daily.len() as f64).sqrt();
    assert!((0.012..0.04).contains(&deviation), "a day's deviation is {deviation}");

    let sizes: Vec<f64> = returns("BTC", 5 * MINUTE_MS, 5000).iter().map(|r| r.abs()).collect();
    let memory = correlation(&sizes[1..], &sizes[..sizes.len() - 1]);
    assert!(memory > 0.1, "sizes of neighboring moves correlate by {memory}");
}

#[test]
fn the_price_stays_around_its_base() {
    let path = path(3, "BTC", Exchange::Binance);
    for day in 0..1500 {
        let at = NOON - day * DAY_MS;
        let price = nodes(&path, at, at + LEAF_MS)[0].shape.close;
        assert!((30_000.0..130_000.0).contains(&price), "{price} {day} days ago");
    }
}

#[test]
fn extremes_are_reached_by_the_path_and_not_by_a_spike() {
    for (base, bound) in [("BTC", 0.004), ("1INCH", 0.012)] {
        let path = path(1, base, Exchange::Binance);
        let mut widest = 0.0_f64;
        for second in 0..40_000 {
            let at = NOON + second * 5 * SECOND_MS;
            let shape = nodes(&path, at, at + SECOND_MS)[0].shape;
            widest = widest.max(shape.high / shape.low - 1.0);
        }
        assert!(widest < bound, "{base} moved by {widest} within a second");
    }
}

#[test]
fn the_extremes_of_a_day_are_those_of_a_random_walk() {
    // A Brownian path with deviation σ has a mean range of about 1.6 σ.
    let path = path(1, "BTC", Exchange::Binance);
    let day = NOON.div_euclid(DAY_MS) * DAY_MS;
    let ranges: f64 = (1..=300)
        .map(|i| shape(&path, day - i * DAY_MS, day - (i - 1) * DAY_MS))
        .map(|shape| (shape.high / shape.low).ln())
        .sum();
    let mean = ranges / 300.0;
    assert!((0.02..0.06).contains(&mean), "the mean range of a day is {mean}");
}
