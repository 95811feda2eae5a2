//! Hash indexes from a key to the ids that have it, five bytes a key: the key itself is read from the record of any id
//! that holds it, so it is stored once.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::id_set::{IdSet, IdSets};

/// See the module. The caller gives the hash of the key and how to tell whether the record of an id has it; the key of
/// a record must not change while its id is held here.
#[derive(Debug, Default)]
pub(crate) struct Index {
    table: HashTable<IdSet>,
}

impl Index {
    pub(crate) fn get<'s>(
        &'s self,
        sets: &'s IdSets,
        hash: u64,
        has_key: impl Fn(u32) -> bool,
    ) -> &'s [u32] {
        self.table
            .find(hash, |set| has_key(first(sets, *set)))
            .map_or(&[], |set| sets.ids(set))
    }

    /// Adds `id` under its key. `hash_of` gives the hash of the
    /// key of any id held.
    pub(crate) fn insert(
        &mut self,
        sets: &mut IdSets,
        id: u32,
        hash: u64,
        has_key: impl Fn(u32) -> bool,
        hash_of: impl Fn(u32) -> u64,
    ) {
        let entry = self.table.entry(
            hash,
            |set| has_key(first(sets, *set)),
            |set| hash_of(first(sets, *set)),
        );
        match entry {
            Entry::Occupied(mut entry) => sets.insert(entry.get_mut(), id),
            Entry::Vacant(entry) => {
                entry.insert(IdSet::one(id));
            }
        }
    }

    pub(crate) fn remove(
        &mut self,
        sets: &mut IdSets,
        id: u32,
        hash: u64,
        has_key: impl Fn(u32) -> bool,
    ) {
        if let Ok(mut entry) = self
            .table
            .find_entry(hash, |set| has_key(first(sets, *set)))
        {
            sets.remove(entry.get_mut(), id);
            if entry.get().is_empty() {
                entry.remove();
            }
        }
    }
}

fn first(sets: &IdSets, set: IdSet) -> u32 {
    sets.ids(&set).first().copied().unwrap_or(u32::MAX)
}

/// A hash over the parts of a key. Ids are handed out by us, so nobody can choose colliding ones.
pub(crate) fn hash_of(parts: [u32; 4]) -> u64 {
    const K: u64 = 0x9E37_79B9_7F4A_7C15;
    let [a, b, c, d] = parts.map(u64::from);
    let mut hash = ((a << 32) | b).wrapping_mul(K);
    hash ^= hash >> 29;
    hash = (hash ^ ((c << 32) | d)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(K);
    hash ^ (hash >> 29)
}
