//! The task that delivers: it waits, sends and writes down what came of it.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use backstage_client::retry_after;
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use secrecy::ExposeSecret as _;
use server::alerts::Alerts;
use store::{Queue, StoreError};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use url::Url;

use super::answer::{Answer, Decision, Tried, decide, words};
use crate::blocking::blocking;
use crate::config::{Forward, Target};
use crate::outbound::{Backlog, Entry, client, due, said};
use crate::report::told;
use crate::service::Random;

/// Entries that are taken into memory at once, without their bodies.
const PAGE: u32 = 1_000;
/// Rest after the disk refused.
const DISK_REST: Duration = Duration::from_secs(5);
/// The longest rest of all for the failure of one.
const LONGEST_REST: Duration = Duration::from_secs(32);

/// What a delivery needs.
pub(crate) struct Deliverer {
    /// Where the alerts are.
    pub alerts: Arc<Alerts>,
    /// Where they go.
    pub forward: Forward,
    /// Spreads what is tried again.
    pub random: Random,
    /// The time now: seconds since the Unix epoch.
    pub clock: fn() -> i64,
}

/// Delivers until the service goes down. What is under way then is delivered again after the next start.
pub(crate) async fn deliver(deliverer: Deliverer, mut stop: watch::Receiver<bool>) {
    let mut running = Running {
        url: url(&deliverer.forward.target),
        deliverer,
        backlog: Backlog::default(),
        client: None,
        failures: 0,
    };
    tokio::select! {
        // Whoever could stop it is gone, which is as good as a stop.
        _ = stop.wait_for(|stop| *stop) => {}
        () = running.run() => {}
    }
    let left = running.backlog.len();
    if left > 0 {
        tracing::info!("{left} notifications wait to be forwarded after the next start");
    }
}

/// Where the request goes.
fn url(target: &Target) -> Url {
    match target {
        Target::Webhook(url) => url.clone(),
        Target::Alertmanager { url, .. } => {
            let mut url = url.clone();
            // An http URL always has a path.
            if let Ok(mut segments) = url.path_segments_mut() {
                segments.pop_if_empty().extend(["api", "v2", "alerts"]);
            }
            url
        }
    }
}

struct Running {
    deliverer: Deliverer,
    url: Url,
    backlog: Backlog,
    /// Made when it is first needed, and anew after the target could not be reached: its certificates may have changed.
    client: Option<Client>,
    /// Attempts in a row that failed, whatever they sent.
    failures: u32,
}

impl Running {
    async fn run(&mut self) {
        loop {
            if let Err(error) = self.step().await {
                tracing::error!("cannot use the queue of alerts: {}", told(&error));
                sleep(DISK_REST).await;
            }
        }
    }

    /// Sends one entry, or waits.
    async fn step(&mut self) -> Result<(), StoreError> {
        let last = self.backlog.last();
        let more = self.queue(move |queue| queue.waiting(last, PAGE)).await?;
        self.backlog.add(more);
        let alerts = Arc::clone(&self.deliverer.alerts);
        match due(self.backlog.next(Instant::now()), &alerts.arrived).await {
            Some(entry) => self.send(entry).await,
            None => Ok(()),
        }
    }

    async fn send(&mut self, entry: Entry) -> Result<(), StoreError> {
        let id = entry.waiting.id;
        let Some(body) = self.queue(move |queue| queue.body(id)).await? else {
            self.backlog.settle(id);
            return Ok(());
        };
        let (answer, why) = self.ask(body).await;
        let now = (self.deliverer.clock)();
        let age = now.saturating_sub(entry.waiting.taken_at);
        let tried = Tried {
            attempts: entry.attempts.saturating_add(1),
            age: Duration::from_secs(u64::try_from(age).unwrap_or(0)),
            give_up_after: self.deliverer.forward.give_up_after,
        };
        let decision = decide(answer, tried, self.deliverer.random.next());
        let items = u64::from(entry.waiting.items);
        if decision == Decision::Delivered {
            if self.failures > 0 {
                tracing::info!("alerts are forwarded again");
            }
            self.failures = 0;
            self.remember(None);
            self.deliverer.alerts.counters.forwarded.inc_by(items);
            // Before the disk hears of it: whatever that says, it is not sent again by this process.
            self.backlog.settle(id);
            return self.queue(move |queue| queue.remove(id)).await;
        }
        let why = match why {
            Some(why) => format!("{}: {why}", words(answer)),
            None => words(answer),
        };
        self.failures = self.failures.saturating_add(1);
        self.deliverer.alerts.counters.failures.inc();
        self.remember(Some(why.clone()));
        match decision {
            Decision::Retry(pause) => {
                if self.failures == 1 {
                    tracing::warn!("alerts cannot be forwarded, and are tried again: {why}");
                } else {
                    tracing::debug!(
                        failures = self.failures,
                        "alerts cannot be forwarded: {why}"
                    );
                }
                let doubled = 1_u64.checked_shl(self.failures).unwrap_or(u64::MAX);
                let rest = Duration::from_secs(doubled).min(LONGEST_REST);
                let asked = matches!(answer, Answer::Status(_, Some(_)));
                // What the target asks for is meant for all.
                let rest = if asked { pause } else { rest };
                self.backlog.put_off(id, Instant::now(), pause, rest);
                Ok(())
            }
            Decision::Delivered | Decision::GiveUp => {
                tracing::error!(
                    alerts = items,
                    attempts = tried.attempts,
                    "a notification is given up, and kept as a dead letter: {why}"
                );
                self.deliverer.alerts.counters.failed.inc_by(items);
                self.backlog.settle(id);
                self.queue(move |queue| queue.bury(id, now, &why)).await
            }
        }
    }

    /// One attempt, and what is behind a failure.
    async fn ask(&mut self, body: Vec<u8>) -> (Answer, Option<String>) {
        let forward = &self.deliverer.forward;
        let client = match self.client.clone() {
            Some(client) => client,
            None => match client(forward.ca_file.as_deref(), forward.timeout) {
                Ok(client) => self.client.insert(client).clone(),
                Err(why) => return (Answer::Unprepared, Some(why)),
            },
        };
        let request = client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        let request = match &forward.token {
            None => request,
            // Read for every attempt, so that one that was rotated takes effect.
            Some(token) => match token.read("token") {
                Ok(token) => request.bearer_auth(token.expose_secret()),
                Err(error) => return (Answer::Unprepared, Some(told(&error))),
            },
        };
        match request.send().await {
            Ok(response) => {
                let wait = retry_after(response.headers(), SystemTime::now());
                let answer = Answer::Status(response.status().as_u16(), wait);
                (answer, said(response).await)
            }
            Err(error) => {
                self.client = None;
                // S31: the URL may be a secret.
                (Answer::Unreachable, Some(told(&error.without_url())))
            }
        }
    }

    fn remember(&self, failure: Option<String>) {
        let last = self.deliverer.alerts.last_failure.lock();
        *last.unwrap_or_else(PoisonError::into_inner) = failure;
    }

    /// One step of the queue, beside what waits on the network.
    async fn queue<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut Queue) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let alerts = Arc::clone(&self.deliverer.alerts);
        blocking(move || step(&mut alerts.queue())).await
    }
}
