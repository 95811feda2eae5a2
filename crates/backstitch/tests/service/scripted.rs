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

impl Backstage {
    /// One that gives this catalog.
    pub(crate) async fn start(entities: &[Value]) -> Self {
        let script = Arc::new(Mutex::new(Script {
            now: page(entities),
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
        self.says(page(entities));
    }

    /// From now on it answers so.
    pub(crate) fn says(&self, answer: ResponseTemplate) {
        *self.script.lock().expect("the script") = Script {
            now: answer,
            left: None,
        };
    }

    /// It gives this catalog so many times, and then fails.
    pub(crate) fn gives_times(&self, times: usize, entities: &[Value]) {
        *self.script.lock().expect("the script") = Script {
            now: page(entities),
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
