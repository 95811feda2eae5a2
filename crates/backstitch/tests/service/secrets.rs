//! S28–S31: instances that Kubernetes Secrets configure, and that come and go with them. The API server is scripted, the
//! Backstages are served.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::{Value, json};
use testbed::served::{Catalog, Options, Permission};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::common::{self, Folder, ID, NAMESPACE};
use crate::running::{Service, until, word};

/// What must never be seen outside of a Secret.
const TOKEN: &str = "sentinel-token-one";
const ROTATED: &str = "sentinel-token-two";
const WRONG: &str = "sentinel-token-wrong";

/// An API server with the Secrets of one namespace, and otherwise two Services.
#[derive(Clone, Default)]
struct Kubernetes {
    state: Arc<Mutex<Known>>,
    changed: Arc<Notify>,
}

#[derive(Default)]
struct Known {
    secrets: BTreeMap<String, Value>,
    /// What a watch by label is told, each with its version, which is its place plus two.
    told: Vec<Value>,
    forbidden: bool,
}

fn is_labelled(secret: &Value) -> bool {
    secret["metadata"]["labels"]["causely.ai/scraper"] == "Backstage"
}

impl Known {
    fn version(&self) -> usize {
        self.told.len() + 1
    }

    fn tell(&mut self, kind: &str, mut secret: Value) {
        secret["metadata"]["resourceVersion"] = json!((self.version() + 1).to_string());
        self.told.push(json!({"type": kind, "object": secret}));
    }
}

impl Kubernetes {
    async fn start(self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new()
            .route("/api/v1/namespaces/causely/secrets", get(secrets))
            .route("/api/v1/namespaces/causely/secrets/{name}", get(secret))
            .fallback(other)
            .with_state(self);
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }

    /// Creates or changes a Secret.
    fn put(&self, name: &str, label: Option<&str>, data: &[(&str, &str)]) {
        use base64::Engine as _;
        let encoded = |value: &str| base64::prelude::BASE64_STANDARD.encode(value);
        let data: BTreeMap<&str, String> = data
            .iter()
            .map(|(key, value)| (*key, encoded(value)))
            .collect();
        let labels = label.map(|label| json!({"causely.ai/scraper": label}));
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "data": data,
            "metadata": {"name": name, "namespace": "causely", "labels": labels},
        });
        let mut known = self.state.lock().expect("the state");
        let before = known.secrets.insert(name.to_owned(), secret.clone());
        match (
            before.is_some_and(|before| is_labelled(&before)),
            is_labelled(&secret),
        ) {
            (false, true) => known.tell("ADDED", secret),
            (true, true) => known.tell("MODIFIED", secret),
            (true, false) => known.tell("DELETED", secret),
            (false, false) => {}
        }
        self.changed.notify_waiters();
    }

    fn delete(&self, name: &str) {
        let mut known = self.state.lock().expect("the state");
        if let Some(secret) = known.secrets.remove(name)
            && is_labelled(&secret)
        {
            known.tell("DELETED", secret);
        }
        self.changed.notify_waiters();
    }
}

fn forbidden() -> Response {
    let message =
        "secrets is forbidden: User \"system:serviceaccount:causely:backstitch\" cannot list";
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403, "message": message});
    (StatusCode::FORBIDDEN, status.to_string()).into_response()
}

