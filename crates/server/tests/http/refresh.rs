//! Asking for a read. The task that reads is the test itself.

use std::sync::Arc;

use api::SourceKind;
use axum::body::Body;
use axum::http::Request;
use insta::assert_snapshot;
use server::refresh::{Bell, Rest};
use server::status::SourceId;

use crate::company::{Answer, Company, NOW};

fn id(name: &str) -> SourceId {
    SourceId {
        kind: SourceKind::Catalog,
        name: name.into(),
    }
}

/// A company whose catalogs `main` and `other` are read by tasks, and `broken` is not.
fn company() -> (Company, Arc<Bell>, Arc<Bell>) {
    let company = Company::new();
    let sources = &company.state.sources;
    let bell = |name: &str| {
        let bell = Arc::new(Bell::default());
        sources.update(&id(name), |_| ());
        sources.hang_up(&id(name), Arc::clone(&bell));
        bell
    };
    let (main, other) = (bell("main"), bell("other"));
    sources.update(&id("broken"), |_| ());
    (company, main, other)
}

async fn post(company: &Company, path: &str) -> Answer {
    let request = Request::post(format!("/api/v1/sources/{path}"));
    company.ask(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_source_is_read_when_it_is_asked_for() {
    let (company, main, _) = company();
    let answer = post(&company, "catalog/main/refresh").await;
    assert_eq!(answer.status, 202);
    let answer = answer.json();
    assert_eq!(answer["read"], 1);
    assert_eq!(answer["source"]["reads"], 0);
    main.rung().await;

    main.begin(NOW - 5);
    let status = company.get("/api/v1/sources/catalog/main").await;
    assert_eq!(status["reading_since"], "2023-11-14T22:14:15Z");
    // The one under way began before.
    let answer = post(&company, "catalog/main/refresh").await.json();
    assert_eq!(answer["read"], 2);
}

#[tokio::test]
async fn all_are_read_but_those_that_are_left_alone() {
    let (company, main, other) = company();
    main.begin(NOW);
    main.rest(Rest::Ordered { until: NOW + 120 });
    let answer = post(&company, "refresh").await;
    assert_eq!(answer.status, 202);
    let answer = answer.json();
    let names = |key: &str| {
        let list = answer[key].as_array().unwrap();
        list.iter()
            .map(|item| {
                let source = item.get("source").unwrap_or(item);
                source["name"].as_str().unwrap().to_owned()
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(names("asked"), ["other"]);
    assert_eq!(names("refused"), ["broken", "main"]);
    other.rung().await;

    let answer = post(&company, "refresh?force=true").await.json();
    assert_eq!(answer["asked"].as_array().map(Vec::len), Some(2));
    main.rung().await;
}

#[tokio::test]
async fn s22_what_is_to_be_left_alone_is_a_problem_that_says_until_when() {
    let (company, main, _) = company();
    main.begin(NOW);
    main.rest(Rest::Ordered { until: NOW + 120 });
    let ordered = post(&company, "catalog/main/refresh").await;
    assert_eq!(ordered.status, 409);
    assert_snapshot!(ordered.problem(), @r#"
    {
      "type": "urn:backstitch:problem:left-alone",
      "title": "The source is not read now",
      "status": 409,
      "detail": "the server of catalog `main` asked to be left alone until 2023-11-14T22:16:20Z",
      "hint": "wait, or insist: `force=true`, or `--force` of `backstitch refresh`"
    }
    "#);
    main.begin(NOW);
    main.rest(Rest::Refused { until: NOW + 900 });
    assert_snapshot!(post(&company, "catalog/main/refresh").await.problem(), @r#"
    {
      "type": "urn:backstitch:problem:left-alone",
      "title": "The source is not read now",
      "status": 409,
      "detail": "catalog `main` is left alone until 2023-11-14T22:29:20Z, because its last read was refused",
      "hint": "do what its status says, then insist: `force=true`, or `--force` of `backstitch refresh`"
    }
    "#);
    assert_snapshot!(post(&company, "catalog/broken/refresh").await.problem(), @r#"
    {
      "type": "urn:backstitch:problem:left-alone",
      "title": "The source is not read now",
      "status": 409,
      "detail": "catalog `broken` is not being read",
      "hint": "its status says why"
    }
    "#);
    let forced = post(&company, "catalog/main/refresh?force=true").await;
    assert_eq!(forced.status, 202);
}

#[tokio::test]
async fn a_source_that_is_not_there_is_a_problem_that_names_those_that_are() {
    let (company, ..) = company();
    for path in ["cluster/main", "catalogue/main", "catalog/mian"] {
        let answer = company
            .ask(crate::company::request(&format!("/api/v1/sources/{path}")))
            .await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(
            answer.json()["candidates"],
            serde_json::json!(["catalog/broken", "catalog/main", "catalog/other"])
        );
        assert_eq!(post(&company, &format!("{path}/refresh")).await.status, 404);
    }
}
