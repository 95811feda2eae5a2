use insta::assert_snapshot;

use crate::company::Company;

#[tokio::test]
async fn what_is_around_a_service() {
    let company = Company::new();
    assert_snapshot!(
        company
            .pretty("/api/v1/graph?focus=eu1/shop/checkout&depth=1")
            .await,
        @r#"
        {
          "edges": [
            {
              "from": "service:eu1/shop/checkout",
              "kind": "selects",
              "to": "deployment:eu1/shop/checkout"
            },
            {
              "from": "service:eu1/shop/checkout",
              "kind": "selects",
              "to": "pod:eu1/shop/checkout-7d4b"
            },
            {
              "from": "component:default/checkout@default",
              "kind": "is",
              "to": "service:eu1/shop/checkout"
            }
          ],
          "focus": "eu1/shop/checkout",
          "hidden": [
            {
              "around": "pod:eu1/shop/checkout-7d4b",
              "count": 1,
              "kind": "Node",
              "why": "depth"
            }
          ],
          "nodes": [
            {
              "depth": 0,
              "id": "service:eu1/shop/checkout",
              "kind": "Service",
              "name": "checkout",
              "owner": "group:default/payments",
              "owner_name": "Payments",
              "place": "eu1/shop",
              "state": "owned"
            },
            {
              "depth": 1,
              "id": "component:default/checkout@default",
              "kind": "Component",
              "name": "checkout",
              "owner": "group:default/payments",
              "owner_name": "Payments",
              "place": "default/default",
              "ref": "component:default/checkout"
            },
            {
              "depth": 1,
              "id": "deployment:eu1/shop/checkout",
              "kind": "Deployment",
              "name": "checkout",
              "owner": "group:default/payments",
              "owner_name": "Payments",
              "place": "eu1/shop"
            },
            {
              "depth": 1,
              "id": "pod:eu1/shop/checkout-7d4b",
              "kind": "Pod",
              "name": "checkout-7d4b",
              "owner": "group:default/payments",
              "owner_name": "Payments",
              "place": "eu1/shop"
            }
          ],
          "truncated": false
        }
        "#
    );
}

#[tokio::test]
async fn what_an_owner_has_and_what_is_cut() {
    let company = Company::new();
    assert_snapshot!(
        company
            .pretty("/api/v1/graph?focus=group:default/payments&depth=2&limit=2")
            .await,
        @r#"
        {
          "edges": [
            {
              "from": "component:default/checkout@default",
              "kind": "is",
              "to": "service:eu1/shop/checkout"
            }
          ],
          "focus": "group:default/payments",
          "hidden": [
            {
              "around": "service:eu1/shop/checkout",
              "count": 1,
              "kind": "Deployment",
              "why": "limit"
            },
            {
              "around": "service:eu1/shop/checkout",
              "count": 1,
              "kind": "Pod",
              "why": "limit"
            }
          ],
          "nodes": [
            {
              "depth": 0,
              "id": "service:eu1/shop/checkout",
              "kind": "Service",
              "name": "checkout",
              "owner": "group:default/payments",
              "owner_name": "Payments",
              "place": "eu1/shop",
              "state": "owned"
            },
            {
              "depth": 1,
              "id": "component:default/checkout@default",
              "kind": "Component",
              "name": "checkout",
              "owner": "group:default/payments",
              "owner_name": "Payments",
              "place": "default/default",
              "ref": "component:default/checkout"
            }
          ],
          "truncated": true
        }
        "#
    );
    let namespace = company.get("/api/v1/graph?focus=namespace:eu1/shop").await;
    assert_eq!(namespace["focus"], "namespace:eu1/shop");
    let services = namespace["nodes"].as_array().unwrap().iter();
    assert_eq!(services.filter(|it| it["kind"] == "Service").count(), 5);
    assert_eq!(namespace["truncated"], false);
}

