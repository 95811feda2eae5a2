//! The heart of the core: any sequence of incremental changes ends in exactly the state that a naive computation from
//! scratch gives, with renames, moves, deletions, owners that come and go, and settings that change.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod oracle;

use std::collections::BTreeMap;

use oracle::{Had, Judged, State, World};
use proptest::prelude::*;
use topology::apply::{CatalogDelta, ClusterDelta, Delta};
use topology::change::{Change, Ownership, VerdictState};
use topology::decisions::Decision;
use topology::entity_ref::EntityRef;
use topology::fact::{
    ComponentFact, EntityFact, FieldFault, Found, ObjectFact, ObjectKey, ObjectKind, OwnerClaim,
    OwnerFact, OwnerKind, OwnerTarget, ServiceFact,
};
use topology::query::{ComponentFilter, OwnerFilter, ServiceFilter, VerdictCursor};
use topology::settings::{Coverage, InstanceSettings, MatchRule};
use topology::topology::Topology;
use topology::verdict::{ComponentKey, ServiceKey, Verdict, VerdictKind};

/// One step: facts that arrive together, or a change of settings.
#[derive(Clone, Debug)]
enum Step {
    Catalog {
        instance: usize,
        upserts: Vec<EntityFact>,
        removals: Vec<EntityRef>,
    },
    Cluster {
        cluster: usize,
        upserts: Vec<ServiceFact>,
        removals: Vec<(usize, usize)>,
    },
    Settings(InstanceSettings),
    NewCluster,
    InstanceGoes(usize),
    ClusterGoes(usize),
    Decisions(Vec<Decision>),
}

const NAMES: [&str; 5] = ["a", "b", "c", "a-b", "A"];
const NAMESPACES: [&str; 3] = ["x", "x-y", "y"];
const INSTANCES: [&str; 2] = ["main", "other"];
const CLUSTERS: [&str; 3] = ["eu", "us", "eu-2"];
const KEYS: [&str; 3] = ["backstage.io/kubernetes-id", "app", "tier"];
const SELECTORS: [&str; 6] = [
    "app=a",
    "app=b,tier=a",
    "tier=b",
    "!app",
    "!tier,app=a",
    "=broken",
];

fn pick(from: &'static [&'static str]) -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(from)
}

fn owner_ref() -> impl Strategy<Value = EntityRef> {
    (
        prop::sample::select(&["group", "user", "component"][..]),
        pick(&NAMESPACES[..2]),
        pick(&NAMES[..3]),
    )
        .prop_map(|(kind, namespace, name)| EntityRef::new(kind, namespace, name))
}

fn claim() -> impl Strategy<Value = OwnerClaim> {
    let target = prop_oneof![
        8 => owner_ref().prop_map(OwnerTarget::Ref),
        1 => Just(OwnerTarget::Malformed("::".into())),
    ];
    (0_u8..2, target).prop_map(|(path, target)| OwnerClaim { path, target })
}

fn component() -> impl Strategy<Value = ComponentFact> {
    let found = |from| {
        prop::option::weighted(0.7, (0_u8..2, pick(from))).prop_map(|it| {
            it.map(|(path, value)| Found {
                path,
                value: value.into(),
            })
        })
    };
    (
        (pick(&NAMESPACES[..2]), pick(&NAMES)),
        found(&NAMES),
        found(&NAMESPACES),
        prop::option::weighted(0.3, pick(&SELECTORS)),
        prop::option::weighted(0.2, pick(&["eu", "us", "nowhere"])),
        prop::collection::vec(claim(), 0..3),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.05),
    )
        .prop_map(
            |(
                (namespace, name),
                id,
                kubernetes_namespace,
                selector,
                cluster,
                owners,
                orphan,
                faulty,
            )| {
                ComponentFact {
                    reference: EntityRef::new("component", namespace, name),
                    name: name.into(),
                    kubernetes_id: id,
                    kubernetes_namespace,
                    label_selector: selector.map(Into::into),
                    kubernetes_cluster: cluster.map(Into::into),
                    owners,
                    component_type: None,
                    lifecycle: None,
                    system: None,
                    dependencies: Vec::new(),
                    orphan,
                    fault: faulty.then(|| FieldFault {
                        field: "spec.x".into(),
                        found: "a map".into(),
                        expected: "a text".into(),
                    }),
                }
            },
        )
}

