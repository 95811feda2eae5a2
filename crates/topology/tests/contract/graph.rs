//! What a graph shows, from each focus.

use std::fmt::Write;

use insta::assert_snapshot;
use topology::entity_ref::EntityRef;
use topology::graph::{Extent, Focus, What};
use topology::holder::Holder;
use topology::topology::Topology;
use topology::verdict::ServiceKey;

use crate::fixture::built;

const SHOP: &str = "
    instance main
    group pay
    group web
    component checkout kubernetes-id=checkout ns=shop owner=group:pay
    component cart kubernetes-id=cart ns=shop owner=group:web
    cluster eu1
    namespace eu1/shop
    service eu1/shop/checkout selector=app:checkout
    service eu1/shop/cart selector=app:cart
    service eu1/shop/legacy
    ingress eu1/shop/front refers=Service/shop/checkout,Service/shop/cart
    deployment eu1/shop/checkout labels=app:checkout uid=d1 refers=PersistentVolumeClaim/shop/data
    replicaset eu1/shop/checkout-1 labels=app:checkout uid=r1 controller=Deployment/checkout/d1
    replicaset eu1/shop/checkout-0 labels=app:checkout uid=r0 controller=Deployment/checkout/d1
    pod eu1/shop/checkout-1-a labels=app:checkout controller=ReplicaSet/checkout-1/r1 node=n1 refers=PersistentVolumeClaim/shop/data
    pod eu1/shop/checkout-1-b labels=app:checkout controller=ReplicaSet/checkout-1/r1 node=n2
    persistentvolumeclaim eu1/shop/data
    horizontalpodautoscaler eu1/shop/checkout refers=Deployment/shop/checkout
    statefulset eu1/shop/cart labels=app:cart uid=s1
    pod eu1/shop/cart-0 labels=app:cart controller=StatefulSet/cart/s1 node=n1
    pod eu1/shop/cart-1 labels=app:cart controller=StatefulSet/cart/s1 node=n1
    pod eu1/shop/cart-2 labels=app:cart controller=StatefulSet/cart/s1 node=n1
    pod eu1/shop/cart-3 labels=app:cart controller=StatefulSet/cart/s1 node=n2
    pod eu1/shop/cart-4 labels=app:cart controller=StatefulSet/cart/s1 node=n2
    pod eu1/shop/cart-5 labels=app:cart controller=StatefulSet/cart/s1
    endpoints eu1/shop/legacy service=legacy refers=Pod/shop/old
    pod eu1/shop/old node=n2
";

fn name(topology: &Topology, what: What<'_>) -> String {
    match what {
        What::Service(id) => format!("Service {}", topology.service(id).name),
        What::Component(id) => topology.component_ref(id).to_string(),
        What::Object(id) => {
            let it = topology.workload(id);
            format!("{} {}", it.kind.as_str(), it.name)
        }
        What::Pods(id) => format!("pods of {}", topology.workload(id).name),
        What::Node { name, .. } => format!("Node {name}"),
    }
}

fn drawn(topology: &Topology, focus: &Focus, depth: usize, nodes: usize) -> String {
    let graph = topology.graph(focus, Extent { depth, nodes });
    let names: Vec<String> = graph
        .nodes
        .iter()
        .map(|it| name(topology, it.what))
        .collect();
    let mut text = String::new();
    for (name, node) in names.iter().zip(&graph.nodes) {
        let owner = match node.holder {
            Holder::One { owner, .. } => format!(" of {}", topology.owner_ref(owner).name),
            Holder::Several => " of several".to_owned(),
            Holder::Nobody => String::new(),
        };
        let count = node
            .count
            .map_or(String::new(), |count| format!(" ×{count}"));
        let _ = writeln!(text, "{} {name}{count}{owner}", node.depth);
    }
    for edge in &graph.edges {
        let (from, to) = (&names[edge.from], &names[edge.to]);
        let _ = writeln!(text, "{from} {} {to}", edge.kind.as_str());
    }
    for hidden in &graph.hidden {
        let around = hidden.around.map_or("the focus", |at| &names[at]);
        let (kind, count) = (hidden.kind.as_str(), hidden.count);
        let _ = writeln!(
            text,
            "hidden by {:?} beside {around}: {count} {kind}",
            hidden.why
        );
    }
    text
}

fn of_service(topology: &Topology, name: &str) -> Focus {
    let key = ServiceKey {
        cluster: "eu1".into(),
        namespace: "shop".into(),
        name: name.into(),
    };
    Focus::Service(topology.find_service(&key).expect("it is there"))
}

