//! Alerts through a real Alertmanager: the routes that are exported, and owners on the way, by the configurations of
//! `docs/guides/alertmanager.md`. Run by `cargo xtask test alertmanager-real`, which unpacks Alertmanager.

#![cfg(target_os = "linux")]

mod common;
#[path = "service/running.rs"]
mod running;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use testbed::alertmanager::{Alertmanager, amtool};
use tokio::net::TcpListener;

use crate::common::{Folder, ID, NAMESPACE, component, project, service, stream};
use crate::running::{Service, until};

/// A name that would break out of a matcher, a text of YAML and a template.
const HOSTILE: &str = "Web \"shop\" \\ {x} =~ #: é, {{ .CommonLabels }}";

fn group(name: &str, display: &str, annotations: &str) -> String {
    let display = Value::from(display);
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: {name}\n  annotations: {{{annotations}}}\n\
         spec: {{type: team, profile: {{displayName: {display}}}, children: []}}\n"
    )
}

/// A company with an owner for each way of being reached.
fn company() -> Folder {
    let at = |name, owner| component(name, &[(ID, name), (NAMESPACE, "shop")], owner);
    let catalog = [
        at("cart", "web"),
        at("payment-api", "payments"),
        at("ledger", "books"),
        at("lost", "ghosts"),
        component("mail", &[(ID, "mail"), (NAMESPACE, "post")], "books"),
        group("web", HOSTILE, "slack.com/bot-notify: web"),
        group("payments", "Payments", "pagerduty.com/service-id: PAB12CD"),
        group("books", "Books", "opsgenie.com/team: 'Books {ops}'"),
        group("ghosts", "Ghosts", "slack.com/bot-notify: '{{ .X }}'"),
    ];
    let shop = ["cart", "payment-api", "ledger", "lost", "free"];
    let mut services: Vec<String> = shop.iter().map(|name| service("shop", name)).collect();
    services.push(service("post", "mail"));
    Folder::with(&[
        ("catalog.yaml", &stream(&catalog)),
        ("k8s/services.yaml", &stream(&services)),
        ("receivers.yaml", "Books: my-books\n"),
    ])
}

/// The block of the guide that begins with this comment.
fn of_the_guide(comment: &str) -> String {
    let path = project().join("docs/guides/alertmanager.md");
    let guide = std::fs::read_to_string(path).expect("the guide");
    let start = guide
        .find(&format!("```yaml\n# {comment}\n"))
        .unwrap_or_else(|| panic!("the guide has no `{comment}`"));
    let block = guide[start..].trim_start_matches("```yaml\n");
    let (block, _) = block.split_once("```").expect("an end");
    block.to_owned()
}

/// `backstitch serve` over the company, which hands alerts on.
struct Backstitch {
    folder: Folder,
    port: u16,
}

impl Backstitch {
    fn new(alertmanager: &str) -> Self {
        let folder = company();
        let port = testbed::alertmanager::free_port().expect("a port");
        let configuration = format!(
            "listen: 127.0.0.1:{port}\nstore: state/store.db\n\
             scrapers: {{backstage: {{instances: [{{name: main, type: file, path: catalog.yaml}}]}}}}\n\
             clusters: [{{name: prod, path: k8s}}]\n{alertmanager}"
        );
        folder.file("backstitch.yaml", configuration);
        Self { folder, port }
    }

    /// Started, and with owners.
    async fn start(&self) -> Service {
        let service = Service::start(&self.folder);
        service
            .until("/api/v1/summary", |answer| answer["owned"] == 5)
            .await;
        service
    }

    /// A configuration of the guide whose alerts come here, without its rests.
    fn sends_here(&self, configuration: &str) -> String {
        configuration
            .replace(
                "http://backstitch:7465",
                &format!("http://127.0.0.1:{}", self.port),
            )
            .replace("group_interval: 1m", "group_interval: 1s")
    }
}

const SINK: &str = "route: {receiver: teams}\nreceivers: [{name: teams}]\n";

fn alert(name: &str, namespace: &str, service: &str) -> Value {
    json!([{"labels": {"alertname": name, "namespace": namespace, "service": service, "severity": "page"},
            "annotations": {"summary": "s"}, "generatorURL": "http://prometheus/graph?g0.expr=up%7B%7D"}])
}

