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
    "), @"");
}

#[test]
fn s11_kubernetes_id_label_may_find_several() {
    assert_snapshot!(reasons("
        instance main rules=kubernetes-id-label
        cluster eu1
        component shop kubernetes-id=shop
        component in-namespace kubernetes-id=cart ns=shop
        component by-its-name kubernetes-id=web
        component without
        service eu1/shop/web labels=backstage.io/kubernetes-id:shop
        service eu1/shop/api labels=backstage.io/kubernetes-id:shop
        service eu1/other/api labels=backstage.io/kubernetes-id:shop
        service eu1/other/cart labels=backstage.io/kubernetes-id:cart
        service eu1/shop/cart labels=backstage.io/kubernetes-id:cart
    "), @"");
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
    "), @"");
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
    "), @"");
}

#[test]
fn s11_rules_are_tried_in_the_order_given() {
    let fixture = |rules: &str| {
        verdicts(&format!("
            instance main rules={rules}
            cluster eu1
            component by-name kubernetes-id=by-id selector=app=by-selector
            service eu1/a/by-id
            service eu1/a/by-name
            service eu1/a/by-label labels=backstage.io/kubernetes-id:by-id
            service eu1/a/by-selector labels=app:by-selector
        "))
    };
    let table = [
        ("service-name,kubernetes-id-label,label-selector,component-name", "a/by-id (service-name)"),
        ("kubernetes-id-label,service-name", "a/by-label (kubernetes-id-label)"),
        ("label-selector,service-name", "a/by-selector (label-selector)"),
        ("component-name,service-name", "a/by-name (component-name)"),
    ];
    for (rules, expected) in table {
        assert!(fixture(rules).contains(expected), "{rules}: {}", fixture(rules));
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
    "), @"");
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
    "), @"");
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
    "), @"");
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
    "), @"");
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
    assert_snapshot!(changes(&gone), @"");
    let back = format!("{gone}\napply\nservice eu1/shop/web labels=backstage.io/kubernetes-id:checkout,tier:web");
    assert_snapshot!(changes(&back), @"");
    assert_eq!(verdicts(&back), verdicts(before));
    let renamed = format!("{gone}\napply\nservice eu1/shop/web labels=role:web\napply\nservice eu1/shop/new labels=tier:x");
    assert_snapshot!(verdicts(&renamed), @"");
}
