use std::fmt::Write as _;

use axum::body::Body;
use axum::http::Request;
use insta::assert_snapshot;
use serde_json::json;

use crate::company::{Answer, Company};

async fn post(company: &Company, content_type: &str, body: impl Into<Body>) -> Answer {
    let request = Request::post("/api/v1/resolve")
        .header("content-type", content_type)
        .body(body.into())
        .unwrap();
    company.ask(request).await
}

#[tokio::test]
async fn a_service_is_resolved_exactly() {
    let company = Company::new();
    let path = "/api/v1/resolve?cluster=eu1&namespace=shop&service=checkout";
    assert_snapshot!(company.pretty(path).await, @r#"
    {
      "candidates": [],
      "confidence": "exact",
      "owners": [
        {
          "component": "component:default/checkout",
          "owner": {
            "display_name": "Payments",
            "email": "payments@shop.example",
            "kind": "Group",
            "ref": "group:default/payments"
          },
          "service": "eu1/shop/checkout"
        }
      ],
      "path": [
        "label `service` = `checkout`, `namespace` = `shop`, `cluster` = `eu1`",
        "Service `eu1/shop/checkout`"
      ],
      "service": "eu1/shop/checkout"
    }
    "#);
}

#[tokio::test]
async fn a_pod_leads_to_the_owner_of_its_service() {
    let company = Company::new();
    let path = "/api/v1/resolve?cluster=eu1&namespace=shop&pod=checkout-7d4b";
    let answer = company.get(path).await;
    assert_eq!(answer["confidence"], "inherited");
    assert_eq!(
        answer["owners"][0]["owner"]["ref"],
        "group:default/payments"
    );
}

#[tokio::test]
async fn an_alert_can_be_posted_as_it_is() {
    let company = Company::new();
    let alert = json!({
        "status": "firing",
        "labels": {"alertname": "Down", "cluster": "eu1", "namespace": "shop", "service": "checkout"},
        "annotations": {"summary": "it is down"},
    });
    let answer = post(
        &company,
        "application/json; charset=utf-8",
        alert.to_string(),
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        answer.json()["owners"][0]["owner"]["display_name"],
        "Payments"
    );
}

#[tokio::test]
async fn what_names_nothing_known_has_no_owner() {
    let company = Company::new();
    let answer = company
        .get("/api/v1/resolve?namespace=nowhere&service=nothing")
        .await;
    assert_eq!(answer["confidence"], "unknown");
    assert_eq!(answer["owners"], json!([]));
}

#[tokio::test]
async fn bodies_that_cannot_be_used_are_problems() {
    let company = Company::new();
    let json = "application/json";
    let mut problems = String::new();
    for (content_type, body) in [
        ("text/plain", r#"{"labels": {}}"#.to_owned()),
        (json, "{".to_owned()),
        (json, r#"[{"pod": "a"}]"#.to_owned()),
        (json, r#"{"labels": {"pod": 7}}"#.to_owned()),
        (json, r#"{"labels": {}}"#.to_owned()),
        (json, " ".repeat(256 * 1024 + 1)),
    ] {
        let answer = post(&company, content_type, body).await;
        let _ = answer.problem();
        let problem = answer.json();
        writeln!(
            problems,
            "{} {}: {}",
            problem["status"], problem["type"], problem["detail"]
        )
        .unwrap();
    }
    assert_snapshot!(problems, @r#"
    415 "urn:backstitch:problem:unsupported-media-type": "found `text/plain`, expected `application/json`"
    400 "urn:backstitch:problem:bad-body": "EOF while parsing an object at line 1 column 1"
    400 "urn:backstitch:problem:bad-body": "the body is a list, expected an object"
    400 "urn:backstitch:problem:bad-body": "invalid type: integer `7`, expected a string at line 1 column 20"
    400 "urn:backstitch:problem:bad-parameter": "there are no labels"
    413 "urn:backstitch:problem:body-too-large": "expected at most 262144 bytes"
    "#);
}

#[tokio::test]
async fn a_label_given_twice_is_a_problem() {
    let company = Company::new();
    assert_snapshot!(company.problem("/api/v1/resolve?pod=a&pod=b").await, @r#"
    {
      "type": "urn:backstitch:problem:bad-parameter",
      "title": "A parameter cannot be used",
      "status": 400,
      "detail": "label `pod` is given twice, first as `a`",
      "parameter": "pod"
    }
    "#);
}

#[tokio::test]
async fn too_many_labels_are_a_problem() {
    let company = Company::new();
    let labels: serde_json::Map<_, _> = (0..257).map(|i| (format!("l{i}"), json!("v"))).collect();
    let answer = post(
        &company,
        "application/json",
        json!({ "labels": labels }).to_string(),
    )
    .await;
    assert_eq!(answer.status, 400);
    let _ = answer.problem();
}
