//! What is next to a node of the graph.
//!
//! It owns which things are one node: a `ReplicaSet` is its Deployment, and many pods of a workload are one. What holds of any
//! of them holds of the node. Every edge is seen from both of its ends, but for a node of the cluster, which leads nowhere:
//! else everything would hang together.

use std::collections::HashMap;
use std::rc::Rc;

use crate::fact::{Referred, WorkloadKind};
use crate::holder::Holder;
use crate::names::Name;
use crate::records::Link;
use crate::relations::MAX_CHAIN;
use crate::topology::{ClusterId, ComponentId, ServiceId, Topology, WorkloadId};

use super::{EdgeKind, Kind, MAX_LOOKED_AT, MAX_SINGLE_PODS};

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Place {
    Service(u32),
    Component(u32),
    Object(u32),
    Pods(u32),
    Node(ClusterId, Name),
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) kind: EdgeKind,
    /// The edge leads there, and not from there.
    pub(super) outward: bool,
    pub(super) place: Place,
}

/// What belongs to a workload's node.
#[derive(Debug, Default)]
struct Members {
    /// The workload itself and the `ReplicaSets` that it has.
    templates: Vec<u32>,
    pods: Vec<u32>,
    /// What it controls besides, as a `CronJob` its Jobs.
    others: Vec<u32>,
    services: Vec<ServiceId>,
}

/// Looks up what is next to what, and counts what it looked at.
pub(super) struct Near<'t> {
    topology: &'t Topology,
    members: HashMap<u32, Rc<Members>>,
    pub(super) looked_at: usize,
    /// Something was not looked at, because that had been enough.
    pub(super) ended_early: bool,
}

impl<'t> Near<'t> {
    pub(super) fn new(topology: &'t Topology) -> Self {
        Self {
            topology,
            members: HashMap::new(),
            looked_at: 0,
            ended_early: false,
        }
    }

    /// Everything next to it, those edges that say most first, then by name.
    pub(super) fn next_to(&mut self, place: Place) -> Vec<Next> {
        let mut found = match place {
            Place::Service(id) => self.next_to_service(id),
            Place::Component(id) => self.next_to_component(id),
            Place::Object(id) => self.next_to_object(id),
            Place::Pods(id) => self.next_to_pods(id),
            Place::Node(..) => Vec::new(),
        };
        self.looked_at += found.len() + 1;
        found.sort_unstable_by_key(|next| (next.kind, next.outward, next.place));
        found.dedup();
        found.sort_by_cached_key(|next| (next.kind, !next.outward, self.key(next.place)));
        found
    }

    /// How it counts where it is not shown.
    pub(super) fn counts_as(&mut self, place: Place) -> (Kind, usize) {
        match place {
            Place::Service(_) => (Kind::Service, 1),
            Place::Component(_) => (Kind::Component, 1),
            Place::Object(id) => (Kind::Object(self.topology.workloads.get(id).kind), 1),
            Place::Pods(id) => (Kind::Object(WorkloadKind::Pod), self.members(id).pods.len()),
            Place::Node(..) => (Kind::Object(WorkloadKind::Node), 1),
        }
    }

    /// What is written beside it.
    pub(super) fn count(&mut self, place: Place) -> Option<usize> {
        match place {
            Place::Pods(id) => Some(self.members(id).pods.len()),
            Place::Node(cluster, name) => {
                let on_it = self.topology.linked(cluster, Link::OnNode, (name, name));
                Some(on_it.len())
            }
            Place::Service(_) | Place::Component(_) | Place::Object(_) => None,
        }
    }

    /// Who has it.
    pub(super) fn holder(&mut self, place: Place) -> Holder {
        let topology = self.topology;
        match place {
            Place::Service(id) => topology.holder_of_service(ServiceId(id)),
            Place::Component(id) => {
                let owner = topology.component(ComponentId(id)).owner;
                owner.map_or(Holder::Nobody, |owner| Holder::One {
                    owner,
                    component: Some(ComponentId(id)),
                })
            }
            Place::Pods(id) => topology.holder_of_nearest(&self.members(id).services),
            Place::Object(id) => {
                let it = topology.workloads.get(id);
                let services = if it.kind.may_control() || it.kind == WorkloadKind::Pod {
                    let standing = self.standing_for(id);
                    self.members(standing).services.clone()
                } else {
                    topology.nearest_services(WorkloadId(id))
                };
                topology.holder_of_nearest(&services)
            }
            Place::Node(..) => Holder::Nobody,
        }
    }