#[tokio::test]
async fn what_cannot_be_a_focus() {
    let company = Company::new();
    let mut problems = String::new();
    for query in [
        "",
        "?focus=checkout",
        "?focus=shop/checkout",
        "?focus=eu1/shop/chekout",
        "?focus=group:paymentz",
        "?focus=group:",
        "?focus=namespace:eu1",
        "?focus=namespace:eu1/shops",
        "?focus=namespace:eu/shop",
        "?focus=eu1/shop/checkout&depth=4",
        "?focus=eu1/shop/checkout&limit=2001",
    ] {
        let problem = company.problem(&format!("/api/v1/graph{query}")).await;
        problems.push_str(&format!("{query}: {problem}\n"));
    }
    assert_snapshot!(problems, @r#"
    : {
      "type": "urn:backstitch:problem:bad-parameter",
      "title": "A parameter cannot be used",
      "status": 400,
      "detail": "`focus` is missing",
      "hint": "expected a Service (`cluster/namespace/name`), an owner (`group:default/payments`, `user:default/ada`) or a namespace (`namespace:cluster/namespace`)",
      "parameter": "focus"
    }
    ?focus=checkout: {
      "type": "urn:backstitch:problem:bad-parameter",
      "title": "A parameter cannot be used",
      "status": 400,
      "detail": "`focus` cannot be `checkout`",
      "hint": "expected a Service (`cluster/namespace/name`), an owner (`group:default/payments`, `user:default/ada`) or a namespace (`namespace:cluster/namespace`)",
      "parameter": "focus"
    }
    ?focus=shop/checkout: {
      "type": "urn:backstitch:problem:bad-parameter",
      "title": "A parameter cannot be used",
      "status": 400,
      "detail": "`focus` cannot be `shop/checkout`",
      "hint": "expected a Service (`cluster/namespace/name`), an owner (`group:default/payments`, `user:default/ada`) or a namespace (`namespace:cluster/namespace`)",
      "parameter": "focus"
    }
    ?focus=eu1/shop/chekout: {
      "type": "urn:backstitch:problem:not-found",
      "title": "There is no such thing",
      "status": 404,
      "detail": "there is no Service `eu1/shop/chekout`",
      "hint": "did you mean `eu1/shop/checkout`?",
      "candidates": [
        "eu1/shop/checkout",
        "us1/shop/checkout"
      ]
    }
    ?focus=group:paymentz: {
      "type": "urn:backstitch:problem:not-found",
      "title": "There is no such thing",
      "status": 404,
      "detail": "there is no owner `group:default/paymentz`",
      "hint": "did you mean `group:default/payments`?",
      "candidates": [
        "group:default/payments"
      ]
    }
    ?focus=group:: {
      "type": "urn:backstitch:problem:bad-parameter",
      "title": "A parameter cannot be used",
      "status": 400,
      "detail": "`group:` has an empty name, expected `[kind:][namespace/]name`",
      "hint": "expected a Service (`cluster/namespace/name`), an owner (`group:default/payments`, `user:default/ada`) or a namespace (`namespace:cluster/namespace`)",
      "parameter": "focus"
    }
    ?focus=namespace:eu1: {
      "type": "urn:backstitch:problem:bad-parameter",
      "title": "A parameter cannot be used",
      "status": 400,
      "detail": "`focus` cannot be `namespace:eu1`",
      "hint": "expected a Service (`cluster/namespace/name`), an owner (`group:default/payments`, `user:default/ada`) or a namespace (`namespace:cluster/namespace`)",
      "parameter": "focus"
    }
    ?focus=namespace:eu1/shops: {
      "type": "urn:backstitch:problem:not-found",
      "title": "There is no such thing",
      "status": 404,
      "detail": "there is no Service in namespace `shops` of cluster `eu1`",
      "hint": "did you mean `namespace:eu1/shop`?",
      "candidates": [
        "namespace:eu1/shop"
      ]
    }
    ?focus=namespace:eu/shop: {
      "type": "urn:backstitch:problem:not-found",
      "title": "There is no such thing",
      "status": 404,
      "detail": "there is no cluster `eu`",
      "hint": "did you mean `namespace:eu1/shop`?",
      "candidates": [
        "namespace:eu1/shop"
      ]
    }
    ?focus=eu1/shop/checkout&depth=4: {
      "type": "urn:backstitch:problem:bad-parameter",
      "title": "A parameter cannot be used",
      "status": 400,
      "detail": "`depth` cannot be `4`, expected 1 to 3",
      "parameter": "depth"
    }
    ?focus=eu1/shop/checkout&limit=2001: {
      "type": "urn:backstitch:problem:bad-parameter",
      "title": "A parameter cannot be used",
      "status": 400,
      "detail": "`limit` cannot be `2001`, expected 1 to 2000",
      "parameter": "limit"
    }
    "#);
}
