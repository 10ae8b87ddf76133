//! How many digits are published. Sums of decimal fractions end in noise such as `1032.0999999999985`.

/// Digits of a published price.
const PRICE_DIGITS: i32 = 10;
/// Digits of a published volume: a sum of figures with up to 18 digits, of which a double holds 15.
const VOLUME_DIGITS: i32 = 12;

/// A price, or a difference of prices, to 10 significant digits.
pub(super) fn price(value: f64) -> f64 {
    significant(value, PRICE_DIGITS)
}

/// A volume to 12 significant digits.
pub(super) fn volume(value: f64) -> f64 {
    significant(value, VOLUME_DIGITS)
}

/// A percentage to 4 decimals.
pub(super) fn percent(value: f64) -> f64 {
    decimals(value, 1e4)
}

/// A weight or another share to 6 decimals.
pub(super) fn share(value: f64) -> f64 {
    decimals(value, 1e6)
}

fn decimals(value: f64, scale: f64) -> f64 {
    let rounded = (value * scale).round() / scale;
    // `+ 0.0` turns −0 into 0.
    if rounded.is_finite() { rounded + 0.0 } else { value }
}

fn significant(value: f64, digits: i32) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the logarithm of a double lies within ±324")]
    let magnitude = value.abs().log10().floor() as i32;
    let shift = digits - 1 - magnitude;
    // Powers up to 10^22 are exact, and dividing by an exact one gives the double nearest to the decimal fraction.
    let scale = 10_f64.powi(shift.abs());
    let rounded = if shift >= 0 { (value * scale).round() / scale } else { (value / scale).round() * scale };
    if rounded.is_finite() { rounded } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_lose_their_noise() {
        for (value, expected) in [
            (1_032.099_999_999_998_5, "1032.1"),
            (43_250.123_456_789, "43250.12346"),
            (-1_032.099_999_999_998_5, "-1032.1"),
            (0.000_007_210_000_000_000_3, "0.00000721"),
            (123_456_789_012_345.0, "123456789000000"),
            (0.0, "0"),
        ] {
            assert_eq!(price(value).to_string(), expected);
        }
        assert_eq!(percent(2.444_749_9).to_string(), "2.4447");
        assert_eq!(percent(-0.000_001).to_string(), "0");
        assert_eq!(share(1.0 / 3.0).to_string(), "0.333333");
        assert_eq!(volume(887_468_830.390_342).to_string(), "887468830.39");
    }

    #[test]
    fn extremes_stay_finite() {
        for value in [f64::MAX, f64::MIN_POSITIVE, 5e-324, 1e-300, 1e300] {
            for rounded in [price(value), volume(value), percent(value), share(value)] {
                assert!(rounded.is_finite(), "{value}");
            }
        }
    }
}
