//! The store: whether it can be used, and what it holds. It is looked at from outside, so that a running `serve` goes on.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use store::{Inspection, StoreError, inspect};

use super::{About, Check, Section, told};

/// What a store holds, for a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Statistics {
    version: usize,
    known_version: usize,
    in_use: bool,
    bytes: u64,
    sources: u64,
    facts: u64,
    changes: u64,
}

/// What was seen of a store.
pub(super) struct Looked {
    path: PathBuf,
    inspection: Result<Option<Inspection>, StoreError>,
    /// The folder that is there, and whether a file can be made in it.
    folder: (PathBuf, io::Result<()>),
}

impl Looked {
    pub(super) fn statistics(&self) -> Option<Statistics> {
        let inspection = self.inspection.as_ref().ok()?.as_ref()?;
        Some(Statistics {
            version: inspection.version,
            known_version: inspection.known,
            in_use: inspection.in_use,
            bytes: inspection.bytes,
            sources: inspection.sources,
            facts: inspection.facts,
            changes: inspection.changes,
        })
    }

    /// The checks that follow.
    pub(super) fn section(&self) -> Section {
        let path = self.path.display();
        let file = match &self.inspection {
            Ok(None) => Check::note(
                "file",
                format!("`{path}` is not there yet; `serve` makes it"),
            ),
            Ok(Some(seen)) => file(&path.to_string(), *seen),
            Err(error) => Check::fail("file", told(error)).remedy(error.remedy()),
        };
        let (folder, writable) = &self.folder;
        let folder = folder.display();
        let folder = match writable {
            Ok(()) => Check::ok("folder", format!("`{folder}` can be written to")),
            Err(error) => {
                let message = format!("`{folder}` cannot be written to: {error}");
                let remedy = "let this user write there, or name another path by `store` or `--store`; `ls -ld` shows whose it is";
                Check::fail("folder", message).remedy(Some(remedy))
            }
        };
        Section::new(About::Store, None, vec![file, folder])
    }
}

fn file(path: &str, seen: Inspection) -> Check {
    let Inspection {
        version,
        known,
        sources,
        facts,
        changes,
        bytes,
        in_use,
    } = seen;
    let by = if in_use {
        "; a running program has it"
    } else {
        ""
    };
    if version < known && version > 0 {
        let message = format!(
            "`{path}` has version {version}, which `serve` brings to {known}; no older program can use it after that{by}"
        );
        return Check::note("file", message);
    }
    let message = format!(
        "`{path}` of version {version}: sources {sources}, facts {facts}, changes in history {changes}, bytes {bytes}{by}"
    );
    Check::ok("file", message)
}

/// Looks at the store at `path` and at the folder that it is in, or is going to be in.
pub(super) fn look(path: &Path) -> Looked {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = absolute.ancestors().skip(1).find(|folder| folder.is_dir());
    let folder = there.unwrap_or(Path::new("/")).to_owned();
    // Whether a file can be made is known once one was: rights, quotas and read-only mounts all have a say. It is gone at once.
    let made = tempfile::Builder::new()
        .prefix(".backstitch-doctor-")
        .tempfile_in(&folder);
    Looked {
        path: path.to_owned(),
        inspection: inspect(path),
        folder: (folder, made.map(drop)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn a_store_of_an_older_version_is_told_of_and_not_migrated() {
        let seen = |version| Inspection {
            version,
            known: 2,
            in_use: version == 2,
            bytes: 4096,
            sources: 2,
            facts: 30,
            changes: 7,
        };
        let check = file("a.db", seen(1));
        assert_eq!(check.outcome, Outcome::Note);
        insta::assert_snapshot!(check.message, @"`a.db` has version 1, which `serve` brings to 2; no older program can use it after that");
        let check = file("a.db", seen(2));
        assert_eq!(check.outcome, Outcome::Ok);
        insta::assert_snapshot!(check.message, @"`a.db` of version 2: sources 2, facts 30, changes in history 7, bytes 4096; a running program has it");
    }

    #[test]
    fn a_store_that_is_not_there_yet_needs_a_folder_that_can_be_written_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let looked = look(&folder.path().join("a/b/backstitch.db"));
        let outcomes: Vec<Outcome> = looked
            .section()
            .checks
            .iter()
            .map(|it| it.outcome)
            .collect();
        assert_eq!(outcomes, [Outcome::Note, Outcome::Ok]);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a list").count(), 0);
        assert_eq!(looked.statistics(), None);
        std::fs::write(folder.path().join("notes"), "x".repeat(2000)).expect("a file");
        let checks = look(&folder.path().join("notes")).section().checks;
        assert_eq!(checks[0].outcome, Outcome::Fail);
        assert!(
            checks[0].message.contains("is not a Backstitch store"),
            "{checks:?}"
        );
    }
}
