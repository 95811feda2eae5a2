//! S19: ownership flows from a Service to what is behind it.

use std::fmt::Write;

use insta::assert_snapshot;
use topology::topology::{Topology, WorkloadId};

use crate::fixture::built;
use crate::fixture::render::all_services;

fn name(topology: &Topology, id: WorkloadId) -> String {
    let it = topology.workload(id);
    format!("{} {}", it.kind.as_str(), it.place())
}

/// What is behind each Service, and for every object the Services it inherits from, with the way there.
fn inheritance(fixture: &str) -> String {
    let topology = built(fixture);
    let mut text = String::new();
    for id in all_services(&topology) {
        let behind: Vec<String> = topology
            .behind(id)
            .into_iter()
            .map(|id| name(&topology, id))
            .collect();
        let _ = writeln!(
            text,
            "{}: {}",
            topology.service(id).key(),
            behind.join(", ")
        );
    }
    let mut objects: Vec<(String, WorkloadId)> = topology
        .clusters()
        .flat_map(|(cluster, _)| topology.workloads_of(cluster))
        .map(|id| (name(&topology, id), id))
        .collect();
    objects.sort();
    for (name, id) in objects {
        let inherited = topology.inherited(id);
        let owners: Vec<String> = inherited
            .iter()
            .map(|it| {
                let owner = topology.service(it.service).owner;
                let owner =
                    owner.map_or("nobody".to_owned(), |id| topology.owner_ref(id).name.into());
                let way: Vec<String> = it
                    .path
                    .iter()
                    .map(|hop| format!("{} {} by {}", hop.kind, hop.name, hop.by))
                    .collect();
                format!("{owner} ({})", way.join(", "))
            })
            .collect();
        let _ = writeln!(text, "{name}: {}", owners.join("; "));
    }
    text
}

const OWNED: &str = "
    instance main
    cluster eu1
    group pay
    group ops
    component checkout kubernetes-id=checkout owner=pay
    component cart kubernetes-id=cart owner=ops
";

