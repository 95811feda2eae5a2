//! S11: the opt-in rules, each where it decides, where it leaves to the next, where it is ambiguous, and with bad input.

use insta::assert_snapshot;

use crate::fixture::render::{changes, evidence, reasons, verdicts};

#[test]
fn s11_service_name_alone_is_the_default() {
    assert_snapshot!(verdicts("
        instance main
        cluster eu1
        component checkout
        component labelled kubernetes-id=labelled
        component selecting selector=app=x
        service eu1/shop/checkout labels=backstage.io/kubernetes-id:labelled,app:x
    "), @r"
    eu1 checkout@main: no-kubernetes-id | owner: none
    eu1 labelled@main: service-not-found | owner: none
    eu1 selecting@main: no-kubernetes-id | owner: none
    ");
}

#[test]
fn s11_kubernetes_id_label_may_find_several() {
    assert_snapshot!(reasons("
        instance main rules=kubernetes-id-label
        cluster eu1
        component shop kubernetes-id=shop
        component in-namespace kubernetes-id=cart ns=shop
        component by-its-name kubernetes-id=web
        component nowhere kubernetes-id=unheard-of
        component without
        service eu1/shop/web labels=backstage.io/kubernetes-id:shop
        service eu1/shop/api labels=backstage.io/kubernetes-id:shop
        service eu1/other/api labels=backstage.io/kubernetes-id:shop
        service eu1/other/cart labels=backstage.io/kubernetes-id:cart
        service eu1/shop/cart labels=backstage.io/kubernetes-id:cart
    "), @r"
    eu1 by-its-name@main: service-not-found | owner: none
        there are no Services with label `backstage.io/kubernetes-id=web`; the name exists as `eu1/shop/web`
        fix: backstage.io/kubernetes-id: web  # under `metadata.labels` of Service `eu1/shop/web`, if that is meant
    eu1 in-namespace@main: stitched → eu1/shop/cart (kubernetes-id-label) | owner: none
        rule `kubernetes-id-label` found Services with label `backstage.io/kubernetes-id=cart` in namespace `shop`
        fix: owner: group:<name of a Group>  # under `spec`
    eu1 nowhere@main: service-not-found | owner: none
        there are no Services with label `backstage.io/kubernetes-id=unheard-of`
        fix: backstage.io/kubernetes-id: unheard-of  # under `metadata.labels` of the Service that is meant
    eu1 shop@main: stitched → eu1/other/api, eu1/shop/api, eu1/shop/web (kubernetes-id-label) | owner: none
        rule `kubernetes-id-label` found Services with label `backstage.io/kubernetes-id=shop`
        fix: owner: group:<name of a Group>  # under `spec`
    eu1 without@main: no-kubernetes-id | owner: none
        no value at `annotations.backstage.io/kubernetes-id`
        fix: backstage.io/kubernetes-id: <name of a Service that runs>  # under `metadata.annotations`
    ");
}

#[test]
fn s11_label_selector_may_find_several() {
    assert_snapshot!(verdicts("
        instance main rules=label-selector
        cluster eu1
        component equal selector=app=shop
        component both selector=\"app = cart , tier in (web, api)\"
        component one-of selector=\"app in (blog,wiki)\"
        component exists selector=backstage.io/special
        component only-negative selector=\"!app,tier notin (web)\"
        component not-equal selector=\"app=blog,tier!=web\"
        component in-namespace selector=app=wiki ns=b
        component nothing selector=app=unheard-of
        component none-of-these kubernetes-id=x
        service eu1/a/shop labels=app:shop,tier:web
        service eu1/a/cart-web labels=app:cart,tier:web
        service eu1/a/cart-db labels=app:cart,tier:db
        service eu1/a/blog labels=app:blog,tier:db
        service eu1/a/wiki labels=app:wiki
        service eu1/b/wiki labels=app:wiki
        service eu1/a/special labels=backstage.io/special:,tier:web
        service eu1/a/bare
        service eu1/a/bare-db labels=tier:db
    "), @r"
    eu1 both@main: stitched → eu1/a/cart-web (label-selector) | owner: none
    eu1 equal@main: stitched → eu1/a/shop (label-selector) | owner: none
    eu1 exists@main: stitched → eu1/a/special (label-selector) | owner: none
    eu1 in-namespace@main: stitched → eu1/b/wiki (label-selector) | owner: none
    eu1 none-of-these@main: no-kubernetes-id | owner: none
    eu1 not-equal@main: stitched → eu1/a/blog (label-selector) | owner: none
    eu1 nothing@main: service-not-found | owner: none
    eu1 one-of@main: stitched → eu1/a/wiki, not eu1/a/blog of not-equal@main, not eu1/b/wiki of in-namespace@main (label-selector) | owner: none
    eu1 only-negative@main: stitched → eu1/a/bare, eu1/a/bare-db (label-selector) | owner: none
    ");
}

#[test]
fn s11_component_name_is_the_name_as_written() {
    assert_snapshot!(reasons("
        instance main rules=component-name
        cluster eu1
        component checkout
        component Cart
        component missing ns=shop
        component several
        component other kubernetes-id=checkout
        service eu1/shop/checkout
        service eu1/shop/cart
        service eu1/a/several
        service eu1/b/several
    "), @r"
    eu1 cart@main: service-not-found | owner: none
        there is no Service `Cart` in any namespace; near names: `eu1/shop/cart`
        fix: name: cart  # under `metadata`, if `eu1/shop/cart` is meant
    eu1 checkout@main: stitched → eu1/shop/checkout (component-name) | owner: none
        rule `component-name` found Service `checkout` in any namespace
        fix: owner: group:<name of a Group>  # under `spec`
    eu1 missing@main: service-not-found | owner: none
        there is no Service `missing` in namespace `shop`; the namespace exists
        fix: name: <name of a Service that runs>  # under `metadata`
    eu1 other@main: service-not-found | owner: none
        there is no Service `other` in any namespace
        fix: name: <name of a Service that runs>  # under `metadata`
    eu1 several@main: ambiguous among eu1/a/several, eu1/b/several (component-name) | owner: none
        2 Services of that name and no namespace is given: eu1/a/several, eu1/b/several
        fix: backstage.io/kubernetes-namespace: a  # under `metadata.annotations`, or `b`
    ");
}

#[test]
fn s11_rules_are_tried_in_the_order_given() {
    let fixture = |rules: &str| {
        verdicts(&format!(
            "
            instance main rules={rules}
            cluster eu1
            component by-name kubernetes-id=by-id selector=app=by-selector
            service eu1/a/by-id
            service eu1/a/by-name
            service eu1/a/by-label labels=backstage.io/kubernetes-id:by-id
            service eu1/a/by-selector labels=app:by-selector
        "
        ))
    };
    let table = [
        (
            "service-name,kubernetes-id-label,label-selector,component-name",
            "a/by-id (service-name)",
        ),
        (
            "kubernetes-id-label,service-name",
            "a/by-label (kubernetes-id-label)",
        ),
        (
            "label-selector,service-name",
            "a/by-selector (label-selector)",
        ),
        ("component-name,service-name", "a/by-name (component-name)"),
    ];
    for (rules, expected) in table {
        assert!(
            fixture(rules).contains(expected),
            "{rules}: {}",
            fixture(rules)
        );
    }
}

#[test]
fn s11_a_rule_is_tried_only_when_the_earlier_ones_found_nothing_at_all() {
    assert_snapshot!(evidence("
        instance main rules=service-name,kubernetes-id-label,label-selector,component-name
        cluster eu1
        component last kubernetes-id=x selector=app=x
        component third kubernetes-id=y selector=app=y
        service eu1/a/last
        service eu1/a/third
        service eu1/a/selected labels=app:y
    "), @r#"
    eu1 last@main: stitched → eu1/a/last (component-name) | owner: none
        id at annotations.backstage.io/kubernetes-id: x
        namespace at annotations.backstage.io/kubernetes-namespace: –
        rule service-name: Service `x` in any namespace: 0 found: 
        rule kubernetes-id-label: Services with label `backstage.io/kubernetes-id=x`: 0 found: 
        rule label-selector: Services that `app=x` selects: 0 found: 
        rule component-name: Service `last` in any namespace: 1 found: eu1/a/last
        rule `component-name` found Service `last` in any namespace Some("owner: group:<name of a Group>  # under `spec`")
        read in generation 1 at 1700000000
    eu1 third@main: stitched → eu1/a/selected (label-selector) | owner: none
        id at annotations.backstage.io/kubernetes-id: y
        namespace at annotations.backstage.io/kubernetes-namespace: –
        rule service-name: Service `y` in any namespace: 0 found: 
        rule kubernetes-id-label: Services with label `backstage.io/kubernetes-id=y`: 0 found: 
        rule label-selector: Services that `app=y` selects: 1 found: eu1/a/selected
        rule `label-selector` found Services that `app=y` selects Some("owner: group:<name of a Group>  # under `spec`")
        read in generation 1 at 1700000000
    "#);
}

#[test]
fn s11_an_ambiguity_stops_the_list() {
    assert_snapshot!(evidence("
        instance main rules=service-name,component-name
        cluster eu1
        component alone kubernetes-id=checkout
        service eu1/a/checkout
        service eu1/b/checkout
        service eu1/a/alone
    "), @r#"
    eu1 alone@main: ambiguous among eu1/a/checkout, eu1/b/checkout (service-name) | owner: none
        id at annotations.backstage.io/kubernetes-id: checkout
        namespace at annotations.backstage.io/kubernetes-namespace: –
        rule service-name: Service `checkout` in any namespace: 2 found: eu1/a/checkout, eu1/b/checkout
        2 Services of that name and no namespace is given: eu1/a/checkout, eu1/b/checkout Some("backstage.io/kubernetes-namespace: a  # under `metadata.annotations`, or `b`")
        read in generation 1 at 1700000000
    "#);
}

#[test]
fn s11_a_conflict_is_found_too_and_the_list_stops() {
    assert_snapshot!(verdicts("
        instance main rules=service-name,component-name
        cluster eu1
        component aaa kubernetes-id=checkout
        component bbb kubernetes-id=checkout
        service eu1/a/checkout
        service eu1/a/bbb
    "), @r"
    eu1 aaa@main: stitched → eu1/a/checkout (service-name) | owner: none
    eu1 bbb@main: conflict over eu1/a/checkout with aaa@main (service-name) | owner: none
    ");
}

#[test]
fn s11_a_selector_that_cannot_be_read_is_invalid() {
    assert_snapshot!(reasons("
        instance main rules=service-name,label-selector,component-name
        cluster eu1
        component placeholder selector=\"app=${{ values.name }}\"
        component open selector=\"app in (a\"
        component found-before kubernetes-id=found selector=\"app in (a\"
        component empty selector=\" \"
        service eu1/a/placeholder
        service eu1/a/found
        service eu1/a/empty
    "), @r"
    eu1 empty@main: stitched → eu1/a/empty (component-name) | owner: none
        rule `component-name` found Service `empty` in any namespace
        fix: owner: group:<name of a Group>  # under `spec`
    eu1 found-before@main: stitched → eu1/a/found (service-name) | owner: none
        rule `service-name` found Service `found` in any namespace
        fix: owner: group:<name of a Group>  # under `spec`
    eu1 open@main: invalid (label-selector) | owner: none
        `annotations.backstage.io/kubernetes-label-selector` is `app in (a`: a `(` without its `)`, expected a label selector such as `app=checkout,tier in (web,api)`
        fix: backstage.io/kubernetes-label-selector: <a label selector such as `app=checkout,tier in (web,api)`>  # under `metadata.annotations`, now `app in (a`: a `(` without its `)`
    eu1 placeholder@main: invalid (label-selector) | owner: none
        `annotations.backstage.io/kubernetes-label-selector` is `app=${{ values.name }}`: `${{ values.name }}` is no label value, expected a label selector such as `app=checkout,tier in (web,api)`
        fix: backstage.io/kubernetes-label-selector: <a label selector such as `app=checkout,tier in (web,api)`>  # under `metadata.annotations`, now `app=${{ values.name }}`: `${{ values.name }}` is no label value
    ");
}

#[test]
fn s11_labels_that_change_later_find_their_way_back() {
    let before = "
        instance main rules=kubernetes-id-label,label-selector
        cluster eu1
        component by-id kubernetes-id=checkout owner=pay
        component by-selector selector=\"!backstage.io/kubernetes-id,tier\"
        group pay
        service eu1/shop/web labels=backstage.io/kubernetes-id:checkout,tier:web
        apply
    ";
    let gone = format!("{before} service eu1/shop/web labels=tier:web");
    assert_snapshot!(changes(&gone), @r"
    eu1 by-id@main: stitched eu1/shop/web, owner resolved ⇒ service-not-found, owner resolved
    eu1 by-selector@main: service-not-found, owner none ⇒ stitched eu1/shop/web, owner none
    eu1/shop/web: owned by by-id@main of group:default/pay ⇒ stitched-without-owner by by-selector@main
    ");
    let back = format!(
        "{gone}\napply\nservice eu1/shop/web labels=backstage.io/kubernetes-id:checkout,tier:web"
    );
    assert_snapshot!(changes(&back), @r"
    eu1 by-id@main: service-not-found, owner resolved ⇒ stitched eu1/shop/web, owner resolved
    eu1 by-selector@main: stitched eu1/shop/web, owner none ⇒ service-not-found, owner none
    eu1/shop/web: stitched-without-owner by by-selector@main ⇒ owned by by-id@main of group:default/pay
    ");
    assert_eq!(verdicts(&back), verdicts(before));
    let renamed = format!(
        "{gone}\napply\nservice eu1/shop/web labels=role:web\napply\nservice eu1/shop/new labels=tier:x"
    );
    assert_snapshot!(verdicts(&renamed), @r"
    eu1 by-id@main: service-not-found | owner group:default/pay (spec.owner)
    eu1 by-selector@main: stitched → eu1/shop/new (label-selector) | owner: none
    ");
}
