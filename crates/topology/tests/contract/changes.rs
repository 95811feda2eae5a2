//! What a batch changes, as history and events see it (S24, S27).

use insta::assert_snapshot;

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
    let text: Vec<String> =
        fixture.changes[0].iter().map(crate::fixture::render::change_line).collect();
    assert_snapshot!(text.join("\n"), @"");
}

#[test]
fn s27_the_same_facts_again_change_nothing() {
    assert_eq!(after(SHOP), "");
    assert_eq!(after(""), "");
}

#[test]
fn s27_the_loser_takes_over_when_the_winner_goes() {
    assert_snapshot!(after("remove component:default/checkout"), @"");
}

#[test]
fn s27_a_better_claim_takes_the_service() {
    assert_snapshot!(after("component aaa kubernetes-id=checkout ns=shop owner=group:pay"), @"");
}

#[test]
fn s27_a_service_that_goes() {
    assert_snapshot!(after("remove Service eu1/shop/checkout"), @"");
}

#[test]
fn s27_a_second_service_of_the_name_makes_the_first_ambiguous() {
    assert_snapshot!(after("service eu1/legacy/checkout"), @"");
}

#[test]
fn s27_an_owner_that_goes_and_one_that_comes() {
    assert_snapshot!(after("remove group:default/pay"), @"");
    assert_snapshot!(after("component checkout kubernetes-id=checkout owner=ops\napply\ngroup ops"), @"");
}

#[test]
fn s27_what_is_not_about_owner_stitch_or_verdict_is_no_change() {
    assert_eq!(after("component checkout kubernetes-id=checkout owner=pay type=website system=x"), "");
    assert_eq!(after("group pay display=Payments email=pay@example.com"), "");
    assert_eq!(after("service eu1/shop/checkout labels=app:x selector=app:x"), "");
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
    "), @"");
}

#[test]
fn s8_a_cluster_that_comes_later_is_judged() {
    assert_snapshot!(after("cluster us1\nservice us1/a/checkout"), @"");
}

#[test]
fn s11_settings_that_change_judge_again() {
    assert_snapshot!(after("instance main rules=component-name"), @"");
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
    "), @"");
}

#[test]
fn s24_what_is_removed_leaves_nothing() {
    let gone = Fixture::read(&format!("
        {SHOP}
        apply
        remove component:default/checkout
        remove component:default/zzz
        remove group:default/pay
        remove Service eu1/shop/checkout
        remove component:default/never-there
        remove Service eu1/never/there
    "));
    let never = Fixture::read("instance main rules=service-name,kubernetes-id-label\ncluster eu1");
    assert_eq!(everything(&gone.topology), everything(&never.topology));
    let cluster = gone.topology.cluster_id("eu1").expect("it is there");
    assert_eq!(gone.topology.object_count(cluster, None), 0);
    let instance = gone.topology.instance_id("main").expect("it is there");
    assert_eq!(gone.topology.entity_count(instance), 0);
}

#[test]
fn s22_what_a_complete_generation_no_longer_has() {
    let fixture = Fixture::read(&format!("{SHOP}\nnamespace eu1/shop\npod eu1/shop/p\nuser anna"));
    let topology = &fixture.topology;
    let instance = topology.instance_id("main").expect("it is there");
    let cluster = topology.cluster_id("eu1").expect("it is there");
    let all = topology.missing_entities(instance, []);
    let texts: Vec<String> = all.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["component:default/checkout", "component:default/zzz", "group:default/pay", "user:default/anna"]);
    assert_eq!(topology.missing_entities(instance, &all[1..]), &all[..1]);
    assert!(topology.missing_entities(instance, &all).is_empty());

    let objects = topology.missing_objects(cluster, None, []);
    let texts: Vec<String> = objects
        .iter()
        .map(|key| format!("{} {}/{}", key.kind.as_str(), key.namespace, key.name))
        .collect();
    assert_eq!(texts, ["Namespace /shop", "Service shop/checkout", "Pod shop/p"]);
    assert!(topology.missing_objects(cluster, None, &objects).is_empty());
    for (index, key) in objects.iter().enumerate() {
        assert_eq!(topology.missing_objects(cluster, Some(key.kind), []), &objects[index..=index]);
        assert_eq!(topology.object_count(cluster, Some(key.kind)), 1);
    }
    assert_eq!((topology.entity_count(instance), topology.object_count(cluster, None)), (4, 3));
}
