//! A live cluster, whose API server is scripted.

use std::time::Duration;

use serde_json::{Value, json};
use wiremock::matchers::{method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::common::{self, Folder, ID, NAMESPACE, stream};
use crate::running::{Service, word};

const KINDS: [(&str, &str); 9] = [
    ("/api/v1/namespaces", "Namespace"),
    ("/apis/discovery.k8s.io/v1/endpointslices", "EndpointSlice"),
    ("/apis/apps/v1/deployments", "Deployment"),
    ("/apis/apps/v1/statefulsets", "StatefulSet"),
    ("/apis/apps/v1/daemonsets", "DaemonSet"),
    ("/apis/apps/v1/replicasets", "ReplicaSet"),
    ("/apis/batch/v1/jobs", "Job"),
    ("/apis/batch/v1/cronjobs", "CronJob"),
    ("/api/v1/pods", "Pod"),
];

fn object(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": "shop", "resourceVersion": "8"}, "spec": {}
    })
}

fn list(kind: &str, items: &[Value]) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "kind": format!("{kind}List"), "apiVersion": "v1", "metadata": {"resourceVersion": "7"}, "items": items
    }))
}

async fn serve(server: &MockServer, at: &str, answer: ResponseTemplate) {
    Mock::given(method("GET"))
        .and(path(at))
        .and(query_param_is_missing("watch"))
        .respond_with(answer)
        .mount(server)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s24_s22_a_watched_cluster_follows_and_does_without_what_it_may_not_read() {
    let server = MockServer::start().await;
    // It sends no streaming lists, as 1.33 and all before 1.32.
    Mock::given(method("GET"))
        .and(query_param("sendInitialEvents", "true"))
        .respond_with(ResponseTemplate::new(422).set_body_json(json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Invalid", "code": 422,
            "message": "sendInitialEvents is forbidden for watch"
        })))
        .mount(&server)
        .await;
    // The first watch of Services brings a change; every other one is quiet.
    let event =
        |kind: &str, name: &str| format!("{}\n", json!({"type": kind, "object": object(name)}));
    let events = [event("DELETED", "s1"), event("ADDED", "s2")].concat();
    Mock::given(method("GET"))
        .and(path("/api/v1/services"))
        .and(query_param("watch", "true"))
        .respond_with(ResponseTemplate::new(200).set_body_string(events))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(query_param("watch", "true"))
        .respond_with(ResponseTemplate::new(200).set_delay(Duration::from_hours(1)))
        .mount(&server)
        .await;
    serve(
        &server,
        "/api/v1/services",
        list("Service", &[object("s0"), object("s1")]),
    )
    .await;
    for (at, kind) in KINDS {
        let answer = match kind {
            "Pod" => ResponseTemplate::new(403).set_body_json(json!({
                "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403,
                "message": "pods is forbidden"
            })),
            kind => list(kind, &[]),
        };
        serve(&server, at, answer).await;
    }

    let folder = Folder::new();
    let component = |name: &str| common::component(name, &[(ID, name), (NAMESPACE, "shop")], "web");
    let catalog = [
        component("s0"),
        component("s1"),
        component("s2"),
        common::group("web"),
    ];
    folder.file("catalog.yaml", stream(&catalog));
    folder.file(
        "kubeconfig",
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{{name: a, context: {{cluster: a}}}}]\n\
             clusters: [{{name: a, cluster: {{server: '{}'}}}}]\n",
            server.uri()
        ),
    );
    folder.file(
        "backstitch.yaml",
        "listen: 127.0.0.1:0\nstore: state/store.db\nscrapers: {backstage: {instances: [{name: main, path: \
         catalog.yaml}]}}\nclusters: [{name: prod, kubeconfig: kubeconfig, context: a}]\n",
    );
    let service = Service::start(&folder);
    service
        .until("/api/v1/services/prod/shop/s2", |answer| {
            answer["state"] == "owned"
        })
        .await;
    assert_eq!(service.owner("prod/shop/s0").await, "group:default/web");
    let (status, _) = service.get("/api/v1/services/prod/shop/s1").await;
    assert_eq!(status, 404);

    let ready = service.phase("cluster/prod", "ready").await;
    assert_eq!(ready["counts"]["services"], 2);
    let forbidden = &ready["last_error"];
    assert!(
        word(&forbidden["message"]).starts_with("Pod: "),
        "{ready:#}"
    );
    assert!(
        word(&forbidden["remedy"]).contains("kubectl create clusterrole"),
        "{ready:#}"
    );
    assert!(ready["next_attempt_at"].is_string());

    // Listed anew when somebody asks; what may not be read does not make that a failure.
    let lists = || async {
        let requests = server.received_requests().await.expect("they are kept");
        let of_services = |request: &&wiremock::Request| {
            request.url.path() == "/api/v1/services" && !request.url.as_str().contains("watch")
        };
        requests.iter().filter(of_services).count()
    };
    assert_eq!(lists().await, 1);
    let shown = service
        .command(&folder, &["refresh", "prod", "--wait"])
        .await;
    assert!(
        shown.starts_with("exit 0\n----- stdout\ncluster prod: ready, read in "),
        "{shown}"
    );
    assert_eq!(lists().await, 2);
}
