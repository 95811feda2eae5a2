//! A live Backstage, as the command line meets it. The servers are scripted and listen on the loopback.

mod common;

use common::{Folder, ID, component, service, stream};
use serde_json::json;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const BY_QUERY: &str = "/api/catalog/entities/by-query";

fn cluster() -> Folder {
    Folder::with(&[
        ("k8s/services.yaml", &stream(&[service("shop", "cart")])),
        ("token.txt", "t0k3n\n"),
    ])
}

fn page() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "items": [
            {
                "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
                "metadata": {"name": "cart", "namespace": "default", "annotations": {ID: "cart"}},
                "spec": {"type": "service", "lifecycle": "production", "owner": "web"}
            },
            {
                "apiVersion": "backstage.io/v1alpha1", "kind": "Group",
                "metadata": {"name": "web", "namespace": "default"},
                "spec": {"type": "team", "children": []}
            }
        ],
        "totalItems": 2,
        "pageInfo": {}
    }))
}

/// Runs while the server answers.
async fn stitched(server: &MockServer, suffix: &str, more: &'static [&'static str]) -> String {
    let url = format!("{}{suffix}", server.uri());
    tokio::task::spawn_blocking(move || {
        let folder = cluster();
        let args = ["stitch", "-o", "csv", "--catalog", &url, "--cluster", "k8s"];
        folder.run([&args, more].concat()).shown()
    })
    .await
    .expect("the run ends")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_by_url() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path(BY_QUERY))
        .respond_with(page())
        .mount(&server)
        .await;
    insta::assert_snapshot!(stitched(&server, "", &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn s29_a_prefix_and_a_trailing_slash_make_no_difference() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path(format!("/backstage{BY_QUERY}")))
        .respond_with(page())
        .mount(&server)
        .await;
    let plain = stitched(&server, "/backstage", &[]).await;
    assert!(
        plain.starts_with("exit 0\n") && plain.contains("component:default/cart"),
        "{plain}"
    );
    assert_eq!(stitched(&server, "/backstage/", &[]).await, plain);
}

#[tokio::test(flavor = "multi_thread")]
async fn s31_a_token_by_file_reaches_the_server_and_no_message() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path(BY_QUERY))
        .and(header("authorization", "Bearer t0k3n"))
        .respond_with(page())
        .mount(&server)
        .await;
    let shown = stitched(&server, "", &["--token-file", "token.txt", "-vv"]).await;
    assert!(shown.starts_with("exit 0\n"), "{shown}");
    assert!(!shown.contains("t0k3n"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused() {
    let server = MockServer::start().await;
    let answer = json!({
        "error": {"name": "AuthenticationError", "message": "Illegal token"},
        "request": {"method": "GET", "url": "/"}, "response": {"statusCode": 401}
    });
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(401).set_body_json(answer))
        .mount(&server)
        .await;
    let shown = stitched(&server, "", &["--token-file", "token.txt"]).await;
    assert!(!shown.contains("t0k3n"), "{shown}");
    insta::assert_snapshot!(shown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_file_that_is_not_there() {
    let server = MockServer::start().await;
    insta::assert_snapshot!(stitched(&server, "", &["--token-file", "gone.txt"]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn html_is_no_backstage() {
    let server = MockServer::start().await;
    let html = ResponseTemplate::new(200)
        .set_body_raw("<!doctype html><title>Sign in</title>", "text/html");
    Mock::given(method("GET"))
        .respond_with(html)
        .mount(&server)
        .await;
    insta::assert_snapshot!(stitched(&server, "", &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_404_is_no_backstage() {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(404).set_body_json(json!({"message": "no such route"}));
    Mock::given(method("GET"))
        .respond_with(answer)
        .mount(&server)
        .await;
    insta::assert_snapshot!(stitched(&server, "", &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_dead_source_does_not_hide_another() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(500))
        .mount(&server)
        .await;
    let more = ["--catalog", "b=http://127.0.0.1:1", "--cluster", "gone=k9s"];
    let url = server.uri();
    let shown = tokio::task::spawn_blocking(move || {
        let folder = cluster();
        folder.file("catalog.yaml", component("cart", &[(ID, "cart")], "web"));
        std::os::unix::fs::symlink("/nonexistent", folder.path().join("k9s")).expect("a link");
        let a = format!("a={url}");
        let args = [
            "stitch",
            "--catalog",
            &a,
            "--catalog",
            "good=catalog.yaml",
            "--cluster",
            "k8s",
        ];
        folder.run([&args[..], &more].concat()).shown()
    })
    .await
    .expect("the run ends");
    insta::assert_snapshot!(shown);
}