#[test]
fn a_service_one_step_around() {
    let topology = built(SHOP);
    assert_snapshot!(drawn(&topology, &of_service(&topology, "checkout"), 1, 300), @r"
    0 Service checkout of pay
    1 component:default/checkout of pay
    1 Deployment checkout of pay
    1 Ingress front of several
    Service checkout selects Deployment checkout
    component:default/checkout is Service checkout
    Ingress front routes-to Service checkout
    hidden by Depth beside Deployment checkout: 2 Pod
    hidden by Depth beside Deployment checkout: 1 PersistentVolumeClaim
    hidden by Depth beside Deployment checkout: 1 HorizontalPodAutoscaler
    hidden by Depth beside Ingress front: 1 Service
    ");
}

#[test]
fn a_service_as_far_as_it_goes() {
    let topology = built(SHOP);
    assert_snapshot!(drawn(&topology, &of_service(&topology, "checkout"), 3, 300), @r"
    0 Service checkout of pay
    1 component:default/checkout of pay
    1 Deployment checkout of pay
    1 Ingress front of several
    2 Pod checkout-1-a of pay
    2 Pod checkout-1-b of pay
    2 HorizontalPodAutoscaler checkout of pay
    2 PersistentVolumeClaim data of pay
    2 Service cart of web
    3 Node n1 ×4
    3 Node n2 ×4
    3 component:default/cart of web
    3 StatefulSet cart of web
    Service checkout selects Deployment checkout
    component:default/checkout is Service checkout
    Deployment checkout owns Pod checkout-1-a
    Deployment checkout owns Pod checkout-1-b
    Deployment checkout mounts PersistentVolumeClaim data
    Ingress front routes-to Service checkout
    Ingress front routes-to Service cart
    Pod checkout-1-a runs-on Node n1
    Pod checkout-1-b runs-on Node n2
    HorizontalPodAutoscaler checkout scales Deployment checkout
    Service cart selects StatefulSet cart
    component:default/cart is Service cart
    hidden by Depth beside StatefulSet cart: 6 Pod
    ");
}

#[test]
fn a_service_without_a_selector() {
    let topology = built(SHOP);
    assert_snapshot!(drawn(&topology, &of_service(&topology, "legacy"), 3, 300), @r"
    0 Service legacy
    1 Pod old
    2 Node n2 ×4
    Service legacy leads-to Pod old
    Pod old runs-on Node n2
    ");
}

#[test]
fn an_owner_is_its_services() {
    let topology = built(SHOP);
    let web = topology.find_owners(&EntityRef::new("group", "default", "web"));
    assert_snapshot!(drawn(&topology, &Focus::Owner(web), 1, 300), @r"
    0 Service cart of web
    1 component:default/cart of web
    1 StatefulSet cart of web
    1 Ingress front of several
    Service cart selects StatefulSet cart
    component:default/cart is Service cart
    Ingress front routes-to Service cart
    hidden by Depth beside StatefulSet cart: 6 Pod
    hidden by Depth beside Ingress front: 1 Service
    ");
}

#[test]
fn a_namespace_cut_to_so_many_nodes_says_what_is_cut() {
    let topology = built(SHOP);
    let shop = Focus::Namespace {
        cluster: "eu1".into(),
        namespace: "shop".into(),
    };
    assert_snapshot!(drawn(&topology, &shop, 2, 2), @r"
    0 Service cart of web
    0 Service checkout of pay
    hidden by Limit beside the focus: 1 Service
    hidden by Limit beside Service cart: 1 Component
    hidden by Limit beside Service cart: 1 StatefulSet
    hidden by Limit beside Service cart: 1 Ingress
    hidden by Limit beside Service checkout: 1 Component
    hidden by Limit beside Service checkout: 1 Deployment
    ");
    assert_snapshot!(drawn(&topology, &shop, 2, 6), @r"
    0 Service cart of web
    0 Service checkout of pay
    0 Service legacy
    1 component:default/cart of web
    1 StatefulSet cart of web
    1 Ingress front of several
    Service cart selects StatefulSet cart
    component:default/cart is Service cart
    Ingress front routes-to Service cart
    Ingress front routes-to Service checkout
    hidden by Limit beside Service checkout: 1 Component
    hidden by Limit beside Service checkout: 1 Deployment
    hidden by Limit beside Service legacy: 1 Pod
    hidden by Limit beside StatefulSet cart: 6 Pod
    ");
}

#[test]
fn dependencies_lead_from_service_to_service_within_a_cluster() {
    let topology = built(
        "
        instance main
        group pay
        component web kubernetes-id=web ns=shop depends-on=component:cart,component:batch,component:gone,resource:db
        component cart kubernetes-id=cart ns=shop owner=pay
        component batch owner=pay depends-on=component:cart
        component far kubernetes-id=far ns=shop dependency-of=component:batch
        cluster eu1
        service eu1/shop/web
        service eu1/shop/cart
        cluster us1
        service us1/shop/cart
        service us1/shop/far
    ",
    );
    let web = of_service(&topology, "web");
    assert_snapshot!(drawn(&topology, &web, 1, 300), @r"
    0 Service web
    1 component:default/web
    1 component:default/batch of pay
    1 Service cart of pay
    Service web depends-on component:default/batch
    Service web depends-on Service cart
    component:default/web is Service web
    component:default/batch depends-on Service cart
    hidden by Depth beside component:default/batch: 2 Service
    hidden by Depth beside Service cart: 1 Component
    ");
    assert_snapshot!(drawn(&topology, &web, 3, 300), @r"
    0 Service web
    1 component:default/web
    1 component:default/batch of pay
    1 Service cart of pay
    2 Service cart of pay
    2 Service far
    2 component:default/cart of pay
    3 component:default/far
    Service web depends-on component:default/batch
    Service web depends-on Service cart
    component:default/web is Service web
    component:default/batch depends-on Service cart
    component:default/batch depends-on Service cart
    component:default/batch depends-on Service far
    component:default/cart is Service cart
    component:default/cart is Service cart
    component:default/far is Service far
    ");
    assert_snapshot!(drawn(&topology, &of_service(&topology, "cart"), 1, 300), @r"
    0 Service cart of pay
    1 component:default/cart of pay
    1 component:default/batch of pay
    1 Service web
    component:default/cart is Service cart
    component:default/batch depends-on Service cart
    Service web depends-on Service cart
    Service web depends-on component:default/batch
    hidden by Depth beside component:default/cart: 1 Service
    hidden by Depth beside component:default/batch: 1 Service
    hidden by Depth beside Service web: 1 Component
    ");
}
