//! The contract with a real API server.
//!
//! Runs against a cluster of the testbed, which all tests share, or against that of `KUBECONFIG_TEST`, a kubeconfig whose
//! current context may do everything; objects are made in namespaces of their own and deleted again. Only the testbed's is
//! restarted.

#![cfg(unix)]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use cluster::live::{Access, ApiServer, Pace, RequestError, Update, connect, list_once, watch};
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};
use testbed::kubernetes::{Cluster, Options};
use tokio::sync::{Mutex, MutexGuard, mpsc};
use topology::fact::{ObjectFact, ObjectKey, ObjectKind, WorkloadKind};

/// The whole of one wait; a real API server needs seconds to come back.
const PATIENCE: Duration = Duration::from_secs(90);

/// The tests share one API server, and some of them restart it.
static SHARED: Mutex<Option<Cluster>> = Mutex::const_new(None);

struct Real {
    /// None where it is somebody's own.
    cluster: MutexGuard<'static, Option<Cluster>>,
    path: PathBuf,
    server: ApiServer,
    client: kube::Client,
    namespace: String,
}

impl Real {
    async fn new(test: &str) -> Self {
        let mut cluster = SHARED.lock().await;
        let path = match std::env::var_os("KUBECONFIG_TEST") {
            Some(path) => PathBuf::from(path),
            None => match &mut *cluster {
                Some(cluster) => cluster.kubeconfig(),
                none => {
                    let started = Cluster::start(Options::default()).await;
                    none.insert(started.unwrap_or_else(|error| panic!("{error}")))
                        .kubeconfig()
                }
            },
        };
        let kubeconfig = Kubeconfig::read_from(&path).expect("a kubeconfig");
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
            .await
            .expect("it has a usable context");
        let real = Self {
            cluster,
            server: connect(&access(&path)).await.expect("a connection"),
            client: kube::Client::try_from(config).expect("a client"),
            namespace: format!("backstitch-{test}-{}", std::process::id()),
            path,
        };
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": real.namespace}});
        real.post("/api/v1/namespaces", &namespace).await;
        real
    }

    /// Makes the API server forget what was, and starts it anew; says so where it is not ours.
    async fn restart(&mut self) -> bool {
        let Some(cluster) = &mut *self.cluster else {
            let line = "warning: SKIPPED the restart: the API server is not the testbed's\n";
            // Past the capture of test output: a contract that was not checked has to be seen.
            let written = std::io::stderr().write_all(line.as_bytes());
            written.expect("stderr takes all");
            return false;
        };
        cluster.compact().await.expect("it forgets");
        cluster.restart_api_server().await.expect("it comes back");
        true
    }

    async fn send(&self, method: &str, path: &str, body: Vec<u8>) -> Value {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .body(body)
            .expect("a request");
        self.client
            .request(request)
            .await
            .expect("the API server takes it")
    }

    async fn post(&self, path: &str, object: &Value) {
        self.send("POST", path, object.to_string().into_bytes())
            .await;
    }

    async fn create_service(&self, name: &str) {
        let service = json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "labels": {"team": "pay"}},
            "spec": {"selector": {"app": name}, "ports": [{"port": 80}]},
        });
        self.post(
            &format!("/api/v1/namespaces/{}/services", self.namespace),
            &service,
        )
        .await;
    }

    async fn delete_service(&self, name: &str) {
        let path = format!("/api/v1/namespaces/{}/services/{name}", self.namespace);
        self.send("DELETE", &path, Vec::new()).await;
    }

    fn key(&self, kind: ObjectKind, name: &str) -> ObjectKey {
        ObjectKey {
            kind,
            namespace: self.namespace.as_str().into(),
            name: name.into(),
        }
    }

    async fn clean_up(self) {
        self.send(
            "DELETE",
            &format!("/api/v1/namespaces/{}", self.namespace),
            Vec::new(),
        )
        .await;
    }
}

fn access(path: &std::path::Path) -> Access {
    Access::Kubeconfig {
        path: Some(path.to_owned()),
        context: None,
    }
}

#[tokio::test]
async fn everything_is_listed_over_several_pages() {
    let real = Real::new("list").await;
    for name in ["a", "b", "c", "d", "e"] {
        real.create_service(name).await;
    }
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
        "spec": {
            "selector": {"matchLabels": {"app": "a"}},
            "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "a", "image": "a"}]}},
        },
    });
    let deployments = format!("/apis/apps/v1/namespaces/{}/deployments", real.namespace);
    real.post(&deployments, &deployment).await;

    let pace = Pace {
        page_size: 2,
        ..Pace::default()
    };
    let generation = list_once(&real.server, &pace, &mut |_| {})
        .await
        .expect("a generation");
    let own = |object: &&ObjectFact| *object.key().namespace == *real.namespace;
    let services: Vec<_> = generation
        .objects
        .iter()
        .filter(own)
        .filter_map(|object| match object {
            ObjectFact::Service(service) => Some(service),
            _ => None,
        })
        .collect();
    assert_eq!(services.len(), 5);
    assert_eq!(services[0].labels, [("team".into(), "pay".into())]);
    assert_eq!(services[0].selector, [("app".into(), "a".into())]);
    let deployment = generation
        .objects
        .iter()
        .filter(own)
        .find_map(|object| match object {
            ObjectFact::Workload(workload) if workload.kind == WorkloadKind::Deployment => {
                Some(workload)
            }
            _ => None,
        });
    let deployment = deployment.expect("the deployment");
    assert_eq!(deployment.pod_labels, [("app".into(), "a".into())]);
    assert!(deployment.uid.is_some());
    let namespace = ObjectFact::Namespace(real.namespace.as_str().into());
    assert!(generation.objects.contains(&namespace));
    real.clean_up().await;
}

