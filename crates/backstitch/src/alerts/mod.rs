//! Alerts on their way out: from the queue on the disk to where the configuration says.
//!
//! ```text
//!  Queue (on the disk) ── backlog: whose turn it is ──▶ deliver: one request ── answer: what to do with it
//!       ▲ remove, bury                                                             │
//!       └──────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! An entry leaves the queue after the target has taken it, so that a process that is killed in between delivers it again: at
//! least once. Which entry is next and what an answer means are pure; the task waits, asks and writes down.

mod answer;
mod deliver;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use server::alerts::wire::Wire;
use server::alerts::{Alerts, Settings};
use store::{Queue, QueueBounds, StoreError};

pub(crate) use self::deliver::{Deliverer, deliver};
use crate::config::{Alertmanager, Target};

/// Bound on what waits, in bytes.
const QUEUE_BYTES: u64 = 256 * 1024 * 1024;
/// Bound on the dead letters that are kept.
const DEAD: u64 = 1_000;
/// Bound on those, in bytes.
const DEAD_BYTES: u64 = 32 * 1024 * 1024;

/// Opens the queue beside the store.
///
/// # Errors
/// When it cannot be used.
pub(crate) fn open(config: &Alertmanager, store: &Path) -> Result<Arc<Alerts>, StoreError> {
    let bounds = QueueBounds {
        entries: config.queue_length,
        bytes: QUEUE_BYTES,
        dead: DEAD,
        dead_bytes: DEAD_BYTES,
    };
    let queue = Queue::open(&beside(store), bounds)?;
    let target = &config.forward.target;
    let settings = Settings {
        enrichment: config.enrichment.clone(),
        wire: match target {
            Target::Webhook(_) => Wire::Webhook,
            Target::Alertmanager { firing_for, .. } => Wire::Alertmanager {
                firing_for: *firing_for,
            },
        },
        target: shown(target),
    };
    Ok(Arc::new(Alerts::new(settings, queue)))
}

/// `<store>.alerts`: the lock of the store covers it.
fn beside(store: &Path) -> PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push(".alerts");
    path.into()
}

/// Where alerts go, without what may be a secret.
fn shown(target: &Target) -> String {
    let (kind, url) = match target {
        Target::Webhook(url) => ("webhook", url),
        Target::Alertmanager { url, .. } => ("alertmanager", url),
    };
    format!("{kind} {}", url.origin().ascii_serialization())
}