#[test]
fn s19_to_pods_and_their_controllers_and_endpoints() {
    assert_snapshot!(inheritance(&format!("
        {OWNED}
        service eu1/shop/checkout selector=app:checkout
        deployment eu1/shop/checkout labels=app:checkout uid=d1
        replicaset eu1/shop/checkout-abc labels=app:checkout,hash:abc uid=r1 controller=Deployment/checkout/d1
        pod eu1/shop/checkout-abc-1 labels=app:checkout,hash:abc uid=p1 controller=ReplicaSet/checkout-abc/r1 node=n1
        pod eu1/shop/cart-1 labels=app:cart uid=p2
        pod eu1/other/checkout-abc-1 labels=app:checkout uid=p3
        endpointslice eu1/shop/checkout-x7 service=checkout
        endpoints eu1/shop/checkout service=checkout
        endpointslice eu1/other/checkout-x7 service=checkout
    ")), @r"
    eu1/shop/checkout: Deployment eu1/shop/checkout, ReplicaSet eu1/shop/checkout-abc, Pod eu1/shop/checkout-abc-1, EndpointSlice eu1/shop/checkout-x7, Endpoints eu1/shop/checkout
    Deployment eu1/shop/checkout: pay (Service checkout by selector)
    EndpointSlice eu1/other/checkout-x7: 
    EndpointSlice eu1/shop/checkout-x7: pay (Service checkout by service name of the endpoints)
    Endpoints eu1/shop/checkout: pay (Service checkout by service name of the endpoints)
    Pod eu1/other/checkout-abc-1: 
    Pod eu1/shop/cart-1: 
    Pod eu1/shop/checkout-abc-1: pay (Service checkout by selector)
    ReplicaSet eu1/shop/checkout-abc: pay (Service checkout by selector)
    ");
}

#[test]
fn s19_services_with_different_owners_share_a_workload() {
    assert_snapshot!(inheritance(&format!("
        {OWNED}
        service eu1/shop/checkout selector=app:web
        service eu1/shop/cart selector=app:web,tier:front
        service eu1/shop/nobody selector=tier:front
        service eu1/shop/other selector=app:web,tier:back
        pod eu1/shop/web-1 labels=app:web,tier:front
    ")), @r"
    eu1/shop/cart: Pod eu1/shop/web-1
    eu1/shop/checkout: Pod eu1/shop/web-1
    eu1/shop/nobody: Pod eu1/shop/web-1
    eu1/shop/other: 
    Pod eu1/shop/web-1: ops (Service cart by selector); pay (Service checkout by selector); nobody (Service nobody by selector)
    ");
}

#[test]
fn s19_a_selector_that_is_empty_or_of_an_external_name_selects_nothing() {
    assert_snapshot!(inheritance(&format!("
        {OWNED}
        service eu1/shop/checkout
        service eu1/shop/cart selector=app:web external-name
        pod eu1/shop/web-1 labels=app:web
        pod eu1/shop/bare-1
    ")), @r"
    eu1/shop/cart: 
    eu1/shop/checkout: 
    Pod eu1/shop/bare-1: 
    Pod eu1/shop/web-1:
    ");
}

#[test]
fn s19_a_controller_is_told_by_its_uid_and_by_its_name_only_where_there_is_none() {
    assert_snapshot!(inheritance(&format!("
        {OWNED}
        service eu1/shop/checkout selector=app:web
        statefulset eu1/shop/again uid=new
        statefulset eu1/shop/manifest
        pod eu1/shop/again-0 labels=app:web controller=StatefulSet/again/old
        pod eu1/shop/manifest-0 labels=app:web controller=StatefulSet/manifest/any
        pod eu1/shop/custom-0 labels=app:web controller=Rollout/custom/r1
    ")), @r"
    eu1/shop/checkout: StatefulSet eu1/shop/manifest, Pod eu1/shop/again-0, Pod eu1/shop/custom-0, Pod eu1/shop/manifest-0
    Pod eu1/shop/again-0: pay (Service checkout by selector)
    Pod eu1/shop/custom-0: pay (Service checkout by selector)
    Pod eu1/shop/manifest-0: pay (Service checkout by selector)
    StatefulSet eu1/shop/again: 
    StatefulSet eu1/shop/manifest: pay (Pod manifest-0 by owner reference to it, Service checkout by selector)
    ");
}

#[test]
fn s19_ownership_flows_up_from_a_pod_that_a_template_does_not_describe() {
    // The label of one pod of a StatefulSet is written by its controller, not by its template.
    assert_snapshot!(inheritance(&format!("
        {OWNED}
        service eu1/shop/checkout selector=pod-name:db-0
        statefulset eu1/shop/db labels=app:db uid=s1
        pod eu1/shop/db-0 labels=app:db,pod-name:db-0 controller=StatefulSet/db/s1
        pod eu1/shop/db-1 labels=app:db,pod-name:db-1 controller=StatefulSet/db/s1
    ")), @r"
    eu1/shop/checkout: StatefulSet eu1/shop/db, Pod eu1/shop/db-0
    Pod eu1/shop/db-0: pay (Service checkout by selector)
    Pod eu1/shop/db-1: 
    StatefulSet eu1/shop/db: pay (Pod db-0 by owner reference to it, Service checkout by selector)
    ");
}

#[test]
fn s19_jobs_of_a_cron_job() {
    assert_snapshot!(inheritance(&format!("
        {OWNED}
        service eu1/shop/checkout selector=job:nightly
        cronjob eu1/shop/nightly uid=c1
        job eu1/shop/nightly-1 labels=job:nightly uid=j1 controller=CronJob/nightly/c1
        pod eu1/shop/nightly-1-x labels=job:nightly controller=Job/nightly-1/j1
    ")), @r"
    eu1/shop/checkout: Job eu1/shop/nightly-1, CronJob eu1/shop/nightly, Pod eu1/shop/nightly-1-x
    CronJob eu1/shop/nightly: pay (Job nightly-1 by owner reference to it, Service checkout by selector)
    Job eu1/shop/nightly-1: pay (Service checkout by selector)
    Pod eu1/shop/nightly-1-x: pay (Service checkout by selector)
    ");
}

#[test]
fn s19_controllers_in_a_circle_end() {
    assert_snapshot!(inheritance(&format!("
        {OWNED}
        service eu1/shop/checkout selector=app:a
        replicaset eu1/shop/a labels=app:a uid=a controller=ReplicaSet/b/b
        replicaset eu1/shop/b labels=app:b uid=b controller=ReplicaSet/a/a
        replicaset eu1/shop/self uid=self controller=ReplicaSet/self/self
    ")), @r"
    eu1/shop/checkout: ReplicaSet eu1/shop/a, ReplicaSet eu1/shop/b
    ReplicaSet eu1/shop/a: pay (Service checkout by selector)
    ReplicaSet eu1/shop/b: pay (ReplicaSet a by owner reference, Service checkout by selector)
    ReplicaSet eu1/shop/self:
    ");
}

#[test]
fn s19_it_follows_what_changes() {
    assert_snapshot!(inheritance(&format!("
        {OWNED}
        service eu1/shop/checkout selector=app:web
        deployment eu1/shop/web labels=app:web uid=d1
        pod eu1/shop/web-1 labels=app:web controller=Deployment/web/d1
        pod eu1/shop/web-2 labels=app:web controller=Deployment/web/d1
        endpointslice eu1/shop/web-x service=checkout
        apply
        service eu1/shop/checkout selector=app:next
        service eu1/shop/cart selector=app:web
        deployment eu1/shop/web labels=app:web uid=d2
        remove Pod eu1/shop/web-2
        remove EndpointSlice eu1/shop/web-x
    ")), @r"
    eu1/shop/cart: Deployment eu1/shop/web, Pod eu1/shop/web-1
    eu1/shop/checkout: 
    Deployment eu1/shop/web: ops (Service cart by selector)
    Pod eu1/shop/web-1: ops (Service cart by selector)
    ");
}

#[test]
fn s19_the_order_of_arrival_does_not_show() {
    let objects = [
        "service eu1/shop/checkout selector=app:web",
        "service eu1/shop/cart selector=tier:front",
        "statefulset eu1/shop/web uid=s1",
        "pod eu1/shop/web-0 labels=app:web,tier:front controller=StatefulSet/web/s1",
        "pod eu1/shop/web-1 labels=app:web,tier:front controller=StatefulSet/web/s1",
        "pod eu1/shop/web-2 labels=app:web,tier:front controller=StatefulSet/web/s1",
    ];
    let forwards = inheritance(&format!("{OWNED}\n{}", objects.join("\n")));
    let mut reversed = objects;
    reversed.reverse();
    assert_eq!(
        inheritance(&format!("{OWNED}\n{}", reversed.join("\n"))),
        forwards
    );
}

#[test]
fn s19_pods_that_only_endpoints_name_are_behind_a_service_without_selector() {
    assert_snapshot!(inheritance(&format!("
        {OWNED}
        service eu1/shop/checkout
        service eu1/shop/cart selector=app:cart
        pod eu1/shop/db-0 labels=app:db
        pod eu1/shop/db-1 labels=app:db
        endpointslice eu1/shop/checkout-x service=checkout refers=Pod/shop/db-0,Pod/shop/gone
        endpoints eu1/shop/cart service=cart refers=Pod/shop/db-1
    ")), @r"
    eu1/shop/cart: Endpoints eu1/shop/cart
    eu1/shop/checkout: Pod eu1/shop/db-0, EndpointSlice eu1/shop/checkout-x
    EndpointSlice eu1/shop/checkout-x: pay (Service checkout by service name of the endpoints)
    Endpoints eu1/shop/cart: ops (Service cart by service name of the endpoints)
    Pod eu1/shop/db-0: pay (Service checkout by address of its endpoints)
    Pod eu1/shop/db-1:
    ");
}

#[test]
fn s19_ingresses_and_routes_have_the_owners_of_the_services_that_they_lead_to() {
    assert_snapshot!(inheritance(&format!("
        {OWNED}
        service eu1/shop/checkout selector=app:web
        service eu1/shop/cart selector=app:cart
        ingress eu1/shop/front refers=Service/shop/checkout,Service/shop/cart,Service/shop/gone
        httproute eu1/edge/route refers=Service/shop/checkout
        grpcroute eu1/edge/nowhere refers=Service/edge/checkout
    ")), @r"
    eu1/shop/cart: 
    eu1/shop/checkout: 
    GRPCRoute eu1/edge/nowhere: 
    HTTPRoute eu1/edge/route: pay (Service checkout by backend)
    Ingress eu1/shop/front: ops (Service cart by backend); pay (Service checkout by backend)
    ");
}

#[test]
fn s19_claims_have_the_owners_of_what_mounts_them() {
    assert_snapshot!(inheritance(&format!("
        {OWNED}
        service eu1/shop/checkout selector=app:web
        service eu1/shop/cart selector=app:db
        deployment eu1/shop/web labels=app:web refers=PersistentVolumeClaim/shop/assets
        statefulset eu1/shop/db labels=app:db refers=ClaimTemplate/shop/data-db
        pod eu1/shop/db-0 labels=app:db refers=PersistentVolumeClaim/shop/assets
        persistentvolumeclaim eu1/shop/assets
        persistentvolumeclaim eu1/shop/data-db-7 refers=ClaimTemplate/shop/data-db
        persistentvolumeclaim eu1/shop/data-web-0 refers=ClaimTemplate/shop/data-web
        persistentvolumeclaim eu1/other/assets
    ")), @r"
    eu1/shop/cart: StatefulSet eu1/shop/db, Pod eu1/shop/db-0
    eu1/shop/checkout: Deployment eu1/shop/web
    Deployment eu1/shop/web: pay (Service checkout by selector)
    PersistentVolumeClaim eu1/other/assets: 
    PersistentVolumeClaim eu1/shop/assets: ops (Pod db-0 by volume of it, Service cart by selector); pay (Deployment web by volume of it, Service checkout by selector)
    PersistentVolumeClaim eu1/shop/data-db-7: ops (StatefulSet db by volume of it, Service cart by selector)
    PersistentVolumeClaim eu1/shop/data-web-0: 
    Pod eu1/shop/db-0: ops (Service cart by selector)
    StatefulSet eu1/shop/db: ops (Service cart by selector)
    ");
}

#[test]
fn s19_autoscalers_have_the_owners_of_their_target_and_nodes_list_those_of_their_pods() {
    assert_snapshot!(inheritance(&format!("
        {OWNED}
        service eu1/shop/checkout selector=app:web
        service eu1/shop/cart selector=app:cart
        deployment eu1/shop/web labels=app:web uid=d1
        pod eu1/shop/web-1 labels=app:web controller=Deployment/web/d1 node=n1
        pod eu1/shop/cart-1 labels=app:cart node=n1
        horizontalpodautoscaler eu1/shop/web refers=Deployment/shop/web
        horizontalpodautoscaler eu1/shop/itself refers=HorizontalPodAutoscaler/shop/itself
        node eu1/n1
        node eu1/n2
    ")), @r"
    eu1/shop/cart: Pod eu1/shop/cart-1
    eu1/shop/checkout: Deployment eu1/shop/web, Pod eu1/shop/web-1
    Deployment eu1/shop/web: pay (Service checkout by selector)
    HorizontalPodAutoscaler eu1/shop/itself: 
    HorizontalPodAutoscaler eu1/shop/web: pay (Deployment web by scale target, Service checkout by selector)
    Node eu1/n1: ops (Pod cart-1 by node name of it, Service cart by selector); pay (Pod web-1 by node name of it, Service checkout by selector)
    Node eu1/n2: 
    Pod eu1/shop/cart-1: ops (Service cart by selector)
    Pod eu1/shop/web-1: pay (Service checkout by selector)
    ");
}

#[test]
fn s19_what_is_around_a_service() {
    let topology = built(&format!(
        "
        {OWNED}
        service eu1/shop/checkout selector=app:web
        deployment eu1/shop/web labels=app:web uid=d1 refers=PersistentVolumeClaim/shop/assets
        replicaset eu1/shop/web-abc labels=app:web,hash:abc uid=r1 controller=Deployment/web/d1
        pod eu1/shop/web-abc-1 labels=app:web,hash:abc controller=ReplicaSet/web-abc/r1 node=n2
        pod eu1/shop/web-abc-2 labels=app:web,hash:abc controller=ReplicaSet/web-abc/r1 node=n1
        statefulset eu1/shop/db labels=app:web refers=ClaimTemplate/shop/data-db
        persistentvolumeclaim eu1/shop/assets
        persistentvolumeclaim eu1/shop/data-db-0 refers=ClaimTemplate/shop/data-db
        persistentvolumeclaim eu1/shop/unused
        horizontalpodautoscaler eu1/shop/web refers=Deployment/shop/web
        horizontalpodautoscaler eu1/shop/other refers=Deployment/shop/other
        ingress eu1/shop/front refers=Service/shop/checkout
        httproute eu1/edge/route refers=Service/shop/checkout
        httproute eu1/edge/elsewhere refers=Service/edge/checkout
        node eu1/n1
    "
    ));
    let [service] = all_services(&topology)[..] else {
        panic!("one Service");
    };
    let around = topology.around(service, &topology.behind(service));
    let names = |ids: Vec<WorkloadId>| -> Vec<String> {
        ids.into_iter().map(|id| name(&topology, id)).collect()
    };
    assert_eq!(
        names(around.in_front),
        ["HTTPRoute eu1/edge/route", "Ingress eu1/shop/front"]
    );
    assert_eq!(
        names(around.claims),
        [
            "PersistentVolumeClaim eu1/shop/assets",
            "PersistentVolumeClaim eu1/shop/data-db-0"
        ]
    );
    assert_eq!(
        names(around.autoscalers),
        ["HorizontalPodAutoscaler eu1/shop/web"]
    );
    assert_eq!(around.nodes, ["n1".into(), "n2".into()] as [Box<str>; 2]);
}
