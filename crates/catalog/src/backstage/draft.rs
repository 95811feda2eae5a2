//! A read under way: what the pages gave so far, held against what is known. It does no I/O, and leaves what is known as
//! it is until all is over.
//!
//! ```text
//!  text ─▶ content known? ── yes ──▶ marked: seen in this pass                       (not parsed)
//!                │ no
//!                ├─ fresh in this read already? ── yes ──▶ marked                     (not parsed)
//!                └─▶ parsed, reduced to a fact, packed; fresh and marked
//! ```
//!
//! What was seen is marked by reference and by pass, one bit each, so that passes can be compared. An entity that comes
//! twice, as one that changes or is created again may, counts as it came last.

use std::sync::Arc;

use topology::fact::{Absent, CatalogGeneration, CatalogSize, EntityFact};
use topology::label_map::LabelMap;
use topology::packed::{PackedEntities, Slot};

use super::completeness::{Accounted, Counts};
use super::faults::{Faults, Unusable};
use super::known::Given;
use super::reduction::{Entity, read};
use super::table::Table;
use super::{MAX_ENTITIES, MAX_PASSES, name};
use crate::Progress;

/// Set for what is known and came with another content.
const CHANGED: u8 = 0x80;

const _: () = assert!(MAX_PASSES < u8::BITS, "each pass has a bit of its own");

/// See the module.
pub(super) struct Draft<'k> {
    known: &'k Table,
    map: &'k LabelMap,
    url: &'k str,
    /// Of what is known: the passes that saw it, and [`CHANGED`].
    marks: Vec<u8>,
    /// What is not known, or not so: by name, and by content for whatever came from a page.
    fresh: Table,
    /// More on each of `fresh`.
    news: Vec<News>,
    entities: PackedEntities,
    pass: Pass,
    /// Entities that were not parsed, in all passes.
    unparsed: u64,
}

#[derive(Clone, Copy)]
struct News {
    /// Where its fact is; `None` where it came as it was known after all.
    slot: Option<Slot>,
    /// Its index among what is known.
    known: Option<u32>,
    /// The passes that saw it, unless it is known.
    marks: u8,
}

/// Counts of the pass under way.
#[derive(Default)]
struct Pass {
    bit: u8,
    /// Different references.
    seen: u64,
    /// All that came, of whatever kind.
    items: u64,
    nulls: u64,
    announced: Option<u64>,
    by_offset: bool,
    faults: Faults,
}

/// An entity that was known, or seen by an earlier pass, and not by this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Known(u32),
    Fresh(u32),
}

/// Whether an entity that exists belongs to what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Existing {
    /// It does: what was asked for is all of its kind.
    Belongs,
    /// Who knows: there were further conditions.
    MayBelong,
}

impl<'k> Draft<'k> {
    pub(super) fn new(known: &'k Table, map: &'k LabelMap, url: &'k str) -> Self {
        Self {
            known,
            map,
            url,
            marks: vec![0; known.len()],
            fresh: Table::new(known.seed()),
            news: Vec::new(),
            entities: PackedEntities::default(),
            pass: Pass::default(),
            unparsed: 0,
        }
    }

    /// Begins the next pass, or the first.
    pub(super) fn begin_pass(&mut self) {
        let bit = match self.pass.bit {
            0 => 1,
            bit => bit << 1,
        };
        self.pass = Pass {
            bit,
            ..Pass::default()
        };
    }

    /// Begins this pass anew: what it saw until now does not count as seen.
    pub(super) fn begin_pass_anew(&mut self) {
        let bit = self.pass.bit;
        let marks = self.news.iter_mut().map(|news| &mut news.marks);
        for marks in marks.chain(&mut self.marks) {
            *marks &= !bit;
        }
        self.pass = Pass {
            bit,
            ..Pass::default()
        };
    }

    /// What a page says beside its entities.
    pub(super) fn page(&mut self, announced: Option<u64>, nulls: u64, by_offset: bool) {
        if self.pass.announced.is_none()
            && let Some(announced) = announced
        {
            self.pass.announced = Some(announced);
            self.expect(announced);
        }
        self.pass.nulls += nulls;
        self.pass.by_offset |= by_offset;
    }

    /// Makes room for what is announced and cannot be known; a count that lies costs next to nothing.
    fn expect(&mut self, announced: u64) {
        let announced = usize::try_from(announced).unwrap_or(usize::MAX);
        let held = self.known.len() + self.fresh.len();
        let more = announced.min(MAX_ENTITIES).saturating_sub(held);
        self.fresh.reserve(more);
        self.news.reserve(more);
    }

