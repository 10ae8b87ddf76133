//! Figures that can't hold a wrong value.
//!
//! Prices are `f64`. A double carries 15 significant decimal digits exactly; the longest figure a venue sends is
//! a price such as `115450.10` or `0.00000721` (9 digits) and a 24 h volume such as `887468830.390342052`, of which
//! 15 digits are more than any rounding on a page or in a weight can show.

use serde::{Deserialize, Deserializer, Serialize};

/// A price in the quote currency: finite and above zero.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Price(f64);

impl Price {
    /// `None` unless the value is finite and above zero.
    pub fn new(value: f64) -> Option<Self> {
        (value.is_finite() && value > 0.0).then_some(Self(value))
    }

    pub const fn get(self) -> f64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(f64::deserialize(deserializer)?).ok_or_else(|| serde::de::Error::custom("not a price"))
    }
}

/// A traded volume: finite and not below zero. Base or quote units, as the field's name says.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize)]
#[serde(transparent)]
pub struct Volume(f64);

impl Volume {
    /// `None` unless the value is finite and at least zero.
    pub fn new(value: f64) -> Option<Self> {
        (value.is_finite() && value >= 0.0).then_some(Self(value))
    }

    pub const fn get(self) -> f64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Volume {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(f64::deserialize(deserializer)?).ok_or_else(|| serde::de::Error::custom("not a volume"))
    }
}

/// A relative change in percent: `2.5` is +2.5 %. A fraction is another type, so the two can't be mixed up.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Percent(f64);

/// A relative change as a fraction: `0.025` is +2.5 %. Bybit sends these.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Fraction(f64);

impl Percent {
    /// `None` unless the value is finite.
    pub fn new(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(value))
    }

    /// The change from `open` to `price`.
    pub fn change(open: Price, price: Price) -> Option<Self> {
        Self::new((price.get() - open.get()) / open.get() * 100.0)
    }

    pub const fn get(self) -> f64 {
        self.0
    }
}

impl Fraction {
    /// `None` unless the value is finite.
    pub fn new(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(value))
    }

    pub const fn get(self) -> f64 {
        self.0
    }
}

impl From<Fraction> for Percent {
    fn from(fraction: Fraction) -> Self {
        Self(fraction.0 * 100.0)
    }
}

impl From<Percent> for Fraction {
    fn from(percent: Percent) -> Self {
        Self(percent.0 / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_prices_are_prices() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Price::new(bad), None, "{bad}");
        }
        assert_eq!(Price::new(0.000_007_21).map(Price::get), Some(0.000_007_21));
        assert!(Volume::new(0.0).is_some());
        assert!(Volume::new(-0.1).is_none());
    }

    #[test]
    fn a_fraction_becomes_a_percent_only_by_name() {
        let fraction = Fraction::new(-0.0345).expect("finite");
        assert!((Percent::from(fraction).get() + 3.45).abs() < 1e-12);
    }
}
