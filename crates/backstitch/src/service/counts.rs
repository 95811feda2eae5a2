//! How much a source gave, by kind, in the words of the status.

use std::collections::BTreeMap;

use topology::fact::{CatalogSize, ObjectKind, WorkloadKind};
use topology::topology::{ClusterId, Topology};

/// Of a catalog.
pub(super) fn entity_counts(size: CatalogSize) -> BTreeMap<&'static str, u64> {
    BTreeMap::from([
        ("components", size.components),
        ("groups", size.groups),
        ("users", size.users),
    ])
}

/// Of a cluster.
pub(super) fn object_counts(
    topology: &Topology,
    cluster: ClusterId,
) -> BTreeMap<&'static str, u64> {
    let kinds = [ObjectKind::Namespace, ObjectKind::Service]
        .into_iter()
        .chain(WorkloadKind::ALL.map(ObjectKind::Workload));
    kinds
        .map(|kind| {
            (
                plural(kind),
                topology.object_count(cluster, Some(kind)) as u64,
            )
        })
        .collect()
}

fn plural(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Namespace => "namespaces",
        ObjectKind::Service => "services",
        ObjectKind::Workload(kind) => match kind {
            WorkloadKind::Deployment => "deployments",
            WorkloadKind::StatefulSet => "statefulsets",
            WorkloadKind::DaemonSet => "daemonsets",
            WorkloadKind::ReplicaSet => "replicasets",
            WorkloadKind::Job => "jobs",
            WorkloadKind::CronJob => "cronjobs",
            WorkloadKind::Pod => "pods",
            WorkloadKind::EndpointSlice => "endpointslices",
            WorkloadKind::Endpoints => "endpoints",
            WorkloadKind::Node => "nodes",
            WorkloadKind::Ingress => "ingresses",
            WorkloadKind::HttpRoute => "httproutes",
            WorkloadKind::GrpcRoute => "grpcroutes",
            WorkloadKind::PersistentVolumeClaim => "persistentvolumeclaims",
            WorkloadKind::HorizontalPodAutoscaler => "horizontalpodautoscalers",
        },
    }
}
