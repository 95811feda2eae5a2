//! `kubernetes-id-label`: the Service carries label `backstage.io/kubernetes-id` with the Kubernetes id as value (S11).
//! Backstage's own Kubernetes plugin reads the annotation so; one component may have several Services by it.

use super::by_labels::{ID_LABEL, select, within};
use super::{Found, Rule};
use crate::selector::{Operator, Requirement, Selector};

pub(super) const RULE: Rule = Rule {
    look: |ground, component, cluster| match component.kubernetes_id {
        Some(id) => {
            let selector = Selector {
                requirements: vec![Requirement {
                    key: ID_LABEL.into(),
                    operator: Operator::In(vec![ground.topology.names.get(id).into()]),
                }],
            };
            select(ground, component, cluster, &selector)
        }
        None => Found::NoInput,
    },
    words: |topology, component| {
        let id = topology.names.get(component.kubernetes_id?);
        Some(format!(
            "Services with label `{ID_LABEL}={id}`{}",
            within(topology, component)
        ))
    },
};
