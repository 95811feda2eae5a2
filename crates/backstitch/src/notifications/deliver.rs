//! The task of one receiver: it waits, sends and writes down what came of it. Its failures are its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use server::notifications::ReceiverCounters;
use store::{Queue, StoreError};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};

use super::answer::{Answer, Decision, decide};
use super::send::Sender;
use crate::blocking::blocking;
use crate::outbound::{Backlog, Entry, due};
use crate::report::told;
use crate::service::Random;

/// Entries that are taken into memory at once, without their bodies.
const PAGE: u32 = 1_000;
/// Rest after the disk refused.
const DISK_REST: Duration = Duration::from_secs(5);

/// The messages that wait for a receiver.
#[derive(Debug)]
pub(super) struct Outbox {
    /// The receiver's name.
    pub(super) name: String,
    queue: Mutex<Queue>,
    /// Rung when something came.
    pub(super) arrived: Notify,
    pub(super) counters: ReceiverCounters,
}

impl Outbox {
    pub(super) fn new(name: String, queue: Queue, counters: ReceiverCounters) -> Self {
        Self {
            name,
            queue: Mutex::new(queue),
            arrived: Notify::new(),
            counters,
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Each of its steps is one transaction: whoever panicked left it whole.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One step of the queue, beside what waits on the network.
    pub(super) async fn step<T: Send + 'static>(
        self: &Arc<Self>,
        step: impl FnOnce(&mut Queue) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let outbox = Arc::clone(self);
        blocking(move || {
            let mut queue = outbox.queue();
            let done = step(&mut queue)?;
            let waiting = i64::try_from(queue.waits()).unwrap_or(i64::MAX);
            outbox.counters.waiting.set(waiting);
            Ok(done)
        })
        .await
    }
}

/// Delivers until the service goes down. What is under way then is delivered again after the next start.
pub(super) async fn deliver(
    outbox: Arc<Outbox>,
    sender: Sender,
    random: Random,
    clock: fn() -> i64,
    mut stop: watch::Receiver<bool>,
) {
    let mut running = Running {
        outbox,
        sender,
        random,
        clock,
        backlog: Backlog::default(),
        failures: 0,
    };
    tokio::select! {
        // Whoever could stop it is gone, which is as good as a stop.
        _ = stop.wait_for(|stop| *stop) => {}
        () = running.run() => {}
    }
}

struct Running {
    outbox: Arc<Outbox>,
    sender: Sender,
    random: Random,
    clock: fn() -> i64,
    backlog: Backlog,
    /// Attempts in a row that failed.
    failures: u32,
}

impl Running {
    async fn run(&mut self) {
        loop {
            if let Err(error) = self.step().await {
                let receiver = &self.outbox.name;
                tracing::error!(receiver, "cannot use its queue: {}", told(&error));
                sleep(DISK_REST).await;
            }
        }
    }

    /// Sends one message, or waits.
    async fn step(&mut self) -> Result<(), StoreError> {
        let last = self.backlog.last();
        let more = self.outbox.step(move |queue| queue.waiting(last, PAGE));
        self.backlog.add(more.await?);
        let outbox = Arc::clone(&self.outbox);
        match due(self.backlog.next(Instant::now()), &outbox.arrived).await {
            Some(entry) => self.send(entry).await,
            None => Ok(()),
        }
    }

    async fn send(&mut self, entry: Entry) -> Result<(), StoreError> {
        let id = entry.waiting.id;
        // It may have made room for a newer one.
        let Some(body) = self.outbox.step(move |queue| queue.body(id)).await? else {
            self.backlog.settle(id);
            return Ok(());
        };
        let answer = self.sender.send(&body).await;
        let now = (self.clock)();
        let age = now.saturating_sub(entry.waiting.taken_at);
        let age = Duration::from_secs(u64::try_from(age).unwrap_or(0));
        let attempts = entry.attempts.saturating_add(1);
        let decision = decide(&answer, attempts, age, self.random.next());
        let receiver = self.outbox.name.as_str();
        let counters = &self.outbox.counters;
        let why = match answer {
            Answer::Taken => String::new(),
            Answer::Refused(why) | Answer::Later(why, _) => why,
        };
        match decision {
            Decision::Delivered => {
                if self.failures > 0 {
                    tracing::info!(receiver, "notifications are taken again");
                }
                self.failures = 0;
                counters.sent.inc();
                // Before the disk hears of it: whatever that says, it is not sent again by this process.
                self.backlog.settle(id);
                self.outbox.step(move |queue| queue.remove(id)).await
            }
            Decision::Retry(pause) => {
                self.failures = self.failures.saturating_add(1);
                counters.failures.inc();
                if self.failures == 1 {
                    tracing::warn!(
                        receiver,
                        "a notification cannot be sent, and is tried again: {why}"
                    );
                }
                self.backlog.put_off(id, Instant::now(), pause, pause);
                Ok(())
            }
            Decision::GiveUp => {
                self.failures = self.failures.saturating_add(1);
                counters.failures.inc();
                counters.failed.inc();
                tracing::error!(
                    receiver,
                    attempts,
                    "a notification is given up, and kept as a dead letter: {why}"
                );
                self.backlog.settle(id);
                self.outbox
                    .step(move |queue| queue.bury(id, now, &why))
                    .await
            }
        }
    }
}
