//! The single writer: what one event after the other does to store, topology, history and status.
//!
//! ```text
//!  event ── decide (S22–S24) ──▶ store.commit ──▶ topology.apply, in slices ──▶ store.record ──▶ events
//!                                   │ fails             a reader waits for          │ fails
//!                                   └─ status says so,  one slice at most           └─ the same
//!                                      the same again
//! ```
//!
//! A batch that the store refuses is not applied: the last state is served on, and what sources say waits in the channel
//! until the store takes writes again (S26). It owns the order of these steps. What may be removed is decided in
//! `decide`, what is stitched to what in the core.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use catalog::backstage::Taken;
use server::api_tokens::Known;
use server::events::Events;
use server::status::{Failure, NextAttempt, Sources};
use store::{DecisionRecord, Good, Store};
use tokio::sync::watch;
use topology::entity_ref::EntityRef;
use topology::fact::{
    Absent, CatalogGeneration, CatalogSize, ClusterGeneration, ObjectFact, ObjectKey, ObjectKind,
};
use topology::generation::RemovalPolicy;
use topology::packed::PackedObjects;
use topology::topology::{ClusterId, InstanceId, Topology};

use super::counts::{entity_counts, object_counts};
use super::decide::{Decision, Missing, Share, Trust, decide};
use super::event::{Ended, Event, Health, Hides, Reading, Said, SourceNo};
use super::forget::Forgetting;
use super::gather::Gather;
use super::net::Net;
use super::standing::{Handle, Standing, StoreFailure};
use super::task::Woken;
use super::write::{Facts, Intake, Upserts};

/// The service is going down, and what was under way is left as it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stopped;

/// Whether to go on after a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Going {
    /// Go on.
    On,
    /// The service is going down.
    Down,
}

/// What readers see, and the loop writes.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    /// What is known.
    pub(super) topology: Arc<RwLock<Topology>>,
    /// Where the sources stand.
    pub(super) sources: Arc<Sources>,
    /// What changed of late.
    pub(super) events: Arc<Events>,
    /// The tokens of programs.
    pub(super) api_tokens: Arc<Known>,
    /// Told whenever the status of a source may have changed.
    pub(super) notice: watch::Sender<u64>,
}

/// What the loop is given from outside: time, and how to wait.
pub(super) struct Surroundings {
    /// The time now: seconds since the Unix epoch.
    pub(super) clock: fn() -> i64,
    /// Waits, unless the service goes down.
    pub(super) pause: Box<dyn FnMut(Duration) -> Going + Send>,
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").finish_non_exhaustive()
    }
}

/// The loop's state.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) store: Store,
    pub(super) shared: Shared,
    pub(super) policy: RemovalPolicy,
    pub(super) surroundings: Surroundings,
    /// The sources; [`SourceNo`] is the place in it.
    pub(super) book: Vec<Standing>,
    pub(super) net: Net,
    /// What sources say.
    pub(super) gather: Gather,
    /// The large reads that are being taken and have let others come in between, the first first.
    pub(super) under_way: Vec<UnderWay>,
    /// Why the store refuses writes.
    pub(super) store_failure: Option<StoreFailure>,
    /// What people decided and stands, the first first.
    pub(super) decisions: Vec<DecisionRecord>,
    /// When old history is forgotten, and how far that has come.
    pub(super) forgetting: Forgetting,
}

/// A large read between two of its batches.
#[derive(Debug)]
pub(super) struct UnderWay {
    /// Whose it is.
    pub(super) source: SourceNo,
    /// What it changed so far and is not history yet.
    pub(super) net: Net,
}

/// Changes of a watched cluster that come together, the last of each object.
#[derive(Default)]
struct Trickle {
    objects: HashMap<ObjectKey, Option<ObjectFact>>,
    read_at: i64,
}

impl Engine {
    /// Takes what sources said, in its order.
    pub(super) fn take(&mut self, events: Vec<Event>) -> Result<(), Stopped> {
        let mut trickles: BTreeMap<usize, Trickle> = BTreeMap::new();
        for Event { source, said } in events {
            let mut trickle = |key: ObjectKey, fact: Option<ObjectFact>, at: i64| {
                let trickle = trickles.entry(source.0).or_default();
                trickle.objects.insert(key, fact);
                trickle.read_at = trickle.read_at.max(at);
            };
            match said {
                Said::Applied(fact, at) => trickle(fact.key(), Some(*fact), at),
                Said::Deleted(key, at) => trickle(key, None, at),
                Said::Faulty(kind, faults) => {
                    if self.at(source).faults.add(Some(kind), &faults) {
                        self.log_faults(source, &faults);
                    }
                }
                other => {
                    self.trickles(std::mem::take(&mut trickles))?;
                    self.big(source, other)?;
                }
            }
        }
        self.trickles(trickles)
    }

