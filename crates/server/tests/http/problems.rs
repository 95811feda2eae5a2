use std::fmt::Write as _;

use axum::body::Body;
use axum::http::{Method, Request};
use insta::assert_snapshot;

use crate::company::{Company, request};

#[tokio::test]
async fn an_unknown_parameter_is_named_with_the_nearest_known() {
    let company = Company::new();
    assert_snapshot!(company.problem("/api/v1/services?namspace=shop").await, @r#"
    {
      "type": "urn:backstitch:problem:bad-parameter",
      "title": "A parameter cannot be used",
      "status": 400,
      "detail": "`namspace` is no parameter of this route",
      "hint": "did you mean `namespace`?",
      "parameter": "namspace",
      "candidates": [
        "cluster",
        "namespace",
        "state",
        "ignored",
        "team",
        "lifecycle",
        "system",
        "label",
        "q",
        "owner",
        "sort",
        "limit",
        "cursor"
      ]
    }
    "#);
}

#[tokio::test]
async fn parameters_that_cannot_be_used_are_problems() {
    let company = Company::new();
    let mut problems = String::new();
    for path in [
        "/api/v1/services?limit=0",
        "/api/v1/services?limit=1001",
        "/api/v1/services?limit=ten",
        "/api/v1/services?limit=1&limit=2",
        "/api/v1/services?state=ownd",
        "/api/v1/services?owner=group:",
        "/api/v1/services?cursor=x",
        "/api/v1/components?verdict=ok",
        "/api/v1/components/component:",
        "/api/v1/owners/x/services?descendants=yes",
        "/api/v1/history?until=yesterday",
        "/api/v1/history?service=cart",
        "/api/v1/history?service=a/b/c&component=d",
        "/api/v1/history/owner?service=a/b/c",
        "/api/v1/explain",
        "/api/v1/explain?subject=a&subject=b",
        "/api/v1/resolve",
        "/api/v1/summary?x=1",
        "/api/v1/services/%ff/a/b",
    ] {
        let answer = company.ask(request(path)).await;
        let _ = answer.problem();
        assert_eq!(answer.status, 400, "{path}");
        let problem = answer.json();
        write!(problems, "{}: {}", problem["parameter"], problem["detail"]).unwrap();
        if let Some(hint) = problem["hint"].as_str() {
            write!(problems, " ({hint})").unwrap();
        }
        problems.push('\n');
    }
    assert_snapshot!(problems, @r#"
    "limit": "`limit` cannot be `0`, expected 1 to 1000"
    "limit": "`limit` cannot be `1001`, expected 1 to 1000"
    "limit": "`limit` cannot be `ten`, expected 1 to 1000"
    "limit": "`limit` is given 2 times, expected once"
    "state": "`state` cannot be `ownd`" (did you mean `owned`?)
    "owner": "`group:` has an empty name, expected `[kind:][namespace/]name`"
    "cursor": "`cursor` is no page token" (begin again without `cursor`, and hand on `next` as it came)
    "verdict": "`verdict` cannot be `ok`"
    "ref": "`component:` has an empty name, expected `[kind:][namespace/]name`"
    "descendants": "`descendants` cannot be `yes`"
    "until": "`until` cannot be `yesterday`, expected a time such as `2026-01-31T12:00:00Z`"
    "service": "`service` cannot be `cart`, expected `cluster/namespace/name`"
    "component": "`component` and `service` are both given, expected one of them"
    "at": "`at` is missing"
    "subject": "`subject` is missing"
    "subject": "`subject` is given 2 times, expected once"
    "labels": "there are no labels" (give at least one, such as `service` and `namespace`)
    "x": "`x` is no parameter of this route"
    "path": "Invalid URL: Invalid UTF-8 in `cluster`"
    "#);
}

#[tokio::test]
async fn values_and_their_number_are_bounded() {
    let company = Company::new();
    let long = format!("/api/v1/services?q={}", "x".repeat(4097));
    let many = format!("/api/v1/services?{}", "label=a&".repeat(65));
    for path in [long, many] {
        let answer = company.ask(request(&path)).await;
        assert_eq!(answer.status, 400);
        let _ = answer.problem();
    }
}

#[tokio::test]
async fn an_unknown_route_is_a_problem() {
    let company = Company::new();
    assert_snapshot!(company.problem("/api/v1/service").await, @r#"
    {
      "type": "urn:backstitch:problem:no-such-route",
      "title": "There is no such route",
      "status": 404,
      "detail": "`/api/v1/service` leads nowhere",
      "hint": "the routes are listed in `/api/v1/openapi.json`"
    }
    "#);
    assert_snapshot!(company.problem("/api/v1/owners/group:default/shop").await, @r#"
    {
      "type": "urn:backstitch:problem:no-such-route",
      "title": "There is no such route",
      "status": 404,
      "detail": "`/api/v1/owners/group:default/shop` leads nowhere",
      "hint": "in a path a reference is percent-encoded, `/` as `%2F`"
    }
    "#);
}

#[tokio::test]
async fn another_method_is_a_problem_that_names_those_allowed() {
    let company = Company::new();
    for (method, path, allowed) in [
        (Method::DELETE, "/api/v1/services", "GET,HEAD"),
        (Method::POST, "/healthz", "GET,HEAD"),
        (Method::PUT, "/api/v1/resolve", "GET,HEAD,POST"),
        (Method::GET, "/api/v1/sources/refresh", "POST"),
        (Method::GET, "/api/v1/sources/catalog/main/refresh", "POST"),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(Body::empty())
            .unwrap();
        let answer = company.ask(request).await;
        let _ = answer.problem();
        assert_eq!(answer.status, 405, "{path}");
        assert_eq!(answer.header("allow"), allowed, "{path}");
    }
}

#[tokio::test]
async fn every_answer_carries_the_headers_of_a_careful_server() {
    let company = Company::new();
    for path in ["/api/v1/summary", "/metrics", "/healthz", "/nowhere"] {
        let answer = company.ask(request(path)).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert!(
            answer
                .header("content-security-policy")
                .starts_with("default-src 'none'")
        );
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
    }
}
