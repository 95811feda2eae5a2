//! S26: what people decided is looked at before every rule, and no source takes it away.

use insta::assert_snapshot;
use topology::decisions::Effect;
use topology::query::{ComponentFilter, ServiceFilter};

use crate::fixture::Fixture;
use crate::fixture::render::{reasons, verdicts};

const SHOP: &str = "
    cluster eu1
    service eu1/shop/checkout
    service eu1/pay/checkout
    instance main
    component checkout kubernetes-id=checkout
";

#[test]
fn s26_a_pin_decides_before_every_rule() {
    assert_snapshot!(reasons(&format!("{SHOP}
        component nameless
        pin component:default/checkout eu1/pay/checkout
        pin component:default/nameless eu1/shop/checkout
    ")), @r"
    eu1 checkout@main: stitched → eu1/pay/checkout (pinned) | owner: none
        rule `pinned` found Service `eu1/pay/checkout` that it is pinned to
        fix: owner: group:<name of a Group>  # under `spec`
    eu1 nameless@main: stitched → eu1/shop/checkout (pinned) | owner: none
        rule `pinned` found Service `eu1/shop/checkout` that it is pinned to
        fix: owner: group:<name of a Group>  # under `spec`
    ");
}

#[test]
fn s26_a_pin_whose_service_is_not_there_leaves_it_to_the_rules() {
    assert_snapshot!(reasons(&format!("{SHOP}
        component cart kubernetes-id=cart
        component basket
        service eu1/shop/cart
        pin component:default/cart eu1/pay/cart
        pin component:default/basket eu1/pay/basket
    ")), @r"
    eu1 basket@main: service-not-found | owner: none
        there is no Service `eu1/pay/basket` that it is pinned to
        fix: backstage.io/kubernetes-id: <name of a Service that runs>  # under `metadata.annotations`
    eu1 cart@main: stitched → eu1/shop/cart (service-name) | owner: none
        rule `service-name` found Service `cart` in any namespace
        fix: owner: group:<name of a Group>  # under `spec`
    eu1 checkout@main: ambiguous among eu1/pay/checkout, eu1/shop/checkout (service-name) | owner: none
        2 Services of that name and no namespace is given: eu1/pay/checkout, eu1/shop/checkout
        fix: backstage.io/kubernetes-namespace: pay  # under `metadata.annotations`, or `shop`
    ");
}

#[test]
fn s26_a_pin_waits_for_what_it_names() {
    let at_once = verdicts(&format!(
        "{SHOP}\npin component:default/checkout eu1/pay/checkout"
    ));
    assert!(at_once.contains("stitched"), "{at_once}");
    for order in [
        "instance main
        pin component:default/checkout eu1/pay/checkout
        apply
        component checkout kubernetes-id=checkout
        apply
        cluster eu1
        service eu1/shop/checkout
        apply
        service eu1/pay/checkout",
        "cluster eu1
        service eu1/shop/checkout
        service eu1/pay/checkout
        instance main
        component checkout kubernetes-id=checkout
        apply
        pin component:default/checkout eu1/pay/checkout
        apply
        remove Service eu1/pay/checkout
        apply
        service eu1/pay/checkout",
        "cluster eu1
        service eu1/shop/checkout
        service eu1/pay/checkout
        instance main
        component checkout kubernetes-id=checkout
        pin component:default/checkout eu1/pay/checkout
        apply
        remove component:default/checkout
        apply
        component checkout kubernetes-id=checkout",
    ] {
        assert_eq!(verdicts(order), at_once, "{order}");
    }
}

#[test]
fn s26_a_decision_that_is_withdrawn_leaves_no_trace() {
    let untouched = verdicts(SHOP);
    let text = format!(
        "{SHOP}
        component other kubernetes-id=checkout ns=pay
        pin component:default/checkout eu1/pay/checkout
        prefer component:default/checkout eu1/pay/checkout
        apply
        undecide
        apply
        remove component:default/other"
    );
    assert_eq!(verdicts(&text), untouched);
}

/// Who of two that claim a Service has it, by what was decided.
#[test]
fn s10_s26_a_decision_comes_before_every_tie_break() {
    let head = "
        cluster eu1
        service eu1/shop/checkout
        instance main
        component aaa kubernetes-id=checkout ns=shop
        component zzz kubernetes-id=checkout orphan
    ";
    let table = [
        ("", "aaa"),
        ("prefer component:default/zzz eu1/shop/checkout", "zzz"),
        ("pin component:default/zzz eu1/shop/checkout", "zzz"),
        (
            "pin component:default/zzz eu1/shop/checkout
             prefer component:default/aaa eu1/shop/checkout",
            "aaa",
        ),
        (
            "pin component:default/zzz eu1/shop/checkout
             pin component:default/aaa eu1/shop/checkout",
            "aaa",
        ),
        ("prefer component:default/gone eu1/shop/checkout", "aaa"),
        ("prefer component:default/zzz eu1/shop/gone", "aaa"),
        ("ignore component:default/aaa", "aaa"),
    ];
    for (decisions, winner) in table {
        for text in [
            format!("{head}{decisions}"),
            format!("instance main\n{decisions}\napply\n{head}"),
        ] {
            let seen = verdicts(&text);
            let stitched = seen.lines().find(|line| line.contains(": stitched"));
            assert!(
                stitched.is_some_and(|line| line.contains(&format!(" {winner}@main"))),
                "{decisions}: {seen}"
            );
        }
    }
}

#[test]
fn s26_a_stale_decision_says_why() {
    let fixture = Fixture::read(
        "
        cluster eu1
        cluster us1
        service eu1/shop/checkout
        service us1/shop/checkout
        instance main clusters=eu1
        component checkout kubernetes-id=checkout
        component other kubernetes-id=other
        pin component:default/checkout eu1/shop/checkout
        pin component:default/gone eu1/shop/checkout
        pin component:default/checkout eu1/shop/gone
        pin component:default/checkout us1/shop/checkout
        prefer component:default/other eu1/shop/checkout
        ignore component:default/gone
        ignore eu1/shop/gone
        ignore eu1/shop/checkout
        pin component:default/other eu1/shop/checkout
        service eu1/shop/nobodys
        prefer component:default/other eu1/shop/nobodys
    ",
    );
    let effects: Vec<String> = fixture
        .decisions
        .iter()
        .map(|it| fixture.topology.effect(it).to_string())
        .collect();
    assert_snapshot!(effects.join("\n"), @r"
    another decision gives the Service to `component:default/other` of instance `main`
    the component is not in its catalog
    the Service is not in its cluster
    the component's instance does not cover the cluster
    in force
    the component is not in its catalog
    the Service is not in its cluster
    in force
    in force
    the component does not claim the Service
    ");
    assert!(!Effect::InForce.is_stale());
}

#[test]
fn s26_what_is_ignored_is_listed_apart_and_left_out_of_coverage() {
    let text = "
        cluster eu1
        service eu1/shop/checkout
        service eu1/shop/cart
        service eu1/kube-system/dns
        instance main
        group pay
        component checkout kubernetes-id=checkout owner=pay
        component gone
    ";
    let before = Fixture::read(text).topology.summary();
    assert!((before.coverage() - 1.0 / 3.0).abs() < 1e-9);
    let fixture = Fixture::read(&format!(
        "{text}
        ignore eu1/kube-system/dns
        ignore eu1/shop/never-there
        ignore component:default/gone
    "
    ));
    let summary = fixture.topology.summary();
    assert!((summary.coverage() - 0.5).abs() < 1e-9, "{summary:?}");
    assert_eq!(
        (summary.ignored.services, summary.ignored.components),
        (1, 1)
    );
    assert_eq!(summary.verdicts, before.verdicts, "S20 is as it was");
    let services = |ignored| {
        let filter = ServiceFilter {
            ignored,
            ..ServiceFilter::default()
        };
        fixture
            .topology
            .list_services(&filter, None, 10)
            .items
            .len()
    };
    assert_eq!(
        (services(None), services(Some(true)), services(Some(false))),
        (3, 1, 2)
    );
    let components = |ignored| {
        let filter = ComponentFilter {
            ignored,
            ..ComponentFilter::default()
        };
        fixture
            .topology
            .list_verdicts(&filter, None, 10)
            .items
            .len()
    };
    assert_eq!(
        (
            components(None),
            components(Some(true)),
            components(Some(false))
        ),
        (2, 1, 1)
    );
}
