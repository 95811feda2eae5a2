//! Notifications: what happens to ownership, told to people and programs.
//!
//! ```text
//!  history, sources ── watch ──▶ gather: windows, teams, limits ──▶ message ─┬─ slack
//!                                   ▲ memo                                   ├─ cloud_event ──▶ Queue ── deliver ── send
//!                                   └── kept with the queue (on the disk)    └─ mail
//! ```
//!
//! The loop does not know of it. History is read as it grows, from where the last messages ended, so that a process that is killed
//! loses nothing: what was gathered is gathered anew, and a message leaves its queue once the receiver has it. Each receiver has a
//! queue and a task of its own. What is told, when, and in which words is pure.

mod answer;
mod cloud_event;
mod deliver;
mod gather;
mod look;
mod mail;
mod message;
mod send;
mod slack;
mod trial;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use server::events::Events;
use server::notifications::Counters;
use server::status::Sources;
use store::{Queue, QueueBounds, Reader, StoreError};
use tokio::task::JoinSet;
use topology::topology::Topology;

use self::deliver::Outbox;
use self::gather::Memo;
use self::look::Known;
use self::send::Sender;
pub(crate) use self::trial::{Trial, place, trial};
use self::watch::{Gathering, Watcher};
use crate::config::Receiver;
use crate::service::Random;

/// Bounds on what waits for one receiver; the oldest make room.
const BOUNDS: QueueBounds = QueueBounds {
    entries: 10_000,
    bytes: 64 * 1024 * 1024,
    dead: 1_000,
    dead_bytes: 8 * 1024 * 1024,
};

/// The receivers with their queues, to be started.
pub(crate) struct Notifications {
    receivers: Vec<Gathering>,
    history: Reader,
    counters: Counters,
}

/// What the service lends.
pub(crate) struct Lent {
    /// What is known.
    pub topology: Arc<RwLock<Topology>>,
    /// Where the sources stand.
    pub sources: Arc<Sources>,
    /// Told of when there is more.
    pub events: Arc<Events>,
    /// The time now: seconds since the Unix epoch.
    pub clock: fn() -> i64,
}

impl Notifications {
    /// Opens the queues beside the store.
    ///
    /// # Errors
    /// When one cannot be used.
    pub(crate) fn open(
        receivers: &[Receiver],
        store: &Path,
        history: Reader,
    ) -> Result<Self, StoreError> {
        let counters = Counters::default();
        let mut opened = Vec::new();
        for receiver in receivers {
            let queue = Queue::open(&beside(store, &receiver.name), BOUNDS)?;
            // What cannot be read is of another version, and as good as nothing.
            let memo: Option<Memo> = queue
                .memo()?
                .and_then(|memo| serde_json::from_slice(&memo).ok());
            let counts = counters.of(&receiver.name);
            let waiting = i64::try_from(queue.waits()).unwrap_or(i64::MAX);
            counts.waiting.set(waiting);
            let outbox = Outbox::new(receiver.name.clone(), queue, counts);
            opened.push(Gathering {
                receiver: receiver.clone(),
                outbox: Arc::new(outbox),
                memo,
                kept: None,
            });
        }
        Ok(Self {
            receivers: opened,
            history,
            counters,
        })
    }

    /// What is counted.
    pub(crate) fn counters(&self) -> Counters {
        self.counters.clone()
    }

    /// Starts the tasks, which end with the service.
    pub(crate) fn start(
        self,
        lent: Lent,
        mut random: Random,
        stop: &tokio::sync::watch::Receiver<bool>,
    ) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for it in &self.receivers {
            let sender = Sender::new(it.receiver.clone());
            let outbox = Arc::clone(&it.outbox);
            let own = Random::of(random.next());
            tasks.spawn(deliver::deliver(
                outbox,
                sender,
                own,
                lent.clock,
                stop.clone(),
            ));
        }
        let watcher = Watcher {
            history: Some(self.history),
            known: Known(lent.topology),
            sources: lent.sources,
            events: lent.events,
            receivers: self.receivers,
            random,
            clock: lent.clock,
        };
        tasks.spawn(watch::watch(watcher, stop.clone()));
        tasks
    }
}

/// `<store>.notifications-<name>`: the lock of the store covers it.
fn beside(store: &Path, name: &str) -> PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push(".notifications-");
    path.push(name);
    path.into()
}
