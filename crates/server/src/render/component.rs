//! Components and their verdicts.

use topology::topology::{ComponentId, Topology};
use topology::verdict::{OwnerOutcome, PathTried, Verdict};

use super::dependency::{dependencies, dependents};
use super::{owned, owner_contact, texts, word};

/// A verdict in a list (S32).
pub fn component_row(verdict: &Verdict) -> api::ComponentRow {
    api::ComponentRow {
        reference: verdict.component.reference.to_string(),
        instance: verdict.component.instance.to_string(),
        cluster: verdict.cluster.to_string(),
        verdict: word::verdict(verdict.kind),
        rule: verdict.rule.map(word::rule),
        kubernetes_id: found(&verdict.id_paths),
        kubernetes_namespace: found(&verdict.namespace_paths),
        ignored: verdict.ignored,
        services: texts(&verdict.services),
        candidates: texts(&verdict.candidates),
        owner: component_owner(verdict),
        conflict_with: verdict
            .conflict_with
            .as_ref()
            .map(|winner| winner.reference.to_string()),
        fix: verdict.fix(),
        reason: verdict.reason(),
    }
}

/// The value of the path that has one.
fn found(paths: &[PathTried]) -> Option<String> {
    paths.iter().find_map(|it| owned(it.value.as_deref()))
}

fn component_owner(verdict: &Verdict) -> api::ComponentOwner {
    let owner = &verdict.owner;
    api::ComponentOwner {
        state: word::owner_state(owner.state),
        reference: owner
            .owner
            .as_ref()
            .map(|owner| owner.reference.to_string()),
        source: owned(owner.source.as_deref()),
        tried: owner
            .tried
            .iter()
            .filter(|tried| tried.outcome != OwnerOutcome::NotTried)
            .map(|tried| tried.target.to_string())
            .collect(),
        reason: verdict.owner_reason(),
        fix: verdict.owner_fix(),
    }
}

/// A component of one instance with all its verdicts.
pub fn component_detail(topology: &Topology, id: ComponentId) -> api::ComponentDetail {
    let view = topology.component(id);
    api::ComponentDetail {
        reference: topology.component_ref(id).to_string(),
        instance: view.instance.to_owned(),
        name: view.name.to_owned(),
        component_type: owned(view.component_type),
        lifecycle: owned(view.lifecycle),
        system: owned(view.system),
        kubernetes_id: owned(view.kubernetes_id),
        kubernetes_namespace: owned(view.kubernetes_namespace),
        orphan: view.orphan,
        owner: view.owner.map(|owner| owner_contact(topology, owner)),
        dependencies: dependencies(topology, id),
        dependents: dependents(topology, id),
        verdicts: topology.verdicts(id).iter().map(component_row).collect(),
    }
}