/// What there is of an alert, in one line.
fn shown(alert: &Value) -> String {
    let labels = alert["labels"].as_object().expect("labels");
    let labels: Vec<String> = labels
        .iter()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    labels.join(" ")
}

/// The names of the alerts that are marked so.
async fn names(alertmanager: &Alertmanager, mark: &str) -> BTreeSet<String> {
    let alerts = alertmanager.alerts().await.unwrap_or_default();
    let marked = alerts
        .iter()
        .filter(|it| it["labels"]["backstitch"] == mark);
    marked
        .map(|it| {
            it["labels"]["alertname"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}

async fn has(alertmanager: &Alertmanager, expected: &BTreeSet<String>) {
    let holds = || async { names(alertmanager, "enriched").await == *expected };
    within(holds).await;
}

async fn within<F: Future<Output = bool>>(holds: impl Fn() -> F) {
    until("it does not come to be so", holds).await;
}

#[test]
fn exported_routes_are_valid_and_lead_to_the_owner() {
    let folder = company();
    let arguments = [
        "export",
        "alertmanager-routes",
        "--catalog",
        "catalog.yaml",
        "--cluster",
        "k8s",
        "--secrets-dir",
        "/etc/alertmanager/secrets",
        "--receivers",
        "receivers.yaml",
        "--by-namespace",
        "--smtp-smarthost",
        "mail.example:25",
        "--smtp-from",
        "a@b.example",
    ];
    for (words, routes) in [
        (&[][..], "by-reference.yml"),
        (&["--match", "team"], "by-team.yml"),
    ] {
        let text = folder.run(arguments.iter().chain(words)).printed();
        folder.file(routes, text);
        let checked = amtool(folder.path(), &["check-config", routes]).expect("amtool");
        let said = String::from_utf8_lossy(&checked.stdout).into_owned();
        assert!(
            checked.status.success() && said.contains("SUCCESS"),
            "{said}"
        );
    }
    let quoted = Value::from(HOSTILE).to_string();
    let hostile = format!("team={quoted}");
    for (routes, labels, receiver) in [
        (
            "by-reference.yml",
            vec!["owner_ref=group:default/web"],
            "backstitch/group:default/web",
        ),
        (
            "by-reference.yml",
            vec!["owner_ref=group:default/payments"],
            "backstitch/group:default/payments",
        ),
        (
            "by-reference.yml",
            vec!["owner_ref=group:default/books"],
            "my-books",
        ),
        (
            "by-reference.yml",
            vec!["owner_ref=group:default/ghosts"],
            "default",
        ),
        (
            "by-reference.yml",
            vec!["owner_ref=group:default/unknown"],
            "default",
        ),
        ("by-reference.yml", vec!["alertname=x"], "default"),
        (
            "by-reference.yml",
            vec!["namespace=post", "service=anything"],
            "my-books",
        ),
        (
            "by-reference.yml",
            vec!["namespace=shop", "service=cart"],
            "backstitch/group:default/web",
        ),
        (
            "by-reference.yml",
            vec!["namespace=shop", "service=carts"],
            "default",
        ),
        (
            "by-reference.yml",
            vec!["namespace=shop", "service=free"],
            "default",
        ),
        (
            "by-team.yml",
            vec![hostile.as_str()],
            "backstitch/group:default/web",
        ),
        (
            "by-team.yml",
            vec!["team=Payments"],
            "backstitch/group:default/payments",
        ),
        ("by-team.yml", vec!["team=Ghosts"], "default"),
    ] {
        let config = format!("--config.file={routes}");
        let mut arguments = vec!["config", "routes", "test", config.as_str()];
        arguments.extend(&labels);
        let tested = amtool(folder.path(), &arguments).expect("amtool");
        let found = String::from_utf8_lossy(&tested.stdout).trim().to_owned();
        let error = String::from_utf8_lossy(&tested.stderr).into_owned();
        assert_eq!(found, receiver, "{routes} {labels:?}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_get_their_owner_on_the_way() {
    let teams = Alertmanager::start(SINK).await.expect("Alertmanager");
    let backstitch = Backstitch::new(
        &of_the_guide("backstitch.yaml: and Backstitch hands it on")
            .replace("http://alertmanager-teams:9093", &teams.url()),
    );
    let service = backstitch.start().await;
    let first = backstitch.sends_here(&of_the_guide(
        "alertmanager.yml: everything goes to Backstitch",
    ));
    let first = Alertmanager::start(&first).await.expect("Alertmanager");
    for (name, namespace, of) in [
        ("Web", "shop", "cart"),
        ("Pay", "shop", "payment-api"),
        ("Books", "post", "mail"),
        ("Free", "shop", "free"),
    ] {
        let status = first.send(&alert(name, namespace, of)).await;
        assert_eq!(status.expect("an answer"), 200);
    }
    within(|| async { teams.alerts().await.unwrap_or_default().len() == 4 }).await;
    let mut alerts = teams.alerts().await.expect("alerts");
    alerts.sort_by_key(|alert| alert["labels"]["alertname"].to_string());
    let lines: Vec<String> = alerts.iter().map(shown).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    alertname=Books backstitch=enriched component=component:default/mail namespace=post owner_ref=group:default/books service=mail severity=page team=Books
    alertname=Free backstitch=unresolved namespace=shop service=free severity=page
    alertname=Pay backstitch=enriched component=component:default/payment-api namespace=shop owner_ref=group:default/payments service=payment-api severity=page team=Payments
    alertname=Web backstitch=enriched component=component:default/cart namespace=shop owner_ref=group:default/web service=cart severity=page team=Web "shop" \ {x} =~ #: é, {{ .CommonLabels }}
    "#);
    let annotations: Vec<String> = alerts
        .iter()
        .map(|it| it["annotations"].to_string())
        .collect();
    insta::assert_snapshot!(annotations.join("\n"), @r#"
    {"backstitch_confidence":"exact","owner_opsgenie":"Books {ops}","summary":"s"}
    {"backstitch_reason":"no component is stitched to Service `prod/shop/free`","summary":"s"}
    {"backstitch_confidence":"exact","owner_pagerduty":"PAB12CD","summary":"s"}
    {"backstitch_confidence":"exact","owner_slack":"web","summary":"s"}
    "#);
    assert_eq!(
        alerts[0]["generatorURL"],
        "http://prometheus/graph?g0.expr=up%7B%7D"
    );

    // What ends ends there too.
    let mut ended = alert("Pay", "shop", "payment-api");
    ended[0]["startsAt"] = json!("2020-01-01T00:00:00Z");
    ended[0]["endsAt"] = json!("2020-01-01T01:00:00Z");
    first.send(&ended).await.expect("an answer");
    within(|| async { !names(&teams, "enriched").await.contains("Pay") }).await;
    let expected = BTreeSet::from(["Books".to_owned(), "Web".to_owned()]);
    assert_eq!(names(&teams, "enriched").await, expected);
    let (_, status) = service.get("/api/v1/alertmanager").await;
    assert_eq!(
        (&status["waiting"], &status["failed"]),
        (&json!(0), &json!(0))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_alertmanager_for_both_and_nothing_goes_round() {
    let guide = of_the_guide("alertmanager.yml: one for both");
    // The second time somebody forgot the route for what has been here.
    let careless = of_the_guide("alertmanager.yml: everything goes to Backstitch");
    for (configuration, returns) in [(guide, false), (careless, true)] {
        let forward = of_the_guide("backstitch.yaml: and Backstitch hands it on");
        let backstitch = Backstitch::new("");
        let both = Alertmanager::start(&backstitch.sends_here(&configuration))
            .await
            .expect("Alertmanager");
        let text = std::fs::read_to_string(backstitch.folder.path().join("backstitch.yaml"));
        let text = text.expect("the configuration");
        let forward = forward.replace("http://alertmanager-teams:9093", &both.url());
        backstitch
            .folder
            .file("backstitch.yaml", format!("{text}{forward}"));
        let service = backstitch.start().await;
        both.send(&alert("Pay", "shop", "payment-api"))
            .await
            .expect("an answer");
        has(&both, &BTreeSet::from(["Pay".to_owned()])).await;
        if returns {
            service
                .until("/api/v1/alertmanager", |status| status["returned"] == 1)
                .await;
        }
        // One that comes after it has seen all that the first one caused.
        both.send(&alert("Web", "shop", "cart"))
            .await
            .expect("an answer");
        has(&both, &BTreeSet::from(["Pay".to_owned(), "Web".to_owned()])).await;
        let (_, status) = service.get("/api/v1/alertmanager").await;
        assert_eq!(status["forwarded"], 2, "{status:#}");
        assert_eq!(both.alerts().await.expect("alerts").len(), 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_alert_is_lost_while_the_target_is_gone_and_backstitch_is_killed() {
    let mut teams = Alertmanager::start(SINK).await.expect("Alertmanager");
    let backstitch = Backstitch::new(
        &of_the_guide("backstitch.yaml: and Backstitch hands it on")
            .replace("http://alertmanager-teams:9093", &teams.url()),
    );
    let service = backstitch.start().await;
    let first = backstitch.sends_here(&of_the_guide(
        "alertmanager.yml: everything goes to Backstitch",
    ));
    let first = Alertmanager::start(&first).await.expect("Alertmanager");
    let mut so_far = BTreeSet::new();
    let mut send = async |from: u32| {
        for number in from..from + 20 {
            let name = format!("Pay{number}");
            let status = first.send(&alert(&name, "shop", "payment-api")).await;
            assert_eq!(status.expect("an answer"), 200);
            so_far.insert(name);
        }
        so_far.clone()
    };
    has(&teams, &send(0).await).await;

    // The target is gone.
    teams.kill();
    send(20).await;
    service
        .until("/api/v1/alertmanager", |status| status["waiting"] == 20)
        .await;

    // Backstitch is killed with all of it in the queue; what comes meanwhile, Alertmanager sends again by itself.
    service.kill().await;
    let all = send(40).await;
    let service = backstitch.start().await;
    service
        .until("/api/v1/alertmanager", |status| status["waiting"] == 40)
        .await;
    teams.resume().await.expect("Alertmanager");
    // It lost what it had not written down yet, which are those of before.
    let later: BTreeSet<String> = (20..60).map(|number| format!("Pay{number}")).collect();
    within(|| async { names(&teams, "enriched").await.is_superset(&later) }).await;
    assert_eq!(all.len(), 60);
    let (_, status) = service.get("/api/v1/alertmanager").await;
    assert_eq!(status["failed"], 0, "{status:#}");
}

/// A webhook that answers as it is told.
struct Hook {
    status: AtomicU16,
    asked: AtomicUsize,
    names: std::sync::Mutex<BTreeSet<String>>,
}

async fn hook(State(hook): State<Arc<Hook>>, body: String) -> StatusCode {
    hook.asked.fetch_add(1, Ordering::SeqCst);
    let status = StatusCode::from_u16(hook.status.load(Ordering::SeqCst)).expect("a status");
    if status.is_success() {
        let payload: Value = serde_json::from_str(&body).expect("a notification");
        assert_eq!(payload["version"], "4");
        assert_eq!(payload["commonLabels"]["team"], "Payments", "{payload:#}");
        let mut names = hook.names.lock().expect("names");
        for alert in payload["alerts"].as_array().expect("alerts") {
            names.insert(alert["labels"]["alertname"].to_string());
        }
    }
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_fails_for_a_while_gets_every_notification() {
    let state = Arc::new(Hook {
        status: AtomicU16::new(500),
        asked: AtomicUsize::new(0),
        names: std::sync::Mutex::default(),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let router = Router::new().fallback(hook).with_state(Arc::clone(&state));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let backstitch = Backstitch::new(&format!(
        "alertmanager: {{forward: {{webhook: 'http://{address}/hook?key=sentinel'}}}}\n"
    ));
    let service = backstitch.start().await;
    let first = backstitch.sends_here(&of_the_guide(
        "alertmanager.yml: everything goes to Backstitch",
    ));
    let first = Alertmanager::start(&first).await.expect("Alertmanager");
    for number in 0..10 {
        let alert = alert(&format!("Pay{number}"), "shop", "payment-api");
        first.send(&alert).await.expect("an answer");
    }
    within(|| async { state.asked.load(Ordering::SeqCst) >= 3 }).await;
    service
        .until("/api/v1/alertmanager", |status| status["waiting"] == 10)
        .await;
    state.status.store(200, Ordering::SeqCst);
    within(|| async { state.names.lock().expect("names").len() == 10 }).await;
    service
        .until("/api/v1/alertmanager", |status| status["forwarded"] == 10)
        .await;
    // S31: the URL of a webhook is a secret.
    assert!(!service.log().contains("sentinel"), "{}", service.log());
}
