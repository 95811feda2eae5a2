//! A queue that outlives the process: what was taken is on the disk, what was given up is kept for a while.
//!
//! ```text
//!  push ────▶ queued ──┬─ remove   it arrived
//!  push_all ─▶         └─ bury ──▶ dead   it never will; the oldest make room
//! ```
//!
//! It is a file of its own beside the store, whose lock covers it: the store has a single writer that may be in the midst of a
//! large commit, and who hands something over here is waiting for the answer. It must not know what the bodies are.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, TransactionBehavior, params};

use crate::error::{Failure, StoreError};
use crate::open::{Options, connect, private_directory, private_file};

/// Tells a queue from a store and from files of other programs: `BkQu`.
const APPLICATION_ID: i64 = 0x426b_5175;
/// The version of the tables.
const VERSION: i64 = 1;
/// The page cache, in KiB: bodies are written once and read once.
const CACHE_KIB: i64 = 2 * 1024;
/// Bound on the length of a reason, in characters.
const LONGEST_REASON: usize = 500;

const INSERT: &str = "INSERT INTO queued (line, taken_at, items, body) VALUES (?1, ?2, ?3, ?4)";

const TABLES: &str = "
    CREATE TABLE queued (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        line INTEGER NOT NULL,
        taken_at INTEGER NOT NULL,
        items INTEGER NOT NULL,
        body BLOB NOT NULL
    );
    CREATE TABLE dead (
        id INTEGER PRIMARY KEY,
        taken_at INTEGER NOT NULL,
        buried_at INTEGER NOT NULL,
        items INTEGER NOT NULL,
        reason TEXT NOT NULL,
        body BLOB NOT NULL
    );
";

/// What whoever fills the queue wants to find again. It came later than the other tables and is nothing to those who do not know
/// it, so that it needs no version of its own.
const MEMO: &str = "
    CREATE TABLE IF NOT EXISTS memo (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        body BLOB NOT NULL
    );
";

/// How much a queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueBounds {
    /// Entries that wait.
    pub entries: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// Entries that were given up.
    pub dead: u64,
    /// Bytes of those.
    pub dead_bytes: u64,
}

/// What is to be queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewEntry<'b> {
    /// Entries of one line are taken in their order.
    pub line: i64,
    /// When it came: seconds since the Unix epoch.
    pub taken_at: i64,
    /// How many items it has.
    pub items: u32,
    /// All of it.
    pub body: &'b [u8],
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It is on the disk.
    Kept,
    /// There is no room for it, and it is not.
    Full,
}

/// An entry that waits, without its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its number; later ones are larger, and none is used twice.
    pub id: i64,
    /// Its line.
    pub line: i64,
    /// When it came.
    pub taken_at: i64,
    /// How many items it has.
    pub items: u32,
}

/// An entry that was given up, without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dead {
    /// When it came.
    pub taken_at: i64,
    /// When it was given up.
    pub buried_at: i64,
    /// How many items it has.
    pub items: u32,
    /// Why.
    pub reason: String,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueStanding {
    /// Entries that wait.
    pub entries: u64,
    /// Items of those.
    pub items: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// When the oldest of them came.
    pub oldest: Option<i64>,
    /// Entries that were given up.
    pub dead: u64,
}

/// The queue; one thread at a time.
#[derive(Debug)]
pub struct Queue {
    connection: Connection,
    path: PathBuf,
    bounds: QueueBounds,
    /// What waits, counted along, because counting it anew for every entry would read all of it.
    entries: u64,
    bytes: u64,
}

impl Queue {
    /// Opens the queue at `path`, or makes it. Only the user may read what is made.
    ///
    /// # Errors
    /// When it is no queue or a newer one, and when the disk refuses.
    pub fn open(path: &Path, bounds: QueueBounds) -> Result<Self, StoreError> {
        if let Some(directory) = path
            .parent()
            .filter(|directory| !directory.as_os_str().is_empty())
        {
            private_directory(directory)?;
        }
        private_file(path)?;
        let location = std::path::absolute(path).map_err(|source| StoreError::Create {
            path: path.to_owned(),
            source,
        })?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let connection = connect(&location, flags, &Options::default())
            .map_err(|error| Failure::from(error).at(path, "open it"))?;
        let mut queue = Self {
            connection,
            path: path.to_owned(),
            bounds,
            entries: 0,
            bytes: 0,
        };
        queue.prepare()?;
        let standing = queue.standing()?;
        (queue.entries, queue.bytes) = (standing.entries, standing.bytes);
        Ok(queue)
    }

