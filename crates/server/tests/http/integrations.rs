//! Backstages that Secrets configure, by a desk at which a test sits.

use axum::body::Body;
use axum::http::{Method, Request};
use insta::assert_snapshot;
use serde_json::{Value, json};
use server::integrations::{Declined, Desk, Read, Tested, Why, Wish};
use server::status::SourceId;
use server::{Access, AppState, Hosts};
use topology::fact::{ComponentFact, EntityFact};
use topology::settings::InstanceSettings;

use crate::company::{Answer, Company, component, entity, request};

const TEST: &str = "/api/v1/integrations/test";
const PLAN: &str = "/api/v1/integrations/plan";
const ONE: &str = "/api/v1/integrations/eu1/causely/backstage";

async fn ask(company: &Company, method: Method, path: &str, body: &Value) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost")
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    company.ask(request).await
}

fn on_loopback() -> Access {
    Access {
        hosts: Hosts::Loopback(Vec::new()),
        ..Access::default()
    }
}

fn draft(data: &Value) -> Value {
    json!({"cluster": "eu1", "namespace": "causely", "name": "backstage", "data": data})
}

/// A company in which somebody sits at the desk: what is wanted is done, but for a Secret of the name `taken`.
fn enabled(access: Access) -> Company {
    let (desk, mut wishes) = Desk::open();
    tokio::spawn(async move {
        while let Some(wish) = wishes.recv().await {
            match wish {
                Wish::Look(answer) => {
                    let instance = api::Integration {
                        name: "default".to_owned(),
                        origin: api::IntegrationOrigin::File,
                        secret: None,
                        state: None,
                        paused: false,
                        editable: false,
                        why_not: None,
                        endpoint: None,
                        insecure_skip_verify: false,
                        settings: None,
                        header_names: Vec::new(),
                    };
                    let _ = answer.send(Ok(api::Integrations {
                        enabled: true,
                        instances: vec![instance],
                        ..api::Integrations::default()
                    }));
                }
                Wish::Test(_, answer) => {
                    let read = Read {
                        entities: [claiming("cart", "checkout"), claiming("site", "nowhere")]
                            .into_iter()
                            .collect(),
                        whole: true,
                        settings: InstanceSettings::named("backstage"),
                    };
                    let _ = answer.send(Ok(Tested {
                        checks: Vec::new(),
                        read: Some(read),
                    }));
                }
                Wish::Plan(_, answer) => {
                    let _ = answer.send(Err(Declined {
                        why: Why::Parameter("data"),
                        message: "it has no key `endpoint`".to_owned(),
                        hint: None,
                    }));
                }
                Wish::Write(place, _, answer) => {
                    let why = match place.name.as_str() {
                        "taken" => Why::Conflict,
                        "forbidden" => Why::Forbidden,
                        "gone" => Why::NotFound,
                        _ => Why::Unavailable,
                    };
                    let _ = answer.send(Err(Declined {
                        why,
                        message: "no".to_owned(),
                        hint: Some("do this".to_owned()),
                    }));
                }
                Wish::Change(place, version, deed, answer) => {
                    let _ = answer.send(Ok(api::IntegrationWritten {
                        name: format!("{} {version} {deed:?}", place.name),
                        version: None,
                    }));
                }
            }
        }
    });
    let state = AppState {
        integrations: Some(desk),
        ..Company::new().state
    };
    Company::of(state, access)
}

/// A component of that Kubernetes id that selects by labels, too.
fn claiming(name: &str, id: &str) -> EntityFact {
    entity(ComponentFact {
        label_selector: Some("app=never-seen".into()),
        ..component(name, Some(id), None, None)
    })
}

