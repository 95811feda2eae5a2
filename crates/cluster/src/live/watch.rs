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
//! Where namespaces are read one by one, a kind is whole once each of them was listed, and only then does a list remove
//! anything (S22). While one of them fails, the others are watched, and what they have is told as it changes.
//!
//! kube's own watcher is not used: its retries start over at every attempt to list, so that a refused kind is asked for
//! every second for ever, and it has no time limit on lists.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::future::Either;
use futures::stream::FuturesUnordered;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::sleep;
use topology::fact::ObjectKind;
use topology::packed::PackedObjects;

use super::Pace;
use super::backoff::Backoff;
use super::connect::ApiServer;
use super::list::{How, List, given, list_served};
use super::namespaces::Part;
use super::part::{Closed, Reader};
use super::request::RequestError;
use super::stream::is_of_streaming;
use super::update::Update;
use crate::kinds::{Resource, SERVED, Served};

/// Kinds that are listed at the same time: the pages in flight are the peak of memory.
const LISTS_AT_ONCE: usize = 2;

/// Watches every kind until the receiver of the updates is dropped (or this future is). Slow receivers slow the watches
/// down, they lose nothing. `seed` decides the jitter of the pauses.
pub async fn watch(server: ApiServer, pace: Pace, seed: u64, updates: mpsc::Sender<Update>) {
    let lists = Arc::new(Semaphore::new(LISTS_AT_ONCE));
    let mut tasks = JoinSet::new();
    for (index, served) in (0..).zip(SERVED) {
        let seed = seed.wrapping_add(index);
        let mut follower = Follower {
            reader: Reader {
                server: server.clone(),
                pace,
                updates: updates.clone(),
            },
            served,
            seed,
            backoff: Backoff::new(pace.first_retry, pace.longest_retry, seed),
            lists: Arc::clone(&lists),
            how: How::Stream,
        };
        tasks.spawn(async move { follower.follow().await });
    }
    updates.closed().await;
    tasks.shutdown().await;
}

/// Follows one kind.
struct Follower {
    reader: Reader,
    served: Served,
    seed: u64,
    backoff: Backoff,
    lists: Arc<Semaphore>,
    /// Streams, until the server turns out to be unable to.
    how: How,
}

/// What the lists of all parts came to.
struct Lists {
    /// The form of the kind that is served, if any part could be listed.
    resource: Option<Resource>,
    listed: Vec<(Part, List)>,
    failed: Vec<(Part, RequestError)>,
}

impl Follower {
    async fn follow(&mut self) -> Result<(), Closed> {
        let mut current: Option<Resource> = None;
        loop {
            let Lists {
                resource,
                listed,
                failed,
            } = self.list_all().await;
            let Some(resource) = resource else {
                let kind = current.unwrap_or(self.served.preferred).kind;
                self.nothing(kind, failed).await?;
                continue;
            };
            let before = current.replace(resource);
            let mut versions = Vec::new();
            let mut lists = Vec::new();
            for (part, list) in listed {
                versions.push((part, list.version.clone()));
                lists.push(list);
            }
            if failed.is_empty() {
                self.backoff.reset();
                self.restarted(before, resource, lists).await?;
            } else {
                self.changed(resource, lists).await?;
            }
            self.attend(resource, versions, failed).await?;
        }
    }

    /// Lists the parts one after the other. What fails for all of them is not asked for again and again.
    async fn list_all(&mut self) -> Lists {
        let mut lists = Lists {
            resource: None,
            listed: Vec::new(),
            failed: Vec::new(),
        };
        for part in self.reader.server.namespaces.parts(&self.served.preferred) {
            match self.list(&part).await {
                // A server that changes its mind about the form in between is asked again.
                Ok((resource, _)) if lists.resource.is_some_and(|first| first != resource) => {
                    lists.resource = None;
                    break;
                }
                Ok((resource, list)) => {
                    lists.resource = Some(resource);
                    lists.listed.push((part, list));
                }
                Err(error) if error.of_server() => {
                    lists.resource = None;
                    lists.failed = vec![(None, error)];
                    break;
                }
                Err(error) => lists.failed.push((part, error)),
            }
        }
        lists
    }

