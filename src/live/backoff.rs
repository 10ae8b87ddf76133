//! How long to wait before the next try.

/// Longest wait before the first retry, in milliseconds.
pub const BASE_MS: u64 = 1_000;
/// Longest wait of all, in milliseconds. The `retry` object of the public API names the same limit.
pub const CAP_MS: u64 = 30_000;

/// Exponential backoff with equal jitter: between a half and the whole of a wait that doubles with each failure.
///
/// The jitter spreads the browsers that lost the same server at the same moment.
#[derive(Debug, Clone)]
pub struct Backoff {
    state: u64,
}

impl Backoff {
    /// The same seed gives the same waits.
    pub const fn seeded(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The wait after so many failed tries in a row, in milliseconds. 0 means a stream that had worked was lost.
    pub fn wait_ms(&mut self, failures: u32) -> u64 {
        let doublings = failures.saturating_sub(1).min(6);
        let whole = (BASE_MS << doublings).min(CAP_MS);
        let half = whole / 2;
        half + self.random() % (whole - half + 1)
    }

    /// `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators"). Enough for jitter, and
    /// nothing to download.
    const fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_stay_in_the_upper_half() {
        for seed in 0..500 {
            let mut backoff = Backoff::seeded(seed);
            for (failures, whole) in
                [(0, 1_000), (1, 1_000), (2, 2_000), (3, 4_000), (5, 16_000), (6, 30_000), (99, 30_000)]
            {
                let wait = backoff.wait_ms(failures);
                assert!((whole / 2..=whole).contains(&wait), "seed {seed}, {failures} failures: {wait}");
            }
        }
    }

    #[test]
    fn waits_are_spread_and_repeat_with_the_seed() {
        let waits = |seed| {
            let mut backoff = Backoff::seeded(seed);
            (0..50).map(|_| backoff.wait_ms(4)).collect::<Vec<_>>()
        };
        assert_eq!(waits(7), waits(7));
        assert_ne!(waits(7), waits(8));
        let early = waits(7).iter().filter(|&&w| w < 6_000).count();
        assert!((10..=40).contains(&early), "{early} of 50 in the lower half of the range");
    }
}
