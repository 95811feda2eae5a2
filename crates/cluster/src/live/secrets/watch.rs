//! Endless watching of the Secrets of one namespace.
//!
//! What is said is a state and not a change: all Secrets that there are, whenever one of them changes. They are few, and
//! whoever follows them then has nothing to keep in step.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt as _;
use kube::api::{WatchEvent, WatchParams};
use kube::core::Request;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::read::{Listed, asked, listed, path};
use super::wire::Document;
use super::{Secret, SecretsError, Selector};
use crate::live::Pace;
use crate::live::backoff::Backoff;
use crate::live::connect::ApiServer;
use crate::live::part::{MAX_RETRY_AFTER, WATCH_MARGIN};
use crate::live::request::RequestError;

/// What a watch of Secrets says.
#[derive(Clone, Debug)]
pub enum Update {
    /// These there are, and no others.
    Seen(Vec<Secret>),
    /// They cannot be read. What was seen stays as it was; nobody knows that anything is gone.
    Failed {
        /// Why.
        error: String,
        /// What to do about it.
        hint: Option<String>,
        /// When it is tried again.
        retry_in: Duration,
    },
}

/// Watches the Secrets of a namespace that a selector chooses, until the receiver is dropped, or this future is. `seed`
/// decides the jitter of the pauses.
pub async fn watch(
    server: ApiServer,
    pace: Pace,
    seed: u64,
    namespace: String,
    selector: Selector,
    updates: mpsc::Sender<Update>,
) {
    let gone = updates.clone();
    let mut follower = Follower {
        server,
        pace,
        backoff: Backoff::new(pace.first_retry, pace.longest_retry, seed),
        namespace,
        selector,
        seen: BTreeMap::new(),
        updates,
    };
    tokio::select! {
        _ = follower.follow() => {}
        () = gone.closed() => {}
    }
}

/// Nobody listens any more.
struct Closed;

struct Follower {
    server: ApiServer,
    pace: Pace,
    backoff: Backoff,
    namespace: String,
    selector: Selector,
    seen: BTreeMap<String, Secret>,
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
        loop {
            match listed(&self.server, &self.pace, &self.namespace, &self.selector).await {
                Ok(Listed { secrets, version }) => {
                    self.backoff.reset();
                    self.seen = secrets
                        .into_iter()
                        .map(|secret| (secret.name.clone(), secret))
                        .collect();
                    self.tell().await?;
                    self.watch_from(version).await?;
                }
                Err(error) => self.report(error).await?,
            }
        }
    }

    async fn tell(&self) -> Result<(), Closed> {
        let seen = self.seen.values().cloned().collect();
        let told = self.updates.send(Update::Seen(seen)).await;
        told.map_err(|_| Closed)
    }

    /// Tells of a failure and waits.
    async fn report(&mut self, error: RequestError) -> Result<(), Closed> {
        let error = SecretsError::new(&self.namespace, error);
        let pause = if error.is_forbidden() {
            self.backoff.jittered(self.pace.refused_retry)
        } else {
            let asked = error.retry_after().unwrap_or_default().min(MAX_RETRY_AFTER);
            self.backoff.after_failure().max(asked)
        };
        tracing::debug!(%error, ?pause, "reading Secrets failed");
        let update = Update::Failed {
            hint: error.hint(),
            error: error.to_string(),
            retry_in: pause,
        };
        self.updates.send(update).await.map_err(|_| Closed)?;
        sleep(pause).await;
        Ok(())
    }

    /// Watches until the Secrets have to be listed again. After a failure that is always so: only a list says that what
    /// was seen before still stands.
    async fn watch_from(&mut self, mut version: String) -> Result<(), Closed> {
        loop {
            let before = version.clone();
            match self.watch_once(&mut version).await {
                End::Closed => return Err(Closed),
                End::Over if version != before => {}
                // A watch that brought nothing: on time, or ended at once by something between. Do not ask in a rush.
                End::Over => sleep(self.backoff.jittered(self.pace.first_retry)).await,
                End::Expired => {
                    sleep(self.backoff.jittered(self.pace.first_retry)).await;
                    return Ok(());
                }
                End::Failed(error) => {
                    return self.report(error).await;
                }
            }
        }
    }

    /// One watch request; keeps `version` at the last one seen.
    async fn watch_once(&mut self, version: &mut String) -> End {
        let failed = |server: &ApiServer, error: &kube::Error| match RequestError::from_kube(
            asked(server),
            error,
        ) {
            RequestError::Expired { .. } => End::Expired,
            error => End::Failed(error),
        };
        let seconds = u32::try_from(self.pace.watch_timeout.as_secs()).unwrap_or(u32::MAX);
        let params = WatchParams::default()
            .timeout(seconds.max(1))
            .labels(&self.selector.to_string());
        let request = match Request::new(path(&self.namespace)).watch(&params, version) {
            Ok(request) => request,
            Err(error) => return failed(&self.server, &kube::Error::BuildRequest(error)),
        };
        let late = |server: &ApiServer, after| {
            let asked = asked(server);
            End::Failed(RequestError::TimedOut { asked, after })
        };
        let started = timeout(
            self.pace.answer_timeout,
            self.server.client.request_events::<Document>(request),
        )
        .await;
        let mut events = match started {
            Ok(Ok(events)) => events.boxed(),
            Ok(Err(error)) => return failed(&self.server, &error),
            Err(_) => return late(&self.server, self.pace.answer_timeout),
        };
        let silence = self.pace.watch_timeout + WATCH_MARGIN;
        loop {
            let event = match timeout(silence, events.next()).await {
                Ok(Some(Ok(event))) => event,
                Ok(Some(Err(error))) => return failed(&self.server, &error),
                Ok(None) => return End::Over,
                Err(_) => return late(&self.server, silence),
            };
            let (document, deleted) = match event {
                WatchEvent::Added(document) | WatchEvent::Modified(document) => (document, false),
                WatchEvent::Deleted(document) => (document, true),
                WatchEvent::Bookmark(bookmark) => {
                    *version = bookmark.metadata.resource_version;
                    continue;
                }
                WatchEvent::Error(status) => {
                    return match RequestError::from_status(asked(&self.server), &status) {
                        RequestError::Expired { .. } => End::Expired,
                        error => End::Failed(error),
                    };
                }
            };
            let seen = document.version().map(str::to_owned);
            if let Some(secret) = document.secret() {
                if deleted {
                    self.seen.remove(&secret.name);
                } else {
                    self.seen.insert(secret.name.clone(), secret);
                }
                if self.tell().await.is_err() {
                    return End::Closed;
                }
            }
            if let Some(seen) = seen {
                *version = seen;
            }
        }
    }
}
