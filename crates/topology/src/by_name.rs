//! Ids by a name: names are dense numbers, so a page of sets serves where a hash table would, in less memory and without
//! a search.

use std::cmp::Ordering;

use crate::id_set::{IdSet, IdSets};
use crate::names::Name;

const PAGE_BITS: u32 = 12;
const PAGE: usize = 1 << PAGE_BITS;

/// See the module. The ids of one name are kept in an order that the caller gives each time; what it is made of must not
/// change for an id while it is held.
#[derive(Debug, Default)]
pub(crate) struct ByName {
    pages: Vec<Vec<IdSet>>,
}

impl ByName {
    pub(crate) fn get<'s>(&'s self, sets: &'s IdSets, name: Name) -> &'s [u32] {
        let (page, place) = place(name);
        let set = self.pages.get(page).and_then(|page| page.get(place));
        set.map_or(&[], |set| sets.ids(set))
    }

    pub(crate) fn insert_by(
        &mut self,
        sets: &mut IdSets,
        name: Name,
        id: u32,
        compare: impl Fn(u32, u32) -> Ordering,
    ) {
        let (page, place) = place(name);
        if self.pages.len() <= page {
            self.pages.resize_with(page + 1, Vec::new);
        }
        let page = &mut self.pages[page];
        if page.is_empty() {
            page.resize(PAGE, IdSet::EMPTY);
        }
        sets.insert_by(&mut page[place], id, compare);
    }

    pub(crate) fn remove_by(
        &mut self,
        sets: &mut IdSets,
        name: Name,
        id: u32,
        compare: impl Fn(u32, u32) -> Ordering,
    ) {
        let (page, place) = place(name);
        let set = self
            .pages
            .get_mut(page)
            .and_then(|page| page.get_mut(place));
        if let Some(set) = set {
            sets.remove_by(set, id, compare);
        }
    }
}

/// Of ids in the order of `key`, those whose key is `wanted`.
pub(crate) fn equal_range<'i, K: Ord>(
    ids: &'i [u32],
    wanted: &K,
    key: impl Fn(u32) -> K,
) -> &'i [u32] {
    let start = ids.partition_point(|id| key(*id) < *wanted);
    let length = ids[start..].partition_point(|id| key(*id) == *wanted);
    &ids[start..start + length]
}

fn place(name: Name) -> (usize, usize) {
    let raw = name.raw() as usize;
    (raw >> PAGE_BITS, raw & (PAGE - 1))
}
