//! What a batch changes, as history and events see it (S24, S27).

use insta::assert_snapshot;

use topology::entity_ref::EntityRef;

use crate::fixture::Fixture;
use crate::fixture::render::{changes, everything};

const SHOP: &str = "
    instance main rules=service-name,kubernetes-id-label
    cluster eu1
    group pay
    component checkout kubernetes-id=checkout owner=pay
    component zzz kubernetes-id=checkout ns=shop orphan
    service eu1/shop/checkout
";

/// What a later batch changes in the shop.
fn after(batch: &str) -> String {
    changes(&format!("{SHOP}\napply\n{batch}"))
}

#[test]
fn s27_the_first_batch_says_everything() {
    let fixture = Fixture::read(SHOP);
    let text: Vec<String> = fixture.changes[0]
        .iter()
        .map(crate::fixture::render::change_line)
        .collect();
    assert_snapshot!(text.join("\n"), @r"
    eu1 checkout@main: nothing ⇒ service-not-found, owner resolved
    eu1 zzz@main: nothing ⇒ service-not-found, owner none
    eu1 checkout@main: service-not-found, owner resolved ⇒ stitched eu1/shop/checkout, owner resolved
    eu1 zzz@main: service-not-found, owner none ⇒ conflict eu1/shop/checkout, owner none
    eu1/shop/checkout: nothing ⇒ owned by checkout@main of group:default/pay
    ");
}

#[test]
fn s27_the_same_facts_again_change_nothing() {
    assert_eq!(after(SHOP), "");
    assert_eq!(after(""), "");
}

#[test]
fn s27_the_loser_takes_over_when_the_winner_goes() {
    assert_snapshot!(after("remove component:default/checkout"), @r"
    eu1 checkout@main: stitched eu1/shop/checkout, owner resolved ⇒ nothing
    eu1 zzz@main: conflict eu1/shop/checkout, owner none ⇒ stitched eu1/shop/checkout, owner none
    eu1/shop/checkout: owned by checkout@main of group:default/pay ⇒ stitched-without-owner by zzz@main
    ");
}

#[test]
fn s27_a_better_claim_takes_the_service() {
    assert_snapshot!(after("component aaa kubernetes-id=checkout ns=shop owner=group:pay"), @r"
    eu1 aaa@main: nothing ⇒ stitched eu1/shop/checkout, owner resolved
    eu1 checkout@main: stitched eu1/shop/checkout, owner resolved ⇒ conflict eu1/shop/checkout, owner resolved
    eu1/shop/checkout: owned by checkout@main of group:default/pay ⇒ owned by aaa@main of group:default/pay
    ");
}

#[test]
fn s27_a_service_that_goes() {
    assert_snapshot!(after("remove Service eu1/shop/checkout"), @r"
    eu1 checkout@main: stitched eu1/shop/checkout, owner resolved ⇒ service-not-found, owner resolved
    eu1 zzz@main: conflict eu1/shop/checkout, owner none ⇒ service-not-found, owner none
    eu1/shop/checkout: owned by checkout@main of group:default/pay ⇒ nothing
    ");
}

#[test]
fn s27_a_second_service_of_the_name_makes_the_first_ambiguous() {
    assert_snapshot!(after("service eu1/legacy/checkout"), @r"
    eu1 checkout@main: stitched eu1/shop/checkout, owner resolved ⇒ ambiguous, owner resolved
    eu1 zzz@main: conflict eu1/shop/checkout, owner none ⇒ stitched eu1/shop/checkout, owner none
    eu1/legacy/checkout: nothing ⇒ unclaimed
    eu1/shop/checkout: owned by checkout@main of group:default/pay ⇒ stitched-without-owner by zzz@main
    ");
}

#[test]
fn s27_an_owner_that_goes_and_one_that_comes() {
    assert_snapshot!(after("remove group:default/pay"), @r"
    eu1 checkout@main: stitched eu1/shop/checkout, owner resolved ⇒ stitched eu1/shop/checkout, owner unresolved
    eu1/shop/checkout: owned by checkout@main of group:default/pay ⇒ stitched-without-owner by checkout@main
    ");
    assert_snapshot!(after("component checkout kubernetes-id=checkout owner=ops\napply\ngroup ops"), @r"
    eu1 checkout@main: stitched eu1/shop/checkout, owner unresolved ⇒ stitched eu1/shop/checkout, owner resolved
    eu1/shop/checkout: stitched-without-owner by checkout@main ⇒ owned by checkout@main of group:default/ops
    ");
}

#[test]
fn s27_what_is_not_about_owner_stitch_or_verdict_is_no_change() {
    assert_eq!(
        after("component checkout kubernetes-id=checkout owner=pay type=website system=x"),
        ""
    );
    assert_eq!(
        after("group pay display=Payments email=pay@example.com"),
        ""
    );
    assert_eq!(
        after("service eu1/shop/checkout labels=app:x selector=app:x"),
        ""
    );
    assert_eq!(after("pod eu1/shop/a labels=app:x\nnamespace eu1/shop"), "");
}

#[test]
fn s27_an_entity_replaced_by_one_of_another_kind() {
    assert_snapshot!(after("
        component pay owner=user:pay
        remove group:default/pay
        apply
        user pay
        remove component:default/checkout
        group checkout
    "), @r"
    eu1 checkout@main: stitched eu1/shop/checkout, owner unresolved ⇒ nothing
    eu1 pay@main: no-kubernetes-id, owner unresolved ⇒ no-kubernetes-id, owner resolved
    eu1 zzz@main: conflict eu1/shop/checkout, owner none ⇒ stitched eu1/shop/checkout, owner none
    eu1/shop/checkout: stitched-without-owner by checkout@main ⇒ stitched-without-owner by zzz@main
    ");
}

#[test]
fn s8_a_cluster_that_comes_later_is_judged() {
    assert_snapshot!(changes(&format!("{SHOP}\napply\ncluster us1\nservice us1/a/checkout")), @r"
    us1 checkout@main: nothing ⇒ service-not-found, owner resolved
    us1 zzz@main: nothing ⇒ service-not-found, owner none
    us1 checkout@main: service-not-found, owner resolved ⇒ stitched us1/a/checkout, owner resolved
    us1/a/checkout: nothing ⇒ owned by checkout@main of group:default/pay
    ");
}

#[test]
fn s11_settings_that_change_judge_again() {
    assert_snapshot!(changes(&format!("{SHOP}\napply\ninstance main rules=component-name")), @r"
    eu1 zzz@main: conflict eu1/shop/checkout, owner none ⇒ service-not-found, owner none
    ");
}

#[test]
fn s8_a_narrowed_component_leaves_the_other_clusters() {
    assert_snapshot!(changes("
        instance main honor-cluster-annotation
        cluster eu1
        cluster us1
        component checkout kubernetes-id=checkout
        service eu1/shop/checkout
        service us1/shop/checkout
        apply
        component checkout kubernetes-id=checkout cluster=us1
    "), @r"
    eu1 checkout@main: stitched eu1/shop/checkout, owner none ⇒ nothing
    eu1/shop/checkout: stitched-without-owner by checkout@main ⇒ unclaimed
    ");
}

#[test]
fn s8_what_is_judged_again_is_counted_once() {
    let settings = "rules=service-name,kubernetes-id-label honor-cluster-annotation";
    let later = format!(
        "cluster us1\nservice us1/a/checkout\ninstance main {settings}\n\
         component checkout kubernetes-id=checkout owner=pay cluster=us1"
    );
    let at_once = SHOP.replace("rules=service-name,kubernetes-id-label", settings);
    let mut at_once = Fixture::read(&at_once);
    at_once.go_on(&later);
    let mut one_by_one = Fixture::read(SHOP);
    for line in later.lines() {
        one_by_one.go_on(&format!("instance main {settings}\n{line}"));
        everything(&one_by_one.topology);
    }
    assert_eq!(at_once.topology.summary(), one_by_one.topology.summary());
}

#[test]
fn s24_what_is_removed_leaves_nothing() {
    let gone = Fixture::read(&format!(
        "
        {SHOP}
        apply
        remove component:default/checkout
        remove component:default/zzz
        remove group:default/pay
        remove Service eu1/shop/checkout
        remove component:default/never-there
        remove Service eu1/never/there
    "
    ));
    let never = Fixture::read("instance main rules=service-name,kubernetes-id-label\ncluster eu1");
    assert_eq!(everything(&gone.topology), everything(&never.topology));
    let cluster = gone.topology.cluster_id("eu1").expect("it is there");
    assert_eq!(gone.topology.object_count(cluster, None), 0);
    let instance = gone.topology.instance_id("main").expect("it is there");
    assert_eq!(gone.topology.entity_count(instance), 0);
}

#[test]
fn s22_what_a_complete_generation_no_longer_has() {
    let fixture = Fixture::read(&format!(
        "{SHOP}\nnamespace eu1/shop\npod eu1/shop/p\nuser anna"
    ));
    let topology = &fixture.topology;
    let instance = topology.instance_id("main").expect("it is there");
    let cluster = topology.cluster_id("eu1").expect("it is there");
    let all = topology.missing_entities::<EntityRef>(instance, []);
    let texts: Vec<String> = all.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "component:default/checkout",
            "component:default/zzz",
            "group:default/pay",
            "user:default/anna"
        ]
    );
    assert_eq!(topology.missing_entities(instance, &all[1..]), &all[..1]);
    assert!(topology.missing_entities(instance, &all).is_empty());

    let objects = topology.missing_objects(cluster, None, []);
    let texts: Vec<String> = objects
        .iter()
        .map(|key| format!("{} {}/{}", key.kind.as_str(), key.namespace, key.name))
        .collect();
    assert_eq!(
        texts,
        ["Namespace /shop", "Service shop/checkout", "Pod shop/p"]
    );
    assert!(
        topology
            .missing_objects(cluster, None, objects.clone())
            .is_empty()
    );
    for (index, key) in objects.iter().enumerate() {
        assert_eq!(
            topology.missing_objects(cluster, Some(key.kind), []),
            &objects[index..=index]
        );
        assert_eq!(topology.object_count(cluster, Some(key.kind)), 1);
    }
    assert_eq!(
        (
            topology.entity_count(instance),
            topology.object_count(cluster, None)
        ),
        (4, 3)
    );
}
