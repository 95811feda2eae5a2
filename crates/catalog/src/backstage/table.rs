//! Entities by name and by content, in little memory: about 70 bytes each.
//!
//! ```text
//!  by_content ─▶ index ◀─ by_name        an index is dense: the last entity moves to where one was removed
//!                  │
//!      contents[index], places[index] ─▶ names (an arena)
//! ```

use std::fmt;

use hashbrown::HashTable;

use super::arena::{Arena, Place};
use super::content::{Content, Seed};

/// Entities, each with its name and, where that is known, what its text was.
pub(super) struct Table {
    seed: Seed,
    contents: Vec<Option<Content>>,
    places: Vec<Place>,
    names: Arena,
    by_content: HashTable<u32>,
    by_name: HashTable<u32>,
}

impl Table {
    pub(super) fn new(seed: Seed) -> Self {
        Self {
            seed,
            contents: Vec::new(),
            places: Vec::new(),
            names: Arena::default(),
            by_content: HashTable::new(),
            by_name: HashTable::new(),
        }
    }

    /// Makes room for so many more, so that it need not be found again and again while they come.
    pub(super) fn reserve(&mut self, more: usize) {
        self.contents.reserve(more);
        self.places.reserve(more);
        let (seed, names, places) = (self.seed, &self.names, &self.places);
        self.by_name
            .reserve(more, |&other| hash_of_name(seed, names, places, other));
        let contents = &self.contents;
        self.by_content
            .reserve(more, |&other| hash_of_content(contents, other));
    }

    pub(super) fn seed(&self) -> Seed {
        self.seed
    }

    pub(super) fn len(&self) -> usize {
        self.contents.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.contents.is_empty()
    }

    /// Every index.
    pub(super) fn indices(&self) -> std::ops::Range<u32> {
        0..next_index(self.len())
    }

    pub(super) fn name(&self, index: u32) -> &str {
        self.places
            .get(index as usize)
            .map_or("", |place| self.names.get(*place))
    }

    pub(super) fn content(&self, index: u32) -> Option<Content> {
        self.contents.get(index as usize).copied().flatten()
    }

    pub(super) fn find_content(&self, content: Content) -> Option<u32> {
        let same = |index: &u32| self.content(*index) == Some(content);
        self.by_content.find(content.hash(), same).copied()
    }

    pub(super) fn find_name(&self, name: &str) -> Option<u32> {
        let same = |index: &u32| self.name(*index) == name;
        self.by_name.find(self.seed.name(name), same).copied()
    }

    /// Adds an entity that is not there yet, without a content.
    pub(super) fn add(&mut self, name: &str) -> u32 {
        let index = next_index(self.len());
        self.contents.push(None);
        self.places.push(self.names.push(name));
        let (seed, names, places) = (self.seed, &self.names, &self.places);
        self.by_name
            .insert_unique(seed.name(name), index, |&other| {
                hash_of_name(seed, names, places, other)
            });
        index
    }

    /// From now on the entity is found by this content, and no longer by the one it had.
    pub(super) fn set_content(&mut self, index: u32, content: Option<Content>) {
        let Some(held) = self.contents.get_mut(index as usize) else {
            return;
        };
        let before = std::mem::replace(held, content);
        if let Some(before) = before
            && let Ok(entry) = self
                .by_content
                .find_entry(before.hash(), |&other| other == index)
        {
            entry.remove();
        }
        if let Some(content) = content {
            let contents = &self.contents;
            self.by_content
                .insert_unique(content.hash(), index, |&other| {
                    hash_of_content(contents, other)
                });
        }
    }

    /// Removes an entity. The last one takes its index.
    pub(super) fn remove(&mut self, index: u32) {
        let Some(last) = self.len().checked_sub(1) else {
            return;
        };
        let last = next_index(last);
        self.set_content(index, None);
        let hash = self.seed.name(self.name(index));
        if let Ok(entry) = self.by_name.find_entry(hash, |&other| other == index) {
            entry.remove();
        }
        if index != last {
            let hash = self.seed.name(self.name(last));
            if let Some(moved) = self.by_name.find_mut(hash, |&other| other == last) {
                *moved = index;
            }
            if let Some(content) = self.content(last)
                && let Some(moved) = self
                    .by_content
                    .find_mut(content.hash(), |&other| other == last)
            {
                *moved = index;
            }
        }
        self.contents.swap_remove(index as usize);
        let place = self.places.swap_remove(index as usize);
        self.names.forget(place);
    }