fn owner() -> impl Strategy<Value = OwnerFact> {
    owner_ref().prop_map(|reference| {
        let kind = if &*reference.kind == "user" {
            OwnerKind::User
        } else {
            OwnerKind::Group
        };
        let kind_name = kind.as_str();
        OwnerFact {
            reference: EntityRef::new(kind_name, &reference.namespace, &reference.name),
            kind,
            display_name: reference.name,
            email: None,
            contacts: Vec::new(),
            parent: None,
            children: Vec::new(),
            members: Vec::new(),
            member_of: Vec::new(),
        }
    })
}

fn service() -> impl Strategy<Value = ServiceFact> {
    let label = (pick(&KEYS), pick(&NAMES[..3]));
    (
        pick(&NAMESPACES),
        pick(&NAMES[..4]),
        prop::collection::btree_map(label.clone().prop_map(|it| it.0), pick(&NAMES[..3]), 0..3),
    )
        .prop_map(|(namespace, name, labels)| ServiceFact {
            namespace: namespace.into(),
            name: name.into(),
            labels: labels
                .into_iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
            selector: vec![("app".into(), name.into())],
            external_name: false,
        })
}

fn settings() -> impl Strategy<Value = InstanceSettings> {
    let coverage = prop_oneof![
        Just(Coverage::All),
        prop::sample::subsequence(&CLUSTERS[..], 0..=3)
            .prop_map(|names| Coverage::Named(names.into_iter().map(Into::into).collect())),
    ];
    let rules = prop::sample::subsequence(&MatchRule::ALL[..], 1..=4).prop_shuffle();
    (pick(&INSTANCES), rules, coverage, any::<bool>()).prop_map(
        |(name, match_rules, clusters, honor_cluster_annotation)| InstanceSettings {
            match_rules,
            clusters,
            honor_cluster_annotation,
            ..InstanceSettings::named(name)
        },
    )
}

fn decision() -> impl Strategy<Value = Decision> {
    let component = (pick(&INSTANCES), pick(&NAMESPACES[..2]), pick(&NAMES)).prop_map(
        |(instance, namespace, name)| ComponentKey {
            instance: instance.into(),
            reference: EntityRef::new("component", namespace, name),
        },
    );
    let service = (pick(&CLUSTERS[..2]), pick(&NAMESPACES), pick(&NAMES[..4])).prop_map(
        |(cluster, namespace, name)| ServiceKey {
            cluster: cluster.into(),
            namespace: namespace.into(),
            name: name.into(),
        },
    );
    (0..4, component, service).prop_map(|(kind, component, service)| match kind {
        0 => Decision::Prefer { component, service },
        1 => Decision::IgnoreComponent(component),
        2 => Decision::IgnoreService(service),
        _ => Decision::Pin { component, service },
    })
}

fn step() -> impl Strategy<Value = Step> {
    let entity = prop_oneof![
        3 => component().prop_map(|it| EntityFact::Component(Box::new(it))),
        2 => owner().prop_map(|it| EntityFact::Owner(Box::new(it))),
    ];
    let component_ref = (pick(&NAMESPACES[..2]), pick(&NAMES))
        .prop_map(|(namespace, name)| EntityRef::new("component", namespace, name));
    let removal = prop_oneof![component_ref, owner_ref()];
    prop_oneof![
        6 => (0..2_usize, prop::collection::vec(entity, 0..5), prop::collection::vec(removal, 0..3))
            .prop_map(|(instance, upserts, removals)| Step::Catalog { instance, upserts, removals }),
        6 => (0..3_usize, prop::collection::vec(service(), 0..5), prop::collection::vec((0..3_usize, 0..4_usize), 0..3))
            .prop_map(|(cluster, upserts, removals)| Step::Cluster { cluster, upserts, removals }),
        1 => settings().prop_map(Step::Settings),
        1 => Just(Step::NewCluster),
        1 => (0..2_usize).prop_map(Step::InstanceGoes),
        1 => (0..3_usize).prop_map(Step::ClusterGoes),
        3 => prop::collection::vec(decision(), 0..8).prop_map(Step::Decisions),
    ]
}

/// The core and the world that it should know, side by side.
struct Pair {
    topology: Topology,
    world: World,
    generation: u32,
    /// What the changes said so far.
    told_verdicts: BTreeMap<(String, String), VerdictState>,
    told_services: BTreeMap<ServiceKey, Ownership>,
}

impl Pair {
    fn new() -> Self {
        let mut pair = Self {
            topology: Topology::new("causely.ai"),
            world: World::default(),
            generation: 0,
            told_verdicts: BTreeMap::new(),
            told_services: BTreeMap::new(),
        };
        for name in INSTANCES {
            pair.set(InstanceSettings::named(name));
        }
        pair.take(Step::NewCluster);
        pair
    }

