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
    "), @r#"
    eu1 first@main: stitched → eu1/shop/checkout (service-name) | owner: none
        id at annotations.example.com/id: checkout
        namespace at labels.ns: shop
        rule service-name: Service `checkout` in namespace `shop`: 1 found: eu1/shop/checkout
        rule `service-name` found Service `checkout` in namespace `shop` Some("owner: group:<name of a Group>  # under `spec`")
        read in generation 1 at 1700000000
    eu1 second@main: stitched → eu1/shop/cart (service-name) | owner: none
        id at annotations.example.com/id: –
        id at spec.k8s.0: cart
        namespace at labels.ns: –
        namespace at spec.ns: shop
        rule service-name: Service `cart` in namespace `shop`: 1 found: eu1/shop/cart
        rule `service-name` found Service `cart` in namespace `shop` Some("owner: group:<name of a Group>  # under `spec`")
        read in generation 1 at 1700000000
    eu1 third@main: stitched → eu1/shop/third (service-name) | owner: none
        id at annotations.example.com/id: –
        id at spec.k8s.0: –
        id at metadata.name: third
        namespace at labels.ns: –
        namespace at spec.ns: –
        rule service-name: Service `third` in any namespace: 1 found: eu1/shop/third
        rule `service-name` found Service `third` in any namespace Some("owner: group:<name of a Group>  # under `spec`")
        read in generation 1 at 1700000000
    "#);
}

