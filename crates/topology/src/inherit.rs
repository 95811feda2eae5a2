//! Ownership that flows from a Service to what is behind it (S19).
//!
//! Derived when asked, from selectors and owner references, so there is nothing to keep in step: what a Service's owner
//! is now, its pods' is.

use std::collections::HashSet;

use crate::fact::WorkloadKind;
use crate::names::Name;
use crate::records::Workload;
use crate::topology::{ServiceId, Topology, WorkloadId, hash_selector};

/// One way in which a workload, a pod or an endpoints object has a Service's owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inherited {
    /// The Service.
    pub service: ServiceId,
    /// From the object to the Service, nearest first.
    pub path: Vec<Hop>,
}

/// One step on the way to the Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Kind of what the step leads to.
    pub kind: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// What leads there.
    pub by: &'static str,
}

/// Bound on a chain of owner references; Kubernetes' own are three long.
const MAX_CHAIN: usize = 8;

const BY_OWNER: &str = "owner reference";
const BY_OWNED: &str = "owner reference to it";
const BY_SELECTOR: &str = "selector";
const BY_ENDPOINTS: &str = "service name of the endpoints";

impl Topology {
    /// The Services whose ownership flows to the object, sorted by key. Several mean that it is shared: all count.
    pub fn inherited(&self, id: WorkloadId) -> Vec<Inherited> {
        let start = self.workloads.get(id.0);
        let mut found: Vec<Inherited> = Vec::new();
        let mut path: Vec<Hop> = Vec::new();
        let mut at = Some(id.0);
        while let Some(here) = at {
            let it = self.workloads.get(here);
            for (service, by) in self.services_over(it) {
                if found.iter().all(|other| other.service != service) {
                    let mut path = path.clone();
                    path.push(Hop {
                        kind: "Service".into(),
                        name: self.service(service).name.into(),
                        by,
                    });
                    found.push(Inherited { service, path });
                }
            }
            at = self.controller(it).filter(|_| path.len() + 1 < MAX_CHAIN);
            if let Some(above) = at {
                let above = self.workloads.get(above);
                path.push(Hop {
                    kind: above.kind.as_str().into(),
                    name: self.names.get(above.name).into(),
                    by: BY_OWNER,
                });
            }
        }
        for (service, by, below) in self.services_over_controlled(start, id) {
            if found.iter().all(|other| other.service != service) {
                let below = self.workloads.get(below);
                let hop = |kind: &str, name: &str, by| Hop {
                    kind: kind.into(),
                    name: name.into(),
                    by,
                };
                found.push(Inherited {
                    service,
                    path: vec![
                        hop(below.kind.as_str(), self.names.get(below.name), BY_OWNED),
                        hop("Service", self.service(service).name, by),
                    ],
                });
            }
        }
        found.sort_by_cached_key(|it| self.service(it.service).key());
        found
    }

    /// The workloads, pods and endpoints that a Service's ownership flows to, sorted by kind and name.
    pub fn behind(&self, id: ServiceId) -> Vec<WorkloadId> {
        let service = self.services.get(id.0);
        let there = self
            .workload_by_namespace
            .get(&(service.cluster, service.namespace));
        let there = there.map_or(&[][..], |set| self.sets.ids(set));
        let selector = service.selector();
        let selected: HashSet<u32> = there
            .iter()
            .copied()
            .filter(|candidate| {
                let it = self.workloads.get(*candidate);
                match it.service {
                    Some(name) => name == service.name,
                    None => !selector.is_empty() && holds(selector, &it.pod_labels),
                }
            })
            .collect();
        let above = selected.iter().flat_map(|candidate| self.chain(*candidate));
        let below = there.iter().copied().filter(|candidate| {
            self.chain(*candidate)
                .any(|above| selected.contains(&above))
        });
        let mut behind: Vec<u32> = above.chain(below).collect();
        behind.sort_unstable();
        behind.dedup();
        behind.sort_by_key(|id| {
            let it = self.workloads.get(*id);
            (it.kind, self.names.get(it.name))
        });
        behind.into_iter().map(WorkloadId).collect()
    }

    /// The object and its controllers, upwards.
    fn chain(&self, id: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(id), |id| self.controller(self.workloads.get(*id)))
            .take(MAX_CHAIN)
    }

    /// By name, and by uid where the controller has one, since names are used again; a manifest that was never applied
    /// has none.
    fn controller(&self, it: &Workload) -> Option<u32> {
        let controller = it.controller?;
        let kind = WorkloadKind::parse(self.names.get(controller.kind))?;
        let key = (it.cluster, kind, it.namespace, controller.name);
        let id = *self.workload_by_key.get(&key)?;
        let above = self.workloads.get(id);
        let is_it = above.uid.is_none_or(|uid| uid == controller.uid);
        (may_control(kind) && is_it).then_some(id)
    }

    /// The Services that select the object itself, or whose endpoints it is.
    fn services_over(&self, it: &Workload) -> Vec<(ServiceId, &'static str)> {
        if let Some(name) = it.service {
            let service = self.service_named(it.cluster, it.namespace, name);
            return service
                .map(|id| (ServiceId(id), BY_ENDPOINTS))
                .into_iter()
                .collect();
        }
        let mut found: Vec<(ServiceId, &'static str)> = Vec::new();
        for pair in &it.pod_labels {
            let hash = hash_selector(it.cluster, it.namespace, *pair);
            let selecting = self.service_by_selector.get(&self.sets, hash, |id| {
                let service = self.services.get(id);
                service.cluster == it.cluster
                    && service.namespace == it.namespace
                    && service.selector().first() == Some(pair)
            });
            found.extend(
                selecting
                    .iter()
                    .filter(|id| holds(self.services.get(**id).selector(), &it.pod_labels))
                    .map(|id| (ServiceId(*id), BY_SELECTOR)),
            );
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The Services over what the object controls, and over which: a label that its template does not have may be on a
    /// pod of it.
    fn services_over_controlled(
        &self,
        it: &Workload,
        id: WorkloadId,
    ) -> Vec<(ServiceId, &'static str, u32)> {
        if !may_control(it.kind) {
            return Vec::new();
        }
        let there = self.workload_by_namespace.get(&(it.cluster, it.namespace));
        let there = there.map_or(&[][..], |set| self.sets.ids(set));
        let mut found = Vec::new();
        for other in there.iter().filter(|other| **other != id.0) {
            if self.chain(*other).any(|above| above == id.0) {
                let over = self.services_over(self.workloads.get(*other));
                found.extend(over.into_iter().map(|(service, by)| (service, by, *other)));
            }
        }
        // By name, so that which of several pods is shown does not depend on which came first.
        found.sort_by_key(|(_, _, other)| {
            let it = self.workloads.get(*other);
            (it.kind, self.names.get(it.name))
        });
        found
    }
}

/// Only what makes pods is followed; whatever else an owner reference may point to, and nothing needs a search below a pod.
fn may_control(kind: WorkloadKind) -> bool {
    !matches!(
        kind,
        WorkloadKind::Pod | WorkloadKind::EndpointSlice | WorkloadKind::Endpoints
    )
}

/// An equality selector: every pair of it is among the labels.
fn holds(selector: &[(Name, Name)], labels: &[(Name, Name)]) -> bool {
    selector.iter().all(|pair| labels.contains(pair))
}
