//! What the loop knows of one source beside its facts, and what the status says of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::Phase;
use server::refresh::Bell;
use server::status::{Failing, Failure, NextAttempt, SourceId, SourceState};
use store::{Good, HeldRecord, Source};
use tokio::sync::watch;
use topology::fact::ObjectKind;
use topology::generation::{self, Held, RemovalPolicy};
use topology::settings::InstanceSettings;
use topology::topology::{ClusterId, InstanceId};

use super::account::Account;
use super::faults::Faults;

/// Where the facts of a source go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handle {
    /// Into this instance.
    Instance(InstanceId),
    /// Into this cluster.
    Cluster(ClusterId),
    /// Nowhere: the source cannot start.
    Nowhere,
}

/// One source.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, which may be so whatever the others are"
)]
pub(super) struct Standing {
    /// Its name for the status.
    pub(super) id: SourceId,
    /// Its name for the store.
    pub(super) source: Source,
    /// Where its facts go.
    pub(super) handle: Handle,
    /// The text of the mapping that the facts at hand were read with; empty for a cluster.
    pub(super) mapping: String,
    /// The settings that take effect with the next read, because the facts at hand belong to another mapping.
    pub(super) awaiting: Option<InstanceSettings>,
    /// Where a Secret may say how the instance is stitched: how it is without that.
    pub(super) own: Option<Box<InstanceSettings>>,
    /// A person wants it left alone.
    pub(super) paused: bool,
    /// Generation of the last batch committed.
    pub(super) generation: u32,
    /// The last complete generation (S22).
    pub(super) last_good: Option<Good>,
    /// The source answered completely the last time.
    pub(super) current: bool,
    /// Why it did not.
    pub(super) failure: Option<Failure>,
    /// What is held back (S23).
    pub(super) holds: Holds,
    /// What the last good generation holds, by kind.
    pub(super) counts: BTreeMap<&'static str, u64>,
    /// When it is read next.
    pub(super) next_attempt: Option<NextAttempt>,
    /// Every kind of this watched cluster is being watched.
    pub(super) watched: bool,
    /// What of it could not be used.
    pub(super) faults: Faults,
    /// How its reads went.
    pub(super) account: Account,
    /// The phase that was last told, and since when it is in that: seconds since the Unix epoch.
    pub(super) phase: Option<(Phase, i64)>,
    /// Asks its task for a read.
    pub(super) bell: Arc<Bell>,
    /// Asks the watch of a cluster to list again, because something is held back.
    pub(super) recheck: watch::Sender<bool>,
    /// It is no more, and only its place is kept: numbers of sources are not given out again.
    pub(super) closed: bool,
}

impl Standing {
    /// A source of which nothing is known.
    pub(super) fn new(id: SourceId, source: Source, handle: Handle) -> Self {
        Self {
            id,
            source,
            handle,
            mapping: String::new(),
            awaiting: None,
            own: None,
            paused: false,
            generation: 0,
            last_good: None,
            current: false,
            failure: None,
            holds: Holds::default(),
            counts: BTreeMap::new(),
            next_attempt: None,
            watched: false,
            faults: Faults::default(),
            account: Account::default(),
            phase: None,
            bell: Arc::default(),
            recheck: watch::Sender::new(false),
            closed: false,
        }
    }

    /// What the status says of it at that time. While the store refuses writes no source is current, whatever it says
    /// itself.
    pub(super) fn state(
        &mut self,
        policy: &RemovalPolicy,
        store: Option<&StoreFailure>,
        now: i64,
    ) -> SourceState {
        let account = self.account.clone();
        let mut state = SourceState {
            phase_since: None,
            paused: self.paused,
            last_good: self.last_good.map(|good| good.read_at),
            current: self.current && store.is_none(),
            generation: self.last_good.map_or(0, |good| good.generation),
            counts: self.counts.clone(),
            delta: account.delta,
            reads: account.reads,
            // The bell knows.
            reading_since: None,
            last_read: account.last_read,
            totals: account.totals,
            failures: account.failures,
            failing: store.map(|store| store.failing).or(account.failing),
            failure: store
                .map(|store| &store.failure)
                .or(self.failure.as_ref())
                .cloned(),
            held: self.holds.total().map(|held| api::HeldBack {
                removals: held.removals as u64,
                times: held.times,
                confirmations: policy.confirmations,
            }),
            warnings: account.warnings,
            faults: self.faults.told(),
            next_attempt: self.next_attempt,
        };
        let phase = state.phase();
        let since = match self.phase {
            Some((before, since)) if before == phase => since,
            _ => now,
        };
        self.phase = Some((phase, since));
        state.phase_since = Some(since);
        state
    }
}

/// Why the store refuses writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoreFailure {
    /// The last refusal.
    pub(super) failure: Failure,
    /// All of them.
    pub(super) failing: Failing,
}

/// What is held back of a source: as a whole, or by kind where each kind is listed on its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Holds {
    of: BTreeMap<Option<ObjectKind>, Held>,
    /// Held back before the last start. The store does not say of which kind; the fingerprint does, once the kind is
    /// listed again.
    before_start: Option<Held>,
}

