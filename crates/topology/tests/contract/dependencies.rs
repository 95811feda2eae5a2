//! What components declare to depend on, from both sides.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use insta::assert_snapshot;
use proptest::collection::vec;
use proptest::prelude::*;
use topology::apply::{CatalogDelta, Delta};
use topology::dependency::{Declaration, Dependency, MAX_DECLARED, Neighbours};
use topology::entity::read_entity;
use topology::entity_ref::EntityRef;
use topology::fact::{ComponentFact, EntityFact};
use topology::label_map::LabelMap;
use topology::settings::InstanceSettings;
use topology::topology::Topology;
use topology::value::Value;

use crate::fixture::render::verdicts;
use crate::fixture::{Fixture, built, flow};

/// What an entity `component:shop/cart` with this in it declares, and what of that cannot be used.
fn declared(rest: &str) -> String {
    let text = format!("{{kind: Component, metadata: {{name: Cart, namespace: Shop}}, {rest}}}");
    let mut faults = Vec::new();
    let read = read_entity(&flow::value(&text), &LabelMap::default(), &mut faults);
    let Ok(Some(EntityFact::Component(component))) = read else {
        panic!("no component: {text}");
    };
    let mut text = String::new();
    for Dependency { target, declared } in &component.dependencies {
        let _ = writeln!(text, "{} {target}", declared.as_str());
    }
    for fault in &faults {
        let _ = writeln!(
            text,
            "{}: found {}, expected {}",
            fault.field, fault.found, fault.expected
        );
    }
    text
}

#[test]
fn references_are_read_as_backstage_reads_them() {
    let expected = "expected `kind:[namespace/]name`, such as `component:checkout`\n";
    let no_reference = |field: &str, found: &str| format!("{field}: found {found}, {expected}");
    let of_spec = |found: &str| no_reference("spec.dependsOn", found);
    for (rest, wanted) in [
        ("spec: {}", String::new()),
        ("spec: {dependsOn: null}", String::new()),
        ("spec: {dependsOn: []}", String::new()),
        (
            "spec: {dependsOn: [component:B, Component:other/A, resource:db]}",
            "spec.dependsOn component:other/a\nspec.dependsOn component:shop/b\n\
             spec.dependsOn resource:shop/db\n"
                .to_owned(),
        ),
        (
            "spec: {dependsOn: component:b, dependencyOf: [component:a]}",
            "spec.dependencyOf component:shop/a\nspec.dependsOn component:shop/b\n".to_owned(),
        ),
        (
            "spec: {dependsOn: [component:b, \"component:Shop/B\"]}",
            "spec.dependsOn component:shop/b\n".to_owned(),
        ),
        ("spec: {dependsOn: [component:cart]}", String::new()),
        // Backstage knows no kind to take where none is named.
        (
            "spec: {dependsOn: [b, component:b]}",
            format!("spec.dependsOn component:shop/b\n{}", of_spec("`b`")),
        ),
        (
            "spec: {dependsOn: [\"component:\"]}",
            of_spec("`component:`"),
        ),
        ("spec: {dependsOn: [\"\"]}", of_spec("an empty text")),
        ("spec: {dependsOn: [null]}", of_spec("null")),
        ("spec: {dependsOn: [[component:b]]}", of_spec("a list")),
        (
            "spec: {dependsOn: [{kind: Component, name: b}, {name: b}]}",
            format!(
                "spec.dependsOn component:shop/b\n{}",
                of_spec("a map without `kind` and `name`")
            ),
        ),
        (
            "relations: [{type: dependsOn, targetRef: component:default/a}, {type: ownedBy, targetRef: group:default/x}, \
             {type: dependencyOf, target: {kind: Resource, namespace: default, name: z}}, \
             {type: dependencyOf, targetRef: component:default/y}]",
            "relations.dependsOn component:default/a\nrelations.dependencyOf resource:default/z\n"
                .to_owned(),
        ),
        // Relations are made of the fields, so these say nothing more.
        (
            "relations: [], spec: {dependsOn: [component:b]}",
            String::new(),
        ),
        (
            "relations: [{type: dependsOn}]",
            no_reference("relations.dependsOn", "null"),
        ),
    ] {
        assert_eq!(declared(rest), wanted, "{rest}");
    }
}

#[test]
fn no_component_declares_more_than_so_many() {
    let many: Vec<String> = (0..=MAX_DECLARED)
        .map(|number| format!("component:c{number}"))
        .collect();
    let text = declared(&format!("spec: {{dependsOn: [{}]}}", many.join(", ")));
    assert_eq!(text.lines().count(), MAX_DECLARED + 1);
    assert!(text.ends_with("spec.dependsOn: found 1001 dependencies, expected at most 1000\n"));
}

