//! What a reader remembers: what it gave, and what became of that.

use backstage_client::EntityFilter;
use topology::label_map::LabelMap;

use super::Taken;
use super::content::Seed;
use super::table::Table;

/// The entities that were given and taken, and the question they answered.
#[derive(Debug)]
pub(super) struct Known {
    table: Table,
    question: Option<Question>,
    given: Option<Given>,
}

/// What was asked. Under another question the same text may mean another fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// The catalog API.
    pub(super) url: String,
    /// Which entities.
    pub(super) filter: EntityFilter,
    /// How they are read.
    pub(super) map: LabelMap,
}

/// A generation of which is not yet known what becomes of it.
#[derive(Debug)]
pub(super) struct Given {
    /// What it has that was not known, or not so.
    pub(super) fresh: Table,
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

    /// What can be relied upon for this question: nothing, where it is another one than before. A generation that nobody
    /// spoke of again counts as refused.
    pub(super) fn ask(&mut self, question: Question) {
        self.given = None;
        if self.question.as_ref() != Some(&question) {
            self.table = Table::new(self.table.seed());
            self.question = Some(question);
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
            Taken::Replaced if self.table.is_empty() => {
                self.table = given.fresh;
                self.table.tidy();
            }
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
