use insta::assert_snapshot;

use crate::company::Company;

#[tokio::test]
async fn every_group_with_what_it_has() {
    let company = Company::new();
    assert_snapshot!(company.pretty("/api/v1/teams").await, @"");
}
