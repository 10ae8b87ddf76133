//! Noise that is a pure function of its key: the same seed always gives the same market.

/// A small generator (`SplitMix64`, Steele, Lea and Flood 2014) that is made anew for every key.
#[derive(Debug, Clone)]
pub struct Noise(u64);

const GOLDEN_GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Makes one key of two.
pub const fn key(a: u64, b: u64) -> u64 {
    mix(a.wrapping_mul(GOLDEN_GAMMA) ^ mix(b.wrapping_add(GOLDEN_GAMMA)))
}

/// Makes a key of a text.
pub fn key_of_text(seed: u64, text: &str) -> u64 {
    text.bytes().fold(mix(seed.wrapping_add(GOLDEN_GAMMA)), |hash, byte| key(hash, u64::from(byte)))
}

impl Noise {
    pub const fn new(key: u64) -> Self {
        Self(key)
    }

    /// The next 64 random bits.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN_GAMMA);
        mix(self.0)
    }

    /// Uniform in (0, 1): never 0, so that its logarithm is finite.
    pub fn unit(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
        let value = (self.bits() >> 11) as f64;
        (value + 0.5) / 9_007_199_254_740_992.0
    }

    /// About normal with mean 0 and variance 1, within ±3.5: four uniforms added up (Irwin–Hall).
    ///
    /// The fat tails of real returns come from the varying volatility, not from here.
    pub fn normal(&mut self) -> f64 {
        let bits = self.bits();
        let sum: u64 = (0..4).map(|i| (bits >> (16 * i)) & 0xFFFF).sum();
        #[expect(clippy::cast_precision_loss, reason = "below 2^18")]
        let sum = sum as f64;
        // Four uniforms have mean 2 and variance 1/3.
        (sum / 65_535.0 - 2.0) * 3.0_f64.sqrt()
    }

    /// Uniform among `0..below`; 0 when `below` is 0.
    pub const fn below(&mut self, below: u64) -> u64 {
        match self.bits().checked_rem(below) {
            Some(value) => value,
            None => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_key_gives_the_same_noise_and_another_key_another() {
        let draw = |k| Noise::new(k).bits();
        assert_eq!(draw(key(1, 2)), draw(key(1, 2)));
        assert_ne!(draw(key(1, 2)), draw(key(2, 1)));
        assert_ne!(key_of_text(1, "BTC"), key_of_text(1, "CTB"));
        assert_ne!(key_of_text(1, "BTC"), key_of_text(2, "BTC"));
    }

    #[test]
    fn draws_have_the_distribution_they_promise() {
        let mut noise = Noise::new(7);
        let normals: Vec<f64> = (0..20_000).map(|_| noise.normal()).collect();
        let mean = normals.iter().sum::<f64>() / 20_000.0;
        let variance = normals.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03, "{mean}");
        assert!((variance - 1.0).abs() < 0.05, "{variance}");
        assert!((0..20_000).all(|_| (0.0..1.0).contains(&noise.unit())));
        assert!((0..1000).all(|_| noise.below(3) < 3));
        assert_eq!(noise.below(0), 0);
    }
}