impl Holds {
    /// What the store kept.
    pub(super) fn restored(record: Option<HeldRecord>) -> Self {
        Self {
            of: BTreeMap::new(),
            before_start: record.map(|record| Held {
                removals: usize::try_from(record.count).unwrap_or(usize::MAX),
                fingerprint: record.fingerprint,
                times: record.times,
            }),
        }
    }

    /// What was held back when this scope was last read; `None` as a scope is the whole source.
    pub(super) fn before(&self, scope: Option<ObjectKind>) -> Option<&Held> {
        self.of.get(&scope).or(self.before_start.as_ref())
    }

    /// Takes note of what is held back now.
    pub(super) fn set(&mut self, scope: Option<ObjectKind>, held: Option<Held>) {
        let same =
            |before: &mut Held| held.is_some_and(|held| held.fingerprint == before.fingerprint);
        // A whole read replaces whatever was known; of several kinds only the one that it was of does.
        if scope.is_none() || self.before_start.as_mut().is_some_and(same) {
            self.before_start = None;
        }
        match held {
            Some(held) => self.of.insert(scope, held),
            None => self.of.remove(&scope),
        };
    }

    /// A person says that all of it is true: the next read that says the same is the last that was wanted, even one that came
    /// early.
    pub(super) fn confirm(&mut self, confirmations: u32) {
        for held in self.of.values_mut().chain(self.before_start.as_mut()) {
            held.times = held.times.max(confirmations);
        }
    }

    /// Whether something is held back, and a person said that all of it is true.
    pub(super) fn are_confirmed(&self, confirmations: u32) -> bool {
        self.total().is_some_and(|held| held.times >= confirmations)
    }

    /// Every kind was listed since the start: what is held back of them is known, each by itself. What was held back of the
    /// source as a whole, while its Secret was gone, is no more.
    pub(super) fn all_listed(&mut self) {
        self.before_start = None;
        self.of.remove(&None);
    }

    /// Whether nothing is held back.
    pub(super) fn is_empty(&self) -> bool {
        self.total().is_none()
    }

    /// All of it as one: the sum, and the lowest count, because only then everything is confirmed.
    pub(super) fn total(&self) -> Option<Held> {
        let all = || self.of.values().chain(self.before_start.as_ref());
        let mut held = *all().next()?;
        if all().count() > 1 {
            let fingerprints: Vec<u64> = all().map(|held| held.fingerprint).collect();
            held = Held {
                removals: all().map(|held| held.removals).sum(),
                fingerprint: generation::fingerprint(&fingerprints),
                times: all().map(|held| held.times).min().unwrap_or_default(),
            };
        }
        Some(held)
    }

    /// What the store keeps of it. Where several kinds wait, their counts begin anew after a restart, which only makes
    /// them wait longer.
    pub(super) fn record(&self) -> Option<HeldRecord> {
        self.total().map(|held| HeldRecord {
            fingerprint: held.fingerprint,
            count: held.removals as u64,
            times: held.times,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(removals: usize, fingerprint: u64, times: u32) -> Held {
        Held {
            removals,
            fingerprint,
            times,
        }
    }

    #[test]
    fn s23_what_is_held_back_survives_a_restart() {
        let mut holds = Holds::default();
        holds.set(Some(ObjectKind::Service), Some(held(60, 7, 2)));
        let mut restored = Holds::restored(holds.record());
        assert_eq!(restored.total(), holds.total());
        // Another kind says nothing of it, the kind itself goes on counting.
        restored.set(Some(ObjectKind::Namespace), None);
        assert_eq!(
            restored.before(Some(ObjectKind::Service)),
            Some(&held(60, 7, 2))
        );
        restored.set(Some(ObjectKind::Service), Some(held(60, 7, 3)));
        assert_eq!(restored.total(), Some(held(60, 7, 3)));
    }

    #[test]
    fn s23_what_is_no_longer_missing_is_no_longer_held_back() {
        let mut holds = Holds::restored(Some(HeldRecord {
            fingerprint: 7,
            count: 60,
            times: 1,
        }));
        holds.set(Some(ObjectKind::Service), None);
        assert!(!holds.is_empty(), "it may be of another kind");
        holds.all_listed();
        assert!(holds.is_empty());

        let mut holds = Holds::restored(holds.record());
        holds.set(None, Some(held(60, 7, 1)));
        holds.set(None, None);
        assert_eq!(holds.record(), None);
    }

    #[test]
    fn s23_kinds_wait_on_their_own_and_are_told_as_one() {
        let mut holds = Holds::default();
        holds.set(Some(ObjectKind::Service), Some(held(60, 7, 2)));
        holds.set(Some(ObjectKind::Namespace), Some(held(20, 8, 1)));
        let total = holds.total().expect("two wait");
        assert_eq!((total.removals, total.times), (80, 1));
        holds.set(Some(ObjectKind::Namespace), None);
        assert_eq!(holds.total(), Some(held(60, 7, 2)));
    }
}
