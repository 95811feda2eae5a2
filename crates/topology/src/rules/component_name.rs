//! `component-name`: `metadata.name`, as written, is the name of a Service (S11). A guess, hence opt-in and best last.

use super::{Rule, by_name, name_words};

pub(super) const RULE: Rule = Rule {
    look: |ground, component, cluster| by_name(ground.topology, component, cluster, component.name),
    words: |topology, component| Some(name_words(topology, component, component.name)),
};
