//! `backstitch doctor` against a real API server: every permission that is missing is named with the commands that grant it, and
//! these do.
//!
//! Run by `cargo xtask test kubernetes-real`, which builds Kubernetes.

#![cfg(target_os = "linux")]

#[path = "common/mod.rs"]
mod common;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use common::{Folder, ID, component, group, stream};
use serde_json::{Value, json};
use testbed::kubernetes::{Cluster, Options, User};

/// What a dead API server may cost: the time of one answer, and what the rest takes.
const DEAD_AFTER: Duration = Duration::from_secs(25);

const NAMESPACES: &str = r"
apiVersion: v1
kind: Namespace
metadata: {name: causely}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Secret
metadata: {name: named, namespace: causely}
stringData: {endpoint: 'http://127.0.0.1:1', token: s3ntinel}
---
apiVersion: v1
kind: Secret
metadata: {name: found, namespace: causely, labels: {causely.ai/scraper: Backstage}}
stringData: {endpoint: 's3ntinel', token: s3ntinel}
";

async fn cluster() -> Cluster {
    let cluster = Cluster::start(Options::default()).await;
    let cluster = cluster.unwrap_or_else(|error| panic!("{error}"));
    cluster.apply(NAMESPACES).expect("namespaces and Secrets");
    cluster
}

/// A folder with the kubeconfig of everybody, a catalog of files, and a configuration with these clusters.
fn folder(cluster: &Cluster, clusters: &str) -> Folder {
    let catalog = stream(&[component("cart", &[(ID, "cart")], "web"), group("web")]);
    let folder = Folder::with(&[
        ("kube.yaml", &cluster.kubeconfig_of(&User::ALL)),
        ("catalog.yaml", &catalog),
    ]);
    configure(&folder, "{name: files, path: catalog.yaml}", clusters);
    folder
}

fn configure(folder: &Folder, instance: &str, clusters: &str) {
    folder.file(
        "backstitch.yaml",
        format!(
            "store: backstitch.db\nscrapers: {{backstage: {{instances: [{instance}]}}}}\nclusters: {clusters}\n"
        ),
    );
}

/// The exit status, and the document.
async fn doctor(folder: &Folder) -> (Option<i32>, Value) {
    let run = folder.run(["doctor", "--config", "backstitch.yaml", "-o", "json"]);
    // The cluster's processes need this thread as little as the runtime does.
    let output = tokio::task::spawn_blocking(|| run.output()).await;
    let output = output.expect("it ends");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(!text.contains("s3ntinel"), "{text}");
    let document = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    (output.status.code(), document)
}

/// `about/name/check` of those that came to this.
fn having(document: &Value, outcome: &str) -> Vec<String> {
    let checks = document["checks"].as_array().expect("checks");
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    checks
        .iter()
        .filter(|row| row["outcome"] == outcome)
        .map(|row| {
            format!(
                "{}/{}/{}",
                text(row, "about"),
                text(row, "name"),
                text(row, "check")
            )
        })
        .collect()
}

/// Runs every command that a failure names, as somebody who may do everything.
fn obey(cluster: &Cluster, document: &Value) {
    let checks = document["checks"].as_array().expect("checks");
    let failed = checks.iter().filter(|row| row["outcome"] == "fail");
    let remedies: Vec<&str> = failed.filter_map(|row| row["remedy"].as_str()).collect();
    let commands: BTreeSet<&str> = remedies
        .iter()
        .flat_map(|remedy| remedy.split('`').skip(1).step_by(2))
        .filter(|command| command.starts_with("kubectl "))
        .collect();
    assert!(!commands.is_empty(), "{document:#}");
    for command in commands {
        let arguments: Vec<&str> = command.split(' ').skip(1).collect();
        cluster
            .kubectl(&arguments, "")
            .unwrap_or_else(|error| panic!("{command}: {error}"));
    }
}