    async fn list(&mut self, part: &Part) -> Result<(Resource, List), RequestError> {
        // A closed semaphore cannot be: it lives as long as the followers.
        let _turn = self.lists.acquire().await;
        let Reader { server, pace, .. } = &self.reader;
        let listed = list_served(server, self.served, part, pace, self.how).await;
        match listed {
            Err(error) if self.how == How::Stream && is_of_streaming(&error) => {
                tracing::debug!(%error, "this server sends no streaming lists; it is asked for pages from now on");
                self.how = How::Pages;
                list_served(server, self.served, part, pace, self.how).await
            }
            listed => listed,
        }
    }

    /// No part could be listed: says so and waits.
    async fn nothing(
        &mut self,
        kind: ObjectKind,
        failed: Vec<(Part, RequestError)>,
    ) -> Result<(), Closed> {
        let forbidden =
            |(_, error): &(Part, RequestError)| matches!(error, RequestError::Forbidden { .. });
        let namespaces = &self.reader.server.namespaces;
        if namespaces.spare(&self.served.preferred) && failed.iter().all(forbidden) {
            for fact in given(namespaces, kind) {
                self.reader.send(Update::Applied(Box::new(fact))).await?;
            }
            let pause = self.backoff.jittered(self.reader.pace.refused_retry);
            let update = Update::NotServed {
                kind,
                retry_in: pause,
            };
            self.reader.send(update).await?;
            sleep(pause).await;
            return Ok(());
        }
        let mut longest = self.backoff.jittered(self.reader.pace.first_retry);
        for (part, error) in failed {
            let pause = self.reader.report(kind, &part, &error, &mut self.backoff);
            longest = longest.max(pause.await?);
        }
        sleep(longest).await;
        Ok(())
    }

    /// All of the kind.
    async fn restarted(
        &self,
        before: Option<Resource>,
        resource: Resource,
        lists: Vec<List>,
    ) -> Result<(), Closed> {
        if let Some(before) = before.filter(|before| before.kind != resource.kind) {
            // Another kind stands in now; nothing will be heard of the former.
            let update = Update::Restarted {
                kind: before.kind,
                objects: PackedObjects::default(),
                faults: Vec::new(),
            };
            self.reader.send(update).await?;
        }
        let mut objects = PackedObjects::default();
        let mut faults = Vec::new();
        for list in lists {
            if objects.is_empty() {
                // The usual case is one list, and it may be large.
                objects = list.objects;
            } else {
                objects.extend(list.objects);
            }
            faults.extend(list.faults);
        }
        let update = Update::Restarted {
            kind: resource.kind,
            objects,
            faults,
        };
        self.reader.send(update).await
    }

    /// S22: a part of the kind. What it has is new or has changed, and nothing is gone.
    async fn changed(&self, resource: Resource, lists: Vec<List>) -> Result<(), Closed> {
        for list in lists {
            if !list.faults.is_empty() {
                let update = Update::Faulty {
                    kind: resource.kind,
                    faults: list.faults,
                };
                self.reader.send(update).await?;
            }
            for fact in list.objects {
                self.reader.send(Update::Applied(Box::new(fact))).await?;
            }
        }
        Ok(())
    }

    /// Watches what was listed, and asks again for what was not, until one of them needs all of the kind to be listed again.
    async fn attend(
        &mut self,
        resource: Resource,
        versions: Vec<(Part, String)>,
        failed: Vec<(Part, RequestError)>,
    ) -> Result<(), Closed> {
        let pace = self.reader.pace;
        let seed = self.seed;
        let backoff = |place: usize| {
            // Far from the seeds of the other kinds.
            let seed = seed.wrapping_add((place as u64).wrapping_shl(32));
            Backoff::new(pace.first_retry, pace.longest_retry, seed)
        };
        let mut attended = FuturesUnordered::new();
        for (place, (part, error)) in failed.into_iter().enumerate() {
            let mut backoff = backoff(place);
            let pause = self
                .reader
                .report(resource.kind, &part, &error, &mut backoff);
            let pause = pause.await?;
            let waits = self.reader.recovered(resource, part, pause, backoff);
            attended.push(Either::Left(waits));
        }
        for (place, (part, version)) in versions.into_iter().enumerate() {
            let watches = self
                .reader
                .watch_from(resource, part, version, backoff(place));
            attended.push(Either::Right(watches));
        }
        attended.next().await.unwrap_or(Ok(()))
    }
}