    /// An entity of a page.
    pub(super) fn entity(&mut self, text: &str) {
        self.pass.items += 1;
        let content = self.known.seed().content(text);
        let newly = if let Some(index) = self.known.find_content(content) {
            self.unparsed += 1;
            self.is_unchanged(index);
            self.see_known(index)
        } else if let Some(index) = self.fresh.find_content(content) {
            self.unparsed += 1;
            self.see_fresh(index)
        } else {
            match read(text, self.map) {
                Ok(Some(Entity {
                    fact,
                    misshapen: Some(fault),
                    ..
                })) if self.is_known(&fact) => {
                    let why = Unusable::Misshapen(fault);
                    self.pass.faults.entity(self.url, self.pass.items, &why);
                    false
                }
                Ok(Some(Entity { fact, faults, .. })) => {
                    let index = self.hold(&fact);
                    for fault in &faults {
                        let (url, number) = (self.url, self.pass.items);
                        self.pass.faults.part(url, number, fact.reference(), fault);
                    }
                    // What has a fault is read anew each time, so that every read says so.
                    let known = faults.is_empty().then_some(content);
                    self.fresh.set_content(index, known);
                    self.see_fresh(index)
                }
                // Backstage 1.12 and 1.13 leak entities that the filter excludes.
                Ok(None) => false,
                Err(why) => {
                    self.pass.faults.entity(self.url, self.pass.items, &why);
                    false
                }
            }
        };
        self.pass.seen += u64::from(newly);
    }

    /// What ought to have come in this pass and did not.
    pub(super) fn missing(&self) -> impl Iterator<Item = Expected> {
        let bit = self.pass.bit;
        let known = (0_u32..).zip(&self.marks);
        let known = known.filter(move |(_, marks)| *marks & bit == 0);
        let fresh = (0_u32..).zip(&self.news);
        let fresh = fresh.filter(move |(_, news)| {
            news.known.is_none() && news.marks != 0 && news.marks & bit == 0
        });
        known
            .map(|(index, _)| Expected::Known(index))
            .chain(fresh.map(|(index, _)| Expected::Fresh(index)))
    }

    /// The reference of one that is missing, as a text.
    pub(super) fn reference(&self, expected: Expected) -> String {
        name::reference(self.name(expected)).to_string()
    }

    fn name(&self, expected: Expected) -> &str {
        match expected {
            Expected::Known(index) => self.known.name(index),
            Expected::Fresh(index) => self.fresh.name(index),
        }
    }

    /// What the server has under the reference of one that is missing.
    pub(super) fn answer(
        &mut self,
        expected: Expected,
        text: Option<&str>,
        existing: Existing,
        accounted: &mut Accounted,
    ) {
        let Some(text) = text else {
            accounted.gone += 1;
            return;
        };
        if existing == Existing::MayBelong {
            accounted.unproven += 1;
            return;
        }
        let content = Some(self.known.seed().content(text));
        let held = match expected {
            Expected::Known(index) => self.known.content(index),
            Expected::Fresh(index) => self.fresh.content(index),
        };
        if held == content {
            self.is_as_it_was(expected);
            accounted.repaired += 1;
            return;
        }
        match read(text, self.map) {
            // It came with the pages, most likely, and is among the faults.
            Ok(Some(Entity {
                fact,
                misshapen: Some(_),
                ..
            })) if self.is_known(&fact) => {
                self.is_as_it_was(expected);
                accounted.kept += 1;
            }
            Ok(Some(Entity { fact, .. })) if name::of(fact.reference()) == self.name(expected) => {
                let index = self.hold(&fact);
                // Not by the content of this text: a page may say the same in other words.
                self.fresh.set_content(index, None);
                self.see_fresh(index);
                accounted.repaired += 1;
            }
            Ok(_) => accounted.unproven += 1,
            Err(_) => {
                self.is_as_it_was(expected);
                accounted.kept += 1;
            }
        }
    }

