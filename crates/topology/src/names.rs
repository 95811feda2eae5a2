//! The interner: every text of the topology once, as a `u32`.
//!
//! Texts stand one after the other in large chunks, so that a name costs its bytes, twelve bytes to find them and a slot
//! of the hash table. Names of what is gone are given back by [`Names::sweep`]; ids of what stays never change.

use std::hash::BuildHasher;
use std::num::NonZeroU32;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::search::Letters;
use crate::slab::Slab;

/// An interned text. `Option<Name>` is four bytes, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Name(NonZeroU32);

impl Name {
    /// The id itself; never 0.
    pub(crate) fn raw(self) -> u32 {
        self.0.get()
    }

    fn new(index: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(index))
    }

    fn index(self) -> u32 {
        self.0.get() - 1
    }
}

const CHUNK: usize = 1 << 20;
const OFFSET_BITS: u32 = 20;
const LENGTH_BITS: u32 = 20;
/// Bound on an interned text in bytes; sources keep far shorter ones, and a longer one is cut.
pub(crate) const MAX_NAME_BYTES: usize = CHUNK - 1;

/// Where a text stands: chunk, offset in it, length, packed in 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span(u64);

impl Span {
    const DEAD: Self = Self(u64::MAX);

    fn new(chunk: usize, offset: usize, length: usize) -> Self {
        Self(
            ((chunk as u64) << (OFFSET_BITS + LENGTH_BITS))
                | ((offset as u64) << LENGTH_BITS)
                | length as u64,
        )
    }

    fn chunk(self) -> usize {
        usize::try_from(self.0 >> (OFFSET_BITS + LENGTH_BITS)).unwrap_or(usize::MAX)
    }

    fn range(self) -> std::ops::Range<usize> {
        const MASK: u64 = (1 << LENGTH_BITS) - 1;
        let part = |bits: u64| usize::try_from(bits & MASK).unwrap_or(usize::MAX);
        let offset = part(self.0 >> LENGTH_BITS);
        offset..offset + part(self.0)
    }
}

/// One slot of the table: the hash is kept so that growing never reads the texts.
#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    name: Name,
}

/// Names met lately, with their texts. Most texts of a batch are the same few thousand (label keys, teams, namespaces),
/// and from here one costs a single line of the processor's cache.
#[derive(Clone, Debug)]
struct Recent {
    slots: Vec<Option<RecentName>>,
}

#[derive(Clone, Copy, Debug)]
struct RecentName {
    name: Name,
    length: u8,
    bytes: [u8; RECENT_BYTES],
}

const RECENT: usize = 4096;
const RECENT_BYTES: usize = 50;

impl Recent {
    fn new() -> Self {
        Self { slots: Vec::new() }
    }

    fn get(&self, hash: u32, text: &str) -> Option<Name> {
        let slot = self.slots.get(hash as usize % RECENT)?.as_ref()?;
        let same = slot.bytes.get(..usize::from(slot.length))? == text.as_bytes();
        same.then_some(slot.name)
    }

    fn put(&mut self, hash: u32, text: &str, name: Name) {
        let length = text.len();
        let Some(short) = u8::try_from(length).ok().filter(|_| length <= RECENT_BYTES) else {
            return;
        };
        if self.slots.is_empty() {
            self.slots.resize(RECENT, None);
        }
        let mut bytes = [0; RECENT_BYTES];
        bytes[..length].copy_from_slice(text.as_bytes());
        self.slots[hash as usize % RECENT] = Some(RecentName {
            name,
            length: short,
            bytes,
        });
    }

    fn clear(&mut self) {
        self.slots = Vec::new();
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    recent: Recent,
    chunks: Vec<String>,
    spans: Slab<Span>,
    /// Of each text its letters, so that a search need not fetch the texts that cannot match.
    letters: Vec<Letters>,
    table: HashTable<Slot>,
    hasher: RandomState,
    live_after_sweep: usize,
    sweeps: u32,
}

impl Default for Names {
    fn default() -> Self {
        Self::new()
    }
}

impl Names {
    pub(crate) fn new() -> Self {
        Self {
            recent: Recent::new(),
            chunks: Vec::new(),
            spans: Slab::new(),
            letters: Vec::new(),
            table: HashTable::new(),
            hasher: RandomState::default(),
            live_after_sweep: 0,
            sweeps: 0,
        }
    }

    pub(crate) fn get(&self, name: Name) -> &str {
        let span = *self.spans.get(name.index());
        self.chunks
            .get(span.chunk())
            .map_or("", |chunk| &chunk[span.range()])
    }

    /// The letters of its text.
    pub(crate) fn letters(&self, name: Name) -> Letters {
        self.letters[name.index() as usize]
    }

    /// How often names were given back: a name means the same for as long as this number stays.
    pub(crate) fn sweeps(&self) -> u32 {
        self.sweeps
    }

    /// One more than the highest number of a name.
    pub(crate) fn bound(&self) -> usize {
        self.spans.bound() + 1
    }

    /// The text of the name with that number; empty for 0, which is none.
    pub(crate) fn text_of(&self, raw: usize) -> &str {
        let raw = u32::try_from(raw).ok().and_then(NonZeroU32::new);
        self.opt(raw.map(Name)).unwrap_or_default()
    }

    pub(crate) fn opt(&self, name: Option<Name>) -> Option<&str> {
        name.map(|name| self.get(name))
    }

