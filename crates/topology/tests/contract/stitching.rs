//! S5–S8: how a component finds its Service.

use insta::assert_snapshot;

use crate::fixture::render::{evidence, reasons, verdicts};

#[test]
fn s5_the_first_path_with_a_value_gives_the_name() {
    assert_snapshot!(evidence("
        instance main id-paths=annotations.example.com/id,spec.k8s.0,metadata.name namespace-paths=labels.ns,spec.ns
        cluster eu1
        component first annotation:example.com/id=checkout spec:k8s=[cart] label:ns=shop spec:ns=other
        component second annotation:example.com/id=\" \" spec:k8s=[cart] spec:ns=shop
        component third spec:k8s=\"{a: map}\" spec:ns=null
        service eu1/shop/checkout
        service eu1/shop/cart
        service eu1/shop/third
    "), @"");
}

#[test]
fn s5_no_later_path_is_tried_because_a_lookup_failed() {
    assert_snapshot!(evidence("
        instance main id-paths=annotations.example.com/id,metadata.name
        cluster eu1
        component checkout annotation:example.com/id=chekcout
        service eu1/shop/checkout
    "), @"");
}

#[test]
fn s5_no_value_at_any_path_is_no_kubernetes_id() {
    assert_snapshot!(reasons("
        instance main id-paths=annotations.example.com/id,spec.id
        cluster eu1
        component unrelated
        component named ns=shop
        service eu1/shop/checkout
    "), @"");
}

#[test]
fn s6_the_namespace_given_is_the_only_one_looked_in() {
    assert_snapshot!(verdicts("
        instance main
        cluster eu1
        cluster us1
        component here kubernetes-id=checkout ns=shop
        component elsewhere kubernetes-id=cart ns=shop
        service eu1/shop/checkout
        service eu1/legacy/checkout
        service eu1/legacy/cart
        service us1/legacy/checkout
    "), @"");
}

#[test]
fn s6_a_miss_says_whether_the_namespace_exists_and_where_the_name_does() {
    assert_snapshot!(reasons("
        instance main
        cluster eu1
        cluster us1
        component elsewhere kubernetes-id=cart ns=shop
        component listed kubernetes-id=cart ns=empty
        component no-namespace kubernetes-id=cart ns=shpo
        component nowhere kubernetes-id=unheard-of ns=shop
        component other-cluster kubernetes-id=ledger ns=shop
        namespace eu1/empty
        service eu1/shop/checkout
        service eu1/legacy/cart
        service eu1/next/cart
        service us1/shop/ledger
    "), @"");
}

#[test]
fn s7_a_name_alone_is_looked_up_over_the_whole_cluster() {
    assert_snapshot!(verdicts("
        instance main
        cluster eu1
        component one kubernetes-id=checkout
        component none kubernetes-id=cart
        service eu1/shop/checkout
        service eu1/shop/checkout-canary
    "), @"");
}

#[test]
fn s7_several_of_the_name_are_ambiguous_and_all_are_listed() {
    assert_snapshot!(reasons("
        instance main
        cluster eu1
        component checkout kubernetes-id=checkout owner=pay
        group pay
        service eu1/shop/checkout
        service eu1/canary/checkout
        service eu1/a/checkout
        service eu1/shop-2/checkout
        service eu1/b/cart
    "), @"");
}

#[test]
fn s8_uniqueness_is_judged_inside_each_cluster() {
    assert_snapshot!(verdicts("
        instance main
        cluster eu1
        cluster us1
        cluster ap1
        component checkout kubernetes-id=checkout
        service eu1/shop/checkout
        service us1/shop/checkout
        service us1/canary/checkout
    "), @"");
}

#[test]
fn s8_an_instance_covers_the_clusters_it_names() {
    assert_snapshot!(verdicts("
        instance narrow clusters=eu1,not-there-yet
        component checkout kubernetes-id=checkout
        instance wide clusters=all
        component zzz kubernetes-id=checkout
        cluster eu1
        cluster us1
        service eu1/shop/checkout
        service us1/shop/checkout
    "), @"");
}

#[test]
fn s8_the_cluster_annotation_narrows_where_it_is_honoured() {
    assert_snapshot!(reasons("
        instance honours honor-cluster-annotation clusters=eu1,us1
        component everywhere kubernetes-id=a
        component narrowed kubernetes-id=b cluster=us1
        component uncovered kubernetes-id=c cluster=ap1
        component misspelt kubernetes-id=c cluster=US1
        instance ignores clusters=eu1
        component narrowed kubernetes-id=d cluster=us1
        cluster eu1
        cluster us1
        cluster ap1
        service us1/shop/b
        service ap1/shop/c
        service eu1/shop/d
    "), @"");
}
