//! The permissions of the Helm chart, applied to a real API server: all that they allow, and the program run by them alone.
//!
//! The chart is taken as it was rendered for `tests/chart/golden`, which `cargo xtask test chart` holds against the chart. Run by
//! `cargo xtask test kubernetes-real`, which builds Kubernetes.

#![cfg(target_os = "linux")]

#[path = "common/mod.rs"]
mod common;
#[path = "service/running.rs"]
mod running;

use std::collections::BTreeSet;

use insta::assert_snapshot;
use serde_json::{Value, json};
use testbed::kubernetes::{Cluster, Options};

use crate::common::{Folder, project};
use crate::running::Service;

const RULES: &str = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";

const CATALOG: &str = r"
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: payments}
spec: {type: team, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: checkout
  annotations: {backstage.io/kubernetes-id: checkout, backstage.io/kubernetes-namespace: shop}
spec: {type: service, lifecycle: production, owner: payments}
";

/// What the program watches: in a namespace that it may see, and in one that it may not always.
const WATCHED: &str = r"
apiVersion: v1
kind: Service
metadata: {name: checkout, namespace: shop}
spec: {selector: {app: checkout}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: hidden, namespace: elsewhere}
spec: {selector: {app: hidden}, ports: [{port: 80}]}
";

/// A cluster with the permissions of a golden render, and the kubeconfig of the account that they are given to.
struct Granted {
    cluster: Cluster,
    folder: Folder,
}

impl Granted {
    async fn by(golden: &str) -> Self {
        let cluster = Cluster::start(Options::default()).await;
        let cluster = cluster.unwrap_or_else(|error| panic!("{error}"));
        for namespace in ["causely", "shop", "payments", "elsewhere"] {
            let namespace =
                format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}");
            cluster.apply(&namespace).expect("a namespace");
        }
        cluster
            .apply(&permissions(golden))
            .expect("the permissions");
        cluster.apply(WATCHED).expect("something to watch");
        let account = cluster
            .kubeconfig_of_account("causely", "backstitch")
            .expect("the account of the chart");
        let folder = Folder::with(&[("account.yaml", &account), ("catalog.yaml", CATALOG)]);
        Self { cluster, folder }
    }

    /// All that the account may do in a namespace, as the API server itself says.
    fn rules(&self, namespace: &str) -> String {
        let body = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace}
        });
        let account = self.folder.path().join("account.yaml");
        let answer = self
            .cluster
            .kubectl_by(
                &account,
                &["create", "--raw", RULES, "-f", "-"],
                &body.to_string(),
            )
            .expect("the rules");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        assert_eq!(answer["status"]["incomplete"], json!(false));
        let rules = answer["status"]["resourceRules"].as_array().expect("rules");
        let lines: BTreeSet<String> = rules.iter().flat_map(lines).collect();
        lines.into_iter().collect::<Vec<_>>().join("\n")
    }

    /// The program under that account, once it has read everything.
    async fn serve(&self, cluster: &str) -> Service {
        let configuration = format!(
            "listen: 127.0.0.1:0\nstore: state.db\n\
             scrapers: {{backstage: {{instances: [{{name: main, type: file, path: catalog.yaml}}]}}}}\n\
             clusters: [{{name: prod, kubeconfig: account.yaml{cluster}}}]\n"
        );
        self.folder.file("backstitch.yaml", configuration);
        let service = Service::start(&self.folder);
        let ready = |sources: &Value| {
            let sources = sources["items"].as_array().map_or(&[][..], Vec::as_slice);
            sources.len() == 2 && sources.iter().all(|source| source["phase"] == "ready")
        };
        service.until("/api/v1/sources", ready).await;
        service
    }
}

/// `group/resource: verbs` of each resource of a rule.
fn lines(rule: &Value) -> Vec<String> {
    let texts = |key: &str| -> Vec<&str> {
        let list = rule[key].as_array().map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(Value::as_str).collect()
    };
    assert!(texts("resourceNames").is_empty(), "{rule}");
    let mut lines = Vec::new();
    for group in texts("apiGroups") {
        for resource in texts("resources") {
            let verbs = texts("verbs").join(" ");
            lines.push(format!("{group}/{resource}: {verbs}"));
        }
    }
    lines
}

