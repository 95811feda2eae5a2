//! What leads where, after any sequence of changes, against a naive reading that compares all with all and shares no code
//! with the core (S19).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod graph;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use topology::apply::{ClusterDelta, Delta};
use topology::fact::{
    ControllerRef, ObjectFact, ObjectKey, ObjectKind, Reference, Referred, ServiceFact,
    WorkloadFact, WorkloadKind,
};
use topology::topology::{Topology, WorkloadId};
use topology::verdict::ServiceKey;

type Key = (WorkloadKind, String, String);

/// All facts that count now.
#[derive(Clone, Debug, Default)]
struct World {
    services: BTreeMap<(String, String), ServiceFact>,
    workloads: BTreeMap<Key, WorkloadFact>,
}

const NAMESPACES: [&str; 2] = ["n", "m"];
const NAMES: [&str; 3] = ["a", "b", "a-0"];

fn key(it: &WorkloadFact) -> Key {
    (it.kind, it.namespace.to_string(), it.name.to_string())
}

impl World {
    fn controller(&self, it: &WorkloadFact) -> Option<&WorkloadFact> {
        use WorkloadKind::{CronJob, DaemonSet, Deployment, Job, ReplicaSet, StatefulSet};
        let by = it.controller.as_ref()?;
        self.workloads.values().find(|other| {
            [Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob].contains(&other.kind)
                && other.kind.as_str() == &*by.kind
                && other.namespace == it.namespace
                && other.name == by.name
                && other.uid.as_ref().is_none_or(|uid| *uid == by.uid)
        })
    }

    /// The object and what is above it.
    fn chain<'w>(&'w self, it: &'w WorkloadFact) -> Vec<&'w WorkloadFact> {
        let mut chain = vec![it];
        while let Some(above) = self.controller(chain[chain.len() - 1])
            && chain.len() < 8
        {
            chain.push(above);
        }
        chain
    }

    /// The Service itself selects it, has it as endpoints, or reaches it by those.
    fn reaches(&self, service: &ServiceFact, it: &WorkloadFact) -> bool {
        let endpoints = |it: &WorkloadFact| {
            it.service.as_ref() == Some(&service.name) && it.namespace == service.namespace
        };
        let selector = if service.external_name {
            &[][..]
        } else {
            &service.selector
        };
        let selects = !selector.is_empty()
            && it.service.is_none()
            && it.namespace == service.namespace
            && selector.iter().all(|pair| it.pod_labels.contains(pair));
        let addressed = selector.is_empty()
            && it.kind == WorkloadKind::Pod
            && self.workloads.values().any(|other| {
                endpoints(other)
                    && other.refers.iter().any(|reference| {
                        reference.to == Referred::Workload(WorkloadKind::Pod)
                            && reference.namespace == it.namespace
                            && reference.name == it.name
                    })
            });
        endpoints(it) || selects || addressed
    }

    fn behind(&self, service: &ServiceFact) -> BTreeSet<Key> {
        let is_above = |it: &WorkloadFact, wanted: &WorkloadFact| {
            self.chain(it).iter().any(|above| key(above) == key(wanted))
        };
        let reached: Vec<&WorkloadFact> = self
            .workloads
            .values()
            .filter(|it| self.reaches(service, it))
            .collect();
        self.workloads
            .values()
            .filter(|it| {
                reached
                    .iter()
                    .any(|other| is_above(other, it) || is_above(it, other))
            })
            .map(key)
            .collect()
    }

    fn inherited(&self, it: &WorkloadFact) -> BTreeSet<(String, String)> {
        use WorkloadKind::{
            GrpcRoute, HorizontalPodAutoscaler, HttpRoute, Ingress, Node, PersistentVolumeClaim,
        };
        let over = |wanted: &dyn Fn(&WorkloadFact) -> bool| {
            let runs = |it: &WorkloadFact| {
                it.kind == WorkloadKind::Pod || WorkloadKind::ALL[..6].contains(&it.kind)
            };
            let others = self.workloads.values().filter(|it| runs(it) && wanted(it));
            others.flat_map(|it| self.inherited(it)).collect()
        };
        let names = |from: &WorkloadFact, to: Referred, it: &WorkloadFact| {
            from.refers.iter().any(|reference| {
                reference.to == to
                    && reference.namespace == it.namespace
                    && reference.name == it.name
            })
        };
        match it.kind {
            Ingress | HttpRoute | GrpcRoute => {
                let services = it.refers.iter().filter(|it| it.to == Referred::Service);
                services
                    .map(|it| (it.namespace.to_string(), it.name.to_string()))
                    .filter(|key| self.services.contains_key(key))
                    .collect()
            }
            HorizontalPodAutoscaler => {
                over(&|other| names(it, Referred::Workload(other.kind), other))
            }
            PersistentVolumeClaim => over(&|other| {
                let made = other.kind == WorkloadKind::StatefulSet
                    && other.refers.iter().any(|reference| {
                        reference.to == Referred::ClaimTemplate && it.refers.contains(reference)
                    });
                made || names(other, Referred::Workload(PersistentVolumeClaim), it)
            }),
            Node => over(&|other| other.node.as_ref() == Some(&it.name)),
            _ => {
                let behind = self
                    .services
                    .iter()
                    .filter(|(_, service)| self.behind(service).contains(&key(it)));
                behind.map(|(key, _)| key.clone()).collect()
            }
        }
    }
}