    fn set(&mut self, settings: InstanceSettings) {
        self.topology.set_instance(settings.clone());
        self.world
            .instances
            .insert(settings.name.to_string(), settings);
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one arm for each kind of step, each a few lines"
    )]
    fn take(&mut self, step: Step) {
        self.generation += 1;
        let changes = match step {
            Step::Settings(settings) => {
                self.set(settings);
                self.nudge()
            }
            Step::NewCluster => {
                let is_new = |name: &&&str| !self.world.clusters.iter().any(|it| it == **name);
                if let Some(name) = CLUSTERS.iter().find(is_new) {
                    self.topology.set_cluster(name);
                    self.world.clusters.push((*name).to_owned());
                }
                self.nudge()
            }
            Step::InstanceGoes(instance) => {
                let name = INSTANCES[instance];
                let Some(id) = self.topology.instance_id(name) else {
                    return;
                };
                self.world.instances.remove(name);
                self.world.components.retain(|(of, _), _| of != name);
                self.world.owners.retain(|(of, _), _| of != name);
                let changes = self.topology.remove_instance(id);
                assert_eq!(self.topology.instance_id(name), None);
                changes
            }
            Step::ClusterGoes(cluster) => {
                // The one that cannot go keeps the steps of the others from coming to nothing.
                if self.world.clusters.len() < 2 {
                    return;
                }
                let name = self
                    .world
                    .clusters
                    .remove(cluster % self.world.clusters.len());
                self.world.services.retain(|(of, _, _), _| *of != name);
                let id = self.topology.cluster_id(&name).unwrap();
                let changes = self.topology.remove_cluster(id);
                assert_eq!(self.topology.cluster_id(&name), None);
                changes
            }
            Step::Decisions(decisions) => {
                self.world.decisions.clone_from(&decisions);
                self.topology.decide(decisions)
            }
            Step::Catalog {
                instance,
                upserts,
                removals,
            } => {
                let name = INSTANCES[instance].to_owned();
                if !self.world.instances.contains_key(&name) {
                    self.set(InstanceSettings::named(&name));
                }
                for reference in &removals {
                    let key = (name.clone(), reference.clone());
                    self.world.components.remove(&key);
                    self.world.owners.remove(&key);
                }
                for fact in &upserts {
                    let key = (name.clone(), fact.reference().clone());
                    match fact {
                        EntityFact::Component(it) => {
                            self.world.components.insert(key, (**it).clone());
                        }
                        EntityFact::Owner(it) => {
                            self.world.owners.insert(key, (**it).clone());
                        }
                    }
                }
                self.topology.apply(Delta::Catalog(CatalogDelta {
                    instance: self.topology.instance_id(&name).unwrap(),
                    generation: self.generation,
                    read_at: i64::from(self.generation),
                    upserts,
                    removals,
                }))
            }
            Step::Cluster {
                cluster,
                upserts,
                removals,
            } => {
                let name = self.world.clusters[cluster % self.world.clusters.len()].clone();
                let mut keys = Vec::new();
                for (namespace, service) in removals {
                    let (namespace, service) = (NAMESPACES[namespace], NAMES[service]);
                    let key = (name.clone(), namespace.to_owned(), service.to_owned());
                    self.world.services.remove(&key);
                    keys.push(ObjectKey {
                        kind: ObjectKind::Service,
                        namespace: namespace.into(),
                        name: service.into(),
                    });
                }
                for it in &upserts {
                    let key = (name.clone(), it.namespace.to_string(), it.name.to_string());
                    self.world.services.insert(key, it.clone());
                }
                self.topology.apply(Delta::Cluster(ClusterDelta {
                    cluster: self.topology.cluster_id(&name).unwrap(),
                    upserts: upserts
                        .into_iter()
                        .map(|it| ObjectFact::Service(Box::new(it)))
                        .collect(),
                    removals: keys,
                }))
            }
        };
        self.hear(&changes);
    }

    /// A batch without facts: it returns what a change of settings changed.
    fn nudge(&mut self) -> topology::apply::Changes {
        self.topology.apply(Delta::Cluster(ClusterDelta {
            cluster: self.topology.cluster_id(&self.world.clusters[0]).unwrap(),
            upserts: Vec::new(),
            removals: Vec::new(),
        }))
    }

    /// Changes told must go on from what was told before, and each must change something.
    fn hear(&mut self, changes: &topology::apply::Changes) {
        for change in self.topology.describe(changes) {
            match change {
                Change::Verdict {
                    component,
                    cluster,
                    before,
                    after,
                } => {
                    let key = (
                        cluster.to_string(),
                        format!("{}|{}", component.instance, component.reference),
                    );
                    let known = match &after {
                        Some(after) => self.told_verdicts.insert(key, after.clone()),
                        None => self.told_verdicts.remove(&key),
                    };
                    assert_eq!(known, before, "a change goes on from the one before");
                }
                Change::Service {
                    service,
                    before,
                    after,
                } => {
                    let known = match &after {
                        Some(after) => self.told_services.insert(service, after.clone()),
                        None => self.told_services.remove(&service),
                    };
                    assert_eq!(known, before, "a change goes on from the one before");
                }
            }
        }
    }

    fn state(&self) -> State {
        let mut state = State::default();
        for verdict in all_verdicts(&self.topology) {
            let key = (
                verdict.cluster.to_string(),
                (
                    verdict.component.instance.to_string(),
                    verdict.component.reference.clone(),
                ),
            );
            let told = &self.told_verdicts[&(key.0.clone(), format!("{}|{}", key.1.0, key.1.1))];
            assert_eq!(
                (told.kind, told.owner),
                (verdict.kind, verdict.owner.state),
                "told what is"
            );
            let texts = |keys: &[ServiceKey]| keys.iter().map(ToString::to_string).collect();
            state.verdicts.insert(
                key,
                Judged {
                    kind: verdict.kind,
                    rule: verdict.rule,
                    services: texts(&verdict.services),
                    candidates: texts(&verdict.candidates),
                    conflict_with: verdict
                        .conflict_with
                        .map(|it| (it.instance.to_string(), it.reference)),
                    owner_state: verdict.owner.state,
                    owner: verdict.owner.owner.map(|it| it.reference.to_string()),
                },
            );
        }
        let page = self
            .topology
            .list_services(&ServiceFilter::default(), None, 1000);
        for id in page.items {
            let it = self.topology.service(id);
            let had = Had {
                component: it.component.map(|id| {
                    let component = self.topology.component(id);
                    (
                        component.instance.to_owned(),
                        self.topology.component_ref(id),
                    )
                }),
                owner: it.owner.map(|id| self.topology.owner_ref(id).to_string()),
            };
            let told = &self.told_services[&it.key()];
            assert_eq!(told.owner.as_deref(), had.owner.as_deref(), "told what is");
            state.services.insert(it.key().to_string(), had);
        }
        let count = |wanted: VerdictKind| {
            let kinds = state.verdicts.values().map(|it| it.kind);
            kinds.filter(|kind| *kind == wanted).count()
        };
        assert_eq!(
            self.topology.summary().verdicts,
            VerdictKind::ALL.map(count),
            "what is counted is what there is"
        );
        assert_eq!(
            self.told_verdicts.len(),
            state.verdicts.len(),
            "told of all that is"
        );
        assert_eq!(
            self.told_services.len(),
            state.services.len(),
            "told of all that is"
        );
        state
    }
}

