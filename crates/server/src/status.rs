//! Where the sources stand: written by the loop, read by handlers and metrics.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use api::{Phase, SourceKind, SourceStatus};

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
    /// When the last good generation was read: seconds since the Unix epoch.
    pub last_good: Option<i64>,
    /// The source answered completely the last time it was read by this process.
    pub current: bool,
    /// Number of the last good generation; 0 before the first.
    pub generation: u32,
    /// What that holds, by kind.
    pub counts: BTreeMap<&'static str, u64>,
    /// Why the last read failed.
    pub failure: Option<Failure>,
    /// Removals that wait for confirmation (S23).
    pub held: Option<api::HeldBack>,
    /// When it is read next: seconds since the Unix epoch.
    pub next_attempt: Option<i64>,
}

/// Why a read failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// When: seconds since the Unix epoch.
    pub at: i64,
    /// What went wrong. No secret is in it.
    pub message: String,
    /// What to do about it, where that is known.
    pub remedy: Option<String>,
}

impl SourceState {
    /// Where the source stands (S22, S23, S26).
    pub fn phase(&self) -> Phase {
        match (self.last_good, self.current) {
            _ if self.held.is_some() => Phase::Held,
            (Some(_), true) => Phase::Ready,
            (Some(_), false) => Phase::Stale,
            (None, _) if self.failure.is_some() => Phase::Failing,
            (None, _) => Phase::Starting,
        }
    }

    /// What the API says of it.
    pub fn render(&self, id: &SourceId, now: i64) -> SourceStatus {
        SourceStatus {
            name: id.name.clone(),
            kind: id.kind,
            phase: self.phase(),
            last_good_at: self.last_good.map(time),
            age_seconds: self
                .last_good
                .map(|last_good| u64::try_from(now.saturating_sub(last_good)).unwrap_or(0)),
            generation: self.generation,
            counts: self
                .counts
                .iter()
                .map(|(kind, count)| ((*kind).to_owned(), *count))
                .collect(),
            last_error: self.failure.as_ref().map(|failure| api::SourceFailure {
                at: time(failure.at),
                message: failure.message.clone(),
                remedy: failure.remedy.clone(),
            }),
            held_back: self.held,
            next_attempt_at: self.next_attempt.map(time),
        }
    }
}

/// Every source that is configured, and whether the last state is loaded.
#[derive(Debug, Default)]
pub struct Sources {
    states: RwLock<BTreeMap<SourceId, SourceState>>,
    loaded: AtomicBool,
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
    }

    /// Every source, sorted by kind and name.
    pub fn list(&self) -> Vec<(SourceId, SourceState)> {
        let states = self.states.read().unwrap_or_else(PoisonError::into_inner);
        states
            .iter()
            .map(|(id, state)| (id.clone(), state.clone()))
            .collect()
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
        ] {
            assert_eq!(state.phase(), phase, "{state:?}");
        }
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
