//! Endless watching, one task per kind.
//!
//! ```text
//!           ┌──────────────── 410, or the watch keeps failing ◀───────────────┐
//!           ▼                                                                  │
//!  list all pages ──▶ Restarted ──▶ watch from its version ──▶ Applied/Deleted ┤
//!     ▲     │ fails                      ▲     ends in time, or is cut │       │
//!     │     ▼                            └──────── same version ◀──────┘       │
//!     └── Failed, Forbidden, NotServed; pause
//! ```
//!
//! kube's own watcher is not used: its retries start over at every attempt to list, so that a refused kind is asked for
//! every second for ever, and it has no time limit on lists.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use kube::api::{WatchEvent, WatchParams};
use kube::core::Request;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use topology::fact::{Fault, ObjectFact, ObjectKey, ObjectKind};

use super::Pace;
use super::backoff::Backoff;
use super::connect::ApiServer;
use super::list::{List, list_served, placed};
use super::request::{Asked, RequestError};
use crate::kinds::{Resource, SERVED, Served};
use crate::reduce::reduce;
use crate::wire::object::Object;

/// Kinds that are listed at the same time: the pages in flight are the peak of memory.
const LISTS_AT_ONCE: usize = 2;
/// After so many failures in a row a watch is given up and the kind is listed again.
const MAX_WATCH_FAILURES: u32 = 5;
/// The server ends a watch on time; if it is this late, the connection is dead.
pub(super) const WATCH_MARGIN: Duration = Duration::from_secs(10);
/// No server is obeyed that asks to be left alone for longer.
pub(super) const MAX_RETRY_AFTER: Duration = Duration::from_mins(5);

/// What a watched cluster says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// All objects of one kind. What was known of the kind and is not among them is gone.
    Restarted {
        /// The kind.
        kind: ObjectKind,
        /// Every object of it.
        objects: Vec<ObjectFact>,
        /// What could not be used.
        faults: Vec<Fault>,
    },
    /// An object is new or has changed.
    Applied(Box<ObjectFact>),
    /// An object is gone.
    Deleted(ObjectKey),
    /// A part of a changed object could not be used.
    Faulty {
        /// The kind.
        kind: ObjectKind,
        /// What could not be used.
        faults: Vec<Fault>,
    },
    /// Reading the kind failed; what is known of it stays, and gets old.
    Failed {
        /// The kind.
        kind: ObjectKind,
        /// Why.
        error: String,
        /// What to do about it.
        hint: Option<String>,
        /// When it is tried again.
        retry_in: Duration,
    },
    /// This user may not read the kind. What is known of it stays.
    Forbidden {
        /// The kind.
        kind: ObjectKind,
        /// Why.
        error: String,
        /// The command that grants it.
        hint: Option<String>,
        /// When it is tried again.
        retry_in: Duration,
    },
    /// The API server does not have the kind, nor what stands in for it.
    NotServed {
        /// The kind.
        kind: ObjectKind,
        /// When it is tried again.
        retry_in: Duration,
    },
}

/// Watches every kind until the receiver of the updates is dropped (or this future is). Slow receivers slow the watches
/// down, they lose nothing. `seed` decides the jitter of the pauses.
pub async fn watch(server: ApiServer, pace: Pace, seed: u64, updates: mpsc::Sender<Update>) {
    let lists = Arc::new(Semaphore::new(LISTS_AT_ONCE));
    let mut tasks = JoinSet::new();
    for (index, served) in (0..).zip(SERVED) {
        let mut follower = Follower {
            server: server.clone(),
            served,
            pace,
            backoff: Backoff::new(
                pace.first_retry,
                pace.longest_retry,
                seed.wrapping_add(index),
            ),
            lists: Arc::clone(&lists),
            updates: updates.clone(),
        };
        tasks.spawn(async move { follower.follow().await });
    }
    updates.closed().await;
    tasks.shutdown().await;
}

/// Nobody listens any more.
struct Closed;

struct Follower {
    server: ApiServer,
    served: Served,
    pace: Pace,
    backoff: Backoff,
    lists: Arc<Semaphore>,
    updates: mpsc::Sender<Update>,
}

/// How a watch request came to its end.
enum End {
    /// On time, or cut off without a word: it goes on from the last version.
    Over,
    /// The version is too old.
    Expired,
    Failed(RequestError),
    Closed,
}

impl Follower {
    async fn follow(&mut self) -> Result<(), Closed> {
        let mut current = None;
        loop {
            match self.list().await {
                Ok((resource, list)) => {
                    self.backoff.reset();
                    let version = list.version.clone();
                    self.restarted(current.replace(resource), resource, list)
                        .await?;
                    self.watch_from(resource, version).await?;
                }
                Err(error) => {
                    let kind = current.unwrap_or(self.served.preferred).kind;
                    self.report(kind, error).await?;
                }
            }
        }
    }

    async fn list(&self) -> Result<(Resource, List), RequestError> {
        // A closed semaphore cannot be: it lives as long as the followers.
        let _turn = self.lists.acquire().await;
        list_served(&self.server, self.served, &self.pace).await
    }

    async fn send(&self, update: Update) -> Result<(), Closed> {
        self.updates.send(update).await.map_err(|_| Closed)
    }