fn all_verdicts(topology: &Topology) -> Vec<Verdict> {
    let rows = topology
        .list_verdicts(&ComponentFilter::default(), None, 1000)
        .items;
    let verdicts: Vec<Verdict> = rows
        .iter()
        .map(|row| topology.verdict(row.component, row.cluster).unwrap())
        .collect();
    let order = |it: &Verdict| VerdictCursor {
        cluster: it.cluster.to_string(),
        reference: it.component.reference.clone(),
        instance: it.component.instance.to_string(),
    };
    assert!(
        verdicts.is_sorted_by(|a, b| order(a) < order(b)),
        "lists are in order"
    );
    verdicts
}

/// The same facts, given once, in the order of their keys.
fn from_scratch(world: &World) -> Topology {
    built(world, |topology, delta| drop(topology.apply(delta)))
}

/// The same by a start, which gives one fact after the other and says so at the end.
fn restored(world: &World) -> Topology {
    let mut topology = built(world, |topology, delta| match delta {
        Delta::Catalog(delta) => {
            for fact in &delta.upserts {
                topology.restore(Delta::Catalog(CatalogDelta {
                    upserts: vec![fact.clone()],
                    ..delta.clone()
                }));
            }
        }
        Delta::Cluster(delta) => {
            for fact in &delta.upserts {
                topology.restore(Delta::Cluster(ClusterDelta {
                    upserts: vec![fact.clone()],
                    ..delta.clone()
                }));
            }
        }
    });
    topology.restored();
    topology
}

