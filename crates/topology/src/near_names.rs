//! Near names among very many: an index by halves.
//!
//! A name that differs by one slip agrees with what was meant in its first or in its second half, so only names that
//! share a half are compared. A name that is the other plus a `-` joined part is found by its text.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use crate::nearest::near;

/// Bound on the names that one look-up compares per half and length.
const EXAMINED: usize = 64;
/// How much longer or shorter a near name may be.
const STRETCH: usize = 2;

/// Ids of names sorted by their texts, and by the halves of them. The texts stay with the caller.
#[derive(Debug)]
pub(crate) struct NearNames {
    ids: Vec<u32>,
    /// Hash of a half and its name's index in `ids`, sorted.
    first_halves: Vec<(u32, u32)>,
    second_halves: Vec<(u32, u32)>,
}

impl NearNames {
    /// An index over `ids`; those of one text count once.
    pub(crate) fn build<'t>(mut ids: Vec<u32>, text: impl Fn(u32) -> &'t str) -> Self {
        ids.sort_by_key(|id| text(*id));
        ids.dedup_by_key(|id| text(*id));
        let mut first_halves = Vec::with_capacity(ids.len());
        let mut second_halves = Vec::with_capacity(ids.len());
        for (rank, id) in (0..).zip(&ids) {
            let bytes = text(*id).as_bytes();
            let half = half_of(bytes.len());
            first_halves.push((hash(bytes.len(), &bytes[..half]), rank));
            second_halves.push((hash(bytes.len(), &bytes[bytes.len() - half..]), rank));
        }
        first_halves.sort_unstable();
        second_halves.sort_unstable();
        Self {
            ids,
            first_halves,
            second_halves,
        }
    }

    /// The id of that very name.
    pub(crate) fn named<'t>(&self, wanted: &str, text: impl Fn(u32) -> &'t str) -> Option<u32> {
        self.rank(wanted, text).map(|rank| self.ids[rank])
    }

    fn rank<'t>(&self, name: &str, text: impl Fn(u32) -> &'t str) -> Option<usize> {
        self.ids.binary_search_by(|id| text(*id).cmp(name)).ok()
    }

    /// Ids of up to `limit` names near `wanted`, nearest first; the very name is not near.
    pub(crate) fn near<'t>(
        &self,
        wanted: &str,
        text: impl Fn(u32) -> &'t str,
        limit: usize,
    ) -> Vec<u32> {
        let mut ranks: Vec<u32> = Vec::new();
        let bytes = wanted.as_bytes();
        let lengths = bytes.len().saturating_sub(STRETCH).max(2)..=bytes.len() + STRETCH;
        for length in lengths {
            let half = half_of(length);
            if let Some(first) = bytes.get(..half) {
                collect(&self.first_halves, hash(length, first), &mut ranks);
            }
            if let Some(start) = bytes.len().checked_sub(half) {
                collect(
                    &self.second_halves,
                    hash(length, &bytes[start..]),
                    &mut ranks,
                );
            }
        }
        let longer = format!("{wanted}-");
        let start = self.ids.partition_point(|id| text(*id) < longer.as_str());
        ranks.extend(
            (0_u32..)
                .skip(start)
                .zip(&self.ids[start..])
                .take_while(|(_, id)| text(**id).starts_with(&longer))
                .take(EXAMINED)
                .map(|(rank, _)| rank),
        );
        for (dash, _) in wanted.match_indices('-').take(EXAMINED) {
            for part in [&wanted[..dash], &wanted[dash + 1..]] {
                let rank = self.rank(part, &text);
                ranks.extend(rank.and_then(|rank| u32::try_from(rank).ok()));
            }
        }
        let candidates = ranks.iter().map(|rank| text(self.ids[*rank as usize]));
        near(wanted, candidates, limit)
            .into_iter()
            .filter_map(|name| self.named(name, &text))
            .collect()
    }
}

/// Leaves one or two bytes out in the middle, so that two neighbours swapped there spoil neither half.
fn half_of(length: usize) -> usize {
    length.saturating_sub(1) / 2
}

fn collect(halves: &[(u32, u32)], hash: u32, ranks: &mut Vec<u32>) {
    let start = halves.partition_point(|(other, _)| *other < hash);
    ranks.extend(
        halves[start..]
            .iter()
            .take_while(|(other, _)| *other == hash)
            .take(EXAMINED)
            .map(|(_, rank)| *rank),
    );
}

/// A fixed seed: which names are compared, and so what is shown, must not depend on the run.
fn hash(length: usize, half: &[u8]) -> u32 {
    let hash = FixedState::with_seed(7).hash_one((length, half));
    u32::try_from(hash >> 32).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::NearNames;

    const NAMES: [&str; 7] = [
        "checkout",
        "checkout-api",
        "cart",
        "payment-gateway",
        "payments",
        "ledger",
        "ledger",
    ];

    fn near(wanted: &str) -> Vec<&'static str> {
        let text = |id: u32| NAMES[id as usize];
        let index = NearNames::build((0..7).collect(), text);
        index.near(wanted, text, 3).into_iter().map(text).collect()
    }

    #[test]
    fn s21_finds_slips_and_parts() {
        let table: [(&str, &[&str]); 6] = [
            ("chekcout", &["checkout"]),
            ("checkot", &["checkout"]),
            ("payment", &["payments", "payment-gateway"]),
            ("shop-cart", &["cart"]),
            ("checkout-api-v2", &["checkout-api", "checkout"]),
            ("unrelated", &[]),
        ];
        for (wanted, expected) in table {
            assert_eq!(near(wanted), expected, "{wanted}");
        }
    }
}
