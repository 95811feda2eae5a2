//! Ownership that flows from a Service to what is behind it, and from there to what is around it (S19).
//!
//! Derived when asked, from selectors and owner references, so there is nothing to keep in step: what a Service's owner
//! is now, its pods' is.

use std::collections::HashSet;

use crate::fact::{Referred, WorkloadKind};
use crate::records::{Link, Workload};
use crate::relations::{MAX_CHAIN, holds};
use crate::topology::{ServiceId, Topology, WorkloadId, hash_selector};

/// One way in which a workload, a pod or what is around them has a Service's owner.
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

const BY_OWNER: &str = "owner reference";
const BY_OWNED: &str = "owner reference to it";
const BY_SELECTOR: &str = "selector";
const BY_ENDPOINTS: &str = "service name of the endpoints";
const BY_ADDRESS: &str = "address of its endpoints";
const BY_BACKEND: &str = "backend";
const BY_TARGET: &str = "scale target";
const BY_VOLUME: &str = "volume of it";
const BY_NODE: &str = "node name of it";

impl Topology {
    /// The Services whose ownership flows to the object, sorted by key. Several mean that it is shared: all count. A Node
    /// has no owner; these are the Services of what runs on it.
    pub fn inherited(&self, id: WorkloadId) -> Vec<Inherited> {
        let it = self.workloads.get(id.0);
        let mut found = match it.kind {
            WorkloadKind::Ingress | WorkloadKind::HttpRoute | WorkloadKind::GrpcRoute => {
                self.over_backends(it)
            }
            WorkloadKind::HorizontalPodAutoscaler => {
                let target = self.referred(id.0, |_| true).map(WorkloadId).collect();
                self.over_others(target, BY_TARGET)
            }
            WorkloadKind::PersistentVolumeClaim => self.over_others(self.mounting(id.0), BY_VOLUME),
            WorkloadKind::Node => self.over_others(self.pods_on(it.cluster, it.name), BY_NODE),
            WorkloadKind::Deployment
            | WorkloadKind::StatefulSet
            | WorkloadKind::DaemonSet
            | WorkloadKind::ReplicaSet
            | WorkloadKind::Job
            | WorkloadKind::CronJob
            | WorkloadKind::Pod
            | WorkloadKind::EndpointSlice
            | WorkloadKind::Endpoints => self.over_pods(id),
        };
        found.sort_by_cached_key(|it| self.service(it.service).key());
        found
    }

    /// The Services that an Ingress or a route leads to.
    fn over_backends(&self, it: &Workload) -> Vec<Inherited> {
        let mut seen = HashSet::new();
        self.backends(it)
            .filter(|service| seen.insert(*service))
            .map(|service| Inherited {
                service,
                path: vec![self.hop_to(service, BY_BACKEND)],
            })
            .collect()
    }

    /// The Services that it refers to, of those that exist.
    pub(crate) fn backends(&self, it: &Workload) -> impl Iterator<Item = ServiceId> {
        it.refers.iter().filter_map(|(to, namespace, name)| {
            let is_service = *to == Referred::Service;
            is_service
                .then(|| self.service_named(it.cluster, *namespace, *name))?
                .map(ServiceId)
        })
    }

    /// What the others inherit, over the first that has it.
    fn over_others(&self, others: Vec<WorkloadId>, by: &'static str) -> Vec<Inherited> {
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for other in others {
            // An autoscaler may name anything as its target, itself included: only what runs is followed.
            let it = self.workloads.get(other.0);
            if !it.kind.may_control() && it.kind != WorkloadKind::Pod {
                continue;
            }
            for mut inherited in self.over_pods(other) {
                if seen.insert(inherited.service) {
                    inherited.path.insert(0, self.hop(it, by));
                    found.push(inherited);
                }
            }
        }
        found
    }

    /// The Services over a workload, a pod or endpoints: its own, those of its controllers, and those of what it controls.
    fn over_pods(&self, id: WorkloadId) -> Vec<Inherited> {
        let start = self.workloads.get(id.0);
        let mut found: Vec<Inherited> = Vec::new();
        let mut seen = HashSet::new();
        let mut path: Vec<Hop> = Vec::new();
        let mut at = Some(id.0);
        while let Some(here) = at {
            let it = self.workloads.get(here);
            for (service, by) in self.services_over(it) {
                if seen.insert(service) {
                    let mut path = path.clone();
                    path.push(self.hop_to(service, by));
                    found.push(Inherited { service, path });
                }
            }
            at = self.controller(it).filter(|_| path.len() + 1 < MAX_CHAIN);
            if let Some(above) = at {
                path.push(self.hop(self.workloads.get(above), BY_OWNER));
            }
        }
        for (service, by, below) in self.services_over_controlled(start, id) {
            if seen.insert(service) {
                let below = self.hop(self.workloads.get(below), BY_OWNED);
                let path = vec![below, self.hop_to(service, by)];
                found.push(Inherited { service, path });
            }
        }
        found
    }

    fn hop(&self, to: &Workload, by: &'static str) -> Hop {
        Hop {
            kind: to.kind.as_str().into(),
            name: self.names.get(to.name).into(),
            by,
        }
    }

    fn hop_to(&self, service: ServiceId, by: &'static str) -> Hop {
        Hop {
            kind: "Service".into(),
            name: self.service(service).name.into(),
            by,
        }
    }

    /// The Services that select the object itself, or whose endpoints it is, or whose endpoints name it where the
    /// Service selects nothing.
    pub(crate) fn services_over(&self, it: &Workload) -> Vec<(ServiceId, &'static str)> {
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
        if it.kind == WorkloadKind::Pod {
            let link = Link::To(Referred::Workload(WorkloadKind::Pod));
            let naming = self.linked(it.cluster, link, (it.namespace, it.name));
            let services = naming.iter().filter_map(|id| {
                let endpoints = self.workloads.get(*id);
                self.service_named(it.cluster, endpoints.namespace, endpoints.service?)
            });
            found.extend(
                services
                    .filter(|id| self.services.get(*id).selector().is_empty())
                    .map(|id| (ServiceId(id), BY_ADDRESS)),
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
        if !it.kind.may_control() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for other in self
            .controlled(id.0)
            .into_iter()
            .filter(|other| *other != id.0)
        {
            let over = self.services_over(self.workloads.get(other));
            found.extend(over.into_iter().map(|(service, by)| (service, by, other)));
        }
        // By name, so that which of several pods is shown does not depend on which came first.
        found.sort_by_key(|(service, _, other)| {
            let it = self.workloads.get(*other);
            (it.kind, self.names.get(it.name), *service)
        });
        found
    }
}