    fn prepare(&mut self) -> Result<(), StoreError> {
        let path = &self.path;
        let read = |connection: &Connection, name| {
            connection
                .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
                .map_err(|error| Failure::from(error).at(path, "read its version"))
        };
        let version = read(&self.connection, "user_version")?;
        let application = read(&self.connection, "application_id")?;
        match (application, version) {
            (0, 0) => make(&mut self.connection)
                .map_err(|error| Failure::from(error).at(path, "make its tables"))?,
            (APPLICATION_ID, VERSION) => {}
            (APPLICATION_ID, found) => {
                return Err(StoreError::Newer {
                    path: path.clone(),
                    found,
                    known: 1,
                });
            }
            _ => return Err(StoreError::NotAStore { path: path.clone() }),
        }
        let set = || {
            self.connection
                .query_row("PRAGMA journal_mode = wal", [], |_| Ok(()))?;
            // FULL: what was taken survives a power cut.
            self.connection.pragma_update(None, "synchronous", 2)?;
            self.connection.execute_batch(MEMO)?;
            self.connection
                .pragma_update(None, "cache_size", -CACHE_KIB)
        };
        set().map_err(|error| Failure::from(error).at(path, "set it up"))
    }

    /// Adds an entry at the end of its line. It is on the disk when this returns.
    ///
    /// # Errors
    /// When the disk refuses; nothing was added then.
    pub fn push(&mut self, entry: NewEntry<'_>) -> Result<Pushed, StoreError> {
        let size = entry.body.len() as u64;
        let is_full = self.entries >= self.bounds.entries
            || self.bytes.saturating_add(size) > self.bounds.bytes;
        if is_full {
            return Ok(Pushed::Full);
        }
        let NewEntry {
            line,
            taken_at,
            items,
            body,
        } = entry;
        self.run("add an entry", |connection| {
            connection
                .prepare_cached(INSERT)?
                .execute(params![line, taken_at, items, body])
        })?;
        self.entries += 1;
        self.bytes += size;
        Ok(Pushed::Kept)
    }

    /// Adds entries, of which the oldest that wait make room for the newest, and writes the memo, all in one transaction; how many
    /// entries made room. All of it is on the disk when this returns.
    ///
    /// # Errors
    /// When the disk refuses; nothing was changed then.
    pub fn push_all(&mut self, entries: &[NewEntry<'_>], memo: &[u8]) -> Result<u64, StoreError> {
        let QueueBounds {
            entries: most,
            bytes,
            ..
        } = self.bounds;
        let bounds = [most, bytes].map(|bound| i64::try_from(bound).unwrap_or(i64::MAX));
        let mut all = || {
            let transaction = self
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            for entry in entries {
                transaction.prepare_cached(INSERT)?.execute(params![
                    entry.line,
                    entry.taken_at,
                    entry.items,
                    entry.body
                ])?;
            }
            let dropped = transaction.execute(
                "DELETE FROM queued WHERE id IN (
                     SELECT id FROM (
                         SELECT id, row_number() OVER newest AS place, sum(length(body)) OVER newest AS bytes FROM queued
                         WINDOW newest AS (ORDER BY id DESC ROWS UNBOUNDED PRECEDING)
                     ) WHERE place > ?1 OR bytes > ?2)",
                params![bounds[0], bounds[1]],
            )?;
            transaction.execute(
                "INSERT OR REPLACE INTO memo (only, body) VALUES (1, ?1)",
                [memo],
            )?;
            transaction.commit()?;
            Ok(dropped as u64)
        };
        let dropped = all()
            .map_err(|error: rusqlite::Error| Failure::from(error).at(&self.path, "add entries"))?;
        let standing = self.standing()?;
        (self.entries, self.bytes) = (standing.entries, standing.bytes);
        Ok(dropped)
    }

