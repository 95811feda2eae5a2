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
    service us1/shop/unclaimed
    pod us1/shop/only-here
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
            let owner = it
                .owner
                .map_or("nobody".into(), |id| topology.owner_ref(id).name);
            format!("{owner} of {}", topology.service(it.service).key())
        })
        .collect();
    let service = found.service.map_or("–".to_owned(), |id| {
        topology.service(id).key().to_string()
    });
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
        "cluster=eu1, service=unclaimed",
        "service=unclaimed",
        "service=checkout",
        "service=nowhere",
    ]), @r"
    cluster=eu1, namespace=shop, service=checkout
        exact: pay of eu1/shop/checkout
        service eu1/shop/checkout, workload –, candidates 
        label `service` = `checkout`, `namespace` = `shop`, `cluster` = `eu1`; Service `eu1/shop/checkout`
    service=cart
        exact: ops of eu1/shop/cart
        service eu1/shop/cart, workload –, candidates 
        label `service` = `cart`; Service `eu1/shop/cart`
    k8s.cluster.name=us1, k8s.namespace.name=shop, k8s.service.name=checkout
        exact: pay of us1/shop/checkout
        service us1/shop/checkout, workload –, candidates 
        label `k8s.service.name` = `checkout`, `k8s.namespace.name` = `shop`, `k8s.cluster.name` = `us1`; Service `us1/shop/checkout`
    namespace=monitoring, exported_namespace=shop, service=prometheus, exported_service=cart
        exact: ops of eu1/shop/cart
        service eu1/shop/cart, workload –, candidates 
        label `exported_service` = `cart`, `exported_namespace` = `shop`; Service `eu1/shop/cart`
    cluster=eu1, service=unclaimed
        exact: nobody of eu1/shop/unclaimed
        service eu1/shop/unclaimed, workload –, candidates 
        label `service` = `unclaimed`, `cluster` = `eu1`; Service `eu1/shop/unclaimed`
    service=unclaimed
        unknown: 
        service –, workload –, candidates eu1/shop/unclaimed, us1/shop/unclaimed
        label `service` = `unclaimed`; 2 Services of that name
    service=checkout
        inherited: pay of eu1/shop/checkout, pay of us1/shop/checkout
        service –, workload –, candidates 
        label `service` = `checkout`; 2 Services of that name, all of one owner
    service=nowhere
        unknown: 
        service –, workload –, candidates 
        no label names anything that is known
    ");
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
        "service=unclaimed, namespace=shop, pod=checkout-5f7d8-x2x",
        "service=unclaimed, namespace=shop, pod=only-here",
    ]), @r"
    namespace=shop, pod=checkout-5f7d8-x2x
        inherited: pay of eu1/shop/checkout
        service eu1/shop/checkout, workload checkout-5f7d8-x2x, candidates 
        label `pod` = `checkout-5f7d8-x2x`, `namespace` = `shop`; Pod `eu1/shop/checkout-5f7d8-x2x`; Service `checkout` by selector
    pod=both-0
        shared: ops of eu1/shop/cart, pay of eu1/shop/checkout
        service –, workload both-0, candidates 
        label `pod` = `both-0`; Pod `eu1/shop/both-0`; Service `cart` by selector
    pod=alone
        unknown: 
        service –, workload –, candidates 
        no label names anything that is known
    namespace=shop, pod=checkout-99999-gone1
        guess: pay of eu1/shop/checkout
        service eu1/shop/checkout, workload checkout, candidates 
        label `pod` = `checkout-99999-gone1`, `namespace` = `shop`: no such pod now, and its name is that of a pod of Deployment `checkout`; Deployment `eu1/shop/checkout`; Service `checkout` by selector
    namespace=shop, pod=db-7
        guess: ops of eu1/shop/cart
        service eu1/shop/cart, workload db, candidates 
        label `pod` = `db-7`, `namespace` = `shop`: no such pod now, and its name is that of a pod of StatefulSet `db`; StatefulSet `eu1/shop/db`; Service `cart` by selector
    pod=nightly-abcde
        guess: pay of eu1/shop/checkout
        service eu1/shop/checkout, workload nightly, candidates 
        label `pod` = `nightly-abcde`: no such pod now, and its name is that of a pod of Job `nightly`; Job `eu1/shop/nightly`; Service `checkout` by selector
    pod=unknown-abcde-fghij
        unknown: 
        service –, workload –, candidates 
        no label names anything that is known
    service=unclaimed, namespace=shop, pod=checkout-5f7d8-x2x
        inherited: pay of eu1/shop/checkout
        service eu1/shop/checkout, workload checkout-5f7d8-x2x, candidates 
        label `pod` = `checkout-5f7d8-x2x`, `namespace` = `shop`; Pod `eu1/shop/checkout-5f7d8-x2x`; Service `checkout` by selector
    service=unclaimed, namespace=shop, pod=only-here
        unknown: 
        service –, workload –, candidates eu1/shop/unclaimed, us1/shop/unclaimed
        label `service` = `unclaimed`, `namespace` = `shop`; 2 Services of that name
    ");
}