    fn next_to_service(&mut self, id: u32) -> Vec<Next> {
        let topology = self.topology;
        let service = topology.services.get(id);
        let mut found = Vec::new();
        if let Some(cell) = topology.winner(id) {
            let component = topology.cells.get(cell).component;
            found.push(inward(EdgeKind::Is, Place::Component(component)));
            found.extend(self.by_dependency(Place::Service(id), component));
        }
        let there = (service.namespace, service.name);
        let behind: Vec<u32> = if service.selector().is_empty() {
            let endpoints = topology.linked(service.cluster, Link::EndpointsOf, there);
            let pods = endpoints
                .iter()
                .flat_map(|id| topology.pods_of_endpoints(*id));
            pods.collect()
        } else {
            topology.selected(service).collect()
        };
        self.looked_at += behind.len();
        let kind = by_service(topology, ServiceId(id));
        for it in behind {
            found.push(outward(kind, Place::Object(self.standing_for(it))));
        }
        let in_front = topology.linked(service.cluster, Link::To(Referred::Service), there);
        let routes = in_front.iter().copied().filter(|id| self.is_route(*id));
        found.extend(routes.map(|id| inward(EdgeKind::RoutesTo, Place::Object(id))));
        found
    }

    fn next_to_component(&mut self, id: u32) -> Vec<Next> {
        let topology = self.topology;
        let services = topology.services_of_component(ComponentId(id));
        if services.is_empty() {
            return self.by_dependency(Place::Component(id), id);
        }
        let services = services.into_iter();
        services
            .map(|id| outward(EdgeKind::Is, Place::Service(id.0)))
            .collect()
    }

    /// What the place of a component depends on, and what depends on it.
    fn by_dependency(&mut self, here: Place, component: u32) -> Vec<Next> {
        let mut found = Vec::new();
        for outwards in [true, false] {
            for other in self.topology.neighbouring(component, outwards) {
                if self.looked_at > MAX_LOOKED_AT {
                    self.ended_early = true;
                    return found;
                }
                let (from, to) = if outwards {
                    (component, other)
                } else {
                    (other, component)
                };
                let pairs = self.pairs(from, to);
                self.looked_at += pairs.len();
                found.extend(pairs.into_iter().filter_map(|(from, to)| {
                    if outwards {
                        (from == here).then_some(outward(EdgeKind::DependsOn, to))
                    } else {
                        (to == here).then_some(inward(EdgeKind::DependsOn, from))
                    }
                }));
            }
        }
        found
    }

    /// Which places of a component lead to which of one that it depends on: within a cluster where that has a Service of it, else
    /// to all.
    fn pairs(&self, from: u32, to: u32) -> Vec<(Place, Place)> {
        let targets = self.places_of(to);
        let mut pairs = Vec::new();
        for from in self.places_of(from) {
            let near = |to: &Place| self.cluster_of(*to) == self.cluster_of(from);
            let some_near = targets.iter().any(near);
            let led_to = targets.iter().filter(|to| !some_near || near(to));
            pairs.extend(led_to.map(|to| (from, *to)));
        }
        pairs
    }

    /// The Services of a component, else the component.
    fn places_of(&self, component: u32) -> Vec<Place> {
        let services = self.topology.services_of_component(ComponentId(component));
        if services.is_empty() {
            return vec![Place::Component(component)];
        }
        let services = services.into_iter();
        services.map(|id| Place::Service(id.0)).collect()
    }

    fn cluster_of(&self, place: Place) -> Option<ClusterId> {
        match place {
            Place::Service(id) => Some(self.topology.services.get(id).cluster),
            _ => None,
        }
    }