    fn trickles(&mut self, trickles: BTreeMap<usize, Trickle>) -> Result<(), Stopped> {
        for (source, trickle) in trickles {
            let source = SourceNo(source);
            let mut upserts = Vec::new();
            let mut removals = Vec::new();
            for (key, fact) in trickle.objects {
                match fact {
                    Some(fact) => upserts.push(fact),
                    None => removals.push(key),
                }
            }
            let complete = self.is_live(source);
            let intake = Intake {
                upserts,
                removals,
                read_at: trickle.read_at,
                complete,
                size: None,
                contents: None,
            };
            let generation = self.at(source).generation;
            self.take_in(source, generation, intake)?;
            self.answered(source, complete);
        }
        Ok(())
    }

    fn big(&mut self, source: SourceNo, said: Said) -> Result<(), Stopped> {
        let said = match said {
            Said::Open(opening) => return self.open(source, *opening),
            other => other,
        };
        if matches!(
            said,
            Said::Catalog(..) | Said::Withdrawn(..) | Said::Failed { .. } | Said::Health(..)
        ) {
            self.at(source).paused = false;
        }
        match (said, self.at(source).handle) {
            (Said::Paused, _) => {
                self.paused(source);
                Ok(())
            }
            (Said::Settings(settings), Handle::Instance(instance)) => {
                self.settings(source, instance, *settings)
            }
            (Said::Catalog(generation, reading, answer), Handle::Instance(instance)) => {
                let taken = self.catalog(source, instance, generation, reading)?;
                // Nobody waits where the service is going down already.
                let _ = answer.send(taken);
                Ok(())
            }
            (Said::Cluster(generation, reading), Handle::Cluster(cluster)) => {
                self.cluster(source, cluster, generation, reading)?;
                Ok(())
            }
            (
                Said::Listed {
                    kind,
                    objects,
                    faults,
                    read_at,
                    woken,
                },
                Handle::Cluster(cluster),
            ) => {
                self.tell_faults(source, Some(kind), &faults);
                self.listed(source, cluster, kind, objects, read_at, woken)
            }
            (Said::Health(health, ended), Handle::Cluster(cluster)) => {
                self.health(source, cluster, health, ended)
            }
            (Said::Withdrawn(failure, reading, answer), _) => {
                let taken = self.withdrawn(source, failure, reading)?;
                // Nobody waits where the service is going down already.
                let _ = answer.send(taken);
                Ok(())
            }
            (Said::Close, _) => self.close(source),
            (
                Said::Secrets {
                    count,
                    failure,
                    next_attempt,
                    warnings,
                },
                _,
            ) => {
                self.secrets(source, count, failure, next_attempt, warnings);
                Ok(())
            }
            (
                Said::Failed {
                    failure,
                    next_attempt,
                    ended,
                },
                _,
            ) => {
                self.failed(source, failure, next_attempt, ended);
                Ok(())
            }
            // No task is started for a source that has nowhere to put its facts, and none says what is not its own.
            _ => Ok(()),
        }
    }

    pub(super) fn catalog(
        &mut self,
        source: SourceNo,
        instance: InstanceId,
        generation: CatalogGeneration,
        reading: Reading,
    ) -> Result<Taken, Stopped> {
        let CatalogGeneration {
            entities,
            absent,
            size,
            faults,
            faulty_parts,
        } = generation;
        self.tell_faults(source, None, &faults);
        let (live, missing) = {
            let topology = self.topology();
            let missing = match absent {
                Absent::AllOthers => topology.missing_entities(instance, entities.references()),
                Absent::These(missing) => missing,
            };
            (topology.entity_count(instance), missing)
        };
        let kinds = match reading.faults_hide {
            // A permission may hide a kind from a token, and nothing says so.
            Hides::Nothing => kinds_of(&self.at(source).counts, &missing),
            // Files show what they are.
            Hides::Documents => Vec::new(),
        };
        self.whole(
            source,
            entities,
            size.total(),
            Missing {
                live,
                keys: missing,
                kinds,
            },
            trust(&reading, faults.len() > faulty_parts),
            reading,
            || entity_counts(size),
        )
    }

