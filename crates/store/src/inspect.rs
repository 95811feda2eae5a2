//! Looking at a store from outside, without opening it for use: nothing is migrated, created or written, and whoever has
//! the store goes on undisturbed.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use crate::error::{Failure, StoreError};
use crate::open::{Options, connect};
use crate::schema::{APPLICATION_ID, MIGRATIONS};

/// What a store holds, as far as can be told from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The version of its schema; 0 of a file that is empty.
    pub version: usize,
    /// The version that this program would bring it to.
    pub known: usize,
    /// Whether a process has it.
    pub in_use: bool,
    /// The size of its files, in bytes.
    pub bytes: u64,
    /// Instances and clusters whose facts it has.
    pub sources: u64,
    /// Facts that count at present.
    pub facts: u64,
    /// Changes that history has.
    pub changes: u64,
}

/// Looks at the store at `path`; `None` where there is no file.
///
/// Whether a process has it is told by a shared lock on its lock file that is let go of at once.
///
/// # Errors
/// When it is no store or a newer one, and when it cannot be read.
pub fn inspect(path: &Path) -> Result<Option<Inspection>, StoreError> {
    let bytes = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            return Err(unreadable(path, io::ErrorKind::IsADirectory.into()));
        }
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(unreadable(path, source)),
    };
    // SQLite would only say that it cannot open it.
    File::open(path).map_err(|source| unreadable(path, source))?;
    let log = fs::metadata(beside(path, "-wal")).map_or(0, |metadata| metadata.len());
    let in_use = is_in_use(path);
    let looked = look(path, in_use || log > 0);
    let counts = looked.map_err(|failure| failure.at(path, "read it"))?;
    let known = MIGRATIONS.len();
    match counts {
        Looked::Foreign => Err(StoreError::NotAStore {
            path: path.to_owned(),
        }),
        Looked::Newer(found) => Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known,
        }),
        Looked::Store {
            version,
            counts: [sources, facts, changes],
        } => Ok(Some(Inspection {
            version,
            known,
            in_use,
            bytes: bytes + log,
            sources,
            facts,
            changes,
        })),
    }
}

enum Looked {
    Foreign,
    Newer(i64),
    Store { version: usize, counts: [u64; 3] },
}

/// `has_log`: there is a write-ahead log, which is a part of what the store says. Where there is none, the file is read as
/// one that nobody changes, or else `SQLite` would make the files of a log and leave them there.
fn look(path: &Path, has_log: bool) -> Result<Looked, Failure> {
    let location = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let location = if has_log {
        location
    } else {
        immutable(&location)
    };
    let connection = connect(
        &location,
        OpenFlags::SQLITE_OPEN_READ_ONLY,
        &Options::default(),
    )?;
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (found, application) = (pragma("user_version")?, pragma("application_id")?);
    let tables = number(&connection, "SELECT count(*) FROM sqlite_schema")?;
    if tables == 0 && application == 0 {
        return Ok(Looked::Store {
            version: 0,
            counts: [0; 3],
        });
    }
    if application != i64::from(APPLICATION_ID) {
        return Ok(Looked::Foreign);
    }
    let version = match usize::try_from(found) {
        Ok(version) if version <= MIGRATIONS.len() => version,
        _ => return Ok(Looked::Newer(found)),
    };
    let sources = "SELECT count(*) FROM source WHERE generation IS NOT NULL";
    // What is gone has an index of its own, so that nothing is read but two indexes.
    let facts =
        "SELECT (SELECT count(*) FROM object) - (SELECT count(*) FROM object WHERE fact IS NULL)";
    let counts = [
        number(&connection, sources)?,
        number(&connection, facts)?,
        number(&connection, "SELECT count(*) FROM history")?,
    ];
    Ok(Looked::Store { version, counts })
}

fn number(connection: &Connection, sql: &str) -> rusqlite::Result<u64> {
    let count: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// The URI by which `SQLite` neither locks the file nor looks for a log beside it.
fn immutable(path: &Path) -> PathBuf {
    let escaped = path.as_os_str().to_string_lossy();
    let escaped = escaped
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    PathBuf::from(format!("file:{escaped}?immutable=1"))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn is_in_use(path: &Path) -> bool {
    let lock = OpenOptions::new().read(true).open(beside(path, ".lock"));
    lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

fn unreadable(path: &Path, source: io::Error) -> StoreError {
    StoreError::Unreadable {
        path: path.to_owned(),
        source,
    }
}
