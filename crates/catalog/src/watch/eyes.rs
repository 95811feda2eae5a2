//! The edge to the system's notices of changes (inotify and its like), by the crate `notify`.
//!
//! It owns which folders are watched at a time, and what is said where they cannot be. It must not know what is read:
//! a notice says that something stirred, and looking at the files says what.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify::event::{EventKind, Flag, ModifyKind};
use notify::{ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use super::interest::Interests;

/// The error of a system whose process may open no more files, or that gives out no more instances of inotify.
const EMFILE: i32 = 24;

/// Shared with the thread that the notices come on.
#[derive(Debug, Default)]
struct Shared {
    interests: Mutex<Interests>,
    /// Watches that have ended, because what was watched is gone from there.
    ended: Mutex<Ended>,
    stirred: Notify,
}

#[derive(Debug, Default)]
struct Ended {
    folders: BTreeSet<PathBuf>,
    /// Notices were lost, so it may be any.
    any: bool,
}

/// What looks out for changes.
#[derive(Debug)]
pub(super) struct Eyes {
    /// What is looked out for, to be named to a person.
    name: String,
    /// None where the system gives none.
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
    shared: Arc<Shared>,
    /// What was said of why not everything is watched, so that it is said once.
    told: Option<String>,
}

/// Waits for what the eyes see.
#[derive(Clone, Debug)]
pub(super) struct Stirred(Arc<Shared>);

impl Stirred {
    /// Waits until something has stirred since this ended last.
    pub(super) async fn next(&self) {
        self.0.stirred.notified().await;
    }
}

impl Eyes {
    /// Eyes that are closed still, for what these paths lead to.
    pub(super) fn of(paths: &[PathBuf]) -> Self {
        let first = paths.first().map(|path| path.display().to_string());
        Self {
            name: first.unwrap_or_default(),
            watcher: None,
            watched: BTreeSet::new(),
            shared: Arc::default(),
            told: None,
        }
    }

    pub(super) fn stirred(&self) -> Stirred {
        Stirred(Arc::clone(&self.shared))
    }

    /// Watches these folders, and no others. Whether one of them was not watched before: what happened in it until now
    /// went unseen.
    pub(super) fn turn_to(&mut self, interests: &Interests) -> bool {
        lock(&self.shared.interests).clone_from(interests);
        match self.watch(interests) {
            Ok(new) => {
                if self.told.take().is_some() {
                    tracing::info!("`{}` is watched again", self.name);
                }
                new
            }
            Err(blind) => {
                if self.told.as_ref() != Some(&blind) {
                    tracing::warn!(
                        "`{}` cannot be watched, and is read by the interval alone: {blind}",
                        self.name
                    );
                }
                self.told = Some(blind);
                false
            }
        }
    }

    fn watch(&mut self, interests: &Interests) -> Result<bool, String> {
        let watcher = match &mut self.watcher {
            Some(watcher) => watcher,
            None => self.watcher.insert(watcher(&self.shared).map_err(blind)?),
        };
        let ended = std::mem::take(&mut *lock(&self.shared.ended));
        self.watched.retain(|folder| {
            !ended.any && !folder.ancestors().any(|at| ended.folders.contains(at))
        });
        let wanted: BTreeSet<&Path> = interests.folders().collect();
        let mut paths = watcher.paths_mut();
        let dropped: Vec<PathBuf> = self
            .watched
            .iter()
            .filter(|folder| !wanted.contains(folder.as_path()))
            .cloned()
            .collect();
        for folder in dropped {
            // The watch of a folder that is gone has ended by itself.
            let _ = paths.remove(&folder);
            self.watched.remove(&folder);
        }
        let mut new = false;
        let mut failed = None;
        for folder in wanted {
            if self.watched.contains(folder) {
                continue;
            }
            match paths.add(folder, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    new = true;
                    self.watched.insert(folder.to_owned());
                }
                // It has gone meanwhile, or may not be read, which the read itself says.
                Err(error) if is_about_the_folder(&error) => {}
                Err(error) => {
                    failed = Some(blind(error));
                    break;
                }
            }
        }
        let committed = paths.commit().map_err(blind);
        match failed.map_or(committed, Err) {
            Ok(()) => Ok(new),
            Err(blind) => {
                // What was got is given back: others need it, and half of a watch is none.
                self.watcher = None;
                self.watched.clear();
                Err(blind)
            }
        }
    }
}

fn watcher(shared: &Arc<Shared>) -> notify::Result<RecommendedWatcher> {
    let shared = Arc::clone(shared);
    notify::recommended_watcher(move |event: notify::Result<Event>| shared.take(event))
}

impl Shared {
    fn take(&self, event: notify::Result<Event>) {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                tracing::debug!(%error, "a notice of changes failed");
                lock(&self.ended).any = true;
                self.stirred.notify_one();
                return;
            }
        };
        // Reading a file is no change; what is written is told as a change before it is told as closed.
        if matches!(event.kind, EventKind::Access(_)) {
            return;
        }
        let lost = event.flag() == Some(Flag::Rescan);
        let concerned: Vec<&PathBuf> = {
            let interests = lock(&self.interests);
            let paths = event.paths.iter();
            paths.filter(|path| interests.concern(path)).collect()
        };
        if concerned.is_empty() && !lost {
            return;
        }
        let gone = matches!(
            event.kind,
            EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
        );
        if lost || gone {
            let mut ended = lock(&self.ended);
            ended.any |= lost;
            ended.folders.extend(concerned.into_iter().cloned());
        }
        self.stirred.notify_one();
    }
}

fn is_about_the_folder(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound | ErrorKind::WatchNotFound => true,
        ErrorKind::Io(error) => matches!(
            error.kind(),
            io::ErrorKind::NotFound
                | io::ErrorKind::PermissionDenied
                | io::ErrorKind::NotADirectory
        ),
        _ => false,
    }
}

/// Why changes cannot be watched for, and what to do.
fn blind(mut error: notify::Error) -> String {
    // The folder at which a limit shows is another one every time.
    error.paths.clear();
    let remedy = match &error.kind {
        ErrorKind::MaxFilesWatch => {
            "\nhint: the system's limit is reached; `sysctl fs.inotify.max_user_watches=524288` raises it"
        }
        ErrorKind::Io(error) if error.raw_os_error() == Some(EMFILE) => {
            "\nhint: `sysctl fs.inotify.max_user_instances=1024` raises the limit of the system, `ulimit -n` that of the process"
        }
        _ => "",
    };
    format!("{error}{remedy}")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_told_with_the_setting_that_raises_it() {
        let instances = io::Error::from_raw_os_error(EMFILE);
        let table = [
            (
                notify::Error::new(ErrorKind::MaxFilesWatch),
                "fs.inotify.max_user_watches",
            ),
            (
                notify::Error::io(instances),
                "fs.inotify.max_user_instances",
            ),
            (notify::Error::generic("no such thing"), "no such thing"),
        ];
        for (error, expected) in table {
            let told = blind(error);
            assert!(told.contains(expected), "{told}");
        }
    }
}
