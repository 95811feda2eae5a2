use insta::assert_snapshot;

use crate::company::Company;

#[tokio::test]
async fn a_server_without_a_store_says_so() {
    let company = Company::new();
    assert_snapshot!(company.problem("/api/v1/history").await, @r#"
    {
      "type": "urn:backstitch:problem:no-history",
      "title": "This server remembers nothing",
      "status": 404,
      "detail": "no store is configured"
    }
    "#);
}
