//! S20, S21: exactly one verdict per covered cluster, each with the smallest fix.

use insta::assert_snapshot;
use topology::verdict::VerdictKind;

use crate::fixture::render::{all_verdicts, reasons};
use crate::fixture::{Fixture, built, flow};

/// Every verdict and every state of an owner occurs.
pub(crate) const EVERY_VERDICT: &str = "
    instance main rules=service-name,label-selector honor-cluster-annotation
    instance other clusters=us1
    component elsewhere
    instance main rules=service-name,label-selector honor-cluster-annotation
    cluster eu1
    cluster us1
    group pay
    component stitched kubernetes-id=stitched owner=pay
    component without-id owner=pay
    component not-found kubernetes-id=stitchd owner=gone
    component ambiguous kubernetes-id=twice owner=pay
    component zzz-conflict kubernetes-id=stitched owner=pay
    component invalid selector=a=b=c
    component invalid-cluster kubernetes-id=x cluster=ap1
    service eu1/shop/stitched
    service us1/shop/stitched
    service eu1/a/twice
    service eu1/b/twice
    service us1/a/twice
    service us1/b/twice
";

#[test]
fn s20_exactly_one_verdict_per_component_and_covered_cluster() {
    let topology = built(EVERY_VERDICT);
    let verdicts = all_verdicts(&topology);
    assert_eq!(verdicts.len(), 7 * 2 + 1);
    let mut keys: Vec<_> = verdicts.iter().map(|it| (it.cluster.clone(), it.component.clone())).collect();
    keys.dedup();
    assert_eq!(keys.len(), verdicts.len());
    assert!(keys.is_sorted(), "sorted by cluster, reference and instance: {keys:?}");
    for kind in VerdictKind::ALL {
        assert!(verdicts.iter().any(|it| it.kind == kind), "{}", kind.as_str());
    }
    for (instance, settings) in topology.instances() {
        for id in topology.find_components(&verdicts[0].component.reference) {
            let view = topology.component(id);
            if view.instance_id == instance {
                for (cluster, name) in topology.clusters() {
                    let covered = settings.clusters.covers(name);
                    assert_eq!(topology.verdict(id, cluster).is_some(), covered, "{name}");
                }
            }
        }
    }
}

#[test]
fn s21_every_verdict_but_stitched_carries_a_fix() {
    for verdict in all_verdicts(&built(EVERY_VERDICT)) {
        let what = verdict.kind.as_str();
        assert!(!verdict.reason().is_empty(), "{what}");
        if verdict.kind != VerdictKind::Stitched {
            let fix = verdict.fix().unwrap_or_else(|| panic!("{what} has no fix"));
            assert!(!fix.is_empty(), "{what}");
        }
    }
    assert_snapshot!(reasons(EVERY_VERDICT), @"");
}

