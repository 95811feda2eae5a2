//! Reading the facts of a source back, a page at a time.

use std::marker::PhantomData;

use rusqlite::params;
use topology::fact::Fault;

use crate::error::{Failure, RecordError, StoreError};
use crate::fact::{Fact, stored::Stored};
use crate::object::{self, ObjectId};
use crate::open::Store;
use crate::source::{self, Good, Source, SourceId};

/// Rows read at a time: of facts, and of recorded states.
pub const PAGE: u32 = 10_000;

/// A fact, and when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded<F> {
    /// The fact.
    pub fact: F,
    /// Generation of the batch that last changed it.
    pub generation: u32,
    /// When that was read: seconds since the Unix epoch.
    pub read_at: i64,
}

/// Some facts of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedPage<F> {
    /// The facts, at most [`PAGE`].
    pub facts: Vec<Loaded<F>>,
    /// Rows that cannot be understood. They stand in nobody's way: the next read of the source writes them anew.
    pub faults: Vec<Fault>,
}

/// The pages of [`Store::load`]; it ends after an error.
#[derive(Debug)]
pub struct Load<'s, F: Fact> {
    store: &'s Store,
    name: String,
    /// The source and the last row read; `None`: nothing more to read.
    at: Option<(SourceId, ObjectId)>,
    /// Which facts are wanted.
    wanted: fn(&F::Key) -> bool,
    facts: PhantomData<F>,
}

impl Store {
    /// Every fact of the instance or cluster of that name, in no particular order; none if it has none.
    ///
    /// # Errors
    /// When the disk fails, here or at a page.
    pub fn load<F: Fact>(&self, name: &str) -> Result<Load<'_, F>, StoreError> {
        self.load_some(name, |_| true)
    }

    /// The same of the facts whose keys are wanted; the others are passed over without being understood.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_some<F: Fact>(
        &self,
        name: &str,
        wanted: fn(&F::Key) -> bool,
    ) -> Result<Load<'_, F>, StoreError> {
        let source = source::find(&self.connection, &F::source(name))
            .map_err(|error| Failure::from(error).at(&self.path, step::<F>(name)))?;
        Ok(Load {
            store: self,
            name: name.to_owned(),
            at: source.map(|source| (source, object::ids_of(source).start() - 1)),
            wanted,
            facts: PhantomData,
        })
    }

    /// The reads that the facts of an instance or cluster come from, each once, the oldest first.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn reads_of<F: Fact>(&self, name: &str) -> Result<Vec<Good>, StoreError> {
        self.reads(&F::source(name))
            .map_err(|failure| failure.at(&self.path, step::<F>(name)))
    }

    fn reads(&self, source: &Source) -> Result<Vec<Good>, Failure> {
        let Some(source) = source::find(&self.connection, source)? else {
            return Ok(Vec::new());
        };
        let ids = object::ids_of(source);
        let mut statement = self.connection.prepare_cached(
            "SELECT DISTINCT generation, read_at FROM object
             WHERE id BETWEEN ?1 AND ?2 AND fact IS NOT NULL ORDER BY generation, read_at",
        )?;
        let reads = statement
            .query_map(params![ids.start(), ids.end()], |row| {
                Ok(Good {
                    generation: row.get(0)?,
                    read_at: row.get(1)?,
                })
            })?
            .collect::<rusqlite::Result<Vec<Good>>>()?;
        Ok(reads)
    }
}

impl<F: Fact> Iterator for Load<'_, F> {
    type Item = Result<LoadedPage<F>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (source, after) = self.at.take()?;
        match self.page(source, after) {
            Ok((page, Some(last))) => {
                self.at = Some((source, last));
                Some(Ok(page))
            }
            Ok((_, None)) => None,
            Err(failure) => Some(Err(failure.at(&self.store.path, step::<F>(&self.name)))),
        }
    }
}

impl<F: Fact> Load<'_, F> {
    fn page(
        &self,
        source: SourceId,
        after: ObjectId,
    ) -> Result<(LoadedPage<F>, Option<ObjectId>), Failure> {
        let mut statement = self.store.connection.prepare_cached(
            "SELECT id, key, fact, generation, read_at FROM object
             WHERE id > ?1 AND id <= ?2 AND fact IS NOT NULL ORDER BY id LIMIT ?3",
        )?;
        let mut rows = statement.query(params![after, object::ids_of(source).end(), PAGE])?;
        let mut page = LoadedPage {
            facts: Vec::new(),
            faults: Vec::new(),
        };
        let mut last = None;
        while let Some(row) = rows.next()? {
            last = Some(row.get(0)?);
            let key = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            let fact = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
            match decode::<F>(key, fact, self.wanted) {
                Ok(None) => {}
                Ok(Some(fact)) => page.facts.push(Loaded {
                    fact,
                    generation: row.get(3)?,
                    read_at: row.get(4)?,
                }),
                Err((place, error)) => page.faults.push(Fault {
                    place: format!("the store's row of {place} of {}", F::source(&self.name)),
                    message: format!("{error}; it is ignored until the source is read again"),
                }),
            }
        }
        Ok((page, last))
    }
}

fn decode<F: Stored>(
    key: &[u8],
    fact: &[u8],
    wanted: fn(&F::Key) -> bool,
) -> Result<Option<F>, (String, RecordError)> {
    let key = F::decode_key(key).map_err(|error| ("an unreadable key".to_owned(), error))?;
    if !wanted(&key) {
        return Ok(None);
    }
    let decoded = F::decode(key.clone(), fact).map_err(|error| (F::show(&key), error))?;
    Ok(Some(decoded))
}

fn step<F: Stored>(name: &str) -> String {
    format!("load the facts of {}", F::source(name))
}
