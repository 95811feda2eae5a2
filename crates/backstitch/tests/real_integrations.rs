//! A real Backstage that is added to a real Kubernetes, changed, paused and removed (S29–S31): over the API, and by a person in a
//! browser.
//!
//! Run by `cargo xtask test integrations-real`, which prepares both, and the pages.

#![cfg(target_os = "linux")]

#[path = "common/mod.rs"]
mod common;
#[path = "service/running.rs"]
mod running;

use std::path::Path;
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};
use testbed::backstage::{Backstage, Options as OfBackstage, Token, Version};
use testbed::kubernetes::{Cluster, Options, User, installation};

use crate::common::{ACCOUNT, Folder};
use crate::running::{Service, word};

/// What is in a cluster; the Services are those of the example catalog.
const OBJECTS: &str = "
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
metadata: {name: not-ours, namespace: causely}
stringData: {endpoint: 'https://b.example', token: s3ntinel}
---
apiVersion: v1
kind: Service
metadata: {name: checkout, namespace: shop}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: docs-site, namespace: shop}
spec: {ports: [{port: 80}]}
";

const SECRET: &str = "/api/v1/integrations/hub/causely/backstage";

/// Everything that runs.
struct Bed {
    backstage: Backstage,
    cluster: Cluster,
    folder: Folder,
    service: Service,
}

async fn bed() -> Bed {
    let backstage = Backstage::start(Version::Current, OfBackstage::default());
    let cluster = Cluster::start(Options::default());
    let (backstage, cluster) = tokio::join!(backstage, cluster);
    let backstage = backstage.unwrap_or_else(|error| panic!("{error}"));
    let cluster = cluster.unwrap_or_else(|error| panic!("{error}"));
    for objects in [OBJECTS, ACCOUNT] {
        cluster.apply(objects).expect("the objects");
    }
    let account = cluster
        .kubeconfig_of_account("causely", "backstitch")
        .expect("the account");
    let folder = Folder::with(&[("account.yaml", &account)]);
    folder.file(
        "backstitch.yaml",
        "listen: 127.0.0.1:0\nstore: state/store.db\nintegrations: {enabled: true}\n\
         secrets: {cluster: hub, namespaces: [causely], sync_interval: 1s}\n\
         clusters: [{name: hub, kubeconfig: account.yaml}]\n",
    );
    let service = Service::start(&folder);
    service.ready().await;
    service.phase("cluster/hub", "ready").await;
    Bed {
        backstage,
        cluster,
        folder,
        service,
    }
}

/// Waits until the catalog is there and was read.
async fn is_read(service: &Service) {
    let ready = |answer: &Value| {
        let all = answer["items"].as_array().cloned().unwrap_or_default();
        all.iter()
            .any(|it| it["name"] == "backstage" && it["phase"] == "ready")
    };
    service.until("/api/v1/sources", ready).await;
}

/// The whole body of a draft with this data.
fn draft(name: &str, data: &Value) -> Value {
    json!({"cluster": "hub", "namespace": "causely", "name": name, "data": data})
}

impl Bed {
    fn connection(&self) -> Value {
        json!({"endpoint": self.backstage.url(), "token": Token::ReadOnly.text()})
    }

    /// The instance as the list has it.
    async fn instance(&self, holds: impl Fn(&Value) -> bool) -> Value {
        let find = |answer: &Value| {
            let all = answer["instances"].as_array().cloned().unwrap_or_default();
            all.into_iter()
                .find(|it| it["name"] == "backstage")
                .unwrap_or_default()
        };
        find(
            &self
                .service
                .until("/api/v1/integrations", |answer| holds(&find(answer)))
                .await,
        )
    }

    async fn version(&self) -> String {
        let instance = self
            .instance(|it| it["secret"]["version"].is_string())
            .await;
        word(&instance["secret"]["version"]).to_owned()
    }