#[test]
fn s21_the_fix_names_the_field_that_the_instance_reads() {
    assert_snapshot!(reasons("
        instance main id-paths=labels.app,spec.k8s.name namespace-paths=metadata.annotations.ns owner-paths=labels.team
        cluster eu1
        group pay
        component checkout
        component cart spec:k8s=\"{name: cart}\"
        component unowned label:app=unowned
        component misowned label:app=misowned label:team=pai
        service eu1/shop/checkout
        service eu1/a/cart
        service eu1/b/cart
        service eu1/a/unowned
        service eu1/a/misowned
    "), @"");
}

#[test]
fn s21_the_owner_is_mended_where_it_is_read() {
    assert_snapshot!(reasons("
        instance main owner-paths=relations.ownedBy
        cluster eu1
        group payments
        entity {kind: Component, metadata: {name: related, annotations: {backstage.io/kubernetes-id: a}}, relations: [{type: ownedBy, targetRef: \"group:default/payment\"}]}
        entity {kind: Component, metadata: {name: unrelated, annotations: {backstage.io/kubernetes-id: b}}}
        service eu1/shop/a
        service eu1/shop/b
    "), @"");
}

#[test]
fn s21_near_names_where_a_typo_is_likely() {
    assert_snapshot!(reasons("
        instance main
        cluster eu1
        group payments
        component swapped kubernetes-id=chekcout ns=shop owner=paymnets
        component short kubernetes-id=checkot
        component part kubernetes-id=checkout-service
        component namespace kubernetes-id=checkout ns=shpo
        component namespace-of-several kubernetes-id=cart ns=shpo
        component far kubernetes-id=zebra ns=unheard-of
        service eu1/legacy/checkout-v1
        service eu1/shop/checkout
        service eu1/shop/cart
        service eu1/legacy/cart
    "), @"");
}

#[test]
fn s21_a_value_to_paste_is_quoted_where_yaml_would_misread_it() {
    assert_snapshot!(reasons("
        instance main
        cluster eu1
        component a kubernetes-id=0x1f ns=off
        component b kubernetes-id=c
        service eu1/on/0x1f
        service eu1/null/c
        service eu1/7/c
    "), @"");
}

#[test]
fn s20_a_field_that_cannot_be_used_is_invalid_and_says_which_and_why() {
    let mut fixture = Fixture::read("instance main rules=service-name,component-name\ncluster eu1\nservice eu1/shop/listed");
    for document in [
        "{kind: Component, metadata: {name: listed, annotations: [a, b]}}",
        "{kind: Component, metadata: {name: texted, annotations: text}, spec: text}",
        "{kind: Component, metadata: {name: valued, annotations: {backstage.io/kubernetes-id: {a: b}}}}",
        "{kind: Component, metadata: {name: numbered, annotations: {backstage.io/kubernetes-id: 7, backstage.io/orphan: true}}}",
    ] {
        fixture.document(&flow::value(document));
    }
    let long = "x".repeat(10_000_000);
    for key in ["kubernetes-id", "kubernetes-label-selector"] {
        fixture.document(&flow::value(&format!(
            "{{kind: Component, metadata: {{name: long-{key}, annotations: {{backstage.io/{key}: {long}}}}}}}"
        )));
    }
    fixture.document(&flow::value(&format!(
        "{{kind: Component, metadata: {{name: long-owner}}, spec: {{owner: {long}, type: {long}}}}}"
    )));
    fixture.go_on("");
    assert!(fixture.faults.is_empty(), "{:?}", fixture.faults);
    let text: Vec<String> = all_verdicts(&fixture.topology)
        .iter()
        .map(|it| {
            let line = crate::fixture::render::verdict_line(it);
            format!("{line}\n    {}\n    fix: {}", it.reason(), it.fix().unwrap_or_default())
        })
        .collect();
    assert_snapshot!(text.join("\n"), @"");
}

#[test]
fn s20_what_has_no_identity_is_a_fault_that_names_the_field() {
    let table = [
        ("text", "``: a string, expected an entity (a map)"),
        ("{metadata: {name: x}}", "`kind`: nothing, expected a text such as `Component`"),
        ("{kind: [], metadata: {name: x}}", "`kind`: a list, expected a text such as `Component`"),
        ("{kind: Component}", "`metadata`: nothing, expected a map with a `name`"),
        ("{kind: Component, metadata: [x]}", "`metadata`: a list, expected a map with a `name`"),
        ("{kind: Component, metadata: {}}", "`metadata.name`: nothing, expected a non-empty text"),
        ("{kind: Component, metadata: {name: \" \"}}", "`metadata.name`: an empty text, expected a non-empty text"),
        ("{kind: Group, metadata: {name: null}}", "`metadata.name`: null, expected a non-empty text"),
        ("{kind: User, metadata: {name: x, namespace: [a]}}", "`metadata.namespace`: a list, expected a text"),
        ("{kind: User, metadata: {name: x, namespace: a/b}}", "`metadata.namespace`: `a/b`, expected a text without `/`"),
    ];
    for (document, expected) in table {
        let mut fixture = Fixture::read("instance main");
        fixture.document(&flow::value(document));
        assert_eq!(fixture.faults, [expected], "{document}");
    }
    let mut fixture = Fixture::read("instance main");
    for document in ["{kind: API, metadata: [odd]}", "{kind: System}", "{kind: Component, metadata: {name: x, namespace: \"\"}}"] {
        fixture.document(&flow::value(document));
    }
    assert!(fixture.faults.is_empty(), "what is not used is not judged: {:?}", fixture.faults);
}
