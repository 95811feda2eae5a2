//! From the paths a person gives to the files to read: folders are scanned, patterns matched.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use glob::MatchOptions;
use walkdir::{DirEntry, WalkDir};

use super::judge::Reach;

/// Bound on the depth of a scanned folder.
const MAX_FOLDER_DEPTH: usize = 64;
/// Bound on the files of one read.
pub(crate) const MAX_FILES: usize = 1_000_000;

const CATALOG_EXTENSIONS: [&str; 5] = ["yaml", "yml", "json", "jsonl", "ndjson"];
/// What makes a path that leads nowhere a pattern.
pub(crate) const WILDCARDS: [char; 3] = ['*', '?', '['];
const SKIPPED_FOLDER: &str = "node_modules";

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its path as a person would write it, which names it in faults.
    pub(crate) shown: PathBuf,
    pub(crate) reach: Reach,
    /// Which of the given paths lead to it.
    pub(crate) given: Vec<usize>,
}

/// The folders inside which a Location may lead to files.
#[derive(Debug, Default)]
pub(crate) struct Roots(BTreeMap<PathBuf, PathBuf>);

impl Roots {
    pub(crate) fn contain(&self, canonical: &Path) -> bool {
        self.0.keys().any(|root| canonical.starts_with(root))
    }

    /// The folders, by canonical path.
    pub(crate) fn folders(&self) -> impl Iterator<Item = &Path> {
        self.0.keys().map(PathBuf::as_path)
    }

    /// A file by the way to it from the first root that contains it.
    pub(crate) fn shown(&self, canonical: &Path) -> PathBuf {
        self.0
            .iter()
            .find_map(|(root, shown)| Some(shown.join(canonical.strip_prefix(root).ok()?)))
            .unwrap_or_else(|| canonical.to_owned())
    }

    fn add(&mut self, folder: &Path) {
        let shown = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        if let Ok(canonical) = shown.canonicalize() {
            let entry = self.0.entry(canonical).or_insert_with(|| folder.to_owned());
            if folder < entry.as_path() {
                folder.clone_into(entry);
            }
        }
    }
}

/// What the given paths come to.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    pub(crate) roots: Roots,
    /// By canonical path, so that none is read twice.
    pub(crate) files: BTreeMap<PathBuf, Found>,
    /// The folders that were searched, by canonical path: whatever appears in one may belong to the catalog.
    pub(crate) folders: BTreeSet<PathBuf>,
    /// Paths with what is wrong with them.
    pub(crate) faults: Vec<(PathBuf, String)>,
}

impl Inputs {
    pub(crate) fn resolve(paths: &[PathBuf]) -> Self {
        let mut inputs = Self::default();
        for (index, path) in paths.iter().enumerate() {
            inputs.given(index, path);
        }
        inputs
    }

