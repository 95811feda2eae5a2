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

use cluster::live::{
    Access, ApiServer, InlineKubeconfig, Namespaces, Pace, RequestError, Update, connect,
    list_once, watch,
};
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};
use testbed::kubernetes::{Cluster, Controllers, Options, User};
use tokio::sync::{Mutex, MutexGuard, mpsc};
use topology::apply::{ClusterDelta, Delta};
use topology::fact::{ObjectFact, ObjectKey, ObjectKind, WorkloadFact, WorkloadKind};
use topology::topology::{Topology, WorkloadId};
use topology::verdict::ServiceKey;

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
            skipped("the restart");
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

    /// The same API server as it is for somebody without rights but those that a role gives.
    async fn as_reader(&self) -> ApiServer {
        let text = match &*self.cluster {
            Some(cluster) => cluster.kubeconfig_of(&[User::Reader]),
            None => impersonating(&self.path, User::Reader.name()),
        };
        let kubeconfig = Access::Inline(InlineKubeconfig {
            text: text.into(),
            origin: "of the reader".to_owned(),
            context: None,
        });
        connect(&kubeconfig).await.expect("a connection")
    }

    /// Lets the reader read these resources in that namespace.
    async fn permit(&self, namespace: &str, role: &str, resources: &[&str]) {
        let path = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}");
        let version = "rbac.authorization.k8s.io/v1";
        let rules = json!([{"apiGroups": ["*"], "resources": resources, "verbs": ["get", "list", "watch"]}]);
        let granted = json!({"apiVersion": version, "kind": "Role", "metadata": {"name": role}, "rules": rules});
        self.post(&format!("{path}/roles"), &granted).await;
        let group = "rbac.authorization.k8s.io";
        let binding = json!({
            "apiVersion": version, "kind": "RoleBinding", "metadata": {"name": role},
            "roleRef": {"apiGroup": group, "kind": "Role", "name": role},
            "subjects": [{"apiGroup": group, "kind": "User", "name": User::Reader.name()}],
        });
        self.post(&format!("{path}/rolebindings"), &binding).await;
    }

    async fn create_deployment(&self, name: &str) {
        let deployment = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {
                "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "a", "image": "a"}]}},
            },
        });
        let path = format!("/apis/apps/v1/namespaces/{}/deployments", self.namespace);
        self.post(&path, &deployment).await;
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

/// Past the capture of test output: a contract that was not checked has to be seen.
fn skipped(what: &str) {
    let line = format!("warning: SKIPPED {what}: the API server is not the testbed's\n");
    let written = std::io::stderr().write_all(line.as_bytes());
    written.expect("stderr takes all");
}

