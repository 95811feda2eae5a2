//! What a catalog's files look like without being read: which there are, and how each would be known to have changed.
//!
//! Two looks that are equal have nothing between them that a read could have missed: a file is known by its canonical
//! path, so that a link that leads elsewhere makes another look, and by its [`Stamp`].

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::inputs::Inputs;

/// For how long `git` is believed to be at work by the lock it leaves; a lock that is older was left by one that was
/// killed.
const GIT_AT_MOST: Duration = Duration::from_mins(10);

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    size: u64,
    modified: Option<SystemTime>,
    /// Which file it is, and when anything about it changed: a tool that keeps the time of modification, as `rsync -t`
    /// and `tar` do, still changes these.
    #[cfg(unix)]
    identity: (u64, u64, i64, i64),
}

impl Stamp {
    /// Of a file. What is none, such as a pipe, has no state to compare.
    pub(crate) fn of(metadata: &Metadata) -> Option<Self> {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt as _;
        metadata.is_file().then(|| Self {
            size: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            identity: (
                metadata.dev(),
                metadata.ino(),
                metadata.ctime(),
                metadata.ctime_nsec(),
            ),
        })
    }

    /// Of whatever is at this path.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        Self::of(&fs::metadata(path).ok()?)
    }
}

/// The state of all files of a catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// By canonical path. `None` where there is nothing to compare.
    pub(crate) files: BTreeMap<PathBuf, Option<Stamp>>,
    /// The folders in which any change counts, by canonical path.
    pub(crate) folders: BTreeSet<PathBuf>,
    /// The ways to files that are in none of these folders.
    pub(crate) ways: BTreeSet<PathBuf>,
    /// The files that only a Location leads to, by canonical path.
    pub(crate) reached: BTreeSet<PathBuf>,
    /// What could not be looked at, and why.
    faults: Vec<(PathBuf, String)>,
    /// Whether `git` is about to write more of the files.
    pub(crate) git_at_work: bool,
}

impl Look {
    /// Looks at all that `paths` come to, and at the files that Locations led to when they were `reached` last.
    pub(crate) fn at(paths: &[PathBuf], reached: &BTreeSet<PathBuf>) -> Self {
        let inputs = Inputs::resolve(paths);
        let files = inputs
            .files
            .keys()
            .chain(reached)
            .map(|path| (path.clone(), Stamp::at(path)))
            .collect();
        Self::with(&inputs, files, reached.clone())
    }

    /// The look of these inputs, with files in the state in which they were read.
    pub(crate) fn with(
        inputs: &Inputs,
        files: BTreeMap<PathBuf, Option<Stamp>>,
        reached: BTreeSet<PathBuf>,
    ) -> Self {
        let way = |path: &PathBuf| match inputs.files.get(path) {
            Some(found) if !reached.contains(path) => found.shown.clone(),
            _ => path.clone(),
        };
        let outside = |path: &&PathBuf| {
            path.parent()
                .is_none_or(|folder| !inputs.folders.contains(folder))
        };
        Self {
            ways: files.keys().filter(outside).map(way).collect(),
            files,
            folders: inputs.folders.clone(),
            reached,
            faults: inputs.faults.clone(),
            git_at_work: inputs.roots.folders().any(is_git_at_work),
        }
    }

    /// Something that differs from the other look, to be named to a person.
    pub(crate) fn difference<'l>(&'l self, other: &'l Self) -> Option<&'l Path> {
        let changed = |a: &'l Self, b: &'l Self| {
            a.files
                .iter()
                .find(|(path, stamp)| b.files.get(*path) != Some(stamp))
                .map(|(path, _)| path.as_path())
        };
        changed(self, other)
            .or_else(|| changed(other, self))
            .or_else(|| {
                self.folders
                    .symmetric_difference(&other.folders)
                    .next()
                    .map(PathBuf::as_path)
            })
    }
}

/// Whether `git` is changing the working tree that this folder is in: it holds this lock while it does.
fn is_git_at_work(folder: &Path) -> bool {
    folder
        .ancestors()
        .filter_map(|folder| fs::metadata(folder.join(".git").join("index.lock")).ok())
        .filter_map(|lock| lock.modified().ok()?.elapsed().ok())
        .any(|age| age < GIT_AT_MOST)
}
