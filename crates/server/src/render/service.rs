//! Services and what is behind them.

use topology::fact::WorkloadKind;
use topology::topology::{ComponentId, ServiceId, Topology, WorkloadId};
use topology::verdict::MAX_SHOWN;

use super::dependency::{dependencies, dependents};
use super::{count, owned, owner_contact, word};

/// A Service in a list (S32).
pub fn service_row(topology: &Topology, id: ServiceId) -> api::ServiceRow {
    let view = topology.service(id);
    api::ServiceRow {
        id: service_id(view.cluster, view.namespace, view.name),
        state: word::service_state(view.state),
        component: view
            .component
            .map(|component| topology.component_ref(component).to_string()),
        owner: view
            .owner
            .map(|owner| topology.owner_ref(owner).to_string()),
        ignored: topology.is_service_ignored(id),
        labels: topology
            .service_labels(id)
            .into_iter()
            .map(|label| (label.key.into(), label.value.into()))
            .collect(),
    }
}

/// A Service with everything known of it.
pub fn service_detail(topology: &Topology, id: ServiceId) -> api::ServiceDetail {
    let view = topology.service(id);
    let workloads = topology.behind(id);
    let around = topology.around(id, &workloads);
    let of_component = |of: fn(&Topology, ComponentId) -> api::Dependencies| {
        let found = view.component.map(|component| of(topology, component));
        found.unwrap_or_default()
    };
    api::ServiceDetail {
        id: service_id(view.cluster, view.namespace, view.name),
        cluster: view.cluster.to_owned(),
        namespace: view.namespace.to_owned(),
        name: view.name.to_owned(),
        state: word::service_state(view.state),
        ignored: topology.is_service_ignored(id),
        component: view.component.map(|component| {
            let component_view = topology.component(component);
            api::ServiceComponent {
                reference: topology.component_ref(component).to_string(),
                instance: component_view.instance.to_owned(),
                rule: view.rule.map(word::rule),
                component_type: owned(component_view.component_type),
                lifecycle: owned(component_view.lifecycle),
                system: owned(component_view.system),
            }
        }),
        owner: view.owner.map(|owner| owner_contact(topology, owner)),
        dependencies: of_component(dependencies),
        dependents: of_component(dependents),
        labels: topology
            .service_labels(id)
            .into_iter()
            .map(|label| api::Label {
                key: label.key.into(),
                value: label.value.into(),
                why: label.why.to_owned(),
            })
            .collect(),
        kubernetes_labels: topology
            .kubernetes_labels(id)
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
        workloads_total: count(workloads.len()),
        workloads: workloads
            .into_iter()
            .take(MAX_SHOWN)
            .map(|workload| workload_row(topology, workload))
            .collect(),
        in_front: related(topology, &around.in_front),
        claims: related(topology, &around.claims),
        autoscalers: related(topology, &around.autoscalers),
        nodes: api::Related {
            total: count(around.nodes.len()),
            items: around
                .nodes
                .iter()
                .take(MAX_SHOWN)
                .map(|node| api::WorkloadRow {
                    kind: WorkloadKind::Node.as_str().to_owned(),
                    cluster: view.cluster.to_owned(),
                    namespace: String::new(),
                    name: node.to_string(),
                    node: None,
                })
                .collect(),
        },
    }
}

fn related(topology: &Topology, ids: &[WorkloadId]) -> api::Related {
    api::Related {
        total: count(ids.len()),
        items: ids
            .iter()
            .take(MAX_SHOWN)
            .map(|id| workload_row(topology, *id))
            .collect(),
    }
}

/// A workload, a pod, or what is around them.
pub fn workload_row(topology: &Topology, id: WorkloadId) -> api::WorkloadRow {
    let view = topology.workload(id);
    api::WorkloadRow {
        kind: view.kind.as_str().to_owned(),
        cluster: view.cluster.to_owned(),
        namespace: view.namespace.to_owned(),
        name: view.name.to_owned(),
        node: owned(view.node),
    }
}

/// `cluster/namespace/name`, in one allocation: this is on the path of every lookup.
pub(super) fn service_id(cluster: &str, namespace: &str, name: &str) -> String {
    [cluster, namespace, name].join("/")
}