async fn secrets(State(kubernetes): State<Kubernetes>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    // None of the Secrets here holds the kubeconfig of a cluster.
    let of_clusters = query.contains("labelSelector=causely.ai%2Fcluster&");
    assert!(
        of_clusters || query.contains("labelSelector=causely.ai%2Fscraper%3DBackstage"),
        "{query}"
    );
    if of_clusters && query.contains("watch=true") {
        let nothing = futures::stream::pending::<Result<Bytes, Infallible>>();
        return Body::from_stream(nothing).into_response();
    }
    if !query.contains("watch=true") {
        let known = kubernetes.state.lock().expect("the state");
        if known.forbidden {
            return forbidden();
        }
        let items: Vec<&Value> = known
            .secrets
            .values()
            .filter(|it| !of_clusters && is_labelled(it))
            .collect();
        let list = json!({"kind": "SecretList", "metadata": {"resourceVersion": known.version().to_string()}, "items": items});
        return list.to_string().into_response();
    }
    let (_, rest) = query.split_once("resourceVersion=").expect("a version");
    let since: usize = rest
        .split('&')
        .next()
        .expect("a value")
        .parse()
        .expect("a number");
    loop {
        let changed = kubernetes.changed.notified();
        let mut lines = String::new();
        {
            let known = kubernetes.state.lock().expect("the state");
            for event in &known.told[since - 1..] {
                writeln!(lines, "{event}").expect("a string takes all");
            }
        }
        if !lines.is_empty() {
            return lines.into_response();
        }
        changed.await;
    }
}

async fn secret(State(kubernetes): State<Kubernetes>, Path(name): Path<String>) -> Response {
    let known = kubernetes.state.lock().expect("the state");
    if let Some(secret) = known.secrets.get(&name) {
        return secret.to_string().into_response();
    }
    let status =
        json!({"kind": "Status", "status": "Failure", "code": 404, "message": "not found"});
    (StatusCode::NOT_FOUND, status.to_string()).into_response()
}

/// Services s0 and s1, and nothing else; watches in which nothing happens.
async fn other(request: axum::extract::Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    if query.contains("sendInitialEvents") {
        // As a server that has no streaming lists.
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    if query.contains("watch=true") {
        let nothing = futures::stream::pending::<Result<Bytes, Infallible>>();
        return Body::from_stream(nothing).into_response();
    }
    let kind = match request.uri().path().rsplit('/').next().unwrap_or_default() {
        "services" => "Service",
        "namespaces" => "Namespace",
        "endpointslices" => "EndpointSlice",
        "deployments" => "Deployment",
        "statefulsets" => "StatefulSet",
        "daemonsets" => "DaemonSet",
        "replicasets" => "ReplicaSet",
        "jobs" => "Job",
        "cronjobs" => "CronJob",
        "pods" => "Pod",
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let service = |name: &str| json!({"metadata": {"name": name, "namespace": "shop", "resourceVersion": "1"}, "spec": {}});
    let items = if kind == "Service" {
        vec![service("s0"), service("s1")]
    } else {
        Vec::new()
    };
    let list = json!({"kind": format!("{kind}List"), "metadata": {"resourceVersion": "1"}, "items": items});
    list.to_string().into_response()
}

/// A Backstage whose one component is stitched to that Service and belongs to that team.
async fn backstage(service: &str, team: &str, tokens: &[&str]) -> Catalog {
    let options = Options {
        tokens: tokens
            .iter()
            .map(|token| ((*token).to_owned(), Permission::Read))
            .collect(),
        ..Options::default()
    };
    let catalog = Catalog::start_with(options).await.expect("a catalog");
    for entity in [
        common::component(service, &[(ID, service), (NAMESPACE, "shop")], team),
        common::group(team),
    ] {
        catalog.put(serde_saphyr::from_str(&entity).expect("an entity"));
    }
    catalog
}

fn folder(kubernetes: &str, secrets: &str, instances: &str) -> Folder {
    let folder = Folder::new();
    folder.file(
        "kubeconfig",
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{{name: a, context: {{cluster: a}}}}]\n\
             clusters: [{{name: a, cluster: {{server: '{kubernetes}'}}}}]\n"
        ),
    );
    folder.file(
        "backstitch.yaml",
        format!(
            "listen: 127.0.0.1:0\nstore: state/store.db\nsecrets: {secrets}\n\
             clusters: [{{name: prod, kubeconfig: kubeconfig, context: a}}]\n\
             scrapers: {{backstage: {{instances: [{instances}]}}}}\n"
        ),
    );
    folder
}

fn verbose(folder: &Folder) -> Service {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_backstitch"));
    command.arg("-v");
    Service::start_by(folder, command)
}

