//! The content of an entity as a number: two texts with the same number are the same text.
//!
//! The numbers outlive the process, beside the facts that came of the texts, and so does the key they are made with. Whoever
//! writes entities and wants two of them taken for one another must therefore learn nothing of the key from what the
//! program does: the number is that of a keyed function made for this (`SipHash`), and neither key nor number is shown.

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU128;

use siphasher::sip128::SipHasher13;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// How many bytes a content has where it is kept.
pub const CONTENT_BYTES: usize = 16;

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

    /// As it is kept.
    pub(super) fn to_bytes(self) -> [u8; CONTENT_BYTES] {
        self.0.get().to_le_bytes()
    }

    /// What [`to_bytes`](Self::to_bytes) gave.
    pub(super) fn of_bytes(bytes: [u8; CONTENT_BYTES]) -> Self {
        Self::of(u128::from_le_bytes(bytes))
    }

    fn of(number: u128) -> Self {
        Self(NonZeroU128::new(number).unwrap_or(NonZeroU128::MIN))
    }
}

/// What makes the numbers of one catalog other than those of the next. It is not printed.
#[derive(Clone, Copy)]
pub(super) struct Seed {
    key: [u8; 16],
    /// For what no process tells the next.
    names: u64,
}

impl Seed {
    /// One that nobody can foresee.
    pub(super) fn random() -> Self {
        let key = u128::from(random()) << 64 | u128::from(random());
        Self::of_key(key.to_le_bytes())
    }

    /// The one with this key.
    pub(super) fn of_key(key: [u8; 16]) -> Self {
        Self {
            key,
            names: random(),
        }
    }

    /// What makes the same seed again, in another process.
    pub(super) fn key(self) -> [u8; 16] {
        self.key
    }

    /// The number of an entity's text.
    pub(super) fn content(self, text: &str) -> Content {
        let hash = SipHasher13::new_with_key(&self.key).hash(text.as_bytes());
        Content::of(hash.as_u128())
    }

    /// The place of a name in a hash table.
    pub(super) fn name(self, name: &str) -> u64 {
        xxh3_64_with_seed(name.as_bytes(), self.names)
    }
}

fn random() -> u64 {
    // A fresh `RandomState` is random; its hash of anything is too.
    RandomState::new().hash_one(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_is_told_by_text_and_key_alone_and_keeps_as_bytes() {
        let (one, other) = (Seed::random(), Seed::random());
        let again = Seed::of_key(one.key());
        assert_eq!(one.content("a"), again.content("a"));
        assert_ne!(one.content("a"), one.content("b"));
        assert_ne!(one.content("a"), other.content("a"));
        for text in ["", "a", "{}"] {
            let content = one.content(text);
            assert_eq!(Content::of_bytes(content.to_bytes()), content);
        }
    }
}