fn pick<const N: usize>(from: [&'static str; N]) -> impl Strategy<Value = Box<str>> + Clone {
    prop::sample::select(from.to_vec()).prop_map(Into::into)
}

fn pairs(most: usize) -> impl Strategy<Value = Vec<(Box<str>, Box<str>)>> {
    prop::collection::btree_map(pick(["k", "l"]), pick(["x", "y"]), 0..=most)
        .prop_map(|map| map.into_iter().collect())
}

fn service() -> impl Strategy<Value = ServiceFact> {
    let external = prop::bool::weighted(0.1);
    (pick(NAMESPACES), pick(NAMES), pairs(2), external).prop_map(
        |(namespace, name, selector, external_name)| ServiceFact {
            namespace,
            name,
            labels: Vec::new(),
            selector,
            external_name,
        },
    )
}

fn workload() -> impl Strategy<Value = WorkloadFact> {
    let kind = || prop::sample::select(&WorkloadKind::ALL[..]);
    let to = prop_oneof![
        Just(Referred::Service),
        Just(Referred::ClaimTemplate),
        Just(Referred::Workload(WorkloadKind::Pod)),
        Just(Referred::Workload(WorkloadKind::PersistentVolumeClaim)),
        kind().prop_map(Referred::Workload),
    ];
    let reference =
        (to, pick(NAMESPACES), pick(NAMES)).prop_map(|(to, namespace, name)| Reference {
            to,
            namespace,
            name,
        });
    let controller =
        (kind(), pick(NAMES), pick(["u", "v"])).prop_map(|(kind, name, uid)| ControllerRef {
            kind: kind.as_str().into(),
            name,
            uid,
        });
    (
        kind(),
        (pick(NAMESPACES), pick(NAMES), pick(NAMES)),
        prop::option::of(pick(["u", "v"])),
        pairs(2),
        prop::option::of(controller),
        prop::collection::vec(reference, 0..3),
    )
        .prop_map(
            |(kind, (namespace, name, other), uid, labels, controller, refers)| {
                use WorkloadKind::{EndpointSlice, Endpoints, Node, Pod};
                let has_pods = kind == Pod || WorkloadKind::ALL[..6].contains(&kind);
                WorkloadFact {
                    kind,
                    namespace: if kind == Node { "".into() } else { namespace },
                    name,
                    uid,
                    pod_labels: if has_pods { labels } else { Vec::new() },
                    controller: controller.filter(|_| has_pods),
                    service: [EndpointSlice, Endpoints]
                        .contains(&kind)
                        .then(|| other.clone()),
                    node: (kind == Pod).then_some(other),
                    refers,
                }
            },
        )
}

fn steps() -> impl Strategy<
    Value = Vec<(
        Vec<ServiceFact>,
        Vec<WorkloadFact>,
        Vec<prop::sample::Index>,
    )>,
> {
    let step = (
        prop::collection::vec(service(), 0..3),
        prop::collection::vec(workload(), 0..12),
        prop::collection::vec(any::<prop::sample::Index>(), 0..3),
    );
    prop::collection::vec(step, 1..8)
}

fn check(topology: &Topology, world: &World) {
    let cluster = topology.cluster_id("c").unwrap();
    let named = |id: WorkloadId| {
        let it = topology.workload(id);
        (it.kind, it.namespace.to_owned(), it.name.to_owned())
    };
    for ((namespace, name), service) in &world.services {
        let id = topology
            .find_service(&ServiceKey {
                cluster: "c".into(),
                namespace: namespace.as_str().into(),
                name: name.as_str().into(),
            })
            .unwrap();
        let behind: BTreeSet<Key> = topology.behind(id).into_iter().map(named).collect();
        assert_eq!(behind, world.behind(service), "behind {namespace}/{name}");
    }
    let ids: BTreeMap<Key, WorkloadId> = topology
        .workloads_of(cluster)
        .map(|id| (named(id), id))
        .collect();
    assert_eq!(ids.len(), world.workloads.len());
    for (key, fact) in &world.workloads {
        let inherited: BTreeSet<(String, String)> = topology
            .inherited(ids[key])
            .into_iter()
            .map(|it| {
                let service = topology.service(it.service);
                (service.namespace.to_owned(), service.name.to_owned())
            })
            .collect();
        assert_eq!(inherited, world.inherited(fact), "inherited by {key:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn s19_any_sequence_of_changes_ends_in_the_relations_of_a_computation_from_scratch(steps in steps()) {
        let mut topology = Topology::new("causely.ai");
        let cluster = topology.set_cluster("c");
        let mut world = World::default();
        for (services, workloads, removed) in steps {
            let mut removals = Vec::new();
            for index in removed {
                let keys: Vec<Key> = world.workloads.keys().cloned().collect();
                if !keys.is_empty() {
                    let (kind, namespace, name) = index.get(&keys).clone();
                    world.workloads.remove(&(kind, namespace.clone(), name.clone()));
                    removals.push(ObjectKey {
                        kind: ObjectKind::Workload(kind),
                        namespace: namespace.into(),
                        name: name.into(),
                    });
                }
            }
            for it in &services {
                world.services.insert((it.namespace.to_string(), it.name.to_string()), it.clone());
            }
            for it in &workloads {
                world.workloads.insert(key(it), it.clone());
            }
            let services = services.into_iter().map(|it| ObjectFact::Service(Box::new(it)));
            let workloads = workloads.into_iter().map(|it| ObjectFact::Workload(Box::new(it)));
            topology.apply(Delta::Cluster(ClusterDelta {
                cluster,
                upserts: services.chain(workloads).collect(),
                removals,
            }));
            check(&topology, &world);
        }
    }
}
