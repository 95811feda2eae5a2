//! What depends on what.

use topology::dependency::{Neighbour, Neighbours};
use topology::topology::{ComponentId, Topology};

use super::{count, owner_contact, texts, word};

/// Bound on what is shown of what something depends on, and of what depends on it.
const MAX_DEPENDENCIES: usize = 100;
/// Bound on the Services that are shown of each.
const MAX_SERVICES: usize = 10;

/// What the component depends on.
pub(super) fn dependencies(topology: &Topology, id: ComponentId) -> api::Dependencies {
    rendered(topology, &topology.dependencies(id, MAX_DEPENDENCIES))
}

/// What depends on the component.
pub(super) fn dependents(topology: &Topology, id: ComponentId) -> api::Dependencies {
    rendered(topology, &topology.dependents(id, MAX_DEPENDENCIES))
}

fn rendered(topology: &Topology, neighbours: &Neighbours) -> api::Dependencies {
    let items = neighbours.shown.iter();
    api::Dependencies {
        items: items.map(|it| dependency(topology, it)).collect(),
        total: count(neighbours.total),
    }
}

fn dependency(topology: &Topology, it: &Neighbour) -> api::Dependency {
    let owner = it.component.and_then(|id| topology.component(id).owner);
    let services = it.component.map(|id| topology.services_of_component(id));
    let services = services.unwrap_or_default();
    let verdict = it.component.filter(|_| services.is_empty());
    let verdict = verdict.and_then(|id| topology.first_verdict(id));
    let declared = it.declared.iter().map(|declared| api::Declared {
        by: declared.by.to_string(),
        field: word::declaration(declared.declaration),
    });
    let shown = services.iter().take(MAX_SERVICES);
    let keys: Vec<_> = shown.map(|id| topology.service(*id).key()).collect();
    api::Dependency {
        reference: it.reference.to_string(),
        known: it.component.is_some(),
        declared: declared.collect(),
        owner: owner.map(|owner| owner_contact(topology, owner)),
        services: texts(&keys),
        services_total: count(services.len()),
        verdict: verdict.map(word::verdict),
    }
}
