//! The content of an entity as a number: two texts with the same number are the same text.
//!
//! The numbers are seeded anew in each process, so that nobody can write two entities that are taken for one another, and
//! none of them means anything outside of it.

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU128;

use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

/// What the JSON text of one entity is, in 128 bits: among a million entities two are never the same by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Content(NonZeroU128);

impl Content {
    /// Its place in a hash table.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "half of a good hash is a good hash"
    )]
    pub(super) fn hash(self) -> u64 {
        self.0.get() as u64
    }
}

/// What makes the numbers of this process other than those of the next. It is not printed.
#[derive(Clone, Copy)]
pub(super) struct Seed(u64);

impl Seed {
    /// One that nobody can foresee.
    pub(super) fn random() -> Self {
        // A fresh `RandomState` is random; its hash of anything is too.
        Self(RandomState::new().hash_one(0))
    }

    /// The number of an entity's text.
    pub(super) fn content(self, text: &str) -> Content {
        let hash = xxh3_128_with_seed(text.as_bytes(), self.0);
        Content(NonZeroU128::new(hash).unwrap_or(NonZeroU128::MIN))
    }

    /// The place of a name in a hash table.
    pub(super) fn name(self, name: &str) -> u64 {
        xxh3_64_with_seed(name.as_bytes(), self.0)
    }
}
