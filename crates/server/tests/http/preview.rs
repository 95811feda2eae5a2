//! Settings that are tried out over the company of `company.rs`, and a reader that plays the source's part.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use insta::assert_snapshot;
use serde_json::{Value, json};
use server::preview::Desk;
use server::{Access, AppState};
use topology::packed::PackedEntities;

use crate::company::{Answer, Company, component, entity};

async fn ask(company: &Company, body: Value) -> Answer {
    let request = Request::post("/api/v1/preview")
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    company.ask(request).await
}

/// A company whose catalog gives every component that is asked for nothing but another Kubernetes id.
fn read_again() -> Company {
    let previews = Desk::default();
    let mut requests = previews.seat("default");
    tokio::spawn(async move {
        while let Some(request) = requests.recv().await {
            let path = request.map.kubernetes_id[0].as_str().to_owned();
            let answer = if path == "labels.broken" {
                Err("cannot read the catalog".to_owned())
            } else {
                Ok(Arc::new(facts()))
            };
            let _ = request.answer.send(answer);
        }
    });
    let state = AppState {
        previews,
        ..Company::new().state
    };
    Company::of(state, Access::default())
}

fn facts() -> PackedEntities {
    let known = component("checkout", Some("no-such-service"), None, None);
    [entity(known)].into_iter().collect()
}

#[tokio::test]
async fn the_mapping_of_an_instance() {
    let company = Company::new();
    assert_snapshot!(company.pretty("/api/v1/instances/default").await, @r#"
    {
      "honor_cluster_annotation": false,
      "instance": "default",
      "label_map": {
        "component_kubernetes_id": [
          "annotations.backstage.io/kubernetes-id"
        ],
        "component_kubernetes_namespace": [
          "annotations.backstage.io/kubernetes-namespace"
        ],
        "component_owner": [
          "spec.owner",
          "annotations.backstage.io/owner"
        ]
      },
      "label_map_previews": false,
      "match_rules": [
        "service-name"
      ]
    }
    "#);
    assert_snapshot!(company.problem("/api/v1/instances/nowhere").await, @r#"
    {
      "type": "urn:backstitch:problem:not-found",
      "title": "There is no such thing",
      "status": 404,
      "detail": "there is no instance `nowhere`",
      "candidates": [
        "default"
      ]
    }
    "#);
    let again = read_again().get("/api/v1/instances/default").await;
    assert_eq!(again["label_map_previews"], true);
}

#[tokio::test]
async fn rules_are_tried_out_without_the_catalog() {
    let company = Company::new();
    let before = company.pretty("/api/v1/components").await;
    let answer = ask(
        &company,
        json!({"instance": "default", "match_rules": ["component-name"]}),
    )
    .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_snapshot!(serde_json::to_string_pretty(&answer.json()).unwrap());
    // Nothing is changed by asking.
    assert_eq!(company.pretty("/api/v1/components").await, before);
    let same = ask(&company, json!({"instance": "default"})).await.json();
    assert_eq!(same["examples"], json!([]));
    assert_eq!(same["before"], same["after"]);
}

#[tokio::test]
async fn another_map_has_the_catalog_read_again() {
    let company = read_again();
    let map = |path: &str| {
        json!({
            "instance": "default",
            "label_map": {"component_kubernetes_id": [path]},
        })
    };
    let answer = ask(&company, map("labels.app")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_snapshot!(serde_json::to_string_pretty(&answer.json()).unwrap());
    assert_snapshot!(ask(&company, map("labels.broken")).await.problem(), @r#"
    {
      "type": "urn:backstitch:problem:not-previewed",
      "title": "This cannot be tried out now",
      "status": 409,
      "detail": "cannot read the catalog"
    }
    "#);
    // Where nobody can read it, that is said.
    assert_snapshot!(ask(&Company::new(), map("labels.app")).await.problem(), @r#"
    {
      "type": "urn:backstitch:problem:not-previewed",
      "title": "This cannot be tried out now",
      "status": 409,
      "detail": "the catalog of instance `default` is not read again for a preview of another `label_map`",
      "hint": "its status says whether it is read at all; `match_rules` and `honor_cluster_annotation` can be previewed"
    }
    "#);
}

#[tokio::test]
async fn s4_whatever_cannot_be_used_is_named_with_what_was_meant() {
    let company = Company::new();
    let body = json!({
        "instance": "default",
        "label_map": {
            "component_kubernetes_id": ["annotation.backstage.io/kubernetes-id", "relations.ownedBy"],
            "component_owner": [],
        },
        "match_rules": ["service-names", "label-selector", "label-selector"],
    });
    assert_snapshot!(ask(&company, body).await.problem(), @r#"
    {
      "type": "urn:backstitch:problem:bad-parameter",
      "title": "A parameter cannot be used",
      "status": 400,
      "detail": "`annotation` is no root, expected one of `annotations`, `labels`, `spec`, `metadata`, `kind`, `apiVersion`",
      "hint": "did you mean `annotations.backstage.io/kubernetes-id`?",
      "parameter": "label_map.component_kubernetes_id",
      "faults": [
        {
          "parameter": "label_map.component_kubernetes_id",
          "value": "annotation.backstage.io/kubernetes-id",
          "detail": "`annotation` is no root, expected one of `annotations`, `labels`, `spec`, `metadata`, `kind`, `apiVersion`",
          "nearest": "annotations.backstage.io/kubernetes-id"
        },
        {
          "parameter": "label_map.component_kubernetes_id",
          "value": "relations.ownedBy",
          "detail": "can only be listed in `component_owner`"
        },
        {
          "parameter": "label_map.component_owner",
          "detail": "the list is empty, expected at least one path",
          "nearest": "spec.owner"
        },
        {
          "parameter": "match_rules",
          "value": "service-names",
          "detail": "`match_rules`: unknown rule `service-names`",
          "nearest": "service-name"
        },
        {
          "parameter": "match_rules",
          "value": "label-selector",
          "detail": "`match_rules` lists `label-selector` twice"
        }
      ],
      "candidates": [
        "annotations.backstage.io/kubernetes-id"
      ]
    }
    "#);
    for (body, detail) in [
        (
            json!({"instance": "defualt"}),
            "there is no instance `defualt`",
        ),
        (
            json!({"instance": "default", "match_rules": []}),
            "`match_rules`: the list is empty, expected at least one rule",
        ),
        (
            json!({"instance": "default", "match_rules": vec!["service-name"; 17]}),
            "17 rules, expected at most 16",
        ),
    ] {
        assert_eq!(ask(&company, body).await.json()["detail"], detail);
    }
    let unknown = json!({"instance": "default", "label_map": {"component_id": ["kind"]}});
    let answer = ask(&company, unknown).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text.contains("unknown field"), "{}", answer.text);
}
