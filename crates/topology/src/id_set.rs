//! Small sets of ids in four bytes: most keys have one holder, and only the others pay for a list.

use std::cmp::Ordering;

use crate::slab::Slab;

const MANY: u32 = 1 << 31;
const EMPTY: u32 = u32::MAX;

/// A set that lives in an [`IdSets`]: empty, one id, or a list there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IdSet(u32);

impl IdSet {
    pub(crate) const EMPTY: Self = Self(EMPTY);

    pub(crate) fn one(id: u32) -> Self {
        debug_assert!(id < MANY, "ids use 31 bits");
        Self(id)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == EMPTY
    }

    fn list(self) -> Option<u32> {
        (self.0 != EMPTY && self.0 & MANY != 0).then_some(self.0 & !MANY)
    }
}

/// The lists of the sets that hold two ids or more.
#[derive(Debug)]
pub(crate) struct IdSets {
    lists: Slab<Vec<u32>>,
}

impl IdSets {
    pub(crate) fn new() -> Self {
        Self { lists: Slab::new() }
    }

    /// The ids in the order in which they are kept.
    pub(crate) fn ids<'s>(&'s self, set: &'s IdSet) -> &'s [u32] {
        match set.list() {
            Some(list) => self.lists.get(list),
            None if set.is_empty() => &[],
            None => std::slice::from_ref(&set.0),
        }
    }

    /// Adds `id`, keeping the order of `compare` (which must be total). Adding what is there changes nothing.
    pub(crate) fn insert_by(
        &mut self,
        set: &mut IdSet,
        id: u32,
        compare: impl Fn(u32, u32) -> Ordering,
    ) {
        if set.is_empty() {
            *set = IdSet::one(id);
            return;
        }
        if let Some(list) = set.list() {
            let ids = self.lists.get_mut(list);
            if let Err(at) = ids.binary_search_by(|other| compare(*other, id)) {
                ids.insert(at, id);
            }
            return;
        }
        let pair = match compare(set.0, id) {
            Ordering::Equal => return,
            Ordering::Less => vec![set.0, id],
            Ordering::Greater => vec![id, set.0],
        };
        *set = IdSet(self.lists.insert(pair) | MANY);
    }

    /// Takes `id` out. Taking out what is not there changes nothing.
    pub(crate) fn remove_by(
        &mut self,
        set: &mut IdSet,
        id: u32,
        compare: impl Fn(u32, u32) -> Ordering,
    ) {
        let Some(list) = set.list() else {
            if set.0 == id {
                *set = IdSet::EMPTY;
            }
            return;
        };
        let ids = self.lists.get_mut(list);
        if let Ok(at) = ids.binary_search_by(|other| compare(*other, id)) {
            ids.remove(at);
        }
        if let [last] = ids.as_slice() {
            *set = IdSet(*last);
            *ids = Vec::new();
            self.lists.remove(list);
        }
    }

    /// Adds `id` in the order of the ids themselves.
    pub(crate) fn insert(&mut self, set: &mut IdSet, id: u32) {
        // Ids are mostly given out ascending: at the end there is nothing to search.
        if let Some(list) = set.list() {
            let ids = self.lists.get_mut(list);
            if ids.last().is_some_and(|last| *last < id) {
                ids.push(id);
                return;
            }
        }
        self.insert_by(set, id, |a, b| a.cmp(&b));
    }

    /// Takes `id` out of a set kept in the order of the ids themselves.
    pub(crate) fn remove(&mut self, set: &mut IdSet, id: u32) {
        self.remove_by(set, id, |a, b| a.cmp(&b));
    }

    /// Empties the set and gives its list back.
    pub(crate) fn clear(&mut self, set: &mut IdSet) {
        if let Some(list) = set.list() {
            *self.lists.get_mut(list) = Vec::new();
            self.lists.remove(list);
        }
        *set = IdSet::EMPTY;
    }

    /// A set of these ids, which are ascending.
    pub(crate) fn of(&mut self, ids: Vec<u32>) -> IdSet {
        match ids.as_slice() {
            [] => IdSet::EMPTY,
            [id] => IdSet(*id),
            _ => IdSet(self.lists.insert(ids) | MANY),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{IdSet, IdSets};

    proptest! {
        #[test]
        fn behaves_as_a_sorted_set(steps in prop::collection::vec((any::<bool>(), 0_u32..12), 0..80)) {
            let mut sets = IdSets::new();
            let mut set = IdSet::EMPTY;
            let mut model = BTreeSet::new();
            for (add, id) in steps {
                if add {
                    sets.insert(&mut set, id);
                    model.insert(id);
                } else {
                    sets.remove(&mut set, id);
                    model.remove(&id);
                }
                prop_assert_eq!(sets.ids(&set).to_vec(), model.iter().copied().collect::<Vec<_>>());
                prop_assert_eq!(set.is_empty(), model.is_empty());
            }
        }
    }
}