/// The account and the permissions of a render: what the API server of any version takes.
fn permissions(golden: &str) -> String {
    let path = project().join("tests/chart/golden").join(golden);
    let text = std::fs::read_to_string(&path).expect("a golden render");
    let is_one = |document: &&str| {
        document
            .lines()
            .filter_map(|line| line.strip_prefix("kind: "))
            .any(|kind| kind.contains("Role") || kind == "ServiceAccount")
    };
    let documents: Vec<&str> = text.split("---\n").filter(is_one).collect();
    assert!(documents.len() >= 5, "{documents:?}");
    documents.join("---\n")
}

#[tokio::test]
async fn the_whole_cluster_is_read_and_nothing_else_is_allowed() {
    let granted = Granted::by("seed.yaml").await;
    // The reviews are what Kubernetes lets everybody ask.
    assert_snapshot!(granted.rules("shop"), @r"
    /endpoints: get list watch
    /namespaces: get list watch
    /nodes: get list watch
    /persistentvolumeclaims: get list watch
    /pods: get list watch
    /services: get list watch
    apps/daemonsets: get list watch
    apps/deployments: get list watch
    apps/replicasets: get list watch
    apps/statefulsets: get list watch
    authorization.k8s.io/selfsubjectaccessreviews: create
    authorization.k8s.io/selfsubjectrulesreviews: create
    autoscaling/horizontalpodautoscalers: get list watch
    batch/cronjobs: get list watch
    batch/jobs: get list watch
    discovery.k8s.io/endpointslices: get list watch
    gateway.networking.k8s.io/grpcroutes: get list watch
    gateway.networking.k8s.io/httproutes: get list watch
    networking.k8s.io/ingresses: get list watch
    ");
    let (own, other) = (granted.rules("causely"), granted.rules("shop"));
    let more: Vec<&str> = own.lines().filter(|line| !other.contains(line)).collect();
    assert_eq!(more, ["/secrets: get list watch"]);

    let service = granted.serve("").await;
    let services = service.get("/api/v1/services").await.1;
    assert_eq!(
        owned(&services),
        [
            ("prod/elsewhere/hidden", "unclaimed"),
            ("prod/shop/checkout", "owned")
        ]
    );
    assert!(!service.log().contains("forbidden"), "{}", service.log());
}

#[tokio::test]
async fn namespaces_are_read_each_by_its_own_role() {
    let granted = Granted::by("namespaced.yaml").await;
    assert_snapshot!(granted.rules("shop"), @r"
    /endpoints: get list watch
    /persistentvolumeclaims: get list watch
    /pods: get list watch
    /services: get list watch
    apps/daemonsets: get list watch
    apps/deployments: get list watch
    apps/replicasets: get list watch
    apps/statefulsets: get list watch
    authorization.k8s.io/selfsubjectaccessreviews: create
    authorization.k8s.io/selfsubjectrulesreviews: create
    autoscaling/horizontalpodautoscalers: get list watch
    batch/cronjobs: get list watch
    batch/jobs: get list watch
    discovery.k8s.io/endpointslices: get list watch
    gateway.networking.k8s.io/grpcroutes: get list watch
    gateway.networking.k8s.io/httproutes: get list watch
    networking.k8s.io/ingresses: get list watch
    ");
    assert_eq!(granted.rules("payments"), granted.rules("shop"));
    assert_snapshot!(granted.rules("causely"), @r"
    /secrets: get list watch
    authorization.k8s.io/selfsubjectaccessreviews: create
    authorization.k8s.io/selfsubjectrulesreviews: create
    ");
    assert_snapshot!(granted.rules("elsewhere"), @r"
    authorization.k8s.io/selfsubjectaccessreviews: create
    authorization.k8s.io/selfsubjectrulesreviews: create
    ");

    let service = granted.serve(", namespaces: [shop, payments]").await;
    let services = service.get("/api/v1/services").await.1;
    assert_eq!(owned(&services), [("prod/shop/checkout", "owned")]);
}

/// Services with their state, those of the cluster's own aside.
fn owned(services: &Value) -> Vec<(&str, &str)> {
    let items = services["items"].as_array().map_or(&[][..], Vec::as_slice);
    items
        .iter()
        .filter_map(|item| Some((item["id"].as_str()?, item["state"].as_str()?)))
        .filter(|(id, _)| *id != "prod/default/kubernetes")
        .collect()
}
