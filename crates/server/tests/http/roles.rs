//! Tokens of programs, what each role may do, and who is the author of what is decided.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use insta::assert_snapshot;
use serde_json::{Value, json};
use server::api_tokens::{self, ApiTokens, Declined, Known, Wish};
use server::{Access, decisions};
use store::{ApiTokenRecord, DecisionRecord};

use crate::company::{Answer, Company, topology};
use crate::events::{Stream, grow};

const NOW: i64 = 1_800_000_000;
const LATER: &str = "2027-06-01T00:00:00Z";

/// A server with a token, and something that sits at its desks as the loop does.
fn company() -> Company {
    let mut state = Company::over(topology(), Access::default()).state;
    let known = Arc::new(Known::default());
    let (desk, mut requests) = api_tokens::Desk::open();
    state.api_tokens = Some(ApiTokens {
        known: Arc::clone(&known),
        desk,
    });
    tokio::spawn(async move {
        let mut kept: Vec<ApiTokenRecord> = Vec::new();
        let mut last = 0;
        while let Some(request) = requests.recv().await {
            let done = match request.wish {
                Wish::Keep(new) => {
                    last += 1;
                    kept.push(ApiTokenRecord {
                        id: last,
                        at: NOW,
                        new,
                    });
                    Ok(kept[kept.len() - 1].clone())
                }
                Wish::End(id) => kept
                    .iter()
                    .position(|it| it.id == id)
                    .map(|place| kept.remove(place))
                    .ok_or(Declined::Unknown),
            };
            known.set(kept.clone());
            let _ = request.answer.send(done);
        }
    });
    let (desk, mut requests) = decisions::Desk::open();
    state.decisions = Some(desk);
    tokio::spawn(async move {
        while let Some(request) = requests.recv().await {
            let decisions::Wish::Decide(new) = request.wish else {
                continue;
            };
            let _ = request.answer.send(Ok(DecisionRecord {
                id: 1,
                at: NOW,
                new,
                ended: None,
            }));
        }
    });
    state.clock = || NOW;
    let access = Access {
        token: Some("s3cret".into()),
        ..Access::default()
    };
    Company::of(state, access)
}

async fn ask(company: &Company, token: &str, method: &str, path: &str, body: Value) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    company.ask(request).await
}

async fn make(company: &Company, wanted: Value) -> String {
    let answer = ask(company, "s3cret", "POST", "/api/v1/tokens", wanted).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["token"].as_str().unwrap().to_owned()
}

/// A token that stands.
async fn token(company: &Company, name: &str, role: &str) -> String {
    make(
        company,
        json!({"name": name, "role": role, "expires": LATER}),
    )
    .await
}

fn pin() -> Value {
    json!({"kind": "pin", "component": "checkout", "service": "eu1/shop/checkout", "author": "somebody else"})
}

