//! Answers to a bag of labels.

use topology::resolve::Resolution;
use topology::topology::Topology;

use super::service::service_id;
use super::{owner_contact, texts, word, workload_row};

/// Who owns what the labels name.
pub fn resolution(topology: &Topology, resolution: &Resolution) -> api::ResolveAnswer {
    let id = |service| {
        let view = topology.service(service);
        service_id(view.cluster, view.namespace, view.name)
    };
    api::ResolveAnswer {
        confidence: word::confidence(resolution.confidence),
        service: resolution.service.map(id),
        workload: resolution
            .workload
            .map(|workload| workload_row(topology, workload)),
        at: None,
        owners: resolution
            .owners
            .iter()
            .map(|resolved| api::ResolvedOwner {
                service: id(resolved.service),
                component: resolved
                    .component
                    .map(|component| topology.component_ref(component).to_string()),
                owner: resolved.owner.map(|owner| owner_contact(topology, owner)),
                since: None,
                cause: None,
            })
            .collect(),
        path: resolution.path.clone(),
        candidates: texts(&resolution.candidates),
    }
}
