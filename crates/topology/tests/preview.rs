//! A preview is what comes of it: whatever it says of settings and facts is what stands once they are applied.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use topology::apply::{CatalogDelta, ClusterDelta, Delta};
use topology::decisions::Decision;
use topology::entity_ref::EntityRef;
use topology::fact::{
    ComponentFact, EntityFact, FieldFault, Found, ObjectFact, OwnerClaim, OwnerFact, OwnerKind,
    OwnerTarget, ServiceFact,
};
use topology::packed::PackedEntities;
use topology::preview::{Counts, Kind, Preview, Standing, preview};
use topology::settings::{Coverage, InstanceSettings, MatchRule};
use topology::topology::{InstanceId, Topology};
use topology::verdict::{ComponentKey, ServiceKey, VerdictKind};

const NAMES: [&str; 5] = ["a", "b", "c", "a-b", "A"];
/// What fields name; the last is the name of nothing.
const VALUES: [&str; 4] = ["a", "b", "c", "unheard-of"];
const NAMESPACES: [&str; 3] = ["x", "x-y", "y"];
const INSTANCES: [&str; 2] = ["main", "other"];
const CLUSTERS: [&str; 2] = ["eu", "us"];
const KEYS: [&str; 3] = ["backstage.io/kubernetes-id", "app", "tier"];
const SELECTORS: [&str; 6] = ["app=a", "app=b,tier=a", "tier=b", "!app", "tier", "=broken"];

fn pick(from: &'static [&'static str]) -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(from)
}

/// What a `label_map` decides of a component.
#[derive(Clone, Debug)]
struct Mapped {
    id: Option<&'static str>,
    namespace: Option<&'static str>,
    owners: Vec<OwnerClaim>,
    faulty: bool,
}

fn mapped() -> impl Strategy<Value = Mapped> {
    let owner = prop_oneof![
        6 => (prop::sample::select(&["group", "user", "component"][..]), pick(&VALUES)).prop_map(|(kind, name)| {
            OwnerTarget::Ref(EntityRef::new(kind, "x", name))
        }),
        1 => Just(OwnerTarget::Malformed("::".into())),
    ];
    (
        prop::option::weighted(0.7, pick(&VALUES)),
        prop::option::weighted(0.4, pick(&["x", "x-y", "nowhere"])),
        prop::collection::vec(
            (0_u8..2, owner).prop_map(|(path, target)| OwnerClaim { path, target }),
            0..3,
        ),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(id, namespace, owners, faulty)| Mapped {
            id,
            namespace,
            owners,
            faulty,
        })
}

/// A component: what no map decides of it, and what one map reads, and another.
#[derive(Clone, Debug)]
struct Drawn {
    instance: &'static str,
    reference: EntityRef,
    selector: Option<&'static str>,
    cluster: Option<&'static str>,
    orphan: bool,
    before: Mapped,
    after: Mapped,
    read: bool,
}

impl Drawn {
    fn fact(&self, mapped: &Mapped) -> ComponentFact {
        let found = |value: Option<&str>| {
            value.map(|value| Found {
                path: 0,
                value: value.into(),
            })
        };
        ComponentFact {
            reference: self.reference.clone(),
            name: self.reference.name.clone(),
            kubernetes_id: found(mapped.id),
            kubernetes_namespace: found(mapped.namespace),
            label_selector: self.selector.map(Into::into),
            kubernetes_cluster: self.cluster.map(Into::into),
            owners: mapped.owners.clone(),
            component_type: None,
            lifecycle: None,
            system: None,
            dependencies: Vec::new(),
            orphan: self.orphan,
            fault: mapped.faulty.then(|| FieldFault {
                field: "spec.x".into(),
                found: "a map".into(),
                expected: "a text".into(),
            }),
        }
    }
}