#[tokio::test]
async fn a_token_is_told_once_and_does_what_its_role_may() {
    let company = company();
    let viewer = token(&company, "ci", "viewer").await;
    let editor = token(&company, "bot", "editor").await;
    assert!(
        viewer.starts_with("bst_1_") && viewer.len() == 6 + 43,
        "{viewer}"
    );
    for (token, method, path, status) in [
        (&viewer, "GET", "/api/v1/summary", 200),
        (&viewer, "POST", "/api/v1/resolve", 200),
        (&viewer, "POST", "/api/v1/decisions", 403),
        (&viewer, "POST", "/api/v1/sources/refresh", 403),
        (&viewer, "GET", "/api/v1/tokens", 403),
        (&editor, "POST", "/api/v1/decisions", 201),
        (&editor, "POST", "/api/v1/sources/refresh", 202),
        (&editor, "POST", "/api/v1/tokens", 403),
        (&editor, "DELETE", "/api/v1/tokens/1", 403),
    ] {
        let body = if path.ends_with("resolve") {
            json!({"labels": {"service": "checkout"}})
        } else {
            pin()
        };
        let answer = ask(&company, token, method, path, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
    }
    let refused = ask(&company, &viewer, "POST", "/api/v1/decisions", pin()).await;
    assert_snapshot!(refused.problem(), @r#"
    {
      "type": "urn:backstitch:problem:forbidden",
      "title": "You may not do this",
      "status": 403,
      "detail": "that takes the role `editor`, and yours is `viewer`",
      "hint": "whoever runs this server gives roles, under `sign_in.roles` of its configuration or with a token"
    }
    "#);
    let listed = ask(&company, "s3cret", "GET", "/api/v1/tokens", json!(null)).await;
    let secret = viewer.splitn(3, '_').nth(2).unwrap();
    assert!(!listed.text.contains(secret));
    assert_snapshot!(serde_json::to_string_pretty(&listed.json()).unwrap(), @r#"
    {
      "items": [
        {
          "expired": false,
          "expires": "2027-06-01T00:00:00Z",
          "id": 2,
          "made_at": "2027-01-15T08:00:00Z",
          "name": "bot",
          "role": "editor"
        },
        {
          "expired": false,
          "expires": "2027-06-01T00:00:00Z",
          "id": 1,
          "made_at": "2027-01-15T08:00:00Z",
          "name": "ci",
          "role": "viewer"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn a_token_that_ended_is_refused() {
    let company = company();
    let token = token(&company, "ci", "admin").await;
    let one = "/api/v1/tokens/1";
    assert_eq!(
        ask(&company, &token, "DELETE", one, json!(null))
            .await
            .status,
        200
    );
    assert_eq!(
        ask(&company, &token, "GET", "/api/v1/summary", json!(null))
            .await
            .status,
        401
    );
    assert_eq!(
        ask(&company, "s3cret", "DELETE", one, json!(null))
            .await
            .status,
        404
    );
    for wrong in ["bst_1_", "bst_1_AAAA", "bst_x_AAAA", "bst_", "bst_99_AAAA"] {
        assert_eq!(
            ask(&company, wrong, "GET", "/api/v1/summary", json!(null))
                .await
                .status,
            401
        );
    }
}

#[tokio::test]
async fn a_token_has_an_end_a_purpose_and_a_role() {
    let company = company();
    for wrong in [
        json!({"name": "ci", "role": "viewer", "expires": "2020-01-01T00:00:00Z"}),
        json!({"name": "ci", "role": "viewer", "expires": "2999-01-01T00:00:00Z"}),
        json!({"name": "ci", "role": "viewer", "expires": "soon"}),
        json!({"name": " ", "role": "viewer", "expires": LATER}),
        json!({"name": "ci", "role": "root", "expires": LATER}),
        json!({"name": "ci", "role": "viewer"}),
        json!({"name": "ci", "role": "viewer", "expires": LATER, "teams": ["web"]}),
        json!({"name": "ci", "role": "editor", "expires": LATER, "teams": ["group:"]}),
    ] {
        let answer = ask(&company, "s3cret", "POST", "/api/v1/tokens", wrong.clone()).await;
        assert_eq!(answer.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn who_decides_is_who_asks() {
    let company = company();
    let bot = token(&company, "bot", "editor").await;
    let by = |answer: Answer| answer.json()["author"].as_str().unwrap().to_owned();
    let path = "/api/v1/decisions";
    assert_eq!(by(ask(&company, &bot, "POST", path, pin()).await), "bot");
    // The server's own token says no name, so that decisions can be moved between servers with their authors.
    assert_eq!(
        by(ask(&company, "s3cret", "POST", path, pin()).await),
        "somebody else"
    );
}

#[tokio::test]
async fn an_editor_of_teams_decides_about_what_they_have() {
    let company = company();
    for (teams, status) in [
        (json!(["nobodys"]), 403),
        (json!(["payments"]), 201),
        (json!(["group:default/commerce"]), 201),
        (json!(["shop"]), 403),
    ] {
        let wanted = json!({"name": "bot", "role": "editor", "expires": LATER, "teams": teams});
        let bot = make(&company, wanted).await;
        let answer = ask(&company, &bot, "POST", "/api/v1/decisions", pin()).await;
        assert_eq!(answer.status, status, "{teams}: {}", answer.text);
        let source =
            json!({"kind": "confirm-removals", "source": {"kind": "cluster", "name": "eu1"}});
        let answer = ask(&company, &bot, "POST", "/api/v1/decisions", source).await;
        assert_eq!(answer.status, 403, "a source is nobody's alone");
    }
}

#[tokio::test]
async fn a_session_by_a_token_ends_with_the_token() {
    let company = company();
    let token = token(&company, "ann", "editor").await;
    let sign_in = Request::post("/api/v1/session")
        .header("content-type", "application/json")
        .body(Body::from(json!({"token": token}).to_string()))
        .unwrap();
    let answer = company.ask(sign_in).await;
    assert_snapshot!(serde_json::to_string_pretty(&answer.json()).unwrap(), @r#"
    {
      "methods": [
        "token"
      ],
      "name": "ann",
      "needed": true,
      "role": "editor",
      "until": "2027-01-15T20:00:00Z"
    }
    "#);
    let cookie = answer
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let with_cookie = |path: &str| {
        let request = Request::get(path).header("cookie", &cookie);
        company.ask(request.body(Body::empty()).unwrap())
    };
    assert_eq!(with_cookie("/api/v1/summary").await.status, 200);
    assert_eq!(with_cookie("/api/v1/tokens").await.status, 403);
    ask(
        &company,
        "s3cret",
        "DELETE",
        "/api/v1/tokens/1",
        json!(null),
    )
    .await;
    assert_eq!(with_cookie("/api/v1/summary").await.status, 401);
    let session = with_cookie("/api/v1/session").await.json();
    assert_eq!(session, json!({"needed": true, "methods": ["token"]}));
}

#[tokio::test]
async fn a_stream_says_nothing_more_once_its_token_has_ended() {
    let company = company();
    let token = token(&company, "ci", "viewer").await;
    let bearer = format!("Bearer {token}");
    let mut stream = Stream::with(&company, Some(("authorization", &bearer))).await;
    assert!(stream.next().await.unwrap().contains("event: reset"));
    grow(&company, "seen");
    assert!(stream.next().await.unwrap().contains("seen"));
    ask(
        &company,
        "s3cret",
        "DELETE",
        "/api/v1/tokens/1",
        json!(null),
    )
    .await;
    grow(&company, "unseen");
    assert_eq!(stream.next().await, None);
}