    async fn restarted(
        &self,
        before: Option<Resource>,
        resource: Resource,
        list: List,
    ) -> Result<(), Closed> {
        if let Some(before) = before.filter(|before| before.kind != resource.kind) {
            // Another kind stands in now; nothing will be heard of the former.
            self.send(Update::Restarted {
                kind: before.kind,
                objects: Vec::new(),
                faults: Vec::new(),
            })
            .await?;
        }
        self.send(Update::Restarted {
            kind: resource.kind,
            objects: list.objects,
            faults: list.faults,
        })
        .await
    }

    /// Tells of a failure and waits.
    async fn report(&mut self, kind: ObjectKind, error: RequestError) -> Result<(), Closed> {
        let pause = match &error {
            RequestError::Forbidden { .. } | RequestError::NotServed { .. } => {
                self.backoff.jittered(self.pace.refused_retry)
            }
            _ => {
                let asked = error.retry_after().unwrap_or_default().min(MAX_RETRY_AFTER);
                self.backoff.after_failure().max(asked)
            }
        };
        let hint = error.hint();
        let update = match &error {
            RequestError::NotServed { .. } => Update::NotServed {
                kind,
                retry_in: pause,
            },
            RequestError::Forbidden { .. } => Update::Forbidden {
                kind,
                error: error.to_string(),
                hint,
                retry_in: pause,
            },
            _ => Update::Failed {
                kind,
                error: error.to_string(),
                hint,
                retry_in: pause,
            },
        };
        tracing::debug!(kind = kind.as_str(), %error, ?pause, "reading failed");
        self.send(update).await?;
        sleep(pause).await;
        Ok(())
    }

    /// Watches until the kind has to be listed again.
    async fn watch_from(&mut self, resource: Resource, mut version: String) -> Result<(), Closed> {
        let mut failures = 0;
        loop {
            let before = version.clone();
            let end = self.watch_once(&resource, &mut version).await;
            if version != before {
                failures = 0;
                self.backoff.reset();
            }
            match end {
                End::Closed => return Err(Closed),
                End::Over if version != before => {}
                // A watch that brought nothing: on time, or ended at once by something between. Do not ask in a rush.
                End::Over => sleep(self.backoff.jittered(self.pace.first_retry)).await,
                End::Expired => {
                    // All watchers of a restarted server learn this in the same moment.
                    sleep(self.backoff.jittered(self.pace.first_retry)).await;
                    return Ok(());
                }
                End::Failed(error) => {
                    failures += 1;
                    self.report(resource.kind, error).await?;
                    if failures >= MAX_WATCH_FAILURES {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// One watch request; keeps `version` at the last one seen.
    async fn watch_once(&self, resource: &Resource, version: &mut String) -> End {
        let failed = |error: kube::Error| match RequestError::from_kube(
            Asked::new(&self.server, resource),
            &error,
        ) {
            RequestError::Expired { .. } => End::Expired,
            error => End::Failed(error),
        };
        let seconds = u32::try_from(self.pace.watch_timeout.as_secs()).unwrap_or(u32::MAX);
        let params = WatchParams::default().timeout(seconds.max(1));
        let request = match Request::new(resource.path()).watch(&params, version) {
            Ok(request) => request,
            Err(error) => return failed(kube::Error::BuildRequest(error)),
        };
        let late = |after| {
            let asked = Asked::new(&self.server, resource);
            End::Failed(RequestError::TimedOut { asked, after })
        };
        let started = timeout(
            self.pace.answer_timeout,
            self.server.client.request_events::<Object>(request),
        )
        .await;
        let mut events = match started {
            Ok(Ok(events)) => events.boxed(),
            Ok(Err(error)) => return failed(error),
            Err(_) => return late(self.pace.answer_timeout),
        };
        let silence = self.pace.watch_timeout + WATCH_MARGIN;
        loop {
            let event = match timeout(silence, events.next()).await {
                Ok(Some(Ok(event))) => event,
                Ok(Some(Err(error))) => return failed(error),
                Ok(None) => return End::Over,
                Err(_) => return late(silence),
            };
            let (object, deleted) = match event {
                WatchEvent::Added(object) | WatchEvent::Modified(object) => (object, false),
                WatchEvent::Deleted(object) => (object, true),
                WatchEvent::Bookmark(bookmark) => {
                    *version = bookmark.metadata.resource_version;
                    continue;
                }
                WatchEvent::Error(status) => {
                    return match RequestError::from_status(
                        Asked::new(&self.server, resource),
                        &status,
                    ) {
                        RequestError::Expired { .. } => End::Expired,
                        error => End::Failed(error),
                    };
                }
            };
            let seen = object
                .metadata
                .as_ref()
                .and_then(|metadata| metadata.resource_version.as_ref())
                .map(ToString::to_string);
            if self.changed(resource.kind, object, deleted).await.is_err() {
                return End::Closed;
            }
            if let Some(seen) = seen {
                *version = seen;
            }
        }
    }

    async fn changed(&self, kind: ObjectKind, object: Object, deleted: bool) -> Result<(), Closed> {
        let mut faults = Vec::new();
        let fact = reduce(kind, object, &mut faults);
        if !faults.is_empty() && !deleted {
            let faults = faults
                .into_iter()
                .map(|fault| placed(&self.server, fault))
                .collect();
            self.send(Update::Faulty { kind, faults }).await?;
        }
        match fact {
            Some(fact) if deleted => self.send(Update::Deleted(fact.key())).await,
            Some(fact) => self.send(Update::Applied(Box::new(fact))).await,
            None => Ok(()),
        }
    }
}
