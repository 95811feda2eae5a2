use insta::assert_snapshot;

use crate::company::Company;

#[tokio::test]
async fn every_group_with_what_it_has() {
    let company = Company::new();
    assert_snapshot!(company.pretty("/api/v1/teams").await, @r#"
    {
      "items": [
        {
          "components": 0,
          "components_stitched": 0,
          "display_name": "Commerce",
          "instance": "default",
          "reachable": true,
          "ref": "group:default/commerce",
          "services": 0,
          "services_below": 2
        },
        {
          "components": 1,
          "components_stitched": 1,
          "display_name": "Payments",
          "instance": "default",
          "parent": "group:default/commerce",
          "reachable": true,
          "ref": "group:default/payments",
          "services": 1,
          "services_below": 1
        },
        {
          "components": 4,
          "components_stitched": 1,
          "display_name": "Shop",
          "instance": "default",
          "parent": "group:default/commerce",
          "reachable": true,
          "ref": "group:default/shop",
          "services": 1,
          "services_below": 1
        }
      ],
      "more": false
    }
    "#);
}
