//! How long to wait after a failure. Randomness comes from a seed, so that a test is a function of its input.

use std::time::Duration;

/// Growing pauses with jitter, so that many watchers do not come back at the same moment.
#[derive(Debug)]
pub(super) struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
    random: u64,
}

impl Backoff {
    pub(super) fn new(first: Duration, longest: Duration, seed: u64) -> Self {
        Self {
            first,
            longest,
            failures: 0,
            random: seed,
        }
    }

    /// The source works again.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The pause after one more failure: doubled each time, then shortened by up to half.
    pub(super) fn after_failure(&mut self) -> Duration {
        let factor = 2_u32.saturating_pow(self.failures.min(30));
        self.failures = self.failures.saturating_add(1);
        let whole = self.first.saturating_mul(factor).min(self.longest);
        self.jittered(whole)
    }

    /// Between half of this and all of it.
    pub(super) fn jittered(&mut self, whole: Duration) -> Duration {
        let thousandths = u32::try_from(self.next_random() % 501).unwrap_or(0);
        whole / 1000 * (500 + thousandths)
    }

    /// `SplitMix64`.
    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(800);
    const LONGEST: Duration = Duration::from_secs(30);

    #[test]
    fn pauses_double_up_to_the_longest_and_start_over_after_success() {
        let mut backoff = Backoff::new(FIRST, LONGEST, 7);
        for whole in [800, 1600, 3200, 6400, 12800, 25600, 30000, 30000] {
            let pause = backoff.after_failure();
            let whole = Duration::from_millis(whole);
            assert!(
                whole / 2 <= pause && pause <= whole,
                "{pause:?} of {whole:?}"
            );
        }
        backoff.reset();
        assert!(backoff.after_failure() <= FIRST);
    }

    #[test]
    fn the_seed_decides_and_different_seeds_do_not_fall_together() {
        let pauses = |seed| {
            let mut backoff = Backoff::new(FIRST, LONGEST, seed);
            (0..8).map(|_| backoff.after_failure()).collect::<Vec<_>>()
        };
        assert_eq!(pauses(1), pauses(1));
        assert_ne!(pauses(1), pauses(2));
    }

    #[test]
    fn a_thousand_failures_are_no_overflow() {
        let mut backoff = Backoff::new(FIRST, LONGEST, u64::MAX);
        assert!((0..1000).all(|_| backoff.after_failure() <= LONGEST));
    }
}
