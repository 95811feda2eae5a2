//! Which annotations each object should have.

use std::collections::{BTreeMap, BTreeSet};

use api::ServiceRow;
use cluster::live::Annotations;
use topology::fact::{ObjectKind, WorkloadKind};
use topology::labels::Label;
use topology::query::ServiceFilter;
use topology::topology::{ServiceId, Topology};

use crate::output::walk;

/// Kinds of workloads that are annotated where that is asked for: those that people make. Their pods are left alone, since
/// another template would start them anew.
const WORKLOADS: [WorkloadKind; 3] = [
    WorkloadKind::Deployment,
    WorkloadKind::StatefulSet,
    WorkloadKind::DaemonSet,
];

/// Which kinds are annotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kinds {
    /// Services.
    Services,
    /// Services, and the workloads behind them.
    Workloads,
}

impl Kinds {
    /// The kinds.
    pub(crate) fn all(self) -> Vec<ObjectKind> {
        let workloads = WORKLOADS.map(ObjectKind::Workload);
        let workloads = workloads.into_iter().filter(|_| self == Self::Workloads);
        [ObjectKind::Service].into_iter().chain(workloads).collect()
    }
}

/// An object of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectName {
    /// Its kind.
    pub kind: ObjectKind,
    /// Its namespace.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
}

/// The annotations of each object of one cluster that should have some.
pub(crate) type Wanted = BTreeMap<ObjectName, Annotations>;

/// What the objects of a cluster should have, by what is stitched to them. A workload that Services of different owners
/// select is nobody's alone, and is left out.
pub(crate) fn of_topology(
    topology: &Topology,
    cluster: &str,
    kinds: Kinds,
    keys: &BTreeSet<Box<str>>,
) -> Wanted {
    let filter = ServiceFilter {
        cluster: Some(cluster.to_owned()),
        ..ServiceFilter::default()
    };
    let mut wanted = Wanted::new();
    for id in walk::services(topology, filter) {
        let service = topology.service(id);
        let annotations = chosen(&topology.service_labels(id), keys);
        if !annotations.is_empty() {
            let name = ObjectName {
                kind: ObjectKind::Service,
                namespace: service.namespace.into(),
                name: service.name.into(),
            };
            wanted.insert(name, annotations);
        }
    }
    if kinds == Kinds::Workloads
        && let Some(cluster) = topology.cluster_id(cluster)
    {
        for id in topology.workloads_of(cluster) {
            let workload = topology.workload(id);
            if !WORKLOADS.contains(&workload.kind) {
                continue;
            }
            let services: Vec<ServiceId> = topology
                .inherited(id)
                .into_iter()
                .map(|inherited| inherited.service)
                .collect();
            if let Some(annotations) = shared(topology, &services, keys) {
                let name = ObjectName {
                    kind: ObjectKind::Workload(workload.kind),
                    namespace: workload.namespace.into(),
                    name: workload.name.into(),
                };
                wanted.insert(name, annotations);
            }
        }
    }
    wanted
}

/// What all of the Services say alike; none where their owners differ.
fn shared(
    topology: &Topology,
    services: &[ServiceId],
    keys: &BTreeSet<Box<str>>,
) -> Option<Annotations> {
    let (first, others) = services.split_first()?;
    let owner = topology.service(*first).owner?;
    if others
        .iter()
        .any(|id| topology.service(*id).owner != Some(owner))
    {
        return None;
    }
    let mut annotations = chosen(&topology.service_labels(*first), keys);
    for other in others {
        let theirs = chosen(&topology.service_labels(*other), keys);
        annotations.retain(|key, value| theirs.get(key) == Some(value));
    }
    (!annotations.is_empty()).then_some(annotations)
}

fn chosen(labels: &[Label], keys: &BTreeSet<Box<str>>) -> Annotations {
    labels
        .iter()
        .filter(|label| keys.contains(&label.key))
        .map(|label| (label.key.clone(), label.value.clone()))
        .collect()
}

/// What the Services of a cluster should have, as a running server says it.
pub(crate) fn of_services(rows: &[ServiceRow], cluster: &str, keys: &BTreeSet<Box<str>>) -> Wanted {
    let mut wanted = Wanted::new();
    for row in rows {
        let [of, namespace, name] = *row.id.split('/').collect::<Vec<_>>() else {
            continue;
        };
        let annotations: Annotations = row
            .labels
            .iter()
            .filter(|(key, _)| keys.contains(key.as_str()))
            .map(|(key, value)| (key.as_str().into(), value.as_str().into()))
            .collect();
        if of == cluster && !annotations.is_empty() {
            let name = ObjectName {
                kind: ObjectKind::Service,
                namespace: namespace.into(),
                name: name.into(),
            };
            wanted.insert(name, annotations);
        }
    }
    wanted
}
