//! Randomness as an argument: a sequence that its seed decides.

use std::hash::{BuildHasher as _, RandomState};

/// `SplitMix64`. Good enough to keep retries from falling together, and for nothing else.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The sequence of that seed.
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// Another sequence each time.
    pub(crate) fn new() -> Self {
        // A fresh `RandomState` is random, and so is its hash of anything.
        Self(RandomState::new().hash_one(()))
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_seed_decides() {
        // The first numbers of the published algorithm.
        let mut random = Random::of(0);
        assert_eq!(
            [random.next(), random.next()],
            [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4]
        );
        assert_ne!(Random::of(1).next(), Random::of(2).next());
    }
}
