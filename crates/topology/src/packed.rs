//! Many facts in little memory: what a read of a catalog, or a list of a cluster's objects, keeps until all of it is known.
//!
//! ```text
//!  fact ── push ──▶ owners     [ block │ block │ … ] ──┐
//!                   components [ block │ block │ … ] ──┴─ into_iter: owners first, each block freed behind the reader
//! ```
//!
//! A component as a fact takes about a kilobyte in a dozen allocations; packed it takes the bytes of its texts and a few
//! more. A generation of a million entities is thus held at a tenth of the memory, and given back while it is applied. It
//! owns that form, which lives in memory alone and is nobody's file format. What the fields mean is in
//! [`fact`](crate::fact). Objects of a cluster are packed in [`PackedObjects`], in the same blocks.

mod block;
mod fields;
mod list;
mod objects;

use crate::entity_ref::EntityRef;
use crate::fact::EntityFact;
use block::Reader;
use list::{Draining, List};

pub use objects::{IntoObjects, PackedObjects};

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
        self.owners.bytes() + self.components.bytes()
    }

    /// Adds an entity, which may have the reference of another.
    pub fn push(&mut self, fact: &EntityFact) -> Slot {
        let owner = matches!(fact, EntityFact::Owner(_));
        let index = self
            .list_mut(owner)
            .push(|block| fields::write(block, fact));
        Slot { owner, index }
    }

    /// Takes an entity out. Its slot is not used again.
    pub fn remove(&mut self, slot: Slot) {
        self.list_mut(slot.owner).remove(slot.index);
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
        let owner = self.owners.next(fields::read);
        let fact = owner.or_else(|| self.components.next(fields::read));
        self.left -= usize::from(fact.is_some());
        fact
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for IntoIter {}
