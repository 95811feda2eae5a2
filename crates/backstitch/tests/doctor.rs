//! `backstitch doctor`: against scripted servers on the loopback, and what goes into its support archive.

mod common;

use std::collections::BTreeMap;
use std::io::Read as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use common::{Folder, ID, component, group, service, stream};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// What must not be in an archive, wherever it was planted.
const SENTINEL: &str = "s3ntinel";

/// A Backstage with so many components, so many of which name a Service, and a Group.
struct Backstage {
    components: u64,
    named: u64,
}

impl Respond for Backstage {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let query = request.url.query().unwrap_or_default();
        let answer = match request.url.path() {
            "/api/catalog/entities/by-query" => {
                json!({"items": [], "totalItems": self.components + 1, "pageInfo": {}})
            }
            "/api/catalog/entity-facets" if query.contains("kubernetes-id") => {
                json!({"facets": {"kind": [{"value": "Component", "count": self.named}]}})
            }
            "/api/catalog/entity-facets" => json!({"facets": {"kind": [
                {"value": "Component", "count": self.components}, {"value": "Group", "count": self.components.min(1)}
            ]}}),
            _ => return ResponseTemplate::new(404),
        };
        ResponseTemplate::new(200).set_body_json(answer)
    }
}

async fn answering(respond: impl Respond + 'static) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(respond)
        .mount(&server)
        .await;
    server
}

fn refusal(status: u16, name: &str, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({
        "error": {"name": name, "message": message},
        "request": {"method": "GET", "url": "/"}, "response": {"statusCode": status}
    }))
}

/// Two Services and a catalog of files that is as it should be.
fn folder() -> Folder {
    Folder::with(&[
        ("k8s/services.yaml", &stream(&[service("shop", "cart")])),
        (
            "catalog.yaml",
            &stream(&[component("cart", &[(ID, "cart")], "web"), group("web")]),
        ),
        ("token.txt", SENTINEL),
    ])
}

/// The configuration of these instances and clusters, each a line.
fn configuration(folder: &Folder, instances: &[String], clusters: &str) {
    let instances = instances.join("\n      - ");
    let text = format!(
        "store: state/backstitch.db\nscrapers:\n  backstage:\n    instances:\n      - {instances}\nclusters: {clusters}\n"
    );
    folder.file("backstitch.yaml", text);
}

const FILES: &str = "[{name: prod, path: k8s}]";

/// Runs while the servers answer.
async fn shown(folder: Folder, more: &'static [&'static str]) -> String {
    let run = move || {
        let args = ["doctor", "--config", "backstitch.yaml"];
        folder.run([&args, more].concat()).shown()
    };
    tokio::task::spawn_blocking(run)
        .await
        .expect("the run ends")
}

