//! Opening the file: who may read it, who has it, which version it is of.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::error::{Failure, StoreError};
use crate::history::Reader;
use crate::schema::{self, MIGRATIONS, SchemaError};

/// Prepared statements kept per connection; more than there are.
const STATEMENTS: usize = 64;
/// The write-ahead log is cut to this after a checkpoint: one large commit must not keep its space for ever.
const LOG_BYTES: i64 = 64 * 1024 * 1024;
/// Pages of 4 KiB in the write-ahead log before it is brought into the file: a few large batches, so that pages of the
/// index that each of them touches are written once.
const CHECKPOINT_PAGES: i64 = LOG_BYTES / 4096;
/// A reader answers one page at a time and needs little.
const READER_CACHE_KIB: i64 = 4 * 1024;

/// How the store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long a statement waits for a lock. Only tools beside this program ever hold one.
    pub busy_timeout: Duration,
    /// Upper bound of the writer's page cache in KiB.
    pub cache_kib: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            cache_kib: 32 * 1024,
        }
    }
}

/// The store: one writer. See the crate's documentation for what it keeps and when to call what.
#[derive(Debug)]
pub struct Store {
    pub(crate) connection: Connection,
    /// The file, or what stands for it in messages.
    pub(crate) path: PathBuf,
    /// What a reader opens: the absolute path, or the URI of a database in memory.
    location: PathBuf,
    options: Options,
    /// Held as long as the store is; the system lets go of it when the process ends, however it ends.
    _lock: Option<File>,
}

impl Store {
    /// Opens the store at `path`, or makes it, with the directories above it. Only the user may read what is made.
    ///
    /// # Errors
    /// When another process has it, when it is no store or a newer one, and when the disk refuses.
    pub fn open(path: &Path, options: &Options) -> Result<Self, StoreError> {
        if let Some(directory) = path
            .parent()
            .filter(|directory| !directory.as_os_str().is_empty())
        {
            private_directory(directory)?;
        }
        let lock = lock(path)?;
        // Made before SQLite would make it, which would let others read it; its log files copy the permissions.
        private_file(path)?;
        // Absolute, because a path that begins with `file:` would be read as a URI.
        let location = std::path::absolute(path).map_err(|source| StoreError::Create {
            path: path.to_owned(),
            source,
        })?;
        let connection = connect(&location, OpenFlags::SQLITE_OPEN_READ_WRITE, options)
            .map_err(|error| Failure::from(error).at(path, "open it"))?;
        let mut store = Self {
            connection,
            path: path.to_owned(),
            location,
            options: options.clone(),
            _lock: Some(lock),
        };
        store.prepare()?;
        let mode: String = store
            .connection
            .query_row("PRAGMA journal_mode = wal", [], |row| row.get(0))
            .map_err(|error| Failure::from(error).at(path, "switch on the write-ahead log"))?;
        if mode != "wal" {
            tracing::warn!(path = %path.display(), mode, "the file system cannot share a write-ahead log: reads of history delay writes");
        }
        Ok(store)
    }

    /// A store that lives as long as this value, for tests and demonstrations.
    ///
    /// # Errors
    /// When memory is refused.
    pub fn in_memory() -> Result<Self, StoreError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "file:/backstitch-{}?vfs=memdb",
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let location = PathBuf::from(name);
        let path = PathBuf::from(":memory:");
        let options = Options::default();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = connect(&location, flags, &options)
            .map_err(|error| Failure::from(error).at(&path, "open it"))?;
        let mut store = Self {
            connection,
            path,
            location,
            options,
            _lock: None,
        };
        store.prepare()?;
        Ok(store)
    }

    /// A reader of history, for another thread. It sees every transaction that is complete.
    ///
    /// # Errors
    /// When the file cannot be opened a second time.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        let open = || {
            let connection = connect(
                &self.location,
                OpenFlags::SQLITE_OPEN_READ_ONLY,
                &self.options,
            )?;
            connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
            Ok(connection)
        };
        let connection = open().map_err(|error: rusqlite::Error| {
            Failure::from(error).at(&self.path, "open it a second time, for reading")
        })?;
        Ok(Reader::new(connection, self.path.clone()))
    }

    /// How much of the file is in use, in bytes.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn used_bytes(&self) -> Result<u64, StoreError> {
        let number = |name: &str| {
            self.connection
                .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
                .map_err(|error| Failure::from(error).at(&self.path, "read how large it is"))
        };
        let pages = number("page_count")?.saturating_sub(number("freelist_count")?);
        Ok(pages.saturating_mul(number("page_size")?).unsigned_abs())
    }

    fn prepare(&mut self) -> Result<(), StoreError> {
        let connection = &mut self.connection;
        let path = &self.path;
        schema::migrate(connection, MIGRATIONS).map_err(|error| match error {
            SchemaError::Foreign => StoreError::NotAStore { path: path.clone() },
            SchemaError::Newer { found } => StoreError::Newer {
                path: path.clone(),
                found,
                known: MIGRATIONS.len(),
            },
            SchemaError::Read(source) => Failure::from(source).at(path, "read its version"),
            SchemaError::Migration { version, source } => {
                match Failure::from(source).at(path, format!("bring it to version {version}")) {
                    StoreError::Database { path, source, .. } => StoreError::Migrate {
                        path,
                        version,
                        source,
                    },
                    other => other,
                }
            }
        })?;
        let settings = [
            ("synchronous", 2), // FULL: a commit that returned survives a power cut
            ("cache_size", -i64::from(self.options.cache_kib)),
            ("journal_size_limit", LOG_BYTES),
            ("wal_autocheckpoint", CHECKPOINT_PAGES),
        ];
        for (name, value) in settings {
            connection
                .pragma_update(None, name, value)
                .map_err(|error| Failure::from(error).at(path, format!("set `{name}`")))?;
        }
        Ok(())
    }
}

pub(crate) fn connect(
    location: &Path,
    flags: OpenFlags,
    options: &Options,
) -> rusqlite::Result<Connection> {
    let flags = flags | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(location, flags)?;
    connection.busy_timeout(options.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Takes the lock file beside the store.
///
/// The exclusive mode of `SQLite` would lock out our readers, and its ordinary locks are held only while a transaction
/// runs, so two programs would take turns in one store.
fn lock(store: &Path) -> Result<File, StoreError> {
    let mut path = store.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let file = private_file(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse {
            path: store.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(StoreError::Lock { path, source }),
    }
}

pub(crate) fn private_file(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|source| StoreError::Create {
        path: path.to_owned(),
        source,
    })
}

pub(crate) fn private_directory(path: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| StoreError::Create {
        path: path.to_owned(),
        source,
    })
}
