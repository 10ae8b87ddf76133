//! A sparkline that goes on live.

use crate::{
    model::time::UnixMs,
    wire::page::{SPARK_POINTS, Spark},
};

/// The sparkline after the price was `price` at the time `at`; `None` where that changes nothing.
///
/// The last point follows the price. A new one begins with each step; where steps passed without a price, the last
/// close stands for them. Beyond [`SPARK_POINTS`] the oldest points fall out. A time before the last point changes
/// nothing: a line never goes back.
pub fn follow(spark: &Spark, at: UnixMs, price: f64) -> Option<Spark> {
    if spark.step_ms <= 0 || !price.is_finite() {
        return None;
    }
    let last_index = spark.closes.len().checked_sub(1)?;
    let last = *spark.closes.last()?;
    let index = usize::try_from(at.since(spark.start).div_euclid(spark.step_ms)).ok()?;
    let missed = index.checked_sub(last_index)?;
    #[expect(clippy::float_cmp, reason = "the same value, not a near one")]
    if missed == 0 && last == price {
        return None;
    }

    let mut next = spark.clone();
    if missed == 0 {
        next.closes.pop();
    } else {
        // More than a whole line of missed steps looks like exactly one.
        next.closes.extend(std::iter::repeat_n(last, (missed - 1).min(SPARK_POINTS)));
    }
    next.closes.push(price);
    let surplus = next.closes.len().saturating_sub(SPARK_POINTS);
    next.closes.drain(..surplus);
    // Counted from the newest point, so that it holds after a long gap too.
    let newest = spark.start.0.saturating_add(i64::try_from(index).ok()?.saturating_mul(spark.step_ms));
    let before = i64::try_from(next.closes.len() - 1).ok()?.saturating_mul(spark.step_ms);
    next.start = UnixMs(newest.saturating_sub(before));
    Some(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::symbol::Symbol;

    fn spark(closes: &[f64]) -> Spark {
        Spark {
            symbol: Symbol::parse("BTC").expect("a symbol"),
            start: UnixMs(10_000),
            step_ms: 1_000,
            closes: closes.to_vec(),
        }
    }

    #[test]
    fn the_last_point_follows_and_steps_begin_new_ones() {
        let line = spark(&[1.0, 2.0, 3.0]);
        for (at, price, expected) in [
            (12_000, 4.0, Some(vec![1.0, 2.0, 4.0])),
            (12_999, 4.0, Some(vec![1.0, 2.0, 4.0])),
            (12_500, 3.0, None),
            (13_000, 4.0, Some(vec![1.0, 2.0, 3.0, 4.0])),
            (13_000, 3.0, Some(vec![1.0, 2.0, 3.0, 3.0])),
            (15_100, 4.0, Some(vec![1.0, 2.0, 3.0, 3.0, 3.0, 4.0])),
            (11_999, 9.0, None),
            (0, 9.0, None),
            (i64::MIN, 9.0, None),
            (12_500, f64::NAN, None),
        ] {
            let next = follow(&line, UnixMs(at), price);
            assert_eq!(next.as_ref().map(|s| s.closes.clone()), expected, "{price} at {at}");
            assert!(next.is_none_or(|s| s.start == line.start));
        }
    }

    #[test]
    fn the_oldest_points_fall_out() {
        let full = spark(&[5.0; SPARK_POINTS]);
        let end = 10_000 + 1_000 * i64::try_from(SPARK_POINTS).expect("small");
        let next = follow(&full, UnixMs(end), 6.0).expect("a new point");
        assert_eq!(next.closes.len(), SPARK_POINTS);
        assert_eq!(next.closes.last(), Some(&6.0));
        assert_eq!(next.start, UnixMs(11_000));
    }

    #[test]
    fn a_gap_of_any_length_leaves_one_line() {
        for at in [1_000_000, 1_000_000_000_000, i64::MAX] {
            let next = follow(&spark(&[1.0, 2.0]), UnixMs(at), 7.0).expect("a new point");
            assert_eq!(next.closes.len(), SPARK_POINTS, "{at}");
            assert_eq!(next.closes.last(), Some(&7.0));
            assert!(next.closes.iter().rev().skip(1).all(|&c| (c - 2.0).abs() < f64::EPSILON));
            assert!(next.start.0 > 10_000);
        }
    }

    #[test]
    fn a_broken_line_stays_as_it_is() {
        assert_eq!(follow(&spark(&[]), UnixMs(10_000), 1.0), None);
        assert_eq!(follow(&Spark { step_ms: 0, ..spark(&[1.0]) }, UnixMs(10_000), 2.0), None);
    }

    proptest::proptest! {
        #[test]
        fn the_newest_point_holds_the_time_of_the_price(
            len in 1..=SPARK_POINTS, at in 0_i64..200_000, price in 1.0..9.0_f64
        ) {
            let line = spark(&vec![10.0; len]);
            if let Some(next) = follow(&line, UnixMs(at), price) {
                let newest = next.start.0 + i64::try_from(next.closes.len() - 1).expect("small") * next.step_ms;
                proptest::prop_assert!((newest..newest + next.step_ms).contains(&at));
                proptest::prop_assert!(next.closes.len() <= SPARK_POINTS);
                proptest::prop_assert!(next.start >= line.start);
            }
        }
    }
}
