//! What holds for any state of any venues.

use proptest::prelude::*;

use super::*;

fn any_price() -> impl Strategy<Value = f64> {
    prop_oneof![4 => 90.0..110.0, 1 => 1e-9..1e9, 1 => Just(f64::MAX), 1 => Just(5e-324)]
}

fn any_volume() -> impl Strategy<Value = f64> {
    prop_oneof![4 => 0.0..1e7, 1 => Just(0.0), 1 => Just(f64::MAX), 1 => Just(5e-324)]
}

fn any_venues() -> impl Strategy<Value = Vec<(f64, f64, u64, u8)>> {
    prop::collection::vec((any_price(), any_volume(), 0_u64..70_000, 0_u8..12), 0..7)
}

fn views(venues: &[(f64, f64, u64, u8)], now: Instant) -> Vec<VenueView> {
    let view = |(price, volume, age, kind): &(f64, f64, u64, u8)| {
        let view = venue(*price, *volume, *age, now);
        match kind {
            0 => down(view),
            1 => bad(view),
            2 => marked(view),
            3 => SILENT,
            _ => view,
        }
    };
    venues.iter().map(view).collect()
}

fn used_prices(venues: &[VenueView], result: &Aggregate) -> Vec<f64> {
    used(venues, &result.parts).map(|(_, r)| r.quote.last.get()).collect()
}

proptest! {
    #[test]
    fn the_price_lies_between_the_venues_used_and_everything_is_finite(venues in any_venues()) {
        let now = now();
        let views = views(&venues, now);
        let result = aggregate(&views, &rules(), now);
        let prices = used_prices(&views, &result);
        prop_assert_eq!(result.figures.is_some(), !prices.is_empty());
        prop_assert_eq!(usize::from(result.sources), prices.len());
        if let Some(f) = result.figures {
            let lowest = prices.iter().copied().fold(f64::INFINITY, f64::min);
            let highest = prices.iter().copied().fold(0.0, f64::max);
            prop_assert!((lowest..=highest).contains(&f.price), "{} in {lowest}..={highest}", f.price);
            for value in [Some(f.price), f.open, f.high, f.low, f.volume, f.volume_quote, result.dispersion] {
                prop_assert!(value.is_none_or(f64::is_finite));
            }
            let sum: f64 = result.parts.iter().map(|p| p.weight).sum();
            prop_assert!((sum - 1.0).abs() < 1e-9, "weights add up to {sum}");
        }
        for part in &result.parts {
            prop_assert!((0.0..=1.0).contains(&part.weight));
            prop_assert!(part.used || part.weight == 0.0);
        }
    }

    #[test]
    fn the_order_of_venues_does_not_matter(venues in any_venues(), turn in 0_usize..7) {
        let now = now();
        let mut views = views(&venues, now);
        let one = aggregate(&views, &rules(), now);
        let turn = turn.checked_rem(views.len()).unwrap_or_default();
        views.rotate_left(turn);
        let other = aggregate(&views, &rules(), now);
        prop_assert_eq!((one.sources, one.freshness, one.agree), (other.sources, other.freshness, other.agree));
        let mut parts = one.parts.clone();
        parts.rotate_left(turn);
        let judged = |parts: &[Part]| parts.iter().map(|p| (p.used, p.reason, p.outlier)).collect::<Vec<_>>();
        prop_assert_eq!(judged(&parts), judged(&other.parts));
        for (a, b) in parts.iter().zip(&other.parts) {
            // Of equally heavy venues the first takes the millionths that rounding leaves over.
            prop_assert!((a.weight - b.weight).abs() < 1e-5);
        }
    }

    #[test]
    fn a_venue_that_agrees_changes_nothing_much(
        prices in prop::collection::vec((99.9_f64..100.1, 1.0_f64..1e6), 1..5),
        volume in 1.0_f64..1e6,
    ) {
        let now = now();
        let mut views: Vec<_> = prices.iter().map(|(price, volume)| venue(*price, *volume, 0, now)).collect();
        let before = aggregate(&views, &rules(), now).figures.expect("used").price;
        views.push(venue(before, volume, 0, now));
        let after = aggregate(&views, &rules(), now).figures.expect("used").price;
        prop_assert!((after - before).abs() / before < 1e-5, "{before} → {after}");
    }
}
