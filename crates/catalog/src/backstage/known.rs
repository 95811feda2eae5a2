//! What a reader remembers: what it gave, and what became of that.

use std::sync::Arc;

use backstage_client::EntityFilter;
use topology::label_map::LabelMap;

use super::Taken;
use super::content::{Content, Seed};
use super::memory::{Memory, Origin};
use super::reduction::REDUCTION;
use super::table::Table;

/// The entities that were given and taken, and the question they answered.
#[derive(Debug)]
pub(super) struct Known {
    table: Table,
    /// As a number under the table's seed.
    question: Option<Content>,
    given: Option<Given>,
}

/// What was asked. Under another question the same text may mean another fact.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// The catalog API.
    pub(super) url: String,
    /// Which entities.
    pub(super) filter: EntityFilter,
    /// How they are read.
    pub(super) map: LabelMap,
}

impl Question {
    /// As a number, so that what is kept shows nothing of it. The version of the reduction is a part of every question.
    fn under(&self, seed: Seed) -> Content {
        let Self { url, filter, map } = self;
        // What is written for debugging names every field and quotes every text, so that no two questions look the same.
        seed.content(&format!("{REDUCTION} {url:?} {filter:?} {map:?}"))
    }
}

/// A generation of which is not yet known what becomes of it.
#[derive(Debug)]
pub(super) struct Given {
    /// What it has that was not known, or not so.
    pub(super) fresh: Arc<Table>,
    /// The indices of what was known and is not there, ascending.
    pub(super) gone: Vec<u32>,
}

impl Known {
    pub(super) fn new(seed: Seed) -> Self {
        Self {
            table: Table::new(seed),
            question: None,
            given: None,
        }
    }

    /// What was kept of an earlier process, and of the question that it asked.
    pub(super) fn remember(memory: Memory) -> Self {
        let (origin, table) = memory.into_parts();
        Self {
            table,
            question: Some(origin.question),
            given: None,
        }
    }

    /// What can be relied upon for this question: nothing, where it is another one than before. A generation that nobody
    /// spoke of again counts as refused. What the numbers of its texts are good under.
    pub(super) fn ask(&mut self, question: &Question) -> Origin {
        self.given = None;
        let mut seed = self.table.seed();
        let mut asked = question.under(seed);
        if self.question != Some(asked) {
            // Numbers that are kept may be those of the question before, and must match nothing that comes now.
            seed = Seed::random();
            asked = question.under(seed);
            self.table = Table::new(seed);
            self.question = Some(asked);
        }
        Origin {
            seed,
            question: asked,
        }
    }

    pub(super) fn table(&self) -> &Table {
        &self.table
    }

    pub(super) fn gave(&mut self, given: Given) {
        self.given = Some(given);
    }

    pub(super) fn taken(&mut self, taken: Taken) {
        let Some(given) = self.given.take() else {
            return;
        };
        match taken {
            Taken::Refused => {}
            Taken::Replaced if self.table.is_empty() => match Arc::try_unwrap(given.fresh) {
                Ok(fresh) => {
                    self.table = fresh;
                    self.table.tidy();
                }
                // Somebody still looks at it.
                Err(fresh) => self.add(&fresh),
            },
            Taken::Replaced => {
                // From the end, so that what moves to a freed index is nothing that is yet to be removed.
                for index in given.gone.iter().rev() {
                    self.table.remove(*index);
                }
                self.add(&given.fresh);
            }
            // Whoever merged a whole catalog holds more than was ever seen here, and only another whole one can remove it.
            Taken::Merged if self.table.is_empty() => {}
            Taken::Merged => self.add(&given.fresh),
        }
    }

    fn add(&mut self, fresh: &Table) {
        for index in fresh.indices() {
            let name = fresh.name(index);
            let known = self.table.find_name(name);
            let known = known.unwrap_or_else(|| self.table.add(name));
            self.table.set_content(known, fresh.content(index));
        }
        self.table.tidy();
    }
}
