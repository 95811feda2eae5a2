//! What a complete generation no longer has, and the burial of what was removed.

use std::borrow::Borrow;
use std::collections::HashSet;

use foldhash::fast::RandomState;

use crate::entity_ref::EntityRef;
use crate::fact::{ObjectKey, ObjectKind, WorkloadKind};
use crate::names::Name;
use crate::topology::{ClusterId, ComponentId, InstanceId, OwnerId, Topology, WorkloadId};

impl Topology {
    /// The entities of the instance that are not among those `present` in a complete generation, sorted (S22).
    pub fn missing_entities<R: Borrow<EntityRef>>(
        &self,
        instance: InstanceId,
        present: impl IntoIterator<Item = R>,
    ) -> Vec<EntityRef> {
        let mut seen_components = vec![false; self.components.bound()];
        let mut seen_owners = vec![false; self.owners.bound()];
        for reference in present {
            let reference = reference.borrow();
            let found = self
                .names
                .find(&reference.namespace)
                .zip(self.names.find(&reference.name));
            let Some((namespace, key)) = found else {
                continue;
            };
            if &*reference.kind == "component" {
                if let Some(id) = self.component_named(instance, namespace, key) {
                    seen_components[id as usize] = true;
                }
            } else if let Some(id) = self.owner_named(instance, reference) {
                seen_owners[id.0 as usize] = true;
            }
        }
        let components = self.components.iter().filter(|(id, it)| {
            it.live && it.instance == instance && !seen_components[*id as usize]
        });
        let owners = self
            .owners
            .iter()
            .filter(|(id, it)| it.live && it.instance == instance && !seen_owners[*id as usize]);
        let mut missing: Vec<EntityRef> = components
            .map(|(id, _)| self.component_ref(ComponentId(id)))
            .chain(owners.map(|(id, _)| self.owner_ref(OwnerId(id))))
            .collect();
        missing.sort();
        missing
    }

    /// The objects of the cluster, of one kind or of all, that are not among those `present` in a complete generation,
    /// sorted (S22).
    pub fn missing_objects(
        &self,
        cluster: ClusterId,
        kind: Option<ObjectKind>,
        present: impl IntoIterator<Item = ObjectKey>,
    ) -> Vec<ObjectKey> {
        let mut seen: HashSet<(ObjectKind, Name, Name), RandomState> = HashSet::default();
        let mut seen_namespaces: HashSet<Box<str>> = HashSet::new();
        for key in present {
            if key.kind == ObjectKind::Namespace {
                seen_namespaces.insert(key.name);
            } else if let Some(namespace) = self.names.find(&key.namespace)
                && let Some(name) = self.names.find(&key.name)
            {
                seen.insert((key.kind, namespace, name));
            }
        }
        let wanted = |other: ObjectKind| kind.is_none_or(|kind| kind == other);
        let key = |kind, namespace: &str, name: &str| ObjectKey {
            kind,
            namespace: namespace.into(),
            name: name.into(),
        };
        let mut missing = Vec::new();
        if wanted(ObjectKind::Namespace) {
            let namespaces = &self.at_cluster(cluster).namespaces;
            let gone = namespaces
                .iter()
                .filter(|name| !seen_namespaces.contains(&**name));
            missing.extend(gone.map(|name| key(ObjectKind::Namespace, "", name)));
        }
        let named = |kind, namespace, name| {
            (!seen.contains(&(kind, namespace, name)))
                .then(|| key(kind, self.names.get(namespace), self.names.get(name)))
        };
        if wanted(ObjectKind::Service) {
            let services = self.services.iter().map(|(_, it)| it);
            missing.extend(
                services
                    .filter(|it| it.live && it.cluster == cluster)
                    .filter_map(|it| named(ObjectKind::Service, it.namespace, it.name)),
            );
        }
        let workloads = self.workloads.iter().map(|(_, it)| it);
        missing.extend(
            workloads
                .filter(|it| it.live && it.cluster == cluster)
                .filter(|it| wanted(ObjectKind::Workload(it.kind)))
                .filter_map(|it| named(ObjectKind::Workload(it.kind), it.namespace, it.name)),
        );
        missing.sort();
        missing
    }

    /// How many objects the cluster has, of one kind or of all.
    pub fn object_count(&self, cluster: ClusterId, kind: Option<ObjectKind>) -> usize {
        let cluster = self.at_cluster(cluster);
        match kind {
            Some(ObjectKind::Namespace) => cluster.namespaces.len(),
            Some(ObjectKind::Service) => cluster.services,
            Some(ObjectKind::Workload(kind)) => cluster.workloads[kind_index(kind)],
            None => {
                let workloads: usize = cluster.workloads.iter().sum();
                cluster.namespaces.len() + cluster.services + workloads
            }
        }
    }

    /// Every workload, pod and endpoints object of the cluster.
    pub fn workloads_of(&self, cluster: ClusterId) -> impl Iterator<Item = WorkloadId> {
        self.workloads
            .iter()
            .filter(move |(_, it)| it.live && it.cluster == cluster)
            .map(|(id, _)| WorkloadId(id))
    }

    /// Gives back the ids of what the last batch removed: its changes have been read by now.
    pub(super) fn bury(&mut self) {
        for id in std::mem::take(&mut self.dead_components) {
            self.components.remove(id);
        }
        for id in std::mem::take(&mut self.dead_services) {
            let service = self.services.get_mut(id);
            service.pairs = Box::default();
            self.sets.clear(&mut service.claims);
            self.services.remove(id);
        }
        for id in std::mem::take(&mut self.dead_owners) {
            self.owners.remove(id);
        }
        if self.names.wants_sweep() {
            self.sweep_names();
        }
    }
}

pub(super) fn kind_index(kind: WorkloadKind) -> usize {
    WorkloadKind::ALL
        .iter()
        .position(|other| *other == kind)
        .unwrap_or_default()
}
