//! Notifications of Alertmanager: taken, enriched, kept.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Request;
use insta::assert_snapshot;
use serde_json::{Value, json};
use server::alerts::enrich::Enrichment;
use server::alerts::wire::Wire;
use server::alerts::{Alerts, MAX_BODY, Settings};
use server::status::Sources;
use server::{Access, AppState};
use store::{Queue, QueueBounds};
use tempfile::TempDir;

use crate::company::{Answer, Company, NOW};

const PATH: &str = "/api/v1/alertmanager";

struct Bench {
    company: Company,
    alerts: Arc<Alerts>,
    _folder: TempDir,
}

impl Bench {
    fn new(wire: Wire) -> Self {
        let folder = TempDir::new().unwrap();
        let bounds = QueueBounds {
            entries: 2,
            bytes: 1 << 30,
            dead: 2,
            dead_bytes: 1 << 30,
        };
        let queue = Queue::open(&folder.path().join("queue"), bounds).unwrap();
        let settings = Settings {
            enrichment: Enrichment::default(),
            wire,
            target: "webhook http://target.example".into(),
        };
        let alerts = Arc::new(Alerts::new(settings, queue));
        let sources = Sources::default();
        sources.set_loaded();
        let state = AppState {
            sources: Arc::new(sources),
            alerts: Some(Arc::clone(&alerts)),
            ..Company::new().state
        };
        Self {
            company: Company::of(state, Access::default()),
            alerts,
            _folder: folder,
        }
    }

    async fn post(&self, body: impl Into<Body>) -> Answer {
        let request = Request::post(PATH)
            .header("content-type", "application/json")
            .body(body.into())
            .unwrap();
        self.company.ask(request).await
    }

    /// What is kept, and gone then.
    fn kept(&self) -> Vec<Value> {
        let mut queue = self.alerts.queue();
        let waiting = queue.waiting(0, 100).unwrap();
        waiting
            .iter()
            .map(|entry| {
                let body = queue.body(entry.id).unwrap().unwrap();
                queue.remove(entry.id).unwrap();
                serde_json::from_slice(&body).unwrap()
            })
            .collect()
    }
}

fn alert(labels: Value) -> Value {
    let mut alert = json!({
        "status": "firing", "annotations": {"summary": "s"}, "startsAt": "2023-11-14T22:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://prometheus/graph", "fingerprint": "f"
    });
    alert["labels"] = labels;
    alert
}

fn notification(alerts: &[Value]) -> String {
    json!({"version": "4", "groupKey": "{}:{}", "receiver": "backstitch", "status": "firing", "groupLabels": {},
           "commonLabels": {"stale": "x"}, "commonAnnotations": {}, "externalURL": "http://am", "alerts": alerts})
    .to_string()
}

