//! What a reader remembers, as it outlives the process: kept elsewhere, beside the facts it belongs to, and given back.
//!
//! ```text
//!  Reader ─ Contents: of each fact, the number of its text ─▶ kept with the facts
//!     ▲                                                            │
//!     └──── Memory ◀──────────────── after a start ────────────────┘
//! ```
//!
//! A number is only good under its [`Origin`]: the key it was made with, and the question that was asked. Under another
//! question, or another version of the reduction, everything is numbered by a new key, so that nothing that was kept
//! before can be mistaken for an answer to it, even where old and new stand side by side after a kill.

use std::fmt;
use std::sync::Arc;

use topology::entity_ref::EntityRef;

use super::content::{CONTENT_BYTES, Content, Seed};
use super::name;
use super::table::Table;

/// What numbers are good under: 16 bytes of key, and the question as a number. It is nobody's to read.
pub const ORIGIN_BYTES: usize = 32;

/// See [`ORIGIN_BYTES`]. What is printed of it says nothing.
#[derive(Clone, Copy)]
pub(super) struct Origin {
    pub(super) seed: Seed,
    pub(super) question: Content,
}

impl Origin {
    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (key, question) = bytes.split_first_chunk::<16>()?;
        Some(Self {
            seed: Seed::of_key(*key),
            question: Content::of_bytes(question.try_into().ok()?),
        })
    }

    fn to_bytes(self) -> [u8; ORIGIN_BYTES] {
        let mut bytes = [0; ORIGIN_BYTES];
        bytes[..16].copy_from_slice(&self.seed.key());
        bytes[16..].copy_from_slice(&self.question.to_bytes());
        bytes
    }
}

/// What the facts of a generation came of.
#[derive(Clone)]
pub struct Contents {
    origin: Origin,
    fresh: Arc<Table>,
}

impl Contents {
    pub(super) fn new(origin: Origin, fresh: Arc<Table>) -> Self {
        Self { origin, fresh }
    }

    /// What the numbers are good under.
    pub fn origin(&self) -> [u8; ORIGIN_BYTES] {
        self.origin.to_bytes()
    }

    /// The number of the text that the fact with this reference came of; `None` where it has to be read again.
    pub fn of(&self, reference: &EntityRef) -> Option<[u8; CONTENT_BYTES]> {
        let index = self.fresh.find_name(&name::of(reference))?;
        self.fresh.content(index).map(Content::to_bytes)
    }
}

impl fmt::Debug for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contents").finish_non_exhaustive()
    }
}

/// What was kept, on its way back to a [`Reader`](super::Reader).
pub struct Memory {
    origin: Origin,
    table: Table,
}

impl Memory {
    /// Nothing yet, of what is good under this origin; `None` where it is no origin.
    pub fn new(origin: &[u8]) -> Option<Self> {
        let origin = Origin::of_bytes(origin)?;
        Some(Self {
            origin,
            table: Table::new(origin.seed),
        })
    }

    /// A fact that is kept, and the number that is kept with it. Every fact of the instance has to be told, or what is not
    /// will not be missed when it is gone.
    pub fn add(&mut self, reference: &EntityRef, content: Option<[u8; CONTENT_BYTES]>) {
        let name = name::of(reference);
        if self.table.find_name(&name).is_some() {
            return;
        }
        let index = self.table.add(&name);
        let content = content.map(Content::of_bytes);
        // Two with one content cannot be, and would not be told apart.
        let content = content.filter(|content| self.table.find_content(*content).is_none());
        self.table.set_content(index, content);
    }

    /// Makes room for so many.
    pub fn reserve(&mut self, more: usize) {
        self.table.reserve(more);
    }

    pub(super) fn into_parts(mut self) -> (Origin, Table) {
        self.table.tidy();
        (self.origin, self.table)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}
