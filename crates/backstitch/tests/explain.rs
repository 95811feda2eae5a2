//! `backstitch explain` and `backstitch owner` over sources.

mod common;

use common::{Folder, ID, component, group, run, service, stream};

const SHOP: [&str; 4] = [
    "--catalog",
    "examples/shop/catalog",
    "--cluster",
    "examples/shop/k8s",
];
const DEMO: [&str; 2] = ["--config", "examples/demo/backstitch.yaml"];

fn shop(args: &[&str]) -> String {
    run([args, &SHOP].concat()).shown()
}

fn demo(args: &[&str]) -> String {
    run([args, &DEMO].concat()).shown()
}

#[test]
fn a_component_that_is_stitched() {
    insta::assert_snapshot!(shop(&["explain", "component:default/cart"]));
}

#[test]
fn a_component_whose_service_is_not_found() {
    insta::assert_snapshot!(shop(&["explain", "recommendations"]));
}

#[test]
fn a_component_that_is_ambiguous() {
    insta::assert_snapshot!(shop(&["explain", "login-store"]));
}

#[test]
fn a_component_that_loses_a_conflict_in_two_clusters() {
    insta::assert_snapshot!(demo(&["explain", "slo-reports"]));
}

#[test]
fn a_component_that_is_invalid() {
    insta::assert_snapshot!(demo(&["explain", "component:cross-border/hs-classifier"]));
}

#[test]
fn a_service() {
    insta::assert_snapshot!(demo(&["explain", "eu-central-1/tracking/tracking-web"]));
}

#[test]
fn a_service_that_nobody_claims() {
    insta::assert_snapshot!(shop(&["explain", "service/shop/redis"]));
}

#[test]
fn a_deployment_that_is_shared() {
    insta::assert_snapshot!(demo(&[
        "explain",
        "deploy/eu-central-1/dispatch/dispatch-core"
    ]));
}

#[test]
fn a_daemon_set_that_nothing_selects() {
    insta::assert_snapshot!(demo(&[
        "explain",
        "ds/eu-central-1/observability/log-shipper"
    ]));
}

#[test]
fn a_subject_that_is_not_there() {
    insta::assert_snapshot!(shop(&["explain", "shop/crat"]));
}

#[test]
fn a_subject_that_is_several_things() {
    insta::assert_snapshot!(shop(&["explain", "service/redis"]));
}

#[test]
fn a_subject_that_cannot_be_explained() {
    insta::assert_snapshot!(shop(&["explain", "group:default/web"]));
}

#[test]
fn json_and_yaml_are_the_answer_of_the_api() {
    let json = run([&["explain", "cart", "-o", "json"], &SHOP[..]].concat()).printed();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let explanation: api::Explanation =
        serde_json::from_value(json.clone()).expect("an explanation");
    assert!(
        matches!(explanation, api::Explanation::Component { verdicts, .. } if verdicts.len() == 1)
    );
    let yaml = run([&["explain", "cart", "-o", "yaml"], &SHOP[..]].concat()).printed();
    let mut yaml: serde_json::Value = serde_saphyr::from_str(&yaml).expect("YAML");
    // The second in which it was read may differ.
    yaml["verdicts"][0]["read_at"] = json["verdicts"][0]["read_at"].clone();
    assert_eq!(json, yaml);
}

#[test]
fn the_owner_of_a_service() {
    insta::assert_snapshot!(shop(&["owner", "shop/cart"]));
}

#[test]
fn the_owner_of_a_service_with_its_cluster() {
    insta::assert_snapshot!(shop(&["owner", "k8s/payments/fraud-check"]));
}

#[test]
fn the_owners_of_what_is_shared() {
    insta::assert_snapshot!(demo(&[
        "owner",
        "deployment/eu-central-1/dispatch/dispatch-core"
    ]));
}

#[test]
fn the_owner_of_a_pod_that_is_gone() {
    insta::assert_snapshot!(shop(&["owner", "pod/shop/cart-5d8f6c7b9-zzzzz"]));
}

#[test]
fn the_owner_of_a_component() {
    insta::assert_snapshot!(demo(&["owner", "component:default/address-validator"]));
}

#[test]
fn nobody_owns_a_service_that_is_unclaimed() {
    insta::assert_snapshot!(shop(&["owner", "shop/redis"]));
}

#[test]
fn nobody_owns_a_service_whose_component_has_no_owner() {
    insta::assert_snapshot!(demo(&["owner", "eu-central-1/hubs/dimensioning-gateway"]));
}