#[tokio::test]
async fn each_alert_gets_its_owner() {
    let bench = Bench::new(Wire::Webhook);
    let body = notification(&[
        alert(
            json!({"alertname": "A", "cluster": "eu1", "namespace": "shop", "service": "checkout"}),
        ),
        alert(
            json!({"alertname": "B", "cluster": "eu1", "namespace": "shop", "pod": "checkout-7d4b", "team": "Own"}),
        ),
        alert(
            json!({"alertname": "C", "cluster": "eu1", "namespace": "shop", "service": "catalog"}),
        ),
        alert(json!({"alertname": "D", "service": "cart"})),
        alert(json!({"alertname": "E", "service": "nothing"})),
        alert(json!({"alertname": "F", "backstitch": "enriched"})),
    ]);
    let answer = bench.post(body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.text, r#"{"taken":5,"enriched":1,"returned":1}"#);
    let kept = bench.kept();
    let [notification] = kept.as_slice() else {
        panic!("{kept:?}");
    };
    let alerts = notification["alerts"].as_array().unwrap();
    let shown: Vec<String> = alerts
        .iter()
        .map(|alert| format!("{}\n  {}", alert["labels"], alert["annotations"]))
        .collect();
    assert_snapshot!(shown.join("\n"), @r#"
    {"alertname":"A","backstitch":"enriched","cluster":"eu1","component":"component:default/checkout","namespace":"shop","owner_ref":"group:default/payments","service":"checkout","team":"Payments"}
      {"backstitch_confidence":"exact","owner_email":"payments@shop.example","summary":"s"}
    {"alertname":"B","backstitch":"unresolved","cluster":"eu1","namespace":"shop","pod":"checkout-7d4b","team":"Own"}
      {"backstitch_reason":"the alert itself says `team` is `Own`, and the catalog says `Payments`","summary":"s"}
    {"alertname":"C","backstitch":"unresolved","cluster":"eu1","namespace":"shop","service":"catalog"}
      {"backstitch_reason":"`component:default/catalog` is stitched to Service `eu1/shop/catalog` and has no owner","summary":"s"}
    {"alertname":"D","backstitch":"unresolved","service":"cart"}
      {"backstitch_reason":"several Services fit: `eu1/shop/cart`, `eu1/staging/cart`","summary":"s"}
    {"alertname":"E","backstitch":"unresolved","service":"nothing"}
      {"backstitch_reason":"no label names anything that is known","summary":"s"}
    "#);
    assert_eq!(notification["commonLabels"], json!({}));
    assert_eq!(notification["externalURL"], "http://am");

    // What came back and nothing else is no notification.
    let body = self::notification(&[alert(json!({"backstitch": "unresolved"}))]);
    assert_eq!(
        bench.post(body).await.text,
        r#"{"taken":0,"enriched":0,"returned":1}"#
    );
    assert_eq!(bench.kept(), [] as [Value; 0]);
}

#[tokio::test]
async fn an_alertmanager_gets_alerts_that_end() {
    let firing_for = Duration::from_hours(1);
    let bench = Bench::new(Wire::Alertmanager { firing_for });
    let labels = json!({"cluster": "eu1", "namespace": "shop", "service": "checkout"});
    bench.post(notification(&[alert(labels)])).await;
    let kept = bench.kept();
    assert_eq!(kept[0][0]["labels"]["team"], "Payments");
    assert_eq!(kept[0][0]["endsAt"], "2023-11-14T23:14:20Z");
    assert_eq!(NOW, 1_700_000_060);
}

#[tokio::test]
async fn before_the_last_state_is_loaded_alerts_pass_as_they_are() {
    let mut bench = Bench::new(Wire::Webhook);
    let state = AppState {
        sources: Arc::new(Sources::default()),
        ..bench.company.state.clone()
    };
    bench.company = Company::of(state, Access::default());
    let labels = json!({"cluster": "eu1", "namespace": "shop", "service": "checkout"});
    let answer = bench.post(notification(&[alert(labels)])).await;
    assert_eq!(answer.text, r#"{"taken":1,"enriched":0,"returned":0}"#);
    let kept = bench.kept();
    let alert = &kept[0]["alerts"][0];
    assert_eq!(alert["labels"]["backstitch"], "unresolved");
    assert_eq!(
        alert["annotations"]["backstitch_reason"],
        "the last state is not loaded yet"
    );
}

#[tokio::test]
async fn a_full_queue_has_alertmanager_come_again() {
    let bench = Bench::new(Wire::Webhook);
    for expected in [200, 200, 503] {
        let answer = bench.post(notification(&[alert(json!({"a": "b"}))])).await;
        assert_eq!(answer.status, expected, "{}", answer.text);
        if expected == 503 {
            assert_eq!(answer.header("retry-after"), "5");
            assert!(answer.problem().contains("the queue of alerts is full"));
        }
    }
    let status = bench.company.get(PATH).await;
    assert_snapshot!(serde_json::to_string_pretty(&status).unwrap(), @r#"
    {
      "dead": 0,
      "dead_letters": [],
      "enriched": 0,
      "failed": 0,
      "forwarded": 0,
      "oldest_age_seconds": 0,
      "oldest_at": "2023-11-14T22:14:20Z",
      "received": 2,
      "refused": 1,
      "returned": 0,
      "target": "webhook http://target.example",
      "waiting": 2,
      "waiting_alerts": 2
    }
    "#);
    let answer = bench.company.ask(crate::company::request("/metrics")).await;
    let metrics: Vec<&str> = answer
        .text
        .lines()
        .filter(|line| line.starts_with("backstitch_alerts_"))
        .collect();
    assert_snapshot!(metrics.join("\n"), @r#"
    backstitch_alerts_received_total 2
    backstitch_alerts_enriched_total 0
    backstitch_alerts_returned_total 0
    backstitch_alerts_forwarded_total 0
    backstitch_alerts_failed_total 0
    backstitch_alerts_refused_notifications_total 1
    backstitch_alerts_forward_failures_total 0
    backstitch_alerts_queue_length 2
    backstitch_alerts_queue_alerts 2
    backstitch_alerts_queue_oldest_age_seconds 0
    backstitch_alerts_dead_letters 0
    "#);
    assert_eq!(bench.kept().len(), 2);
}

#[tokio::test]
async fn what_is_no_notification() {
    let bench = Bench::new(Wire::Webhook);
    let many: Vec<(String, &str)> = (0..300).map(|number| (format!("l{number}"), "x")).collect();
    let many: serde_json::Map<String, Value> = many
        .into_iter()
        .map(|(key, value)| (key, json!(value)))
        .collect();
    for (body, told) in [
        (String::new(), "EOF"),
        ("[]".to_owned(), "invalid"),
        ("{}".to_owned(), "missing field"),
        (
            r#"{"version": "3", "alerts": []}"#.to_owned(),
            "`version` is `3`, expected `4`",
        ),
        (
            r#"{"version": "4", "alerts": [{}]}"#.to_owned(),
            "missing field `labels`",
        ),
        (
            r#"{"version": "4", "alerts": [{"labels": {"a": 1}}]}"#.to_owned(),
            "expected a string",
        ),
        (
            notification(&[alert(many.into())]),
            "an alert has 300 labels",
        ),
    ] {
        let answer = bench.post(body.clone()).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text);
        assert!(answer.text.contains(told), "{body}: {}", answer.text);
    }
    assert_eq!(bench.kept(), [] as [Value; 0]);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_read() {
    let bench = Bench::new(Wire::Webhook);
    // Whoever reads it, hangs.
    let endless = || Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
    let request = Request::post(PATH)
        .header("content-type", "application/json")
        .header("content-length", "50000000")
        .body(endless())
        .unwrap();
    assert_eq!(bench.company.ask(request).await.status, 413);
    let chunk = Bytes::from(vec![b' '; 64 * 1024]);
    let stream = futures::stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone()));
    let answer = bench.post(Body::from_stream(stream)).await;
    assert_eq!(answer.status, 413);
    let largest = format!(
        "{}{}",
        notification(&[]),
        " ".repeat(MAX_BODY - notification(&[]).len())
    );
    assert_eq!(bench.post(largest).await.status, 200);
}

#[tokio::test]
async fn nothing_is_taken_where_nothing_is_configured() {
    let company = Company::new();
    let request = Request::post(PATH)
        .header("content-type", "application/json")
        .body(Body::from("{}"))
        .unwrap();
    for answer in [
        company.ask(request).await,
        company.ask(crate::company::request(PATH)).await,
    ] {
        assert_eq!(answer.status, 404);
        assert!(answer.text.contains("`alertmanager` in the configuration"));
    }
}
