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
    assert_snapshot!(said(&company, "/api/v1/services/facets").await, @"");
    assert_snapshot!(said(&company, "/api/v1/services/facets?state=owned&team=shop").await, @"");
    assert_snapshot!(said(&company, "/api/v1/services/facets?owner=shop&q=wish").await, @"");
}

#[tokio::test]
async fn components_are_counted_by_value() {
    let company = Company::new();
    assert_snapshot!(said(&company, "/api/v1/components/facets").await, @"");
    assert_snapshot!(said(&company, "/api/v1/components/facets?verdict=stitched").await, @"");
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
    assert_snapshot!(company.problem("/api/v1/services/facets?sort=team").await, @"");
}
