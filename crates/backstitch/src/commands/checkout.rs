//! The catalog files of a checked-out repository.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use topology::entity_ref::EntityRef;
use walkdir::{DirEntry, WalkDir};

use crate::report::Failure;
use crate::suggest::edit;

/// Bound on the depth of folders.
const MAX_DEPTH: usize = 64;
/// Bound on the files that are looked at.
const MAX_FILES: usize = 200_000;
/// Bound on the size of a file, in bytes: nobody writes a larger one by hand.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// The files that hold some entities.
#[derive(Debug, Default)]
pub(super) struct Checkout {
    /// Their texts, by path from the root with `/` between the parts.
    pub files: BTreeMap<String, String>,
    /// Which files hold an entity, once for each time.
    pub holders: BTreeMap<EntityRef, Vec<String>>,
}

/// Looks for the files of these entities. Links are not followed, and what is no text is passed over.
pub(super) fn open(root: &Path, wanted: &BTreeSet<EntityRef>) -> Result<Checkout, Failure> {
    if !root.is_dir() {
        return Err(
            Failure::new(format!("`--repo`: `{}` is no folder", root.display()))
                .hint(Some("name the folder of the checked-out repository")),
        );
    }
    let mut checkout = Checkout::default();
    let walk = WalkDir::new(root).max_depth(MAX_DEPTH).sort_by_file_name();
    let mut looked_at = 0;
    for entry in walk.into_iter().filter_entry(is_ours) {
        let entry = entry.map_err(|error| Failure::because("cannot read the checkout", &error))?;
        let Some(path) = wanted_path(root, &entry) else {
            continue;
        };
        looked_at += 1;
        if looked_at > MAX_FILES {
            return Err(Failure::new(format!(
                "`{}` has more than {MAX_FILES} YAML files",
                root.display()
            )));
        }
        let Ok(text) = fs::read_to_string(entry.path()) else {
            continue;
        };
        let found = edit::entities(&text);
        let found: Vec<EntityRef> = found.into_iter().filter(|it| wanted.contains(it)).collect();
        if found.is_empty() {
            continue;
        }
        for entity in found {
            checkout
                .holders
                .entry(entity)
                .or_default()
                .push(path.clone());
        }
        checkout.files.insert(path, text);
    }
    Ok(checkout)
}

fn is_ours(entry: &DirEntry) -> bool {
    !matches!(entry.file_name().to_str(), Some(".git" | "node_modules"))
}

/// The path of a YAML file from the root.
fn wanted_path(root: &Path, entry: &DirEntry) -> Option<String> {
    let extension = entry.path().extension()?.to_str()?;
    if !entry.file_type().is_file() || !matches!(extension, "yaml" | "yml") {
        return None;
    }
    if entry.metadata().ok()?.len() > MAX_BYTES {
        return None;
    }
    let path = entry.path().strip_prefix(root).ok()?;
    let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
    Some(parts?.join("/"))
}
