use insta::assert_snapshot;

use crate::company::Company;

#[tokio::test]
async fn what_is_found_says_whose_it_is() {
    let company = Company::new();
    assert_snapshot!(company.pretty("/api/v1/search?q=checkout").await, @"");
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
    assert_snapshot!(company.problem("/api/v1/search").await, @"");
    assert_snapshot!(company.problem("/api/v1/search?q=%2F").await, @"");
    assert_snapshot!(company.problem("/api/v1/search?q=a&limit=51").await, @"");
}
