//! S9, S12: entity references, and which names compare how.

use insta::assert_snapshot;
use topology::entity_ref::EntityRef;

use crate::fixture::render::verdicts;

#[test]
fn s12_references_follow_the_grammar_of_backstage() {
    let table = [
        ("pay", "group:home/pay"),
        ("Pay", "group:home/pay"),
        ("team/pay", "group:team/pay"),
        ("user:anna", "user:home/anna"),
        ("USER:Default/Anna", "user:default/anna"),
        ("group:default/pay", "group:default/pay"),
        // The first `:` ends the kind, the first `/` the namespace; the rest is the name.
        ("group:a/b:c", "group:a/b:c"),
        ("group:a/b/c", "group:a/b/c"),
        ("a/b:c", "group:a/b:c"),
        ("group:b:c", "group:home/b:c"),
        ("İstanbul", "group:home/i\u{307}stanbul"),
        (
            "group:",
            "`group:` has an empty name, expected `[kind:][namespace/]name`",
        ),
        (
            ":pay",
            "`:pay` has an empty kind, expected `[kind:][namespace/]name`",
        ),
        (
            "/pay",
            "`/pay` has an empty namespace, expected `[kind:][namespace/]name`",
        ),
        (
            "group:/pay",
            "`group:/pay` has an empty namespace, expected `[kind:][namespace/]name`",
        ),
        (
            "group:x/",
            "`group:x/` has an empty name, expected `[kind:][namespace/]name`",
        ),
        (
            "",
            "`` has an empty name, expected `[kind:][namespace/]name`",
        ),
    ];
    for (text, expected) in table {
        let read = EntityRef::parse(text, Some("group"), "home");
        let read = read.map_or_else(|error| error.to_string(), |reference| reference.to_string());
        assert_eq!(read, expected, "{text}");
    }
    let error = EntityRef::parse("pay", None, "default").expect_err("no kind");
    assert_eq!(
        error.to_string(),
        "`pay` names no kind, expected `kind:[namespace/]name`"
    );
}

#[test]
fn s9_references_are_ordered_as_their_texts() {
    let mut references: Vec<EntityRef> = [
        "user:a/b",
        "group:a-b/c",
        "group:a/c",
        "group:a.b/c",
        "component:z/z",
        "group:a/b",
    ]
    .into_iter()
    .map(|text| EntityRef::parse(text, None, "default").expect("a reference"))
    .collect();
    references.sort();
    let texts: Vec<String> = references.iter().map(ToString::to_string).collect();
    let mut sorted = texts.clone();
    sorted.sort();
    assert_eq!(texts, sorted);
}

#[test]
fn s9_kubernetes_names_are_compared_exactly() {
    assert_snapshot!(verdicts("
        instance main
        cluster eu1
        component lower kubernetes-id=checkout ns=shop
        component upper kubernetes-id=Checkout ns=shop
        component place kubernetes-id=checkout ns=Shop
        service eu1/shop/checkout
    "), @r"
    eu1 lower@main: stitched → eu1/shop/checkout (service-name) | owner: none
    eu1 place@main: service-not-found | owner: none
    eu1 upper@main: service-not-found | owner: none
    ");
}

#[test]
fn s9_catalog_names_are_compared_without_regard_to_case() {
    assert_snapshot!(verdicts("
        instance main
        cluster eu1
        group Payments
        component Team-A/Checkout owner=GROUP:Default/PAYMENTS
        component team-a/CHECKOUT kubernetes-id=checkout owner=Group:default/payments
        service eu1/shop/checkout
    "), @r"
    eu1 team-a/checkout@main: stitched → eu1/shop/checkout (service-name) | owner group:default/payments (spec.owner)
    ");
}