    /// Whether this pass saw the same references as the one before, in whatever state.
    pub(super) fn agrees(&self) -> bool {
        let (this, before) = (self.pass.bit, self.pass.bit >> 1);
        let fresh = self.news.iter().filter(|news| news.known.is_none());
        let mut marks = self.marks.iter().chain(fresh.map(|news| &news.marks));
        before != 0 && marks.all(|marks| (marks & this == 0) == (marks & before == 0))
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            seen: self.pass.seen + self.pass.faults.unusable(),
            announced: self.pass.announced,
            nulls: self.pass.nulls,
            by_offset: self.pass.by_offset,
        }
    }

    pub(super) fn progress(&self) -> Progress {
        Progress {
            entities: self.pass.seen,
            done: self.pass.items,
            total: self.pass.announced,
        }
    }

    /// Entities that came as they were known, or as they had come before in this read.
    pub(super) fn unparsed(&self) -> u64 {
        self.unparsed
    }

    /// The generation: what this pass saw, as far as it was not known, and what it did not see of what was.
    pub(super) fn finish(mut self) -> (CatalogGeneration, Given) {
        let bit = self.pass.bit;
        for index in self.fresh.indices().rev() {
            let news = self.news[index as usize];
            if news.slot.is_some() && self.marks_of(news) & bit != 0 {
                continue;
            }
            if let Some(slot) = news.slot {
                self.entities.remove(slot);
            }
            self.fresh.remove(index);
            self.news.swap_remove(index as usize);
        }
        let (mut before, mut size) = (CatalogSize::default(), CatalogSize::default());
        let mut gone = Vec::new();
        for (index, marks) in self.known.indices().zip(&self.marks) {
            let kind = name::kind(self.known.name(index));
            *before.of_kind_mut(kind) += 1;
            if marks & bit == 0 {
                gone.push(index);
            } else {
                *size.of_kind_mut(kind) += 1;
            }
        }
        for (index, news) in self.fresh.indices().zip(&self.news) {
            if news.known.is_none() {
                *size.of_kind_mut(name::kind(self.fresh.name(index))) += 1;
            }
        }
        let absent = if self.known.is_empty() {
            Absent::AllOthers
        } else {
            let names = gone.iter().map(|index| self.known.name(*index));
            let mut absent: Vec<_> = names.map(name::reference).collect();
            absent.sort();
            Absent::These(absent)
        };
        let generation = CatalogGeneration {
            entities: self.entities,
            absent,
            size,
            faults: self
                .pass
                .faults
                .close(self.url, self.pass.nulls, before, size),
            // No fault of a live catalog hides an entity: which there are follows from counts.
            faulty_parts: 0,
        };
        let fresh = Arc::new(self.fresh);
        (generation, Given { fresh, gone })
    }

    fn is_known(&self, fact: &EntityFact) -> bool {
        let name = name::of(fact.reference());
        self.known.find_name(&name).is_some()
    }

    /// Holds a fact as the newest of its reference, under its index among what is fresh.
    fn hold(&mut self, fact: &EntityFact) -> u32 {
        let name = name::of(fact.reference());
        let index = self.fresh.find_name(&name).unwrap_or_else(|| {
            self.news.push(News {
                slot: None,
                known: self.known.find_name(&name),
                marks: 0,
            });
            self.fresh.add(&name)
        });
        let slot = self.entities.push(fact);
        let news = &mut self.news[index as usize];
        if let Some(replaced) = news.slot.replace(slot) {
            self.entities.remove(replaced);
        }
        if let Some(known) = news.known {
            self.marks[known as usize] |= CHANGED;
        }
        index
    }

    /// What is known came as it was, so that what came before of it does not count.
    fn is_unchanged(&mut self, known: u32) {
        let marks = &mut self.marks[known as usize];
        if *marks & CHANGED == 0 {
            return;
        }
        *marks &= !CHANGED;
        if let Some(index) = self.fresh.find_name(self.known.name(known)) {
            if let Some(slot) = self.news[index as usize].slot.take() {
                self.entities.remove(slot);
            }
            self.fresh.set_content(index, None);
        }
    }

    fn is_as_it_was(&mut self, expected: Expected) {
        match expected {
            Expected::Known(index) => {
                self.is_unchanged(index);
                self.see_known(index);
            }
            Expected::Fresh(index) => {
                self.see_fresh(index);
            }
        }
    }

    /// Marks it as seen in this pass; whether it was not before.
    fn see_known(&mut self, index: u32) -> bool {
        let marks = &mut self.marks[index as usize];
        let newly = *marks & self.pass.bit == 0;
        *marks |= self.pass.bit;
        newly
    }

    fn see_fresh(&mut self, index: u32) -> bool {
        let news = &mut self.news[index as usize];
        if let Some(known) = news.known {
            return self.see_known(known);
        }
        let newly = news.marks & self.pass.bit == 0;
        news.marks |= self.pass.bit;
        newly
    }

    fn marks_of(&self, news: News) -> u8 {
        news.known
            .map_or(news.marks, |known| self.marks[known as usize])
    }
}