#[tokio::test]
async fn a_user_without_permission_is_told_what_to_grant() {
    let real = Real::new("refused").await;
    let mut kubeconfig = Kubeconfig::read_from(&real.path).expect("a kubeconfig");
    for user in &mut kubeconfig.auth_infos {
        if let Some(user) = &mut user.auth_info {
            user.impersonate = Some("jane".to_owned());
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config");
    std::fs::write(&path, serde_json::to_string(&kubeconfig).expect("JSON")).expect("a file");
    let server = connect(&access(&path)).await.expect("a connection");
    let error = list_once(&server, &Pace::default(), &mut |_| {})
        .await
        .expect_err("no permission");
    assert!(
        matches!(&error, RequestError::Forbidden { user: Some(user), .. } if user == "jane"),
        "{error:?}"
    );
    real.clean_up().await;
}

/// Reads updates until one is what is waited for.
async fn until(updates: &mut mpsc::Receiver<Update>, what: &str, wanted: impl Fn(&Update) -> bool) {
    let wait = async {
        while let Some(update) = updates.recv().await {
            if wanted(&update) {
                return;
            }
        }
        panic!("the watch ended before: {what}");
    };
    let result = tokio::time::timeout(PATIENCE, wait).await;
    assert!(result.is_ok(), "waited in vain for: {what}");
}

fn is_applied(update: &Update, key: &ObjectKey) -> bool {
    matches!(update, Update::Applied(object) if object.key() == *key)
}

#[tokio::test]
async fn changes_are_followed_through_a_restart() {
    let mut real = Real::new("watch").await;
    real.create_service("before").await;
    let (sender, mut updates) = mpsc::channel(64);
    tokio::spawn(watch(real.server.clone(), Pace::default(), 1, sender));

    let before = real.key(ObjectKind::Service, "before");
    until(&mut updates, "a complete list of Services", |update| {
        matches!(update, Update::Restarted { kind: ObjectKind::Service, objects, .. } if objects.iter().any(|object| object.key() == before))
    })
    .await;
    let added = real.key(ObjectKind::Service, "added");
    real.create_service("added").await;
    until(&mut updates, "the new Service", |update| {
        is_applied(update, &added)
    })
    .await;
    real.delete_service("added").await;
    until(&mut updates, "its deletion", |update| {
        *update == Update::Deleted(added.clone())
    })
    .await;

    if real.restart().await {
        let after = real.key(ObjectKind::Service, "after");
        real.create_service("after").await;
        until(
            &mut updates,
            "a Service made after the restart",
            |update| match update {
                Update::Restarted { objects, .. } => {
                    objects.iter().any(|object| object.key() == after)
                }
                update => is_applied(update, &after),
            },
        )
        .await;
    }
    real.clean_up().await;
}

/// What a receiver knows of one namespace's Services.
#[derive(Default)]
struct Known(BTreeSet<ObjectKey>);

impl Known {
    fn learn(&mut self, update: Update) {
        match update {
            Update::Restarted {
                kind: ObjectKind::Service,
                objects,
                ..
            } => {
                self.0 = objects.iter().map(ObjectFact::key).collect();
            }
            Update::Applied(object) => {
                self.0.insert(object.key());
            }
            Update::Deleted(key) => {
                self.0.remove(&key);
            }
            _ => {}
        }
    }

    fn services(&self, namespace: &str) -> Vec<&str> {
        let own = self
            .0
            .iter()
            .filter(|key| key.kind == ObjectKind::Service && *key.namespace == *namespace);
        own.map(|key| &*key.name).collect()
    }
}

#[tokio::test]
async fn a_receiver_that_was_stuck_ends_in_the_true_state() {
    let mut real = Real::new("stuck").await;
    for name in ["kept", "dropped"] {
        real.create_service(name).await;
    }
    let (sender, mut updates) = mpsc::channel(1);
    tokio::spawn(watch(real.server.clone(), Pace::default(), 1, sender));
    let mut known = Known::default();
    while known.services(&real.namespace).is_empty() {
        known.learn(updates.recv().await.expect("watching goes on"));
    }
    // Nobody receives while much happens, and then the server forgets the versions in between.
    for round in 0..20 {
        real.create_service(&format!("short-lived-{round}")).await;
        real.delete_service(&format!("short-lived-{round}")).await;
    }
    real.delete_service("dropped").await;
    real.create_service("new").await;
    real.restart().await;
    let wait = async {
        while known.services(&real.namespace) != ["kept", "new"] {
            known.learn(updates.recv().await.expect("watching goes on"));
        }
    };
    assert!(
        tokio::time::timeout(PATIENCE, wait).await.is_ok(),
        "{:?}",
        known.services(&real.namespace)
    );
    real.clean_up().await;
}
