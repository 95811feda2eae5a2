//! From what counts of a read to what everybody sees: commit, apply, record, in this order (S26).

use std::time::Duration;

use server::status::Failure;
use store::{Cause, CommitBatch, Fact, Good, HeldRecord, Store, StoreError};
use topology::apply::{CatalogDelta, ClusterDelta, Delta};
use topology::fact::{EntityFact, ObjectFact};

use super::engine::{Engine, Going, Stopped};
use super::event::SourceNo;
use super::mapping;
use super::standing::Handle;

/// Bound on the facts of one transaction.
pub(super) const BATCH: usize = 10_000;
/// Bound on the facts that are applied while readers wait.
pub(super) const SLICE: usize = 200;
/// Changes that wait for the end of their generation before they become history.
const MAX_NET: usize = 50_000;
/// The first pause after the store refused a write, and the longest.
const STORE_BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// The two sorts of facts, as far as the loop tells them apart.
pub(super) trait Facts: Fact {
    /// What is to be applied; `None` where it has nowhere to go.
    fn delta(to: Handle, read: Good, upserts: Vec<Self>, removals: Vec<Self::Key>)
    -> Option<Delta>;
}

impl Facts for EntityFact {
    fn delta(
        to: Handle,
        read: Good,
        upserts: Vec<Self>,
        removals: Vec<Self::Key>,
    ) -> Option<Delta> {
        let Handle::Instance(instance) = to else {
            return None;
        };
        Some(Delta::Catalog(CatalogDelta {
            instance,
            generation: read.generation,
            read_at: read.read_at,
            upserts,
            removals,
        }))
    }
}

impl Facts for ObjectFact {
    fn delta(to: Handle, _: Good, upserts: Vec<Self>, removals: Vec<Self::Key>) -> Option<Delta> {
        let Handle::Cluster(cluster) = to else {
            return None;
        };
        Some(Delta::Cluster(ClusterDelta {
            cluster,
            upserts,
            removals,
        }))
    }
}

/// What a read brings, after it was decided what of it counts.
pub(super) struct Intake<F: Facts, I: ExactSizeIterator<Item = F>> {
    pub(super) upserts: I,
    pub(super) removals: Vec<F::Key>,
    pub(super) read_at: i64,
    /// With it the generation is complete.
    pub(super) complete: bool,
}

impl Engine {
    /// Commits what counts of a read, applies it, and records what it changed.
    pub(super) fn take_in<F: Facts>(
        &mut self,
        source: SourceNo,
        generation: u32,
        intake: Intake<F, impl ExactSizeIterator<Item = F>>,
    ) -> Result<(), Stopped> {
        let Intake {
            mut upserts,
            mut removals,
            read_at,
            complete,
        } = intake;
        let read = Good {
            generation,
            read_at,
        };
        let handle = self.at(source).handle;
        let awaiting = self.at(source).awaiting.take();
        let mapping = match &awaiting {
            Some(settings) => mapping::text(&settings.label_map),
            None => self.at(source).mapping.clone(),
        };
        // Facts of two mappings must not stand side by side after a kill, so a new mapping comes in one transaction.
        let size = if awaiting.is_some() {
            usize::MAX
        } else {
            BATCH
        };
        let held = self.at(source).holds.record();
        loop {
            let part: Vec<F> = upserts.by_ref().take(size).collect();
            let last = upserts.len() == 0;
            let gone = if last {
                std::mem::take(&mut removals)
            } else {
                Vec::new()
            };
            self.commit(
                source,
                &mapping,
                generation,
                read_at,
                last && complete,
                held,
                &part,
                &gone,
            )?;
            if let Some(settings) = &awaiting {
                self.topology_mut().set_instance(settings.clone());
            }
            self.apply(handle, read, part, gone);
            if last || self.net.len() > MAX_NET {
                self.record(source, generation)?;
            }
            if last {
                return Ok(());
            }
            if (self.surroundings.pause)(Duration::ZERO) == Going::Down {
                return Err(Stopped);
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "it is the constructor of a batch and one call"
    )]
    pub(super) fn commit<F: Fact>(
        &mut self,
        source: SourceNo,
        mapping: &str,
        generation: u32,
        read_at: i64,
        complete: bool,
        held: Option<HeldRecord>,
        upserts: &[F],
        removals: &[F::Key],
    ) -> Result<(), Stopped> {
        let name = self.at(source).id.name.clone();
        let batch = CommitBatch {
            source: &name,
            mapping,
            generation,
            read_at,
            complete,
            held,
            upserts,
            removals,
        };
        let committed = self.persist(|store| store.commit(&batch))?;
        tracing::debug!(source = %name, generation, complete, ?committed, "committed");
        let standing = self.at(source);
        standing.generation = generation;
        mapping.clone_into(&mut standing.mapping);
        if complete {
            standing.last_good = Some(Good {
                generation,
                read_at,
            });
        }
        Ok(())
    }

    /// Applies facts in slices, so that readers wait for one of them at most.
    fn apply<F: Facts>(
        &mut self,
        to: Handle,
        read: Good,
        upserts: Vec<F>,
        mut removals: Vec<F::Key>,
    ) {
        let mut upserts = upserts.into_iter();
        loop {
            // What is there comes before what is gone: a Service that another component takes over is never nobody's.
            let slice: Vec<F> = upserts.by_ref().take(SLICE).collect();
            let room = SLICE - slice.len();
            let gone = removals.split_off(removals.len() - room.min(removals.len()));
            let Some(delta) = F::delta(to, read, slice, gone) else {
                return;
            };
            let changes = self.topology_mut().apply(delta);
            if !changes.is_empty() {
                let described = self.topology().describe(&changes);
                self.net.extend(described);
            }
            if upserts.len() == 0 && removals.is_empty() {
                return;
            }
        }
    }

    /// Makes history of what changed, and tells whoever listens.
    fn record(&mut self, source: SourceNo, generation: u32) -> Result<(), Stopped> {
        let changes = self.net.take();
        if changes.is_empty() {
            return Ok(());
        }
        let cause = Cause {
            source: self.at(source).source.clone(),
            generation,
        };
        let now = (self.surroundings.clock)();
        self.persist(|store| store.record(now, &cause, &changes))?;
        tracing::debug!(cause = %cause.source, generation, changes = changes.len(), "recorded");
        self.shared.events.publish(now, &changes);
        Ok(())
    }

    /// Does something to the store, again and again until it succeeds or the service goes down. Meanwhile the last state
    /// is served, and the status of every source says why it is not renewed (S26).
    pub(super) fn persist<T>(
        &mut self,
        mut act: impl FnMut(&mut Store) -> Result<T, StoreError>,
    ) -> Result<T, Stopped> {
        let (mut pause, longest) = STORE_BACKOFF;
        loop {
            match act(&mut self.store) {
                Ok(done) => {
                    if self.store_failure.take().is_some() {
                        tracing::info!("the store takes writes again");
                        self.publish_all();
                    }
                    return Ok(done);
                }
                Err(error) => {
                    let now = (self.surroundings.clock)();
                    let failure = Failure {
                        at: self
                            .store_failure
                            .as_ref()
                            .map_or(now, |failure| failure.at),
                        message: super::told(&error),
                        remedy: error.remedy(),
                    };
                    tracing::error!(hint = failure.remedy, again_in = ?pause, "{}", failure.message);
                    self.store_failure = Some(failure);
                    self.publish_all();
                }
            }
            if (self.surroundings.pause)(pause) == Going::Down {
                return Err(Stopped);
            }
            pause = pause.saturating_mul(2).min(longest);
        }
    }
}