fn component(topology: &Topology, reference: &str) -> topology::topology::ComponentId {
    let reference = EntityRef::parse(reference, Some("component"), "default").expect("a reference");
    topology.find_components(&reference)[0]
}

fn lines(text: &mut String, word: &str, neighbours: &Neighbours) {
    for it in &neighbours.shown {
        let known = if it.component.is_some() {
            ""
        } else {
            ", unknown"
        };
        let declared: Vec<String> = it
            .declared
            .iter()
            .map(|declared| format!("{} of {}", declared.declaration.as_str(), declared.by.name))
            .collect();
        let _ = writeln!(
            text,
            "{word} {}{known}: {}",
            it.reference,
            declared.join(", ")
        );
    }
    let hidden = neighbours.total - neighbours.shown.len();
    if hidden > 0 {
        let _ = writeln!(text, "{word} {hidden} more");
    }
}

fn around(topology: &Topology, reference: &str) -> String {
    let id = component(topology, reference);
    let mut text = String::new();
    lines(&mut text, "depends on", &topology.dependencies(id, 3));
    lines(&mut text, "depended on by", &topology.dependents(id, 3));
    text
}

const SHOP: &str = "
    instance main
    component checkout depends-on=component:cart,resource:db,component:gone
    component cart dependency-of=component:checkout,component:web
    component web depends-on=component:cart,component:checkout
    component lonely
    component other/cart
";

