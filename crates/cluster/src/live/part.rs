//! One part of a kind under watch: all of it, or what is in one namespace.

use std::time::Duration;

use futures::StreamExt as _;
use kube::api::{WatchEvent, WatchParams};
use kube::core::Request;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use topology::fact::ObjectKind;

use super::Pace;
use super::backoff::Backoff;
use super::connect::ApiServer;
use super::list::{placed, probe};
use super::namespaces::Part;
use super::request::{Asked, RequestError};
use super::update::Update;
use crate::kinds::Resource;
use crate::reduce::reduce;
use crate::wire::object::Object;

/// After so many failures in a row a watch is given up and the kind is listed again.
const MAX_WATCH_FAILURES: u32 = 5;
/// The server ends a watch on time; if it is this late, the connection is dead.
pub(super) const WATCH_MARGIN: Duration = Duration::from_secs(10);
/// No server is obeyed that asks to be left alone for longer.
pub(super) const MAX_RETRY_AFTER: Duration = Duration::from_mins(5);

/// Nobody listens any more.
pub(super) struct Closed;

/// How a watch request came to its end.
enum End {
    /// On time, or cut off without a word: it goes on from the last version.
    Over,
    /// The version is too old.
    Expired,
    Failed(RequestError),
    Closed,
}

/// The server that is read, and who is told.
pub(super) struct Reader {
    pub(super) server: ApiServer,
    pub(super) pace: Pace,
    pub(super) updates: mpsc::Sender<Update>,
}

impl Reader {
    pub(super) async fn send(&self, update: Update) -> Result<(), Closed> {
        self.updates.send(update).await.map_err(|_| Closed)
    }

    /// Tells of a failure; how long to wait.
    pub(super) async fn report(
        &self,
        kind: ObjectKind,
        part: &Part,
        error: &RequestError,
        backoff: &mut Backoff,
    ) -> Result<Duration, Closed> {
        let pause = match error {
            RequestError::Forbidden { .. } | RequestError::NotServed { .. } => {
                backoff.jittered(self.pace.refused_retry)
            }
            _ => {
                let asked = error.retry_after().unwrap_or_default().min(MAX_RETRY_AFTER);
                backoff.after_failure().max(asked)
            }
        };
        let (namespace, hint) = (part.clone(), error.hint());
        let update = match error {
            RequestError::NotServed { .. } => Update::NotServed {
                kind,
                retry_in: pause,
            },
            RequestError::Forbidden { .. } => Update::Forbidden {
                kind,
                namespace,
                error: error.to_string(),
                hint,
                retry_in: pause,
            },
            _ => Update::Failed {
                kind,
                namespace,
                cause: error.cause(),
                error: error.to_string(),
                hint,
                retry_in: pause,
            },
        };
        tracing::debug!(kind = kind.as_str(), namespace = part.as_deref(), %error, ?pause, "reading failed");
        self.send(update).await?;
        Ok(pause)
    }

    /// Waits until a part that could not be listed can be.
    pub(super) async fn recovered(
        &self,
        resource: Resource,
        part: Part,
        mut pause: Duration,
        mut backoff: Backoff,
    ) -> Result<(), Closed> {
        loop {
            sleep(pause).await;
            match probe(&self.server, &resource, &part, &self.pace).await {
                Ok(()) => return Ok(()),
                Err(error) => {
                    pause = self
                        .report(resource.kind, &part, &error, &mut backoff)
                        .await?;
                }
            }
        }
    }

    /// Watches until the kind has to be listed again.
    pub(super) async fn watch_from(
        &self,
        resource: Resource,
        part: Part,
        mut version: String,
        mut backoff: Backoff,
    ) -> Result<(), Closed> {
        let mut failures = 0;
        loop {
            let before = version.clone();
            let end = self.watch_once(&resource, &part, &mut version).await;
            if version != before {
                failures = 0;
                backoff.reset();
            }
            match end {
                End::Closed => return Err(Closed),
                End::Over if version != before => {}
                // A watch that brought nothing: on time, or ended at once by something between. Do not ask in a rush.
                End::Over => sleep(backoff.jittered(self.pace.first_retry)).await,
                End::Expired => {
                    // All watchers of a restarted server learn this in the same moment.
                    sleep(backoff.jittered(self.pace.first_retry)).await;
                    return Ok(());
                }
                End::Failed(error) => {
                    failures += 1;
                    let pause = self
                        .report(resource.kind, &part, &error, &mut backoff)
                        .await?;
                    sleep(pause).await;
                    if failures >= MAX_WATCH_FAILURES {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// One watch request; keeps `version` at the last one seen.
    async fn watch_once(&self, resource: &Resource, part: &Part, version: &mut String) -> End {
        let failed = |error: kube::Error| match RequestError::from_kube(
            Asked::new(&self.server, resource, part),
            &error,
        ) {
            RequestError::Expired { .. } => End::Expired,
            error => End::Failed(error),
        };
        let seconds = u32::try_from(self.pace.watch_timeout.as_secs()).unwrap_or(u32::MAX);
        let params = WatchParams::default().timeout(seconds.max(1));
        let request = match Request::new(resource.path(part.as_deref())).watch(&params, version) {
            Ok(request) => request,
            Err(error) => return failed(kube::Error::BuildRequest(error)),
        };
        let late = |after| {
            let asked = Asked::new(&self.server, resource, part);
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
                        Asked::new(&self.server, resource, part),
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