#[test]
fn nobody_owns_what_no_service_selects() {
    insta::assert_snapshot!(demo(&[
        "owner",
        "ds/eu-central-1/observability/log-shipper"
    ]));
}

#[test]
fn nobody_owns_a_component_without_owner() {
    insta::assert_snapshot!(demo(&["owner", "traffic-feed"]));
}

#[test]
fn an_owner_of_nothing() {
    insta::assert_snapshot!(demo(&["owner", "eu-central-1/booking/boking-api"]));
}

#[test]
fn an_owner_as_json() {
    insta::assert_snapshot!(shop(&["owner", "shop/cart", "-o", "json"]));
}

/// A Service with everything around it: what leads to it, mounts, scales and runs.
fn surrounded() -> Folder {
    let objects = r"
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  template:
    metadata: {labels: {app: cart}}
    spec:
      volumes: [{name: a, persistentVolumeClaim: {claimName: carts}}]
      containers: [{name: a, env: [{name: TOKEN, value: correct-horse}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: cart-1, namespace: shop, labels: {app: cart}, annotations: {a: correct-horse}}
spec: {nodeName: node-1}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: carts, namespace: shop}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: unused, namespace: shop}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: cart, namespace: shop}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: cart}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: shop}
spec: {defaultBackend: {service: {name: cart}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: front, namespace: edge}
spec: {rules: [{backendRefs: [{name: cart, namespace: shop}]}]}
---
apiVersion: v1
kind: Node
metadata: {name: node-1}
";
    let catalog = [component("cart", &[(ID, "cart")], "web"), group("web")];
    let cluster = [service("shop", "cart"), objects.to_owned()];
    Folder::with(&[
        ("catalog.yaml", &stream(&catalog)),
        ("k8s/all.yaml", &stream(&cluster)),
    ])
}

fn asked(folder: &Folder, command: &str, subject: &str) -> String {
    let sources = ["--catalog", "catalog.yaml", "--cluster", "k8s"];
    folder
        .run([&[command, subject][..], &sources].concat())
        .shown()
}

#[test]
fn s19_the_owners_of_what_is_around_a_service() {
    let folder = surrounded();
    for (subject, named, way) in [
        (
            "ing/shop/front",
            "Ingress k8s/shop/front",
            "Service `cart` by backend",
        ),
        (
            "httproute/front",
            "HTTPRoute k8s/edge/front",
            "Service `cart` by backend",
        ),
        (
            "pvc/shop/carts",
            "PersistentVolumeClaim k8s/shop/carts",
            "Deployment `cart` by volume of it",
        ),
        (
            "hpa/k8s/shop/cart",
            "HorizontalPodAutoscaler k8s/shop/cart",
            "Deployment `cart` by scale target",
        ),
        ("no/node-1", "", "what runs on the node"),
        ("node/k8s/node-1", "", "what runs on the node"),
    ] {
        let shown = asked(&folder, "owner", subject);
        for text in ["exit 0", "Team web", named, way] {
            assert!(shown.contains(text), "{subject}: no `{text}` in\n{shown}");
        }
        let shown = asked(&folder, "explain", subject);
        for text in ["exit 0", "Team web", "From Service k8s/shop/cart"] {
            assert!(shown.contains(text), "{subject}: no `{text}` in\n{shown}");
        }
    }
    let shown = asked(&folder, "owner", "pvc/shop/unused");
    assert!(
        shown.contains("nothing that a Service selects mounts it"),
        "{shown}"
    );
}

#[test]
fn s19_a_service_shows_what_is_around_it_and_nothing_secret() {
    let folder = surrounded();
    let shown = asked(&folder, "explain", "service/shop/cart");
    for text in [
        "In front of it",
        "Ingress front",
        "HTTPRoute front",
        "Claims mounted behind it",
        "PersistentVolumeClaim carts",
        "Autoscalers of what is behind it",
        "Nodes that its pods run on",
        "Node node-1",
    ] {
        assert!(shown.contains(text), "no `{text}` in\n{shown}");
    }
    let json = folder.run([
        "explain",
        "service/shop/cart",
        "--catalog",
        "catalog.yaml",
        "--cluster",
        "k8s",
        "-o",
        "json",
    ]);
    let json = json.printed();
    assert!(!json.contains("correct-horse"), "{json}");
    assert!(!json.contains("unused"), "{json}");
}
