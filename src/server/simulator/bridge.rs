//! The Brownian bridge: where a path can go between two known points.
//!
//! For a bridge from `a` to `b` with variance `v`, `P(min < x) = exp(-2 (a-x)(b-x) / v)` for `x` below both ends, and
//! the same upside down for the highest point (Karatzas and Shreve, "Brownian Motion and Stochastic Calculus", 2.8).

use super::noise::Noise;

/// A bridge between two prices.
#[derive(Debug, Clone, Copy)]
pub struct Bridge {
    a: f64,
    b: f64,
    /// In price units squared.
    variance: f64,
}

/// Nothing is quite impossible, so that a weight's logarithm stays finite.
const TINY: f64 = 1e-12;

impl Bridge {
    /// A bridge whose `variance` is that of a log return.
    pub fn new(a: f64, b: f64, variance: f64) -> Self {
        Self { a, b, variance: (variance * a * b).max(f64::MIN_POSITIVE) }
    }

    fn exponent(&self, x: f64) -> f64 {
        2.0 * ((self.a - x) * (self.b - x)).max(0.0) / self.variance
    }

    /// Probability that the path never gets to `x`, which lies on one side of both ends.
    fn avoids(&self, x: f64) -> f64 {
        (-(-self.exponent(x)).exp_m1()).max(TINY)
    }

    /// Logarithm of the density of `x` as the path's extreme on its side.
    fn log_density(&self, x: f64) -> f64 {
        (2.0 * (self.a + self.b - 2.0 * x).abs() / self.variance).max(TINY).ln() - self.exponent(x)
    }

    /// A draw from the highest point, or from those below `ceiling`.
    pub fn high(&self, ceiling: Option<f64>, unit: f64) -> f64 {
        f64::midpoint(self.a + self.b, self.reach(ceiling, unit))
    }

    /// A draw from the lowest point, or from those above `floor`; never below a tenth of the ends.
    pub fn low(&self, floor: Option<f64>, unit: f64) -> f64 {
        f64::midpoint(self.a + self.b, -self.reach(floor, unit)).max(self.a.min(self.b) * 0.1)
    }

    fn reach(&self, bound: Option<f64>, unit: f64) -> f64 {
        let beyond = bound.map_or(0.0, |bound| (-self.exponent(bound)).exp());
        let unit = beyond + (1.0 - beyond) * unit;
        ((self.b - self.a).powi(2) - 2.0 * self.variance * unit.ln()).sqrt()
    }
}

/// A bridge with its highest and lowest points known.
#[derive(Debug, Clone, Copy)]
pub struct Bounded {
    pub a: f64,
    pub b: f64,
    pub high: f64,
    pub low: f64,
}

/// Where such a path is in the middle, and on which side its extremes lie.
#[derive(Debug, Clone, Copy)]
pub struct Middle {
    pub price: f64,
    pub high_is_left: bool,
    pub low_is_left: bool,
}

/// Candidates drawn from the free bridge, and as many from the whole range.
const CANDIDATES: usize = 4;

impl Bounded {
    /// Draws the middle by weighing candidates: half of them from the bridge without bounds, half from everywhere
    /// between the bounds, each weighed by how well the known extremes go with it.
    ///
    /// `variances` are those of the log return left and right of the middle. `normal` draws from the noise that is
    /// shared with other paths, `shared` decides alike for all of them.
    pub fn middle(&self, variances: (f64, f64), mut normal: impl FnMut() -> f64, shared: &mut Noise) -> Middle {
        let total = variances.0 + variances.1;
        let share = variances.0 / total;
        let mean = self.a + (self.b - self.a) * share;
        let deviation = ((total * share * (1.0 - share)).sqrt() * self.a.min(self.b)).max(f64::MIN_POSITIVE);
        let range = self.high - self.low;
        let mut candidates = [(0.0, 0.0); 2 * CANDIDATES];
        let mut stratum = 0.0;
        for (i, candidate) in candidates.iter_mut().enumerate() {
            let price = if i % 2 == 0 {
                mean + deviation * normal()
            } else {
                stratum += 1.0;
                #[expect(clippy::cast_precision_loss, reason = "a handful")]
                let strata = CANDIDATES as f64;
                self.low + range * (stratum - shared.unit()) / strata
            };
            // A little inside the bounds: only the path itself touches them.
            let inside = price.clamp(self.low, self.high);
            let z = (inside - mean) / deviation;
            let free = (-0.5 * z * z).exp() / (deviation * 2.506_628_274_631);
            let proposed = 0.5 * free + if range > 0.0 { 0.5 / range } else { 0.0 };
            let log_free = -0.5 * z * z - (deviation * 2.506_628_274_631).ln();
            let fit = log_free - proposed.max(f64::MIN_POSITIVE).ln();
            let (low, high) = self.extremes(inside, variances);
            *candidate = (inside, fit + add_logs(low.0, low.1) + add_logs(high.0, high.1));
        }
        // In order, the same draw means about the same quantile for all paths: that keeps them together.
        candidates.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
        let best = candidates.iter().map(|c| c.1).fold(f64::MIN, f64::max);
        let sum: f64 = candidates.iter().map(|c| (c.1 - best).exp()).sum();
        let mut left = shared.unit() * sum;
        let mut price = mean.clamp(self.low, self.high);
        for (candidate, weight) in candidates {
            price = candidate;
            left -= (weight - best).exp();
            if left <= 0.0 {
                break;
            }
        }
        let (low, high) = self.extremes(price, variances);
        let is_left = |(left, right): (f64, f64), unit: f64| unit < 1.0 / (1.0 + (right - left).exp());
        Middle { price, low_is_left: is_left(low, shared.unit()), high_is_left: is_left(high, shared.unit()) }
    }

    /// Logarithms of the weights of (low left, low right) and (high left, high right).
    fn extremes(&self, middle: f64, variances: (f64, f64)) -> ((f64, f64), (f64, f64)) {
        let left = Bridge::new(self.a, middle, variances.0);
        let right = Bridge::new(middle, self.b, variances.1);
        let weigh = |x: f64| (left.log_density(x) + right.avoids(x).ln(), left.avoids(x).ln() + right.log_density(x));
        (weigh(self.low), weigh(self.high))
    }
}

fn add_logs(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    high + (low - high).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_are_outside_the_ends_and_inside_the_bound() {
        let mut noise = Noise::new(3);
        let bridge = Bridge::new(100.0, 101.0, 0.0001);
        for _ in 0..2000 {
            let (high, low) = (bridge.high(None, noise.unit()), bridge.low(None, noise.unit()));
            assert!(high >= 101.0 && low <= 100.0, "{high} {low}");
            assert!(bridge.high(Some(101.5), noise.unit()) <= 101.5 + 1e-9);
            assert!(bridge.low(Some(99.5), noise.unit()) >= 99.5 - 1e-9);
        }
    }

    #[test]
    fn the_middle_bends_towards_a_far_extreme() {
        // The lowest point is ten deviations away: half-way, the path must be on its way there or back.
        let path = Bounded { a: 100.0, b: 100.0, high: 100.5, low: 90.0 };
        let mut noise = Noise::new(1);
        let mut sum = 0.0;
        for _ in 0..200 {
            let mut normals = noise.clone();
            let mut shared = Noise::new(noise.bits());
            let middle = path.middle((0.000_05, 0.000_05), || normals.normal(), &mut shared);
            assert!((90.0..=100.5).contains(&middle.price));
            sum += middle.price;
        }
        assert!(sum / 200.0 < 98.0, "{}", sum / 200.0);
    }
}
