//! Ownership that flows from a Service to what is behind it (S19).
//!
//! Derived when asked, from selectors and owner references, so there is nothing to keep in step: what a Service's owner
//! is now, its pods' is.

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
const BY_OWNED: &str = "owner reference of its pods";
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
            at = self.controller(it).filter(|_| path.len() < MAX_CHAIN);
            if let Some(above) = at {
                let above = self.workloads.get(above);
                path.push(Hop {
                    kind: above.kind.as_str().into(),
                    name: self.names.get(above.name).into(),
                    by: BY_OWNER,
                });
            }
        }
        for (service, pod) in self.services_over_pods_of(start, id) {
            if found.iter().all(|other| other.service != service) {
                let hop = |kind: &str, name: &str, by| Hop {
                    kind: kind.into(),
                    name: name.into(),
                    by,
                };
                found.push(Inherited {
                    service,
                    path: vec![
                        hop("Pod", self.names.get(self.workloads.get(pod).name), BY_OWNED),
                        hop("Service", self.service(service).name, BY_SELECTOR),
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
        let mut behind: Vec<u32> = Vec::new();
        for candidate in there {
            let it = self.workloads.get(*candidate);
            let over = self.services_over(it);
            if over.into_iter().any(|(service, _)| service == id) {
                self.chain(*candidate).for_each(|id| behind.push(id));
            }
        }
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

    /// By uid, since names are used again; by kind and name where the controller is known from a manifest without uid.
    pub(crate) fn controller(&self, it: &Workload) -> Option<u32> {
        let controller = it.controller?;
        if let Some(id) = self.workload_by_uid.get(&(it.cluster, controller.uid)) {
            return Some(*id);
        }
        let kind = crate::fact::WorkloadKind::parse(self.names.get(controller.kind))?;
        let key = (it.cluster, kind, it.namespace, controller.name);
        let id = *self.workload_by_key.get(&key)?;
        self.workloads.get(id).uid.is_none().then_some(id)
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

    /// The Services over pods that the object controls, where its own template does not say it.
    fn services_over_pods_of(&self, it: &Workload, id: WorkloadId) -> Vec<(ServiceId, u32)> {
        let there = self.workload_by_namespace.get(&(it.cluster, it.namespace));
        let there = there.map_or(&[][..], |set| self.sets.ids(set));
        if !it.pod_labels.is_empty() || it.service.is_some() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for other in there.iter().filter(|other| **other != id.0) {
            if self.chain(*other).any(|above| above == id.0) {
                let over = self.services_over(self.workloads.get(*other));
                found.extend(over.into_iter().map(|(service, _)| (service, *other)));
            }
        }
        // By name, so that which of several pods is shown does not depend on which came first.
        found.sort_by_key(|(_, other)| {
            let it = self.workloads.get(*other);
            (it.kind, self.names.get(it.name))
        });
        found
    }
}

/// An equality selector: every pair of it is among the labels.
fn holds(selector: &[(Name, Name)], labels: &[(Name, Name)]) -> bool {
    selector.iter().all(|pair| labels.contains(pair))
}
