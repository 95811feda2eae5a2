//! Routes asked about a moment of the past, by `at` (S27).

use axum::body::Body;
use axum::http::Request;
use insta::assert_snapshot;
use server::{Access, AppState};
use store::Store;

use crate::company::{Company, READ_AT};
use crate::history;

/// Two hours after history begins: the Service came at 22:13:20, and lost its component an hour later.
fn company() -> (Company, Store) {
    let (company, store) = history::company();
    let state = AppState {
        clock: || READ_AT + 7200,
        ..company.state
    };
    (Company::of(state, Access::default()), store)
}

#[tokio::test]
async fn s27_a_service_as_it_was() {
    let (company, _store) = company();
    let path = "/api/v1/services/eu1/shop/serch?at=";
    let then = company.pretty(&format!("{path}2023-11-14T22:30:00Z")).await;
    assert_snapshot!(then, @r#"
    {
      "at": "2023-11-14T22:30:00Z",
      "cause": {
        "generation": 9,
        "kind": "cluster",
        "source": "eu1"
      },
      "component": "component:default/serch",
      "id": "eu1/shop/serch",
      "instance": "default",
      "owner": {
        "display_name": "Shop",
        "email": "shop@shop.example",
        "kind": "Group",
        "ref": "group:default/shop"
      },
      "since": "2023-11-14T22:13:20Z",
      "state": "owned"
    }
    "#);
    // A moment in another time zone, after its component went.
    let then = company
        .pretty(&format!("{path}2023-11-15T00:20:00%2B01:00"))
        .await;
    assert_snapshot!(then, @r#"
    {
      "at": "2023-11-14T23:20:00Z",
      "cause": {
        "generation": 9,
        "kind": "catalog",
        "source": "default"
      },
      "id": "eu1/shop/serch",
      "since": "2023-11-14T23:13:20Z",
      "state": "unclaimed"
    }
    "#);
}

#[tokio::test]
async fn s27_who_owned_it_then_is_resolved() {
    let (company, _store) = company();
    let path = "/api/v1/resolve?namespace=shop&service=serch&at=";
    let then = company.pretty(&format!("{path}2023-11-14T22:30:00Z")).await;
    assert_snapshot!(then, @r#"
    {
      "at": "2023-11-14T22:30:00Z",
      "candidates": [],
      "confidence": "exact",
      "owners": [
        {
          "cause": {
            "generation": 9,
            "kind": "cluster",
            "source": "eu1"
          },
          "component": "component:default/serch",
          "owner": {
            "display_name": "Shop",
            "email": "shop@shop.example",
            "kind": "Group",
            "ref": "group:default/shop"
          },
          "service": "eu1/shop/serch",
          "since": "2023-11-14T22:13:20Z"
        }
      ],
      "path": [
        "label `service` = `serch`, `namespace` = `shop`",
        "Service `eu1/shop/serch`"
      ],
      "service": "eu1/shop/serch"
    }
    "#);
    let request = Request::builder()
        .method("POST")
        .uri("/api/v1/resolve?at=2023-11-14T22:30:00Z")
        .header("content-type", "application/json")
        .body(Body::from(
            r#"{"labels": {"namespace": "shop", "service": "serch"}}"#,
        ));
    let posted = company.ask(request.unwrap()).await;
    let got = company.get(&format!("{path}2023-11-14T22:30:00Z")).await;
    assert_eq!(posted.json(), got);
    let later = company.get(&format!("{path}2023-11-14T23:30:00Z")).await;
    assert!(later["owners"][0]["owner"].is_null(), "{later:#}");
    assert_eq!(later["owners"][0]["since"], "2023-11-14T23:13:20Z");
}

#[tokio::test]
async fn s27_what_is_gone_is_resolved_by_its_name() {
    let (company, mut store) = company();
    // Nobody has recorded anything of this one but that it came and went.
    let gone = topology::verdict::ServiceKey {
        cluster: "eu1".into(),
        namespace: "shop".into(),
        name: "gone".into(),
    };
    let owned = topology::change::Ownership {
        state: topology::verdict::ServiceState::Owned,
        component: None,
        owner: Some("group:default/dissolved".into()),
    };
    let cause = store::Cause::Read {
        source: store::Source::Cluster("eu1".into()),
        generation: 3,
    };
    let (came, went) = (READ_AT + 60, READ_AT + 120);
    for (at, before, after) in [
        (came, None, Some(owned.clone())),
        (went, Some(owned.clone()), None),
    ] {
        let change = topology::change::Change::Service {
            service: gone.clone(),
            before,
            after,
        };
        store.record(at, &cause, &[change]).unwrap();
    }
    let path = "/api/v1/resolve?cluster=eu1&namespace=shop&service=gone&at=";
    let then = company.pretty(&format!("{path}2023-11-14T22:15:00Z")).await;
    assert_snapshot!(then, @r#"
    {
      "at": "2023-11-14T22:15:00Z",
      "candidates": [],
      "confidence": "exact",
      "owners": [
        {
          "cause": {
            "generation": 3,
            "kind": "cluster",
            "source": "eu1"
          },
          "owner": {
            "display_name": "dissolved",
            "kind": "Group",
            "ref": "group:default/dissolved"
          },
          "service": "eu1/shop/gone",
          "since": "2023-11-14T22:14:20Z"
        }
      ],
      "path": [
        "Service `eu1/shop/gone`, which is not there now"
      ],
      "service": "eu1/shop/gone"
    }
    "#);
    let later = company.get(&format!("{path}2023-11-14T22:30:00Z")).await;
    assert_eq!(later["confidence"], "unknown", "{later:#}");
    let path = "/api/v1/services/eu1/shop/gone?at=2023-11-14T22:30:00Z";
    assert_snapshot!(company.problem(path).await, @r#"
    {
      "type": "urn:backstitch:problem:not-found",
      "title": "There is no such thing",
      "status": 404,
      "detail": "Service `eu1/shop/gone` was not there at 2023-11-14T22:30:00Z: it went at 2023-11-14T22:15:20Z, found by read 3 of cluster `eu1`",
      "hint": "`/api/v1/history?service=eu1/shop/gone` lists all that is known of it"
    }
    "#);
    let path = "/api/v1/services/eu1/shop/never?at=2023-11-14T22:30:00Z";
    assert_snapshot!(company.problem(path).await, @r#"
    {
      "type": "urn:backstitch:problem:not-found",
      "title": "There is no such thing",
      "status": 404,
      "detail": "Service `eu1/shop/never` was not there at 2023-11-14T22:30:00Z: history has nothing of it up to then",
      "hint": "`/api/v1/history?service=eu1/shop/never` lists all that is known of it"
    }
    "#);
    // The owner is in no catalog, and history knows it.
    let path = "/api/v1/owners/dissolved?at=2023-11-14T22:15:00Z";
    assert_snapshot!(company.pretty(path).await, @r#"
    {
      "at": "2023-11-14T22:15:00Z",
      "items": [
        {
          "cause": {
            "generation": 3,
            "kind": "cluster",
            "source": "eu1"
          },
          "id": "eu1/shop/gone",
          "since": "2023-11-14T22:14:20Z"
        }
      ],
      "ref": "group:default/dissolved"
    }
    "#);
}

#[tokio::test]
async fn s27_what_an_owner_owned() {
    let (company, _store) = company();
    for (query, count) in [
        ("at=2023-11-14T22:13:20Z", 1),
        ("at=2023-11-14T23:00:00Z", 1),
        ("at=2023-11-14T23:00:00Z&instance=default", 1),
        ("at=2023-11-14T23:00:00Z&limit=1", 1),
        ("at=2023-11-14T23:30:00Z", 0),
    ] {
        let then = company.get(&format!("/api/v1/owners/shop?{query}")).await;
        assert_eq!(then["items"].as_array().unwrap().len(), count, "{query}");
        assert_eq!(then["ref"], "group:default/shop");
    }
    let path = "/api/v1/owners/shopp?at=2023-11-14T23:30:00Z";
    assert_snapshot!(company.problem(path).await, @r#"
    {
      "type": "urn:backstitch:problem:not-found",
      "title": "There is no such thing",
      "status": 404,
      "detail": "there is no owner `group:default/shopp`",
      "hint": "did you mean `group:default/shop`?",
      "candidates": [
        "group:default/shop"
      ]
    }
    "#);
}

#[tokio::test]
async fn s27_a_moment_that_history_does_not_reach_is_refused_with_what_it_reaches() {
    let (company, _store) = company();
    let path = "/api/v1/services/eu1/shop/serch?at=";
    let before = format!("{path}2023-11-14T22:13:19Z");
    assert_snapshot!(company.problem(&before).await, @r#"
    {
      "type": "urn:backstitch:problem:outside-history",
      "title": "History says nothing of that moment",
      "status": 400,
      "detail": "2023-11-14T22:13:19Z is before history begins, at 2023-11-14T22:13:20Z",
      "parameter": "at",
      "bounds": {
        "begin": "2023-11-14T22:13:20Z",
        "now": "2023-11-15T00:13:20Z"
      }
    }
    "#);
    let future = format!("{path}2023-11-15T03:12:00Z");
    assert_snapshot!(company.problem(&future).await, @r#"
    {
      "type": "urn:backstitch:problem:outside-history",
      "title": "History says nothing of that moment",
      "status": 400,
      "detail": "2023-11-15T03:12:00Z is in the future, it is 2023-11-15T00:13:20Z now",
      "parameter": "at",
      "bounds": {
        "begin": "2023-11-14T22:13:20Z",
        "now": "2023-11-15T00:13:20Z"
      }
    }
    "#);
    for path in [
        "/api/v1/owners/shop?at=",
        "/api/v1/resolve?service=serch&at=",
    ] {
        for at in ["2023-11-14T22:13:19Z", "2023-11-15T03:12:00Z"] {
            let text = company.problem(&format!("{path}{at}")).await;
            assert!(text.contains("outside-history"), "{text}");
        }
    }
    assert_snapshot!(company.problem(&format!("{path}yesterday")).await, @r#"
    {
      "type": "urn:backstitch:problem:bad-parameter",
      "title": "A parameter cannot be used",
      "status": 400,
      "detail": "`at` cannot be `yesterday`, expected a time such as `2026-01-31T12:00:00Z`",
      "parameter": "at"
    }
    "#);
    assert_snapshot!(company.pretty("/api/v1/history/bounds").await, @r#"
    {
      "begin": "2023-11-14T22:13:20Z",
      "now": "2023-11-15T00:13:20Z"
    }
    "#);
}

#[tokio::test]
async fn a_history_that_is_empty_says_so() {
    let store = Store::in_memory().unwrap();
    let mut company = Company::new();
    let reader = store.reader().unwrap();
    company.state.history = Some(std::sync::Arc::new(tokio::sync::Mutex::new(reader)));
    let company = Company::of(company.state, Access::default());
    let path = "/api/v1/owners/shop?at=2023-11-14T22:13:19Z";
    assert_snapshot!(company.problem(path).await, @r#"
    {
      "type": "urn:backstitch:problem:outside-history",
      "title": "History says nothing of that moment",
      "status": 400,
      "detail": "history is empty, nothing was recorded yet",
      "parameter": "at",
      "bounds": {
        "now": "2023-11-14T22:14:20Z"
      }
    }
    "#);
    let bounds = company.get("/api/v1/history/bounds").await;
    assert!(bounds["begin"].is_null(), "{bounds}");
}

#[tokio::test]
async fn s27_how_many_services_there_were() {
    let (company, _store) = company();
    let path = "/api/v1/summary?at=";
    let then = company.pretty(&format!("{path}2023-11-14T22:30:00Z")).await;
    assert_snapshot!(then, @r#"
    {
      "at": "2023-11-14T22:30:00Z",
      "coverage": 1.0,
      "service_states": {
        "owned": 1,
        "stitched-without-owner": 0,
        "unclaimed": 0
      },
      "services": 1
    }
    "#);
    let later = company.pretty(&format!("{path}2023-11-14T23:30:00Z")).await;
    assert_snapshot!(later, @r#"
    {
      "at": "2023-11-14T23:30:00Z",
      "coverage": 0.0,
      "service_states": {
        "owned": 0,
        "stitched-without-owner": 0,
        "unclaimed": 1
      },
      "services": 1
    }
    "#);
    let refused = company
        .problem(&format!("{path}2020-01-01T00:00:00Z"))
        .await;
    assert_snapshot!(refused, @r#"
    {
      "type": "urn:backstitch:problem:outside-history",
      "title": "History says nothing of that moment",
      "status": 400,
      "detail": "2020-01-01T00:00:00Z is before history begins, at 2023-11-14T22:13:20Z",
      "parameter": "at",
      "bounds": {
        "begin": "2023-11-14T22:13:20Z",
        "now": "2023-11-15T00:13:20Z"
      }
    }
    "#);
}
