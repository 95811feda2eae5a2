//! `backstitch writeback` against a real API server: it writes, changes and takes away what is its own, and nothing else.
//!
//! Run by `cargo xtask test kubernetes-real`, which builds Kubernetes.

#![cfg(target_os = "linux")]

#[path = "common/mod.rs"]
mod common;

use common::{Folder, ID, NAMESPACE, component, group, stream};
use insta::assert_snapshot;
use serde_json::Value;
use testbed::kubernetes::{Cluster, Options, User};

const OBJECTS: &str = r"
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Service
metadata: {name: checkout, namespace: shop, annotations: {team.example/note: theirs}}
spec: {selector: {app: checkout}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop, annotations: {causely.ai/team: by hand}}
spec: {selector: {app: cart}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: nobodys, namespace: shop}
spec: {ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout, namespace: shop}
spec:
  selector: {matchLabels: {app: checkout}}
  template:
    metadata: {labels: {app: checkout}}
    spec: {containers: [{name: c, image: registry.invalid/c}]}
";

async fn cluster() -> Cluster {
    let cluster = Cluster::start(Options::default()).await;
    let cluster = cluster.unwrap_or_else(|error| panic!("{error}"));
    cluster.apply(OBJECTS).expect("objects");
    cluster
}

fn claims(name: &str, owner: &str) -> String {
    component(name, &[(ID, name), (NAMESPACE, "shop")], owner)
}

fn folder(cluster: &Cluster, components: &[String]) -> Folder {
    let folder = Folder::with(&[("kube.yaml", &cluster.kubeconfig_of(&User::ALL))]);
    catalog(&folder, components);
    folder
}

fn catalog(folder: &Folder, components: &[String]) {
    let groups = [group("pay"), group("web")];
    let all: Vec<String> = components.iter().chain(&groups).cloned().collect();
    folder.file("catalog.yaml", stream(&all));
}

/// What a run printed and how it ended.
async fn writeback(folder: &Folder, user: &str, args: &[&str]) -> String {
    let context = format!("prod={user}");
    let start = [
        "writeback",
        "--catalog",
        "catalog.yaml",
        "--kubeconfig",
        "kube.yaml",
    ];
    let args: Vec<&str> = start
        .into_iter()
        .chain(["--cluster", &context])
        .chain(args.iter().copied())
        .collect();
    let run = folder.run(args);
    // The cluster's processes need this thread as little as the runtime does.
    let shown = tokio::task::spawn_blocking(|| run.shown()).await;
    shown.expect("it ends")
}

