//! One complete read of an API server, and all the ways it can be refused.

use std::time::Duration;

use crate::scripted::{Reply, Scripted, api, quiet, refusal, services};
use cluster::live::{Listing, Pace, RequestError, list_once};
use topology::fact::{ClusterGeneration, ObjectFact};

const SERVICES: &str = "/api/v1/services";

async fn list(server: &Scripted) -> Result<ClusterGeneration, RequestError> {
    list_once(&server.api, &Pace::default(), &mut |_| {}).await
}

fn names(generation: &ClusterGeneration) -> Vec<String> {
    let key = |object: &ObjectFact| object.key();
    generation
        .objects
        .iter()
        .map(key)
        .map(|key| format!("{} {}/{}", key.kind.as_str(), key.namespace, key.name))
        .collect()
}

#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let server = Scripted::start(|request| match (request.path, request.before) {
        (SERVICES, 0) => services(7, &["b", "a"], "next page"),
        (SERVICES, 1) => services(7, &["c"], ""),
        _ => quiet(request),
    })
    .await;
    let mut seen = Vec::new();
    let generation = list_once(&server.api, &Pace::default(), &mut |progress| {
        seen.push(progress);
    })
    .await
    .expect("a generation");
    assert_eq!(
        names(&generation),
        ["Service shop/a", "Service shop/b", "Service shop/c"]
    );
    assert_eq!(
        server.queries(SERVICES),
        ["&limit=250", "&limit=250&continue=next+page"]
    );
    let end = Listing {
        kinds_done: 16,
        kinds_total: 16,
        objects: 3,
    };
    assert_eq!(seen.last(), Some(&end));
}

