//! From what counts of a read to what everybody sees: commit, apply, record, in this order (S26).

use std::time::Duration;

use catalog::backstage::Contents;
use server::status::{Failing, Failure, FailureKind};
use store::{
    Cause, CommitBatch, Committed, Content, Fact, Good, HeldRecord, Origin, Store, StoreError,
};
use topology::apply::{CatalogDelta, ClusterDelta, Delta};
use topology::fact::{EntityFact, ObjectFact};
use topology::packed::{PackedEntities, PackedObjects};

use super::engine::{Engine, Going, Stopped, UnderWay};
use super::event::SourceNo;
use super::mapping;
use super::standing::{Handle, StoreFailure};

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

    /// What it came of, where that is to be kept.
    fn content(&self, contents: &Contents) -> Option<Content>;
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

    fn content(&self, contents: &Contents) -> Option<Content> {
        contents.of(self.reference())
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

    fn content(&self, _: &Contents) -> Option<Content> {
        None
    }
}

/// The facts of a read, in whatever form: gone through where they have to stay, used up where they need not.
pub(super) trait Upserts<F>: IntoIterator<Item = F, IntoIter: ExactSizeIterator> {
    /// Each of them.
    fn each(&self) -> impl Iterator<Item = F>;
}

/// Owners come first: a component that comes in the slice before its owner would be nobody's for a moment.
impl Upserts<EntityFact> for PackedEntities {
    fn each(&self) -> impl Iterator<Item = EntityFact> {
        self.iter()
    }
}

impl Upserts<ObjectFact> for PackedObjects {
    fn each(&self) -> impl Iterator<Item = ObjectFact> {
        self.iter()
    }
}

impl Upserts<ObjectFact> for Vec<ObjectFact> {
    fn each(&self) -> impl Iterator<Item = ObjectFact> {
        self.iter().cloned()
    }
}

/// What a read brings, after it was decided what of it counts.
pub(super) struct Intake<F: Facts, U: Upserts<F>> {
    pub(super) upserts: U,
    pub(super) removals: Vec<F::Key>,
    pub(super) read_at: i64,
    /// With it the generation is complete.
    pub(super) complete: bool,
    /// How much the source has, where the read was of all of it.
    pub(super) size: Option<u64>,
    /// What the facts came of, where that is to be kept.
    pub(super) contents: Option<Contents>,
}

