//! Components of about 2 kB, as real ones are.

use std::fmt::Write as _;

/// An entity as a Backstage answers it: annotations, links, tags and relations that stitching does not read.
pub(crate) fn entity(number: usize) -> String {
    let mut text = format!(
        r#"{{"metadata":{{"namespace":"default","annotations":{{"backstage.io/managed-by-location":"url:https://git.example.com/org/service-{number}/blob/main/catalog-info.yaml","backstage.io/managed-by-origin-location":"url:https://git.example.com/org/service-{number}/blob/main/catalog-info.yaml","backstage.io/view-url":"https://git.example.com/org/service-{number}/blob/main/catalog-info.yaml","backstage.io/source-location":"url:https://git.example.com/org/service-{number}/","backstage.io/kubernetes-id":"service-{number:06}-production-west","backstage.io/kubernetes-namespace":"team-{}","example.com/pager":"P{number}"}},"name":"service-{number:06}-production-west","title":"Service {number}","description":"Handles the orders of region {number} and tells \"billing\" about them.","tags":["java","orders","tier-1"],"links":["#,
        number % 500
    );
    for link in 0..4 {
        let comma = if link > 0 { "," } else { "" };
        let _ = write!(
            text,
            r#"{comma}{{"url":"https://grafana.example.com/d/{number}-{link}/overview","title":"Dashboard {link}","icon":"dashboard"}}"#
        );
    }
    let _ = write!(
        text,
        r#"],"uid":"00000000-0000-4000-8000-{number:012}","etag":"0123456789abcdef0123456789abcdef01234567"}},"apiVersion":"backstage.io/v1alpha1","kind":"Component","spec":{{"type":"service","lifecycle":"production","owner":"team-{0}","system":"orders","dependsOn":["resource:default/db-{number}"]}},"relations":[{{"type":"dependsOn","targetRef":"resource:default/db-{number}"}},{{"type":"ownedBy","targetRef":"group:default/team-{0}"}},{{"type":"partOf","targetRef":"system:default/orders"}}]}}"#,
        number % 500
    );
    text
}
