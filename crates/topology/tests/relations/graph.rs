//! The graph against every edge there is, found by comparing all with all.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use topology::apply::{ClusterDelta, Delta};
use topology::fact::{ObjectFact, Referred, WorkloadFact, WorkloadKind};
use topology::graph::{Extent, Focus, Graph, Hidden, MAX_DEPTH, MAX_NODES, What, Why};
use topology::topology::Topology;

use crate::{World, key, service, workload};

type Edge = (String, &'static str, String);

fn name(it: &WorkloadFact) -> String {
    named(it.kind, &it.namespace, &it.name)
}

fn named(kind: WorkloadKind, namespace: &str, name: &str) -> String {
    format!("{} {namespace}/{name}", kind.as_str())
}

fn of_service(namespace: &str, name: &str) -> String {
    format!("Service {namespace}/{name}")
}

fn on(node: &str) -> String {
    format!("Node {node}")
}

fn controls(kind: WorkloadKind) -> bool {
    WorkloadKind::ALL[..6].contains(&kind)
}

fn folds(kind: WorkloadKind) -> bool {
    [WorkloadKind::Pod, WorkloadKind::ReplicaSet].contains(&kind)
}

impl World {
    fn standing_for<'w>(&'w self, it: &'w WorkloadFact) -> &'w WorkloadFact {
        let mut at = it;
        for _ in 0..8 {
            match self.controller(at).filter(|_| folds(at.kind)) {
                Some(above) => at = above,
                None => return at,
            }
        }
        it
    }

    fn pods_of(&self, it: &WorkloadFact) -> Vec<&WorkloadFact> {
        let pods = self.workloads.values().filter(|pod| {
            let above = self.standing_for(pod);
            pod.kind == WorkloadKind::Pod
                && above.kind != WorkloadKind::Pod
                && key(above) == key(it)
        });
        pods.collect()
    }

    /// Every edge of the whole graph, and how many pods each group of them is.
    fn graph(&self) -> (BTreeSet<Edge>, BTreeMap<String, usize>) {
        let mut edges = BTreeSet::new();
        let mut groups = BTreeMap::new();
        let all: Vec<&WorkloadFact> = self.workloads.values().collect();
        let running: Vec<&WorkloadFact> = all
            .iter()
            .copied()
            .filter(|it| controls(it.kind) || it.kind == WorkloadKind::Pod)
            .collect();
        let names = |from: &WorkloadFact, to: Referred, namespace: &str, name: &str| {
            from.refers
                .iter()
                .any(|it| it.to == to && &*it.namespace == namespace && &*it.name == name)
        };
        for service in self.services.values() {
            let from = of_service(&service.namespace, &service.name);
            let selects = !service.external_name && !service.selector.is_empty();
            let word = if selects { "selects" } else { "leads-to" };
            for it in running.iter().filter(|it| self.reaches(service, it)) {
                edges.insert((from.clone(), word, name(self.standing_for(it))));
            }
            for it in &all {
                use WorkloadKind::{GrpcRoute, HttpRoute, Ingress};
                let leads = names(it, Referred::Service, &service.namespace, &service.name);
                if leads && [Ingress, HttpRoute, GrpcRoute].contains(&it.kind) {
                    edges.insert((name(it), "routes-to", from.clone()));
                }
            }
        }
        for it in &all {
            for other in &running {
                let leads = names(
                    it,
                    Referred::Workload(other.kind),
                    &other.namespace,
                    &other.name,
                );
                if it.kind == WorkloadKind::HorizontalPodAutoscaler && controls(other.kind) && leads
                {
                    edges.insert((name(it), "scales", name(self.standing_for(other))));
                }
                let claim = WorkloadKind::PersistentVolumeClaim;
                let mounts = names(other, Referred::Workload(claim), &it.namespace, &it.name);
                let made = other.kind == WorkloadKind::StatefulSet
                    && other.refers.iter().any(|reference| {
                        reference.to == Referred::ClaimTemplate && it.refers.contains(reference)
                    });
                if it.kind == claim && (mounts || made) {
                    edges.insert((name(self.standing_for(other)), "mounts", name(it)));
                }
            }
        }
        for it in &running {
            let above = self.controller(it).map(|above| self.standing_for(above));
            if let Some(above) = above.filter(|above| !folds(it.kind) && key(above) != key(it)) {
                edges.insert((name(above), "owns", name(it)));
            }
            let pods = self.pods_of(it);
            let many = pods.len() > 5;
            let group = format!("pods of {}", name(it));
            if many {
                groups.insert(group.clone(), pods.len());
                edges.insert((name(it), "owns", group.clone()));
            }
            for pod in pods {
                let shown = if many { group.clone() } else { name(pod) };
                edges.insert((name(it), "owns", shown.clone()));
                edges.extend(
                    pod.node
                        .iter()
                        .map(|node| (shown.clone(), "runs-on", on(node))),
                );
            }
            if it.kind == WorkloadKind::Pod && key(self.standing_for(it)) == key(it) {
                edges.extend(it.node.iter().map(|node| (name(it), "runs-on", on(node))));
            }
        }
        (edges, groups)
    }
}

fn shown(topology: &Topology, what: What<'_>) -> String {
    match what {
        What::Service(id) => {
            let it = topology.service(id);
            of_service(it.namespace, it.name)
        }
        What::Component(id) => topology.component_ref(id).to_string(),
        What::Object(id) => {
            let it = topology.workload(id);
            named(it.kind, it.namespace, it.name)
        }
        What::Pods(id) => {
            let it = topology.workload(id);
            format!("pods of {}", named(it.kind, it.namespace, it.name))
        }
        What::Node { name, .. } => on(name),
    }
}

fn built(objects: impl IntoIterator<Item = ObjectFact>) -> Topology {
    let mut topology = Topology::new("causely.ai");
    let cluster = topology.set_cluster("c");
    // One at a time, so that ids follow the order in which they come.
    for object in objects {
        topology.apply(Delta::Cluster(ClusterDelta {
            cluster,
            upserts: vec![object],
            removals: Vec::new(),
        }));
    }
    topology
}

/// Distances from the Services of namespace `n`. Nothing goes on from a Node.
fn distances(world: &World, edges: &BTreeSet<Edge>) -> BTreeMap<String, usize> {
    let there = world
        .services
        .keys()
        .filter(|(namespace, _)| namespace == "n");
    let mut level: BTreeSet<String> = there.map(|(space, name)| of_service(space, name)).collect();
    let mut distances = BTreeMap::new();
    for distance in 0.. {
        level.retain(|it| !distances.contains_key(it));
        if level.is_empty() {
            break;
        }
        distances.extend(level.iter().map(|it| (it.clone(), distance)));
        level = level.iter().flat_map(|it| next_to(edges, it)).collect();
    }
    distances
}

fn next_to(edges: &BTreeSet<Edge>, it: &str) -> BTreeSet<String> {
    let ends = edges.iter().filter(|_| !it.starts_with("Node "));
    let other = ends.filter_map(|(from, _, to)| match () {
        () if from == it => Some(to.clone()),
        () if to == it => Some(from.clone()),
        () => None,
    });
    other.collect()
}

fn text(topology: &Topology, graph: &Graph<'_>) -> String {
    let nodes = graph.nodes.iter();
    let names: Vec<String> = nodes.map(|it| shown(topology, it.what)).collect();
    format!("{names:?} {:?} {:?}", graph.edges, graph.hidden)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_graph_is_what_is_near_and_counts_what_is_not_shown(
        services in prop::collection::vec(service(), 1..4),
        workloads in prop::collection::vec(workload(), 0..40),
        pods in 0_usize..9,
        depth in 1..=MAX_DEPTH,
        limit in 1_usize..20,
    ) {
        let mut world = World::default();
        for it in services {
            world.services.insert((it.namespace.to_string(), it.name.to_string()), it);
        }
        for mut it in workloads {
            // Only these make claims.
            let makes = [WorkloadKind::StatefulSet, WorkloadKind::PersistentVolumeClaim];
            it.refers.retain(|other| other.to != Referred::ClaimTemplate || makes.contains(&it.kind));
            world.workloads.insert(key(&it), it);
        }
        // Enough pods of the first that may have some, that they are one node.
        let first = world.workloads.values().find(|it| controls(it.kind) && it.uid.is_some()).cloned();
        for (at, it) in first.iter().flat_map(|it| (0..pods).map(move |at| (at, it))) {
            let pod = WorkloadFact {
                kind: WorkloadKind::Pod,
                name: format!("p-{at}").into(),
                node: Some(format!("x-{}", at % 3).into()),
                controller: Some(topology::fact::ControllerRef {
                    kind: it.kind.as_str().into(),
                    name: it.name.clone(),
                    uid: it.uid.clone().expect("it has one"),
                }),
                refers: Vec::new(),
                ..it.clone()
            };
            world.workloads.insert(key(&pod), pod);
        }
        let objects: Vec<ObjectFact> = world
            .services
            .values()
            .map(|it| ObjectFact::Service(Box::new(it.clone())))
            .chain(world.workloads.values().map(|it| ObjectFact::Workload(Box::new(it.clone()))))
            .collect();
        let topology = built(objects.iter().cloned());
        let focus = Focus::Namespace { cluster: "c".into(), namespace: "n".into() };
        let (edges, groups) = world.graph();
        let distances = distances(&world, &edges);
        let within: BTreeMap<&String, usize> =
            distances.iter().filter(|(_, far)| **far <= depth).map(|(it, far)| (it, *far)).collect();

        for nodes in [limit, MAX_NODES] {
            let graph = topology.graph(&focus, Extent { depth, nodes });
            let names: Vec<String> = graph.nodes.iter().map(|it| shown(&topology, it.what)).collect();
            // Nearest first, at their distances, and no fewer than there is room for.
            prop_assert_eq!(graph.nodes.len(), nodes.min(within.len()));
            prop_assert!(graph.nodes.is_sorted_by_key(|it| it.depth));
            for (name, node) in names.iter().zip(&graph.nodes) {
                prop_assert_eq!(within.get(name), Some(&node.depth), "{}", name);
            }
            let seen: BTreeSet<&String> = names.iter().collect();
            prop_assert_eq!(seen.len(), names.len());
            // Every edge between them.
            let drawn: BTreeSet<Edge> = graph
                .edges
                .iter()
                .map(|it| (names[it.from].clone(), it.kind.as_str(), names[it.to].clone()))
                .collect();
            let both = |it: &&Edge| seen.contains(&it.0) && seen.contains(&it.2);
            let expected: BTreeSet<Edge> = edges.iter().filter(both).cloned().collect();
            prop_assert_eq!(drawn, expected);
            // What hangs on them is shown or counted.
            let mut around: BTreeSet<String> = names.iter().flat_map(|it| next_to(&edges, it)).collect();
            around.extend(distances.iter().filter(|(_, far)| **far == 0).map(|(it, _)| it.clone()));
            around.retain(|it| !seen.contains(it));
            let weight = |it: &String| groups.get(it).copied().unwrap_or(1);
            let counted = |why: Why| -> usize {
                let hidden = graph.hidden.iter().filter(|it| it.why == why);
                hidden.map(|Hidden { count, .. }| count).sum()
            };
            let (near, far): (Vec<_>, Vec<_>) = around.iter().partition(|it| within.contains_key(*it));
            prop_assert_eq!(counted(Why::Limit), near.into_iter().map(weight).sum::<usize>());
            prop_assert_eq!(counted(Why::Depth), far.into_iter().map(weight).sum::<usize>());
            // In whatever order all of it came.
            let other = built(objects.iter().rev().cloned());
            prop_assert_eq!(
                text(&other, &other.graph(&focus, Extent { depth, nodes })),
                text(&topology, &graph)
            );
        }
    }
}
