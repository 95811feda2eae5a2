//! What facts came of: beside a fact, a number that stands for the text that it was read from.
//!
//! Fact and number change in one statement, so that a number never stands beside a fact that came of another text. What
//! numbers are good under, their [`Origin`], stands with the source. The store understands neither.

use std::fmt;

use rusqlite::{Connection, OptionalExtension, params};
use topology::entity_ref::EntityRef;
use topology::fact::EntityFact;

use crate::error::{Failure, StoreError};
use crate::fact::stored::Stored as _;
use crate::object;
use crate::open::Store;
use crate::source::{self, Source, SourceId};

/// The number of the text that a fact came of.
pub type Content = [u8; 16];

/// What the numbers of a source are good under. It holds what they are made with, and is not printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Origin<'a>(pub &'a [u8]);

impl fmt::Debug for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Origin(…)")
    }
}

/// What the facts of a batch came of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Contents<'a> {
    /// What the numbers are good under; `None` leaves what the source has.
    pub origin: Option<Origin<'a>>,
    /// Of each upsert in its order; of those beyond its end nothing is known.
    pub each: &'a [Option<Content>],
}

/// Writes what the numbers of a source are good under.
pub(crate) fn set_origin(
    connection: &Connection,
    source: SourceId,
    origin: Origin<'_>,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE source SET origin = ?2 WHERE id = ?1 AND origin IS NOT ?2")?
        .execute(params![source, origin.0])?;
    Ok(())
}

impl Store {
    /// What the numbers of an instance are good under, if anybody wrote it.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn origin(&self, instance: &str) -> Result<Option<Box<[u8]>>, StoreError> {
        let source = Source::Instance(instance.into());
        let read = || -> Result<Option<Box<[u8]>>, Failure> {
            let Some(source) = source::find(&self.connection, &source)? else {
                return Ok(None);
            };
            let origin = self
                .connection
                .prepare_cached("SELECT origin FROM source WHERE id = ?1")?
                .query_row([source], |row| row.get::<_, Option<Vec<u8>>>(0))
                .optional()?;
            Ok(origin.flatten().map(Vec::into_boxed_slice))
        };
        read().map_err(|failure| failure.at(&self.path, format!("read what {source} came of")))
    }

    /// Every entity of the instance that has a fact, with the number of what that came of.
    ///
    /// # Errors
    /// When the disk fails, or a key cannot be understood; what was given until then is not all.
    pub fn contents(
        &self,
        instance: &str,
        mut each: impl FnMut(&EntityRef, Option<Content>),
    ) -> Result<(), StoreError> {
        let source = Source::Instance(instance.into());
        let mut read = || -> Result<(), Failure> {
            let Some(source) = source::find(&self.connection, &source)? else {
                return Ok(());
            };
            let ids = object::ids_of(source);
            let mut statement = self.connection.prepare_cached(
                "SELECT key, content FROM object WHERE id BETWEEN ?1 AND ?2 AND fact IS NOT NULL ORDER BY id",
            )?;
            let mut rows = statement.query(params![ids.start(), ids.end()])?;
            while let Some(row) = rows.next()? {
                let key = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
                let content = row
                    .get_ref(1)?
                    .as_blob_or_null()
                    .map_err(rusqlite::Error::from)?;
                let content = content.and_then(|bytes| Content::try_from(bytes).ok());
                each(&EntityFact::decode_key(key)?, content);
            }
            Ok(())
        };
        read().map_err(|failure| failure.at(&self.path, format!("read what {source} came of")))
    }
}