#[test]
fn s19_by_workload() {
    assert_snapshot!(all(&[
        "deployment=checkout",
        "cluster=eu1, namespace=shop, replicaset=checkout-5f7d8",
        "statefulset=db, namespace=shop",
        "job_name=nightly",
        "deployment=unheard-of",
    ]), @r"
    deployment=checkout
        inherited: pay of eu1/shop/checkout
        service eu1/shop/checkout, workload checkout, candidates 
        label `deployment` = `checkout`; Deployment `eu1/shop/checkout`; Service `checkout` by selector
    cluster=eu1, namespace=shop, replicaset=checkout-5f7d8
        inherited: pay of eu1/shop/checkout
        service eu1/shop/checkout, workload checkout-5f7d8, candidates 
        label `replicaset` = `checkout-5f7d8`, `namespace` = `shop`, `cluster` = `eu1`; ReplicaSet `eu1/shop/checkout-5f7d8`; Service `checkout` by selector
    statefulset=db, namespace=shop
        inherited: ops of eu1/shop/cart
        service eu1/shop/cart, workload db, candidates 
        label `statefulset` = `db`, `namespace` = `shop`; StatefulSet `eu1/shop/db`; Service `cart` by selector
    job_name=nightly
        inherited: pay of eu1/shop/checkout
        service eu1/shop/checkout, workload nightly, candidates 
        label `job_name` = `nightly`; Job `eu1/shop/nightly`; Service `checkout` by selector
    deployment=unheard-of
        unknown: 
        service –, workload –, candidates 
        no label names anything that is known
    ");
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
    ]), @r"
    cluster=eu1, app=checkout
        guess: pay of eu1/shop/checkout
        service eu1/shop/checkout, workload –, candidates 
        label `app` = `checkout`, `cluster` = `eu1`; Service `eu1/shop/checkout`
    job=shop/cart
        guess: ops of eu1/shop/cart
        service eu1/shop/cart, workload –, candidates 
        label `job` = `cart`; Service `eu1/shop/cart`
    container=cart, node=n1
        guess: ops of eu1/shop/cart
        service eu1/shop/cart, workload –, candidates 
        label `container` = `cart`; Service `eu1/shop/cart`
    node=n1
        shared: ops of eu1/shop/cart, pay of eu1/shop/checkout
        service –, workload –, candidates 
        label `node` = `n1`: what runs on the node
    cluster=us1, node=n1
        unknown: 
        service –, workload –, candidates 
        no label names anything that is known
    node=n2
        unknown: 
        service –, workload –, candidates 
        no label names anything that is known
    alertname=Watchdog
        unknown: 
        service –, workload –, candidates 
        no label names anything that is known
    service= , app=cart
        guess: ops of eu1/shop/cart
        service eu1/shop/cart, workload –, candidates 
        label `app` = `cart`; Service `eu1/shop/cart`
    ");
}

#[test]
fn s19_what_is_around_a_workload_as_kube_state_metrics_names_it() {
    let topology = built(&format!(
        "{COMPANY}
    ingress eu1/shop/front refers=Service/shop/checkout
    persistentvolumeclaim eu1/shop/data
    statefulset eu1/shop/db labels=tier:web uid=s1 refers=PersistentVolumeClaim/shop/data
    horizontalpodautoscaler eu1/shop/checkout refers=Deployment/shop/checkout
    node eu1/n1"
    ));
    // What scraped it is named as well, in a namespace of its own.
    let scraped =
        "namespace=monitoring,service=kube-state-metrics,pod=ksm-0,exported_namespace=shop";
    for (label, expected) in [
        ("ingress=front", "pay of eu1/shop/checkout"),
        ("persistentvolumeclaim=data", "ops of eu1/shop/cart"),
        (
            "horizontalpodautoscaler=checkout",
            "pay of eu1/shop/checkout",
        ),
        ("hpa=checkout", "pay of eu1/shop/checkout"),
        ("node=n1", "ops of eu1/shop/cart"),
    ] {
        let found = resolved(&topology, &format!("{scraped},{label}"));
        assert!(found.contains(expected), "{label}: {found}");
        assert!(!found.contains("guess"), "{label}: {found}");
    }
}
