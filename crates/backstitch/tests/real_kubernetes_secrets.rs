//! Secrets of a real API server, read by one Role in one namespace: those of Backstages, and those that bring a second
//! cluster, which is a second real API server.
//!
//! Run by `cargo xtask test kubernetes-real`, which builds Kubernetes.

#![cfg(target_os = "linux")]

#[path = "common/mod.rs"]
mod common;
#[path = "service/running.rs"]
mod running;

use serde_json::{Value, json};
use testbed::kubernetes::{Cluster, Options, User, Validity};
use testbed::served::{self, Catalog, Permission};

use crate::common::{ACCOUNT, Folder};
use crate::running::{Service, until, word};

const TOKEN: &str = "sentinel-token";
const ROTATED: &str = "sentinel-rotated";

/// Another user who may read the cluster.
const READER: &str = r"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reading}
subjects: [{kind: User, name: reader, apiGroup: rbac.authorization.k8s.io}]
";

/// A cluster with those permissions and a Service of that name in the namespace `shop`.
async fn cluster(service: &str) -> Cluster {
    let cluster = Cluster::start(Options::default()).await;
    let cluster = cluster.unwrap_or_else(|error| panic!("{error}"));
    for namespace in ["causely", "shop"] {
        apply(
            &cluster,
            &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
        );
    }
    for permissions in [ACCOUNT, READER] {
        cluster.apply(permissions).expect("the permissions");
    }
    apply(
        &cluster,
        &json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": service, "namespace": "shop"},
            "spec": {"selector": {"app": service}, "ports": [{"port": 80}]},
        }),
    );
    cluster
}

fn apply(cluster: &Cluster, object: &Value) {
    cluster
        .apply(&object.to_string())
        .unwrap_or_else(|error| panic!("{error}"));
}

/// Puts a Secret there, as it is to be from then on.
fn secret(cluster: &Cluster, name: &str, labels: &Value, data: &[(&str, &str)]) {
    let data: serde_json::Map<String, Value> = data
        .iter()
        .map(|(key, value)| ((*key).to_owned(), json!(value)))
        .collect();
    // `stringData` of a Secret that is applied again would leave the keys it had before.
    delete(cluster, name);
    apply(
        cluster,
        &json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": name, "namespace": "causely", "labels": labels},
            "stringData": data,
        }),
    );
}

fn delete(cluster: &Cluster, name: &str) {
    let arguments = [
        "delete",
        "secret",
        name,
        "--namespace",
        "causely",
        "--ignore-not-found",
    ];
    cluster.kubectl(&arguments, "").expect("it is deleted");
}

/// Changes keys of a Secret in place, as a rotation does.
fn patch(cluster: &Cluster, name: &str, data: &[(&str, &str)]) {
    let data: serde_json::Map<String, Value> = data
        .iter()
        .map(|(key, value)| ((*key).to_owned(), json!(value)))
        .collect();
    let patch = json!({ "stringData": data }).to_string();
    let arguments = [
        "patch",
        "secret",
        name,
        "--namespace",
        "causely",
        "--patch",
        &patch,
    ];
    cluster.kubectl(&arguments, "").expect("it is patched");
}

/// Runs the command that a remedy says.
fn obey(cluster: &Cluster, source: &Value, begins: &str) {
    let remedy = word(&source["last_error"]["remedy"]);
    let command = remedy
        .split('`')
        .find(|part| part.starts_with(begins))
        .unwrap_or_else(|| panic!("no `{begins}` in: {remedy}"));
    let arguments: Vec<&str> = command.split(' ').skip(1).collect();
    cluster
        .kubectl(&arguments, "")
        .unwrap_or_else(|error| panic!("{error}"));
}

async fn fails_with(service: &Service, id: &str, words: &str) -> Value {
    let says = |source: &Value| {
        let error = &source["last_error"];
        word(&error["message"]).contains(words) || word(&error["remedy"]).contains(words)
    };
    service.source(id, says).await
}

async fn is_there(service: &Service, id: &str) -> bool {
    let (_, answer) = service.get("/api/v1/sources").await;
    let items = answer["items"].as_array().expect("a page");
    let mut ids = items
        .iter()
        .map(|item| format!("{}/{}", word(&item["kind"]), word(&item["name"])));
    ids.any(|found| found == id)
}

/// S31: nothing of a Secret is in what anybody sees, or on the disk.
async fn shows_no_secret(service: &Service, folder: &Folder) {
    let mut seen = service.log();
    for path in [
        "/api/v1/sources",
        "/api/v1/services",
        "/metrics",
        "/api/v1/history",
    ] {
        let answer = service.open(path).await.text().await.expect("a text");
        seen.push_str(&answer);
    }
    for file in std::fs::read_dir(folder.path().join("state")).expect("the store") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("a file");
        seen.push_str(&String::from_utf8_lossy(&bytes));
    }
    for word in ["sentinel", User::Reader.token(), "BEGIN CERTIFICATE"] {
        let at = seen.find(word);
        assert_eq!(
            at.map(|at| &seen[at.saturating_sub(200)..at + 20]),
            None,
            "{word}"
        );
    }
}

