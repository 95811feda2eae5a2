//! Forgetting history that is older than the retention (S27): one short step at a time, between what sources say.
//!
//! It decides when and what. How the store forgets, and what it never forgets, is the store's business.

use std::time::Duration;

use store::{Compaction, Progress, Store, StoreError};

use super::engine::Engine;
use crate::config::History;

/// Seconds from the end of one compaction to the beginning of the next.
const ROUND: i64 = 3_600;
/// Seconds between two steps: the rest of the time belongs to sources.
const STEP: i64 = 1;
/// Seconds that are kept however large the store is.
const LEAST_KEPT: i64 = 86_400;

/// When old history is forgotten, and how far that has come.
#[derive(Debug)]
pub(super) struct Forgetting {
    keep: History,
    /// When the next step is due: seconds since the Unix epoch.
    due: i64,
    /// The compaction under way.
    work: Option<Compaction>,
}

/// What the store has, as far as forgetting goes by it.
#[derive(Clone, Copy, Debug)]
struct Held {
    /// Bytes that are not free.
    bytes: u64,
    /// Since when history can say what was.
    begin: Option<i64>,
}

impl Forgetting {
    pub(super) fn new(keep: History) -> Self {
        Self {
            keep,
            due: 0,
            work: None,
        }
    }
}

impl Engine {
    /// How long nothing is to be forgotten.
    pub(super) fn until_forgetting(&self) -> Duration {
        let now = (self.surroundings.clock)();
        // A clock that was set back must not put it off for ever.
        let wait = self.forgetting.due.saturating_sub(now).clamp(0, ROUND);
        Duration::from_secs(wait.unsigned_abs())
    }

    /// Takes one step, if it is time for one. Where the store refuses, nothing is lost but room: it is tried again in
    /// the next round.
    pub(super) fn forget(&mut self) {
        let now = (self.surroundings.clock)();
        let early = self.forgetting.due.saturating_sub(now);
        if (1..=ROUND).contains(&early) {
            return;
        }
        let work = self.forgetting.work.take();
        let stepped = step(&mut self.store, work, self.forgetting.keep, now);
        let pause = match stepped {
            Ok((Progress::More, work)) => {
                self.forgetting.work = Some(work);
                STEP
            }
            Ok((Progress::Done, work)) => {
                if work.deleted() > 0 {
                    tracing::info!(changes = work.deleted(), "forgot old history");
                }
                ROUND
            }
            Err(error) => {
                tracing::warn!(
                    hint = error.remedy(),
                    "old history stays for now: {}",
                    super::told(&error)
                );
                ROUND
            }
        };
        self.forgetting.due = now.saturating_add(pause);
    }
}

/// Takes a step of the compaction under way, or of a new one.
fn step(
    store: &mut Store,
    work: Option<Compaction>,
    keep: History,
    now: i64,
) -> Result<(Progress, Compaction), StoreError> {
    let mut work = if let Some(work) = work {
        work
    } else {
        let held = Held {
            bytes: store.used_bytes()?,
            begin: store.begin()?,
        };
        Compaction::new(horizon(keep, now, held))
    };
    let progress = store.compact(&mut work)?;
    Ok((progress, work))
}

/// The moment before which is forgotten: the age that is kept, and less of it where the store is too large.
fn horizon(keep: History, now: i64, held: Held) -> i64 {
    let age = i64::try_from(keep.retention.as_secs()).unwrap_or(i64::MAX);
    let by_age = now.saturating_sub(age);
    match (keep.most_bytes, held.begin) {
        (Some(most), Some(begin)) if held.bytes > most => {
            let begin = begin.max(by_age);
            // Little by little: how much room a time takes is not known before it is gone.
            let tenth = now.saturating_sub(begin) / 10;
            let by_size = begin.saturating_add(tenth);
            by_size.min(now.saturating_sub(LEAST_KEPT)).max(by_age)
        }
        _ => by_age,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s27_what_is_kept_is_bounded_by_age_and_then_by_size() {
        const DAY: i64 = 86_400;
        let now = 1_000 * DAY;
        let keep = |most_bytes| History {
            retention: Duration::from_hours(90 * 24),
            most_bytes,
        };
        for (most_bytes, bytes, begin, kept_days) in [
            (None, 1_000, Some(500), 90),
            (Some(1_000), 1_000, Some(500), 90),
            (Some(999), 1_000, Some(500), 81),
            (Some(999), 1_000, Some(980), 18),
            (Some(999), 1_000, None, 90),
            // The last day stays, whatever the size is.
            (Some(999), 1_000, Some(999), 1),
            (Some(999), 1_000, Some(1_000), 1),
        ] {
            let held = Held {
                bytes,
                begin: begin.map(|day: i64| day * DAY),
            };
            assert_eq!(
                now - horizon(keep(most_bytes), now, held),
                kept_days * DAY,
                "{most_bytes:?} {held:?}"
            );
        }
    }
}