    /// Gives back memory that much adding and removing has left unused.
    pub(super) fn tidy(&mut self) {
        if self.names.is_mostly_dead() {
            let mut names = Arena::default();
            for place in &mut self.places {
                *place = names.push(self.names.get(*place));
            }
            self.names = names;
        }
        let length = self.len();
        if self.contents.capacity() > length + length / 4 {
            self.contents.shrink_to_fit();
            self.places.shrink_to_fit();
        }
        if self.by_name.capacity() > 4 * length {
            let (seed, names, places) = (self.seed, &self.names, &self.places);
            self.by_name
                .shrink_to_fit(|&other| hash_of_name(seed, names, places, other));
        }
        if self.by_content.capacity() > 4 * length {
            let contents = &self.contents;
            self.by_content
                .shrink_to_fit(|&other| hash_of_content(contents, other));
        }
    }

    /// How many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.contents.capacity() * size_of::<Option<Content>>()
            + self.places.capacity() * size_of::<Place>()
            + self.names.bytes()
            + self.by_content.allocation_size()
            + self.by_name.allocation_size()
    }
}

/// A table can be large: its size says more than its content.
impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("len", &self.len())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}

fn hash_of_name(seed: Seed, names: &Arena, places: &[Place], index: u32) -> u64 {
    let place = places.get(index as usize);
    seed.name(place.map_or("", |place| names.get(*place)))
}

fn hash_of_content(contents: &[Option<Content>], index: u32) -> u64 {
    let content = contents.get(index as usize).copied().flatten();
    content.map_or(0, Content::hash)
}

/// A catalog has a bound far below what an index can count.
fn next_index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Hold(u8, Option<u8>),
        Remove(u8),
        Tidy,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0..40_u8, prop::option::of(0..4_u8)).prop_map(|(name, text)| Step::Hold(name, text)),
            3 => (0..40_u8).prop_map(Step::Remove),
            1 => Just(Step::Tidy),
        ]
    }

    proptest! {
        #[test]
        fn a_table_is_a_map_by_name_and_by_content(steps in prop::collection::vec(step(), 0..200)) {
            let seed = Seed::random();
            // An entity's text holds its name, so no two entities have the same.
            let content = |name: u8, text: u8| seed.content(&format!("{name}: {text}"));
            let mut table = Table::new(seed);
            let mut model: BTreeMap<String, Option<Content>> = BTreeMap::new();
            for step in steps {
                match step {
                    Step::Hold(number, text) => {
                        let name = format!("cdefault/{number}");
                        let content = text.map(|text| content(number, text));
                        let index = table.find_name(&name).unwrap_or_else(|| table.add(&name));
                        table.set_content(index, content);
                        model.insert(name, content);
                    }
                    Step::Remove(number) => {
                        let name = format!("cdefault/{number}");
                        prop_assert_eq!(table.find_name(&name).is_some(), model.remove(&name).is_some());
                        if let Some(index) = table.find_name(&name) {
                            table.remove(index);
                        }
                    }
                    Step::Tidy => table.tidy(),
                }
                let held: BTreeMap<String, Option<Content>> = table
                    .indices()
                    .map(|index| (table.name(index).to_owned(), table.content(index)))
                    .collect();
                prop_assert_eq!(&held, &model);
                for (number, text) in (0..40_u8).flat_map(|number| (0..4).map(move |text| (number, text))) {
                    let found = table.find_content(content(number, text));
                    let name = format!("cdefault/{number}");
                    let expected = model.get(&name) == Some(&Some(content(number, text)));
                    prop_assert_eq!(found.map(|index| table.name(index)), expected.then_some(&*name));
                }
            }
        }
    }

    #[test]
    fn what_is_removed_is_given_back() {
        let seed = Seed::random();
        let mut table = Table::new(seed);
        let name = |number: u32| format!("cdefault/service-{number:06}");
        for number in 0..50_000 {
            let index = table.add(&name(number));
            table.set_content(index, Some(seed.content(&name(number))));
        }
        table.tidy();
        let full = table.bytes();
        assert!(full < 100 * 50_000, "{full}");
        for number in 0..45_000 {
            if let Some(index) = table.find_name(&name(number)) {
                table.remove(index);
            }
        }
        table.tidy();
        assert_eq!(table.len(), 5_000);
        assert!(table.bytes() < full / 5, "{} of {full}", table.bytes());
        assert!((45_000..50_000).all(|number| table.find_name(&name(number)).is_some()));
    }
}