#[test]
fn what_either_side_declares_is_seen_from_both() {
    let topology = built(SHOP);
    assert_snapshot!(around(&topology, "checkout"), @r"
    depends on component:default/cart: spec.dependsOn of checkout, spec.dependencyOf of cart
    depends on component:default/gone, unknown: spec.dependsOn of checkout
    depends on resource:default/db, unknown: spec.dependsOn of checkout
    depended on by component:default/web: spec.dependsOn of web
    ");
    assert_snapshot!(around(&topology, "cart"), @r"
    depended on by component:default/checkout: spec.dependencyOf of cart, spec.dependsOn of checkout
    depended on by component:default/web: spec.dependencyOf of cart, spec.dependsOn of web
    ");
    assert_snapshot!(around(&topology, "web"), @r"
    depends on component:default/cart: spec.dependsOn of web, spec.dependencyOf of cart
    depends on component:default/checkout: spec.dependsOn of web
    ");
    assert_eq!(around(&topology, "lonely"), "");
    assert_eq!(
        around(&topology, "other/cart"),
        "",
        "a namespace is a part of the name"
    );
}

#[test]
fn declarations_change_with_the_entity_and_go_with_it() {
    let mut fixture = Fixture::read(SHOP);
    fixture.go_on("component web depends-on=component:gone\ncomponent gone");
    assert_snapshot!(around(&fixture.topology, "gone"), @r"
    depended on by component:default/checkout: spec.dependsOn of checkout
    depended on by component:default/web: spec.dependsOn of web
    ");
    fixture.go_on("remove component:default/web\nremove component:default/checkout");
    assert_eq!(around(&fixture.topology, "gone"), "");
    assert_snapshot!(around(&fixture.topology, "cart"), @r"
    depended on by component:default/checkout, unknown: spec.dependencyOf of cart
    depended on by component:default/web, unknown: spec.dependencyOf of cart
    ");
}

#[test]
fn catalogs_know_nothing_of_each_other() {
    let topology = built(
        "
        instance a
        component cart
        instance b
        component web depends-on=component:cart
    ",
    );
    assert_eq!(around(&topology, "cart"), "");
    assert_snapshot!(around(&topology, "web"), @r"
    depends on component:default/cart, unknown: spec.dependsOn of web
    ");
}

#[test]
fn of_many_the_first_are_shown_and_the_others_counted() {
    let mut text = "instance main\ncomponent logger\n".to_owned();
    for number in 0..5 {
        let _ = writeln!(text, "component c{number} depends-on=component:logger");
    }
    assert_snapshot!(around(&built(&text), "logger"), @r"
    depended on by component:default/c0: spec.dependsOn of c0
    depended on by component:default/c1: spec.dependsOn of c1
    depended on by component:default/c2: spec.dependsOn of c2
    depended on by 2 more
    ");
}

#[test]
fn no_verdict_follows_from_a_dependency() {
    let stitched = |dependencies: &str| {
        verdicts(&format!(
            "
            instance main
            group pay
            cluster eu1
            service eu1/shop/cart
            service eu1/shop/web
            component cart kubernetes-id=cart owner=pay {dependencies}
            component web kubernetes-id=wep
        "
        ))
    };
    assert_eq!(
        stitched("depends-on=component:web,group:pay dependency-of=component:web"),
        stitched("")
    );
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const INSTANCES: [&str; 2] = ["one", "two"];

/// Of an instance the component of a number comes, with declarations, or goes.
type Step = (usize, usize, Option<Vec<(usize, usize, usize)>>);

fn step() -> impl Strategy<Value = Step> {
    // The last name is that of a Resource.
    let declaration = (0..4_usize, 0..2_usize, 0..=NAMES.len());
    let list = prop::option::weighted(0.8, vec(declaration, 0..4));
    (0..INSTANCES.len(), 0..NAMES.len(), list)
}

fn reference(number: usize) -> EntityRef {
    match NAMES.get(number) {
        Some(name) => EntityRef::new("component", "default", name),
        None => EntityRef::new("resource", "default", "a"),
    }
}

fn fact(number: usize, list: &[(usize, usize, usize)]) -> EntityFact {
    let mut dependencies: Vec<Dependency> = list
        .iter()
        .filter(|(_, _, target)| *target != number)
        .map(|(declared, _, target)| Dependency {
            target: reference(*target),
            declared: Declaration::ALL[*declared],
        })
        .collect();
    dependencies.sort();
    dependencies.dedup();
    let text = format!("{{kind: Component, metadata: {{name: {}}}}}", NAMES[number]);
    let value: Value<'_> = flow::value(&text);
    match read_entity(&value, &LabelMap::default(), &mut Vec::new()) {
        Ok(Some(EntityFact::Component(component))) => {
            EntityFact::Component(Box::new(ComponentFact {
                dependencies,
                ..*component
            }))
        }
        other => panic!("{other:?}"),
    }
}

/// By component: what it depends on, and what depends on it.
type Seen = BTreeMap<(String, String), [BTreeSet<String>; 2]>;

fn naively(world: &BTreeMap<(&'static str, String), EntityFact>) -> Seen {
    let mut edges = BTreeSet::new();
    for ((instance, own), fact) in world {
        let EntityFact::Component(component) = fact else {
            continue;
        };
        for Dependency { target, declared } in &component.dependencies {
            let target = target.to_string();
            edges.insert(if declared.is_outward() {
                (*instance, own.clone(), target)
            } else {
                (*instance, target, own.clone())
            });
        }
    }
    let seen = world.keys().map(|(instance, own)| {
        let on = edges
            .iter()
            .filter(|edge| edge.0 == *instance && edge.1 == *own);
        let by = edges
            .iter()
            .filter(|edge| edge.0 == *instance && edge.2 == *own);
        let both = [
            on.map(|edge| edge.2.clone()).collect(),
            by.map(|edge| edge.1.clone()).collect(),
        ];
        (((*instance).to_owned(), own.clone()), both)
    });
    seen.collect()
}

fn truly(topology: &Topology) -> Seen {
    let mut seen = Seen::new();
    for number in 0..NAMES.len() {
        for id in topology.find_components(&reference(number)) {
            let texts = |found: Neighbours| {
                let shown = found.shown.iter();
                shown.map(|it| it.reference.to_string()).collect()
            };
            let key = (
                topology.component(id).instance.to_owned(),
                reference(number).to_string(),
            );
            let both = [
                texts(topology.dependencies(id, usize::MAX)),
                texts(topology.dependents(id, usize::MAX)),
            ];
            seen.insert(key, both);
        }
    }
    seen
}

proptest! {
    #[test]
    fn the_way_back_agrees_with_the_way_there(steps in vec(step(), 0..30)) {
        let mut topology = Topology::new("causely.ai");
        let mut world = BTreeMap::new();
        for (generation, (instance, number, list)) in (1..).zip(steps) {
            let name = INSTANCES[instance];
            let instance = topology.set_instance(InstanceSettings::named(name));
            let key = (name, reference(number).to_string());
            let mut delta = CatalogDelta {
                instance,
                generation,
                read_at: 0,
                upserts: Vec::new(),
                removals: Vec::new(),
            };
            if let Some(list) = list {
                let fact = fact(number, &list);
                world.insert(key, fact.clone());
                delta.upserts.push(fact);
            } else {
                world.remove(&key);
                delta.removals.push(reference(number));
            }
            topology.apply(Delta::Catalog(delta));
            prop_assert_eq!(truly(&topology), naively(&world));
        }
        for name in INSTANCES {
            if let Some(instance) = topology.instance_id(name) {
                topology.remove_instance(instance);
            }
            world.retain(|(of, _), _| *of != name);
            prop_assert_eq!(truly(&topology), naively(&world));
        }
    }
}
