//! `pinned`: a person said which Services the component is. Looked at before every other rule, and in no list of rules.

use std::borrow::Cow;

use super::{Found, Rule};

pub(super) const RULE: Rule = Rule {
    look: |ground, component, cluster| {
        let services = ground.topology.pinned_services(component, cluster);
        if services.is_empty() {
            Found::Nothing
        } else {
            Found::Services(Cow::Owned(services))
        }
    },
    words: |topology, component| {
        let pins: Vec<String> = topology
            .pins(component)
            .map(|service| format!("`{service}`"))
            .collect();
        Some(format!("Service {} that it is pinned to", pins.join(", ")))
    },
};
