//! From the labels that an alert carries to an owner.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use topology::topology::Topology;

use crate::fixture::built;
use crate::fixture::render::joined;

const COMPANY: &str = "
    instance main
    cluster eu1
    cluster us1
    group pay
    group ops
    component checkout kubernetes-id=checkout ns=shop owner=pay
    component cart kubernetes-id=cart ns=shop owner=ops
    service eu1/shop/checkout selector=app:checkout
    service us1/shop/checkout
    service eu1/shop/cart selector=tier:web
    service eu1/shop/unclaimed
    deployment eu1/shop/checkout labels=app:checkout uid=d1
    replicaset eu1/shop/checkout-5f7d8 labels=app:checkout uid=r1 controller=Deployment/checkout/d1
    pod eu1/shop/checkout-5f7d8-x2x labels=app:checkout controller=ReplicaSet/checkout-5f7d8/r1 node=n1
    pod eu1/shop/both-0 labels=app:checkout,tier:web node=n1
    statefulset eu1/shop/db labels=tier:web uid=s1
    pod eu1/shop/alone node=n2
    job eu1/shop/nightly labels=app:checkout
";

fn resolved(topology: &Topology, bag: &str) -> String {
    let labels: BTreeMap<String, String> = bag
        .split(',')
        .map(|pair| pair.trim().split_once('=').expect("`key=value`"))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    let found = topology.resolve(&labels);
    let owners: Vec<String> = found
        .owners
        .iter()
        .map(|it| {
            let owner = it.owner.map_or("nobody".into(), |id| topology.owner_ref(id).name);
            format!("{owner} of {}", topology.service(it.service).key())
        })
        .collect();
    let service = found.service.map_or("–".to_owned(), |id| topology.service(id).key().to_string());
    let workload = found.workload.map_or("–", |id| topology.workload(id).name);
    format!(
        "{bag}\n    {}: {}\n    service {service}, workload {workload}, candidates {}\n    {}\n",
        found.confidence.as_str(),
        joined(&owners),
        joined(&found.candidates),
        found.path.join("; ")
    )
}

fn all(bags: &[&str]) -> String {
    let topology = built(COMPANY);
    bags.iter().map(|bag| resolved(&topology, bag)).collect()
}

#[test]
fn s19_by_service() {
    assert_snapshot!(all(&[
        "cluster=eu1, namespace=shop, service=checkout",
        "service=cart",
        "k8s.cluster.name=us1, k8s.namespace.name=shop, k8s.service.name=checkout",
        "namespace=monitoring, exported_namespace=shop, service=prometheus, exported_service=cart",
        "service=unclaimed",
        "service=checkout",
        "service=nowhere",
    ]), @"");
}

#[test]
fn s19_by_pod() {
    assert_snapshot!(all(&[
        "namespace=shop, pod=checkout-5f7d8-x2x",
        "pod=both-0",
        "pod=alone",
        "namespace=shop, pod=checkout-99999-gone1",
        "namespace=shop, pod=db-7",
        "pod=nightly-abcde",
        "pod=unknown-abcde-fghij",
        "service=checkout, namespace=shop, pod=checkout-5f7d8-x2x",
    ]), @"");
}

#[test]
fn s19_by_workload() {
    assert_snapshot!(all(&[
        "deployment=checkout",
        "cluster=eu1, namespace=shop, replicaset=checkout-5f7d8",
        "statefulset=db, namespace=shop",
        "job_name=nightly",
        "deployment=unheard-of",
    ]), @"");
}

#[test]
fn s19_by_application_and_node() {
    assert_snapshot!(all(&[
        "cluster=eu1, app=checkout",
        "job=shop/cart",
        "container=cart, node=n1",
        "node=n1",
        "cluster=us1, node=n1",
        "node=n2",
        "alertname=Watchdog",
        "service= , app=cart",
    ]), @"");
}
