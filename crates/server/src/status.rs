//! Where the sources stand: written by the loop, read by handlers and metrics.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use api::{
    GenerationDelta, Phase, SourceFaults, SourceKind, SourceRead, SourceStatus, SourceTotals,
};

use crate::refresh::Bell;
use crate::render::time;

/// A source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceId {
    /// What it gives.
    pub kind: SourceKind,
    /// Its name: that of the instance or the cluster.
    pub name: String,
}

/// What is known of one source. Its phase follows from this and is kept nowhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceState {
    /// Since when it is in its phase: seconds since the Unix epoch.
    pub phase_since: Option<i64>,
    /// When the last good generation was read: seconds since the Unix epoch.
    pub last_good: Option<i64>,
    /// A person wants it left alone.
    pub paused: bool,
    /// The source answered completely the last time it was read by this process.
    pub current: bool,
    /// Number of the last good generation; 0 before the first.
    pub generation: u32,
    /// What that holds, by kind.
    pub counts: BTreeMap<&'static str, u64>,
    /// What the last generation that was taken changed.
    pub delta: Option<GenerationDelta>,
    /// Number of the last read that ended, as [`Bell::begin`] gave it.
    pub reads: u64,
    /// Since when a read is under way: seconds since the Unix epoch.
    pub reading_since: Option<i64>,
    /// What the last read cost.
    pub last_read: Option<SourceRead>,
    /// Sums since the start.
    pub totals: SourceTotals,
    /// The reads that failed since the start, by the sort of failure.
    pub failures: BTreeMap<FailureKind, u64>,
    /// The reads that failed in a row, up to now.
    pub failing: Option<Failing>,
    /// Why the last read failed.
    pub failure: Option<Failure>,
    /// Removals that wait for confirmation (S23).
    pub held: Option<api::HeldBack>,
    /// What is no failure and should be known. No secret is in it.
    pub warnings: Vec<String>,
    /// What of the last read could not be used.
    pub faults: SourceFaults,
    /// When it is read next.
    pub next_attempt: Option<NextAttempt>,
}

/// Why a read failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What sort of failure it is.
    pub kind: FailureKind,
    /// When: seconds since the Unix epoch.
    pub at: i64,
    /// What went wrong. No secret is in it.
    pub message: String,
    /// What to do about it, where that is known.
    pub remedy: Option<String>,
}

/// The sorts of failures, for those who count them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureKind {
    /// No answer came: no connection, none to be trusted, or none in time.
    Unreachable,
    /// Who asked was refused: by their credentials, or by what these permit.
    Refused,
    /// Fewer requests are wanted.
    RateLimited,
    /// An answer came that cannot be used.
    Answer,
    /// Files could not be read.
    Files,
    /// What is configured cannot be used.
    Settings,
    /// This program has a fault.
    Program,
    /// What was read cannot be kept, which is no failure of a read.
    Store,
}

impl FailureKind {
    /// All that a read can fail by.
    pub const ALL: [Self; 7] = [
        Self::Unreachable,
        Self::Refused,
        Self::RateLimited,
        Self::Answer,
        Self::Files,
        Self::Settings,
        Self::Program,
    ];

    /// The word that metrics use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::RateLimited => "rate-limited",
            Self::Answer => "answer",
            Self::Files => "files",
            Self::Settings => "settings",
            Self::Program => "program",
            Self::Store => "store",
        }
    }
}

/// Failures in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failing {
    /// When the first of them was: seconds since the Unix epoch.
    pub since: i64,
    /// How many.
    pub times: u32,
}

/// When a source is read next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextAttempt {
    /// When, by the clock as it was when the pause began: seconds since the Unix epoch.
    pub at: i64,
    /// How long the pause is, in seconds.
    pub pause: u64,
}

impl NextAttempt {
    /// Seconds until then. The pause itself does not follow the clock of the wall; where that jumped, this is an estimate
    /// that is never longer than the whole pause.
    fn in_seconds(self, now: i64) -> u64 {
        seconds_between(now, self.at).min(self.pause)
    }
}

/// Seconds from one time to another; 0 where the clock went back in between.
fn seconds_between(from: i64, to: i64) -> u64 {
    u64::try_from(to.saturating_sub(from)).unwrap_or(0)
}

