use insta::assert_snapshot;

use crate::company::Company;

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "two whole answers are shown")]
async fn a_service_says_who_owns_it_and_why() {
    let company = Company::new();
    assert_snapshot!(company.pretty("/api/v1/services/eu1/shop/checkout").await, @r#"
    {
      "autoscalers": {
        "items": [],
        "total": 0
      },
      "claims": {
        "items": [],
        "total": 0
      },
      "cluster": "eu1",
      "component": {
        "instance": "default",
        "lifecycle": "production",
        "ref": "component:default/checkout",
        "rule": "service-name",
        "type": "service"
      },
      "dependencies": {
        "items": [],
        "total": 0
      },
      "dependents": {
        "items": [],
        "total": 0
      },
      "id": "eu1/shop/checkout",
      "in_front": {
        "items": [],
        "total": 0
      },
      "labels": [
        {
          "key": "causely.ai/backstage-component",
          "value": "checkout",
          "why": "metadata.name"
        },
        {
          "key": "causely.ai/backstage-component-lifecycle",
          "value": "production",
          "why": "spec.lifecycle"
        },
        {
          "key": "causely.ai/backstage-component-type",
          "value": "service",
          "why": "spec.type"
        },
        {
          "key": "causely.ai/backstage-kubernetes-id",
          "value": "checkout",
          "why": "the name used for stitching"
        },
        {
          "key": "causely.ai/backstage-kubernetes-namespace",
          "value": "shop",
          "why": "the namespace the name resolved to"
        },
        {
          "key": "causely.ai/backstage-owner-kind",
          "value": "Group",
          "why": "kind of the owner"
        },
        {
          "key": "causely.ai/backstage-owner-ref",
          "value": "group:default/payments",
          "why": "reference of the owner"
        },
        {
          "key": "causely.ai/backstage-owner-source",
          "value": "spec.owner",
          "why": "the path that supplied the owner"
        },
        {
          "key": "causely.ai/backstage-scraper",
          "value": "default",
          "why": "name of the instance"
        },
        {
          "key": "causely.ai/team",
          "value": "Payments",
          "why": "display name of the owner"
        }
      ],
      "name": "checkout",
      "namespace": "shop",
      "nodes": {
        "items": [
          {
            "cluster": "eu1",
            "kind": "Node",
            "name": "node-1",
            "namespace": ""
          }
        ],
        "total": 1
      },
      "owner": {
        "display_name": "Payments",
        "email": "payments@shop.example",
        "kind": "Group",
        "ref": "group:default/payments"
      },
      "state": "owned",
      "workloads": [
        {
          "cluster": "eu1",
          "kind": "Deployment",
          "name": "checkout",
          "namespace": "shop"
        },
        {
          "cluster": "eu1",
          "kind": "Pod",
          "name": "checkout-7d4b",
          "namespace": "shop",
          "node": "node-1"
        }
      ],
      "workloads_total": 2
    }
    "#);
}

#[tokio::test]
async fn services_are_listed_by_key() {
    let company = Company::new();
    assert_snapshot!(company.pretty("/api/v1/services?limit=2").await, @r#"
    {
      "items": [
        {
          "id": "eu1/shop/cart",
          "labels": {},
          "state": "unclaimed"
        },
        {
          "component": "component:default/catalog",
          "id": "eu1/shop/catalog",
          "labels": {
            "causely.ai/backstage-component": "catalog",
            "causely.ai/backstage-component-lifecycle": "production",
            "causely.ai/backstage-component-type": "service",
            "causely.ai/backstage-kubernetes-id": "catalog",
            "causely.ai/backstage-kubernetes-namespace": "shop",
            "causely.ai/backstage-scraper": "default"
          },
          "state": "stitched-without-owner"
        }
      ],
      "next": "MXNbImV1MSIsInNob3AiLCJjYXRhbG9nIl0"
    }
    "#);
}

#[tokio::test]
async fn filters_narrow_the_list() {
    let company = Company::new();
    for (query, expected) in [
        ("cluster=us1", "us1/shop/checkout"),
        ("cluster=eu1&namespace=staging", "eu1/staging/cart"),
        ("state=owned", "eu1/shop/checkout eu1/shop/wishlist"),
        ("state=stitched-without-owner", "eu1/shop/catalog"),
        ("team=payments", "eu1/shop/checkout"),
        ("owner=group:default/shop", "eu1/shop/wishlist"),
        ("owner=Shop", "eu1/shop/wishlist"),
        ("owner=nobody", ""),
        (
            "label=causely.ai/team",
            "eu1/shop/checkout eu1/shop/wishlist",
        ),
        ("label=causely.ai/team=Shop", "eu1/shop/wishlist"),
        (
            "label=causely.ai/team=Shop&label=causely.ai/team=Payments",
            "",
        ),
        ("q=CHECK", "eu1/shop/checkout us1/shop/checkout"),
        ("q=check&state=owned", "eu1/shop/checkout"),
    ] {
        let page = company.get(&format!("/api/v1/services?{query}")).await;
        let ids: Vec<&str> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids.join(" "), expected, "{query}");
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_a_problem_with_near_names() {
    let company = Company::new();
    assert_snapshot!(company.problem("/api/v1/services/eu1/shop/chekout").await, @r#"
    {
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
    "#);
}
