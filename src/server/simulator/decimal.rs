//! Figures as exchanges print them: whole units of a power of ten, never a binary fraction's tail.

/// `units × 10^-decimals` with all decimals: `(6712345, 2)` is `67123.45`.
pub fn fixed(units: i128, decimals: u32) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let digits = units.unsigned_abs();
    let one = 10_u128.pow(decimals);
    if decimals == 0 {
        return format!("{sign}{digits}");
    }
    format!("{sign}{}.{:0width$}", digits / one, digits % one, width = decimals as usize)
}

/// The same with at least `shown` decimals, as Binance pads: `(6712345, 2, 8)` is `67123.45000000`.
pub fn padded(units: i128, decimals: u32, shown: u32) -> String {
    let missing = shown.saturating_sub(decimals);
    fixed(units.saturating_mul(10_i128.pow(missing)), decimals + missing)
}

/// The same without zeros at the end, as Bybit and OKX print: `(2057500, 2)` is `20575`.
pub fn trimmed(units: i128, decimals: u32) -> String {
    let text = fixed(units, decimals);
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A value as whole units of `10^-decimals`, rounded to the nearest.
pub fn units(value: f64, decimals: u32) -> i128 {
    whole((value * one(decimals)).round())
}

/// …rounded down.
pub fn units_floor(value: f64, decimals: u32) -> i128 {
    whole((value * one(decimals) + ALMOST).floor())
}

/// …rounded up.
pub fn units_ceil(value: f64, decimals: u32) -> i128 {
    whole((value * one(decimals) - ALMOST).ceil())
}

/// A value that is this close to a whole unit is that unit: `67123.45` must not be rounded up to `67123.46` because
/// a double holds a little more than it.
const ALMOST: f64 = 1e-6;

/// The value of `units × 10^-decimals`.
#[expect(clippy::cast_precision_loss, reason = "15 digits are enough for every figure shown")]
pub fn value(units: i128, decimals: u32) -> f64 {
    units as f64 / one(decimals)
}

/// 10^decimals.
pub fn one(decimals: u32) -> f64 {
    10_f64.powi(i32::try_from(decimals).unwrap_or(0))
}

#[expect(clippy::cast_possible_truncation, reason = "saturates; prices times 10^8 stay far below 2^127")]
const fn whole(value: f64) -> i128 {
    value as i128
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_printed_as_the_exchanges_print_them() {
        assert_eq!(fixed(6_712_345, 2), "67123.45");
        assert_eq!(fixed(-5, 3), "-0.005");
        assert_eq!(fixed(12, 0), "12");
        assert_eq!(padded(6_712_345, 2, 8), "67123.45000000");
        assert_eq!(padded(12, 0, 8), "12.00000000");
        assert_eq!(trimmed(2_057_500, 2), "20575");
        assert_eq!(trimmed(100, 0), "100");
        assert_eq!(trimmed(1_136_255, 1), "113625.5");
        assert_eq!(trimmed(0, 4), "0");
    }

    #[test]
    fn rounding_keeps_whole_units() {
        assert_eq!(units(67_123.45, 2), 6_712_345);
        assert_eq!(units_ceil(67_123.45, 2), 6_712_345);
        assert_eq!(units_floor(67_123.45, 2), 6_712_345);
        assert_eq!(units_ceil(67_123.451, 2), 6_712_346);
        assert_eq!(units_floor(67_123.459, 2), 6_712_345);
    }
}
