//! Real Backstages for the contract tests, installed once into the cache and reused by every checkout.
//!
//! ```text
//!  tests/backstage/versions/<version>/package-lock.json ─┐
//!  what this module does with it (RECIPE) ───────────────┴─ hash ─▶ <cache>/backstage/<version>-<hash>/
//! ```
//!
//! An installation is whole or absent: it is made beside its place and renamed. Whoever makes or removes one holds its
//! lock file alone, and whoever uses one holds it together with others, so that runs side by side do not disturb each
//! other. It must not know how a Backstage is started; that is the testbed's.

mod node;

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail};
use xxhash_rust::xxh3::Xxh3;

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

/// An installation that no run has used for so long is removed; until then another branch may come back to it.
const KEPT_UNUSED: Duration = Duration::from_hours(7 * 24);

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
    let kept: Vec<&Installation> = versions.iter().chain([&native]).collect();
    sweep(&root, &kept, SystemTime::now())?;
    Ok(Backstages {
        folders: versions
            .iter()
            .map(|version| version.folder.clone())
            .collect(),
        _in_use: locks,
    })
}

/// One folder of the cache, and what goes into it.
#[derive(Debug)]
struct Installation {
    /// What it is called in messages.
    title: String,
    /// `package.json` and `package-lock.json`.
    manifests: PathBuf,
    folder: PathBuf,
}

impl Installation {
    fn native(root: &Path, node: &Node) -> Result<Self> {
        Self::new(root, NATIVE, "SQLite for Backstage", &node.binary_interface)
    }

    fn backstage(root: &Path, version: &str, native: &Self) -> Result<Self> {
        // It leads to the native module, so that a new one of that makes a new one of this.
        let title = format!("Backstage {version}");
        Self::new(root, version, &title, &native.name())
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
            title: title.to_owned(),
            manifests,
            folder: root.join(format!("{name}-{:016x}", hash.digest())),
        })
    }

    /// The name of its folder.
    fn name(&self) -> String {
        let name = self.folder.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    fn lock_path(&self) -> PathBuf {
        beside(&self.folder, "lock")
    }

    /// Makes the installation unless it is there, and gives the lock that keeps it from being removed.
    fn in_use(&self, make: impl Fn(&Path) -> Result<()>) -> Result<File> {
        let path = self.lock_path();
        let lock = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .with_context(|| format!("cannot open `{}`", path.display()))?;
        loop {
            lock.lock_shared().context("cannot lock the cache")?;
            if self.folder.is_dir() {
                // The time of the lock file says when the installation was last of use.
                lock.set_modified(SystemTime::now())
                    .context("cannot mark the cache as used")?;
                return Ok(lock);
            }
            lock.unlock().context("cannot unlock the cache")?;
            self.make_alone(&lock, &make)?;
        }
    }

    fn make_alone(&self, lock: &File, make: impl Fn(&Path) -> Result<()>) -> Result<()> {
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                report::note(format_args!(
                    "waiting for another run, which installs {}",
                    self.title
                ));
                lock.lock().context("cannot lock the cache")?;
            }
            Err(TryLockError::Error(fault)) => return Err(fault).context("cannot lock the cache"),
        }
        let outcome = if self.folder.is_dir() {
            Ok(())
        } else {
            self.make(make)
        };
        lock.unlock().context("cannot unlock the cache")?;
        outcome
    }

    fn make(&self, make: impl Fn(&Path) -> Result<()>) -> Result<()> {
        let started = Instant::now();
        report::note(format_args!(
            "installing {} into {} (once, some minutes)",
            self.title,
            self.folder.display()
        ));
        let unfinished = beside(&self.folder, "unfinished");
        remove(&unfinished)?;
        fs::create_dir_all(&unfinished)
            .with_context(|| format!("cannot create `{}`", unfinished.display()))?;
        for file in MANIFESTS {
            fs::copy(self.manifests.join(file), unfinished.join(file))
                .with_context(|| format!("cannot copy `{file}`"))?;
        }
        make(&unfinished).with_context(|| format!("cannot install {}", self.title))?;
        fs::rename(&unfinished, &self.folder)
            .with_context(|| format!("cannot rename `{}`", unfinished.display()))?;
        report::note(format_args!(
            "installed {} in {:.0} s",
            self.title,
            started.elapsed().as_secs_f64()
        ));
        Ok(())
    }
}

/// What npm installs from.
const MANIFESTS: [&str; 2] = ["package.json", "package-lock.json"];

/// `<folder>.<extension>`; a version has dots of its own, so that `with_extension` would cut it.
fn beside(folder: &Path, extension: &str) -> PathBuf {
    let mut path = folder.as_os_str().to_owned();
    path.push(".");
    path.push(extension);
    path.into()
}

