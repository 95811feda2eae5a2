//! Packed facts one after the other, in blocks that are freed behind whoever takes them out.

use std::collections::BTreeSet;

use super::block::{Block, Reader};

#[derive(Clone, Debug, Default)]
pub(super) struct List {
    blocks: Vec<Block>,
    len: u32,
    /// Indices of facts that were taken out again, which are few.
    removed: BTreeSet<u32>,
}

impl List {
    pub(super) fn live(&self) -> usize {
        self.len as usize - self.removed.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.blocks.iter().map(Block::bytes).sum()
    }

    /// Adds what is written; its index.
    pub(super) fn push(&mut self, write: impl FnOnce(&mut Block)) -> u32 {
        if self.blocks.last().is_none_or(Block::is_full) {
            if let Some(full) = self.blocks.last_mut() {
                full.shrink();
            }
            self.blocks.push(Block::default());
        }
        if let Some(block) = self.blocks.last_mut() {
            write(block);
        }
        let index = self.len;
        self.len += 1;
        index
    }

    pub(super) fn remove(&mut self, index: u32) {
        self.removed.insert(index);
    }

    /// Each that is there, with its index.
    pub(super) fn entries(&self) -> impl Iterator<Item = (u32, Reader<'_>)> {
        let all = self.blocks.iter().flat_map(Block::readers);
        (0_u32..)
            .zip(all)
            .filter(|(index, _)| !self.removed.contains(index))
    }

    pub(super) fn readers(&self) -> impl Iterator<Item = Reader<'_>> {
        self.entries().map(|(_, reader)| reader)
    }
}

/// Gives out what a list has and frees the memory of what was given.
#[derive(Debug)]
pub(super) struct Draining {
    blocks: std::vec::IntoIter<Block>,
    block: Block,
    /// Of the next fact: within its block, and among all.
    next: (usize, u32),
    removed: BTreeSet<u32>,
}

impl Draining {
    pub(super) fn new(list: List) -> Self {
        Self {
            blocks: list.blocks.into_iter(),
            block: Block::default(),
            next: (0, 0),
            removed: list.removed,
        }
    }

    pub(super) fn next<T>(&mut self, read: impl FnOnce(Reader<'_>) -> T) -> Option<T> {
        loop {
            let (within, index) = self.next;
            let Some(reader) = self.block.reader(within) else {
                self.block = self.blocks.next()?;
                self.next.0 = 0;
                continue;
            };
            self.next = (within + 1, index + 1);
            if !self.removed.contains(&index) {
                return Some(read(reader));
            }
        }
    }
}