    pub(crate) fn find(&self, text: &str) -> Option<Name> {
        let text = cut(text);
        let hash = self.hash(text);
        self.table
            .find(spread(hash), |slot| {
                slot.hash == hash && self.get(slot.name) == text
            })
            .map(|slot| slot.name)
    }

    pub(crate) fn intern(&mut self, text: &str) -> Name {
        let text = cut(text);
        let hash = self.hash(text);
        if let Some(name) = self.recent.get(hash, text) {
            return name;
        }
        let found = self.table.find(spread(hash), |slot| {
            slot.hash == hash && self.get(slot.name) == text
        });
        let name = match found {
            Some(slot) => slot.name,
            None => self.insert(hash, text),
        };
        self.recent.put(hash, text, name);
        name
    }

    fn insert(&mut self, hash: u32, text: &str) -> Name {
        let span = push(&mut self.chunks, text);
        let name = Name::new(self.spans.insert(span));
        let letters = Letters::of(text);
        match self.letters.get_mut(name.index() as usize) {
            Some(place) => *place = letters,
            None => self.letters.push(letters),
        }
        self.table
            .insert_unique(spread(hash), Slot { hash, name }, |slot| spread(slot.hash));
        name
    }

    pub(crate) fn intern_opt(&mut self, text: Option<&str>) -> Option<Name> {
        text.map(|text| self.intern(text))
    }

    /// Makes room for `additional` names at once.
    pub(crate) fn reserve(&mut self, additional: usize) {
        self.table.reserve(additional, |slot| spread(slot.hash));
    }

    /// Whether enough names were added since the last sweep that half of them may be dead.
    pub(crate) fn wants_sweep(&self) -> bool {
        const MIN: usize = 100_000;
        self.table.len() > MIN.max(self.live_after_sweep.saturating_mul(2))
    }

    /// Gives back every name that `live` is not called with.
    pub(crate) fn sweep(&mut self, mark: impl FnOnce(&mut dyn FnMut(Name))) {
        self.recent.clear();
        self.sweeps = self.sweeps.wrapping_add(1);
        let mut live = vec![false; self.spans.bound()];
        mark(&mut |name| live[name.index() as usize] = true);
        let is_live = |name: Name| live[name.index() as usize];
        self.table.retain(|slot| is_live(slot.name));
        let mut chunks = Vec::new();
        for index in 0..live.len() {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            let name = Name::new(index);
            let span = *self.spans.get(index);
            if span == Span::DEAD {
                continue;
            }
            if is_live(name) {
                let moved = push(&mut chunks, &self.chunks[span.chunk()][span.range()]);
                *self.spans.get_mut(index) = moved;
            } else {
                *self.spans.get_mut(index) = Span::DEAD;
                self.spans.remove(index);
            }
        }
        self.chunks = chunks;
        self.live_after_sweep = self.table.len();
    }

    fn hash(&self, text: &str) -> u32 {
        let hash = self.hasher.hash_one(text);
        u32::try_from(hash >> 32).unwrap_or(u32::MAX)
    }
}

/// The table takes its tag from the top bits of a 64-bit hash and its place from the low ones.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn push(chunks: &mut Vec<String>, text: &str) -> Span {
    let fits = chunks
        .last()
        .is_some_and(|chunk| chunk.len() + text.len() <= CHUNK);
    if !fits {
        chunks.push(String::with_capacity(CHUNK));
    }
    let index = chunks.len() - 1;
    let chunk = &mut chunks[index];
    let offset = chunk.len();
    chunk.push_str(text);
    Span::new(index, offset, text.len())
}

fn cut(text: &str) -> &str {
    if text.len() <= MAX_NAME_BYTES {
        return text;
    }
    &text[..text.floor_char_boundary(MAX_NAME_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn a_text_is_kept_once_and_found_again() {
        let mut names = Names::new();
        let shop = names.intern("shop");
        assert_eq!(names.intern("shop"), shop);
        assert_eq!(names.find("shop"), Some(shop));
        assert_eq!(names.find("shops"), None);
        assert_eq!(names.get(shop), "shop");
        let empty = names.intern("");
        assert_eq!(names.get(empty), "");
    }

    #[test]
    fn a_sweep_gives_back_what_is_dead_and_moves_no_id() {
        let mut names = Names::new();
        let all: Vec<_> = (0..10_000)
            .map(|i| names.intern(&format!("name-{i}")))
            .collect();
        names.sweep(|mark| all.iter().step_by(2).for_each(|name| mark(*name)));
        for (i, name) in all.iter().enumerate().step_by(2) {
            assert_eq!(names.get(*name), format!("name-{i}"));
            assert_eq!(names.find(&format!("name-{i}")), Some(*name));
        }
        assert_eq!(names.find("name-1"), None);
        let again = names.intern("name-1");
        assert_eq!(names.get(again), "name-1");
        assert_eq!(names.spans.bound(), 10_000, "a dead id is used again");
    }

    #[test]
    fn an_overlong_text_is_cut_at_a_character() {
        let mut names = Names::new();
        let long = "ü".repeat(super::MAX_NAME_BYTES);
        let name = names.intern(&long);
        assert!(names.get(name).len() <= super::MAX_NAME_BYTES);
        assert_eq!(names.find(&long), Some(name));
    }
}
