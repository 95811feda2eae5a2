//! Searching over all that has a name: Services, components, owners, workloads and pods.
//!
//! ```text
//!  query ─▶ words ──▶ slices over the records, each under a lock of its own ──▶ the best so far, by key ──▶ what is found
//!                      │ each name looked at once, and only if it has the letters
//! ```
//!
//! It owns which class of match is better than which, and how much is looked at at once. It must not know how what is found is
//! shown. Nothing is indexed for it: the letters of a name are four bytes, and a pass over a million records is short.

mod best;
mod fits;
mod query;
mod word;

use crate::entity_ref::EntityRef;
use crate::fact::WorkloadKind;
use crate::names::Name;
use crate::query::Slice;
use crate::topology::{ComponentId, OwnerId, ServiceId, Topology, WorkloadId};
use crate::verdict::ServiceKey;

use best::{Best, Hit};
use fits::{Around, Fits};
pub use query::{MAX_QUERY, MAX_WORDS, Query, QueryFault};
pub(crate) use word::Letters;

/// Bound on what one search finds.
pub const MAX_FOUND: usize = 50;
/// So many pods are found at most, unless nothing but pods is: those of one workload are called alike and would push out
/// what people look for.
pub const FEW_PODS: usize = 5;
/// Bound on the records that a slice looks at.
const MAX_LOOKED_AT: usize = 16_384;
/// After so many records it is asked whether to go on: to look at a clock costs as much as to look at a record.
const ASKED_EVERY: usize = 256;

/// What can be found, in the order in which equals are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FoundKind {
    /// A Service.
    Service,
    /// A component.
    Component,
    /// A Group or a User.
    Owner,
    /// A workload, a pod, or what is around them.
    Workload,
}

impl FoundKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Service, Self::Component, Self::Owner, Self::Workload];

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Component => "component",
            Self::Owner => "owner",
            Self::Workload => "workload",
        }
    }
}

/// Something that was found and is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Found {
    /// A Service.
    Service(ServiceId),
    /// A component of one instance.
    Component(ComponentId),
    /// A Group or a User of one instance.
    Owner(OwnerId),
    /// A workload, a pod, or what is around them.
    Workload(WorkloadId),
}

/// A search that has come so far.
#[derive(Debug)]
pub struct Search {
    fits: Fits,
    /// Index into the kinds, and the number of the next record.
    kind: usize,
    next: u32,
    pods: Best,
    others: Best,
}

impl Found {
    /// What it is.
    pub fn kind(self) -> FoundKind {
        match self {
            Self::Service(_) => FoundKind::Service,
            Self::Component(_) => FoundKind::Component,
            Self::Owner(_) => FoundKind::Owner,
            Self::Workload(_) => FoundKind::Workload,
        }
    }
}

impl Search {
    /// A search for at most so many.
    pub fn new(query: Query, limit: usize) -> Self {
        let limit = limit.clamp(1, MAX_FOUND);
        Self {
            fits: Fits::new(query),
            kind: 0,
            next: 0,
            pods: Best::new(limit),
            others: Best::new(limit),
        }
    }

    /// Looks at some more records, for as long as `go_on` says so. What comes while nobody looks may be missed.
    pub fn slice(&mut self, topology: &Topology, mut go_on: impl FnMut() -> bool) -> Slice {
        self.fits.look_again(topology);
        let mut left = MAX_LOOKED_AT;
        while let Some(kind) = FoundKind::ALL.get(self.kind) {
            let before = self.next;
            let some = ASKED_EVERY.min(left);
            match kind {
                FoundKind::Service => self.services(topology, some),
                FoundKind::Component => self.components(topology, some),
                FoundKind::Owner => self.owners(topology, some),
                FoundKind::Workload => self.workloads(topology, some),
            }
            if self.next == before {
                self.kind += 1;
                self.next = 0;
                continue;
            }
            left -= some;
            if left == 0 || !go_on() {
                return Slice::Cut;
            }
        }
        Slice::Whole
    }

    fn services(&mut self, topology: &Topology, some: usize) {
        for (id, it) in topology.services.iter_from(self.next).take(some) {
            self.next = id + 1;
            if !it.live {
                continue;
            }
            let most = self.others.most(MAX_FOUND);
            let around = Around::Cluster(it.cluster);
            let names = &topology.names;
            let (its, places) = ([it.name], [it.namespace]);
            let Some(rank) = self
                .fits
                .rank(names, &its, around, &places, "service", most)
            else {
                continue;
            };
            let name = names.get(it.name);
            let cluster = &*topology.at_cluster(it.cluster).name;
            self.others.take(&Hit {
                rank,
                kind: FoundKind::Service,
                length: name.chars().count(),
                parts: [cluster, names.get(it.namespace), name, ""],
            });
        }
    }

    fn components(&mut self, topology: &Topology, some: usize) {
        for (id, it) in topology.components.iter_from(self.next).take(some) {
            self.next = id + 1;
            if !it.live {
                continue;
            }
            let most = self.others.most(MAX_FOUND);
            let around = Around::Instance(it.instance);
            let names = &topology.names;
            let (its, places) = ([it.name, it.key], [it.namespace]);
            let Some(rank) = self
                .fits
                .rank(names, &its, around, &places, "component", most)
            else {
                continue;
            };
            let instance = &*topology.at_instance(it.instance).settings.name;
            self.others.take(&Hit {
                rank,
                kind: FoundKind::Component,
                length: names.get(it.name).chars().count(),
                parts: [
                    "component",
                    names.get(it.namespace),
                    names.get(it.key),
                    instance,
                ],
            });
        }
    }