impl SourceState {
    /// Where the source stands (S22, S23, S26).
    pub fn phase(&self) -> Phase {
        match (self.last_good, self.current) {
            _ if self.paused => Phase::Paused,
            _ if self.held.is_some() => Phase::Held,
            (Some(_), true) => Phase::Ready,
            (Some(_), false) => Phase::Stale,
            (None, _) if self.failure.is_some() => Phase::Failing,
            (None, _) => Phase::Starting,
        }
    }

    /// Whether it answered once, whatever it said, or is not going to be asked.
    pub fn has_answered(&self) -> bool {
        self.current || self.paused || self.failure.is_some() || self.held.is_some()
    }

    /// What the API says of it.
    pub fn render(&self, id: &SourceId, now: i64) -> SourceStatus {
        SourceStatus {
            name: id.name.clone(),
            kind: id.kind,
            as_of: time(now),
            phase: self.phase(),
            phase_since: self.phase_since.map(time),
            last_good_at: self.last_good.map(time),
            age_seconds: self.last_good.map(|at| seconds_between(at, now)),
            generation: self.generation,
            counts: self
                .counts
                .iter()
                .map(|(kind, count)| ((*kind).to_owned(), *count))
                .collect(),
            delta: self.delta,
            reads: self.reads,
            reading_since: self.reading_since.map(time),
            last_read: self.last_read,
            totals: self.totals,
            failures: self.failing.map_or(0, |failing| failing.times),
            failing_since: self.failing.map(|failing| time(failing.since)),
            last_error: self.failure.as_ref().map(|failure| api::SourceFailure {
                at: time(failure.at),
                message: failure.message.clone(),
                remedy: failure.remedy.clone(),
            }),
            held_back: self.held,
            warnings: self.warnings.clone(),
            faults: self.faults.clone(),
            next_attempt_at: self.next_attempt.map(|next| time(next.at)),
            next_attempt_in_seconds: self.next_attempt.map(|next| next.in_seconds(now)),
        }
    }
}

/// Every source that is configured, and whether the last state is loaded.
#[derive(Debug, Default)]
pub struct Sources {
    states: RwLock<BTreeMap<SourceId, SourceState>>,
    /// Those of the sources that are read by a task.
    bells: RwLock<BTreeMap<SourceId, Arc<Bell>>>,
    loaded: AtomicBool,
    store: RwLock<StoreState>,
}

/// Whether what the sources say can be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreState {
    /// The writes that the store refused in a row, up to now.
    pub failing: Option<Failing>,
    /// All that it refused since the start.
    pub failures: u64,
}

impl Sources {
    /// Writes what is known of a source, which is added if it is new; returns what it was before and is now, so that a
    /// change of its phase can be published.
    pub fn update(
        &self,
        id: &SourceId,
        change: impl FnOnce(&mut SourceState),
    ) -> (Option<Phase>, SourceState) {
        // A state is plain data that is valid at every moment: a writer that panicked leaves nothing to repair.
        let mut states = self.states.write().unwrap_or_else(PoisonError::into_inner);
        let before = states.get(id).map(SourceState::phase);
        let state = states.entry(id.clone()).or_default();
        change(state);
        (before, state.clone())
    }

    /// Forgets a source.
    pub fn remove(&self, id: &SourceId) {
        let mut states = self.states.write().unwrap_or_else(PoisonError::into_inner);
        states.remove(id);
        let mut bells = self.bells.write().unwrap_or_else(PoisonError::into_inner);
        bells.remove(id);
    }

    /// Every source, sorted by kind and name.
    pub fn list(&self) -> Vec<(SourceId, SourceState)> {
        let mut list: Vec<(SourceId, SourceState)> = {
            let states = self.states.read().unwrap_or_else(PoisonError::into_inner);
            states
                .iter()
                .map(|(id, state)| (id.clone(), state.clone()))
                .collect()
        };
        for (id, state) in &mut list {
            state.reading_since = self.bell(id).and_then(|bell| bell.reading_since());
        }
        list
    }

    /// One source.
    pub fn get(&self, id: &SourceId) -> Option<SourceState> {
        let mut state = {
            let states = self.states.read().unwrap_or_else(PoisonError::into_inner);
            states.get(id)?.clone()
        };
        state.reading_since = self.bell(id).and_then(|bell| bell.reading_since());
        Some(state)
    }