fn built(world: &World, mut give: impl FnMut(&mut Topology, Delta)) -> Topology {
    let mut topology = Topology::new("causely.ai");
    topology.decide(world.decisions.clone());
    for cluster in &world.clusters {
        let cluster_id = topology.set_cluster(cluster);
        let services = world.services.iter().filter(|(key, _)| key.0 == *cluster);
        let delta = Delta::Cluster(ClusterDelta {
            cluster: cluster_id,
            upserts: services
                .map(|(_, it)| ObjectFact::Service(Box::new(it.clone())))
                .collect(),
            removals: Vec::new(),
        });
        give(&mut topology, delta);
    }
    for settings in world.instances.values() {
        let instance = topology.set_instance(settings.clone());
        let of_instance = |name: &String| *name == *settings.name;
        let owners = world.owners.iter().filter(|(key, _)| of_instance(&key.0));
        let components = world
            .components
            .iter()
            .filter(|(key, _)| of_instance(&key.0));
        let upserts = components
            .map(|(_, it)| EntityFact::Component(Box::new(it.clone())))
            .chain(owners.map(|(_, it)| EntityFact::Owner(Box::new(it.clone()))))
            .collect();
        let delta = Delta::Catalog(CatalogDelta {
            instance,
            generation: 1,
            read_at: 1,
            upserts,
            removals: Vec::new(),
        });
        give(&mut topology, delta);
    }
    topology
}

/// Everything that a reader can see, the generations aside.
fn visible(topology: &Topology) -> Vec<String> {
    let verdicts = all_verdicts(topology).into_iter().map(|verdict| {
        let timeless = Verdict {
            generation: 0,
            read_at: 0,
            ..verdict
        };
        format!("{timeless:?} {:?} {}", timeless.fix(), timeless.reason())
    });
    let services = topology
        .list_services(&ServiceFilter::default(), None, 1000)
        .items;
    let services = services.into_iter().map(|id| {
        format!(
            "{:?} {:?}",
            topology.service(id).key(),
            topology.service_labels(id)
        )
    });
    let owners = topology
        .list_owners(&OwnerFilter::default(), None, 1000)
        .items;
    let owners = owners.into_iter().map(|id| {
        let owned = topology.owned(&[id], true).services;
        let owned: Vec<_> = owned
            .into_iter()
            .map(|id| topology.service(id).key())
            .collect();
        format!("{:?} {owned:?}", topology.owner_labels(id))
    });
    let summary = format!("{:?}", topology.summary());
    verdicts
        .chain(services)
        .chain(owners)
        .chain([summary])
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    /// S5–S13, S20, S24: after every step the core says what the naive reading says, and what it told as changes adds
    /// up to that.
    #[test]
    fn s24_any_sequence_of_changes_ends_in_the_state_of_a_computation_from_scratch(
        steps in prop::collection::vec(step(), 1..24)
    ) {
        let mut pair = Pair::new();
        for step in steps {
            pair.take(step);
            prop_assert_eq!(pair.state(), pair.world.judge());
        }
        let visible_now = visible(&pair.topology);
        prop_assert_eq!(&visible_now, &visible(&from_scratch(&pair.world)));
        // S26: and so does a start, of whose facts nothing is told.
        prop_assert_eq!(&visible_now, &visible(&restored(&pair.world)));
    }

    /// Saying again what is known changes nothing and tells nothing.
    #[test]
    fn s22_a_source_that_resends_everything_changes_nothing(
        steps in prop::collection::vec(step(), 1..12)
    ) {
        let mut pair = Pair::new();
        for step in steps {
            pair.take(step);
        }
        let before = visible(&pair.topology);
        for (name, _) in pair.world.instances.clone() {
            let all = pair.world.components.iter().filter(|(key, _)| key.0 == name);
            let upserts = all.map(|(_, it)| EntityFact::Component(Box::new(it.clone()))).collect();
            let changes = pair.topology.apply(Delta::Catalog(CatalogDelta {
                instance: pair.topology.instance_id(&name).unwrap(),
                generation: 1000,
                read_at: 1000,
                upserts,
                removals: Vec::new(),
            }));
            prop_assert!(changes.is_empty());
        }
        prop_assert_eq!(before, visible(&pair.topology));
    }
}