fn component() -> impl Strategy<Value = Drawn> {
    (
        (pick(&INSTANCES), pick(&NAMESPACES[..2]), pick(&NAMES)),
        prop::option::weighted(0.3, pick(&SELECTORS)),
        prop::option::weighted(0.3, pick(&["eu", "us", "nowhere"])),
        prop::bool::weighted(0.2),
        (mapped(), mapped(), prop::bool::weighted(0.9)),
    )
        .prop_map(
            |((instance, namespace, name), selector, cluster, orphan, (before, after, read))| {
                Drawn {
                    instance,
                    reference: EntityRef::new("component", namespace, name),
                    selector,
                    cluster,
                    orphan,
                    before,
                    after,
                    read,
                }
            },
        )
}

fn service() -> impl Strategy<Value = (usize, ServiceFact)> {
    (
        0..2_usize,
        pick(&NAMESPACES),
        pick(&NAMES[..4]),
        prop::collection::btree_map(pick(&KEYS), pick(&NAMES[..3]), 0..3),
    )
        .prop_map(|(cluster, namespace, name, labels)| {
            let labels = labels
                .into_iter()
                .map(|(key, value)| (key.into(), value.into()));
            let fact = ServiceFact {
                namespace: namespace.into(),
                name: name.into(),
                labels: labels.collect(),
                ..ServiceFact::default()
            };
            (cluster, fact)
        })
}

fn rules() -> impl Strategy<Value = Vec<MatchRule>> {
    prop::sample::subsequence(&MatchRule::ALL[..], 1..=4).prop_shuffle()
}

fn decision() -> impl Strategy<Value = Decision> {
    (
        any::<bool>(),
        pick(&INSTANCES),
        (pick(&NAMESPACES[..2]), pick(&NAMES)),
        (pick(&CLUSTERS), pick(&NAMESPACES), pick(&NAMES[..4])),
    )
        .prop_map(|(pin, instance, component, service)| {
            let component = ComponentKey {
                instance: instance.into(),
                reference: EntityRef::new("component", component.0, component.1),
            };
            let service = ServiceKey {
                cluster: service.0.into(),
                namespace: service.1.into(),
                name: service.2.into(),
            };
            if pin {
                Decision::Pin { component, service }
            } else {
                Decision::Prefer { component, service }
            }
        })
}

#[derive(Clone, Debug)]
struct World {
    components: Vec<Drawn>,
    services: Vec<(usize, ServiceFact)>,
    groups: Vec<&'static str>,
    decisions: Vec<Decision>,
    before: (Vec<MatchRule>, bool),
    after: (Vec<MatchRule>, bool),
    other: Vec<MatchRule>,
    coverage: Coverage,
    reads: bool,
}

fn world() -> impl Strategy<Value = World> {
    let settings = || (rules(), any::<bool>());
    let coverage = prop_oneof![
        3 => Just(Coverage::All),
        1 => pick(&CLUSTERS).prop_map(|name| Coverage::Named(vec![name.into()])),
    ];
    (
        prop::collection::vec(component(), 0..14),
        prop::collection::vec(service(), 0..14),
        prop::sample::subsequence(&VALUES[..3], 0..=3),
        prop::collection::vec(decision(), 0..4),
        (settings(), settings(), rules()),
        coverage,
        prop::bool::weighted(0.7),
    )
        .prop_map(
            |(components, services, groups, decisions, (before, after, other), coverage, reads)| {
                World {
                    components,
                    services,
                    groups,
                    decisions,
                    before,
                    after,
                    other,
                    coverage,
                    reads,
                }
            },
        )
}

fn group(name: &str) -> EntityFact {
    EntityFact::Owner(Box::new(OwnerFact {
        reference: EntityRef::new("group", "x", name),
        kind: OwnerKind::Group,
        display_name: name.into(),
        email: None,
        contacts: Vec::new(),
        parent: None,
        children: Vec::new(),
        members: Vec::new(),
        member_of: Vec::new(),
    }))
}

impl World {
    fn settings(&self, (rules, honors): &(Vec<MatchRule>, bool)) -> InstanceSettings {
        InstanceSettings {
            match_rules: rules.clone(),
            honor_cluster_annotation: *honors,
            clusters: self.coverage.clone(),
            ..InstanceSettings::named("main")
        }
    }