    /// Runs the commands that a remedy says, as somebody who may do everything.
    fn obey(&self, remedy: &str) {
        let commands = remedy.split('`').skip(1).step_by(2);
        for command in commands.filter(|command| command.starts_with("kubectl ")) {
            let arguments: Vec<&str> = command.split(' ').skip(1).collect();
            self.cluster
                .kubectl(&arguments, "")
                .unwrap_or_else(|error| panic!("{command}: {error}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s29_s30_s31_a_backstage_is_added_changed_paused_and_removed() {
    let bed = bed().await;
    permission(&bed).await;
    trial(&bed).await;
    adding(&bed).await;
    mapping(&bed).await;
    changing(&bed).await;
    pausing(&bed).await;
    removing(&bed).await;
    secrecy(&bed).await;
}

/// Nobody permitted it yet: that is told, with the commands that do.
async fn permission(bed: &Bed) {
    let service = &bed.service;
    let (_, found) = service.get("/api/v1/integrations").await;
    assert_eq!(found["enabled"], true, "{found:#}");
    let place = &found["places"][0];
    assert_eq!(place["permitted"], false, "{found:#}");
    let whole = json!({ "data": bed.connection() });
    let (status, refused) = service.send(Method::PUT, SECRET, Some(&whole)).await;
    assert_eq!(status, 403, "{refused:#}");
    assert!(
        word(&refused["hint"]).contains("--serviceaccount=causely:backstitch"),
        "{refused:#}"
    );
    assert_eq!(refused["hint"], place["remedy"]);
    bed.obey(word(&place["remedy"]));
    service
        .until("/api/v1/integrations", |found| {
            found["places"][0]["permitted"] == true
        })
        .await;
}

/// A wrong token, then the right one.
async fn trial(bed: &Bed) {
    let service = &bed.service;
    let wrong = draft(
        "backstage",
        &json!({"endpoint": bed.backstage.url(), "token": "s3ntinel"}),
    );
    let (status, tested) = service.post_json("/api/v1/integrations/test", &wrong).await;
    assert_eq!((status, &tested["ok"]), (200, &json!(false)), "{tested:#}");
    assert!(
        tested["trial"].is_null() && !tested.to_string().contains("s3ntinel"),
        "{tested:#}"
    );
    let right = draft("backstage", &bed.connection());
    let (status, tested) = service.post_json("/api/v1/integrations/test", &right).await;
    assert_eq!((status, &tested["ok"]), (200, &json!(true)), "{tested:#}");
    let trial = &tested["trial"];
    assert_eq!(trial["whole"], true, "{tested:#}");
    assert_eq!(trial["stitched"], 2, "both name one Service: {tested:#}");
    let first = &trial["examples"][0];
    assert_eq!(
        first["services"],
        json!(["hub/shop/checkout"]),
        "{tested:#}"
    );
}

/// What would be written is what is written.
async fn adding(bed: &Bed) {
    let service = &bed.service;
    let whole = json!({ "data": bed.connection() });
    let whole_draft = draft("backstage", &bed.connection());
    let (_, plan) = service
        .post_json("/api/v1/integrations/plan", &whole_draft)
        .await;
    assert_eq!(plan["creates"], true, "{plan:#}");
    assert!(
        word(&plan["manifest"]).contains("token: (32 bytes)"),
        "{plan:#}"
    );
    let (status, refused) = service
        .post_json(
            "/api/v1/integrations/plan",
            &draft("not-ours", &bed.connection()),
        )
        .await;
    assert_eq!(status, 409, "{refused:#}");
    let (status, written) = service.send(Method::PUT, SECRET, Some(&whole)).await;
    assert_eq!(status, 200, "{written:#}");
    is_read(service).await;
    service
        .until("/api/v1/services/hub/shop/checkout", |it| {
            it["owner"]["ref"] == "group:default/payments"
        })
        .await;
    let secret = bed
        .cluster
        .kubectl(
            &[
                "get",
                "secret",
                "backstage",
                "--namespace",
                "causely",
                "-o",
                "json",
            ],
            "",
        )
        .expect("it is there");
    let secret: Value = serde_json::from_str(&secret).expect("JSON");
    assert_eq!(
        secret["metadata"]["labels"],
        json!({"causely.ai/scraper": "Backstage", "app.kubernetes.io/managed-by": "backstitch"})
    );
    let (status, refused) = service.send(Method::PUT, SECRET, Some(&whole)).await;
    assert_eq!(status, 409, "it is there already: {refused:#}");
}

/// Another map is tried out on a catalog that a Secret configures as on any other.
async fn mapping(bed: &Bed) {
    let service = &bed.service;
    let (_, mapping) = service.get("/api/v1/instances/backstage").await;
    assert_eq!(mapping["label_map_previews"], true, "{mapping:#}");
    let asked = json!({
        "instance": "backstage",
        "label_map": {"component_kubernetes_id": ["annotations.nobody-has/this"]},
    });
    let (status, preview) = service.post_json("/api/v1/preview", &asked).await;
    assert_eq!(status, 200, "{preview:#}");
    let verdicts = |of: &str| preview[of]["verdicts"].clone();
    assert_ne!(verdicts("before")["stitched"], 0, "{preview:#}");
    assert_eq!(verdicts("after")["stitched"], 0, "{preview:#}");
    assert_eq!(preview.get("not_read"), None, "all was read: {preview:#}");
}

/// Another rule takes effect; the token that is not given stays.
async fn changing(bed: &Bed) {
    let service = &bed.service;
    assert_eq!(service.owner("hub/shop/docs-site").await, "-");
    let version = bed.version().await;
    let settings = json!({"settings": "match_rules: [service-name, component-name]\n"});
    let change = json!({"version": version, "data": settings});
    let (status, written) = service.send(Method::PUT, SECRET, Some(&change)).await;
    assert_eq!(status, 200, "{written:#}");
    service
        .until("/api/v1/services/hub/shop/docs-site", |it| {
            it["owner"]["ref"].is_string()
        })
        .await;
    let (status, refused) = service.send(Method::PUT, SECRET, Some(&change)).await;
    assert_eq!(status, 409, "it was changed since: {refused:#}");
    // Another label_map does as well: what named a Service before does not any more.
    let settings =
        "match_rules: [service-name]\nlabel_map: {component_kubernetes_id: [spec.nothing]}\n";
    let change = json!({"version": bed.version().await, "data": {"settings": settings}});
    let (status, written) = service.send(Method::PUT, SECRET, Some(&change)).await;
    assert_eq!(status, 200, "{written:#}");
    service
        .until("/api/v1/services/hub/shop/checkout", |it| {
            it["owner"].is_null()
        })
        .await;
    let faulty = json!({"version": bed.version().await, "data": {"settings": "match_ruls: a"}});
    let (status, refused) = service.send(Method::PUT, SECRET, Some(&faulty)).await;
    assert_eq!(status, 400, "{refused:#}");
    assert!(word(&refused["detail"]).contains("line 1"), "{refused:#}");
    let change = json!({"version": bed.version().await, "data": {"settings": null}});
    service.send(Method::PUT, SECRET, Some(&change)).await;
    service
        .until("/api/v1/services/hub/shop/checkout", |it| {
            it["owner"]["ref"].is_string()
        })
        .await;
}

/// Paused: what is known stays, and nobody is asked.
async fn pausing(bed: &Bed) {
    let service = &bed.service;
    let pause = format!("{SECRET}/pause?version={}", bed.version().await);
    let (status, done) = service.send(Method::POST, &pause, None).await;
    assert_eq!(status, 200, "{done:#}");
    service.phase("catalog/backstage", "paused").await;
    let reads = service.source("catalog/backstage", |_| true).await["reads"].clone();
    let (status, refused) = service
        .post("/api/v1/sources/catalog/backstage/refresh?force=true")
        .await;
    assert_eq!(status, 409, "{refused:#}");
    assert_eq!(
        service.owner("hub/shop/checkout").await,
        "group:default/payments"
    );
    let now = service.source("catalog/backstage", |_| true).await;
    assert_eq!((&now["reads"], &now["phase"]), (&reads, &json!("paused")));
    assert_eq!(
        bed.instance(|it| it["paused"] == true).await["editable"],
        true
    );
    let resume = format!("{SECRET}/resume?version={}", bed.version().await);
    let (status, done) = service.send(Method::POST, &resume, None).await;
    assert_eq!(status, 200, "{done:#}");
    is_read(service).await;
}

/// Removed: what it gave goes as removals do.
async fn removing(bed: &Bed) {
    let service = &bed.service;
    let (status, refused) = service
        .send(Method::DELETE, &format!("{SECRET}?version=1"), None)
        .await;
    assert_eq!(status, 409, "{refused:#}");
    let remove = format!("{SECRET}?version={}", bed.version().await);
    let (status, done) = service.send(Method::DELETE, &remove, None).await;
    assert_eq!(status, 200, "{done:#}");
    service
        .until("/api/v1/services/hub/shop/checkout", |it| {
            it["owner"].is_null()
        })
        .await;
}

/// S31: no answer, no log and no store has a token.
async fn secrecy(bed: &Bed) {
    let service = &bed.service;
    let mut seen = service.log();
    let (_, answer) = service.get("/api/v1/integrations").await;
    seen.push_str(&answer.to_string());
    for file in std::fs::read_dir(bed.folder.path().join("state")).expect("the store") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("a file");
        seen.push_str(&String::from_utf8_lossy(&bytes));
    }
    for secret in [Token::ReadOnly.text(), "s3ntinel"] {
        assert!(!seen.contains(secret), "{secret}");
    }
    assert!(
        seen.contains("was created"),
        "it is logged: {}",
        service.log()
    );
}

/// S8: it is added to the cluster of one's choice, and is about that.
#[tokio::test(flavor = "multi_thread")]
async fn s8_a_backstage_is_added_to_another_cluster_and_covers_it() {
    let backstage = Backstage::start(Version::Current, OfBackstage::default());
    let (hub, edge) = (
        Cluster::start(Options::default()),
        Cluster::start(Options::default()),
    );
    let (backstage, hub, edge) = tokio::join!(backstage, hub, edge);
    let backstage = backstage.unwrap_or_else(|error| panic!("{error}"));
    let clusters = [hub, edge].map(|it| it.unwrap_or_else(|error| panic!("{error}")));
    for cluster in &clusters {
        for objects in [OBJECTS, ACCOUNT] {
            cluster.apply(objects).expect("the objects");
        }
    }
    let [hub, edge] = &clusters;
    let folder = Folder::with(&[
        ("hub.yaml", &hub.kubeconfig_of(&[User::Admin])),
        ("edge.yaml", &edge.kubeconfig_of(&[User::Admin])),
    ]);
    folder.file(
        "backstitch.yaml",
        "listen: 127.0.0.1:0\nstore: state/store.db\nintegrations: {enabled: true, clusters: [hub, edge]}\n\
         secrets: {cluster: hub, namespaces: [causely], sync_interval: 1s}\n\
         clusters: [{name: hub, kubeconfig: hub.yaml}, {name: edge, kubeconfig: edge.yaml}]\n",
    );
    let service = Service::start(&folder);
    service.ready().await;
    service.phase("secrets/edge/causely", "ready").await;
    let (_, found) = service.get("/api/v1/integrations").await;
    let places: Vec<&str> = found["places"]
        .as_array()
        .expect("places")
        .iter()
        .map(|place| word(&place["cluster"]))
        .collect();
    assert_eq!(places, ["edge", "hub"], "{found:#}");
    let body = json!({"data": {"endpoint": backstage.url(), "token": Token::ReadOnly.text()}});
    let path = "/api/v1/integrations/edge/causely/backstage";
    let (status, written) = service.send(Method::PUT, path, Some(&body)).await;
    assert_eq!(status, 200, "{written:#}");
    is_read(&service).await;
    service
        .until("/api/v1/services/edge/shop/checkout", |it| {
            it["owner"]["ref"] == "group:default/payments"
        })
        .await;
    assert_eq!(service.owner("hub/shop/checkout").await, "-");
    // Another one of its name would not be used.
    let elsewhere = "/api/v1/integrations/hub/causely/backstage";
    let (status, refused) = service.send(Method::PUT, elsewhere, Some(&body)).await;
    assert_eq!(status, 409, "{refused:#}");
    // After a restart it is as it was, before its Secret is read.
    service.kill().await;
    let service = Service::start(&folder);
    service.ready().await;
    assert_eq!(
        service.owner("edge/shop/checkout").await,
        "group:default/payments"
    );
    assert_eq!(service.owner("hub/shop/checkout").await, "-");
    is_read(&service).await;
    let (_, history) = service.get("/api/v1/history?limit=1000").await;
    let changes = history["items"].as_array().expect("a page");
    let of_hub = changes
        .iter()
        .filter(|change| change.to_string().contains("hub/shop/checkout"));
    let claimed = of_hub.filter(|change| change.to_string().contains("payments"));
    assert_eq!(claimed.count(), 0, "{history:#}");
}

/// What the person does is in `ui/browser-real`.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_adds_one_in_a_browser_without_touching_yaml() {
    assert!(
        std::env::var_os("BACKSTITCH_CHROMIUM").is_some(),
        "BACKSTITCH_CHROMIUM is not set: run `cargo xtask test integrations-real`"
    );
    let bed = bed().await;
    let kubectl = installation().expect("Kubernetes").join("bin/kubectl");
    let mut command = Command::new("npm");
    command
        .args(["run", "--silent", "test:browser-real"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui"))
        .env(
            "BACKSTITCH_REAL_SERVER",
            format!("http://{}", bed.service.address()),
        )
        .env("BACKSTITCH_REAL_BACKSTAGE", bed.backstage.url())
        .env("BACKSTITCH_REAL_TOKEN", Token::ReadOnly.text())
        .env("BACKSTITCH_REAL_KUBECTL", kubectl)
        .env("BACKSTITCH_REAL_KUBECONFIG", bed.cluster.kubeconfig());
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("it ends")
        .expect("npm runs");
    assert!(
        output.status.success(),
        "{}\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        bed.service.log()
    );
    let log = bed.service.log();
    assert!(!log.contains(Token::ReadOnly.text()), "{log}");
}