#[test]
fn s5_no_later_path_is_tried_because_a_lookup_failed() {
    assert_snapshot!(evidence("
        instance main id-paths=annotations.example.com/id,metadata.name
        cluster eu1
        component checkout annotation:example.com/id=chekcout
        service eu1/shop/checkout
    "), @r#"
    eu1 checkout@main: service-not-found | owner: none
        id at annotations.example.com/id: chekcout
        namespace at annotations.backstage.io/kubernetes-namespace: –
        rule service-name: Service `chekcout` in any namespace: 0 found: 
        Miss { namespace_exists: None, near_namespaces: [], elsewhere: [], near_services: [ServiceKey { cluster: "eu1", namespace: "shop", name: "checkout" }], other_clusters: [] }
        there is no Service `chekcout` in any namespace; near names: `eu1/shop/checkout` Some("example.com/id: checkout  # under `metadata.annotations`, if `eu1/shop/checkout` is meant")
        read in generation 1 at 1700000000
    "#);
}

#[test]
fn s5_no_value_at_any_path_is_no_kubernetes_id() {
    assert_snapshot!(reasons("
        instance main id-paths=annotations.example.com/id,spec.id
        cluster eu1
        component unrelated
        component named ns=shop
        service eu1/shop/checkout
    "), @r"
    eu1 named@main: no-kubernetes-id | owner: none
        no value at `annotations.example.com/id`, `spec.id`
        fix: example.com/id: <name of a Service that runs>  # under `metadata.annotations`
    eu1 unrelated@main: no-kubernetes-id | owner: none
        no value at `annotations.example.com/id`, `spec.id`
        fix: example.com/id: <name of a Service that runs>  # under `metadata.annotations`
    ");
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
    "), @r"
    eu1 elsewhere@main: service-not-found | owner: none
    eu1 here@main: stitched → eu1/shop/checkout (service-name) | owner: none
    us1 elsewhere@main: service-not-found | owner: none
    us1 here@main: service-not-found | owner: none
    ");
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
    "), @r"
    eu1 elsewhere@main: service-not-found | owner: none
        there is no Service `cart` in namespace `shop`; the namespace exists; the name exists as `eu1/legacy/cart`, `eu1/next/cart`
        fix: backstage.io/kubernetes-namespace: legacy  # under `metadata.annotations`, or `next`
    eu1 listed@main: service-not-found | owner: none
        there is no Service `cart` in namespace `empty`; the namespace exists; the name exists as `eu1/legacy/cart`, `eu1/next/cart`
        fix: backstage.io/kubernetes-namespace: legacy  # under `metadata.annotations`, or `next`
    eu1 no-namespace@main: service-not-found | owner: none
        there is no Service `cart` in namespace `shpo`; the namespace does not exist; the name exists as `eu1/legacy/cart`, `eu1/next/cart`
        fix: backstage.io/kubernetes-namespace: legacy  # under `metadata.annotations`, or `next`
    eu1 nowhere@main: service-not-found | owner: none
        there is no Service `unheard-of` in namespace `shop`; the namespace exists
        fix: backstage.io/kubernetes-id: <name of a Service that runs>  # under `metadata.annotations`
    eu1 other-cluster@main: service-not-found | owner: none
        there is no Service `ledger` in namespace `shop`; the namespace exists; the name exists in cluster `us1`
        fix: backstage.io/kubernetes-id: <name of a Service that runs>  # under `metadata.annotations`
    us1 elsewhere@main: service-not-found | owner: none
        there is no Service `cart` in namespace `shop`; the namespace exists; the name exists in cluster `eu1`
        fix: backstage.io/kubernetes-id: <name of a Service that runs>  # under `metadata.annotations`
    us1 listed@main: service-not-found | owner: none
        there is no Service `cart` in namespace `empty`; the namespace does not exist; the name exists in cluster `eu1`
        fix: backstage.io/kubernetes-id: <name of a Service that runs>  # under `metadata.annotations`
    us1 no-namespace@main: service-not-found | owner: none
        there is no Service `cart` in namespace `shpo`; the namespace does not exist; the name exists in cluster `eu1`
        fix: backstage.io/kubernetes-namespace: shop  # under `metadata.annotations`
    us1 nowhere@main: service-not-found | owner: none
        there is no Service `unheard-of` in namespace `shop`; the namespace exists
        fix: backstage.io/kubernetes-id: <name of a Service that runs>  # under `metadata.annotations`
    us1 other-cluster@main: stitched → us1/shop/ledger (service-name) | owner: none
        rule `service-name` found Service `ledger` in namespace `shop`
        fix: owner: group:<name of a Group>  # under `spec`
    ");
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
    "), @r"
    eu1 none@main: service-not-found | owner: none
    eu1 one@main: stitched → eu1/shop/checkout (service-name) | owner: none
    ");
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
    "), @r"
    eu1 checkout@main: ambiguous among eu1/a/checkout, eu1/canary/checkout, eu1/shop-2/checkout, eu1/shop/checkout (service-name) | owner group:default/pay (spec.owner)
        4 Services of that name and no namespace is given: eu1/a/checkout, eu1/canary/checkout, eu1/shop-2/checkout and 1 more
        fix: backstage.io/kubernetes-namespace: a  # under `metadata.annotations`, or `canary`, `shop-2`, `shop`
    ");
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
    "), @r"
    ap1 checkout@main: service-not-found | owner: none
    eu1 checkout@main: stitched → eu1/shop/checkout (service-name) | owner: none
    us1 checkout@main: ambiguous among us1/canary/checkout, us1/shop/checkout (service-name) | owner: none
    ");
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
    "), @r"
    eu1 checkout@narrow: stitched → eu1/shop/checkout (service-name) | owner: none
    eu1 zzz@wide: conflict over eu1/shop/checkout with checkout@narrow (service-name) | owner: none
    us1 zzz@wide: stitched → us1/shop/checkout (service-name) | owner: none
    ");
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
    "), @r"
    eu1 everywhere@honours: service-not-found | owner: none
        there is no Service `a` in any namespace
        fix: backstage.io/kubernetes-id: <name of a Service that runs>  # under `metadata.annotations`
    eu1 misspelt@honours: invalid | owner: none
        `annotations.backstage.io/kubernetes-cluster` is `US1`, expected a cluster that the instance covers: eu1, us1
        fix: backstage.io/kubernetes-cluster: <a cluster that the instance covers: eu1, us1>  # under `metadata.annotations`, now `US1`
    eu1 narrowed@ignores: stitched → eu1/shop/d (service-name) | owner: none
        rule `service-name` found Service `d` in any namespace
        fix: owner: group:<name of a Group>  # under `spec`
    eu1 uncovered@honours: invalid | owner: none
        `annotations.backstage.io/kubernetes-cluster` is `ap1`, expected a cluster that the instance covers: eu1, us1
        fix: backstage.io/kubernetes-cluster: <a cluster that the instance covers: eu1, us1>  # under `metadata.annotations`, now `ap1`
    us1 everywhere@honours: service-not-found | owner: none
        there is no Service `a` in any namespace
        fix: backstage.io/kubernetes-id: <name of a Service that runs>  # under `metadata.annotations`
    us1 misspelt@honours: invalid | owner: none
        `annotations.backstage.io/kubernetes-cluster` is `US1`, expected a cluster that the instance covers: eu1, us1
        fix: backstage.io/kubernetes-cluster: <a cluster that the instance covers: eu1, us1>  # under `metadata.annotations`, now `US1`
    us1 narrowed@honours: stitched → us1/shop/b (service-name) | owner: none
        rule `service-name` found Service `b` in any namespace
        fix: owner: group:<name of a Group>  # under `spec`
    us1 uncovered@honours: invalid | owner: none
        `annotations.backstage.io/kubernetes-cluster` is `ap1`, expected a cluster that the instance covers: eu1, us1
        fix: backstage.io/kubernetes-cluster: <a cluster that the instance covers: eu1, us1>  # under `metadata.annotations`, now `ap1`
    ");
}