    fn given(&mut self, index: usize, path: &Path) {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                self.roots.add(path);
                self.folder(index, path);
            }
            Ok(_) => self.named(index, path),
            Err(error) => match path.to_str() {
                Some(pattern) if pattern.contains(WILDCARDS) => self.matched(index, pattern),
                _ => self.fault(path, could_not_read(&error)),
            },
        }
    }

    fn named(&mut self, index: usize, path: &Path) {
        self.roots.add(path.parent().unwrap_or(Path::new("")));
        self.add(index, path, Reach::Named);
    }

    fn matched(&mut self, index: usize, pattern: &str) {
        let options = MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        let paths = match glob::glob_with(pattern, options) {
            Ok(paths) => paths,
            Err(error) => {
                return self.fault(Path::new(pattern), format!("is no pattern: {}", error.msg));
            }
        };
        self.searched_by(pattern, options);
        let mut any = false;
        for path in paths {
            any = true;
            match path {
                Ok(path) if path.is_dir() => {
                    self.roots.add(&path);
                    self.folder(index, &path);
                }
                Ok(path) => self.named(index, &path),
                Err(error) => self.fault(error.path(), could_not_read(error.error())),
            }
        }
        if !any {
            self.fault(Path::new(pattern), "matches no file".to_owned());
        }
    }

    /// The folders in which a file that matches the pattern may appear.
    fn searched_by(&mut self, pattern: &str, options: MatchOptions) {
        for above in Path::new(pattern).ancestors().skip(1) {
            let Some(text) = above.to_str().filter(|text| text.contains(WILDCARDS)) else {
                let fixed = if above.as_os_str().is_empty() {
                    Path::new(".")
                } else {
                    above
                };
                self.folders.extend(fixed.canonicalize().ok());
                return;
            };
            // What is wrong with the pattern was said of the whole of it.
            let folders = glob::glob_with(text, options).into_iter().flatten();
            let folders = folders.filter_map(|path| path.ok()?.canonicalize().ok());
            self.folders.extend(folders.filter(|path| path.is_dir()));
        }
    }

    fn folder(&mut self, index: usize, folder: &Path) {
        let canonical = folder.canonicalize();
        let walk = WalkDir::new(folder)
            .max_depth(MAX_FOLDER_DEPTH)
            .into_iter()
            .filter_entry(|entry| entry.depth() == 0 || !is_skipped(entry));
        for entry in walk {
            match entry {
                Ok(entry) => {
                    if let (true, Ok(canonical)) = (entry.file_type().is_dir(), &canonical) {
                        let inside = entry.path().strip_prefix(folder);
                        // Links to folders are not followed, so the rest of the way has none.
                        self.folders
                            .extend(inside.map(|inside| canonical.join(inside)));
                    }
                    self.entry(index, &entry);
                }
                Err(error) => {
                    let path = error.path().unwrap_or(folder).to_owned();
                    let message = error
                        .io_error()
                        .map_or_else(|| "could not be read".to_owned(), could_not_read);
                    self.fault(&path, message);
                }
            }
        }
    }

    fn entry(&mut self, index: usize, entry: &DirEntry) {
        let path = entry.path();
        let kind = entry.file_type();
        if kind.is_dir() {
            if entry.depth() == MAX_FOLDER_DEPTH {
                let message = format!("is {MAX_FOLDER_DEPTH} folders deep, and is not looked into");
                self.fault(path, message);
            }
            return;
        }
        let named_so = path
            .extension()
            .and_then(|extension| extension.to_str())
            .is_some_and(|extension| {
                let extension = extension.to_lowercase();
                CATALOG_EXTENSIONS.contains(&extension.as_str())
            });
        if kind.is_file() && named_so {
            self.add(index, path, Reach::Scanned);
        } else if kind.is_symlink() {
            self.link(index, path, named_so);
        }
    }

    /// Links are followed to files inside the folder, which is how Kubernetes mounts them, and nowhere else.
    fn link(&mut self, index: usize, path: &Path, named_so: bool) {
        let message = match path.canonicalize() {
            Ok(target) => {
                let (inside, folder) = (self.roots.contain(&target), target.is_dir());
                match (inside, folder) {
                    (true, false) if named_so && target.is_file() => {
                        return self.add(index, path, Reach::Scanned);
                    }
                    (false, true) => {
                        "is a link to a folder outside, which is not followed: give that folder as a catalog of its own"
                            .to_owned()
                    }
                    (false, false) if named_so => {
                        "is a link to a file outside the folder, which is not followed: give that file as a catalog of \
                         its own"
                            .to_owned()
                    }
                    _ => return,
                }
            }
            Err(error) if named_so => format!("is a link that leads nowhere: {error}"),
            Err(_) => return,
        };
        self.fault(path, message);
    }

    fn add(&mut self, index: usize, path: &Path, reach: Reach) {
        if self.files.len() >= MAX_FILES {
            let message = format!("more than {MAX_FILES} files; the rest is left out");
            if self
                .faults
                .last()
                .is_none_or(|(_, known)| *known != message)
            {
                self.fault(path, message);
            }
            return;
        }
        // A pipe has no canonical path.
        let canonical = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let found = self.files.entry(canonical).or_insert_with(|| Found {
            shown: path.to_owned(),
            reach,
            given: Vec::new(),
        });
        if reach == Reach::Named {
            found.reach = Reach::Named;
        }
        if path < found.shown.as_path() {
            path.clone_into(&mut found.shown);
        }
        if found.given.last() != Some(&index) {
            found.given.push(index);
        }
    }

    fn fault(&mut self, path: &Path, message: String) {
        self.faults.push((path.to_owned(), message));
    }
}

fn is_skipped(entry: &DirEntry) -> bool {
    entry.file_type().is_dir()
        && entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.starts_with('.') || name == SKIPPED_FOLDER)
}

pub(crate) fn could_not_read(error: &std::io::Error) -> String {
    format!("could not be read: {error}")
}
