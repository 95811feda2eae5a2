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

#[cfg(test)]
mod tests {
    use std::fs::{File, FileTimes};

    use tempfile::TempDir;

    use super::*;

    fn folder() -> (TempDir, Vec<PathBuf>) {
        let folder = TempDir::new().expect("a folder");
        fs::write(folder.path().join("a.yaml"), "one").expect("a file");
        let paths = vec![folder.path().to_owned()];
        (folder, paths)
    }

    fn look(paths: &[PathBuf]) -> Look {
        Look::at(paths, &BTreeSet::new())
    }

    #[test]
    fn what_is_not_read_makes_no_other_look() {
        let (folder, paths) = folder();
        let before = look(&paths);
        fs::write(folder.path().join("README.md"), "x").expect("a file");
        fs::write(folder.path().join(".a.yaml.swp"), "x").expect("a file");
        fs::create_dir_all(folder.path().join("node_modules/x")).expect("a folder");
        fs::create_dir_all(folder.path().join(".git/objects")).expect("a folder");
        assert_eq!(look(&paths), before);
        fs::create_dir(folder.path().join("team")).expect("a folder");
        let after = look(&paths);
        let differs = after
            .difference(&before)
            .expect("a folder is to be watched");
        assert!(differs.ends_with("team"), "{}", differs.display());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_of_the_same_size_and_time_is_another_one_all_the_same() {
        let (folder, paths) = folder();
        let at = folder.path().join("a.yaml");
        let before = look(&paths);
        let time = fs::metadata(&at)
            .and_then(|metadata| metadata.modified())
            .expect("a time");
        let copy = folder.path().join("copy");
        fs::write(&copy, "two").expect("a file");
        let times = FileTimes::new().set_modified(time);
        let file = File::options().write(true).open(&copy).expect("a file");
        file.set_times(times).expect("a time");
        fs::rename(&copy, &at).expect("a rename");
        let after = look(&paths);
        assert!(
            after
                .difference(&before)
                .is_some_and(|path| path.ends_with("a.yaml"))
        );
    }

    #[test]
    fn git_is_at_work_while_it_holds_its_lock_and_not_for_ever() {
        let (folder, paths) = folder();
        let inside = folder.path().join("deep/catalog");
        fs::create_dir_all(&inside).expect("a folder");
        let paths = [paths, vec![inside]];
        fs::create_dir(folder.path().join(".git")).expect("a folder");
        let lock = folder.path().join(".git/index.lock");
        let at_work = || paths.each_ref().map(|paths| look(paths).git_at_work);
        assert_eq!(at_work(), [false, false]);
        let file = File::create(&lock).expect("a file");
        assert_eq!(at_work(), [true, true]);
        let killed = SystemTime::now() - GIT_AT_MOST * 2;
        file.set_times(FileTimes::new().set_modified(killed))
            .expect("a time");
        assert_eq!(at_work(), [false, false]);
        file.set_times(FileTimes::new().set_modified(SystemTime::now()))
            .expect("a time");
        fs::remove_file(&lock).expect("it is there");
        assert_eq!(at_work(), [false, false]);
    }
}