    pub(super) fn cluster(
        &mut self,
        source: SourceNo,
        cluster: ClusterId,
        generation: ClusterGeneration,
        reading: Reading,
    ) -> Result<Taken, Stopped> {
        let ClusterGeneration { objects, faults } = generation;
        self.tell_faults(source, None, &faults);
        let size = objects.len() as u64;
        let keys = objects.iter().map(ObjectFact::key);
        let (live, missing) = {
            let topology = self.topology();
            (
                topology.object_count(cluster, None),
                topology.missing_objects(cluster, None, keys),
            )
        };
        let topology = Arc::clone(&self.shared.topology);
        let counts = move || object_counts(&read(&topology), cluster);
        self.whole(
            source,
            objects,
            size,
            Missing {
                live,
                keys: missing,
                kinds: Vec::new(),
            },
            trust(&reading, !faults.is_empty()),
            reading,
            counts,
        )
    }

    /// A read of a whole source, which has so much.
    #[expect(
        clippy::too_many_arguments,
        reason = "they are the parts of a read, which its two callers take apart"
    )]
    fn whole<F: Facts>(
        &mut self,
        source: SourceNo,
        upserts: impl Upserts<F>,
        size: u64,
        missing: Missing<F::Key>,
        trust: Trust,
        reading: Reading,
        counts: impl FnOnce() -> BTreeMap<&'static str, u64>,
    ) -> Result<Taken, Stopped>
    where
        F::Key: std::hash::Hash,
    {
        let before = reading.woken.row(self.at(source).holds.before(None));
        let decision = decide(&self.policy, trust, missing, before.as_ref());
        let generation = self.at(source).generation.saturating_add(1);
        let held = match &decision {
            Decision::Apply(_) => None,
            Decision::Keep(held) => *held,
            Decision::Hold(held) => Some(*held),
        };
        let partial = reading.incomplete.is_some();
        if !partial {
            self.at(source).holds.set(None, held);
        }
        let read_at = reading.read_at;
        let complete = matches!(decision, Decision::Apply(_));
        let (taken, removals) = match decision {
            Decision::Apply(removals) => (Taken::Replaced, Some(removals)),
            Decision::Keep(_) => (Taken::Merged, Some(Vec::new())),
            Decision::Hold(_) => (Taken::Refused, None),
        };
        if let Some(removals) = removals {
            let intake = Intake {
                upserts,
                removals,
                read_at,
                complete,
                size: Some(size),
                contents: reading.contents,
            };
            self.take_in(source, generation, intake)?;
        } else {
            // The mapping stays that of the facts at hand.
            let mapping = self.at(source).mapping.clone();
            let held = self.at(source).holds.record();
            let read = Good {
                generation,
                read_at,
            };
            let contents = store::Contents::default();
            self.commit::<F>(source, &mapping, read, false, held, &[], &[], contents)?;
        }
        let standing = self.at(source);
        match &reading.incomplete {
            Some(failure) => standing.account.failed(failure.at, failure.kind),
            None => standing.account.went_well(),
        }
        standing.account.ended(reading.ended);
        standing.failure = reading.incomplete;
        standing.next_attempt = Some(reading.next_attempt);
        if complete {
            standing.counts = counts();
        }
        self.answered(source, complete);
        Ok(taken)
    }

    /// A complete list of one kind of a watched cluster.
    fn listed(
        &mut self,
        source: SourceNo,
        cluster: ClusterId,
        kind: ObjectKind,
        objects: PackedObjects,
        read_at: i64,
        woken: Woken,
    ) -> Result<(), Stopped> {
        let (live, missing) = {
            let topology = self.topology();
            let live = topology.object_count(cluster, Some(kind));
            (
                live,
                topology.missing_objects(cluster, Some(kind), objects.keys()),
            )
        };
        let scope = Some(kind);
        let before = woken.row(self.at(source).holds.before(scope));
        let decision = decide(
            &self.policy,
            Trust::Part,
            Missing {
                live,
                keys: missing,
                kinds: Vec::new(),
            },
            before.as_ref(),
        );
        let (removals, held) = match decision {
            Decision::Apply(removals) => (removals, None),
            Decision::Keep(held) => (Vec::new(), held),
            Decision::Hold(held) => (Vec::new(), Some(held)),
        };
        self.at(source).holds.set(scope, held);
        let generation = self.at(source).generation.saturating_add(1);
        let complete = self.is_live(source);
        let intake = Intake {
            upserts: objects,
            removals,
            read_at,
            complete,
            size: None,
            contents: None,
        };
        self.take_in(source, generation, intake)?;
        self.answered(source, complete);
        Ok(())
    }

    fn health(
        &mut self,
        source: SourceNo,
        cluster: ClusterId,
        health: Health,
        ended: Option<Ended>,
    ) -> Result<(), Stopped> {
        let Health {
            complete,
            failure,
            next_attempt,
        } = health;
        if let Some(failure) = &failure {
            let id = &self.at(source).id;
            tracing::warn!(kind = %id.kind, source = %id.name, hint = failure.remedy, "{}", failure.message);
        }
        let standing = self.at(source);
        match &failure {
            None => standing.account.went_well(),
            // The same failure is told again where something else of the cluster has changed.
            Some(failure) if standing.failure.as_ref() == Some(failure) => {}
            Some(failure) => standing.account.failed(failure.at, failure.kind),
        }
        if let Some(ended) = ended {
            standing.account.ended(ended);
        }
        standing.watched = complete;
        standing.failure = failure;
        standing.next_attempt = next_attempt;
        if complete {
            standing.holds.all_listed();
        }
        let live = self.is_live(source);
        if live {
            let read_at = (self.surroundings.clock)();
            let intake = Intake {
                upserts: Vec::<ObjectFact>::new(),
                removals: Vec::new(),
                read_at,
                complete: true,
                size: None,
                contents: None,
            };
            let generation = self.at(source).generation;
            self.take_in(source, generation, intake)?;
            let counts = object_counts(&self.topology(), cluster);
            self.at(source).counts = counts;
        }
        self.answered(source, live);
        Ok(())
    }

    fn failed(
        &mut self,
        source: SourceNo,
        failure: Failure,
        next_attempt: NextAttempt,
        ended: Ended,
    ) {
        let id = &self.at(source).id;
        tracing::warn!(kind = %id.kind, source = %id.name, hint = failure.remedy, "{}", failure.message);
        let standing = self.at(source);
        standing.account.failed(failure.at, failure.kind);
        standing.account.ended(ended);
        standing.failure = Some(failure);
        standing.next_attempt = Some(next_attempt);
        standing.watched = false;
        self.answered(source, false);
    }

    /// Every kind of the cluster is watched, and nothing is held back: what is known is what there is.
    fn is_live(&self, source: SourceNo) -> bool {
        let standing = &self.book[source.0];
        standing.watched && standing.holds.is_empty()
    }

    pub(super) fn at(&mut self, source: SourceNo) -> &mut Standing {
        &mut self.book[source.0]
    }

    pub(super) fn topology(&self) -> RwLockReadGuard<'_, Topology> {
        read(&self.shared.topology)
    }

    pub(super) fn topology_mut(&self) -> RwLockWriteGuard<'_, Topology> {
        // Only this thread writes, and it does not outlive a panic of its own.
        self.shared
            .topology
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(topology: &RwLock<Topology>) -> RwLockReadGuard<'_, Topology> {
    topology.read().unwrap_or_else(PoisonError::into_inner)
}

/// How much of each kind a catalog had, and is missing.
fn kinds_of(counts: &BTreeMap<&'static str, u64>, missing: &[EntityRef]) -> Vec<Share> {
    let mut gone = CatalogSize::default();
    for reference in missing {
        *gone.of_kind_mut(&reference.kind) += 1;
    }
    let gone = entity_counts(gone);
    let shares = counts.iter().map(|(kind, live)| Share {
        live: usize::try_from(*live).unwrap_or(usize::MAX),
        missing: gone
            .get(kind)
            .map_or(0, |gone| usize::try_from(*gone).unwrap_or(usize::MAX)),
    });
    shares.collect()
}

fn trust(reading: &Reading, faulty: bool) -> Trust {
    match (&reading.incomplete, reading.faults_hide) {
        (Some(_), _) => Trust::Partial,
        (None, Hides::Documents) if faulty => Trust::Faulty,
        (None, _) => Trust::Whole,
    }
}
