//! A company of any size: Services in a thousand namespaces, each with its component, its owner and its pods.

use topology::apply::{CatalogDelta, ClusterDelta, Delta};
use topology::entity_ref::EntityRef;
use topology::fact::{
    ComponentFact, EntityFact, Found, ObjectFact, OwnerClaim, OwnerFact, OwnerKind, OwnerTarget,
    ServiceFact, WorkloadFact, WorkloadKind,
};
use topology::labels::DEFAULT_PREFIX;
use topology::settings::InstanceSettings;
use topology::topology::{ClusterId, InstanceId, Topology};

const NAMESPACES: usize = 1_000;
const TEAMS: usize = 500;

/// The company in one cluster, `production-eu`, with as many pods behind a Service as `pods` says.
pub(crate) fn topology(
    services: usize,
    pods: impl Fn(usize) -> usize,
) -> (Topology, ClusterId, InstanceId) {
    let mut topology = Topology::new(DEFAULT_PREFIX);
    let cluster = topology.set_cluster("production-eu");
    let instance = topology.set_instance(InstanceSettings::named("default"));
    let pods =
        (0..services).flat_map(|index| (0..pods(index)).map(move |ordinal| (index, ordinal)));
    topology.apply(Delta::Cluster(ClusterDelta {
        cluster,
        upserts: (0..services)
            .map(service)
            .chain(pods.map(|(index, ordinal)| pod(index, ordinal)))
            .collect(),
        removals: Vec::new(),
    }));
    topology.apply(Delta::Catalog(CatalogDelta {
        instance,
        generation: 1,
        read_at: 0,
        upserts: (0..TEAMS)
            .map(owner)
            .chain((0..services).map(|index| component(index, index, index)))
            .collect(),
        removals: Vec::new(),
    }));
    (topology, cluster, instance)
}

pub(crate) fn namespace(index: usize) -> String {
    format!("namespace-{:04}", index % NAMESPACES)
}

/// Of a Service and of its component.
pub(crate) fn name(index: usize) -> String {
    format!("some-lifelike-service-{index:06}")
}

fn team(index: usize) -> EntityRef {
    EntityRef::new("group", "default", &format!("team-{:03}", index % TEAMS))
}

fn owner(index: usize) -> EntityFact {
    EntityFact::Owner(Box::new(OwnerFact {
        reference: team(index),
        kind: OwnerKind::Group,
        display_name: format!("Team {index}").into(),
        email: Some(format!("team-{index}@example.com").into()),
        contacts: Vec::new(),
        parent: None,
        children: Vec::new(),
        members: Vec::new(),
        member_of: Vec::new(),
    }))
}

/// The component of that index, which names that Service and that owner.
pub(crate) fn component(index: usize, service: usize, owner: usize) -> EntityFact {
    let found = |value: String| Found {
        path: 0,
        value: value.into(),
    };
    EntityFact::Component(Box::new(ComponentFact {
        reference: EntityRef::new("component", "default", &name(index)),
        name: name(index).into(),
        kubernetes_id: Some(found(name(service))),
        kubernetes_namespace: Some(found(namespace(service))),
        label_selector: None,
        kubernetes_cluster: None,
        owners: vec![OwnerClaim {
            path: 0,
            target: OwnerTarget::Ref(team(owner)),
        }],
        component_type: Some("service".into()),
        lifecycle: Some("production".into()),
        system: Some("platform".into()),
        dependencies: Vec::new(),
        orphan: false,
        fault: None,
    }))
}

pub(crate) fn service(index: usize) -> ObjectFact {
    ObjectFact::Service(Box::new(ServiceFact {
        namespace: namespace(index).into(),
        name: name(index).into(),
        labels: Vec::new(),
        selector: vec![("app".into(), name(index).into())],
        external_name: false,
    }))
}

/// One of the pods behind a Service.
pub(crate) fn pod(index: usize, ordinal: usize) -> ObjectFact {
    ObjectFact::Workload(Box::new(WorkloadFact {
        kind: WorkloadKind::Pod,
        namespace: namespace(index).into(),
        name: format!("{}-{ordinal}", name(index)).into(),
        uid: Some(format!("uid-{index}-{ordinal}").into()),
        pod_labels: vec![("app".into(), name(index).into())],
        controller: None,
        service: None,
        node: None,
        refers: Vec::new(),
    }))
}
