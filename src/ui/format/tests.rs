use super::*;

#[test]
fn decimals_follow_the_magnitude() {
    for (reference, expected) in [
        (67_412.35, 2),
        (100.0, 2),
        (99.99, 3),
        (10.0, 3),
        (6.214, 4),
        (1.0, 4),
        (0.5871, 5),
        (0.128_74, 5),
        (0.002_451, 7),
        (0.000_007_21, 10),
        (0.0, 4),
        (f64::NAN, 4),
    ] {
        assert_eq!(decimals(reference), expected, "{reference}");
    }
}

#[test]
fn prices_are_grouped_and_keep_their_zeros() {
    for (value, decimals, text) in [
        (67_412.35, 2, "67,412.35"),
        (1_234_567.0, 0, "1,234,567"),
        (999.999, 2, "1,000.00"),
        (6.2, 4, "6.2000"),
        (-1_032.1, 2, "−1,032.10"),
        (-0.001, 2, "0.00"),
        (f64::INFINITY, 2, UNKNOWN),
    ] {
        assert_eq!(grouped(value, decimals), text);
    }
    assert_eq!(price(None, 2), UNKNOWN);
    assert_eq!(signed(Some(1_612.07), 2), "+1,612.07");
    assert_eq!(signed(Some(0.001), 2), "0.00");
    assert_eq!(signed(None, 2), UNKNOWN);
}

#[test]
fn volumes_have_three_digits() {
    for (value, text) in [
        (Some(31_240_000_000.0), "31.2B"),
        (Some(512_000_000.0), "512M"),
        (Some(1_210_000_000.0), "1.21B"),
        (Some(999_600.0), "1.00M"),
        (Some(41_320.0), "41.3K"),
        (Some(99_960.0), "100K"),
        (Some(9_999.0), "10.0K"),
        (Some(0.0), "0.00"),
        (Some(7.5), "7.50"),
        (None, UNKNOWN),
        (Some(f64::NAN), UNKNOWN),
    ] {
        assert_eq!(compact(value), text, "{value:?}");
    }
}

#[test]
fn percents_have_a_sign_and_a_direction() {
    for (value, text, arrow) in [
        (Some(2.4447), "+2.44%", "▲"),
        (Some(-0.15), "−0.15%", "▼"),
        (Some(0.004), "0.00%", ""),
        (Some(-0.004), "0.00%", ""),
        (Some(1_234.5), "+1,234.50%", "▲"),
        (None, UNKNOWN, ""),
        (Some(f64::NAN), UNKNOWN, ""),
    ] {
        assert_eq!(percent(value), text, "{value:?}");
        assert_eq!(Direction::of(value).arrow(), arrow, "{value:?}");
    }
    assert_eq!(share(Some(0.0004), 3), "0.040%");
    assert_eq!(share(None, 3), UNKNOWN);
}

#[test]
fn times_are_short() {
    for (ms, text) in [
        (-5, "0.0 s"),
        (432, "0.4 s"),
        (9_999, "9.9 s"),
        (12_400, "12 s"),
        (185_000, "3 min"),
        (7_200_000, "2 h"),
        (200_000_000, "2 d"),
    ] {
        assert_eq!(age(ms), text);
    }
    for (ms, text) in [(38, "38 ms"), (-12, "−12 ms"), (1_250, "1.2 s"), (-61_000, "−61.0 s")] {
        assert_eq!(span(ms), text);
    }
    for (s, text) in [(42, "42 s"), (185, "3 min 5 s"), (8_130, "2 h 15 min"), (273_600, "3 d 4 h")] {
        assert_eq!(uptime(s), text);
    }
    assert_eq!(clock(UnixMs(1_763_640_000_123)), "12:00:00 UTC");
}

#[test]
fn points_in_time_and_counts_are_said_in_words() {
    assert_eq!(date_time(UnixMs(1_763_640_271_123)), "2025-11-20 12:04 UTC");
    assert_eq!(counted(1, "source", "sources"), "1 source");
    assert_eq!(counted(0, "source", "sources"), "0 sources");
}