/// The program by the account with those permissions. It keeps its state in the folder.
fn folder(hub: &Cluster, instances: &str) -> Folder {
    let account = hub
        .kubeconfig_of_account("causely", "backstitch")
        .expect("the account");
    let folder = Folder::with(&[("account.yaml", &account)]);
    folder.file(
        "backstitch.yaml",
        format!(
            "listen: 127.0.0.1:0\nstore: state/store.db\n\
             secrets: {{cluster: hub, namespaces: [causely], sync_interval: 1s}}\n\
             clusters: [{{name: hub, kubeconfig: account.yaml}}]\n\
             scrapers: {{backstage: {{instances: [{instances}]}}}}\n"
        ),
    );
    folder
}

/// A Backstage whose one component is stitched to that Service and belongs to that team.
async fn backstage(service: &str, team: &str) -> Catalog {
    let tokens = [TOKEN, ROTATED].map(|token| (token.to_owned(), Permission::Read));
    let options = served::Options {
        tokens: tokens.into_iter().collect(),
        ..served::Options::default()
    };
    let catalog = Catalog::start_with(options).await.expect("a catalog");
    let annotations = [
        ("backstage.io/kubernetes-id", service),
        ("backstage.io/kubernetes-namespace", "shop"),
    ];
    for entity in [
        common::component(service, &annotations, team),
        common::group(team),
    ] {
        catalog.put(serde_saphyr::from_str(&entity).expect("an entity"));
    }
    catalog
}

