//! `label-selector`: annotation `backstage.io/kubernetes-label-selector` selects Services (S11); one component may have
//! several by it.

use super::by_labels::{SELECTOR_ANNOTATION, select, within};
use super::{Found, Rule};
use crate::fact::FieldFault;
use crate::selector::Selector;

pub(super) const RULE: Rule = Rule {
    look: |ground, component, cluster| {
        let Some(text) = ground.topology.names.opt(component.label_selector) else {
            return Found::NoInput;
        };
        match Selector::parse(text) {
            Ok(selector) => select(ground, component, cluster, &selector),
            Err(error) => Found::Invalid(FieldFault {
                field: format!("annotations.{SELECTOR_ANNOTATION}").into(),
                found: format!("`{text}`: {error}").into(),
                expected: "a label selector such as `app=checkout,tier in (web,api)`".into(),
            }),
        }
    },
    words: |topology, component| {
        let text = topology.names.opt(component.label_selector)?;
        Some(format!(
            "Services that `{text}` selects{}",
            within(topology, component)
        ))
    },
};
