//! Numbers in reports: how much of what, so that $1.2B and 1,200 million dollars are one amount.

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Dollars, or another currency.
    Money,
    Percent,
    /// With a scale but without a unit: `42 million`, `118K`.
    Bare,
    Count,
    /// In hours.
    Duration,
    /// Month and day: 100 × month + day; without a day, 0.
    Date,
    /// The number of an issue or of a quarter.
    Serial,
    /// `third`, `4th`.
    Ordinal,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Amount {
    pub value: f32,
    pub unit: Unit,
    /// "Nearly", "more than": rounded by who tells it.
    pub rough: bool,
}

/// How far apart, as a share of the greater, a rounded amount may be from what it stands for.
const ROUGH: f32 = 0.105;

/// What two amounts say of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Same,
    /// They may count one thing, and then they disagree.
    Differ,
    Unrelated,
}

impl Amount {
    pub fn relation(self, other: Self) -> Relation {
        if !self.comparable(other) {
            return Relation::Unrelated;
        }
        if self.unit == Unit::Date && (self.value % 100.0 == 0.0 || other.value % 100.0 == 0.0) {
            // One of them names the month only.
            let month = |amount: Self| (amount.value / 100.0).floor().to_bits();
            return if month(self) == month(other) { Relation::Same } else { Relation::Differ };
        }
        let (low, high) = (self.value.min(other.value), self.value.max(other.value));
        if high <= 0.0 || !high.is_finite() {
            return if low.to_bits() == high.to_bits() { Relation::Same } else { Relation::Unrelated };
        }
        if low <= 0.0 {
            return Relation::Differ;
        }
        let apart = (high - low) / high;
        let tolerance = match self.unit {
            Unit::Date | Unit::Serial | Unit::Ordinal | Unit::Duration => 0.0,
            _ if high <= 20.0 && self.unit == Unit::Count => 0.0,
            Unit::Money | Unit::Bare | Unit::Count if self.rough || other.rough => ROUGH,
            Unit::Money | Unit::Bare if self.rounds_to(other) || other.rounds_to(self) => ROUGH,
            // A round number stands for its neighborhood: "nearly 20 million", "over $1 billion".
            _ if self.is_round() || other.is_round() => 0.055,
            _ => 0.02,
        };
        if apart <= tolerance {
            Relation::Same
        } else if high > low * self.reach() {
            Relation::Unrelated
        } else {
            Relation::Differ
        }
    }

    /// So many times as much, and it counts another thing.
    fn reach(self) -> f32 {
        match self.unit {
            Unit::Percent => 4.0,
            Unit::Money | Unit::Bare => 12.0,
            Unit::Count | Unit::Duration | Unit::Date | Unit::Serial | Unit::Ordinal => 30.0,
        }
    }

    fn comparable(self, other: Self) -> bool {
        let loose = |unit| matches!(unit, Unit::Money | Unit::Count);
        self.unit == other.unit
            || (self.unit == Unit::Bare && loose(other.unit))
            || (other.unit == Unit::Bare && loose(self.unit))
    }

    /// How much it says that two amounts of this unit differ: 0 to 1, and 2 where they name the edition of what comes
    /// again and again.
    pub fn sharpness(self) -> f64 {
        match self.unit {
            Unit::Date | Unit::Serial => 2.0,
            Unit::Money | Unit::Percent => 1.0,
            Unit::Bare => 0.8,
            Unit::Count if self.value >= 50.0 => 0.9,
            Unit::Count | Unit::Ordinal => 0.5,
            Unit::Duration => 0.3,
        }
    }

    /// The other is this one with fewer digits: 4.6 million and 5 million.
    fn rounds_to(self, other: Self) -> bool {
        let digits = other.digits();
        let magnitude = 10_f32.powf(other.value.abs().max(f32::MIN_POSITIVE).log10().floor());
        let step = magnitude / if digits > 1 { 10.0 } else { 1.0 };
        digits < self.digits() && digits <= 2 && (self.value - other.value).abs() <= step * 0.501
    }

    /// One significant digit.
    fn is_round(self) -> bool {
        self.digits() == 1
    }

    /// Significant digits, at most four.
    pub fn digits(self) -> u32 {
        let magnitude = 10_f32.powf(self.value.abs().max(f32::MIN_POSITIVE).log10().floor());
        let leading = self.value.abs() / magnitude;
        let whole = |x: f32| (x - x.round()).abs() < 0.002 * x.max(1.0);
        if whole(leading) {
            1
        } else if whole(leading * 10.0) {
            2
        } else if whole(leading * 100.0) {
            3
        } else {
            4
        }
    }
}
