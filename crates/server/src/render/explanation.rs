//! The whole reasoning, step by step (S18, S20, S21).

use topology::entity_ref::EntityRef;
use topology::topology::{ComponentId, OwnerId, ServiceId, Topology, WorkloadId};
use topology::verdict::{ComponentKey, Miss, Verdict};

use super::service::service_id;
use super::{count, owned, owner_contact, service_detail, texts, time, word, workload_row};

/// Why a component is stitched as it is, in every instance that has it.
pub fn component_explanation(
    topology: &Topology,
    reference: &EntityRef,
    components: &[ComponentId],
) -> api::Explanation {
    api::Explanation::Component {
        reference: reference.to_string(),
        instances: components
            .iter()
            .map(|&component| topology.component(component).instance.to_owned())
            .collect(),
        verdicts: components
            .iter()
            .flat_map(|&component| topology.verdicts(component))
            .map(|verdict| verdict_explanation(topology, &verdict))
            .collect(),
    }
}

/// Why a Service is owned by whom it is.
pub fn service_explanation(topology: &Topology, id: ServiceId) -> api::Explanation {
    let view = topology.service(id);
    let verdict = view
        .component
        .and_then(|component| topology.verdict(component, view.cluster_id));
    api::Explanation::Service(Box::new(api::ServiceExplanation {
        service: service_detail(topology, id),
        verdict: verdict
            .as_ref()
            .map(|verdict| verdict_explanation(topology, verdict)),
    }))
}

/// Why a workload is owned by whom it is (S19).
pub fn workload_explanation(topology: &Topology, id: WorkloadId) -> api::Explanation {
    let mut owners: Vec<OwnerId> = Vec::new();
    let mut inherited = Vec::new();
    for from in topology.inherited(id) {
        let view = topology.service(from.service);
        if let Some(owner) = view.owner
            && !owners.contains(&owner)
        {
            owners.push(owner);
        }
        inherited.push(api::InheritedFrom {
            service: service_id(view.cluster, view.namespace, view.name),
            state: word::service_state(view.state),
            component: view
                .component
                .map(|component| topology.component_ref(component).to_string()),
            owner: view.owner.map(|owner| owner_contact(topology, owner)),
            path: from
                .path
                .into_iter()
                .map(|hop| api::Hop {
                    kind: hop.kind.into(),
                    name: hop.name.into(),
                    by: hop.by.to_owned(),
                })
                .collect(),
        });
    }
    api::Explanation::Workload(Box::new(api::WorkloadExplanation {
        workload: workload_row(topology, id),
        shared: owners.len() > 1,
        inherited,
    }))
}

/// A verdict with all its evidence.
pub fn verdict_explanation(topology: &Topology, verdict: &Verdict) -> api::VerdictExplanation {
    let path_tried = |tried: &topology::verdict::PathTried| api::PathTried {
        path: tried.path.to_string(),
        value: owned(tried.value.as_deref()),
    };
    api::VerdictExplanation {
        reference: verdict.component.reference.to_string(),
        instance: verdict.component.instance.to_string(),
        cluster: verdict.cluster.to_string(),
        verdict: word::verdict(verdict.kind),
        reason: verdict.reason(),
        fix: verdict.fix(),
        id_paths: verdict.id_paths.iter().map(path_tried).collect(),
        namespace_paths: verdict.namespace_paths.iter().map(path_tried).collect(),
        rules: verdict
            .rules
            .iter()
            .map(|tried| api::RuleTried {
                rule: word::rule(tried.rule),
                lookup: tried.lookup.clone(),
                found: texts(&tried.found),
                found_total: count(tried.found_total),
            })
            .collect(),
        rule: verdict.rule.map(word::rule),
        services: texts(&verdict.services),
        candidates: texts(&verdict.candidates),
        conflict_with: verdict.conflict_with.as_ref().map(component_key),
        lost: verdict
            .lost
            .iter()
            .map(|(service, winner)| api::LostService {
                service: service.to_string(),
                to: component_key(winner),
            })
            .collect(),
        owner: owner_reasoning(topology, verdict),
        fault: verdict.fault.as_ref().map(|fault| api::FieldFault {
            field: fault.field.to_string(),
            found: fault.found.to_string(),
            expected: fault.expected.to_string(),
        }),
        miss: verdict.miss.as_ref().map(miss),
        generation: verdict.generation,
        read_at: time(verdict.read_at),
    }
}

fn component_key(key: &ComponentKey) -> api::ComponentKey {
    api::ComponentKey {
        reference: key.reference.to_string(),
        instance: key.instance.to_string(),
    }
}

fn owner_reasoning(topology: &Topology, verdict: &Verdict) -> api::OwnerReasoning {
    let owner = &verdict.owner;
    // An owner is one of the instance of its component.
    let of_instance = |id: &OwnerId| topology.owner(*id).instance == &*verdict.component.instance;
    api::OwnerReasoning {
        state: word::owner_state(owner.state),
        owner: owner
            .owner
            .as_ref()
            .and_then(|owner| {
                let found = topology.find_owners(&owner.reference);
                found.into_iter().find(of_instance)
            })
            .map(|id| owner_contact(topology, id)),
        source: owned(owner.source.as_deref()),
        tried: owner
            .tried
            .iter()
            .map(|tried| api::OwnerTried {
                path: tried.path.to_string(),
                target: tried.target.to_string(),
                outcome: word::owner_outcome(tried.outcome),
            })
            .collect(),
        near: texts(&owner.near),
        fix: verdict.owner_fix(),
    }
}

fn miss(miss: &Miss) -> api::Miss {
    api::Miss {
        namespace_exists: miss.namespace_exists,
        near_namespaces: texts(&miss.near_namespaces),
        elsewhere: texts(&miss.elsewhere),
        near_services: texts(&miss.near_services),
        other_clusters: texts(&miss.other_clusters),
    }
}
