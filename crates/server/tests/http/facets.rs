use insta::assert_snapshot;

use crate::company::Company;

/// Facet by facet, as `value count`.
async fn said(company: &Company, path: &str) -> String {
    let answer = company.get(path).await;
    let mut lines = vec![format!("total {}", answer["total"])];
    for (name, facet) in answer["facets"].as_object().unwrap() {
        let values: Vec<String> = facet["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| format!("{} {}", it["value"].as_str().unwrap(), it["count"]))
            .collect();
        assert_eq!(facet["more"], false);
        lines.push(format!("{name}: {}", values.join(", ")));
    }
    lines.join("\n")
}

#[tokio::test]
async fn services_are_counted_by_value() {
    let company = Company::new();
    assert_snapshot!(said(&company, "/api/v1/services/facets").await, @r"
    total 7
    cluster: eu1 6, us1 1
    lifecycle: production 3
    namespace: shop 6, staging 1
    state: unclaimed 4, owned 2, stitched-without-owner 1
    system: 
    team: Payments 1, Shop 1
    ");
    assert_snapshot!(said(&company, "/api/v1/services/facets?state=owned&team=shop").await, @r"
    total 1
    cluster: eu1 1
    lifecycle: production 1
    namespace: shop 1
    state: owned 1
    system: 
    team: Payments 1, Shop 1
    ");
    assert_snapshot!(said(&company, "/api/v1/services/facets?owner=shop&q=wish").await, @r"
    total 1
    cluster: eu1 1
    lifecycle: production 1
    namespace: shop 1
    state: owned 1
    system: 
    team: Shop 1
    ");
}

#[tokio::test]
async fn components_are_counted_by_value() {
    let company = Company::new();
    assert_snapshot!(said(&company, "/api/v1/components/facets").await, @r"
    total 8
    cluster: eu1 8
    instance: default 8
    owner_state: resolved 5, none 2, unresolved 1
    team: Shop 4, Payments 1
    verdict: stitched 3, ambiguous 1, conflict 1, invalid 1, no-kubernetes-id 1, service-not-found 1
    ");
    assert_snapshot!(said(&company, "/api/v1/components/facets?verdict=stitched").await, @r"
    total 3
    cluster: eu1 3
    instance: default 3
    owner_state: resolved 2, unresolved 1
    team: Payments 1, Shop 1
    verdict: stitched 3, ambiguous 1, conflict 1, invalid 1, no-kubernetes-id 1, service-not-found 1
    ");
}

#[tokio::test]
async fn lifecycle_and_system_filter_services() {
    let company = Company::new();
    for (query, count) in [
        ("lifecycle=production", 3),
        ("lifecycle=Production", 0),
        ("system=store", 0),
        ("lifecycle=production&state=owned", 2),
    ] {
        let page = company.get(&format!("/api/v1/services?{query}")).await;
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{query}");
        let counted = company
            .get(&format!("/api/v1/services/facets?{query}"))
            .await;
        assert_eq!(counted["total"], count, "{query}");
    }
}

#[tokio::test]
async fn facets_take_no_page_and_no_order() {
    let company = Company::new();
    assert_snapshot!(company.problem("/api/v1/services/facets?sort=team").await, @r#"
    {
      "type": "urn:backstitch:problem:bad-parameter",
      "title": "A parameter cannot be used",
      "status": 400,
      "detail": "`sort` is no parameter of this route",
      "parameter": "sort",
      "candidates": [
        "cluster",
        "namespace",
        "state",
        "ignored",
        "team",
        "lifecycle",
        "system",
        "label",
        "q",
        "owner"
      ]
    }
    "#);
}