#[tokio::test]
async fn an_older_server_is_read_by_what_it_has() {
    let server = Scripted::start(|request| match request.path {
        "/apis/batch/v1/cronjobs" | "/apis/discovery.k8s.io/v1/endpointslices" => Reply::Body(404, "404 page not found\n".to_owned()),
        "/apis/batch/v1beta1/cronjobs" => Reply::Body(200, r#"{"kind":"CronJobList","metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"c","namespace":"x"}}]}"#.to_owned()),
        "/api/v1/endpoints" => Reply::Body(200, r#"{"kind":"EndpointsList","metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"e","namespace":"x"}}]}"#.to_owned()),
        _ => quiet(request),
    })
    .await;
    let generation = list(&server).await.expect("a generation");
    assert_eq!(names(&generation), ["CronJob x/c", "Endpoints x/e"]);
    assert_eq!(generation.faults, []);
}

#[tokio::test]
async fn a_kind_that_is_not_permitted_or_not_served_is_a_fault_with_the_remedy() {
    let server = Scripted::start(|request| match request.path {
        SERVICES => services(1, &["a"], ""),
        "/api/v1/pods" => refusal(
            403,
            r#"pods is forbidden: User "jane" cannot list resource "pods""#,
        ),
        "/apis/batch/v1/jobs" => refusal(404, "no"),
        _ => quiet(request),
    })
    .await;
    let generation = list(&server).await.expect("a generation");
    assert_eq!(names(&generation), ["Service shop/a"]);
    let faults: Vec<_> = generation
        .faults
        .iter()
        .map(|fault| format!("{}: {}", fault.place, fault.message))
        .collect();
    insta::assert_snapshot!(faults.join("\n").replace(server.api.address(), "<server>"), @r"
    <server>, Job: `<server>` does not serve jobs.batch (404 Not Found); objects of this kind are not read
    <server>, Pod: `<server>` does not permit `jane` to read pods (403 Forbidden); objects of this kind are not read: grant it with `kubectl create clusterrole backstitch-pods --verb=get,list,watch --resource=pods` and `kubectl create clusterrolebinding backstitch-pods --clusterrole=backstitch-pods --user=jane`
    ");
}

#[tokio::test]
async fn an_extension_that_is_not_installed_is_no_fault_and_one_that_is_refused_is() {
    for installed in [false, true] {
        let server = Scripted::start(move |request| {
            if request.path.starts_with("/apis/gateway.networking.k8s.io/") {
                // Whether it is there or not: rights are looked at first.
                refusal(403, r#"it is forbidden: User "jane" cannot list it"#)
            } else if installed && request.path == "/apis/gateway.networking.k8s.io" {
                Reply::Body(200, r#"{"kind":"APIGroup"}"#.to_owned())
            } else {
                quiet(request)
            }
        })
        .await;
        let generation = list(&server).await.expect("a generation");
        let expected = if installed { 2 } else { 0 };
        assert_eq!(generation.faults.len(), expected, "{:?}", generation.faults);
    }
    let server = Scripted::start(quiet).await;
    let generation = list(&server).await.expect("a generation");
    assert_eq!(generation.faults, []);
}

#[tokio::test]
async fn without_services_there_is_nothing_to_read() {
    let cases: [(&str, Reply); 7] = [
        ("401", refusal(401, "Unauthorized")),
        (
            "403",
            refusal(
                403,
                r#"services is forbidden: User "system:anonymous" cannot list"#,
            ),
        ),
        ("404", refusal(404, "no")),
        ("500", refusal(500, "etcdserver: leader changed")),
        (
            "HTML",
            Reply::Body(200, "<!doctype html><title>Sign in</title>".to_owned()),
        ),
        (
            "another kind",
            Reply::Body(
                200,
                r#"{"kind":"Status","metadata":{},"status":"Success"}"#.to_owned(),
            ),
        ),
        (
            "no version",
            Reply::Body(
                200,
                r#"{"kind":"ServiceList","metadata":{},"items":[]}"#.to_owned(),
            ),
        ),
    ];
    let mut shown = String::new();
    for (name, reply) in cases {
        let reply = std::sync::Mutex::new(Some(reply));
        let server = Scripted::start(move |request| match request.path {
            SERVICES => reply
                .lock()
                .expect("the reply")
                .take()
                .expect("one request"),
            _ => quiet(request),
        })
        .await;
        let error = list(&server).await.expect_err("no services");
        let line = format!("{name}: {error} | {}\n", error.hint().unwrap_or_default());
        shown.push_str(&line.replace(server.api.address(), "<server>"));
    }
    insta::assert_snapshot!(shown, @r"
    401: `<server>` does not accept the credentials (401 Unauthorized, when asked for services) | the token or certificate may have expired: sign in again, or renew the kubeconfig
    403: `<server>` does not permit `system:anonymous` to read services (403 Forbidden) | grant it with `kubectl create clusterrole backstitch-services --verb=get,list,watch --resource=services` and `kubectl create clusterrolebinding backstitch-services --clusterrole=backstitch-services --user=system:anonymous`
    404: `<server>` does not serve services (404 Not Found) | 
    500: `<server>` answered 500 when asked for services: etcdserver: leader changed | 
    HTML: `<server>` sent no Kubernetes list when asked for services: found a web page | is `server` in the kubeconfig the API server itself, with no sign-in page before it?
    another kind: `<server>` sent no Kubernetes list when asked for services: found kind `Status`, expected `ServiceList` | is `server` in the kubeconfig the API server itself, with no sign-in page before it?
    no version: `<server>` sent no Kubernetes list when asked for services: found no metadata.resourceVersion | is `server` in the kubeconfig the API server itself, with no sign-in page before it?
    ");
}

#[tokio::test]
async fn a_list_that_expires_while_it_is_read_starts_over() {
    let server = Scripted::start(|request| match (request.path, request.before) {
        (SERVICES, 0) => services(7, &["old", "gone"], "stale"),
        (SERVICES, 1) => refusal(410, "The provided continue parameter is too old"),
        (SERVICES, _) => services(9, &["new"], ""),
        _ => quiet(request),
    })
    .await;
    assert_eq!(
        names(&list(&server).await.expect("a generation")),
        ["Service shop/new"]
    );
}

#[tokio::test]
async fn a_list_that_expires_always_is_given_up() {
    let server = Scripted::start(|request| match request.path {
        SERVICES => refusal(410, "too old"),
        _ => quiet(request),
    })
    .await;
    let error = list(&server).await.expect_err("no list");
    assert!(matches!(error, RequestError::Expired { .. }), "{error}");
    assert_eq!(server.queries(SERVICES).len(), 3);
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let server = Scripted::start(|request| match request.path {
        SERVICES => Reply::Silence,
        _ => quiet(request),
    })
    .await;
    let pace = Pace {
        answer_timeout: Duration::from_millis(100),
        ..Pace::default()
    };
    let error = list_once(&server.api, &pace, &mut |_| {})
        .await
        .expect_err("no answer");
    assert!(matches!(error, RequestError::TimedOut { .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let server = api(&format!("http://{address}")).await;
    let error = list_once(&server, &Pace::default(), &mut |_| {})
        .await
        .expect_err("no server");
    assert!(matches!(error, RequestError::Unreachable { .. }), "{error}");
    insta::assert_snapshot!(error.to_string().replace(&address.to_string(), "<address>"), @"cannot reach `http://<address>`: Connection refused (os error 111)");
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_told_from_one_that_is_not_there() {
    let plain = Scripted::start(quiet).await;
    let server = api(&plain.api.address().replace("http:", "https:")).await;
    let error = list_once(&server, &Pace::default(), &mut |_| {})
        .await
        .expect_err("no TLS");
    assert!(matches!(error, RequestError::Tls { .. }), "{error:?}");
}
