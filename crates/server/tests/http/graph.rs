use insta::assert_snapshot;

use crate::company::Company;

#[tokio::test]
async fn what_is_around_a_service() {
    let company = Company::new();
    assert_snapshot!(
        company
            .pretty("/api/v1/graph?focus=eu1/shop/checkout&depth=1")
            .await,
        @""
    );
}

#[tokio::test]
async fn what_an_owner_has_and_what_is_cut() {
    let company = Company::new();
    assert_snapshot!(
        company
            .pretty("/api/v1/graph?focus=group:default/payments&depth=2&limit=2")
            .await,
        @""
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
    assert_snapshot!(problems, @"");
}
