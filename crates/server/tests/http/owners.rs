use insta::assert_snapshot;

use crate::company::Company;

#[tokio::test]
async fn every_group_and_user_is_an_owner() {
    // S14: whether or not it owns anything.
    let company = Company::new();
    assert_snapshot!(company.pretty("/api/v1/owners?limit=1").await, @r#"
    {
      "items": [
        {
          "display_name": "Commerce",
          "email": "commerce@shop.example",
          "instance": "default",
          "kind": "Group",
          "labels": {
            "causely.ai/backstage-owner-kind": "Group",
            "causely.ai/backstage-owner-ref": "group:default/commerce",
            "causely.ai/backstage-scraper": "default",
            "causely.ai/display-name": "Commerce",
            "causely.ai/email": "commerce@shop.example"
          },
          "ref": "group:default/commerce"
        }
      ],
      "next": "MW9bImdyb3VwIiwiZGVmYXVsdCIsImNvbW1lcmNlIiwiZGVmYXVsdCJd"
    }
    "#);
    let page = company.get("/api/v1/owners").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn an_owner_has_a_place_in_the_company() {
    let company = Company::new();
    assert_snapshot!(company.pretty("/api/v1/owners/group:default%2Fpayments").await, @r#"
    {
      "items": [
        {
          "children": [],
          "display_name": "Payments",
          "email": "payments@shop.example",
          "instance": "default",
          "kind": "Group",
          "labels": {
            "causely.ai/backstage-owner-kind": "Group",
            "causely.ai/backstage-owner-ref": "group:default/payments",
            "causely.ai/backstage-scraper": "default",
            "causely.ai/display-name": "Payments",
            "causely.ai/email": "payments@shop.example"
          },
          "members": [],
          "parent": "group:default/commerce",
          "ref": "group:default/payments"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn owners_are_found_by_text() {
    let company = Company::new();
    let page = company.get("/api/v1/owners?q=PAYMENTS@").await;
    assert_eq!(page["items"][0]["ref"], "group:default/payments");
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn services_of_descendants_are_counted_on_request() {
    let company = Company::new();
    let own = company
        .get("/api/v1/owners/group:default%2Fcommerce/services")
        .await;
    assert_eq!(own["total"], 0);
    let path = "/api/v1/owners/group:default%2Fcommerce/services?descendants=true";
    let all = company.get(path).await;
    assert_eq!(all["total"], 2);
    assert_eq!(
        all["owners"],
        serde_json::json!([
            "group:default/commerce",
            "group:default/payments",
            "group:default/shop"
        ])
    );
    assert_eq!(all["items"][0]["id"], "eu1/shop/checkout");
    assert_eq!(all["items"][1]["id"], "eu1/shop/wishlist");
}

#[tokio::test]
async fn services_of_an_owner_come_in_pages() {
    let company = Company::new();
    let path = "/api/v1/owners/commerce/services?descendants=true&limit=1";
    let first = company.get(path).await;
    assert_eq!(first["items"][0]["id"], "eu1/shop/checkout");
    let next = first["next"].as_str().unwrap();
    let second = company.get(&format!("{path}&cursor={next}")).await;
    assert_eq!(second["items"][0]["id"], "eu1/shop/wishlist");
    assert_eq!(second.get("next"), None);
}

#[tokio::test]
async fn an_owner_that_is_not_there_is_a_problem() {
    let company = Company::new();
    assert_snapshot!(company.problem("/api/v1/owners/ghosts/services?instance=default").await, @r#"
    {
      "type": "urn:backstitch:problem:not-found",
      "title": "There is no such thing",
      "status": 404,
      "detail": "there is no owner `group:default/ghosts` in instance `default`",
      "hint": "search with `/api/v1/owners?q=`"
    }
    "#);
}

#[tokio::test]
async fn owners_of_one_kind() {
    let company = Company::new();
    for (kind, other) in [("Group", "user:"), ("User", "group:")] {
        let page = company.get(&format!("/api/v1/owners?kind={kind}")).await;
        let items = page["items"].as_array().expect("items");
        assert!(!items.is_empty(), "{kind}");
        for item in items {
            let reference = item["ref"].as_str().expect("a reference");
            assert!(!reference.starts_with(other), "{reference}");
        }
    }
    assert_snapshot!(company.problem("/api/v1/owners?kind=Grup").await, @r#"
    {
      "type": "urn:backstitch:problem:bad-parameter",
      "title": "A parameter cannot be used",
      "status": 400,
      "detail": "`kind` cannot be `Grup`",
      "hint": "did you mean `Group`?",
      "parameter": "kind",
      "candidates": [
        "Group",
        "User"
      ]
    }
    "#);
}
