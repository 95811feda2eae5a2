//! Everything that can go wrong with the store, and what a person can do about it.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why the store could not do what it was asked.
///
/// A failed write leaves nothing behind and the store usable. What a person can do is [`StoreError::remedy`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file or directory could not be made.
    #[error("cannot create `{}`", .path.display())]
    Create {
        /// What was to be made.
        path: PathBuf,
        /// The system's words for it.
        source: io::Error,
    },
    /// The file is there and cannot be read.
    #[error("cannot read the store `{}`", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words for it.
        source: io::Error,
    },
    /// The lock file could not be locked, for another reason than that it is locked.
    #[error("cannot lock `{}`", .path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// The system's words for it.
        source: io::Error,
    },
    /// Another process has the store.
    #[error("the store `{}` is in use by another process", .path.display())]
    InUse {
        /// The store's file.
        path: PathBuf,
    },
    /// The file is no database of ours: not one at all, or that of another program.
    #[error("`{}` is not a Backstitch store", .path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer version of the program.
    #[error("the store `{}` has version {found}, and this program knows versions up to {known}", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version known here.
        known: usize,
    },
    /// The file could not be brought to the newest version; it has the one before.
    #[error("cannot bring the store `{}` to version {version}", .path.display())]
    Migrate {
        /// The file.
        path: PathBuf,
        /// The version that could not be reached.
        version: i64,
        /// The database's words for it.
        source: rusqlite::Error,
    },
    /// The database found its own file damaged.
    #[error("the store `{}` is damaged: cannot {step}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was being done.
        step: String,
        /// The database's words for it.
        source: rusqlite::Error,
    },
    /// The disk, a quota or the largest permitted size of the file is used up.
    #[error("no space left for the store `{}`: cannot {step}", .path.display())]
    Full {
        /// The file.
        path: PathBuf,
        /// What was being done.
        step: String,
        /// The database's words for it.
        source: rusqlite::Error,
    },
    /// The disk or file system failed.
    #[error("the disk under the store `{}` failed: cannot {step}", .path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// What was being done.
        step: String,
        /// The database's words for it.
        source: rusqlite::Error,
    },
    /// Any other failure of the database.
    #[error("cannot {step} in the store `{}`", .path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What was being done.
        step: String,
        /// The database's words for it.
        source: rusqlite::Error,
    },
    /// A row says what this program cannot understand.
    #[error("a row of the store `{}` cannot be understood: cannot {step}", .path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What was being done.
        step: String,
        /// What is wrong with it.
        source: RecordError,
    },
}

impl StoreError {
    /// What a person can do, where there is something.
    pub fn remedy(&self) -> Option<String> {
        let path = match self {
            Self::Create { .. } => {
                return Some("name a path that this user may write to".to_owned());
            }
            Self::Unreadable { .. } => {
                return Some("run this as the user who has the store".to_owned());
            }
            Self::Lock { .. } => {
                return Some(
                    "keep the store on a file system that knows file locks, best a local one"
                        .to_owned(),
                );
            }
            Self::InUse { .. } => {
                return Some(
                    "stop the other process, or give this one a store of its own".to_owned(),
                );
            }
            Self::Newer { .. } => {
                return Some(
                    "run the newer program again, or give this one a store of its own".to_owned(),
                );
            }
            Self::NotAStore { .. } => {
                return Some("name another path, or move the file away: a new store is filled from the sources".to_owned());
            }
            Self::Full { .. } => {
                return Some("free space or enlarge the volume; nothing was written in part, and the next attempt goes on from here".to_owned());
            }
            Self::Disk { path, .. } | Self::Damaged { path, .. } | Self::Record { path, .. } => {
                path
            }
            Self::Migrate { .. } | Self::Database { .. } => return None,
        };
        Some(format!(
            "check the disk, then restore `{}` from a backup or move it away: facts are read again from the sources, \
             only history is lost",
            path.display()
        ))
    }
}

/// What is wrong with a stored value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The value is of an encoding that this program does not know.
    #[error("{what} has encoding {found}, expected {expected}")]
    Encoding {
        /// Which value.
        what: &'static str,
        /// Its first byte.
        found: u8,
        /// The encoding known here.
        expected: u8,
    },
    /// The value cannot be written or read.
    #[error("{what} is malformed: {reason}")]
    Malformed {
        /// Which value.
        what: &'static str,
        /// What the decoder found.
        reason: String,
    },
    /// A code or a reference to another row that means nothing.
    #[error("{what} {found} is unknown")]
    Unknown {
        /// What it should denote.
        what: &'static str,
        /// What stands there.
        found: i64,
    },
}

/// A failure below the public functions, which know the step and the file.
#[derive(Debug)]
pub(crate) enum Failure {
    Database(rusqlite::Error),
    Record(RecordError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}

impl Failure {
    /// The public error for a failure of `step`, a phrase that follows "cannot".
    pub(crate) fn at(self, path: &Path, step: impl Into<String>) -> StoreError {
        let (path, step) = (path.to_owned(), step.into());
        match self {
            Self::Record(source) => StoreError::Record { path, step, source },
            Self::Database(source) => match source.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => StoreError::Full { path, step, source },
                Some(ErrorCode::SystemIoFailure) => StoreError::Disk { path, step, source },
                Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged { path, step, source },
                Some(ErrorCode::NotADatabase) => StoreError::NotAStore { path },
                _ => StoreError::Database { path, step, source },
            },
        }
    }
}
