//! Which files there are, and their text.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use topology::fact::Fault;
use walkdir::{DirEntry, WalkDir};

use super::ReadError;

/// A larger file is not read.
const MAX_FILE_BYTES: u64 = 1024 * 1024 * 1024;
/// Folders are followed so deep.
const MAX_FOLDER_DEPTH: usize = 64;
/// No more files are read.
const MAX_FILES: usize = 1_000_000;

/// One file to read.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
}

/// What is to be read, sorted by path, each file once.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) files: Vec<Source>,
    pub(super) faults: Vec<Fault>,
}

pub(super) fn find(paths: &[PathBuf]) -> Result<Found, ReadError> {
    let mut found = Found::default();
    for root in paths {
        let unreadable = |source| ReadError::Unreadable {
            path: root.clone(),
            source,
        };
        let metadata = std::fs::metadata(root).map_err(unreadable)?;
        if metadata.is_dir() {
            walk(root, &mut found)?;
        } else {
            File::open(root).map_err(unreadable)?;
            found.files.push(Source {
                path: root.clone(),
                bytes: metadata.len(),
            });
        }
    }
    found.files.sort_by(|a, b| a.path.cmp(&b.path));
    // A file reached by two of the paths, or by a link, is still one file.
    let mut seen = HashSet::new();
    found.files.retain(|file| {
        let identity = file
            .path
            .canonicalize()
            .unwrap_or_else(|_| file.path.clone());
        seen.insert(identity)
    });
    if found.files.len() > MAX_FILES {
        found.faults.push(Fault {
            place: found.files[MAX_FILES].path.display().to_string(),
            message: format!(
                "found more than {MAX_FILES} files; this one and those after it are not read"
            ),
        });
        found.files.truncate(MAX_FILES);
    }
    Ok(found)
}

fn walk(root: &Path, found: &mut Found) -> Result<(), ReadError> {
    let before = found.files.len() + found.faults.len();
    let entries = WalkDir::new(root)
        .follow_links(true)
        .max_depth(MAX_FOLDER_DEPTH)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry));
    for entry in entries {
        match entry {
            Ok(entry) if entry.depth() == 0 || !is_manifest(entry.path()) => {}
            Ok(entry) if entry.file_type().is_file() => found.files.push(Source {
                bytes: entry.metadata().map_or(0, |metadata| metadata.len()),
                path: entry.into_path(),
            }),
            Ok(_) => {}
            Err(error) if error.depth() == 0 => {
                return Err(ReadError::Unreadable {
                    path: root.to_owned(),
                    source: error.into(),
                });
            }
            Err(error) => found.faults.push(broken_entry(root, &error)),
        }
    }
    if found.files.len() + found.faults.len() == before {
        return Err(ReadError::NoFiles {
            path: root.to_owned(),
        });
    }
    Ok(())
}

fn broken_entry(root: &Path, error: &walkdir::Error) -> Fault {
    let place = error.path().unwrap_or(root).display().to_string();
    let message = match (error.loop_ancestor(), error.io_error()) {
        (Some(ancestor), _) => format!(
            "the link leads back to `{}`; it is not followed",
            ancestor.display()
        ),
        (None, Some(error)) => format!("cannot be read: {error}"),
        (None, None) => "cannot be read".to_owned(),
    };
    Fault { place, message }
}

/// Hidden entries are passed over: version control, editors, and the `..data` folder through which Kubernetes mounts a
/// `ConfigMap` (whose files are there a second time).
fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

fn is_manifest(path: &Path) -> bool {
    path.extension()
        .and_then(OsStr::to_str)
        .is_some_and(|extension| {
            ["yaml", "yml", "json"]
                .iter()
                .any(|known| extension.eq_ignore_ascii_case(known))
        })
}

/// The text of a file, or why it cannot be used.
pub(super) fn text(file: &Source) -> Result<String, Fault> {
    let fault = |message| Fault {
        place: file.path.display().to_string(),
        message,
    };
    let mut bytes =
        Vec::with_capacity(usize::try_from(file.bytes.min(MAX_FILE_BYTES)).unwrap_or(0));
    File::open(&file.path)
        .and_then(|opened| opened.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| fault(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(fault(format!(
            "the file has more than {MAX_FILE_BYTES} bytes; it is not read: split it"
        )));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + String::from_utf8_lossy(valid).matches('\n').count();
        fault(format!(
            "line {line} is not UTF-8 text; the file is not read: save it as UTF-8"
        ))
    })
}
