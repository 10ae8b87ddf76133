mod properties;

use std::time::Duration;

use super::*;
use crate::model::{number::Volume, symbol::Symbol};

const NOW_MS: i64 = 1_763_640_000_000;

fn rules() -> Rules {
    Rules {
        ages: AgeLimits { quiet_after: Duration::from_secs(10), stale_after: Duration::from_mins(1) },
        outlier: Fraction::new(0.02).expect("finite"),
        outlier_return: Fraction::new(0.01).expect("finite"),
    }
}

fn now() -> Instant {
    // Far enough from the machine's start that ages can be subtracted.
    Instant::now() + Duration::from_hours(24)
}

/// A connected venue whose open is the price less 1 %.
fn venue(price: f64, volume: f64, age_ms: u64, now: Instant) -> VenueView {
    let age = i64::try_from(age_ms).expect("small");
    let quote = Quote {
        symbol: Symbol::parse("BTC").expect("a symbol"),
        last: Price::new(price).expect("a price"),
        open: Price::new(price * 0.99),
        high: Price::new(price * 1.02),
        low: Price::new(price * 0.98),
        volume: Volume::new(volume).expect("a volume"),
        volume_quote: Volume::new(volume * price),
        time: UnixMs(NOW_MS - age - 5),
    };
    let at = Stamp { wall: UnixMs(NOW_MS - age), mono: now - Duration::from_millis(age_ms) };
    let received = Some(Received { quote, at, origin: Origin::Stream });
    VenueView { received, connected: true, bad: false, outlier: false }
}

fn down(view: VenueView) -> VenueView {
    VenueView { connected: false, ..view }
}

fn bad(view: VenueView) -> VenueView {
    VenueView { bad: true, ..view }
}

fn marked(view: VenueView) -> VenueView {
    VenueView { outlier: true, ..view }
}

const SILENT: VenueView = VenueView { received: None, connected: true, bad: false, outlier: false };

