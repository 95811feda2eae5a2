//! Between requests and the task that reads a source: who asks for a read, and which read that will be.
//!
//! ```text
//!  request ── ring ──▶ Bell ── rung ──▶ task: begin ─ reads ─ rest ─┐
//!     ▲                 ▲                        ▲                  │
//!     └─ its number ────┘                        └──────────────────┘
//! ```
//!
//! Every read has a number. A request is given the number of the first read that begins after it, so that whoever waits
//! until the status says that this read ended has seen what the source says now. A request that comes while a read is
//! under way is answered by another read. It owns numbers and refusals; how long to rest is the task's business.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// The least time between two reads of one source, however often they are asked for.
pub const LEAST_REST: Duration = Duration::from_secs(1);

/// One source's bell. It has one task that listens.
#[derive(Debug, Default)]
pub struct Bell {
    state: Mutex<State>,
    heard: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Number of the last read that began.
    begun: u64,
    /// When that was, while it is under way: seconds since the Unix epoch.
    reading_since: Option<i64>,
    /// Another read is asked for.
    rung: Option<Insist>,
    /// Why the task rests.
    rest: Rest,
}

/// Why a task rests between two reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rest {
    /// By its own plan: the interval, or the pause after a failure that may pass.
    #[default]
    Planned,
    /// The server said how long to leave it alone (`Retry-After`).
    Ordered {
        /// Until when: seconds since the Unix epoch.
        until: i64,
    },
    /// A person wants the source left alone.
    Paused,
    /// It was refused (401, 403), and asking again would be refused too.
    Refused {
        /// Until when: seconds since the Unix epoch.
        until: i64,
    },
}

impl Rest {
    /// The most that a request may insist on. Who paused a source is asked to go on, and not passed over.
    fn most(self) -> Insist {
        match self {
            Self::Paused => Insist::No,
            _ => Insist::Yes,
        }
    }
}

/// How much a request insists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Insist {
    /// What the server ordered counts.
    No,
    /// A person knows better.
    Yes,
}

impl State {
    fn wakes(&self) -> bool {
        match self.rung {
            Some(Insist::Yes) => self.rest != Rest::Paused,
            Some(Insist::No) => self.rest == Rest::Planned,
            None => false,
        }
    }
}

impl Bell {
    /// Asks for a read; the number of the one to wait for.
    ///
    /// # Errors
    /// When the source is to be left alone, and why.
    pub fn ring(&self, insist: Insist) -> Result<u64, Rest> {
        let mut state = self.state();
        let insist = insist.min(state.rest.most());
        if insist == Insist::No && state.reading_since.is_none() && state.rest != Rest::Planned {
            return Err(state.rest);
        }
        state.rung = state.rung.max(Some(insist));
        let number = state.begun + 1;
        drop(state);
        self.heard.notify_one();
        Ok(number)
    }

    /// A read begins; its number. What was asked for before is answered by it.
    pub fn begin(&self, now: i64) -> u64 {
        let mut state = self.state();
        state.begun += 1;
        state.reading_since = Some(now);
        state.rung = None;
        state.begun
    }

    /// The read has ended, and the task rests.
    pub fn rest(&self, rest: Rest) {
        let mut state = self.state();
        state.reading_since = None;
        state.rest = rest;
    }

    /// Waits until a read is asked for. What was asked for before the server ordered a rest waits for the end of that.
    pub async fn rung(&self) {
        while !self.state().wakes() {
            self.heard.notified().await;
        }
    }

    /// Why the task rests, or rested last.
    pub fn resting(&self) -> Rest {
        self.state().rest
    }

    /// Since when a read is under way: seconds since the Unix epoch.
    pub fn reading_since(&self) -> Option<i64> {
        self.state().reading_since
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Plain data that is valid at every moment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_waits_for_a_read_that_begins_after_it() {
        let bell = Bell::default();
        assert_eq!(bell.ring(Insist::No), Ok(1));
        bell.rung().await;
        assert_eq!(bell.begin(5), 1);
        assert_eq!(bell.reading_since(), Some(5));
        // What is under way began before: another read follows, one for all who ask.
        assert_eq!(bell.ring(Insist::No), Ok(2));
        assert_eq!(bell.ring(Insist::No), Ok(2));
        bell.rest(Rest::Planned);
        assert_eq!(bell.reading_since(), None);
        bell.rung().await;
        assert_eq!(bell.begin(6), 2);
        bell.rest(Rest::Planned);
        let quiet = tokio::time::timeout(Duration::ZERO, bell.rung()).await;
        assert!(quiet.is_err(), "nothing more is asked for");
    }

    #[test]
    fn a_source_that_is_paused_is_not_read_however_much_somebody_insists() {
        let bell = Bell::default();
        bell.rest(Rest::Paused);
        for insist in [Insist::No, Insist::Yes] {
            assert_eq!(bell.ring(insist), Err(Rest::Paused));
            assert!(!bell.state().wakes());
        }
    }

    #[test]
    fn s22_what_a_server_ordered_is_kept_to_unless_somebody_insists() {
        let bell = Bell::default();
        for rest in [Rest::Ordered { until: 9 }, Rest::Refused { until: 9 }] {
            bell.begin(1);
            bell.rest(rest);
            assert_eq!(bell.ring(Insist::No), Err(rest));
            assert!(!bell.state().wakes());
            let next = bell.state().begun + 1;
            assert_eq!(bell.ring(Insist::Yes), Ok(next));
            assert!(bell.state().wakes());
            // Asked for during a read that ended in an order: it waits too.
            bell.begin(2);
            assert_eq!(bell.ring(Insist::No), Ok(next + 1));
            bell.rest(rest);
            assert!(!bell.state().wakes());
        }
    }
}
