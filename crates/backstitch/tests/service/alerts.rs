//! Alerts on their way through: what arrives, what is tried again, what is given up, and what a kill costs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::common::{Folder, small};
use crate::running::Service;

const PATH: &str = "/api/v1/alertmanager";

/// A target that answers as it is told, and then well.
#[derive(Default)]
struct Target {
    answers: Mutex<VecDeque<(u16, &'static str)>>,
    /// The token, and the names of the alerts, of each request.
    asked: Mutex<Vec<String>>,
}

impl Target {
    async fn start(answers: &[(u16, &'static str)]) -> (Arc<Self>, String) {
        let target = Arc::new(Self {
            answers: Mutex::new(answers.iter().copied().collect()),
            asked: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&target));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (target, format!("http://{address}"))
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the requests").clone()
    }
}

async fn answer(State(target): State<Arc<Target>>, headers: HeaderMap, body: String) -> Response {
    let token = headers
        .get("authorization")
        .map_or("-", |token| token.to_str().expect("a token"));
    let alerts: Value = serde_json::from_str(&body).expect("alerts");
    let names: Vec<String> = alerts
        .as_array()
        .expect("alerts")
        .iter()
        .map(|alert| {
            let label = |name: &str| alert["labels"][name].as_str().unwrap_or("-").to_owned();
            format!("{} {}", label("alertname"), label("owner_ref"))
        })
        .collect();
    let answer = target.answers.lock().expect("answers").pop_front();
    let (status, wait) = answer.unwrap_or((200, ""));
    let line = format!("{status} {token} {}", names.join(", "));
    target.asked.lock().expect("the requests").push(line);
    let status = StatusCode::from_u16(status).expect("a status");
    if wait.is_empty() {
        status.into_response()
    } else if status == StatusCode::BAD_REQUEST {
        (status, wait).into_response()
    } else {
        (status, [("retry-after", wait)]).into_response()
    }
}

/// A small company whose alerts go to that target.
fn folder(target: &str) -> Folder {
    let folder = small();
    folder.file("token", "s3cret\n");
    folder.file(
        "backstitch.yaml",
        format!(
            "listen: 127.0.0.1:0\nstore: state/store.db\n\
             scrapers: {{backstage: {{instances: [{{name: main, path: catalog.yaml}}]}}}}\n\
             clusters: [{{name: prod, path: k8s}}]\n\
             alertmanager: {{forward: {{alertmanager: '{target}', token_file: token}}, queue_length: 3}}\n"
        ),
    );
    folder
}

async fn start(folder: &Folder) -> Service {
    let service = Service::start(folder);
    service
        .until("/api/v1/summary", |answer| answer["owned"] == 1)
        .await;
    service
}

/// Sends a notification of one alert, of a group of its own; the status of the answer.
async fn send(service: &Service, name: &str, of: &str) -> u16 {
    let alert = json!({"status": "firing", "startsAt": "2026-01-01T00:00:00Z",
                       "labels": {"alertname": name, "namespace": "shop", "service": of}});
    let body = json!({"version": "4", "groupKey": name, "alerts": [alert]});
    service.post_json(PATH, &body).await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_arrive_arrives_and_what_cannot_is_a_dead_letter() {
    let answers = [
        (503, ""),
        (429, "1"),
        (200, ""),
        (400, "no \"label\"\n"),
        (401, ""),
        (200, ""),
    ];
    let (target, url) = Target::start(&answers).await;
    let folder = folder(&url);
    let service = start(&folder).await;
    let settled = async |forwarded: u64, failed: u64| {
        let holds = |status: &Value| {
            status["forwarded"] == forwarded && status["failed"] == failed && status["waiting"] == 0
        };
        service.until(PATH, holds).await
    };
    assert_eq!(send(&service, "Late", "cart").await, 200);
    settled(1, 0).await;
    assert_eq!(send(&service, "Wrong", "cart").await, 200);
    settled(1, 1).await;
    assert_eq!(send(&service, "Nobody", "wish-list").await, 200);
    let status = settled(2, 1).await;
    insta::assert_snapshot!(target.asked().join("\n"), @r#"
    503 Bearer s3cret Late group:default/web
    429 Bearer s3cret Late group:default/web
    200 Bearer s3cret Late group:default/web
    400 Bearer s3cret Wrong group:default/web
    401 Bearer s3cret Nobody -
    200 Bearer s3cret Nobody -
    "#);
    assert_eq!(status["dead"], 1);
    let dead = &status["dead_letters"][0];
    assert_eq!(
        dead["reason"],
        "the target answered with status 400: no \"label\""
    );
    assert_eq!(status["target"], format!("alertmanager {url}"));
    assert!(!service.log().contains("s3cret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_survives_a_kill() {
    // Nobody listens there.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    drop(listener);
    let folder = folder(&format!("http://{address}"));
    let service = start(&folder).await;
    let mut statuses = Vec::new();
    for name in ["one", "two", "three", "four"] {
        statuses.push(send(&service, name, "cart").await);
    }
    assert_eq!(statuses, [200, 200, 200, 503]);
    service
        .until(PATH, |status| status["last_failure"].is_string())
        .await;
    service.kill().await;

    let service = start(&folder).await;
    let (_, status) = service.get(PATH).await;
    assert_eq!(status["waiting"], 3, "{status:#}");
    service.kill().await;

    let (target, url) = Target::start(&[]).await;
    let text = std::fs::read_to_string(folder.path().join("backstitch.yaml"));
    let text = text.expect("the configuration");
    folder.file(
        "backstitch.yaml",
        text.replace(&format!("http://{address}"), &url),
    );
    let service = start(&folder).await;
    service
        .until(PATH, |status| {
            status["forwarded"] == 3 && status["waiting"] == 0
        })
        .await;
    assert_eq!(
        target.asked(),
        ["one", "two", "three"].map(|name| format!("200 Bearer s3cret {name} group:default/web"))
    );
}