#[tokio::test]
async fn what_is_not_enabled_says_so() {
    let company = Company::new();
    let answer = company.get("/api/v1/integrations").await;
    assert_eq!(
        answer,
        json!({"enabled": false, "places": [], "clusters": [], "instances": []})
    );
    for (method, path) in [
        (Method::POST, TEST),
        (Method::POST, PLAN),
        (Method::PUT, ONE),
    ] {
        let answer = ask(&company, method, path, &draft(&json!({}))).await;
        assert_eq!(answer.status, 404, "{path}");
        let problem = answer.json();
        assert!(
            problem["hint"]
                .as_str()
                .unwrap()
                .contains("integrations: {enabled: true}")
        );
    }
    let answer = ask(
        &company,
        Method::DELETE,
        &format!("{ONE}?version=1"),
        &json!({}),
    )
    .await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn a_server_that_everybody_reaches_writes_nothing() {
    let company = enabled(Access {
        hosts: Hosts::Any,
        ..Access::default()
    });
    for (method, path) in [
        (Method::POST, TEST),
        (Method::POST, PLAN),
        (Method::PUT, ONE),
    ] {
        let answer = ask(&company, method, path, &draft(&json!({}))).await;
        assert_eq!(answer.status, 403, "{path}");
    }
    assert_eq!(
        company.ask(request("/api/v1/integrations")).await.status,
        200
    );
}

#[tokio::test]
async fn what_there_is_has_its_state() {
    let company = enabled(on_loopback());
    let get = async |path: &str| ask(&company, Method::GET, path, &json!({})).await.json();
    let brief = get("/api/v1/integrations?brief=true").await;
    assert_eq!(
        (&brief["enabled"], &brief["instances"]),
        (&json!(true), &json!([]))
    );
    let id = SourceId {
        kind: api::SourceKind::Catalog,
        name: "default".to_owned(),
    };
    company.state.sources.update(&id, |_| ());
    let found = get("/api/v1/integrations").await;
    assert_eq!(found["clusters"][0], "eu1");
    assert_eq!(
        found["instances"][0]["state"]["name"], "default",
        "{found:#}"
    );
}

#[tokio::test]
async fn what_is_tried_out_is_judged_among_what_is_known() {
    let company = enabled(on_loopback());
    let answer = ask(
        &company,
        Method::POST,
        TEST,
        &draft(&json!({"token": "sentinel"})),
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(!answer.text.contains("sentinel"));
    assert_snapshot!(serde_json::to_string_pretty(&answer.json()["trial"]).unwrap(), @r#"
    {
      "components": 2,
      "examples": [
        {
          "claimed_by_others": true,
          "cluster": "eu1",
          "kubernetes_id": "checkout",
          "ref": "component:default/cart",
          "services": [
            "eu1/shop/checkout"
          ],
          "verdict": "stitched"
        },
        {
          "claimed_by_others": false,
          "cluster": "us1",
          "kubernetes_id": "checkout",
          "ref": "component:default/cart",
          "services": [
            "us1/shop/checkout"
          ],
          "verdict": "stitched"
        },
        {
          "claimed_by_others": false,
          "cluster": "eu1",
          "kubernetes_id": "nowhere",
          "ref": "component:default/site",
          "services": [],
          "verdict": "service-not-found"
        },
        {
          "claimed_by_others": false,
          "cluster": "us1",
          "kubernetes_id": "nowhere",
          "ref": "component:default/site",
          "services": [],
          "verdict": "service-not-found"
        }
      ],
      "stitched": 1,
      "unsure": 0,
      "verdicts": {
        "ambiguous": 0,
        "conflict": 0,
        "invalid": 0,
        "no-kubernetes-id": 0,
        "service-not-found": 2,
        "stitched": 2
      },
      "whole": true
    }
    "#);
}

#[tokio::test]
async fn a_refusal_says_what_sort_it_is() {
    let company = enabled(on_loopback());
    for (name, status, kind) in [
        ("taken", 409, "not-written"),
        ("forbidden", 403, "not-permitted"),
        ("gone", 404, "not-found"),
        ("dead", 503, "no-room"),
    ] {
        let path = format!("/api/v1/integrations/eu1/causely/{name}");
        let answer = ask(&company, Method::PUT, &path, &json!({"data": {}})).await;
        assert_eq!(answer.status, status, "{name}");
        let problem = answer.json();
        assert_eq!(problem["type"], format!("urn:backstitch:problem:{kind}"));
        assert_eq!(problem["hint"], "do this");
    }
    let answer = ask(&company, Method::POST, PLAN, &draft(&json!({}))).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["parameter"]),
        (400, &json!("data"))
    );
}

#[tokio::test]
async fn one_that_is_there_is_changed_as_it_was_looked_at() {
    let company = enabled(on_loopback());
    for (method, path, told) in [
        (
            Method::POST,
            format!("{ONE}/pause?version=7"),
            "backstage 7 Pause",
        ),
        (
            Method::POST,
            format!("{ONE}/resume?version=7"),
            "backstage 7 Resume",
        ),
        (
            Method::DELETE,
            format!("{ONE}?version=7"),
            "backstage 7 Remove",
        ),
    ] {
        let answer = ask(&company, method.clone(), &path, &json!({})).await;
        assert_eq!(answer.json()["name"], told, "{path}");
        let path = path.replace("?version=7", "");
        assert_eq!(
            ask(&company, method, &path, &json!({})).await.status,
            400,
            "{path}"
        );
    }
}

/// S31: whatever is wrong with a body that bears secrets, nothing of it comes back.
#[tokio::test]
async fn s31_a_body_is_not_quoted() {
    let company = enabled(on_loopback());
    for body in [
        json!({"cluster": "eu1", "namespace": "a", "name": "b", "token": "sentinel"}),
        json!({"cluster": "eu1", "namespace": "a", "name": "b", "data": {"token": ["sentinel"]}}),
        json!({"cluster": "eu1", "namespace": "a", "name": "b", "data": "sentinel"}),
        json!({"cluster": "eu1", "namespace": "a", "name": "b", "sentinel": 1}),
        json!("sentinel"),
    ] {
        let answer = ask(&company, Method::POST, PLAN, &body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(!answer.text.contains("sentinel"), "{}", answer.text);
    }
}
