//! The sources: instances and clusters, how far each was read, and what it has held back.

use std::fmt;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::{Failure, RecordError, StoreError};
use crate::open::Store;

/// Who gives facts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The Backstage instance or file catalog of that name.
    Instance(Box<str>),
    /// The cluster of that name.
    Cluster(Box<str>),
}

impl Source {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Instance(name) | Self::Cluster(name) => name,
        }
    }

    fn code(&self) -> i64 {
        match self {
            Self::Instance(_) => 1,
            Self::Cluster(_) => 2,
        }
    }

    fn from_code(code: i64, name: Box<str>) -> Result<Self, RecordError> {
        match code {
            1 => Ok(Self::Instance(name)),
            2 => Ok(Self::Cluster(name)),
            found => Err(RecordError::Unknown {
                what: "kind of source",
                found,
            }),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instance(name) => write!(f, "instance `{name}`"),
            Self::Cluster(name) => write!(f, "cluster `{name}`"),
        }
    }
}

/// A complete read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Good {
    /// Its generation.
    pub generation: u32,
    /// When it was read: seconds since the Unix epoch.
    pub read_at: i64,
}

/// Removals that wait because there are suspiciously many (S23).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldRecord {
    /// Fingerprint of what would be removed, to tell whether the next read says the same.
    pub fingerprint: u64,
    /// How many would be removed.
    pub count: u64,
    /// How many times in a row they were seen.
    pub times: u32,
}

/// What is known of a source whose facts are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRecord {
    /// The source.
    pub source: Source,
    /// Fingerprint of the mapping that its facts were read with; facts of another mapping mean something else.
    pub mapping: String,
    /// Generation of the last batch committed, complete or not. The next read takes a higher one.
    pub generation: u32,
    /// The last complete read (S22).
    pub last_good: Option<Good>,
    /// Removals held back.
    pub held: Option<HeldRecord>,
}

/// The row of a source.
pub(crate) type SourceId = i64;

/// The row of `source`, if it has one.
pub(crate) fn find(connection: &Connection, source: &Source) -> rusqlite::Result<Option<SourceId>> {
    connection
        .prepare_cached("SELECT id FROM source WHERE kind = ?1 AND name = ?2")?
        .query_row(params![source.code(), source.name()], |row| row.get(0))
        .optional()
}

/// The row of `source`, made if it has none.
pub(crate) fn ensure(connection: &Connection, source: &Source) -> rusqlite::Result<SourceId> {
    if let Some(id) = find(connection, source)? {
        return Ok(id);
    }
    connection
        .prepare_cached("INSERT INTO source (kind, name) VALUES (?1, ?2) RETURNING id")?
        .query_row(params![source.code(), source.name()], |row| row.get(0))
}

/// The source of that row.
pub(crate) fn get(connection: &Connection, id: SourceId) -> Result<Source, Failure> {
    let row = connection
        .prepare_cached("SELECT kind, name FROM source WHERE id = ?1")?
        .query_row([id], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Box<str>>(1)?))
        })
        .optional()?;
    let (code, name) = row.ok_or(RecordError::Unknown {
        what: "source",
        found: id,
    })?;
    Ok(Source::from_code(code, name)?)
}

/// Writes what a batch says of its source.
pub(crate) fn update(
    connection: &Connection,
    id: SourceId,
    mapping: &str,
    read: Good,
    complete: bool,
    held: Option<HeldRecord>,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE source SET mapping = ?2, generation = ?3,
                good_generation = iif(?5, ?3, good_generation), good_at = iif(?5, ?4, good_at),
                held_fingerprint = ?6, held_count = ?7, held_times = ?8
             WHERE id = ?1",
        )?
        .execute(params![
            id,
            mapping,
            read.generation,
            read.read_at,
            complete,
            held.map(|held| held.fingerprint.cast_signed()),
            held.map(|held| held.count.cast_signed()),
            held.map(|held| held.times),
        ])?;
    Ok(())
}

/// Makes the row say nothing but its name.
pub(crate) fn clear(connection: &Connection, id: SourceId) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE source SET mapping = '', generation = NULL, good_generation = NULL, good_at = NULL,
            held_fingerprint = NULL, held_count = NULL, held_times = NULL, origin = NULL
         WHERE id = ?1",
        [id],
    )?;
    Ok(())
}

impl Store {
    /// Every source that has committed and was not forgotten, instances first, each kind by name.
    ///
    /// # Errors
    /// When the disk fails or a row cannot be understood.
    pub fn sources(&self) -> Result<Vec<SourceRecord>, StoreError> {
        self.read_sources()
            .map_err(|failure| failure.at(&self.path, "read the sources"))
    }

    fn read_sources(&self) -> Result<Vec<SourceRecord>, Failure> {
        let mut statement = self.connection.prepare_cached(
            "SELECT kind, name, mapping, generation, good_generation, good_at, held_fingerprint, held_count, held_times
             FROM source WHERE generation IS NOT NULL ORDER BY kind, name",
        )?;
        let mut rows = statement.query([])?;
        let mut records = Vec::new();
        while let Some(row) = rows.next()? {
            records.push(SourceRecord {
                source: Source::from_code(row.get(0)?, row.get(1)?)?,
                mapping: row.get(2)?,
                generation: row.get(3)?,
                last_good: good(row)?,
                held: held(row)?,
            });
        }
        Ok(records)
    }
}

fn good(row: &Row<'_>) -> rusqlite::Result<Option<Good>> {
    let generation: Option<u32> = row.get(4)?;
    let read_at: Option<i64> = row.get(5)?;
    Ok(generation.zip(read_at).map(|(generation, read_at)| Good {
        generation,
        read_at,
    }))
}

fn held(row: &Row<'_>) -> rusqlite::Result<Option<HeldRecord>> {
    let (fingerprint, count): (Option<i64>, Option<i64>) = (row.get(6)?, row.get(7)?);
    let times: Option<u32> = row.get(8)?;
    Ok(match (fingerprint, count, times) {
        (Some(fingerprint), Some(count), Some(times)) => Some(HeldRecord {
            fingerprint: fingerprint.cast_unsigned(),
            count: count.cast_unsigned(),
            times,
        }),
        _ => None,
    })
}