    /// What was written as the memo last.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn memo(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.run("read its memo", |connection| {
            connection
                .prepare_cached("SELECT body FROM memo")?
                .query_row([], |row| row.get(0))
                .optional()
        })
    }

    /// The entries that wait, after that one, in their order; at most so many.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn waiting(&self, after: i64, limit: u32) -> Result<Vec<Waiting>, StoreError> {
        let sql = "SELECT id, line, taken_at, items FROM queued WHERE id > ?1 ORDER BY id LIMIT ?2";
        self.run("list what waits", |connection| {
            connection
                .prepare_cached(sql)?
                .query_map(params![after, limit], |row| {
                    Ok(Waiting {
                        id: row.get(0)?,
                        line: row.get(1)?,
                        taken_at: row.get(2)?,
                        items: row.get(3)?,
                    })
                })?
                .collect()
        })
    }

    /// The body of an entry that waits.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn body(&self, id: i64) -> Result<Option<Vec<u8>>, StoreError> {
        self.run("read an entry", |connection| {
            connection
                .prepare_cached("SELECT body FROM queued WHERE id = ?1")?
                .query_row([id], |row| row.get(0))
                .optional()
        })
    }

    /// An entry arrived.
    ///
    /// # Errors
    /// When the disk refuses; it waits still.
    pub fn remove(&mut self, id: i64) -> Result<(), StoreError> {
        let size = self.run("remove an entry", |connection| delete(connection, id))?;
        self.is_gone(size);
        Ok(())
    }

    /// An entry is given up, and kept while there is room.
    ///
    /// # Errors
    /// When the disk refuses; it waits still.
    pub fn bury(&mut self, id: i64, at: i64, reason: &str) -> Result<(), StoreError> {
        let reason: String = reason.chars().take(LONGEST_REASON).collect();
        let QueueBounds {
            dead, dead_bytes, ..
        } = self.bounds;
        let bounds = [dead, dead_bytes].map(|bound| i64::try_from(bound).unwrap_or(i64::MAX));
        let mut all = || {
            let transaction = self
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute(
                "INSERT OR REPLACE INTO dead (id, taken_at, buried_at, items, reason, body)
                 SELECT id, taken_at, ?2, items, ?3, body FROM queued WHERE id = ?1",
                params![id, at, reason],
            )?;
            let size = delete(&transaction, id)?;
            // The newest that are within both bounds stay.
            transaction.execute(
                "DELETE FROM dead WHERE id IN (
                     SELECT id FROM (
                         SELECT id, row_number() OVER newest AS place, sum(length(body)) OVER newest AS bytes FROM dead
                         WINDOW newest AS (ORDER BY buried_at DESC, id DESC ROWS UNBOUNDED PRECEDING)
                     ) WHERE place > ?1 OR bytes > ?2)",
                params![bounds[0], bounds[1]],
            )?;
            transaction.commit()?;
            Ok(size)
        };
        let size = all().map_err(|error: rusqlite::Error| {
            Failure::from(error).at(&self.path, "give up an entry")
        })?;
        self.is_gone(size);
        Ok(())
    }

    fn is_gone(&mut self, size: Option<u64>) {
        if let Some(size) = size {
            self.entries = self.entries.saturating_sub(1);
            self.bytes = self.bytes.saturating_sub(size);
        }
    }

    /// What was given up last, newest first; at most so many.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn dead(&self, limit: u32) -> Result<Vec<Dead>, StoreError> {
        let sql = "SELECT taken_at, buried_at, items, reason FROM dead ORDER BY buried_at DESC, id DESC LIMIT ?1";
        self.run("list what was given up", |connection| {
            connection
                .prepare_cached(sql)?
                .query_map([limit], |row| {
                    Ok(Dead {
                        taken_at: row.get(0)?,
                        buried_at: row.get(1)?,
                        items: row.get(2)?,
                        reason: row.get(3)?,
                    })
                })?
                .collect()
        })
    }

    /// How many entries wait.
    pub fn waits(&self) -> u64 {
        self.entries
    }

    /// How much there is.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn standing(&self) -> Result<QueueStanding, StoreError> {
        let sql = "SELECT count(*), coalesce(sum(items), 0), coalesce(sum(length(body)), 0), min(taken_at),
                          (SELECT count(*) FROM dead) FROM queued";
        self.run("count", |connection| {
            connection.prepare_cached(sql)?.query_row([], |row| {
                let count = |at| Ok::<_, rusqlite::Error>(row.get::<_, i64>(at)?.unsigned_abs());
                Ok(QueueStanding {
                    entries: count(0)?,
                    items: count(1)?,
                    bytes: count(2)?,
                    oldest: row.get(3)?,
                    dead: count(4)?,
                })
            })
        })
    }

    fn run<T>(
        &self,
        step: &str,
        act: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        act(&self.connection).map_err(|error| Failure::from(error).at(&self.path, step))
    }
}

/// Deletes an entry that waits; its size, if there was one.
fn delete(connection: &Connection, id: i64) -> rusqlite::Result<Option<u64>> {
    connection
        .prepare_cached("DELETE FROM queued WHERE id = ?1 RETURNING length(body)")?
        .query_row([id], |row| row.get::<_, i64>(0))
        .optional()
        .map(|size| size.map(i64::unsigned_abs))
}

fn make(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}