    fn next_to_object(&mut self, id: u32) -> Vec<Next> {
        let topology = self.topology;
        let it = topology.workloads.get(id);
        match it.kind {
            WorkloadKind::Ingress | WorkloadKind::HttpRoute | WorkloadKind::GrpcRoute => {
                let services = topology.backends(it);
                services
                    .map(|id| outward(EdgeKind::RoutesTo, Place::Service(id.0)))
                    .collect()
            }
            WorkloadKind::HorizontalPodAutoscaler => {
                let targets = topology.referred(id, |_| true);
                let targets = targets.filter(|id| topology.workloads.get(*id).kind.may_control());
                targets
                    .map(|id| outward(EdgeKind::Scales, Place::Object(self.standing_for(id))))
                    .collect()
            }
            WorkloadKind::PersistentVolumeClaim => {
                let mounting = topology.mounting(id);
                self.looked_at += mounting.len();
                let mounting = mounting.into_iter().filter(|id| self.runs(id.0));
                mounting
                    .map(|id| inward(EdgeKind::Mounts, Place::Object(self.standing_for(id.0))))
                    .collect()
            }
            WorkloadKind::Pod => self.next_to_pod(id),
            WorkloadKind::Deployment
            | WorkloadKind::StatefulSet
            | WorkloadKind::DaemonSet
            | WorkloadKind::ReplicaSet
            | WorkloadKind::Job
            | WorkloadKind::CronJob => self.next_to_workload(id),
            WorkloadKind::Node | WorkloadKind::EndpointSlice | WorkloadKind::Endpoints => {
                Vec::new()
            }
        }
    }

    fn next_to_pod(&mut self, id: u32) -> Vec<Next> {
        let above = self.standing_for(id);
        let mut found = if above == id {
            // Of a workload's pods the workload's node says these.
            let mut found = self.of_services(id);
            found.extend(self.claims_of(&[id]));
            found
        } else {
            vec![inward(EdgeKind::Owns, Place::Object(above))]
        };
        found.extend(self.node_of(id));
        found
    }

    fn next_to_workload(&mut self, id: u32) -> Vec<Next> {
        let topology = self.topology;
        let members = self.members(id);
        let mut found = self.of_services(id);
        let it = topology.workloads.get(id);
        if let Some(above) = topology.controller(it).filter(|_| !folds(it.kind)) {
            let above = self.standing_for(above);
            if above != id {
                found.push(inward(EdgeKind::Owns, Place::Object(above)));
            }
        }
        let others = members.others.iter().map(|id| Place::Object(*id));
        found.extend(others.map(|place| outward(EdgeKind::Owns, place)));
        if members.pods.len() > MAX_SINGLE_PODS {
            found.push(outward(EdgeKind::Owns, Place::Pods(id)));
        } else {
            let pods = members.pods.iter().map(|id| Place::Object(*id));
            found.extend(pods.map(|place| outward(EdgeKind::Owns, place)));
        }
        for template in &members.templates {
            let it = topology.workloads.get(*template);
            let link = Link::To(Referred::Workload(it.kind));
            let referring = topology.linked(it.cluster, link, (it.namespace, it.name));
            let scaling = referring.iter().copied().filter(|id| {
                topology.workloads.get(*id).kind == WorkloadKind::HorizontalPodAutoscaler
            });
            found.extend(scaling.map(|id| inward(EdgeKind::Scales, Place::Object(id))));
        }
        found.extend(self.claims_of(&members.templates));
        found.extend(self.claims_of(&members.pods));
        found
    }

    fn next_to_pods(&mut self, id: u32) -> Vec<Next> {
        let members = self.members(id);
        self.looked_at += members.pods.len();
        let mut found = vec![inward(EdgeKind::Owns, Place::Object(id))];
        found.extend(members.pods.iter().filter_map(|pod| self.node_of(*pod)));
        found
    }

    fn of_services(&mut self, id: u32) -> Vec<Next> {
        let topology = self.topology;
        let members = self.members(id);
        let services = members.services.iter();
        services
            .map(|id| inward(by_service(topology, *id), Place::Service(id.0)))
            .collect()
    }

    fn claims_of(&self, ids: &[u32]) -> Vec<Next> {
        let topology = self.topology;
        let claims = ids
            .iter()
            .flat_map(|id| topology.claims_of(topology.workloads.get(*id)));
        claims
            .map(|id| outward(EdgeKind::Mounts, Place::Object(id)))
            .collect()
    }

    fn node_of(&self, pod: u32) -> Option<Next> {
        let it = self.topology.workloads.get(pod);
        let node = it.node?;
        Some(outward(EdgeKind::RunsOn, Place::Node(it.cluster, node)))
    }

