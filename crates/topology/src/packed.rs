//! Many entities in little memory: what a read of a catalog keeps until all of it is known.
//!
//! ```text
//!  fact ── push ──▶ owners     [ block │ block │ … ] ──┐
//!                   components [ block │ block │ … ] ──┴─ into_iter: owners first, each block freed behind the reader
//! ```
//!
//! A component as a fact takes about a kilobyte in a dozen allocations; packed it takes the bytes of its texts and a few
//! more. A generation of a million entities is thus held at a tenth of the memory, and given back while it is applied. It
//! owns that form, which lives in memory alone and is nobody's file format. What the fields mean is in
//! [`fact`](crate::fact).

mod block;
mod fields;

use std::collections::BTreeSet;

use crate::entity_ref::EntityRef;
use crate::fact::EntityFact;
use block::{Block, Reader};

/// Entities, each in a few bytes more than its texts have.
#[derive(Clone, Debug, Default)]
pub struct PackedEntities {
    owners: List,
    components: List,
}

/// Where an entity is among [`PackedEntities`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    owner: bool,
    index: u32,
}

#[derive(Clone, Debug, Default)]
struct List {
    blocks: Vec<Block>,
    len: u32,
    /// Indices of entities that were taken out again, which are few.
    removed: BTreeSet<u32>,
}

impl PackedEntities {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.owners.live() + self.components.live()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes they take.
    pub fn bytes(&self) -> usize {
        let blocks = self.owners.blocks.iter().chain(&self.components.blocks);
        blocks.map(Block::bytes).sum()
    }

    /// Adds an entity, which may have the reference of another.
    pub fn push(&mut self, fact: &EntityFact) -> Slot {
        let owner = matches!(fact, EntityFact::Owner(_));
        let index = self.list_mut(owner).push(fact);
        Slot { owner, index }
    }

    /// Takes an entity out. Its slot is not used again.
    pub fn remove(&mut self, slot: Slot) {
        self.list_mut(slot.owner).removed.insert(slot.index);
    }

    /// Every entity, owners first, each sort in the order in which it was added.
    pub fn iter(&self) -> impl Iterator<Item = EntityFact> {
        self.readers().map(fields::read)
    }

    /// The references of all entities, in the order of [`iter`](Self::iter).
    pub fn references(&self) -> impl Iterator<Item = EntityRef> {
        self.readers().map(fields::read_reference)
    }

    fn readers(&self) -> impl Iterator<Item = Reader<'_>> {
        self.owners.readers().chain(self.components.readers())
    }

    fn list_mut(&mut self, owner: bool) -> &mut List {
        if owner {
            &mut self.owners
        } else {
            &mut self.components
        }
    }
}

/// Two are equal whose entities are, in whatever order they were added.
impl PartialEq for PackedEntities {
    fn eq(&self, other: &Self) -> bool {
        let sorted = |all: &Self| {
            let mut all: Vec<EntityFact> = all.iter().collect();
            all.sort_by(|a, b| a.reference().cmp(b.reference()));
            all
        };
        self.len() == other.len() && sorted(self) == sorted(other)
    }
}

impl Eq for PackedEntities {}

impl FromIterator<EntityFact> for PackedEntities {
    fn from_iter<I: IntoIterator<Item = EntityFact>>(facts: I) -> Self {
        let mut packed = Self::default();
        for fact in facts {
            packed.push(&fact);
        }
        packed
    }
}

impl IntoIterator for PackedEntities {
    type Item = EntityFact;
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        IntoIter {
            left: self.len(),
            owners: Draining::new(self.owners),
            components: Draining::new(self.components),
        }
    }
}

/// Gives out entities and frees the memory of those that were given.
#[derive(Debug)]
pub struct IntoIter {
    left: usize,
    owners: Draining,
    components: Draining,
}

impl Iterator for IntoIter {
    type Item = EntityFact;

    fn next(&mut self) -> Option<EntityFact> {
        let fact = self.owners.next().or_else(|| self.components.next());
        self.left -= usize::from(fact.is_some());
        fact
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for IntoIter {}

#[derive(Debug)]
struct Draining {
    blocks: std::vec::IntoIter<Block>,
    block: Block,
    /// Of the next entity: within its block, and among all.
    next: (usize, u32),
    removed: BTreeSet<u32>,
}

impl Draining {
    fn new(list: List) -> Self {
        Self {
            blocks: list.blocks.into_iter(),
            block: Block::default(),
            next: (0, 0),
            removed: list.removed,
        }
    }
}

impl Iterator for Draining {
    type Item = EntityFact;

    fn next(&mut self) -> Option<EntityFact> {
        loop {
            let (within, index) = self.next;
            let Some(reader) = self.block.reader(within) else {
                self.block = self.blocks.next()?;
                self.next.0 = 0;
                continue;
            };
            self.next = (within + 1, index + 1);
            if !self.removed.contains(&index) {
                return Some(fields::read(reader));
            }
        }
    }
}

impl List {
    fn live(&self) -> usize {
        self.len as usize - self.removed.len()
    }

    fn push(&mut self, fact: &EntityFact) -> u32 {
        if self.blocks.last().is_none_or(Block::is_full) {
            if let Some(full) = self.blocks.last_mut() {
                full.shrink();
            }
            self.blocks.push(Block::default());
        }
        if let Some(block) = self.blocks.last_mut() {
            fields::write(block, fact);
        }
        let index = self.len;
        self.len += 1;
        index
    }

    fn readers(&self) -> impl Iterator<Item = Reader<'_>> {
        let all = self.blocks.iter().flat_map(Block::readers);
        let live = (0_u32..).zip(all);
        live.filter_map(|(index, reader)| (!self.removed.contains(&index)).then_some(reader))
    }
}
