//! A Backstage that says what a test tells it to say.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::common::{ID, NAMESPACE};

/// A catalog at an address of its own.
pub(crate) struct Backstage {
    server: MockServer,
    script: Arc<Mutex<Script>>,
    asked: Arc<AtomicUsize>,
}

struct Script {
    now: ResponseTemplate,
    /// What is found by reference.
    existing: Vec<Value>,
    /// So many answers are given still, then it fails.
    left: Option<usize>,
}

struct Answers {
    script: Arc<Mutex<Script>>,
    asked: Arc<AtomicUsize>,
}

impl Respond for Answers {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut script = self.script.lock().expect("the script");
        match &mut script.left {
            Some(0) => ResponseTemplate::new(500),
            Some(left) => {
                *left -= 1;
                script.now.clone()
            }
            None => script.now.clone(),
        }
    }
}

/// Answers to `by-refs`, which are none of the reads that a script counts.
struct ByReference(Arc<Mutex<Script>>);

impl Respond for ByReference {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let asked: Value = request.body_json().expect("JSON");
        let script = self.0.lock().expect("the script");
        let found = |reference: &Value| {
            let existing = script.existing.iter();
            let mut found = existing.filter(|entity| *reference == json!(reference_of(entity)));
            found.next().cloned().unwrap_or(Value::Null)
        };
        let asked = asked["entityRefs"].as_array().expect("references");
        let items: Vec<Value> = asked.iter().map(found).collect();
        ResponseTemplate::new(200).set_body_json(json!({ "items": items }))
    }
}

fn reference_of(entity: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_lowercase();
    let metadata = &entity["metadata"];
    let (namespace, name) = (text(&metadata["namespace"]), text(&metadata["name"]));
    format!("{}:{namespace}/{name}", text(&entity["kind"]))
}

impl Backstage {
    /// One that gives this catalog.
    pub(crate) async fn start(entities: &[Value]) -> Self {
        let script = Arc::new(Mutex::new(Script {
            now: page(entities),
            existing: entities.to_vec(),
            left: None,
        }));
        let asked = Arc::new(AtomicUsize::new(0));
        let server = MockServer::start().await;
        let answers = Answers {
            script: Arc::clone(&script),
            asked: Arc::clone(&asked),
        };
        Mock::given(method("GET"))
            .and(path("/api/catalog/entities/by-query"))
            .respond_with(answers)
            .mount(&server)
            .await;
        Mock::given(method("POST"))
            .and(path("/api/catalog/entities/by-refs"))
            .respond_with(ByReference(Arc::clone(&script)))
            .mount(&server)
            .await;
        Self {
            server,
            script,
            asked,
        }
    }

    pub(crate) fn url(&self) -> String {
        self.server.uri()
    }

    /// From now on it gives this catalog.
    pub(crate) fn gives(&self, entities: &[Value]) {
        *self.script.lock().expect("the script") = Script {
            now: page(entities),
            existing: entities.to_vec(),
            left: None,
        };
    }

    /// From now on it answers so.
    pub(crate) fn says(&self, answer: ResponseTemplate) {
        *self.script.lock().expect("the script") = Script {
            now: answer,
            existing: Vec::new(),
            left: None,
        };
    }

    /// It gives this catalog so many times, and then fails.
    pub(crate) fn gives_times(&self, times: usize, entities: &[Value]) {
        *self.script.lock().expect("the script") = Script {
            now: page(entities),
            existing: entities.to_vec(),
            left: Some(times),
        };
    }

    /// From now on it takes requests and does not answer.
    pub(crate) fn hangs(&self) {
        self.says(silence());
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn silence() -> ResponseTemplate {
    ResponseTemplate::new(200).set_delay(Duration::from_hours(1))
}

fn page(entities: &[Value]) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "items": entities, "totalItems": entities.len(), "pageInfo": {}
    }))
}

pub(crate) fn component(name: &str, owner: &str) -> Value {
    json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
        "metadata": {"name": name, "namespace": "default", "annotations": {ID: name, NAMESPACE: "shop"}},
        "spec": {"type": "service", "lifecycle": "production", "owner": owner}
    })
}

pub(crate) fn group(name: &str) -> Value {
    json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Group",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"type": "team", "children": []}
    })
}

/// So many components `s0`, `s1` … and the group that owns them.
pub(crate) fn company(count: usize, owner: &str) -> Vec<Value> {
    let components = (0..count).map(|number| component(&format!("s{number}"), owner));
    components.chain([group(owner)]).collect()
}