struct Case {
    name: &'static str,
    venues: Vec<VenueView>,
    price: Option<f64>,
    freshness: Freshness,
    agree: bool,
    /// `None`: used.
    reasons: Vec<Option<Reason>>,
    weights: Vec<f64>,
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn cases(t: Instant) -> Vec<Case> {
    use Freshness::{Down, Live, Quiet, Stale};
    let case = |name, venues, price, freshness, agree, reasons: &[_], weights: &[f64]| Case {
        name,
        venues,
        price,
        freshness,
        agree,
        reasons: reasons.to_vec(),
        weights: weights.to_vec(),
    };
    let v = |price, volume, age_s: u64| venue(price, volume, age_s * 1000, t);
    let out = Some(Reason::Outlier);
    vec![
        case("no venues at all", vec![], None, Down, true, &[], &[]),
        case("one venue is the price", vec![v(100.0, 5.0, 0)], Some(100.0), Live, true, &[None], &[1.0]),
        case(
            "weights follow volume",
            vec![v(100.0, 3.0, 0), v(101.0, 1.0, 0)],
            Some(100.25),
            Live,
            true,
            &[None, None],
            &[0.75, 0.25],
        ),
        case(
            "a quiet venue loses weight with age",
            vec![v(100.0, 1.0, 0), v(101.0, 1.0, 35)],
            Some(100.333_333),
            Live,
            true,
            &[None, None],
            &[0.666_667, 0.333_333],
        ),
        case(
            "no volume anywhere: the ages alone are weights",
            vec![v(100.0, 0.0, 0), v(101.0, 0.0, 0)],
            Some(100.5),
            Live,
            true,
            &[None, None],
            &[0.5, 0.5],
        ),
        case(
            "only quiet venues make a quiet price",
            vec![v(100.0, 1.0, 20), SILENT],
            Some(100.0),
            Quiet,
            true,
            &[None, Some(Reason::NoData)],
            &[1.0, 0.0],
        ),
        case(
            "stale and down venues are not used",
            vec![v(100.0, 1.0, 0), v(100.0, 9.0, 60), down(v(100.0, 9.0, 0))],
            Some(100.0),
            Live,
            true,
            &[None, Some(Reason::Stale), Some(Reason::Down)],
            &[1.0, 0.0, 0.0],
        ),
        case(
            "a bad frame takes the venue out",
            vec![v(100.0, 1.0, 0), bad(v(100.0, 9.0, 0))],
            Some(100.0),
            Live,
            true,
            &[None, Some(Reason::BadData)],
            &[1.0, 0.0],
        ),
        case(
            "all stale, one down: stale",
            vec![v(100.0, 1.0, 61), down(v(100.0, 1.0, 0))],
            None,
            Stale,
            true,
            &[Some(Reason::Stale), Some(Reason::Down)],
            &[0.0, 0.0],
        ),
        case("all down", vec![down(v(100.0, 1.0, 0))], None, Down, true, &[Some(Reason::Down)], &[0.0]),
        case(
            "two that differ by 2 % agree",
            vec![v(100.0, 1.0, 0), v(102.0, 1.0, 0)],
            Some(101.0),
            Live,
            true,
            &[None, None],
            &[0.5, 0.5],
        ),
        case(
            "two that differ by more don't, and both stay",
            vec![v(100.0, 1.0, 0), v(102.1, 1.0, 0)],
            Some(101.05),
            Live,
            false,
            &[None, None],
            &[0.5, 0.5],
        ),
        case(
            "of three, the one over 2 % from the median is left out",
            vec![v(100.0, 1.0, 0), v(100.2, 1.0, 0), v(103.0, 8.0, 0)],
            Some(100.1),
            Live,
            true,
            &[None, None, out],
            &[0.5, 0.5, 0.0],
        ),
        case(
            "one at 2 % of the median is still in",
            vec![v(100.0, 1.0, 0), v(100.0, 1.0, 0), v(102.0, 2.0, 0)],
            Some(101.0),
            Live,
            true,
            &[None, None, None],
            &[0.25, 0.25, 0.5],
        ),
        case(
            "one that was out stays out until 1 %",
            vec![v(100.0, 1.0, 0), v(100.0, 1.0, 0), marked(v(101.1, 2.0, 0))],
            Some(100.0),
            Live,
            true,
            &[None, None, out],
            &[0.5, 0.5, 0.0],
        ),
        case(
            "one that was out is back within 1 %",
            vec![v(100.0, 1.0, 0), v(100.0, 1.0, 0), marked(v(101.0, 2.0, 0))],
            Some(100.5),
            Live,
            true,
            &[None, None, None],
            &[0.25, 0.25, 0.5],
        ),
        case(
            "below three usable nobody is an outlier",
            vec![v(100.0, 1.0, 0), down(v(100.0, 1.0, 0)), marked(v(110.0, 1.0, 0))],
            Some(105.0),
            Live,
            false,
            &[None, Some(Reason::Down), None],
            &[0.5, 0.0, 0.5],
        ),
        case(
            "two camps have no majority",
            vec![v(100.0, 1.0, 0), v(100.0, 1.0, 0), v(110.0, 1.0, 0), v(110.0, 1.0, 0)],
            Some(105.0),
            Live,
            false,
            &[None, None, None, None],
            &[0.25, 0.25, 0.25, 0.25],
        ),
    ]
}

#[test]
fn the_table_of_cases() {
    let now = now();
    for case in cases(now) {
        let result = aggregate(&case.venues, &rules(), now);
        let price = result.figures.map(|f| f.price);
        match (price, case.price) {
            (Some(price), Some(expected)) => assert!((price - expected).abs() < 1e-6, "{}: {price}", case.name),
            (price, expected) => assert_eq!(price, expected, "{}", case.name),
        }
        assert_eq!(result.freshness, case.freshness, "{}", case.name);
        assert_eq!(result.agree, case.agree, "{}", case.name);
        let reasons: Vec<_> = result.parts.iter().map(|p| p.reason).collect();
        assert_eq!(reasons, case.reasons, "{}", case.name);
        assert!(result.parts.iter().all(|p| p.used == p.reason.is_none()), "{}", case.name);
        let weights: Vec<_> = result.parts.iter().map(|p| p.weight).collect();
        assert_eq!(weights, case.weights, "{}", case.name);
        assert_eq!(usize::from(result.sources), case.reasons.iter().filter(|r| r.is_none()).count(), "{}", case.name);
    }
}

#[test]
fn figures_are_those_of_the_venues_used() {
    let now = now();
    let mut other = venue(200.0, 1.0, 1000, now);
    if let Some(received) = &mut other.received {
        received.quote.open = None;
    }
    let venues = [venue(100.0, 3.0, 0, now), other, down(venue(900.0, 50.0, 0, now))];
    let figures = aggregate(&venues, &rules(), now).figures.expect("two are used");
    let close = |value: Option<f64>, expected: f64| value.is_some_and(|v| (v - expected).abs() < 1e-9);
    assert!(close(figures.open, 99.0), "the weights of those that know their open: {:?}", figures.open);
    assert!(close(figures.high, 204.0) && close(figures.low, 98.0));
    assert!(close(figures.volume, 4.0) && close(figures.volume_quote, 500.0));
    assert_eq!(figures.timestamp, UnixMs(NOW_MS - 5), "the newest");
    assert_eq!(figures.received_at, UnixMs(NOW_MS));
}

#[test]
fn an_unknown_quote_volume_is_unknown_in_all() {
    let now = now();
    let mut other = venue(100.0, 1.0, 0, now);
    if let Some(received) = &mut other.received {
        received.quote.volume_quote = None;
    }
    let figures = aggregate(&[venue(100.0, 3.0, 0, now), other], &rules(), now).figures.expect("used");
    assert_eq!(figures.volume_quote, None);
    assert_eq!(figures.volume, Some(4.0));
}
