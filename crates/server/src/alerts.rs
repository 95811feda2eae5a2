//! Alerts from an Alertmanager: taken, given their owners, and kept until they are handed on.
//!
//! ```text
//!  POST ── payload ── enrich ── wire ──▶ Queue (on the disk) ── 200
//!             ▲ a read lock for each alert   │
//!          Topology                          └──▶ whoever delivers (not here), which rings back by the counters
//! ```
//!
//! It owns the payload, what is written on an alert, and the queue's front. It must not know how alerts are delivered.

pub mod enrich;
pub mod payload;
pub mod wire;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use api::{AlertsStatus, AlertsTaken, DeadLetter};
use prometheus_client::metrics::counter::Counter;
use store::{NewEntry, Pushed, Queue, QueueStanding, StoreError};
use tokio::sync::{Notify, Semaphore};
use topology::topology::Topology;

use self::enrich::{Enrichment, Found, Outcome};
use self::payload::Payload;
use self::wire::Wire;
use crate::render::time;

/// Bound on a body, in bytes.
pub const MAX_BODY: usize = 5 * 1024 * 1024;
/// Bodies that are in memory at once; others wait, and are told to come again if that takes long.
const BODIES: usize = 8;
/// Dead letters that the status lists.
const LISTED: u32 = 20;

/// How alerts are taken.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is written on them.
    pub enrichment: Enrichment,
    /// What the target takes.
    pub wire: Wire,
    /// Where they go, for people. No secret is in it.
    pub target: String,
}

/// What happened since the start, in alerts.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// They came.
    pub received: Counter,
    /// They got an owner.
    pub enriched: Counter,
    /// They came back.
    pub returned: Counter,
    /// The target took them.
    pub forwarded: Counter,
    /// They were given up.
    pub failed: Counter,
    /// Notifications for which there was no room or no time.
    pub refused: Counter,
    /// Attempts that failed.
    pub failures: Counter,
}

/// The way of the alerts up to the queue; shared by handlers, metrics and whoever delivers.
#[derive(Debug)]
pub struct Alerts {
    settings: Settings,
    queue: Mutex<Queue>,
    /// Rung when something came.
    pub arrived: Notify,
    /// What happened.
    pub counters: Counters,
    /// Why the last attempt failed.
    pub last_failure: Mutex<Option<String>>,
    /// Who may hold a body.
    pub(crate) bodies: Semaphore,
}

/// Why a notification was not taken.
#[derive(Debug)]
pub enum NotTaken {
    /// It cannot be read.
    Malformed(String),
    /// There is no room.
    Full,
    /// The disk refuses.
    Store(StoreError),
}

impl Alerts {
    /// With that queue.
    pub fn new(settings: Settings, queue: Queue) -> Self {
        Self {
            settings,
            queue: Mutex::new(queue),
            arrived: Notify::new(),
            counters: Counters::default(),
            last_failure: Mutex::new(None),
            bodies: Semaphore::new(BODIES),
        }
    }

    /// The queue, for one step.
    pub fn queue(&self) -> MutexGuard<'_, Queue> {
        // Each of its steps is one transaction: whoever panicked left it whole.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a notification: what it says is on the disk when this returns. It blocks.
    ///
    /// # Errors
    /// When it was not taken.
    pub fn take(
        &self,
        body: &[u8],
        topology: Option<&RwLock<Topology>>,
        now: i64,
    ) -> Result<AlertsTaken, NotTaken> {
        let mut payload = Payload::parse(body).map_err(NotTaken::Malformed)?;
        let enrichment = &self.settings.enrichment;
        let all = payload.alerts.len();
        payload
            .alerts
            .retain(|alert| !enrich::has_been_here(alert, enrichment));
        let mut enriched = 0;
        for alert in &mut payload.alerts {
            let found = found(topology, alert);
            if enrich::enrich(alert, &found, enrichment) == Outcome::Enriched {
                enriched += 1;
            }
        }
        let taken = AlertsTaken {
            taken: count(payload.alerts.len()),
            enriched,
            returned: count(all - payload.alerts.len()),
        };
        if !payload.alerts.is_empty() {
            payload.set_common();
            let body = wire::body(&payload, self.settings.wire, now);
            let entry = NewEntry {
                line: line(&payload.group_key),
                taken_at: now,
                items: taken.taken,
                body: &body,
            };
            match self.queue().push(entry).map_err(NotTaken::Store)? {
                Pushed::Kept => self.arrived.notify_one(),
                Pushed::Full => return Err(NotTaken::Full),
            }
        }
        let counters = &self.counters;
        counters.received.inc_by(all as u64);
        counters.enriched.inc_by(taken.enriched.into());
        counters.returned.inc_by(taken.returned.into());
        Ok(taken)
    }

    /// How much waits. It blocks.
    ///
    /// # Errors
    /// When the queue cannot be read.
    pub fn standing(&self) -> Result<QueueStanding, StoreError> {
        self.queue().standing()
    }

    /// Where all of it stands. It blocks.
    ///
    /// # Errors
    /// When the queue cannot be read.
    pub fn status(&self, now: i64) -> Result<AlertsStatus, StoreError> {
        let (standing, dead) = {
            let queue = self.queue();
            (queue.standing()?, queue.dead(LISTED)?)
        };
        let last_failure = self.last_failure.lock();
        let last_failure = last_failure.unwrap_or_else(PoisonError::into_inner);
        let counters = &self.counters;
        Ok(AlertsStatus {
            target: self.settings.target.clone(),
            received: counters.received.get(),
            enriched: counters.enriched.get(),
            returned: counters.returned.get(),
            forwarded: counters.forwarded.get(),
            failed: counters.failed.get(),
            refused: counters.refused.get(),
            waiting: standing.entries,
            waiting_alerts: standing.items,
            oldest_at: standing.oldest.map(time),
            oldest_age_seconds: age(standing, now),
            last_failure: last_failure.clone(),
            dead: standing.dead,
            dead_letters: dead
                .into_iter()
                .map(|it| DeadLetter {
                    received_at: time(it.taken_at),
                    given_up_at: time(it.buried_at),
                    alerts: it.items,
                    reason: it.reason,
                })
                .collect(),
        })
    }
}

/// For how many seconds the oldest that waits has waited.
pub(crate) fn age(standing: QueueStanding, now: i64) -> Option<u64> {
    let oldest = standing.oldest?;
    Some(u64::try_from(now.saturating_sub(oldest)).unwrap_or(0))
}

/// The lock is held for one alert at a time, so that a large notification does not keep the loop from writing.
fn found(topology: Option<&RwLock<Topology>>, alert: &payload::Alert) -> Found {
    let Some(topology) = topology else {
        return Found::Nobody("the last state is not loaded yet".to_owned());
    };
    match topology.read() {
        Ok(topology) => enrich::find(&topology, &alert.labels),
        Err(_) => Found::Nobody("the last update did not finish, the state is unsure".to_owned()),
    }
}

/// The notifications of one group are handed on in their order: that an alert is resolved must not come before that it fires.
/// Two groups that meet in one line cost nothing but time.
fn line(group_key: &str) -> i64 {
    let mut hasher = DefaultHasher::new();
    group_key.hash(&mut hasher);
    hasher.finish().cast_signed()
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
