//! Catalog files that are followed: read when they change, and only as they are at rest.
//!
//! ```text
//!  system's notices ─ eyes ─▶ burst over? ─ debounce ─▶ look ─ another than before? ─▶ Follower::changed ends
//!                      ▲                                                                       │
//!                      └── interest: which folders ◀── look, read, look again: the same? ◀─────┘ Follower::read
//! ```
//!
//! What removes nothing wrongly is not the notices but the looks. A read counts if the files, as each was when it was
//! opened, look the same some time later: a checkout, a copy or an editor in the midst of its work makes another look,
//! and the read is made again. Notices only say when to look, so losing one costs time and nothing else; a file system
//! that gives none, as one over the network, is read by the interval alone.

mod debounce;
mod eyes;
mod interest;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::{JoinError, spawn_blocking};
use tokio::time::{sleep, sleep_until};
use topology::fact::CatalogGeneration;
use topology::label_map::LabelMap;

use self::debounce::Burst;
use self::eyes::{Eyes, Stirred};
use self::interest::Interests;
use crate::files::{Inputs, Look, read_inputs};

/// How long files that changed have to look the same before what was read of them counts.
pub const SETTLING: Duration = Duration::from_millis(300);
/// Bound on the reads of files that go on changing; the time between them doubles.
pub const MAX_READS: u32 = 5;
/// Bound on the folders that come to be watched while it is looked at them.
const MAX_TURNS: u32 = 8;

/// Why what was read does not count.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError {
    /// The files went on changing.
    #[error("`{}` went on changing while it was read {MAX_READS} times", path.display())]
    Unsettled {
        /// One that did.
        path: PathBuf,
    },
    /// `git` has not ended what it does.
    #[error("`git` went on working in the folder while it was read {MAX_READS} times")]
    GitAtWork,
    /// The read did not end.
    #[error("reading did not finish")]
    Unfinished(#[source] JoinError),
}

/// Follows the files of one catalog.
#[derive(Debug)]
pub struct Follower {
    paths: Arc<[PathBuf]>,
    /// Used by one blocking task at a time.
    sight: Arc<Mutex<Sight>>,
    stirred: Stirred,
    /// The last read ended because the files went on changing.
    unsettled: bool,
}

#[derive(Debug)]
struct Sight {
    eyes: Eyes,
    /// How the files looked in the last read that counts.
    last: Option<Look>,
}

impl Follower {
    /// Follows these files, folders or patterns. Nothing is looked at before the first read.
    pub fn new(paths: Vec<PathBuf>) -> Self {
        let eyes = Eyes::of(&paths);
        Self {
            paths: paths.into(),
            stirred: eyes.stirred(),
            sight: Arc::new(Mutex::new(Sight { eyes, last: None })),
            unsettled: false,
        }
    }

    /// Reads all of the files as [`files::read`](crate::files::read) does, once they are at rest.
    ///
    /// # Errors
    /// When they do not come to rest; they are then to be read again later, and what is known stays (S22).
    pub async fn read(&mut self, map: &LabelMap) -> Result<CatalogGeneration, FollowError> {
        let mut settling = SETTLING;
        let mut reads = 0;
        self.unsettled = false;
        loop {
            let begun = Instant::now();
            let map = map.clone();
            let (generation, look, known) = self
                .blocking(move |sight, paths| sight.read(paths, &map))
                .await?;
            // What looks as it did when it was found to be at rest need not be waited for.
            if !known {
                sleep(settling.saturating_sub(begun.elapsed())).await;
            }
            let reached = look.reached.clone();
            let after = self
                .blocking(move |sight, paths| sight.look(paths, &reached))
                .await?;
            if after == look && !after.git_at_work {
                self.blocking(move |sight, _| sight.last = Some(after))
                    .await?;
                return Ok(generation);
            }
            reads += 1;
            if reads == MAX_READS {
                self.blocking(|sight, _| sight.last = None).await?;
                self.unsettled = true;
                return Err(match look.difference(&after) {
                    Some(path) => FollowError::Unsettled {
                        path: path.to_owned(),
                    },
                    None => FollowError::GitAtWork,
                });
            }
            settling *= 2;
        }
    }

    /// Waits until the files look otherwise than in the last read that counts. Where changes cannot be watched for, it
    /// never ends.
    ///
    /// It may be given up at any moment: what changed is seen by the next read.
    ///
    /// # Errors
    /// As [`Self::read`] does, when looking did not end.
    pub async fn changed(&mut self) -> Result<(), FollowError> {
        loop {
            self.stirred.next().await;
            let mut burst = Burst::begun(Instant::now());
            loop {
                // Files that are always written to would else be read all the time.
                let due = if self.unsettled {
                    burst.over()
                } else {
                    burst.due()
                };
                tokio::select! {
                    () = sleep_until(due.into()) => break,
                    () = self.stirred.next() => burst = burst.goes_on(Instant::now()),
                }
            }
            if self.blocking(Sight::has_changed).await? {
                return Ok(());
            }
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Sight, &[PathBuf]) -> T + Send + 'static,
    ) -> Result<T, FollowError> {
        let (sight, paths) = (Arc::clone(&self.sight), Arc::clone(&self.paths));
        let done = spawn_blocking(move || {
            let mut sight = sight.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut sight, &paths)
        });
        done.await.map_err(FollowError::Unfinished)
    }
}

impl Sight {
    /// What is read, in which state each file was when it was, and whether that is how it looked at rest.
    fn read(&mut self, paths: &[PathBuf], map: &LabelMap) -> (CatalogGeneration, Look, bool) {
        let inputs = Inputs::resolve(paths);
        let reached = self.reached();
        let unread = inputs
            .files
            .keys()
            .chain(&reached)
            .map(|path| (path.clone(), None));
        let listed = Look::with(&inputs, unread.collect(), reached.clone());
        // What changes from here on is seen: by a notice, or by another look.
        self.eyes.turn_to(&Interests::of(paths, &listed));
        let (generation, look) = read_inputs(paths, inputs, map, &mut |_| {});
        let known = self.last.as_ref() == Some(&look);
        (generation, look, known)
    }

    /// The files that Locations led to.
    fn reached(&self) -> BTreeSet<PathBuf> {
        let last = self.last.as_ref();
        last.map(|look| look.reached.clone()).unwrap_or_default()
    }

    fn look(&mut self, paths: &[PathBuf], reached: &BTreeSet<PathBuf>) -> Look {
        let mut look = Look::at(paths, reached);
        for _ in 0..MAX_TURNS {
            if !self.eyes.turn_to(&Interests::of(paths, &look)) {
                break;
            }
            look = Look::at(paths, reached);
        }
        look
    }

    fn has_changed(&mut self, paths: &[PathBuf]) -> bool {
        let look = self.look(paths, &self.reached());
        self.last != Some(look)
    }
}
