//! What leads where in a cluster: what a Service selects, what is in front of it, what runs where, what mounts what.
//!
//! ```text
//!  Ingress, HTTPRoute, GRPCRoute ─▶ Service ─▶ pods and templates by selector, pods by endpoints ─▶ their controllers
//!                                                │ claims that they mount   │ nodes that they run on
//!                     HorizontalPodAutoscaler ──▶┘                          ▼
//! ```
//!
//! Names are followed when asked, so that nothing has to be kept in step with what comes and goes; the way back goes over
//! two indexes, by label and by link. No question compares all with all: a selector is held against those that have the
//! rarest of its pairs.

use std::collections::{BTreeSet, HashSet};

use crate::fact::{Referred, WorkloadKind};
use crate::names::Name;
use crate::records::{Link, Service, Workload};
use crate::topology::{ClusterId, ServiceId, Topology, WorkloadId};

/// Bound on a chain of owner references; Kubernetes' own are three long.
pub(crate) const MAX_CHAIN: usize = 8;

const CLAIM: Referred = Referred::Workload(WorkloadKind::PersistentVolumeClaim);

/// What is around a Service and what is behind it; lists are sorted by namespace, kind and name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// The Ingresses and routes that lead to it.
    pub in_front: Vec<WorkloadId>,
    /// The claims that what is behind it mounts.
    pub claims: Vec<WorkloadId>,
    /// The autoscalers of what is behind it.
    pub autoscalers: Vec<WorkloadId>,
    /// The nodes that pods behind it run on, sorted, whether Nodes are read or not.
    pub nodes: Vec<Box<str>>,
}

impl Topology {
    /// The workloads, pods and endpoints that a Service's ownership flows to, sorted by kind and name.
    pub fn behind(&self, id: ServiceId) -> Vec<WorkloadId> {
        let service = self.services.get(id.0);
        let there = (service.namespace, service.name);
        let endpoints = self.linked(service.cluster, Link::EndpointsOf, there);
        let mut selected: HashSet<u32> = endpoints.iter().copied().collect();
        selected.extend(self.selected(service));
        if service.selector().is_empty() {
            let pods = endpoints.iter().flat_map(|id| self.pods_of_endpoints(*id));
            selected.extend(pods);
        }
        let above = selected.iter().flat_map(|id| self.chain(*id));
        let mut behind: HashSet<u32> = above.collect();
        for id in &selected {
            behind.extend(self.controlled(*id));
        }
        self.sorted(behind)
    }

    /// What is around a Service, given what is [behind](Self::behind) it.
    pub fn around(&self, id: ServiceId, behind: &[WorkloadId]) -> Around {
        let service = self.services.get(id.0);
        let there = (service.namespace, service.name);
        let in_front = self.linked(service.cluster, Link::To(Referred::Service), there);
        let mut claims = HashSet::new();
        let mut autoscalers = HashSet::new();
        let mut nodes = BTreeSet::new();
        for id in behind {
            let it = self.workloads.get(id.0);
            claims.extend(self.claims_of(it));
            let scaling = Link::To(Referred::Workload(it.kind));
            let referring = self.linked(it.cluster, scaling, (it.namespace, it.name));
            autoscalers.extend(referring.iter().copied().filter(|id| {
                self.workloads.get(*id).kind == WorkloadKind::HorizontalPodAutoscaler
            }));
            nodes.extend(it.node.map(|node| self.names.get(node)));
        }
        Around {
            in_front: self.sorted(in_front.iter().copied()),
            claims: self.sorted(claims),
            autoscalers: self.sorted(autoscalers),
            nodes: nodes.into_iter().map(Into::into).collect(),
        }
    }

    /// Those whose pods' labels have every pair of the selector.
    pub(crate) fn selected<'t>(&'t self, service: &'t Service) -> impl Iterator<Item = u32> + 't {
        let selector = service.selector();
        let having = |(key, value): &(Name, Name)| {
            let key = (service.cluster, service.namespace, *key, *value);
            let set = self.workload_by_label.get(&key);
            set.map_or(&[][..], |set| self.sets.ids(set))
        };
        let rarest = selector.iter().map(having).min_by_key(|ids| ids.len());
        rarest
            .unwrap_or_default()
            .iter()
            .copied()
            .filter(|id| holds(selector, &self.workloads.get(*id).pod_labels))
    }

    /// The pods that endpoints name.
    pub(crate) fn pods_of_endpoints(&self, id: u32) -> impl Iterator<Item = u32> {
        self.referred(id, |to| to == Referred::Workload(WorkloadKind::Pod))
    }

    /// The claims that a Pod or a template mounts, or that a `StatefulSet` made.
    pub(crate) fn claims_of<'t>(&'t self, it: &'t Workload) -> impl Iterator<Item = u32> + 't {
        it.refers.iter().flat_map(|(to, namespace, name)| {
            let mounted = (*to == CLAIM).then(|| {
                let kind = WorkloadKind::PersistentVolumeClaim;
                self.workload_by_key
                    .get(&(it.cluster, kind, *namespace, *name))
                    .copied()
            });
            let made = match to {
                Referred::ClaimTemplate => {
                    self.linked(it.cluster, Link::To(*to), (*namespace, *name))
                }
                Referred::Service | Referred::Workload(_) => &[],
            };
            let made = made
                .iter()
                .copied()
                .filter(|id| self.workloads.get(*id).kind == WorkloadKind::PersistentVolumeClaim);
            mounted.flatten().into_iter().chain(made)
        })
    }

