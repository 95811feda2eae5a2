//! The one document that `backstitch stitch -o json` prints: its keys are a stable interface (S32).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::component::ComponentRow;
use crate::owner::OwnerRow;
use crate::service::ServiceRow;
use crate::summary::Summary;

/// Everything that one run found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Document {
    /// Counts.
    pub summary: Summary,
    /// One per component and covered cluster, sorted by cluster, reference, instance.
    pub components: Vec<ComponentRow>,
    /// Sorted by id.
    pub services: Vec<ServiceRow>,
    /// Sorted by reference, instance.
    pub owners: Vec<OwnerRow>,
    /// What could not be used, sorted.
    pub errors: Vec<SourceFault>,
}

/// Something wrong with one document, object or field of a source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct SourceFault {
    /// Name of the source.
    pub source: String,
    /// Where: file, document, line, entity, field, as precisely as is known.
    pub place: String,
    /// What was found, what was expected and what to do.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::component::ComponentOwner;
    use crate::word::{MatchRule, OwnerKind, OwnerState, ServiceState, Verdict};

    fn document() -> Document {
        Document {
            summary: Summary {
                components: 1,
                services: 1,
                owned: 1,
                coverage: 1.0,
                ..Summary::default()
            },
            components: vec![ComponentRow {
                reference: "component:default/cart".into(),
                instance: "default".into(),
                cluster: "eu1".into(),
                verdict: Verdict::Stitched,
                rule: Some(MatchRule::ServiceName),
                kubernetes_id: None,
                kubernetes_namespace: None,
                ignored: false,
                services: vec!["eu1/shop/cart".into()],
                candidates: vec![],
                owner: ComponentOwner {
                    state: OwnerState::Resolved,
                    reference: Some("group:default/cart".into()),
                    source: Some("spec.owner".into()),
                    tried: vec!["group:default/cart".into()],
                    reason: None,
                    fix: None,
                },
                conflict_with: None,
                fix: None,
                reason: "named by an annotation".into(),
            }],
            services: vec![ServiceRow {
                id: "eu1/shop/cart".into(),
                state: ServiceState::Owned,
                component: Some("component:default/cart".into()),
                owner: Some("group:default/cart".into()),
                ignored: false,
                labels: BTreeMap::from([("causely.ai/team".into(), "Cart".into())]),
            }],
            owners: vec![OwnerRow {
                reference: "group:default/cart".into(),
                kind: OwnerKind::Group,
                display_name: "Cart".into(),
                email: None,
                instance: "default".into(),
                labels: BTreeMap::new(),
            }],
            errors: vec![SourceFault {
                source: "default".into(),
                place: "a.yaml:1".into(),
                message: "not a map".into(),
            }],
        }
    }

    #[test]
    fn the_keys_are_those_of_the_contract() {
        // S32: a change of this snapshot breaks whoever reads the document.
        let json = serde_json::to_string_pretty(&document()).expect("plain data");
        insta::assert_snapshot!(json, @r#"
        {
          "summary": {
            "components": 1,
            "verdicts": {
              "stitched": 0,
              "no-kubernetes-id": 0,
              "service-not-found": 0,
              "ambiguous": 0,
              "conflict": 0,
              "invalid": 0
            },
            "owners": {
              "resolved": 0,
              "unresolved": 0,
              "none": 0
            },
            "services": 1,
            "owned": 1,
            "coverage": 1.0
          },
          "components": [
            {
              "ref": "component:default/cart",
              "instance": "default",
              "cluster": "eu1",
              "verdict": "stitched",
              "rule": "service-name",
              "services": [
                "eu1/shop/cart"
              ],
              "candidates": [],
              "owner": {
                "state": "resolved",
                "ref": "group:default/cart",
                "source": "spec.owner",
                "tried": [
                  "group:default/cart"
                ]
              },
              "reason": "named by an annotation"
            }
          ],
          "services": [
            {
              "id": "eu1/shop/cart",
              "state": "owned",
              "component": "component:default/cart",
              "owner": "group:default/cart",
              "labels": {
                "causely.ai/team": "Cart"
              }
            }
          ],
          "owners": [
            {
              "ref": "group:default/cart",
              "kind": "Group",
              "display_name": "Cart",
              "instance": "default",
              "labels": {}
            }
          ],
          "errors": [
            {
              "source": "default",
              "place": "a.yaml:1",
              "message": "not a map"
            }
          ]
        }
        "#);
    }

    #[test]
    fn what_is_left_out_reads_back_as_absent() {
        let json = serde_json::to_string(&document()).expect("plain data");
        let read: Document = serde_json::from_str(&json).expect("its own output");
        assert_eq!(read, document());
    }
}
