//! Folders of the cache that are made once and used by every checkout.
//!
//! A folder is whole or absent: it is made beside its place and renamed. Whoever makes or removes one holds its lock file
//! alone, and whoever uses one holds it together with others, so that runs side by side do not disturb each other. It must
//! not know what is in the folders; whoever asks for one says how it is made.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};

use crate::report;

/// A folder that no run has used for so long is removed; until then another branch may come back to it.
const KEPT_UNUSED: Duration = Duration::from_hours(7 * 24);

/// One folder of the cache.
#[derive(Debug)]
pub(crate) struct Cached {
    /// What it is called in messages.
    title: String,
    folder: PathBuf,
}

/// A folder of the cache that stays where it is while this value lives.
#[derive(Debug)]
pub(crate) struct InUse {
    /// Its place.
    pub(crate) folder: OsString,
    /// A lock ends with the file it is on.
    pub(crate) _lock: File,
}

impl Cached {
    /// The folder at this place, whose name has to change with whatever its content follows from.
    pub(crate) fn new(title: impl Into<String>, folder: PathBuf) -> Self {
        Self {
            title: title.into(),
            folder,
        }
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its name, without the way to it.
    pub(crate) fn name(&self) -> String {
        let name = self.folder.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    fn lock_path(&self) -> PathBuf {
        beside(&self.folder, "lock")
    }

    /// Makes the folder unless it is there, and gives the lock that keeps it from being removed.
    pub(crate) fn in_use(&self, make: impl Fn(&Path) -> Result<()>) -> Result<File> {
        let path = self.lock_path();
        let lock = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .with_context(|| format!("cannot open `{}`", path.display()))?;
        loop {
            lock.lock_shared().context("cannot lock the cache")?;
            if self.folder.is_dir() {
                // The time of the lock file says when the folder was last of use.
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

/// `<folder>.<extension>`; a version has dots of its own, so that `with_extension` would cut it.
fn beside(folder: &Path, extension: &str) -> PathBuf {
    let mut path = folder.as_os_str().to_owned();
    path.push(".");
    path.push(extension);
    path.into()
}

/// Removes what no run has used for long and none uses now.
pub(crate) fn sweep(root: &Path, kept: &[&Cached], now: SystemTime) -> Result<()> {
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
pub(crate) fn remove(path: &Path) -> Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => return Ok(()),
    };
    removed.with_context(|| format!("cannot remove `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use std::thread;

    use anyhow::bail;

    use super::*;

    fn installation(root: &Path, name: &str) -> Cached {
        Cached::new(name, root.join(name))
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
}
