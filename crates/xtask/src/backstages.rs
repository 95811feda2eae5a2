//! Real Backstages for the contract tests, installed once into the cache and reused by every checkout.
//!
//! ```text
//!  tests/backstage/versions/<version>/package-lock.json ─┐
//!  what this module does with it (RECIPE) ───────────────┴─ hash ─▶ <cache>/backstage/<version>-<hash>/
//! ```
//!
//! It must not know how a Backstage is started; that is the testbed's.

mod node;

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use xxhash_rust::xxh3::Xxh3;

use crate::cached::{self, Cached, remove};
use crate::{places, report};
use node::Node;

/// The Backstages, by the names of their folders.
pub(crate) const VERSIONS: [&str; 3] = ["current", "1.33", "1.11"];

/// The variable that says where the installations are, for the testbed: folders, written as `PATH` is.
pub(crate) const INSTALLATIONS: &str = "BACKSTITCH_BACKSTAGES";

/// The native module that all of them need, which is built once for all.
const NATIVE: &str = "sqlite";

/// Changes whenever the same lock file would be installed otherwise.
const RECIPE: &str = "2";

/// Registries fail for a moment now and then; what was fetched before is in npm's own cache.
const DOWNLOAD_TRIES: u32 = 3;

/// Installations that stay where they are while this value lives.
#[derive(Debug)]
pub(crate) struct Backstages {
    folders: Vec<PathBuf>,
    /// Locks end with the files they are on.
    _in_use: Vec<File>,
}

impl Backstages {
    /// The folders of all versions, written as `PATH` is.
    pub(crate) fn as_path_list(&self) -> Result<OsString> {
        std::env::join_paths(&self.folders).context("the cache folder's path cannot be in a list")
    }
}

/// All versions, installed first where the cache lacks them.
pub(crate) fn install() -> Result<Backstages> {
    let root = places::cache()?.join("backstage");
    fs::create_dir_all(&root).with_context(|| format!("cannot create `{}`", root.display()))?;
    let node = Node::find()?;
    let native = Installation::native(&root, &node)?;
    let versions = VERSIONS
        .iter()
        .map(|version| Installation::backstage(&root, version, &native))
        .collect::<Result<Vec<_>>>()?;

    // Compiling takes one processor some minutes, and downloading hardly any.
    let locks = thread::scope(|scope| {
        let compiled = scope.spawn(|| native.in_use(|folder| build_native(&node, folder)));
        let downloaded: Result<Vec<File>> = versions
            .iter()
            .map(|version| version.in_use(|folder| download(folder, &native)))
            .collect();
        let compiled = compiled
            .join()
            .unwrap_or_else(|_| bail!("building SQLite panicked"));
        let mut locks = downloaded?;
        locks.push(compiled?);
        Ok::<_, anyhow::Error>(locks)
    })?;
    let kept: Vec<&Cached> = versions
        .iter()
        .chain([&native])
        .map(|one| &one.cached)
        .collect();
    cached::sweep(&root, &kept, SystemTime::now())?;
    Ok(Backstages {
        folders: versions
            .iter()
            .map(|version| version.cached.folder().to_owned())
            .collect(),
        _in_use: locks,
    })
}

/// One folder of the cache, and what goes into it.
#[derive(Debug)]
struct Installation {
    /// Where `package.json` and `package-lock.json` are.
    manifests: PathBuf,
    cached: Cached,
}

impl Installation {
    fn native(root: &Path, node: &Node) -> Result<Self> {
        Self::new(root, NATIVE, "SQLite for Backstage", &node.binary_interface)
    }

    fn backstage(root: &Path, version: &str, native: &Self) -> Result<Self> {
        // It leads to the native module, so that a new one of that makes a new one of this.
        let title = format!("Backstage {version}");
        Self::new(root, version, &title, &native.cached.name())
    }

    fn new(root: &Path, name: &str, title: &str, builds_on: &str) -> Result<Self> {
        let manifests = places::checkout()
            .join("tests/backstage/versions")
            .join(name);
        let mut hash = Xxh3::new();
        for part in [RECIPE, builds_on] {
            hash.update(part.as_bytes());
            hash.update(&[0]);
        }
        for file in MANIFESTS {
            let path = manifests.join(file);
            let text =
                fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
            hash.update(&text);
            hash.update(&[0]);
        }
        Ok(Self {
            manifests,
            cached: Cached::new(title, root.join(format!("{name}-{:016x}", hash.digest()))),
        })
    }

    /// Makes the installation unless it is there, and gives the lock that keeps it from being removed.
    fn in_use(&self, make: impl Fn(&Path) -> Result<()>) -> Result<File> {
        self.cached.in_use(|folder| {
            for file in MANIFESTS {
                fs::copy(self.manifests.join(file), folder.join(file))
                    .with_context(|| format!("cannot copy `{file}`"))?;
            }
            make(folder)
        })
    }
}

/// What npm installs from.
const MANIFESTS: [&str; 2] = ["package.json", "package-lock.json"];

fn download(folder: &Path, native: &Installation) -> Result<()> {
    packages(folder)?;
    let link = folder.join("node_modules/better-sqlite3");
    remove(&link)?;
    // From where the link stands, so that a cache that is moved or restored elsewhere goes on working.
    let beside = Path::new("../..").join(native.cached.name());
    link_folder(&beside.join("node_modules/better-sqlite3"), &link)
}

fn build_native(node: &Node, folder: &Path) -> Result<()> {
    node::check_compiler()?;
    packages(folder)?;
    node.build(folder)?;
    node.runs(
        folder,
        "new (require('better-sqlite3'))(':memory:').exec('select 1')",
    )
}

/// Exactly what the lock file lists. No package runs a script of its own: some would fetch binaries from elsewhere.
fn packages(folder: &Path) -> Result<()> {
    for attempt in 1..=DOWNLOAD_TRIES {
        let status = node::npm(folder)
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .args(["--no-update-notifier", "--loglevel=error"])
            .status()
            .context(node::NO_NPM)?;
        if status.success() {
            return Ok(());
        }
        report::note(format_args!(
            "`npm ci` failed, try {attempt} of {DOWNLOAD_TRIES}"
        ));
    }
    bail!(
        "`npm ci` printed why above\nhint: the packages come from the registry that npm is configured for; check the \
         network and `npm config get registry`"
    )
}

#[cfg(unix)]
fn link_folder(target: &Path, link: &Path) -> Result<()> {
    std::os::unix::fs::symlink(target, link)
        .with_context(|| format!("cannot link `{}`", link.display()))
}

#[cfg(not(unix))]
fn link_folder(_target: &Path, _link: &Path) -> Result<()> {
    bail!("real Backstages can be installed on Unix systems only")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_has_its_manifests_without_download_addresses() {
        let root = Path::new("cache");
        for name in VERSIONS.iter().chain([&NATIVE]) {
            let one = Installation::new(root, name, name, "").expect("manifests");
            assert!(one.cached.folder().starts_with(root));
            let text = fs::read_to_string(one.manifests.join("package-lock.json")).expect("a lock");
            assert!(
                !text.contains("\"resolved\""),
                "{name}: npm shall ask its own registry"
            );
        }
    }
}