    fn topology(&self) -> Topology {
        let mut topology = Topology::new("causely.ai");
        topology.set_instance(self.settings(&self.before));
        topology.set_instance(InstanceSettings {
            match_rules: self.other.clone(),
            ..InstanceSettings::named("other")
        });
        for cluster in CLUSTERS {
            topology.set_cluster(cluster);
        }
        for instance in INSTANCES {
            let components = self.components.iter().filter(|it| it.instance == instance);
            let components = components
                .map(|it| EntityFact::Component(Box::new(it.fact(&it.before))))
                .chain(self.groups.iter().map(|name| group(name)));
            apply(&mut topology, instance, components.collect());
        }
        for (cluster, service) in &self.services {
            let cluster = topology.cluster_id(CLUSTERS[*cluster]).unwrap();
            topology.apply(Delta::Cluster(ClusterDelta {
                cluster,
                upserts: vec![ObjectFact::Service(Box::new(service.clone()))],
                removals: Vec::new(),
            }));
        }
        topology.decide(self.decisions.clone());
        topology
    }

    /// The components of the instance, each once, the last given.
    fn mine(&self) -> BTreeMap<&EntityRef, &Drawn> {
        let mine = self.components.iter().filter(|it| it.instance == "main");
        mine.map(|it| (&it.reference, it)).collect()
    }

    /// What another map reads of those that are known.
    fn read(&self) -> Vec<EntityFact> {
        let read = self.mine().into_values().filter(|it| it.read);
        read.map(|it| EntityFact::Component(Box::new(it.fact(&it.after))))
            .collect()
    }
}

fn apply(topology: &mut Topology, instance: &str, upserts: Vec<EntityFact>) {
    let instance: InstanceId = topology.instance_id(instance).unwrap();
    topology.apply(Delta::Catalog(CatalogDelta {
        instance,
        generation: 1,
        read_at: 0,
        upserts,
        removals: Vec::new(),
    }));
}

type Place = (ComponentKey, Box<str>);

/// How every component stands in every cluster.
fn standings(topology: &Topology, world: &World) -> BTreeMap<Place, Standing> {
    let references: BTreeSet<&EntityRef> =
        world.components.iter().map(|it| &it.reference).collect();
    let verdicts = references
        .into_iter()
        .flat_map(|reference| topology.find_components(reference))
        .flat_map(|id| topology.verdicts(id));
    verdicts
        .map(|verdict| {
            let standing = Standing {
                kind: verdict.kind,
                services: verdict.services,
                owner: verdict.owner.state,
                owner_ref: verdict.owner.owner.map(|owner| owner.reference),
            };
            ((verdict.component, verdict.cluster), standing)
        })
        .collect()
}

fn counted(standings: &BTreeMap<Place, Standing>) -> Counts {
    let mut counts = Counts::default();
    let mine = standings
        .iter()
        .filter(|((key, _), _)| &*key.instance == "main");
    for (_, standing) in mine {
        counts.verdicts[standing.kind as usize] += 1;
        counts.owners[standing.owner as usize] += 1;
    }
    counts
}

/// Every row by its place.
fn rows(preview: &Preview) -> BTreeMap<Place, (Option<Standing>, Option<Standing>)> {
    let rows = preview.rows.iter();
    rows.map(|row| {
        let place = (row.component.clone(), row.cluster.clone());
        (place, (row.before.clone(), row.after.clone()))
    })
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_preview_is_what_comes_of_it(world in world()) {
        let mut topology = world.topology();
        let main = topology.instance_id("main").unwrap();
        let settings = world.settings(&world.after);
        let facts = world.read();
        // One that nobody knows yet is no matter of settings.
        let stranger = Drawn {
            instance: "main",
            reference: EntityRef::new("component", "x", "stranger"),
            selector: None,
            cluster: None,
            orphan: false,
            before: Mapped { id: Some("a"), namespace: None, owners: Vec::new(), faulty: false },
            after: Mapped { id: Some("a"), namespace: None, owners: Vec::new(), faulty: false },
            read: true,
        };
        let read: PackedEntities = facts
            .iter()
            .cloned()
            .chain([EntityFact::Component(Box::new(stranger.fact(&stranger.after)))])
            .collect();
        let said = preview(&topology, main, &settings, world.reads.then_some(&read), usize::MAX);
        let unchanged = standings(&topology, &world);

        topology.set_instance(settings);
        if world.reads {
            apply(&mut topology, "main", facts.clone());
            prop_assert_eq!(said.not_read, world.mine().len() - facts.len());
        }
        let changed = standings(&topology, &world);

        prop_assert_eq!(said.before, counted(&unchanged));
        prop_assert_eq!(said.after, counted(&changed));
        let places: BTreeSet<&Place> = unchanged.keys().chain(changed.keys()).collect();
        let expected: BTreeMap<Place, _> = places
            .into_iter()
            .map(|place| (place.clone(), (unchanged.get(place).cloned(), changed.get(place).cloned())))
            .filter(|(_, (before, after))| before != after)
            .collect();
        prop_assert_eq!(rows(&said), expected);
        let others = said.rows.iter().filter(|row| &*row.component.instance == "other").count();
        prop_assert_eq!(said.changes.others_affected, others);
        let stitched = VerdictKind::Stitched as usize;
        prop_assert_eq!(
            said.before.verdicts[stitched] + said.changes.stitched_gained,
            said.after.verdicts[stitched] + said.changes.stitched_lost
        );
    }
}

