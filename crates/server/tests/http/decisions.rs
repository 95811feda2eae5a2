//! What people decide over HTTP: what is understood, what is refused, and who may.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use insta::assert_snapshot;
use serde_json::json;
use server::decisions::{Declined, Desk, Wish};
use server::{Access, Hosts};
use store::{Decided, Ended, NewDecision, Store};
use tokio::sync::Mutex;

use crate::company::{Company, NOW};

/// A company with a store, and a loop that does nothing but keep decisions and let them take effect.
fn company(access: Access) -> Company {
    let mut store = Store::in_memory().unwrap();
    let mut company = Company::new();
    let (desk, mut requests) = Desk::open();
    let reader = store.reader().unwrap();
    company.state.history = Some(Arc::new(Mutex::new(reader)));
    company.state.decisions = Some(desk);
    let topology = Arc::clone(&company.state.topology);
    tokio::spawn(async move {
        while let Some(request) = requests.recv().await {
            let done = match request.wish {
                Wish::Decide(NewDecision {
                    decided: Decided::Confirmed(_),
                    ..
                }) => Err(Declined::NothingHeld),
                Wish::Decide(new) => Ok(store.decide(NOW, &new, &[]).unwrap()),
                Wish::End { id, by, why } => {
                    let ended = Ended {
                        at: NOW,
                        by: Some(by),
                        why,
                    };
                    let ended = store.end_decision(id, &ended).unwrap();
                    ended.ok_or(Declined::NotStanding)
                }
            };
            let standing = store.standing_decisions().unwrap();
            let decisions = standing.into_iter().filter_map(|it| match it.new.decided {
                Decided::Standing(decision) => Some(decision),
                Decided::Confirmed(_) => None,
            });
            topology.write().unwrap().decide(decisions.collect());
            let _ = request.answer.send(done);
        }
    });
    Company::of(company.state, access)
}

fn on_loopback() -> Access {
    Access {
        hosts: Hosts::Loopback(Vec::new()),
        ..Access::default()
    }
}

