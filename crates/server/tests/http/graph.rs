use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::company::{Company, request};

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
        let path = format!("/api/v1/graph{query}");
        let problem = company.ask(request(&path)).await.json();
        let [status, detail, hint] = ["status", "detail", "hint"].map(|key| &problem[key]);
        let _ = writeln!(problems, "{query}: {status} {detail} {hint}");
    }
    assert_snapshot!(problems, @r#"
    : 400 "`focus` is missing" "expected a Service (`cluster/namespace/name`), an owner (`group:default/payments`, `user:default/ada`) or a namespace (`namespace:cluster/namespace`)"
    ?focus=checkout: 400 "`focus` cannot be `checkout`" "expected a Service (`cluster/namespace/name`), an owner (`group:default/payments`, `user:default/ada`) or a namespace (`namespace:cluster/namespace`)"
    ?focus=shop/checkout: 400 "`focus` cannot be `shop/checkout`" "expected a Service (`cluster/namespace/name`), an owner (`group:default/payments`, `user:default/ada`) or a namespace (`namespace:cluster/namespace`)"
    ?focus=eu1/shop/chekout: 404 "there is no Service `eu1/shop/chekout`" "did you mean `eu1/shop/checkout`?"
    ?focus=group:paymentz: 404 "there is no owner `group:default/paymentz`" "did you mean `group:default/payments`?"
    ?focus=group:: 400 "`group:` has an empty name, expected `[kind:][namespace/]name`" "expected a Service (`cluster/namespace/name`), an owner (`group:default/payments`, `user:default/ada`) or a namespace (`namespace:cluster/namespace`)"
    ?focus=namespace:eu1: 400 "`focus` cannot be `namespace:eu1`" "expected a Service (`cluster/namespace/name`), an owner (`group:default/payments`, `user:default/ada`) or a namespace (`namespace:cluster/namespace`)"
    ?focus=namespace:eu1/shops: 404 "there is no Service in namespace `shops` of cluster `eu1`" "did you mean `namespace:eu1/shop`?"
    ?focus=namespace:eu/shop: 404 "there is no cluster `eu`" "did you mean `namespace:eu1/shop`?"
    ?focus=eu1/shop/checkout&depth=4: 400 "`depth` cannot be `4`, expected 1 to 3" null
    ?focus=eu1/shop/checkout&limit=2001: 400 "`limit` cannot be `2001`, expected 1 to 2000" null
    "#);
}
