//! Numbers that look random and are always the same for the same seed.

/// A number for `(seed, stream, index)`: no state, so that entity 70,000 can be made without the ones before it.
pub(super) fn number(seed: u64, stream: u64, index: u64) -> u64 {
    mix(mix(mix(seed).wrapping_add(stream)).wrapping_add(index))
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014), after its step by the golden ratio.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mixer_is_splitmix64() {
        // The first two outputs for seed 0, as published with the reference implementation.
        assert_eq!(mix(0), 0xE220_A839_7B1D_CDAF);
        assert_eq!(mix(0x9E37_79B9_7F4A_7C15), 0x6E78_9E6A_A1B9_65F4);
    }

    #[test]
    fn each_argument_counts() {
        let base = number(1, 2, 3);
        assert!(
            [number(2, 2, 3), number(1, 3, 3), number(1, 2, 4)]
                .iter()
                .all(|other| *other != base)
        );
    }
}