/// Annotations of an object, those that kubectl itself keeps left out. None may be on the template of its pods.
fn annotations(cluster: &Cluster, object: &str) -> String {
    let text = cluster
        .kubectl(&["get", object, "-n", "shop", "-o", "json"], "")
        .unwrap_or_else(|error| panic!("{error}"));
    let object: Value = serde_json::from_str(&text).expect("JSON");
    let kept =
        |key: &str| !key.contains("last-applied") && !key.contains("deployment.kubernetes.io");
    let annotations = object["metadata"]["annotations"].as_object();
    let lines: Vec<String> = annotations
        .into_iter()
        .flatten()
        .filter(|(key, _)| kept(key))
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    // Another template would start the pods anew.
    let template = &object["spec"]["template"]["metadata"]["annotations"];
    assert!(template.is_null(), "{object:#}");
    lines.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_are_written_changed_and_taken_away_and_nothing_else_is() {
    let cluster = cluster().await;
    let all = [claims("checkout", "pay"), claims("cart", "web")];
    let folder = folder(&cluster, &all);
    let admin = User::Admin.name();

    let dry = writeback(&folder, admin, &["--dry-run", "--workloads"]).await;
    assert_snapshot!(dry, @r"
    exit 0
    ----- stdout
    Service prod/shop/cart
      + causely.ai/backstage-component: cart
      + causely.ai/backstage-owner-ref: group:default/web
    Service prod/shop/checkout
      + causely.ai/backstage-component: checkout
      + causely.ai/backstage-owner-ref: group:default/pay
      + causely.ai/team: Team pay
    Deployment prod/shop/checkout
      + causely.ai/backstage-component: checkout
      + causely.ai/backstage-owner-ref: group:default/pay
      + causely.ai/team: Team pay
    Service prod/shop/cart
      ! causely.ai/team: by hand by `kubectl-client-side-apply`, left alone; it should be Team web
    cluster prod: 3 objects to write, 0 as they should be, 1 annotation that somebody else has
    ----- stderr
    ");
    assert_snapshot!(annotations(&cluster, "service/checkout"), @"team.example/note=theirs");

    let applied = writeback(&folder, admin, &["--apply", "--workloads"]).await;
    assert!(
        applied.contains("cluster prod: 3 objects written"),
        "{applied}"
    );
    assert!(
        applied.starts_with("exit 1\n"),
        "what others have is told: {applied}"
    );
    assert_snapshot!(annotations(&cluster, "service/checkout"), @r"
    causely.ai/backstage-component=checkout
    causely.ai/backstage-owner-ref=group:default/pay
    causely.ai/team=Team pay
    team.example/note=theirs
    ");
    assert_snapshot!(annotations(&cluster, "service/cart"), @r"
    causely.ai/backstage-component=cart
    causely.ai/backstage-owner-ref=group:default/web
    causely.ai/team=by hand
    ");
    assert_snapshot!(annotations(&cluster, "deployment/checkout"), @r"
    causely.ai/backstage-component=checkout
    causely.ai/backstage-owner-ref=group:default/pay
    causely.ai/team=Team pay
    ");
    assert_eq!(annotations(&cluster, "service/nobodys"), "");

    // Again: there is nothing to do.
    let again = writeback(&folder, admin, &["--dry-run", "--workloads"]).await;
    assert!(
        again.contains("cluster prod: 0 objects to write, 3 as they should be"),
        "{again}"
    );

    // Another owner, and one that goes; what a person wrote on the object stays.
    catalog(&folder, &[claims("checkout", "web")]);
    writeback(&folder, admin, &["--apply", "--workloads"]).await;
    assert_snapshot!(annotations(&cluster, "service/checkout"), @r"
    causely.ai/backstage-component=checkout
    causely.ai/backstage-owner-ref=group:default/web
    causely.ai/team=Team web
    team.example/note=theirs
    ");
    assert_snapshot!(annotations(&cluster, "service/cart"), @"causely.ai/team=by hand");

    // S22: what cannot be read as a whole takes nothing away.
    folder.file(
        "catalog.yaml",
        "kind: Component\nmetadata: {name: [odd]}\n---\n".to_owned() + &group("pay"),
    );
    let kept = writeback(&folder, admin, &["--apply", "--workloads"]).await;
    assert!(kept.contains("no annotation is taken away"), "{kept}");
    assert!(annotations(&cluster, "service/checkout").contains("causely.ai/team=Team web"));
    catalog(&folder, &[]);
    writeback(&folder, admin, &["--apply", "--workloads"]).await;
    assert_snapshot!(annotations(&cluster, "service/checkout"), @"team.example/note=theirs");
    assert_eq!(annotations(&cluster, "deployment/checkout"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_write_is_told_what_to_grant() {
    let cluster = cluster().await;
    let folder = folder(&cluster, &[claims("checkout", "pay")]);
    let role = ["create", "clusterrole", "reads", "--verb=get,list,watch"];
    let kinds = "--resource=services,namespaces,pods,nodes,endpoints,persistentvolumeclaims";
    let admin = |args: &[&str]| {
        cluster
            .kubectl(args, "")
            .unwrap_or_else(|error| panic!("{error}"))
    };
    admin(&[&role[..], &[kinds]].concat());
    let reader = User::Reader.name();
    let subject = format!("--user={reader}");
    admin(&[
        "create",
        "clusterrolebinding",
        "reads",
        "--clusterrole=reads",
        &subject,
    ]);
    let refused = writeback(&folder, reader, &["--apply", "--keep"]).await;
    assert!(refused.starts_with("exit 2\n"), "{refused}");
    let (_, remedy) = refused.split_once("grant it with `").expect("a remedy");
    for command in remedy
        .split('`')
        .step_by(2)
        .filter(|it| it.starts_with("kubectl "))
    {
        let args: Vec<&str> = command.split(' ').skip(1).collect();
        admin(&args);
    }
    let written = writeback(&folder, reader, &["--apply", "--keep"]).await;
    assert!(
        written.contains("cluster prod: 1 object written"),
        "{written}"
    );
    let found = annotations(&cluster, "service/checkout");
    assert!(found.contains("causely.ai/team=Team pay"), "{found}");
}
