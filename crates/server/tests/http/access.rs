use axum::body::Body;
use axum::http::Request;
use insta::assert_snapshot;
use server::{Access, Hosts};

use crate::company::{Company, request};

fn guarded() -> Company {
    Company::guarded(Access {
        token: Some("s3cret".into()),
        ..Access::default()
    })
}

/// Every operation of the `OpenAPI` document, with something in the place of each variable.
fn operations() -> Vec<(String, String)> {
    let document = serde_json::to_value(server::openapi_document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let path = path.replace(['{', '}'], "");
            item.as_object()
                .unwrap()
                .keys()
                .map(move |method| (method.to_uppercase(), path.clone()))
                .collect::<Vec<_>>()
        })
        .collect()
}

#[tokio::test]
async fn every_operation_but_probes_is_refused_without_the_token() {
    let company = guarded();
    let operations = operations();
    assert_eq!(operations.len(), 51, "{operations:?}");
    for (method, path) in operations {
        for token in [None, Some("Bearer wrong")] {
            let mut request = Request::builder().method(method.as_str()).uri(&path);
            if let Some(token) = token {
                request = request.header("authorization", token);
            }
            let answer = company.ask(request.body(Body::empty()).unwrap()).await;
            if ["/healthz", "/readyz"].contains(&path.as_str())
                || path.starts_with("/api/v1/session")
            {
                assert_ne!(answer.status, 401, "{path}");
                continue;
            }
            assert_eq!(answer.status, 401, "{method} {path}");
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
            let _ = answer.problem();
        }
    }
}

#[tokio::test]
async fn routes_that_are_not_there_need_the_token_too() {
    assert_eq!(guarded().ask(request("/api/v1/nowhere")).await.status, 401);
    assert_eq!(guarded().ask(request("/healthz/")).await.status, 401);
}

#[tokio::test]
async fn files_of_the_pages_need_no_token_and_are_no_way_around_it() {
    // Whether the pages were built or not.
    for path in ["/", "/services/eu1/shop/checkout", "/assets/none.js"] {
        let status = guarded().ask(request(path)).await.status.as_u16();
        assert!(matches!(status, 200 | 404), "{path}: {status}");
    }
    for path in [
        "/assets/../api/v1/summary",
        "//api/v1/summary",
        "/%61pi/v1/summary",
    ] {
        let answer = guarded().ask(request(path)).await;
        assert!(matches!(answer.status.as_u16(), 200 | 401 | 404), "{path}");
        assert!(!answer.text.contains("coverage"), "{path}");
    }
}

#[tokio::test]
async fn pages_are_only_read() {
    let post = Request::builder().method("POST").uri("/services");
    let answer = Company::new().ask(post.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("allow"), "GET,HEAD");
}

#[tokio::test]
async fn the_token_opens_everything() {
    let request = Request::get("/api/v1/summary")
        .header("authorization", "Bearer s3cret")
        .body(Body::empty())
        .unwrap();
    assert_eq!(guarded().ask(request).await.status, 200);
}

#[tokio::test]
async fn the_token_is_in_no_answer() {
    // S31.
    let company = guarded();
    let answer = company.ask(request("/api/v1/summary")).await;
    assert_snapshot!(answer.problem(), @r#"
    {
      "type": "urn:backstitch:problem:unauthorized",
      "title": "A token is needed",
      "status": 401,
      "detail": "the request bears no token",
      "hint": "send `Authorization: Bearer <token>`"
    }
    "#);
    assert!(
        !format!(
            "{:?}",
            Access {
                token: Some("s3cret".into()),
                ..Access::default()
            }
        )
        .contains("s3cret")
    );
}

#[tokio::test]
async fn a_loopback_server_answers_to_its_own_names_only() {
    let company = Company::guarded(Access {
        hosts: Hosts::Loopback(Vec::new()),
        ..Access::default()
    });
    let ask = |host: &str| {
        let request = Request::get("/api/v1/summary").header("host", host);
        company.ask(request.body(Body::empty()).unwrap())
    };
    assert_eq!(ask("localhost:8080").await.status, 200);
    let answer = ask("rebound.example:8080").await;
    assert_snapshot!(answer.problem(), @r#"
    {
      "type": "urn:backstitch:problem:wrong-host",
      "title": "The server does not answer to this host name",
      "status": 421,
      "detail": "found host `rebound.example:8080`",
      "hint": "ask by `localhost` or `127.0.0.1`, or allow the name in the configuration"
    }
    "#);
}

#[tokio::test]
async fn a_page_of_another_site_writes_nothing() {
    let company = Company::new();
    for (method, path) in operations() {
        if method != "POST" {
            continue;
        }
        let ask = |origin: &str| {
            let request = Request::post(&path)
                .header("host", "localhost:7465")
                .header("origin", origin);
            company.ask(request.body(Body::empty()).unwrap())
        };
        let foreign = ask("https://evil.example").await;
        assert_eq!(foreign.status, 403, "{path}");
        let _ = foreign.problem();
        assert_ne!(ask("http://localhost:7465").await.status, 403, "{path}");
    }
}

fn with_cookie(method: &str, path: &str, cookie: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    request
        .header("cookie", cookie)
        .body(Body::empty())
        .unwrap()
}

fn signing_in(token: &str) -> Request<Body> {
    let request = Request::builder().method("POST").uri("/api/v1/session");
    let body = serde_json::json!({ "token": token }).to_string();
    request
        .header("content-type", "application/json")
        .body(Body::from(body))
        .unwrap()
}

#[tokio::test]
async fn a_browser_signs_in_by_the_token_and_goes_on_with_a_cookie() {
    let company = guarded();
    let asked = company.ask(request("/api/v1/session")).await;
    assert_eq!(
        asked.json(),
        serde_json::json!({ "needed": true, "methods": ["token"] })
    );

    let wrong = company.ask(signing_in("s3cre")).await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.header("set-cookie")),
        (401, "")
    );

    let signed_in = company.ask(signing_in("s3cret")).await;
    assert_eq!(signed_in.status, 200);
    let set = signed_in.header("set-cookie").to_owned();
    assert!(
        set.contains("HttpOnly") && set.contains("SameSite=Strict"),
        "{set}"
    );
    let cookie = set.split(';').next().unwrap();

    let answer = company
        .ask(with_cookie("GET", "/api/v1/summary", cookie))
        .await;
    assert_eq!(answer.status, 200);
    let asked = company
        .ask(with_cookie("GET", "/api/v1/session", cookie))
        .await;
    assert!(asked.json()["until"].is_string());
    let signed_out = company
        .ask(with_cookie("DELETE", "/api/v1/session", cookie))
        .await;
    assert!(signed_out.header("set-cookie").contains("Max-Age=0"));

    let forged = cookie.replace('.', "0.");
    let answer = company
        .ask(with_cookie("GET", "/api/v1/summary", &forged))
        .await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn a_cookie_does_not_let_a_page_of_another_site_do_anything() {
    let company = guarded();
    let set = company
        .ask(signing_in("s3cret"))
        .await
        .header("set-cookie")
        .to_owned();
    let cookie = set.split(';').next().unwrap();
    let foreign = Request::builder()
        .method("POST")
        .uri("/api/v1/sources/refresh")
        .header("cookie", cookie)
        .header("sec-fetch-site", "cross-site");
    let answer = company.ask(foreign.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 403);
}
