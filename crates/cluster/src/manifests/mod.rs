//! A cluster read from manifest files.
//!
//! ```text
//!  paths ── files: find, read ──▶ text ── split ──▶ pieces (one document each) ── parse, on all cores ──▶ merge ──▶ generation
//! ```
//!
//! Every document and every object stands alone: what is wrong with one is a fault that names file, line, document and
//! object, and the rest counts. The order in which paths are given, or files found, does not matter (S33).

mod files;
mod merge;
mod parse;
mod split;

use std::path::{Path, PathBuf};

use topology::fact::ClusterGeneration;

use self::merge::Gathered;

/// How far the reading is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Files read completely.
    pub files_done: usize,
    /// Files there are.
    pub files_total: usize,
    /// Bytes parsed.
    pub bytes_done: u64,
    /// Bytes there are.
    pub bytes_total: u64,
}

/// Why a cluster cannot be read from the paths given at all.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A path that was asked for is not there or may not be read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// The path as given.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder without a single manifest file.
    #[error("`{}` holds no file named *.yaml, *.yml or *.json", path.display())]
    NoFiles {
        /// The path as given.
        path: PathBuf,
    },
}

/// Files are parsed together until they reach so many bytes; this bounds the text held in memory, one larger file aside.
const BATCH_BYTES: u64 = 64 * 1024 * 1024;

/// Reads every object in the given files, and in the `*.yaml`, `*.yml` and `*.json` files below the given folders.
///
/// Files that were named are read whatever they are called. Hidden files and folders below a given folder are passed over.
/// YAML streams, JSON documents one after another (also one a line), `List`s and typed lists are understood. Kinds that
/// nothing is made of are skipped. Of two objects with the same kind, namespace and name the first counts, by file path and
/// place in the file, and the other is a fault. `progress` is called on the calling thread, now and then.
pub fn read(
    paths: &[PathBuf],
    progress: &mut dyn FnMut(Progress),
) -> Result<ClusterGeneration, ReadError> {
    let found = files::find(paths)?;
    let mut faults = found.faults;
    let mut state = Progress {
        files_done: 0,
        files_total: found.files.len(),
        bytes_done: 0,
        bytes_total: found.files.iter().map(|file| file.bytes).sum(),
    };
    progress(state);

    let names: Vec<String> = found.files.iter().map(|file| display(&file.path)).collect();
    let mut gathered = Gathered::default();
    let mut next = 0;
    while next < found.files.len() {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while next < found.files.len() && bytes < BATCH_BYTES {
            let file = &found.files[next];
            bytes += file.bytes;
            match files::text(file) {
                Ok(text) => batch.push((next, text)),
                Err(fault) => gathered.fault(next, fault),
            }
            next += 1;
        }
        let mut pieces = Vec::new();
        for (file, text) in &batch {
            split::split(*file, &found.files[*file].path, text, &mut pieces);
        }
        let before = state.bytes_done;
        gathered.append(parse::parse(&pieces, &names, &mut |done| {
            progress(Progress {
                bytes_done: before + done,
                ..state
            });
        }));
        state.bytes_done = before + bytes;
        state.files_done = next;
        progress(state);
    }
    let mut generation = merge::merge(gathered, &names);
    faults.sort();
    faults.append(&mut generation.faults);
    Ok(ClusterGeneration {
        faults,
        ..generation
    })
}

fn display(path: &Path) -> String {
    path.display().to_string()
}