/// Components that go by the names of Services, and one rule that finds none of them.
fn many() -> (Topology, InstanceSettings) {
    let mut topology = Topology::new("causely.ai");
    let cluster = topology.set_cluster("eu");
    let before = InstanceSettings::named("main");
    topology.set_instance(before.clone());
    let mut services = Vec::new();
    let mut components = Vec::new();
    for number in 0..20 {
        let name = format!("c-{number:02}");
        let mapped = Mapped {
            // Of twenty, ten name their Service; the others are called as theirs is.
            id: None,
            namespace: None,
            owners: Vec::new(),
            faulty: number == 19,
        };
        let drawn = Drawn {
            instance: "main",
            reference: EntityRef::new("component", "default", &name),
            selector: None,
            cluster: None,
            orphan: false,
            before: mapped.clone(),
            after: mapped.clone(),
            read: true,
        };
        let mut fact = drawn.fact(&mapped);
        fact.kubernetes_id = (number < 10).then(|| Found {
            path: 0,
            value: format!("s-{number:02}").into(),
        });
        components.push(EntityFact::Component(Box::new(fact)));
        for service in [format!("s-{number:02}"), name] {
            if number < 10 && service.starts_with('c') {
                continue;
            }
            services.push(ObjectFact::Service(Box::new(ServiceFact {
                namespace: "shop".into(),
                name: service.into(),
                ..ServiceFact::default()
            })));
        }
    }
    apply(&mut topology, "main", components);
    topology.apply(Delta::Cluster(ClusterDelta {
        cluster,
        upserts: services,
        removals: Vec::new(),
    }));
    (topology, before)
}

#[test]
fn no_kind_of_change_hides_another() {
    let (topology, before) = many();
    let settings = InstanceSettings {
        match_rules: vec![MatchRule::ComponentName],
        ..before
    };
    let main = topology.instance_id("main").unwrap();
    let said = preview(&topology, main, &settings, None, 6);
    assert_eq!(
        (said.changes.stitched_lost, said.changes.stitched_gained),
        (10, 9)
    );
    let kinds: Vec<(Kind, &str)> = said
        .rows
        .iter()
        .map(|row| (row.kind, &*row.component.reference.name))
        .collect();
    assert_eq!(
        kinds,
        [
            (Kind::StitchedLost, "c-00"),
            (Kind::StitchedLost, "c-01"),
            (Kind::StitchedLost, "c-02"),
            (Kind::StitchedGained, "c-10"),
            (Kind::StitchedGained, "c-11"),
            (Kind::StitchedGained, "c-12"),
        ]
    );
}

#[test]
fn settings_that_stand_change_nothing() {
    let (topology, before) = many();
    let main = topology.instance_id("main").unwrap();
    let said = preview(&topology, main, &before, None, 6);
    assert_eq!(said.before, said.after);
    assert_eq!(said.changes, topology::preview::Tally::default());
    assert!(said.rows.is_empty());
}