    /// From now on the source is read by a task that hears this bell.
    pub fn hang_up(&self, id: &SourceId, bell: Arc<Bell>) {
        let mut bells = self.bells.write().unwrap_or_else(PoisonError::into_inner);
        bells.insert(id.clone(), bell);
    }

    /// The bell of the task that reads the source; `None` where nobody reads it.
    pub fn bell(&self, id: &SourceId) -> Option<Arc<Bell>> {
        let bells = self.bells.read().unwrap_or_else(PoisonError::into_inner);
        bells.get(id).cloned()
    }

    /// The store refused writes so often in a row, or takes them again.
    pub fn set_store(&self, failing: Option<Failing>) {
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        store.failures = store.failures.saturating_add(u64::from(failing.is_some()));
        store.failing = failing;
    }

    /// Whether the store takes writes.
    pub fn store(&self) -> StoreState {
        *self.store.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last state is loaded: from here on the server can answer (S26).
    pub fn set_loaded(&self) {
        self.loaded.store(true, Ordering::Release);
    }

    /// Whether the last state is loaded.
    pub fn is_loaded(&self) -> bool {
        self.loaded.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phase_follows_from_what_is_known() {
        // S22, S23, S26.
        let failure = Some(Failure {
            kind: FailureKind::Unreachable,
            at: 1,
            message: "no route".into(),
            remedy: None,
        });
        let held = Some(api::HeldBack {
            removals: 20,
            times: 1,
            confirmations: 3,
        });
        let state = SourceState::default;
        for (state, phase) in [
            (state(), Phase::Starting),
            (
                SourceState {
                    failure: failure.clone(),
                    ..state()
                },
                Phase::Failing,
            ),
            (
                SourceState {
                    last_good: Some(1),
                    ..state()
                },
                Phase::Stale,
            ),
            (
                SourceState {
                    last_good: Some(1),
                    failure,
                    ..state()
                },
                Phase::Stale,
            ),
            (
                SourceState {
                    last_good: Some(1),
                    current: true,
                    ..state()
                },
                Phase::Ready,
            ),
            (
                SourceState {
                    last_good: Some(1),
                    current: true,
                    held,
                    ..state()
                },
                Phase::Held,
            ),
            (
                SourceState {
                    last_good: Some(1),
                    paused: true,
                    held,
                    ..state()
                },
                Phase::Paused,
            ),
        ] {
            assert_eq!(state.phase(), phase, "{state:?}");
        }
    }

    #[test]
    fn ages_and_pauses_survive_a_clock_that_jumps() {
        const YEAR: i64 = 365 * 24 * 3_600;
        const NOW: i64 = 1_700_000_000;
        let id = SourceId {
            kind: SourceKind::Catalog,
            name: "main".into(),
        };
        let state = SourceState {
            last_good: Some(NOW),
            next_attempt: Some(NextAttempt {
                at: NOW + 300,
                pause: 300,
            }),
            ..SourceState::default()
        };
        for (now, age, until) in [
            (NOW, 0, 300),
            (NOW + 60, 60, 240),
            (NOW + 301, 301, 0),
            (NOW + YEAR, YEAR.unsigned_abs(), 0),
            (NOW - YEAR, 0, 300),
            (i64::MIN, 0, 300),
            (i64::MAX, i64::MAX.abs_diff(NOW), 0),
        ] {
            let status = state.render(&id, now);
            assert_eq!(status.age_seconds, Some(age), "{now}");
            assert_eq!(status.next_attempt_in_seconds, Some(until), "{now}");
        }
        let odd = SourceState {
            last_good: Some(i64::MIN),
            ..SourceState::default()
        };
        assert!(odd.render(&id, i64::MAX).age_seconds.is_some());
    }

    #[test]
    fn an_update_says_what_the_phase_was() {
        let sources = Sources::default();
        let id = SourceId {
            kind: SourceKind::Catalog,
            name: "default".into(),
        };
        let (before, after) = sources.update(&id, |_| ());
        assert_eq!((before, after.phase()), (None, Phase::Starting));
        let (before, after) = sources.update(&id, |state| {
            state.last_good = Some(5);
            state.current = true;
        });
        assert_eq!(
            (before, after.phase()),
            (Some(Phase::Starting), Phase::Ready)
        );
        sources.remove(&id);
        assert_eq!(sources.list(), []);
    }
}