#[tokio::test(flavor = "multi_thread")]
async fn all_is_well() {
    let server = answering(Backstage {
        components: 7,
        named: 5,
    })
    .await;
    let folder = folder();
    let live = format!(
        "{{name: main, endpoint: '{}', token_file: token.txt}}",
        server.uri()
    );
    let files = "{name: files, path: catalog.yaml}".to_owned();
    configuration(&folder, &[live, files], FILES);
    insta::assert_snapshot!(shown(folder, &[]).await, @r"
    exit 0
    ----- stdout
    configuration
      ok    file: `backstitch.yaml`: instances 2, clusters 1

    store
      note  file: `state/backstitch.db` is not there yet; `serve` makes it
      ok    folder: `[FOLDER]` can be written to

    catalog main
      ok    name: the host is found
      ok    connection: something listens there
      note  tls: the connection is not encrypted, as it is `http://`
      ok    answer: the Catalog API answers
      ok    token: is accepted
      ok    clock: agrees with that of this machine
      ok    version: Backstage 1.12 or later, which is read by cursor
      ok    entities: components 7, groups 1, users 0
      ok    kubernetes-id: components 5 of 7 name their Service by `annotations.backstage.io/kubernetes-id`

    catalog files
      ok    entities: components 1, groups 1, users 0
      ok    kubernetes-id: components 1 of 1 name their Service by `annotations.backstage.io/kubernetes-id`

    cluster prod
      ok    objects: 1, of which Services 1

    2 notes, 13 ok
    ----- stderr
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_each_backstage_is_told_apart() {
    let illegal = answering(refusal(401, "AuthenticationError", "Illegal token")).await;
    let other = "This token's access is restricted to plugin(s) 'scaffolder'";
    let forbidden = answering(refusal(403, "NotAllowedError", other)).await;
    let html = ResponseTemplate::new(200).set_body_raw("<!doctype html>", "text/html");
    let html = answering(html).await;
    let blind = answering(Backstage {
        components: 0,
        named: 0,
    })
    .await;
    let unnamed = answering(Backstage {
        components: 7,
        named: 0,
    })
    .await;
    let instance =
        |name: &str, url: &str, more: &str| format!("{{name: {name}, endpoint: '{url}', {more}}}");
    let folder = folder();
    configuration(
        &folder,
        &[
            instance("illegal", &illegal.uri(), "token_file: token.txt"),
            instance("forbidden", &forbidden.uri(), "token_file: token.txt"),
            instance("html", &html.uri(), ""),
            instance("blind", &blind.uri(), "token_file: token.txt"),
            instance("unnamed", &unnamed.uri(), ""),
            instance("dead", "http://127.0.0.1:1", ""),
            instance("no-token", &unnamed.uri(), "token_file: gone.txt"),
            instance("faulty", &unnamed.uri(), "label_map: {component_owner: []}"),
            "{name: empty, path: nowhere}".to_owned(),
        ],
        FILES,
    );
    let shown = shown(folder, &["--quiet"]).await;
    assert!(!shown.contains(SENTINEL), "{shown}");
    insta::assert_snapshot!(shown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_differs_is_a_warning_even_where_the_token_is_refused() {
    let long_ago = refusal(401, "AuthenticationError", "Illegal token")
        .insert_header("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    let server = answering(long_ago).await;
    let folder = folder();
    let live = format!(
        "{{name: main, endpoint: '{}', token_file: token.txt}}",
        server.uri()
    );
    configuration(&folder, &[live], FILES);
    let shown = shown(folder, &["-o", "json"]).await;
    let (_, document) = shown.split_once("----- stdout\n").expect("it prints");
    let (document, _) = document.split_once("----- stderr").expect("it ends");
    let document: Value = serde_json::from_str(document).expect("JSON");
    let outcome = |check: &str| {
        let checks = document["checks"].as_array().expect("checks");
        let of = |row: &&Value| row["about"] == "catalog" && row["check"] == check;
        checks.iter().find(of).map(|row| row["outcome"].clone())
    };
    assert_eq!(outcome("token"), Some(json!("fail")));
    assert_eq!(outcome("clock"), Some(json!("warn")));
    assert_eq!(outcome("entities"), None);
    assert!(shown.starts_with("exit 1\n"), "{shown}");
}

#[test]
fn the_document() {
    let folder = folder();
    configuration(
        &folder,
        &["{name: files, path: catalog.yaml}".to_owned()],
        FILES,
    );
    let args = ["doctor", "--config", "backstitch.yaml", "-o", "json"];
    let shown = folder.run(args).shown();
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    let shown = shown
        .replace(&version, "\"version\": \"[VERSION]\"")
        .replace(std::env::consts::ARCH, "[ARCHITECTURE]")
        .replace("\"release\"", "\"debug\"");
    insta::assert_snapshot!(shown);
}

#[test]
fn a_configuration_that_cannot_be_used() {
    let folder = Folder::with(&[(
        "backstitch.yaml",
        "listn: 127.0.0.1:1\nclusters: [{name: prod, context: prod}]\nmax_removal_ratio: 2\n",
    )]);
    let run = |args: &[&str]| folder.run([&["doctor"], args].concat()).shown();
    insta::assert_snapshot!(run(&["--config", "backstitch.yaml"]), @r"
    exit 1
    ----- stdout
    configuration
      FAIL  file: backstitch.yaml:1:1: unknown key `listn`
            did you mean `listen`?
      FAIL  file: backstitch.yaml:3:20: `max_removal_ratio`: found `2`, expected a number from 0 to 1

    2 failures
    first: configuration: file
      did you mean `listen`?
    ----- stderr
    ");
    insta::assert_snapshot!(run(&["--config", "gone.yaml"]), @r"
    exit 1
    ----- stdout
    configuration
      FAIL  file: cannot read the configuration `gone.yaml`: No such file or directory (os error 2)
            `--config` names the file

    1 failure
    first: configuration: file
      `--config` names the file
    ----- stderr
    ");
    let home = folder.run(["doctor"]).env("HOME", folder.path());
    insta::assert_snapshot!(home.shown(), @r"
    exit 1
    ----- stdout
    configuration
      note  file: none is named
      FAIL  sources: there is nothing to serve: no catalog and no cluster is configured
            name a configuration by `--config`, or look around with `backstitch demo`

    store
      note  file: `[FOLDER]/.local/state/backstitch/backstitch.db` is not there yet; `serve` makes it
      ok    folder: `[FOLDER]` can be written to

    1 failure, 2 notes, 1 ok
    first: configuration: sources
      name a configuration by `--config`, or look around with `backstitch demo`
    ----- stderr
    ");
}

/// An API server without RBAC of its own: what it refuses is written here.
#[derive(Clone, Copy)]
struct Kubernetes {
    /// Resources that may not be read.
    refused: &'static [&'static str],
}

impl Respond for Kubernetes {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let ok = |body: Value| ResponseTemplate::new(200).set_body_json(body);
        let status = |code: u16, message: &str| {
            let status =
                json!({"kind": "Status", "apiVersion": "v1", "code": code, "message": message});
            ResponseTemplate::new(code).set_body_json(status)
        };
        let names = |names: &[&str]| {
            let resources: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
            json!({"kind": "APIResourceList", "resources": resources})
        };
        match request.url.path() {
            "/version" => ok(json!({"gitVersion": "v1.33.1"})),
            "/api/v1" => ok(names(&[
                "services",
                "namespaces",
                "endpoints",
                "persistentvolumeclaims",
                "nodes",
                "pods",
            ])),
            "/apis/apps/v1" => ok(names(&[
                "deployments",
                "statefulsets",
                "daemonsets",
                "replicasets",
            ])),
            "/apis/batch/v1" => ok(names(&["jobs", "cronjobs"])),
            "/apis/networking.k8s.io/v1" => ok(names(&["ingresses"])),
            "/apis/autoscaling/v1" => ok(names(&["horizontalpodautoscalers"])),
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" => {
                let review: Value = serde_json::from_slice(&request.body).expect("JSON");
                let asked = &review["spec"]["resourceAttributes"];
                let resource = asked["resource"].as_str().expect("a resource");
                // Secrets may be read in the one namespace alone.
                let allowed = match resource {
                    "*" => false,
                    "secrets" => asked["namespace"] == "ops",
                    resource => !self.refused.contains(&resource),
                };
                ok(json!({"status": {"allowed": allowed}}))
            }
            "/api/v1/namespaces/ops/secrets" => {
                let secret = |name: &str, label: &str, value: &str, data: Value| json!({"metadata": {"name": name, "namespace": "ops", "labels": {label: value}}, "data": data});
                let encoded = |text: &str| BASE64_STANDARD.encode(text);
                let (scraper, cluster) = ("causely.ai/scraper", "causely.ai/cluster");
                let mut pairs = request.url.query_pairs();
                let items = if pairs.any(|(_, value)| value == cluster) {
                    let kubeconfig = format!("users: [{{name: a, user: {{token: {SENTINEL}}}}}]");
                    json!([
                        secret(
                            "edge",
                            cluster,
                            "edge",
                            json!({"kubeconfig": encoded(&kubeconfig)})
                        ),
                        secret("empty", cluster, "far", json!({"value": encoded(SENTINEL)})),
                        secret(
                            "unnamed",
                            cluster,
                            "",
                            json!({"kubeconfig": encoded(SENTINEL)})
                        ),
                    ])
                } else {
                    json!([
                        secret(
                            "good",
                            scraper,
                            "Backstage",
                            json!({"endpoint": encoded("http://127.0.0.1:1"), "token": encoded(SENTINEL)})
                        ),
                        secret(
                            "faulty",
                            scraper,
                            "Backstage",
                            json!({"endpoint": encoded(SENTINEL), "token": encoded(SENTINEL)})
                        ),
                    ])
                };
                ok(
                    json!({"kind": "SecretList", "metadata": {"resourceVersion": "1"}, "items": items}),
                )
            }
            "/api/v1/namespaces/ops/secrets/bare" => ok(json!({
                "kind": "Secret", "metadata": {"name": "bare", "namespace": "ops"},
                "data": {"endpoint": BASE64_STANDARD.encode("http://127.0.0.1:1")}
            })),
            path if path.ends_with("/pods") || path.contains("/web/secrets") => {
                status(403, r#"it is forbidden: User "jane" cannot"#)
            }
            _ => status(404, "not found"),
        }
    }
}

/// A folder with a kubeconfig for this API server.
async fn kubernetes(refused: &'static [&'static str]) -> (MockServer, Folder) {
    let server = MockServer::start().await;
    let bearer = format!("Bearer {SENTINEL}");
    Mock::given(header("authorization", bearer.as_str()))
        .respond_with(Kubernetes { refused })
        .mount(&server)
        .await;
    let folder = folder();
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "prod",
        "contexts": [{"name": "prod", "context": {"cluster": "prod", "user": "jane"}}],
        "clusters": [{"name": "prod", "cluster": {"server": server.uri()}}],
        "users": [{"name": "jane", "user": {"token": SENTINEL}}],
    });
    folder.file("kube.yaml", kubeconfig.to_string());
    (server, folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_and_what_may_be_read_of_it() {
    let (_server, folder) = kubernetes(&["pods"]).await;
    let files = "{name: files, path: catalog.yaml}".to_owned();
    configuration(
        &folder,
        &[files],
        "[{name: prod, context: prod, kubeconfig: kube.yaml}, {name: typo, context: prd, kubeconfig: kube.yaml}, \
          {name: broken, context: prod, kubeconfig: token.txt}]",
    );
    insta::assert_snapshot!(shown(folder, &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn s30_the_secrets_of_each_namespace() {
    let (_server, folder) = kubernetes(&[]).await;
    configuration(
        &folder,
        &[
            "{secretName: good, namespace: ops}".to_owned(),
            "{secretName: bare, namespace: ops}".to_owned(),
            "{secretName: gone, namespace: ops}".to_owned(),
        ],
        "[{name: prod, context: prod, kubeconfig: kube.yaml}]\nsecrets: {namespaces: [ops, web]}",
    );
    let shown = shown(folder, &["-q"]).await;
    assert!(!shown.contains(SENTINEL), "{shown}");
    insta::assert_snapshot!(shown);
}

/// The files of an archive.
fn unpacked(archive: &[u8]) -> BTreeMap<String, String> {
    let mut archive = tar::Archive::new(GzDecoder::new(archive));
    let files = archive.entries().expect("an archive").map(|file| {
        let mut file = file.expect("a file");
        let name = file.path().expect("a name").display().to_string();
        let mut text = String::new();
        file.read_to_string(&mut text).expect("a text");
        (name, text)
    });
    files.collect()
}

/// A kubeconfig with a secret wherever one may stand. None of its contexts leads anywhere.
fn planted() -> String {
    let pem = BASE64_STANDARD.encode(format!(
        "-----BEGIN PRIVATE KEY-----\n{SENTINEL}\n-----END PRIVATE KEY-----\n"
    ));
    let environment = json!([{"name": "TOKEN", "value": SENTINEL}]);
    let context = |name: &str, cluster: &str| json!({"name": name, "context": {"cluster": cluster, "user": name}});
    json!({
        "apiVersion": "v1", "kind": "Config",
        "contexts": [context("key", "plain"), context("proxied", "proxied"), context("command", "plain")],
        "clusters": [
            {"name": "plain", "cluster": {"server": "https://127.0.0.1:1"}},
            {"name": "proxied", "cluster": {
                "server": format!("https://jane:{SENTINEL}@kubernetes.invalid"), "proxy-url": format!("http://jane:{SENTINEL}@127.0.0.1:1")
            }},
        ],
        "users": [
            {"name": "key", "user": {"client-certificate-data": pem, "client-key-data": pem}},
            {"name": "proxied", "user": {"username": "jane", "password": SENTINEL}},
            {"name": "command", "user": {"exec": {
                "apiVersion": "client.authentication.k8s.io/v1", "command": "true", "args": [SENTINEL], "env": environment,
                "interactiveMode": "Never"
            }}},
        ],
    })
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn s31_a_support_archive_has_no_secret_in_it() {
    let (_kubernetes, folder) = kubernetes(&["pods"]).await;
    let refused = answering(refusal(
        401,
        "AuthenticationError",
        &format!("Illegal token {SENTINEL}"),
    ))
    .await;
    let at = refused.uri();
    folder.file("header.txt", SENTINEL);
    folder.file("planted.yaml", planted());
    folder.file("broken.yaml", format!("users: [{{token: {SENTINEL}"));
    folder.file(
        "key.pem",
        format!("-----BEGIN PRIVATE KEY-----\n{SENTINEL}\n"),
    );
    configuration(
        &folder,
        &[
            format!("{{name: inline, endpoint: '{at}', token: {SENTINEL}}}"),
            format!("{{name: file, endpoint: '{at}', token_file: token.txt}}"),
            format!("{{name: variable, endpoint: '{at}', token_env: PLANTED}}"),
            format!("{{name: misplaced, endpoint: '{at}', token_env: {SENTINEL}}}"),
            format!(
                "{{name: headers, endpoint: '{at}', headers: {{X-Api-Key: {SENTINEL}, X-File: {{file: header.txt}}}}}}"
            ),
            format!(
                "{{name: oauth2, endpoint: '{at}', oauth2: {{token_url: '{at}/token', client_id: a, client_secret: {SENTINEL}}}}}"
            ),
            "{name: mtls, endpoint: 'https://127.0.0.1:1', client_cert_file: key.pem, client_key_file: key.pem}".to_owned(),
            "{secretName: good, namespace: ops}".to_owned(),
            "{secretName: bare, namespace: ops}".to_owned(),
        ],
        &format!(
            "[{{name: prod, context: prod, kubeconfig: kube.yaml}}, {{name: broken, kubeconfig: broken.yaml}}, \
             {{name: key, context: key, kubeconfig: planted.yaml}}, {{name: proxied, context: proxied, kubeconfig: planted.yaml}}, \
             {{name: command, context: command, kubeconfig: planted.yaml}}] # {SENTINEL}\nsecrets: {{namespaces: [ops, web]}}\napi_token_env: PLANTED"
        ),
    );
    let archive = folder.path().join("support.tar.gz");
    let run = move || {
        let args = [
            "doctor",
            "--config",
            "backstitch.yaml",
            "--bundle",
            "support.tar.gz",
        ];
        let first = folder.run(args).env("PLANTED", SENTINEL).shown();
        let second = folder.run(args).env("PLANTED", SENTINEL).shown();
        (folder, first, second)
    };
    let (folder, first, second) = tokio::task::spawn_blocking(run).await.expect("it ends");
    assert!(first.starts_with("exit 1\n"), "{first}");
    assert!(!first.contains(SENTINEL), "{first}");

    let packed = std::fs::read(&archive).expect("an archive");
    let files = unpacked(&packed);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "backstitch-support/README.txt",
            "backstitch-support/configuration.yaml",
            "backstitch-support/doctor.json",
            "backstitch-support/program.json",
        ]
    );
    let everything = format!("{files:?}");
    for planted in [SENTINEL.to_owned(), BASE64_STANDARD.encode(SENTINEL)] {
        assert!(!everything.contains(&planted), "{everything}");
    }
    // What is not a secret is there, or else nobody could help.
    let configuration = &files["backstitch-support/configuration.yaml"];
    assert!(
        configuration.contains("token_file: token.txt"),
        "{configuration}"
    );
    assert!(
        files["backstitch-support/doctor.json"]
            .contains("kubectl create clusterrole backstitch-pods")
    );

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&archive)
            .expect("an archive")
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }
    assert_eq!(std::fs::read(&archive).expect("an archive"), packed);
    insta::assert_snapshot!(second, @r"
    exit 2
    ----- stdout
    ----- stderr
    error: cannot write the support archive `support.tar.gz`
      caused by: entity already exists
    hint: nothing is overwritten: name another file, or remove that one
    ");
    drop(folder);
}

#[test]
fn an_archive_says_what_the_store_has() {
    let folder = folder();
    configuration(
        &folder,
        &["{name: files, path: catalog.yaml}".to_owned()],
        FILES,
    );
    folder.file("state/backstitch.db", "");
    let args = [
        "doctor",
        "--config",
        "backstitch.yaml",
        "--bundle",
        "a.tar.gz",
    ];
    let shown = folder.run(args).shown();
    assert!(shown.starts_with("exit 0\n"), "{shown}");
    let packed = std::fs::read(folder.path().join("a.tar.gz")).expect("an archive");
    let files = unpacked(&packed);
    let store: Value = serde_json::from_str(&files["backstitch-support/store.json"]).expect("JSON");
    assert_eq!(store["sources"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_that_cannot_be_counted_is_no_failure() {
    let server = MockServer::start().await;
    let page = json!({"items": [], "totalItems": 3, "pageInfo": {}});
    Mock::given(path("/api/catalog/entities/by-query"))
        .respond_with(ResponseTemplate::new(200).set_body_json(page))
        .mount(&server)
        .await;
    let folder = folder();
    configuration(
        &folder,
        &[format!("{{name: main, endpoint: '{}'}}", server.uri())],
        FILES,
    );
    let shown = shown(folder, &[]).await;
    assert!(shown.starts_with("exit 0\n"), "{shown}");
    assert!(
        shown.contains("note  entities: could not be counted"),
        "{shown}"
    );
}