const KINDS: [&str; 13] = [
    "services",
    "namespaces",
    "endpointslices.discovery.k8s.io",
    "deployments.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "replicasets.apps",
    "jobs.batch",
    "cronjobs.batch",
    "ingresses.networking.k8s.io",
    "persistentvolumeclaims",
    "horizontalpodautoscalers.autoscaling",
    "nodes",
];

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_do_nothing_is_told_what_to_grant_and_then_all_is_well() {
    let cluster = cluster().await;
    let folder = folder(
        &cluster,
        "[{name: prod, context: nobody, kubeconfig: kube.yaml}]",
    );
    let (status, document) = doctor(&folder).await;
    assert_eq!(status, Some(1), "{document:#}");
    let mut missing: Vec<String> = KINDS
        .iter()
        .chain(&["pods"])
        .map(|kind| format!("cluster/prod/{kind}"))
        .collect();
    assert_eq!(having(&document, "fail"), missing, "{document:#}");
    missing.clear();

    obey(&cluster, &document);
    let (status, document) = doctor(&folder).await;
    assert_eq!(
        (status, having(&document, "fail")),
        (Some(0), missing),
        "{document:#}"
    );
    assert!(having(&document, "warn").is_empty(), "{document:#}");
    // What is no part of Kubernetes itself is not there.
    let notes = having(&document, "note");
    assert!(notes.contains(&"cluster/prod/httproutes.gateway.networking.k8s.io".to_owned()));
    let ok = having(&document, "ok");
    assert!(ok.contains(&"cluster/prod/api-server".to_owned()), "{ok:?}");
    assert!(ok.contains(&"cluster/prod/clock".to_owned()), "{ok:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn namespaces_and_their_secrets_need_roles_of_their_own_alone() {
    let cluster = cluster().await;
    let folder = folder(&cluster, "");
    configure(
        &folder,
        "{secretName: named, namespace: causely}",
        "[{name: prod, context: reader, kubeconfig: kube.yaml, namespaces: [shop, causely]}]",
    );
    let (_, document) = doctor(&folder).await;
    let failed = having(&document, "fail");
    assert!(
        failed.contains(&"cluster/prod/pods".to_owned()),
        "{failed:?}"
    );
    assert!(
        failed.contains(&"secrets/causely/permission".to_owned()),
        "{failed:?}"
    );
    let notes = having(&document, "note");
    assert!(
        notes.contains(&"cluster/prod/nodes".to_owned()),
        "{notes:?}"
    );
    let text = document.to_string();
    assert!(!text.contains("clusterrole"), "{text}");

    obey(&cluster, &document);
    let (_, document) = doctor(&folder).await;
    assert_eq!(
        having(&document, "fail"),
        ["secrets/causely/found", "secrets/causely/named"],
        "{document:#}"
    );
    // The label is the last thing that is missing, before the Backstage itself.
    let arguments = ["delete", "secret", "found", "--namespace", "causely"];
    cluster.kubectl(&arguments, "").expect("it is gone");
    let (_, document) = doctor(&folder).await;
    obey(&cluster, &document);
    let (_, document) = doctor(&folder).await;
    assert_eq!(
        having(&document, "fail"),
        ["catalog/named/connection"],
        "{document:#}"
    );
    assert!(having(&document, "warn").is_empty(), "{document:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_do_everything_or_read_all_secrets_is_warned() {
    let cluster = cluster().await;
    let folder = folder(
        &cluster,
        "[{name: prod, context: admin, kubeconfig: kube.yaml}]",
    );
    let excess = |document: &Value| {
        let checks = document["checks"].as_array().expect("checks");
        let of = |row: &&Value| row["check"] == "excess";
        let row = checks.iter().find(of).expect("the check");
        (row["outcome"].clone(), row["message"].to_string())
    };
    let (status, document) = doctor(&folder).await;
    assert_eq!(status, Some(0), "{document:#}");
    let (outcome, message) = excess(&document);
    assert!(
        outcome == "warn" && message.contains("do everything"),
        "{message}"
    );

    configure(
        &folder,
        "{name: files, path: catalog.yaml}",
        "[{name: prod, context: reader, kubeconfig: kube.yaml}]",
    );
    let (_, document) = doctor(&folder).await;
    assert_eq!(excess(&document).0, "ok", "{document:#}");
    let role = [
        "create",
        "clusterrole",
        "all-secrets",
        "--verb=get",
        "--resource=secrets",
    ];
    cluster.kubectl(&role, "").expect("a role");
    let binding = [
        "create",
        "clusterrolebinding",
        "all-secrets",
        "--clusterrole=all-secrets",
        "--user=reader",
    ];
    cluster.kubectl(&binding, "").expect("a binding");
    let (_, document) = doctor(&folder).await;
    let (outcome, message) = excess(&document);
    assert!(
        outcome == "warn" && message.contains("Secrets"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_reached_is_told_apart_and_soon() {
    let cluster = cluster().await;
    // It takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = silent.local_addr().map(|address| (silent, address));
    let (_silent, address) = silent.expect("an address");
    let at = |server: String| {
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "a",
            "contexts": [{"name": "a", "context": {"cluster": "a"}}],
            "clusters": [{"name": "a", "cluster": {"server": server}}],
        })
        .to_string()
    };
    let folder = folder(
        &cluster,
        "[{name: typo, context: admn, kubeconfig: kube.yaml}, {name: closed, kubeconfig: closed.yaml}, \
         {name: silent, kubeconfig: silent.yaml}, {name: foreign, kubeconfig: foreign.yaml}, \
         {name: expired, kubeconfig: expired.yaml}, {name: no-tool, kubeconfig: no-tool.yaml}, \
         {name: good, context: admin, kubeconfig: kube.yaml}]",
    );
    folder.file("closed.yaml", at("https://127.0.0.1:1".to_owned()));
    folder.file("silent.yaml", at(format!("http://{address}")));
    // Its authority is not known.
    folder.file("foreign.yaml", at(cluster.url()));
    let expired = cluster.kubeconfig_with(&[("a", json!({"token": "s3ntinel"}))]);
    folder.file("expired.yaml", expired);
    let tool = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-tool", "interactiveMode": "Never"
    }});
    folder.file("no-tool.yaml", cluster.kubeconfig_with(&[("a", tool)]));
    let started = Instant::now();
    let (status, document) = doctor(&folder).await;
    assert!(started.elapsed() < DEAD_AFTER, "{:?}", started.elapsed());
    assert_eq!(status, Some(1));
    assert_eq!(
        having(&document, "fail"),
        [
            "cluster/typo/access",
            "cluster/closed/api-server",
            "cluster/silent/api-server",
            "cluster/foreign/api-server",
            "cluster/expired/credentials",
            "cluster/no-tool/access",
        ],
        "{document:#}"
    );
    assert!(having(&document, "ok").contains(&"cluster/good/pods".to_owned()));
}