#[tokio::test(flavor = "multi_thread")]
async fn s28_s29_s30_s31_a_backstage_is_read_as_its_secret_says() {
    let hub = cluster("checkout").await;
    let catalog = backstage("checkout", "payments").await;
    let folder = folder(
        &hub,
        "{secretName: portal, namespace: causely, sync_interval: 1s}",
    );
    let service = Service::start(&folder);
    service.phase("cluster/hub", "ready").await;
    let owned = || async { service.owner("hub/shop/checkout").await == "group:default/payments" };

    // Neither there nor labelled: each command that is told is the next step.
    let missing = fails_with(&service, "catalog/portal", "kubectl create secret").await;
    assert!(word(&missing["last_error"]["message"]).contains("there is no Secret `portal`"));
    secret(
        &hub,
        "portal",
        &json!({}),
        &[("endpoint", &catalog.url()), ("token", TOKEN)],
    );
    // What makes it look again is news of the namespace.
    secret(
        &hub,
        "news",
        &json!({"causely.ai/scraper": "Backstage"}),
        &[("url", "sentinel")],
    );
    let unlabelled = fails_with(&service, "catalog/portal", "kubectl label secret").await;
    obey(&hub, &unlabelled, "kubectl label secret portal");
    service.phase("catalog/portal", "ready").await;
    until("it is owned", owned).await;

    // A token that is no good costs nothing of what is known; the next one takes effect without a restart.
    patch(&hub, "portal", &[("token", "sentinel-refused")]);
    fails_with(&service, "catalog/portal", "401").await;
    assert!(owned().await);
    patch(&hub, "portal", &[("token", ROTATED)]);
    service.phase("catalog/portal", "ready").await;
    patch(&hub, "portal", &[("endpoint", "sentinel: no URL")]);
    fails_with(&service, "catalog/portal", "`endpoint` is no such URL").await;
    assert!(owned().await);
    patch(&hub, "portal", &[("endpoint", &catalog.url())]);
    service.phase("catalog/portal", "ready").await;

    // The Role goes, and comes again by the commands that are told. Nothing is lost meanwhile.
    let arguments = [
        "delete",
        "role,rolebinding",
        "secrets",
        "--namespace",
        "causely",
    ];
    hub.kubectl(&arguments, "").expect("the Role is gone");
    service.kill().await;
    let service = Service::start(&folder);
    let owned = || async { service.owner("hub/shop/checkout").await == "group:default/payments" };
    let refused = fails_with(&service, "secrets/causely", "kubectl create role").await;
    assert!(owned().await);
    obey(&hub, &refused, "kubectl create role ");
    obey(&hub, &refused, "kubectl create rolebinding ");
    // It is asked again a minute later, or at a start.
    service.kill().await;
    let service = Service::start(&folder);
    let owned = || async { service.owner("hub/shop/checkout").await == "group:default/payments" };
    service.phase("secrets/causely", "ready").await;
    service.phase("catalog/portal", "ready").await;
    assert!(owned().await);

    // Gone, and what it gave with it.
    delete(&hub, "portal");
    fails_with(&service, "catalog/portal", "there is no Secret `portal`").await;
    until("nobody owns it", || async {
        service.owner("hub/shop/checkout").await == "-"
    })
    .await;
    shows_no_secret(&service, &folder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s22_s30_s31_a_second_cluster_comes_and_goes_by_its_secret() {
    let hub = cluster("checkout").await;
    let mut edge = cluster("carts").await;
    let folder = folder(&hub, "{name: files, path: catalog}");
    let components = ["checkout", "carts"].map(|name| {
        let annotations = [
            ("backstage.io/kubernetes-id", name),
            ("backstage.io/kubernetes-namespace", "shop"),
        ];
        common::component(name, &annotations, "payments")
    });
    let group = common::group("payments");
    let entities = [&components[0], &components[1], &group].map(String::as_str);
    folder.file("catalog/catalog.yaml", entities.join("---\n"));
    let service = Service::start(&folder);
    service.phase("cluster/hub", "ready").await;
    assert!(!is_there(&service, "cluster/edge").await);

    let label = json!({"causely.ai/cluster": "edge"});
    let good = edge.kubeconfig_of(&[User::Reader]);
    secret(&hub, "edge-kubeconfig", &label, &[("kubeconfig", &good)]);
    until("it is found", || is_there(&service, "cluster/edge")).await;
    service.phase("cluster/edge", "ready").await;
    let owners = |service: Service| async move {
        for id in ["hub/shop/checkout", "edge/shop/carts"] {
            assert_eq!(service.owner(id).await, "group:default/payments", "{id}");
        }
        service
    };
    let mut service = owners(service).await;

    // Whatever is wrong with its kubeconfig is told, costs nothing, and is nothing to the other cluster.
    for (kubeconfig, told) in faulty(&hub, &edge) {
        patch(&hub, "edge-kubeconfig", &[("kubeconfig", &kubeconfig)]);
        fails_with(&service, "cluster/edge", told).await;
        service.phase("cluster/hub", "ready").await;
        service = owners(service).await;
        patch(&hub, "edge-kubeconfig", &[("kubeconfig", &good)]);
        service.phase("cluster/edge", "ready").await;
    }
    assert!(!folder.path().join("sentinel-ran").exists());

    // Its API server is down: the other cluster goes on, by new objects as well.
    edge.stop_api_server();
    fails_with(&service, "cluster/edge", "").await;
    apply(
        &hub,
        &json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "news", "namespace": "shop"},
            "spec": {"ports": [{"port": 80}]},
        }),
    );
    let is_known = |answer: &Value| answer["id"] == "hub/shop/news";
    service
        .until("/api/v1/services/hub/shop/news", is_known)
        .await;

    // Killed in the middle of it: both clusters are as they were, the one that cannot be asked too.
    service.kill().await;
    let service = Service::start(&folder);
    service.ready().await;
    let service = owners(service).await;
    edge.start_api_server().await.expect("it comes back");
    service.phase("cluster/edge", "ready").await;
    let watched = service.phase("secrets/causely", "ready").await;
    assert_eq!(watched["counts"]["secrets"], 1, "{watched:#}");

    // A second Secret for the same name changes nothing, and is told of.
    secret(&hub, "later", &label, &[("kubeconfig", "sentinel")]);
    let is_told = |source: &Value| {
        word(&source["warnings"][0])
            .contains("the Secret `later` of namespace `causely` is not used")
    };
    service.source("secrets/causely", is_told).await;
    delete(&hub, "later");

    delete(&hub, "edge-kubeconfig");
    until("it is gone", || async {
        !is_there(&service, "cluster/edge").await
    })
    .await;
    let (status, _) = service.get("/api/v1/services/edge/shop/carts").await;
    assert_eq!(status, 404);
    assert_eq!(
        service.owner("hub/shop/checkout").await,
        "group:default/payments"
    );
    let (_, history) = service.get("/api/v1/history?service=edge/shop/carts").await;
    assert!(
        history["items"]
            .as_array()
            .is_some_and(|items| items.len() >= 2),
        "{history:#}"
    );
    shows_no_secret(&service, &folder).await;
}

/// Kubeconfigs of the edge that are no good, and what has to be told of each.
fn faulty(hub: &Cluster, edge: &Cluster) -> [(String, &'static str); 5] {
    let expired = edge.client_certificate("reader", &[], Validity::Expired);
    let expired = expired.expect("a certificate");
    let expired = json!({
        "client-certificate-data": encoded(&expired.certificate_pem), "client-key-data": encoded(&expired.key_pem),
    });
    let good = edge.kubeconfig_of(&[User::Reader]);
    let authority = |cluster: &Cluster| encoded(cluster.authority_pem());
    let command = json!({
        "exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "touch", "args": ["sentinel-ran"]},
    });
    [
        ("sentinel: [".to_owned(), "is malformed"),
        (edge.kubeconfig_with(&[("reader", expired)]), "expired"),
        (
            good.replace(&authority(edge), &authority(hub)),
            "no secure connection",
        ),
        (edge.kubeconfig_with(&[("reader", command)]), "`exec`"),
        (
            edge.kubeconfig_of(&[User::Nobody]),
            "does not permit `nobody`",
        ),
    ]
}

fn encoded(pem: &str) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(pem)
}