/// Whether a source is in the status.
async fn is_there(service: &Service, id: &str) -> bool {
    let (_, answer) = service.get("/api/v1/sources").await;
    let items = answer["items"].as_array().expect("a page");
    let mut ids = items
        .iter()
        .map(|item| format!("{}/{}", word(&item["kind"]), word(&item["name"])));
    ids.any(|found| found == id)
}

async fn fails_with(service: &Service, id: &str, words: &str) -> Value {
    let says = |source: &Value| {
        let error = &source["last_error"];
        word(&error["message"]).contains(words) || word(&error["remedy"]).contains(words)
    };
    service.source(id, says).await
}

/// S31: nothing of a Secret is in what anybody sees.
async fn shows_no_secret(service: &Service, folder: &Folder) {
    let mut seen = service.log();
    for path in [
        "/api/v1/sources",
        "/api/v1/services",
        "/api/v1/components",
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
    let at = seen.find("sentinel");
    assert_eq!(at.map(|at| &seen[at.saturating_sub(200)..at + 20]), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn s28_s29_s30_s31_an_instance_of_the_values_follows_its_secret() {
    let kubernetes = Kubernetes::default();
    let backstage = backstage("s0", "web", &[TOKEN, ROTATED]).await;
    let folder = folder(
        &kubernetes.clone().start().await,
        "{sync_interval: 1s}",
        "{secretName: backstage-credentials, namespace: causely, sync_interval: 1s}",
    );
    let service = verbose(&folder);
    let id = "catalog/backstage-credentials";
    let name = "backstage-credentials";
    fails_with(
        &service,
        id,
        "kubectl create secret generic backstage-credentials --namespace causely",
    )
    .await;

    // Not labelled yet: it is looked for again at the next news of the namespace.
    let url = format!("{}/", backstage.url());
    let data = [("endpoint", url.as_str()), ("token", TOKEN)];
    kubernetes.put(name, None, &data);
    kubernetes.put("news", Some("Backstage"), &[("url", "sentinel")]);
    fails_with(&service, id, "kubectl label secret backstage-credentials --namespace causely --overwrite causely.ai/scraper=Backstage").await;

    service.phase("cluster/prod", "ready").await;
    kubernetes.put(name, Some("Backstage"), &data);
    let ready = service.phase(id, "ready").await;
    assert_eq!(ready["counts"]["components"], 1, "{ready:#}");
    assert_eq!(service.owner("prod/shop/s0").await, "group:default/web");

    // A token that is refused takes effect at once, and costs nothing of what is known; so does one that is not.
    kubernetes.put(
        name,
        Some("Backstage"),
        &[("endpoint", &url), ("token", WRONG)],
    );
    fails_with(&service, id, "401").await;
    assert_eq!(service.owner("prod/shop/s0").await, "group:default/web");
    kubernetes.put(
        name,
        Some("Backstage"),
        &[("endpoint", &url), ("token", ROTATED)],
    );
    service.phase(id, "ready").await;

    kubernetes.put(
        name,
        Some("Backstage"),
        &[
            ("endpoint", "sentinel"),
            ("Token", "sentinel"),
            ("headers", "[sentinel"),
        ],
    );
    let broken = fails_with(&service, id, "`endpoint` is no such URL").await;
    let message = word(&broken["last_error"]["message"]);
    assert!(message.contains("did you mean `token`?"), "{message}");
    assert!(message.contains("`headers` is no such map"), "{message}");
    assert_eq!(broken["phase"], "stale");
    assert_eq!(service.owner("prod/shop/s0").await, "group:default/web");

    kubernetes.put(name, Some("Backstage"), &data);
    service.phase(id, "ready").await;
    // Gone: what it gave goes at the first interval, as it is little; the instance stays, because the values name it.
    kubernetes.delete(name);
    fails_with(&service, id, "kubectl create secret generic").await;
    until("what it gave is gone", || async {
        service.owner("prod/shop/s0").await == "-"
    })
    .await;
    assert!(is_there(&service, id).await);
    kubernetes.put(name, Some("Backstage"), &data);
    service.phase(id, "ready").await;
    assert_eq!(service.owner("prod/shop/s0").await, "group:default/web");
    shows_no_secret(&service, &folder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s30_s26_s24_an_instance_that_only_a_label_makes_comes_and_goes() {
    let kubernetes = Kubernetes::default();
    kubernetes.state.lock().expect("the state").forbidden = true;
    let one = backstage("s0", "web", &[TOKEN]).await;
    let other = backstage("s1", "data", &[TOKEN]).await;
    let folder = folder(
        &kubernetes.clone().start().await,
        "{cluster: prod, namespaces: [causely], sync_interval: 1s}",
        "{name: taken, endpoint: 'http://127.0.0.1:9'}",
    );
    kubernetes.put(
        "one",
        Some("Backstage"),
        &[("endpoint", &one.url()), ("token", TOKEN)],
    );
    kubernetes.put("taken", Some("Backstage"), &[("endpoint", &one.url())]);
    let service = verbose(&folder);
    let refused = service.phase("secrets/causely", "failing").await;
    let remedy = word(&refused["last_error"]["remedy"]);
    assert!(remedy.contains("kubectl create role backstitch-secrets --namespace causely --verb=get,list,watch --resource=secrets"), "{remedy}");
    assert!(
        remedy.contains("--serviceaccount=causely:backstitch"),
        "{remedy}"
    );
    service.kill().await;

    kubernetes.state.lock().expect("the state").forbidden = false;
    let service = verbose(&folder);
    until("it is found", || is_there(&service, "catalog/one")).await;
    service.phase("catalog/one", "ready").await;
    service.phase("cluster/prod", "ready").await;
    assert_eq!(service.owner("prod/shop/s0").await, "group:default/web");
    let watched = service.phase("secrets/causely", "ready").await;
    assert_eq!(watched["counts"]["secrets"], 2);
    let clash = word(&watched["warnings"][0]);
    assert!(
        clash.contains("the Secret `taken` of namespace `causely` is not used"),
        "{clash}"
    );

    kubernetes.put(
        "other",
        Some("Backstage"),
        &[("endpoint", &other.url()), ("token", TOKEN)],
    );
    until("it is found", || is_there(&service, "catalog/other")).await;
    service.phase("catalog/other", "ready").await;
    assert_eq!(service.owner("prod/shop/s1").await, "group:default/data");

    // S26: the last state is served before any Secret was read. What went meanwhile ages out.
    service.kill().await;
    kubernetes.delete("other");
    let service = verbose(&folder);
    service.ready().await;
    assert!(is_there(&service, "catalog/one").await);
    assert_eq!(service.owner("prod/shop/s0").await, "group:default/web");
    until("it is gone", || async {
        !is_there(&service, "catalog/other").await
    })
    .await;
    assert_eq!(service.owner("prod/shop/s1").await, "-");
    let (_, history) = service.get("/api/v1/history?service=prod/shop/s1").await;
    let items = history["items"].as_array().expect("a page");
    assert!(
        items.iter().any(|item| item["cause"]["source"] == "other"
            && item["change"]["after"]["state"] == "unclaimed"),
        "{history:#}"
    );
    service.phase("catalog/one", "ready").await;

    // The label is taken away, and comes back before anything was judged: it goes on.
    kubernetes.put("one", None, &[("endpoint", &one.url()), ("token", TOKEN)]);
    fails_with(&service, "catalog/one", "is there any more").await;
    kubernetes.put(
        "one",
        Some("Backstage"),
        &[("endpoint", &one.url()), ("token", TOKEN)],
    );
    until("it goes on", || is_there(&service, "catalog/one")).await;
    until("it is owned", || async {
        service.owner("prod/shop/s0").await == "group:default/web"
    })
    .await;
    shows_no_secret(&service, &folder).await;
}
