use insta::assert_snapshot;

use crate::company::Company;

#[tokio::test]
async fn what_is_found_says_whose_it_is() {
    let company = Company::new();
    assert_snapshot!(company.pretty("/api/v1/search?q=checkout").await, @r#"
    {
      "items": [
        {
          "id": "eu1/shop/checkout",
          "kind": "service",
          "name": "checkout",
          "owner": "group:default/payments",
          "owner_name": "Payments",
          "place": "eu1/shop"
        },
        {
          "id": "us1/shop/checkout",
          "kind": "service",
          "name": "checkout",
          "place": "us1/shop"
        },
        {
          "id": "component:default/checkout",
          "kind": "component",
          "name": "checkout",
          "owner": "group:default/payments",
          "owner_name": "Payments",
          "place": "default/default"
        },
        {
          "id": "eu1/shop/checkout",
          "kind": "workload",
          "name": "checkout",
          "object_kind": "Deployment",
          "owner": "group:default/payments",
          "owner_name": "Payments",
          "place": "eu1/shop",
          "service": "eu1/shop/checkout"
        },
        {
          "id": "component:default/checkout-copy",
          "kind": "component",
          "name": "checkout-copy",
          "owner": "group:default/shop",
          "owner_name": "Shop",
          "place": "default/default"
        },
        {
          "id": "eu1/shop/checkout-7d4b",
          "kind": "workload",
          "name": "checkout-7d4b",
          "object_kind": "Pod",
          "owner": "group:default/payments",
          "owner_name": "Payments",
          "place": "eu1/shop",
          "service": "eu1/shop/checkout"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn words_and_owners_and_a_limit() {
    let company = Company::new();
    for (query, expected) in [
        ("us1/shop/checkout", "us1/shop/checkout"),
        ("CART+staging", "eu1/staging/cart"),
        ("payments", "group:default/payments"),
        ("ada", "user:default/ada"),
        ("pod+stray", "eu1/shop/stray"),
        ("chekcout&limit=1", "eu1/shop/checkout"),
        ("nothing-of-the-kind", ""),
    ] {
        let page = company.get(&format!("/api/v1/search?q={query}")).await;
        let items = page["items"].as_array().unwrap();
        let ids: Vec<&str> = items.iter().map(|it| it["id"].as_str().unwrap()).collect();
        assert_eq!(ids.join(" "), expected, "{query}");
    }
}

#[tokio::test]
async fn what_is_no_query_is_a_problem() {
    let company = Company::new();
    assert_snapshot!(company.problem("/api/v1/search").await, @r#"
    {
      "type": "urn:backstitch:problem:bad-parameter",
      "title": "A parameter cannot be used",
      "status": 400,
      "detail": "`q` is missing",
      "hint": "say what to search for: `?q=checkout`",
      "parameter": "q"
    }
    "#);
    assert_snapshot!(company.problem("/api/v1/search?q=%2F").await, @r#"
    {
      "type": "urn:backstitch:problem:bad-parameter",
      "title": "A parameter cannot be used",
      "status": 400,
      "detail": "`q` cannot be used: there is no word in it",
      "hint": "search for a part of a name, such as `checkout` or `shop/checkout`",
      "parameter": "q"
    }
    "#);
    assert_snapshot!(company.problem("/api/v1/search?q=a&limit=51").await, @r#"
    {
      "type": "urn:backstitch:problem:bad-parameter",
      "title": "A parameter cannot be used",
      "status": 400,
      "detail": "`limit` cannot be `51`, expected 1 to 50",
      "parameter": "limit"
    }
    "#);
}
