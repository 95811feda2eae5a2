//! Applying facts: the one way in which the topology changes.
//!
//! ```text
//!  facts ─▶ records and indexes ─▶ cells that looked one of the changed keys up ─▶ judged again ─▶ Services whose
//!           claims or owner changed ─▶ what differs from what was last said ─▶ changes
//! ```
//!
//! A change touches only what looked its key up. The keys that a component looks up follow from its own fields and the
//! rules of its instance, hits and misses alike, so they are indexed with the component (`asks_*`, `labels`) and a
//! Service that comes, goes or changes finds its way back by its name and labels. Owner candidates are kept once per
//! list, so a group that comes or goes resolves each list that names it once.

mod cells;
mod changes;
mod components;
mod dependencies;
mod owners;
mod removals;
mod services;
mod settings;
mod settle;
mod sweep;
mod workloads;

pub use changes::Changes;
pub(crate) use changes::{Counts, RawChanges};

use crate::entity_ref::EntityRef;
use crate::fact::{EntityFact, ObjectFact, ObjectKey, ObjectKind};
use crate::topology::{ClusterId, InstanceId, Topology};

/// How many cells wait to be judged while a large batch arrives.
const JUDGED_AT_ONCE: usize = 1024;

/// Facts of one source.
#[derive(Clone, Debug)]
pub enum Delta {
    /// Of a catalog.
    Catalog(CatalogDelta),
    /// Of a cluster.
    Cluster(ClusterDelta),
}

/// What changed in a catalog.
#[derive(Clone, Debug)]
pub struct CatalogDelta {
    /// The instance.
    pub instance: InstanceId,
    /// Number of the reading that says so; grows with time.
    pub generation: u32,
    /// When that was read: seconds since the Unix epoch.
    pub read_at: i64,
    /// Entities that are there. An entity given twice counts as given last.
    pub upserts: Vec<EntityFact>,
    /// Entities that are there no more.
    pub removals: Vec<EntityRef>,
}

/// What changed in a cluster.
#[derive(Clone, Debug)]
pub struct ClusterDelta {
    /// The cluster.
    pub cluster: ClusterId,
    /// Objects that are there. An object given twice counts as given last.
    pub upserts: Vec<ObjectFact>,
    /// Objects that are there no more.
    pub removals: Vec<ObjectKey>,
}

impl Topology {
    /// Applies the facts and returns what they changed: removals first, then what is there. Facts that say what is
    /// known already change nothing.
    pub fn apply(&mut self, delta: Delta) -> Changes {
        self.take_up(delta);
        self.settle();
        self.end_batch()
    }

    /// Applies facts that were known before, as at a start: what they change is no news. Lists show them after
    /// [`restored`](Self::restored), because bringing a million into their order at once costs a fraction of bringing in
    /// some at a time.
    pub fn restore(&mut self, delta: Delta) {
        self.take_up(delta);
        self.judge_dirty();
        self.publish();
        self.pending = RawChanges::default();
    }

    /// Everything that was known is there.
    pub fn restored(&mut self) {
        self.order_new();
    }

    fn take_up(&mut self, delta: Delta) {
        self.begin_batch();
        match delta {
            Delta::Catalog(delta) => self.apply_catalog(delta),
            Delta::Cluster(delta) => self.apply_cluster(delta),
        }
    }

    pub(crate) fn begin_batch(&mut self) {
        self.bury();
        let pending = &mut self.pending;
        pending.repeated |= !pending.verdicts.is_empty() || !pending.services.is_empty();
    }

    pub(crate) fn end_batch(&mut self) -> Changes {
        Changes::new(std::mem::take(&mut self.pending).net())
    }

    fn apply_catalog(&mut self, delta: CatalogDelta) {
        let CatalogDelta {
            instance,
            generation,
            read_at,
            upserts,
            removals,
        } = delta;
        self.note_generation(instance, generation, read_at);
        for reference in &removals {
            self.remove_entity(instance, reference);
        }
        self.names.reserve(upserts.len());
        // Owners first, so that a component that comes with its owner is resolved once.
        for fact in &upserts {
            if let EntityFact::Owner(owner) = fact {
                self.upsert_owner(instance, generation, owner);
            }
        }
        for fact in upserts {
            if let EntityFact::Component(component) = fact {
                self.upsert_component(instance, generation, *component);
            }
            // What a component finds does not depend on other components, so it may be judged while it is still in the
            // processor's cache. Who wins and what is told waits for all of them.
            if self.dirty_cells.len() >= JUDGED_AT_ONCE {
                self.judge_dirty();
            }
        }
    }

    fn apply_cluster(&mut self, delta: ClusterDelta) {
        let cluster = delta.cluster;
        for key in &delta.removals {
            match key.kind {
                ObjectKind::Namespace => self.remove_namespace(cluster, &key.name),
                ObjectKind::Service => self.remove_service(cluster, &key.namespace, &key.name),
                ObjectKind::Workload(kind) => {
                    self.remove_workload(cluster, kind, &key.namespace, &key.name);
                }
            }
        }
        self.names.reserve(delta.upserts.len());
        for fact in delta.upserts {
            match fact {
                ObjectFact::Namespace(name) => self.upsert_namespace(cluster, name),
                ObjectFact::Service(service) => self.upsert_service(cluster, &service),
                ObjectFact::Workload(workload) => self.upsert_workload(cluster, &workload),
            }
        }
    }

    fn note_generation(&mut self, instance: InstanceId, generation: u32, read_at: i64) {
        let generations = &mut self.instances[usize::from(instance.0)].generations;
        if generations
            .last()
            .is_none_or(|(last, _)| *last < generation)
        {
            generations.push((generation, read_at));
        }
    }
}
