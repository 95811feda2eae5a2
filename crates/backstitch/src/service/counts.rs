//! How much a source gave, by kind, in the words of the status.

use std::collections::BTreeMap;

use topology::fact::{EntityFact, ObjectKind, OwnerKind, WorkloadKind};
use topology::topology::{ClusterId, Topology};

/// Of a catalog.
pub(super) fn entity_counts<'f>(
    entities: impl IntoIterator<Item = &'f EntityFact>,
) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::from([("components", 0), ("groups", 0), ("users", 0)]);
    for entity in entities {
        let kind = match entity {
            EntityFact::Component(_) => "components",
            EntityFact::Owner(owner) => match owner.kind {
                OwnerKind::Group => "groups",
                OwnerKind::User => "users",
            },
        };
        *counts.entry(kind).or_default() += 1;
    }
    counts
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
        },
    }
}
