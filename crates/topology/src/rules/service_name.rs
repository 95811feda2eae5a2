//! `service-name`: the Kubernetes id is the name of a Service (S5–S7). The reading of the seed page.

use super::{Found, Rule, by_name, name_words};

pub(super) const RULE: Rule = Rule {
    look: |ground, component, cluster| match component.kubernetes_id {
        Some(id) => by_name(ground.topology, component, cluster, id),
        None => Found::NoInput,
    },
    words: |topology, component| Some(name_words(topology, component, component.kubernetes_id?)),
};