fn download(folder: &Path, native: &Installation) -> Result<()> {
    packages(folder)?;
    let link = folder.join("node_modules/better-sqlite3");
    remove(&link)?;
    // From where the link stands, so that a cache that is moved or restored elsewhere goes on working.
    let beside = Path::new("../..").join(native.name());
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

/// Removes what no run has used for long and none uses now.
fn sweep(root: &Path, kept: &[&Installation], now: SystemTime) -> Result<()> {
    let entries =
        fs::read_dir(root).with_context(|| format!("cannot read `{}`", root.display()))?;
    for entry in entries {
        let path = entry.context("cannot read the cache")?.path();
        let Some(folder) = path
            .to_str()
            .and_then(|path| path.strip_suffix(".lock"))
            .map(PathBuf::from)
        else {
            continue;
        };
        let unfinished = beside(&folder, "unfinished");
        if kept.iter().any(|kept| kept.folder == folder)
            || !(folder.exists() || unfinished.exists())
        {
            continue;
        }
        let lock = File::options()
            .append(true)
            .open(&path)
            .with_context(|| format!("cannot open `{}`", path.display()))?;
        let used = lock.metadata().and_then(|metadata| metadata.modified());
        let used = used.context("cannot read when the cache was used")?;
        let unused = now.duration_since(used).unwrap_or_default();
        // The lock file stays: whoever waits for it must be waiting for the one that others will open.
        if unused > KEPT_UNUSED && lock.try_lock().is_ok() {
            report::note(format_args!(
                "removing {}, unused for long",
                folder.display()
            ));
            remove(&folder)?;
            remove(&unfinished)?;
        }
    }
    Ok(())
}

/// Removes a folder, or a link to one, where it is.
fn remove(path: &Path) -> Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => return Ok(()),
    };
    removed.with_context(|| format!("cannot remove `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installation(root: &Path, name: &str) -> Installation {
        let manifests = root.join("manifests");
        fs::create_dir_all(&manifests).expect("a folder");
        for file in MANIFESTS {
            fs::write(manifests.join(file), "{}").expect("a file");
        }
        Installation {
            title: name.to_owned(),
            manifests,
            folder: root.join(name),
        }
    }

    #[test]
    fn an_installation_is_made_once_and_whole() {
        let root = tempfile::tempdir().expect("a folder");
        let one = installation(root.path(), "1.11-abc");
        let fault = one
            .in_use(|folder| {
                fs::write(folder.join("half"), "")?;
                bail!("no network")
            })
            .expect_err("it cannot be made");
        assert_eq!(format!("{fault:#}"), "cannot install 1.11-abc: no network");
        assert!(!one.folder.exists());
        let made = |folder: &Path| Ok(fs::write(folder.join("whole"), "")?);
        drop(one.in_use(made).expect("is made"));
        assert!(one.folder.join("whole").is_file() && !one.folder.join("half").exists());
        one.in_use(|_| bail!("made again")).expect("is there");
    }

    #[test]
    fn two_runs_make_one_installation() {
        let root = tempfile::tempdir().expect("a folder");
        let one = installation(root.path(), "1.11-abc");
        let made = std::sync::atomic::AtomicU32::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    one.in_use(|_| {
                        made.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                        Ok(())
                    })
                    .expect("is made or there")
                });
            }
        });
        assert_eq!(made.into_inner(), 1);
    }

    #[test]
    fn only_what_is_old_and_not_in_use_is_removed() {
        let root = tempfile::tempdir().expect("a folder");
        let names = ["kept", "old", "used", "fresh"];
        let [kept, old, used, fresh] = names.map(|name| installation(root.path(), name));
        for one in [&kept, &old, &used, &fresh] {
            drop(one.in_use(|_| Ok(())).expect("is made"));
        }
        let in_use = used.in_use(|_| bail!("is there")).expect("is there");
        let later = SystemTime::now() + KEPT_UNUSED + Duration::from_hours(1);
        for one in [&kept, &fresh] {
            let lock = File::options().append(true).open(one.lock_path());
            let time = if one.title == "fresh" {
                later
            } else {
                SystemTime::now()
            };
            lock.expect("a lock").set_modified(time).expect("a time");
        }
        sweep(root.path(), &[&kept], later).expect("a sweep");
        assert!(kept.folder.exists() && used.folder.exists() && fresh.folder.exists());
        assert!(!old.folder.exists());
        drop(in_use);
    }

    #[test]
    fn every_version_has_its_manifests_without_download_addresses() {
        let root = Path::new("cache");
        for name in VERSIONS.iter().chain([&NATIVE]) {
            let one = Installation::new(root, name, name, "").expect("manifests");
            assert!(one.folder.starts_with(root));
            let text = fs::read_to_string(one.manifests.join("package-lock.json")).expect("a lock");
            assert!(
                !text.contains("\"resolved\""),
                "{name}: npm shall ask its own registry"
            );
        }
    }
}