    fn owners(&mut self, topology: &Topology, some: usize) {
        for (id, it) in topology.owners.iter_from(self.next).take(some) {
            self.next = id + 1;
            if !it.live {
                continue;
            }
            let most = self.others.most(MAX_FOUND);
            let around = Around::Instance(it.instance);
            let names = &topology.names;
            let its = [it.display_name, it.reference.name];
            // An address is found as a place is: of all that a company has, most ends alike.
            let mut places: [Name; 2] = [it.reference.namespace; 2];
            places[1] = it.email.unwrap_or(places[1]);
            let kind = names.get(it.reference.kind);
            let Some(rank) = self.fits.rank(names, &its, around, &places, kind, most) else {
                continue;
            };
            let instance = &*topology.at_instance(it.instance).settings.name;
            let reference = [it.reference.namespace, it.reference.name].map(|it| names.get(it));
            self.others.take(&Hit {
                rank,
                kind: FoundKind::Owner,
                length: names.get(it.display_name).chars().count(),
                parts: [kind, reference[0], reference[1], instance],
            });
        }
    }

    fn workloads(&mut self, topology: &Topology, some: usize) {
        for (id, it) in topology.workloads.iter_from(self.next).take(some) {
            self.next = id + 1;
            if !it.live || !is_looked_for(it.kind) {
                continue;
            }
            let most = match it.kind {
                // Once anything else is found, few pods are shown.
                WorkloadKind::Pod if !self.others.is_empty() => self.pods.most(FEW_PODS),
                WorkloadKind::Pod => self.pods.most(MAX_FOUND),
                _ => self.others.most(MAX_FOUND),
            };
            let around = Around::Cluster(it.cluster);
            let names = &topology.names;
            let (its, places) = ([it.name], [it.namespace]);
            let kind = small(it.kind);
            let Some(rank) = self.fits.rank(names, &its, around, &places, kind, most) else {
                continue;
            };
            // What a Deployment makes anew at every change is found by the Deployment.
            let made = it.kind == WorkloadKind::ReplicaSet;
            if made && topology.is_controlled(WorkloadId(id)) {
                continue;
            }
            let name = names.get(it.name);
            let cluster = &*topology.at_cluster(it.cluster).name;
            let best = match it.kind {
                WorkloadKind::Pod => &mut self.pods,
                _ => &mut self.others,
            };
            best.take(&Hit {
                rank,
                kind: FoundKind::Workload,
                length: name.chars().count(),
                parts: [cluster, names.get(it.namespace), name, it.kind.as_str()],
            });
        }
    }

    /// What was found, best first, of that what is still there.
    pub fn found(self, topology: &Topology) -> Vec<Found> {
        let hits = if self.others.is_empty() {
            self.pods.into_hits()
        } else {
            self.others.with_few_of(self.pods, FEW_PODS)
        };
        hits.iter().filter_map(|hit| find(topology, hit)).collect()
    }
}

/// By key, because the id may be another's by now.
fn find(topology: &Topology, hit: &Hit<Box<str>>) -> Option<Found> {
    let [first, namespace, name, last] = &hit.parts;
    match hit.kind {
        FoundKind::Service => {
            let key = ServiceKey {
                cluster: first.clone(),
                namespace: namespace.clone(),
                name: name.clone(),
            };
            topology.find_service(&key).map(Found::Service)
        }
        FoundKind::Component => {
            let instance = topology.instance_id(last)?;
            let namespace = topology.names.find(namespace)?;
            let key = topology.names.find(name)?;
            let id = topology.component_named(instance, namespace, key)?;
            Some(Found::Component(ComponentId(id)))
        }
        FoundKind::Owner => {
            let instance = topology.instance_id(last)?;
            let reference = EntityRef::new(first, namespace, name);
            topology.owner_named(instance, &reference).map(Found::Owner)
        }
        FoundKind::Workload => {
            let cluster = topology.cluster_id(first)?;
            let kind = WorkloadKind::parse(last)?;
            let namespace = topology.names.find(namespace)?;
            let name = topology.names.find(name)?;
            let id = topology
                .workload_by_key
                .get(&(cluster, kind, namespace, name))?;
            Some(Found::Workload(WorkloadId(*id)))
        }
    }
}

/// Endpoints are called as their Services are, and nobody looks for them.
fn is_looked_for(kind: WorkloadKind) -> bool {
    !matches!(kind, WorkloadKind::EndpointSlice | WorkloadKind::Endpoints)
}

/// The kind in small letters, as a word of a query is.
fn small(kind: WorkloadKind) -> &'static str {
    match kind {
        WorkloadKind::Deployment => "deployment",
        WorkloadKind::StatefulSet => "statefulset",
        WorkloadKind::DaemonSet => "daemonset",
        WorkloadKind::ReplicaSet => "replicaset",
        WorkloadKind::Job => "job",
        WorkloadKind::CronJob => "cronjob",
        WorkloadKind::Pod => "pod",
        WorkloadKind::EndpointSlice => "endpointslice",
        WorkloadKind::Endpoints => "endpoints",
        WorkloadKind::Node => "node",
        WorkloadKind::Ingress => "ingress",
        WorkloadKind::HttpRoute => "httproute",
        WorkloadKind::GrpcRoute => "grpcroute",
        WorkloadKind::PersistentVolumeClaim => "persistentvolumeclaim",
        WorkloadKind::HorizontalPodAutoscaler => "horizontalpodautoscaler",
    }
}