impl Engine {
    /// Commits what counts of a read, applies it, and records what it changed.
    pub(super) fn take_in<F: Facts>(
        &mut self,
        source: SourceNo,
        generation: u32,
        intake: Intake<F, impl Upserts<F>>,
    ) -> Result<(), Stopped> {
        let Intake {
            upserts,
            mut removals,
            read_at,
            complete,
            size,
            contents,
        } = intake;
        let contents = contents.as_ref();
        let origin = contents.map(Contents::origin);
        let read = Good {
            generation,
            read_at,
        };
        let handle = self.at(source).handle;
        let adopted = self.adopt(source, read, &upserts, &removals, complete, size, contents)?;
        let mapping = self.at(source).mapping.clone();
        let held = self.at(source).holds.record();
        let mut upserts = upserts.into_iter();
        loop {
            let part: Vec<F> = upserts.by_ref().take(BATCH).collect();
            let last = upserts.len() == 0;
            let gone = if last {
                std::mem::take(&mut removals)
            } else {
                Vec::new()
            };
            if !adopted {
                let complete = last && complete;
                let each: Vec<Option<Content>> = contents.map_or_else(Vec::new, |contents| {
                    part.iter().map(|fact| fact.content(contents)).collect()
                });
                let contents = store::Contents {
                    origin: origin.as_ref().map(|origin| Origin(origin)),
                    each: &each,
                };
                let committed = self.commit(
                    source, &mapping, read, complete, held, &part, &gone, contents,
                )?;
                self.at(source).account.took(generation, committed, size);
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
            self.let_others(source)?;
        }
    }

    /// Between two batches of a large read: takes what other sources have said, so that none waits for all of it (S25).
    fn let_others(&mut self, source: SourceNo) -> Result<(), Stopped> {
        let net = std::mem::take(&mut self.net);
        self.under_way.push(UnderWay { source, net });
        let busy: Vec<SourceNo> = self.under_way.iter().map(|it| it.source).collect();
        let events = self.gather.waiting(&busy);
        if !events.is_empty() {
            self.take(events)?;
        }
        while let Some(request) = self.gather.wish() {
            self.wish(request)?;
        }
        if let Some(under_way) = self.under_way.pop() {
            self.net = under_way.net;
        }
        Ok(())
    }

    /// Where the settings of the instance wait for a read: commits the whole of it in one transaction, because facts of
    /// two mappings must not stand side by side after a kill, and lets the settings take effect. Says whether it did.
    #[expect(
        clippy::too_many_arguments,
        reason = "they are what `take_in` has at hand"
    )]
    fn adopt<F: Facts>(
        &mut self,
        source: SourceNo,
        read: Good,
        upserts: &impl Upserts<F>,
        removals: &[F::Key],
        complete: bool,
        size: Option<u64>,
        contents: Option<&Contents>,
    ) -> Result<bool, Stopped> {
        let Some(settings) = self.at(source).awaiting.take() else {
            return Ok(false);
        };
        let Good {
            generation,
            read_at,
        } = read;
        let own = self.at(source).own.clone();
        let mapping = mapping::text_of(&settings, own.as_deref());
        let held = self.at(source).holds.record();
        let name = self.at(source).id.name.clone();
        let origin = contents.map(Contents::origin);
        let batch = CommitBatch {
            source: &name,
            mapping: &mapping,
            generation,
            read_at,
            complete,
            held,
            upserts: &[],
            removals,
            contents: store::Contents {
                origin: origin.as_ref().map(|origin| Origin(origin)),
                each: &[],
            },
        };
        let with_content = |fact: F| {
            let content = contents.and_then(|contents| fact.content(contents));
            (fact, content)
        };
        let committed =
            self.persist(|store| store.commit_all(&batch, upserts.each().map(with_content)))?;
        self.committed(source, &mapping, read, complete, committed);
        self.at(source).account.took(generation, committed, size);
        self.topology_mut().set_instance(settings);
        Ok(true)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "it is the constructor of a batch and one call"
    )]
    pub(super) fn commit<F: Fact>(
        &mut self,
        source: SourceNo,
        mapping: &str,
        read: Good,
        complete: bool,
        held: Option<HeldRecord>,
        upserts: &[F],
        removals: &[F::Key],
        contents: store::Contents<'_>,
    ) -> Result<Committed, Stopped> {
        let name = self.at(source).id.name.clone();
        let batch = CommitBatch {
            source: &name,
            mapping,
            generation: read.generation,
            read_at: read.read_at,
            complete,
            held,
            upserts,
            removals,
            contents,
        };
        let committed = self.persist(|store| store.commit(&batch))?;
        self.committed(source, mapping, read, complete, committed);
        Ok(committed)
    }

    /// Takes note of what the store has now.
    fn committed(
        &mut self,
        source: SourceNo,
        mapping: &str,
        read: Good,
        complete: bool,
        committed: Committed,
    ) {
        let standing = self.at(source);
        tracing::debug!(source = %standing.id.name, generation = read.generation, complete, ?committed, "committed");
        standing.generation = read.generation;
        mapping.clone_into(&mut standing.mapping);
        if complete {
            standing.last_good = Some(read);
        }
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
    pub(super) fn record(&mut self, source: SourceNo, generation: u32) -> Result<(), Stopped> {
        let source = self.at(source).source.clone();
        self.record_as(&Cause::Read { source, generation })
    }

    /// The same, whatever the cause is.
    pub(super) fn record_as(&mut self, cause: &Cause) -> Result<(), Stopped> {
        // The one that began last comes first.
        for earlier in self.under_way.iter_mut().rev() {
            self.net.take_over(&mut earlier.net);
        }
        let changes = self.net.take();
        if changes.is_empty() {
            return Ok(());
        }
        let now = (self.surroundings.clock)();
        self.persist(|store| store.record(now, cause, &changes))?;
        tracing::debug!(%cause, changes = changes.len(), "recorded");
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
                        self.shared.sources.set_store(None);
                        self.publish_all();
                    }
                    return Ok(done);
                }
                Err(error) => {
                    let now = (self.surroundings.clock)();
                    let before = self.store_failure.as_ref().map(|before| before.failing);
                    let before = before.unwrap_or(Failing {
                        since: now,
                        times: 0,
                    });
                    let failure = Failure {
                        kind: FailureKind::Store,
                        at: now,
                        message: super::told(&error),
                        remedy: error.remedy(),
                    };
                    tracing::error!(hint = failure.remedy, again_in = ?pause, "{}", failure.message);
                    let failing = Failing {
                        times: before.times.saturating_add(1),
                        ..before
                    };
                    self.shared.sources.set_store(Some(failing));
                    self.store_failure = Some(StoreFailure { failure, failing });
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