/// The text of the kubeconfig, by which its user is somebody else.
fn impersonating(path: &std::path::Path, name: &str) -> String {
    let mut kubeconfig = Kubeconfig::read_from(path).expect("a kubeconfig");
    for user in &mut kubeconfig.auth_infos {
        if let Some(user) = &mut user.auth_info {
            user.impersonate = Some(name.to_owned());
        }
    }
    serde_json::to_string(&kubeconfig).expect("JSON")
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
    real.create_deployment("a").await;

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
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config");
    std::fs::write(&path, impersonating(&real.path, "jane")).expect("a file");
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
        matches!(update, Update::Restarted { kind: ObjectKind::Service, objects, .. } if objects.keys().any(|key| key == before))
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
                Update::Restarted { objects, .. } => objects.keys().any(|key| key == after),
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
                self.0 = objects.keys().collect();
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

fn named(namespaces: &[&str]) -> Namespaces {
    Namespaces::Named(namespaces.iter().map(|name| (*name).into()).collect())
}

#[tokio::test]
async fn a_role_in_one_namespace_is_enough_to_read_it() {
    let real = Real::new("role").await;
    real.create_service("own").await;
    real.create_deployment("own").await;
    real.permit(&real.namespace, "read", &["*"]).await;
    let reader = real.as_reader().await;
    let error = list_once(&reader, &Pace::default(), &mut |_| {})
        .await
        .expect_err("no right over the cluster");
    assert!(matches!(error, RequestError::Forbidden { .. }), "{error:?}");

    let within = reader.clone().within(named(&[&real.namespace]));
    let generation = list_once(&within, &Pace::default(), &mut |_| {})
        .await
        .expect("a generation");
    let keys: BTreeSet<ObjectKey> = generation.objects.iter().map(ObjectFact::key).collect();
    let namespace = ObjectFact::Namespace(real.namespace.as_str().into());
    for wanted in [
        real.key(ObjectKind::Service, "own"),
        real.key(ObjectKind::Workload(WorkloadKind::Deployment), "own"),
        namespace.key(),
    ] {
        assert!(keys.contains(&wanted), "{wanted:?} in {keys:?}");
    }
    let own = |key: &ObjectKey| *key.namespace == *real.namespace || *key == namespace.key();
    assert!(keys.iter().all(own), "{keys:?}");
    assert_eq!(generation.faults, []);

    let both = reader.within(named(&[&real.namespace, "kube-system"]));
    let error = list_once(&both, &Pace::default(), &mut |_| {})
        .await
        .expect_err("no right in the other");
    assert!(
        matches!(&error, RequestError::Forbidden { asked, .. } if asked.namespace.as_deref() == Some("kube-system")),
        "{error:?}"
    );
    real.clean_up().await;
}

#[tokio::test]
async fn what_is_granted_later_is_read_from_then_on() {
    const DEPLOYMENT: ObjectKind = ObjectKind::Workload(WorkloadKind::Deployment);
    let real = Real::new("granted").await;
    real.create_service("a").await;
    real.create_deployment("a").await;
    real.permit(&real.namespace, "services", &["services"])
        .await;
    let server = real.as_reader().await.within(named(&[&real.namespace]));
    let pace = Pace {
        refused_retry: Duration::from_millis(100),
        ..Pace::default()
    };
    let (sender, mut updates) = mpsc::channel(64);
    tokio::spawn(watch(server, pace, 1, sender));
    let mut services = false;
    let mut grant = None;
    while !services || grant.is_none() {
        match updates.recv().await.expect("watching goes on") {
            Update::Restarted {
                kind: ObjectKind::Service,
                ..
            } => services = true,
            Update::Forbidden {
                kind: DEPLOYMENT,
                namespace,
                hint,
                ..
            } => {
                assert_eq!(namespace.as_deref(), Some(&*real.namespace));
                grant = hint;
            }
            Update::Restarted {
                kind: DEPLOYMENT, ..
            } => panic!("nobody may read them"),
            _ => {}
        }
    }
    let grant = grant.expect("a hint");
    if let Some(cluster) = &*real.cluster {
        // What the hint says, word for word.
        let commands = grant
            .split('`')
            .filter_map(|it| it.strip_prefix("kubectl "));
        for command in commands {
            let arguments: Vec<&str> = command.split(' ').collect();
            cluster.kubectl(&arguments, "").expect(command);
        }
    } else {
        skipped("the commands of the hint");
        real.permit(&real.namespace, "deployments", &["deployments"])
            .await;
    }
    let wanted = real.key(DEPLOYMENT, "a");
    until(&mut updates, "the Deployments", |update| {
        matches!(update, Update::Restarted { kind: DEPLOYMENT, objects, .. } if objects.keys().any(|key| key == wanted))
    })
    .await;
    real.create_deployment("later").await;
    let later = real.key(DEPLOYMENT, "later");
    until(&mut updates, "a later Deployment", |update| {
        is_applied(update, &later)
    })
    .await;
    real.clean_up().await;
}

/// The kind and the name, without the five letters that a controller chose.
fn shown(topology: &Topology, ids: &[WorkloadId]) -> String {
    let names = ids.iter().map(|id| {
        let view = topology.workload(*id);
        let name = match view.name.rsplit_once('-') {
            Some((stem, chosen)) if chosen.len() == 5 => format!("{stem}-…"),
            _ => view.name.to_owned(),
        };
        format!("{} {name}", view.kind.as_str())
    });
    let names: BTreeSet<String> = names.collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

#[tokio::test]
#[expect(
    clippy::too_many_lines,
    reason = "most of it is what is found, as it is shown"
)]
async fn what_others_wrote_is_found_with_what_leads_where() {
    let started = Cluster::start(Options {
        controllers: Controllers::Running,
        ..Options::default()
    })
    .await;
    let cluster = started.unwrap_or_else(|error| panic!("{error}"));
    let manifests = cluster.foreign_manifests();
    let folder = manifests.to_str().expect("a path of text");
    for arguments in [
        ["apply", "--recursive", "-f", folder],
        ["autoscale", "statefulset", "web", "--max=2"],
    ] {
        cluster.kubectl(&arguments, "").expect("it is taken");
    }
    cluster
        .apply("apiVersion: v1\nkind: Node\nmetadata: {name: node-1}")
        .expect("a node");
    let claims = "/api/v1/namespaces/default/persistentvolumeclaims";
    let pods = "/api/v1/namespaces/default/pods";
    let slices = "/apis/discovery.k8s.io/v1beta1/namespaces/default/endpointslices";
    let has = |cluster: &Cluster, path: &str, parts: &[&str]| {
        let list = cluster.get(path).expect("a list").to_string();
        parts.iter().all(|part| list.contains(part))
    };
    cluster
        .until("what the controllers make", |cluster| {
            has(
                cluster,
                claims,
                &["www-web-0", "cassandra-data-cassandra-0"],
            ) && has(
                cluster,
                pods,
                &[
                    "\"echoheaders-",
                    "\"web-0\"",
                    "\"cassandra-0\"",
                    "\"cassandra-test-server-",
                ],
            ) && has(
                cluster,
                slices,
                &[
                    "\"nginx-",
                    "\"cassandra-",
                    "\"echoheadersx-",
                    "\"echoheadersy-",
                ],
            ) && has(
                cluster,
                "/api/v1/namespaces/kube-system/pods",
                &["\"kube-dns-autoscaler-"],
            )
        })
        .await
        .expect("it comes");
    cluster
        .run_pod("default", "web-0", "node-1")
        .expect("it runs");

    let server = connect(&access(&cluster.kubeconfig()))
        .await
        .expect("a connection");
    let generation = list_once(&server, &Pace::default(), &mut |_| {})
        .await
        .expect("a generation");
    assert_eq!(generation.faults, []);
    let workloads = || {
        generation.objects.iter().filter_map(|object| match object {
            ObjectFact::Workload(workload) => Some(&**workload),
            _ => None,
        })
    };
    let of = |kind: WorkloadKind, namespace: &str| -> &WorkloadFact {
        workloads()
            .find(|it| it.kind == kind && *it.namespace == *namespace)
            .expect("one of them")
    };
    let [pod, replica_set, deployment] = [
        WorkloadKind::Pod,
        WorkloadKind::ReplicaSet,
        WorkloadKind::Deployment,
    ]
    .map(|kind| of(kind, "kube-system"));
    for (below, above) in [(pod, replica_set), (replica_set, deployment)] {
        let controller = below.controller.as_ref().expect("a controller");
        assert_eq!(above.uid.as_ref(), Some(&controller.uid));
    }
    assert_eq!(&*of(WorkloadKind::Node, "").name, "node-1");

    let mut topology = Topology::new("example.com");
    let id = topology.set_cluster("real");
    topology.apply(Delta::Cluster(ClusterDelta {
        cluster: id,
        upserts: generation.objects,
        removals: Vec::new(),
    }));
    let mut lines = Vec::new();
    for name in ["cassandra", "echoheadersx", "echoheadersy", "nginx"] {
        let service = topology.find_service(&ServiceKey {
            cluster: "real".into(),
            namespace: "default".into(),
            name: name.into(),
        });
        let service = service.expect("the Service");
        let behind = topology.behind(service);
        let around = topology.around(service, &behind);
        lines.push(name.to_owned());
        for (what, ids) in [
            ("behind", &behind),
            ("in front", &around.in_front),
            ("claims", &around.claims),
            ("autoscalers", &around.autoscalers),
        ] {
            lines.push(format!("  {what}: [{}]", shown(&topology, ids)));
        }
        lines.push(format!("  nodes: [{}]", around.nodes.join(", ")));
    }
    insta::assert_snapshot!(lines.join("\n"), @r"
    cassandra
      behind: [EndpointSlice cassandra-…, Pod cassandra-0, Pod cassandra-…, StatefulSet cassandra]
      in front: []
      claims: [PersistentVolumeClaim cassandra-data-cassandra-0]
      autoscalers: []
      nodes: []
    echoheadersx
      behind: [EndpointSlice echoheadersx-…, Pod echoheaders-…]
      in front: [Ingress echomap]
      claims: []
      autoscalers: []
      nodes: []
    echoheadersy
      behind: [EndpointSlice echoheadersy-…, Pod echoheaders-…]
      in front: [Ingress echomap]
      claims: []
      autoscalers: []
      nodes: []
    nginx
      behind: [EndpointSlice nginx-…, Pod web-0, StatefulSet web]
      in front: []
      claims: [PersistentVolumeClaim www-web-0]
      autoscalers: [HorizontalPodAutoscaler web]
      nodes: [node-1]
    ");
}