    fn is_route(&self, id: u32) -> bool {
        matches!(
            self.topology.workloads.get(id).kind,
            WorkloadKind::Ingress | WorkloadKind::HttpRoute | WorkloadKind::GrpcRoute
        )
    }

    fn runs(&self, id: u32) -> bool {
        let kind = self.topology.workloads.get(id).kind;
        kind.may_control() || kind == WorkloadKind::Pod
    }

    /// The workload that has it: of pods and `ReplicaSets` what made them, of all else itself. Owner references may make
    /// circles; who stands in one has nobody above.
    fn standing_for(&self, id: u32) -> u32 {
        let mut at = id;
        for _ in 0..MAX_CHAIN {
            let it = self.topology.workloads.get(at);
            match self.topology.controller(it).filter(|_| folds(it.kind)) {
                Some(above) => at = above,
                None => return at,
            }
        }
        id
    }

    fn members(&mut self, id: u32) -> Rc<Members> {
        if let Some(known) = self.members.get(&id) {
            return Rc::clone(known);
        }
        let topology = self.topology;
        let mut members = Members::default();
        if topology.workloads.get(id).kind == WorkloadKind::Pod {
            members.pods.push(id);
        } else {
            members.templates.push(id);
        }
        let mut at = 0;
        while let Some(above) = members.templates.get(at).copied() {
            at += 1;
            let it = topology.workloads.get(above);
            let link = Link::ControlledBy(it.kind);
            let below = topology.linked(it.cluster, link, (it.namespace, it.name));
            self.looked_at += below.len();
            for other in below.iter().copied() {
                let below = topology.workloads.get(other);
                if other == id || topology.controller(below) != Some(above) {
                    continue;
                }
                match below.kind {
                    kind if !folds(kind) => members.others.push(other),
                    _ if self.standing_for(other) != id => {}
                    WorkloadKind::Pod => members.pods.push(other),
                    _ => members.templates.push(other),
                }
            }
        }
        let all = members.templates.iter().chain(&members.pods);
        let over = all.flat_map(|id| topology.services_over(topology.workloads.get(*id)));
        members.services = over.map(|(id, _)| id).collect();
        members.services.sort_unstable();
        members.services.dedup();
        self.looked_at += members.pods.len();
        let members = Rc::new(members);
        self.members.insert(id, Rc::clone(&members));
        members
    }

    /// By what nodes of one distance are sorted, so that ids do not show.
    fn key(&self, place: Place) -> (Kind, [&'t str; 3]) {
        let topology = self.topology;
        match place {
            Place::Service(id) => {
                let it = topology.service(ServiceId(id));
                (Kind::Service, [it.cluster, it.namespace, it.name])
            }
            Place::Component(id) => {
                let it = topology.component(ComponentId(id));
                (Kind::Component, [it.instance, it.namespace, it.key])
            }
            Place::Object(id) => {
                let it = topology.workload(WorkloadId(id));
                (Kind::Object(it.kind), [it.cluster, it.namespace, it.name])
            }
            Place::Pods(id) => {
                let it = topology.workload(WorkloadId(id));
                (
                    Kind::Object(WorkloadKind::Pod),
                    [it.cluster, it.namespace, it.name],
                )
            }
            Place::Node(cluster, name) => {
                let cluster = &topology.at_cluster(cluster).name;
                let kind = Kind::Object(WorkloadKind::Node);
                (kind, [cluster, "", topology.names.get(name)])
            }
        }
    }
}

/// It is a part of what made it.
fn folds(kind: WorkloadKind) -> bool {
    matches!(kind, WorkloadKind::Pod | WorkloadKind::ReplicaSet)
}

/// How a Service leads to what is behind it.
fn by_service(topology: &Topology, id: ServiceId) -> EdgeKind {
    if topology.services.get(id.0).selector().is_empty() {
        EdgeKind::LeadsTo
    } else {
        EdgeKind::Selects
    }
}

fn outward(kind: EdgeKind, place: Place) -> Next {
    Next {
        kind,
        outward: true,
        place,
    }
}

fn inward(kind: EdgeKind, place: Place) -> Next {
    Next {
        kind,
        outward: false,
        place,
    }
}
