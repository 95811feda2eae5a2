//! S20, S21: exactly one verdict per covered cluster, each with the smallest fix.

use insta::assert_snapshot;
use topology::verdict::{Verdict, VerdictKind};

use crate::fixture::render::{all_verdicts, owner_fixes, reasons};
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
    let key = |it: &Verdict| {
        let component = it.component.clone();
        (it.cluster.clone(), component.reference, component.instance)
    };
    let mut keys: Vec<_> = verdicts.iter().map(key).collect();
    keys.dedup();
    assert_eq!(keys.len(), verdicts.len());
    assert!(
        keys.is_sorted(),
        "sorted by cluster, reference and instance: {keys:?}"
    );
    for kind in VerdictKind::ALL {
        assert!(
            verdicts.iter().any(|it| it.kind == kind),
            "{}",
            kind.as_str()
        );
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
    assert_snapshot!(reasons(EVERY_VERDICT), @r"
    eu1 ambiguous@main: ambiguous among eu1/a/twice, eu1/b/twice (service-name) | owner group:default/pay (spec.owner)
        2 Services of that name and no namespace is given: eu1/a/twice, eu1/b/twice
        fix: backstage.io/kubernetes-namespace: a  # under `metadata.annotations`, or `b`
    eu1 invalid@main: invalid (label-selector) | owner: none
        `annotations.backstage.io/kubernetes-label-selector` is `a=b=c`: `b=c` is no label value, expected a label selector such as `app=checkout,tier in (web,api)`
        fix: backstage.io/kubernetes-label-selector: <a label selector such as `app=checkout,tier in (web,api)`>  # under `metadata.annotations`, now `a=b=c`: `b=c` is no label value
    eu1 invalid-cluster@main: invalid | owner: none
        `annotations.backstage.io/kubernetes-cluster` is `ap1`, expected a cluster that the instance covers: eu1, us1
        fix: backstage.io/kubernetes-cluster: <a cluster that the instance covers: eu1, us1>  # under `metadata.annotations`, now `ap1`
    eu1 not-found@main: service-not-found | owner: unresolved, tried group:default/gone Dangling
        there is no Service `stitchd` in any namespace; near names: `eu1/shop/stitched`
        fix: backstage.io/kubernetes-id: stitched  # under `metadata.annotations`, if `eu1/shop/stitched` is meant
    eu1 stitched@main: stitched → eu1/shop/stitched (service-name) | owner group:default/pay (spec.owner)
        rule `service-name` found Service `stitched` in any namespace
    eu1 without-id@main: no-kubernetes-id | owner group:default/pay (spec.owner)
        no value at `annotations.backstage.io/kubernetes-id`
        fix: backstage.io/kubernetes-id: <name of a Service that runs>  # under `metadata.annotations`
    eu1 zzz-conflict@main: conflict over eu1/shop/stitched with stitched@main (service-name) | owner group:default/pay (spec.owner)
        `eu1/shop/stitched` is already that of `component:default/stitched` of instance `main`
        fix: backstage.io/kubernetes-id: <name of its own Service>  # under `metadata.annotations`, one that no other component has
    us1 ambiguous@main: ambiguous among us1/a/twice, us1/b/twice (service-name) | owner group:default/pay (spec.owner)
        2 Services of that name and no namespace is given: us1/a/twice, us1/b/twice
        fix: backstage.io/kubernetes-namespace: a  # under `metadata.annotations`, or `b`
    us1 elsewhere@other: no-kubernetes-id | owner: none
        no value at `annotations.backstage.io/kubernetes-id`
        fix: backstage.io/kubernetes-id: <name of a Service that runs>  # under `metadata.annotations`
    us1 invalid@main: invalid (label-selector) | owner: none
        `annotations.backstage.io/kubernetes-label-selector` is `a=b=c`: `b=c` is no label value, expected a label selector such as `app=checkout,tier in (web,api)`
        fix: backstage.io/kubernetes-label-selector: <a label selector such as `app=checkout,tier in (web,api)`>  # under `metadata.annotations`, now `a=b=c`: `b=c` is no label value
    us1 invalid-cluster@main: invalid | owner: none
        `annotations.backstage.io/kubernetes-cluster` is `ap1`, expected a cluster that the instance covers: eu1, us1
        fix: backstage.io/kubernetes-cluster: <a cluster that the instance covers: eu1, us1>  # under `metadata.annotations`, now `ap1`
    us1 not-found@main: service-not-found | owner: unresolved, tried group:default/gone Dangling
        there is no Service `stitchd` in any namespace; near names: `us1/shop/stitched`
        fix: backstage.io/kubernetes-id: stitched  # under `metadata.annotations`, if `us1/shop/stitched` is meant
    us1 stitched@main: stitched → us1/shop/stitched (service-name) | owner group:default/pay (spec.owner)
        rule `service-name` found Service `stitched` in any namespace
    us1 without-id@main: no-kubernetes-id | owner group:default/pay (spec.owner)
        no value at `annotations.backstage.io/kubernetes-id`
        fix: backstage.io/kubernetes-id: <name of a Service that runs>  # under `metadata.annotations`
    us1 zzz-conflict@main: conflict over us1/shop/stitched with stitched@main (service-name) | owner group:default/pay (spec.owner)
        `us1/shop/stitched` is already that of `component:default/stitched` of instance `main`
        fix: backstage.io/kubernetes-id: <name of its own Service>  # under `metadata.annotations`, one that no other component has
    ");
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
    "), @r"
    eu1 cart@main: ambiguous among eu1/a/cart, eu1/b/cart (service-name) | owner: none
        2 Services of that name and no namespace is given: eu1/a/cart, eu1/b/cart
        fix: ns: a  # under `metadata.annotations`, or `b`
    eu1 checkout@main: no-kubernetes-id | owner: none
        no value at `labels.app`, `spec.k8s.name`
        fix: app: checkout  # under `metadata.labels`, if `eu1/shop/checkout` is meant
    eu1 misowned@main: stitched → eu1/a/misowned (service-name) | owner: unresolved, tried group:default/pai Dangling, near group:default/pay
        rule `service-name` found Service `misowned` in any namespace
        fix: team: group:default/pay  # under `metadata.labels`; `group:default/pai` is no Group or User of instance `main`
    eu1 unowned@main: stitched → eu1/a/unowned (service-name) | owner: none
        rule `service-name` found Service `unowned` in any namespace
        fix: team: group:<name of a Group>  # under `metadata.labels`
    ");
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
    "), @r"
    eu1 related@main: stitched → eu1/shop/a (service-name) | owner: unresolved, tried group:default/payment Dangling, near group:default/payments
        rule `service-name` found Service `a` in any namespace
        fix: owner: group:default/payments  # under `spec`; `group:default/payment` is no Group or User of instance `main`
    eu1 unrelated@main: stitched → eu1/shop/b (service-name) | owner: none
        rule `service-name` found Service `b` in any namespace
        fix: owner: group:<name of a Group>  # under `spec`
    ");
}

#[test]
fn s21_who_has_the_name_by_another_kind_or_in_another_namespace_is_meant_first() {
    // S12: a bare name is a Group of the component's namespace, which is what those who write it miss.
    assert_snapshot!(owner_fixes("
        instance main
        cluster eu1
        group pay
        group pays
        group far/away
        user anna
        user team/twin
        group twin
        service eu1/shop/a
        component person owner=anna kubernetes-id=a
        component team/group owner=pay
        component team/both owner=twin
        component elsewhere owner=away
        component kind owner=team:pay
        component slip owner=anne
        component nobody owner=nobody-at-all
        component list spec:owner=\"[gone, system:default/pay]\"
        component silent
    "), @r"
    component:default/elsewhere
        `group:default/away` is no Group or User of instance `main`; near names: `group:far/away`
        fix: owner: group:far/away  # under `spec`; `group:default/away` is no Group or User of instance `main`
    component:default/kind
        `team:default/pay` is no Group or User of instance `main`; near names: `group:default/pay`, `group:default/pays`
        fix: owner: group:default/pay  # under `spec`; `team:default/pay` is no Group or User of instance `main`
    component:default/list
        `group:default/gone`, `system:default/pay` are no Group or User of instance `main`
        fix: owner: group:<name of a Group>  # under `spec`; `group:default/gone` is no Group or User of instance `main`
    component:default/nobody
        `group:default/nobody-at-all` is no Group or User of instance `main`
        fix: owner: group:<name of a Group>  # under `spec`; `group:default/nobody-at-all` is no Group or User of instance `main`
    component:default/person
        `group:default/anna` is no Group or User of instance `main`; near names: `user:default/anna`
        fix: owner: user:default/anna  # under `spec`; `group:default/anna` is no Group or User of instance `main`
    component:default/silent
        no owner at `spec.owner`, `annotations.backstage.io/owner`
        fix: owner: group:<name of a Group>  # under `spec`
    component:default/slip
        `group:default/anne` is no Group or User of instance `main`; near names: `user:default/anna`
        fix: owner: user:default/anna  # under `spec`; `group:default/anne` is no Group or User of instance `main`
    component:team/both
        `group:team/twin` is no Group or User of instance `main`; near names: `user:team/twin`, `group:default/twin`
        fix: owner: user:team/twin  # under `spec`; `group:team/twin` is no Group or User of instance `main`
    component:team/group
        `group:team/pay` is no Group or User of instance `main`; near names: `group:default/pay`, `group:default/pays`
        fix: owner: group:default/pay  # under `spec`; `group:team/pay` is no Group or User of instance `main`
    ");
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
    "), @r"
    eu1 far@main: service-not-found | owner: none
        there is no Service `zebra` in namespace `unheard-of`; the namespace does not exist
        fix: backstage.io/kubernetes-id: <name of a Service that runs>  # under `metadata.annotations`
    eu1 namespace@main: service-not-found | owner: none
        there is no Service `checkout` in namespace `shpo`; the namespace does not exist; the name exists as `eu1/shop/checkout`
        fix: backstage.io/kubernetes-namespace: shop  # under `metadata.annotations`
    eu1 namespace-of-several@main: service-not-found | owner: none
        there is no Service `cart` in namespace `shpo`; the namespace does not exist; the name exists as `eu1/legacy/cart`, `eu1/shop/cart`
        fix: backstage.io/kubernetes-namespace: shop  # under `metadata.annotations`, or `legacy`
    eu1 part@main: service-not-found | owner: none
        there is no Service `checkout-service` in any namespace; near names: `eu1/shop/checkout`
        fix: backstage.io/kubernetes-id: checkout  # under `metadata.annotations`, if `eu1/shop/checkout` is meant
    eu1 short@main: service-not-found | owner: none
        there is no Service `checkot` in any namespace; near names: `eu1/shop/checkout`
        fix: backstage.io/kubernetes-id: checkout  # under `metadata.annotations`, if `eu1/shop/checkout` is meant
    eu1 swapped@main: service-not-found | owner: unresolved, tried group:default/paymnets Dangling, near group:default/payments
        there is no Service `chekcout` in namespace `shop`; the namespace exists; near names: `eu1/shop/checkout`
        fix: backstage.io/kubernetes-id: checkout  # under `metadata.annotations`, if `eu1/shop/checkout` is meant
    ");
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
    "), @r#"
    eu1 a@main: service-not-found | owner: none
        there is no Service `0x1f` in namespace `off`; the namespace does not exist; the name exists as `eu1/on/0x1f`
        fix: backstage.io/kubernetes-namespace: "on"  # under `metadata.annotations`
    eu1 b@main: ambiguous among eu1/7/c, eu1/null/c (service-name) | owner: none
        2 Services of that name and no namespace is given: eu1/7/c, eu1/null/c
        fix: backstage.io/kubernetes-namespace: "7"  # under `metadata.annotations`, or `null`
    "#);
}

#[test]
fn s20_a_field_that_cannot_be_used_is_invalid_and_says_which_and_why() {
    let mut fixture = Fixture::read(
        "instance main rules=service-name,component-name\ncluster eu1\nservice eu1/shop/listed",
    );
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
            format!(
                "{line}\n    {}\n    fix: {}",
                it.reason(),
                it.fix().unwrap_or_default()
            )
        })
        .collect();
    assert_snapshot!(text.join("\n"), @r"
    eu1 listed@main: invalid | owner: none
        `metadata.annotations` is a list, expected a map
        fix: annotations: <a map>  # under `metadata`, now a list
    eu1 long-kubernetes-id@main: invalid | owner: none
        `annotations.backstage.io/kubernetes-id` is a text of 10000000 bytes, expected at most 4096 bytes
        fix: backstage.io/kubernetes-id: <at most 4096 bytes>  # under `metadata.annotations`, now a text of 10000000 bytes
    eu1 long-kubernetes-label-selector@main: invalid | owner: none
        `annotations.backstage.io/kubernetes-label-selector` is a text of 10000000 bytes, expected at most 4096 bytes
        fix: backstage.io/kubernetes-label-selector: <at most 4096 bytes>  # under `metadata.annotations`, now a text of 10000000 bytes
    eu1 long-owner@main: no-kubernetes-id | owner: unresolved, tried (a text of 10000000 bytes) Malformed
        no value at `annotations.backstage.io/kubernetes-id`
        fix: backstage.io/kubernetes-id: <name of a Service that runs>  # under `metadata.annotations`
    eu1 numbered@main: service-not-found | owner: none
        there is no Service `7` in any namespace, and no Service `numbered` in any namespace
        fix: backstage.io/kubernetes-id: <name of a Service that runs>  # under `metadata.annotations`
    eu1 texted@main: invalid | owner: none
        `metadata.annotations` is a string, expected a map
        fix: annotations: <a map>  # under `metadata`, now a string
    eu1 valued@main: no-kubernetes-id | owner: none
        no value at `annotations.backstage.io/kubernetes-id`
        fix: backstage.io/kubernetes-id: <name of a Service that runs>  # under `metadata.annotations`
    ");
}

#[test]
fn s20_what_has_no_identity_is_a_fault_that_names_the_field() {
    let table = [
        ("text", "``: a string, expected an entity (a map)"),
        (
            "{metadata: {name: x}}",
            "`kind`: nothing, expected a text such as `Component`",
        ),
        (
            "{kind: [], metadata: {name: x}}",
            "`kind`: a list, expected a text such as `Component`",
        ),
        (
            "{kind: Component}",
            "`metadata`: nothing, expected a map with a `name`",
        ),
        (
            "{kind: Component, metadata: [x]}",
            "`metadata`: a list, expected a map with a `name`",
        ),
        (
            "{kind: Component, metadata: {}}",
            "`metadata.name`: nothing, expected a non-empty text",
        ),
        (
            "{kind: Component, metadata: {name: \" \"}}",
            "`metadata.name`: an empty text, expected a non-empty text",
        ),
        (
            "{kind: Group, metadata: {name: null}}",
            "`metadata.name`: null, expected a non-empty text",
        ),
        (
            "{kind: User, metadata: {name: x, namespace: [a]}}",
            "`metadata.namespace`: a list, expected a text",
        ),
        (
            "{kind: User, metadata: {name: x, namespace: a/b}}",
            "`metadata.namespace`: `a/b`, expected a text without `/`",
        ),
    ];
    for (document, expected) in table {
        let mut fixture = Fixture::read("instance main");
        fixture.document(&flow::value(document));
        assert_eq!(fixture.faults, [expected], "{document}");
    }
    let mut fixture = Fixture::read("instance main");
    for document in [
        "{kind: API, metadata: [odd]}",
        "{kind: System}",
        "{kind: Component, metadata: {name: x, namespace: \"\"}}",
    ] {
        fixture.document(&flow::value(document));
    }
    assert!(
        fixture.faults.is_empty(),
        "what is not used is not judged: {:?}",
        fixture.faults
    );
}
