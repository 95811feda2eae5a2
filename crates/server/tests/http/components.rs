use insta::assert_snapshot;

use crate::company::Company;

#[tokio::test]
async fn every_component_has_one_verdict_in_the_covered_cluster() {
    // S20.
    let company = Company::new();
    let page = company.get("/api/v1/components").await;
    let rows: Vec<String> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let [cluster, reference, verdict] =
                ["cluster", "ref", "verdict"].map(|key| row[key].as_str().unwrap());
            let owner = row["owner"]["state"].as_str().unwrap();
            format!("{cluster} {reference} {verdict} owner {owner}")
        })
        .collect();
    assert_snapshot!(rows.join("\n"), @r#"
    eu1 component:default/broken invalid owner none
    eu1 component:default/cart ambiguous owner resolved
    eu1 component:default/catalog stitched owner unresolved
    eu1 component:default/checkout stitched owner resolved
    eu1 component:default/checkout-copy conflict owner resolved
    eu1 component:default/legacy no-kubernetes-id owner none
    eu1 component:default/serch service-not-found owner resolved
    eu1 component:default/wishlist stitched owner resolved
    "#);
}

#[tokio::test]
async fn a_component_comes_with_its_verdicts() {
    let company = Company::new();
    assert_snapshot!(company.pretty("/api/v1/components/component:default%2Fcheckout-copy").await, @r#"
    {
      "items": [
        {
          "dependencies": {
            "items": [],
            "total": 0
          },
          "dependents": {
            "items": [],
            "total": 0
          },
          "instance": "default",
          "kubernetes_id": "checkout",
          "kubernetes_namespace": "shop",
          "lifecycle": "production",
          "name": "checkout-copy",
          "orphan": false,
          "owner": {
            "display_name": "Shop",
            "email": "shop@shop.example",
            "kind": "Group",
            "ref": "group:default/shop"
          },
          "ref": "component:default/checkout-copy",
          "type": "service",
          "verdicts": [
            {
              "candidates": [
                "eu1/shop/checkout"
              ],
              "cluster": "eu1",
              "conflict_with": "component:default/checkout",
              "fix": "backstage.io/kubernetes-id: <name of its own Service>  # under `metadata.annotations`, one that no other component has",
              "instance": "default",
              "kubernetes_id": "checkout",
              "kubernetes_namespace": "shop",
              "owner": {
                "ref": "group:default/shop",
                "source": "spec.owner",
                "state": "resolved",
                "tried": [
                  "group:default/shop"
                ]
              },
              "reason": "`eu1/shop/checkout` is already that of `component:default/checkout` of instance `default`",
              "ref": "component:default/checkout-copy",
              "rule": "service-name",
              "services": [],
              "verdict": "conflict"
            }
          ]
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn a_bare_name_is_a_component_of_the_default_namespace() {
    let company = Company::new();
    let page = company.get("/api/v1/components/CART").await;
    assert_eq!(page["items"][0]["ref"], "component:default/cart");
    assert_eq!(page["items"][0]["verdicts"][0]["verdict"], "ambiguous");
    let status = company
        .ask(crate::company::request(
            "/api/v1/components/cart?instance=other",
        ))
        .await
        .status;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn filters_narrow_the_list() {
    let company = Company::new();
    for (query, expected) in [
        ("verdict=conflict", "checkout-copy"),
        ("verdict=invalid", "broken"),
        ("verdict=service-not-found", "serch"),
        ("owner_state=unresolved", "catalog"),
        ("team=SHOP&verdict=stitched", "wishlist"),
        ("owner=payments", "checkout"),
        ("instance=other", ""),
        ("namespace=DEFAULT&q=heck&verdict=stitched", "checkout"),
        ("cluster=us1", ""),
    ] {
        let page = company.get(&format!("/api/v1/components?{query}")).await;
        let names: Vec<&str> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["ref"].as_str().unwrap().rsplit_once('/').unwrap().1)
            .collect();
        assert_eq!(names.join(" "), expected, "{query}");
    }
}

#[tokio::test]
async fn a_component_that_is_not_there_is_a_problem_with_near_names() {
    let company = Company::new();
    assert_snapshot!(company.problem("/api/v1/components/chekout").await, @r#"
    {
      "type": "urn:backstitch:problem:not-found",
      "title": "There is no such thing",
      "status": 404,
      "detail": "there is no component `component:default/chekout`",
      "candidates": [
        "component:default/checkout"
      ]
    }
    "#);
}