    /// What mounts a claim, or made it, sorted.
    pub(crate) fn mounting(&self, claim: u32) -> Vec<WorkloadId> {
        let it = self.workloads.get(claim);
        let mounting = self.linked(it.cluster, Link::To(CLAIM), (it.namespace, it.name));
        let templates = it
            .refers
            .iter()
            .filter(|(to, ..)| *to == Referred::ClaimTemplate);
        let made_by = templates.flat_map(|(to, namespace, name)| {
            self.linked(it.cluster, Link::To(*to), (*namespace, *name))
        });
        let made_by = made_by
            .copied()
            .filter(|id| self.workloads.get(*id).kind == WorkloadKind::StatefulSet);
        self.sorted(mounting.iter().copied().chain(made_by))
    }

    /// The pods on the node of that name, sorted.
    pub(crate) fn pods_on(&self, cluster: ClusterId, node: Name) -> Vec<WorkloadId> {
        let on_it = self.linked(cluster, Link::OnNode, (node, node));
        self.sorted(on_it.iter().copied())
    }

    /// The objects of the cluster that a workload refers to, of those that exist.
    pub(crate) fn referred(
        &self,
        id: u32,
        wanted: impl Fn(Referred) -> bool,
    ) -> impl Iterator<Item = u32> {
        let it = self.workloads.get(id);
        it.refers.iter().filter_map(move |(to, namespace, name)| {
            let Referred::Workload(kind) = *to else {
                return None;
            };
            let key = (it.cluster, kind, *namespace, *name);
            wanted(*to).then(|| self.workload_by_key.get(&key).copied())?
        })
    }

    /// The object and its controllers, upwards.
    pub(crate) fn chain(&self, id: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(id), |id| self.controller(self.workloads.get(*id)))
            .take(MAX_CHAIN)
    }

    /// Everything that the object controls, directly or over others; itself only where it stands in a circle.
    pub(crate) fn controlled(&self, id: u32) -> HashSet<u32> {
        let mut found = HashSet::new();
        let mut level = vec![id];
        for _ in 1..MAX_CHAIN {
            let mut next = Vec::new();
            for above in level {
                let it = self.workloads.get(above);
                if !it.kind.may_control() {
                    continue;
                }
                let link = Link::ControlledBy(it.kind);
                let below = self.linked(it.cluster, link, (it.namespace, it.name));
                next.extend(below.iter().copied().filter(|id| {
                    self.controller(self.workloads.get(*id)) == Some(above) && found.insert(*id)
                }));
            }
            if next.is_empty() {
                break;
            }
            level = next;
        }
        found
    }

    /// By uid, since names are used again; by name alone only where the controller has none, as in a manifest that was
    /// never applied.
    pub(crate) fn controller(&self, it: &Workload) -> Option<u32> {
        let controller = it.controller?;
        let kind = WorkloadKind::parse(self.names.get(controller.kind))?;
        let key = (it.cluster, kind, it.namespace, controller.name);
        let id = *self.workload_by_key.get(&key)?;
        let above = self.workloads.get(id);
        let is_it = above.uid.is_none_or(|uid| uid == controller.uid);
        (kind.may_control() && is_it).then_some(id)
    }

    /// What leads to that namespace and name.
    pub(crate) fn linked(
        &self,
        cluster: ClusterId,
        link: Link,
        (namespace, name): (Name, Name),
    ) -> &[u32] {
        let set = self.workload_by_link.get(&(cluster, link, namespace, name));
        set.map_or(&[], |set| self.sets.ids(set))
    }

    /// Each once, by namespace, kind and name, so that the order of arrival does not show.
    fn sorted(&self, ids: impl IntoIterator<Item = u32>) -> Vec<WorkloadId> {
        let mut ids: Vec<u32> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        ids.sort_by_key(|id| {
            let it = self.workloads.get(*id);
            (
                self.names.get(it.namespace),
                it.kind,
                self.names.get(it.name),
            )
        });
        ids.into_iter().map(WorkloadId).collect()
    }
}

impl WorkloadKind {
    /// Only what makes pods is followed; whatever else an owner reference may point to, nothing needs a search below it.
    pub(crate) fn may_control(self) -> bool {
        matches!(
            self,
            Self::Deployment
                | Self::StatefulSet
                | Self::DaemonSet
                | Self::ReplicaSet
                | Self::Job
                | Self::CronJob
        )
    }
}

/// An equality selector: every pair of it is among the labels.
pub(crate) fn holds(selector: &[(Name, Name)], labels: &[(Name, Name)]) -> bool {
    selector.iter().all(|pair| labels.contains(pair))
}