fn ask(method: &str, path: &str, body: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost")
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

const PATH: &str = "/api/v1/decisions";

#[tokio::test]
async fn s26_a_decision_is_made_told_and_withdrawn() {
    let company = company(on_loopback());
    let pin = json!({
        "kind": "pin", "component": "serch", "service": "eu1/shop/search",
        "author": " ann ", "reason": "a slip in the annotation", "until": "2030-01-01T00:00:00Z",
    });
    let answer = company.ask(ask("POST", PATH, &pin.to_string())).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    assert_snapshot!(serde_json::to_string_pretty(&answer.json()).unwrap(), @r#"
    {
      "author": "ann",
      "component": "component:default/serch",
      "id": 1,
      "instance": "default",
      "kind": "pin",
      "made_at": "2023-11-14T22:14:20Z",
      "reason": "a slip in the annotation",
      "service": "eu1/shop/search",
      "state": "in-force",
      "until": "2030-01-01T00:00:00Z"
    }
    "#);
    let one = company.ask(ask("GET", "/api/v1/decisions/1", "")).await;
    assert_eq!(one.json(), answer.json());
    let list = company.ask(ask("GET", PATH, "")).await.json();
    assert_eq!(list["items"], json!([answer.json()]));

    let path = "/api/v1/decisions/1?author=bob&reason=mended";
    let ended = company.ask(ask("DELETE", path, "")).await;
    assert_eq!(ended.status, StatusCode::OK, "{}", ended.text);
    assert_eq!(
        ended.json()["ended"],
        json!({"at": "2023-11-14T22:14:20Z", "by": "bob", "why": "mended"})
    );
    let again = company.ask(ask("DELETE", path, "")).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    let list = company.ask(ask("GET", PATH, "")).await.json();
    assert_eq!(list["items"], json!([]));
    let list = company
        .ask(ask("GET", "/api/v1/decisions?state=ended", ""))
        .await
        .json();
    assert_eq!(list["items"], json!([ended.json()]));
}

#[tokio::test]
async fn decisions_come_in_pages_the_last_first() {
    let company = company(on_loopback());
    for number in 0..5 {
        let ignore = json!({
            "kind": "ignore", "service": format!("eu1/shop/s{number}"), "author": "ann", "reason": "x",
        });
        let path = "/api/v1/decisions?force=true";
        let answer = company.ask(ask("POST", path, &ignore.to_string())).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    }
    let mut path = "/api/v1/decisions?limit=2&state=stale".to_owned();
    let mut seen: Vec<Vec<i64>> = Vec::new();
    loop {
        let page = company.ask(ask("GET", &path, "")).await.json();
        let items = page["items"].as_array().unwrap();
        seen.push(items.iter().map(|it| it["id"].as_i64().unwrap()).collect());
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/api/v1/decisions?limit=2&state=stale&cursor={next}");
    }
    assert_eq!(seen, [vec![5, 4], vec![3, 2], vec![1]]);
}

#[tokio::test]
async fn what_cannot_be_decided_says_why() {
    let company = company(on_loopback());
    let long = "x".repeat(2_001);
    let table = [
        json!({"kind": "pin", "component": "serch", "service": "eu1/shop/serch", "author": "ann"}),
        json!({"kind": "pin", "component": "nobody", "service": "eu1/shop/search", "author": "ann"}),
        json!({"kind": "pin", "component": "serch", "service": "shop/search", "author": "ann"}),
        json!({"kind": "pin", "component": "group:x", "service": "eu1/shop/search", "author": "ann"}),
        json!({"kind": "pin", "component": "serch", "author": "ann"}),
        json!({"kind": "pin", "service": "eu1/shop/search", "author": "ann"}),
        json!({"kind": "pin", "component": "serch", "service": "eu1/shop/search", "author": "  "}),
        json!({"kind": "pin", "component": "serch", "service": "eu1/shop/search", "author": "a\u{7}b"}),
        json!({"kind": "pin", "component": "serch", "service": "eu1/shop/search", "author": "ann", "reason": long}),
        json!({"kind": "pin", "component": "serch", "service": "eu1/shop/search", "author": "ann", "until": "2001-01-01T00:00:00Z"}),
        json!({"kind": "pin", "component": "serch", "service": "eu1/shop/search", "author": "ann", "until": "soon"}),
        json!({"kind": "pin", "component": "serch", "service": "eu1/shop/search", "author": "ann", "source": {"kind": "catalog", "name": "default"}}),
        json!({"kind": "ignore", "service": "eu1/shop/search", "author": "ann"}),
        json!({"kind": "ignore", "service": "eu1/shop/search", "component": "serch", "author": "ann", "reason": "x"}),
        json!({"kind": "confirm-removals", "author": "ann"}),
        json!({"kind": "confirm-removals", "author": "ann", "source": {"kind": "secrets", "name": "x"}}),
        json!({"kind": "confirm-removals", "author": "ann", "source": {"kind": "catalog", "name": "default"}}),
        json!({"kind": "confirm-removals", "author": "ann", "until": "2030-01-01T00:00:00Z", "source": {"kind": "catalog", "name": "default"}}),
        json!({"kind": "pinn", "author": "ann"}),
        json!({"kind": "pin", "author": "ann", "colour": "red"}),
        json!([]),
    ];
    let mut shown = String::new();
    for body in table {
        let text = body.to_string();
        let answer = company.ask(ask("POST", PATH, &text)).await;
        let problem = answer.json();
        let text = text.replace(&"x".repeat(2_001), "xx…");
        writeln!(
            shown,
            "{text}\n  {} {}\n  hint: {} candidates: {}",
            answer.status.as_u16(),
            problem["detail"].as_str().unwrap_or_default(),
            problem["hint"],
            problem["candidates"],
        )
        .unwrap();
    }
    assert_snapshot!("what_cannot_be_decided", shown);
}

#[tokio::test]
async fn only_who_is_known_or_on_this_machine_decides() {
    let pin =
        json!({"kind": "pin", "component": "serch", "service": "eu1/shop/search", "author": "ann"})
            .to_string();
    let open = company(Access::default());
    let answer = open.ask(ask("POST", PATH, &pin)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_snapshot!(answer.problem(), @r#"
    {
      "type": "urn:backstitch:problem:unguarded",
      "title": "Anybody could decide",
      "status": 403,
      "detail": "the server has no token, and others than this machine reach it",
      "hint": "configure a token, or listen on a loopback address"
    }
    "#);
    let path = "/api/v1/decisions/1?author=bob";
    let answer = open.ask(ask("DELETE", path, "")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let list = open.ask(ask("GET", PATH, "")).await;
    assert_eq!(list.status, StatusCode::OK, "everybody may look");

    let with_token = company(Access {
        token: Some("s3cret".into()),
        ..Access::default()
    });
    let mut request = ask("POST", PATH, &pin);
    let answer = with_token.ask(request).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    request = ask("POST", PATH, &pin);
    let token = "Bearer s3cret".parse().unwrap();
    request.headers_mut().insert("authorization", token);
    let answer = with_token.ask(request).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);

    // A page of another site, in a browser of this machine.
    let local = company(on_loopback());
    let mut request = ask("POST", PATH, &pin);
    let origin = "https://evil.example".parse().unwrap();
    request.headers_mut().insert("origin", origin);
    let answer = local.ask(request).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}
