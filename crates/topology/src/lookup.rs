//! Finding records by name, and views of them.

use crate::entity_ref::{DEFAULT_NAMESPACE, EntityRef};
use crate::fact::{OwnerKind, WorkloadKind};
use crate::names::Name;
use crate::near_names::NearNames;
use crate::records::RefNames;
use crate::topology::{
    ClusterId, ComponentId, InstanceId, OwnerId, ServiceId, Topology, WorkloadId,
};
use crate::verdict::{ServiceKey, ServiceState};
use crate::view::{ComponentView, OwnerView, ServiceView, WorkloadView};

/// How many near names are shown.
pub(crate) const NEAR_SHOWN: usize = 3;

impl Topology {
    /// The components of that reference, of every instance, in the order of the instances' names.
    pub fn find_components(&self, reference: &EntityRef) -> Vec<ComponentId> {
        let found = self
            .names
            .find(&reference.namespace)
            .zip(self.names.find(&reference.name));
        let Some((namespace, key)) = found.filter(|_| &*reference.kind == "component") else {
            return Vec::new();
        };
        let mut ids: Vec<ComponentId> = self
            .instances()
            .filter_map(|(instance, _)| self.component_named(instance, namespace, key))
            .map(ComponentId)
            .collect();
        ids.sort_by_key(|id| self.component(*id).instance);
        ids
    }

    /// The Service of that key.
    pub fn find_service(&self, key: &ServiceKey) -> Option<ServiceId> {
        let cluster = self.cluster_id(&key.cluster)?;
        let namespace = self.names.find(&key.namespace)?;
        let name = self.names.find(&key.name)?;
        self.service_named(cluster, namespace, name).map(ServiceId)
    }

    /// The Services of that name, sorted by key.
    pub fn find_services(
        &self,
        cluster: Option<&str>,
        namespace: Option<&str>,
        name: &str,
    ) -> Vec<ServiceId> {
        let Some(name) = self.names.find(name) else {
            return Vec::new();
        };
        let mut found: Vec<ServiceId> = self
            .clusters()
            .filter(|(_, other)| cluster.is_none_or(|cluster| cluster == *other))
            .flat_map(|(id, _)| self.services_named(id, name))
            .map(|id| ServiceId(*id))
            .filter(|id| namespace.is_none_or(|namespace| namespace == self.service(*id).namespace))
            .collect();
        found.sort_by_cached_key(|id| self.service(*id).key());
        found
    }

    /// The workloads of that name, sorted by cluster, namespace and kind.
    pub fn find_workloads(
        &self,
        cluster: Option<&str>,
        kind: Option<WorkloadKind>,
        namespace: Option<&str>,
        name: &str,
    ) -> Vec<WorkloadId> {
        let Some(name) = self.names.find(name) else {
            return Vec::new();
        };
        let namespaces: Vec<(ClusterId, Name)> = match namespace {
            Some(namespace) => {
                let Some(namespace) = self.names.find(namespace) else {
                    return Vec::new();
                };
                self.clusters().map(|(id, _)| (id, namespace)).collect()
            }
            None => self.workloads_in.keys().copied().collect(),
        };
        let kinds = WorkloadKind::ALL
            .into_iter()
            .filter(|other| kind.is_none_or(|kind| kind == *other));
        let mut found: Vec<WorkloadId> = kinds
            .flat_map(|kind| {
                namespaces.iter().filter_map(move |(cluster, namespace)| {
                    self.workload_by_key
                        .get(&(*cluster, kind, *namespace, name))
                })
            })
            .map(|id| WorkloadId(*id))
            .filter(|id| cluster.is_none_or(|cluster| cluster == self.workload(*id).cluster))
            .collect();
        found.sort_by_key(|id| {
            let it = self.workload(*id);
            (it.cluster, it.namespace, it.kind)
        });
        found
    }

    /// The Groups or Users of that reference, of every instance, in the order of the instances' names.
    pub fn find_owners(&self, reference: &EntityRef) -> Vec<OwnerId> {
        let mut ids: Vec<OwnerId> = self
            .instances()
            .filter_map(|(instance, _)| self.owner_named(instance, reference))
            .collect();
        ids.sort_by_key(|id| self.owner(*id).instance);
        ids
    }

    pub(crate) fn owner_named(
        &self,
        instance: InstanceId,
        reference: &EntityRef,
    ) -> Option<OwnerId> {
        let kind = match &*reference.kind {
            "group" => OwnerKind::Group,
            "user" => OwnerKind::User,
            _ => return None,
        };
        let namespace = self.names.find(&reference.namespace)?;
        let name = self.names.find(&reference.name)?;
        self.owner_by_ref
            .get(&(instance, kind, namespace, name))
            .map(|id| OwnerId(*id))
    }

    /// Components whose names are near `name`, sorted by nearness.
    pub fn near_components(&self, name: &str) -> Vec<EntityRef> {
        let live = self.components.iter().filter(|(_, it)| it.live);
        let mut ids: Vec<u32> = live.map(|(id, _)| id).collect();
        // Of several components of one name the same one stands for it in every run.
        ids.sort_by_cached_key(|id| self.component_ref(ComponentId(*id)));
        let text = |id: u32| self.names.get(self.components.get(id).key);
        let index = NearNames::build(ids, text);
        let near = index.near(&name.to_lowercase(), text, NEAR_SHOWN);
        near.into_iter()
            .map(|id| self.component_ref(ComponentId(id)))
            .collect()
    }

    /// Services of every cluster whose names are near `name`, sorted by key.
    pub fn near_services(&self, name: &str) -> Vec<ServiceKey> {
        let mut near: Vec<ServiceKey> = self
            .clusters()
            .flat_map(|(cluster, _)| self.services_near(cluster, name))
            .map(|id| self.service(id).key())
            .collect();
        near.sort();
        near
    }

    /// Groups and Users of every instance whose names are near `name`, sorted by reference.
    pub fn near_owners(&self, name: &str) -> Vec<EntityRef> {
        let mut near: Vec<EntityRef> = self
            .instances()
            .flat_map(|(instance, _)| self.owners_near(instance, name))
            .collect();
        near.sort();
        near.dedup();
        near
    }

    /// Services of the cluster of the few names nearest to `name`.
    pub(crate) fn services_near(&self, cluster: ClusterId, name: &str) -> Vec<ServiceId> {
        let text = |id: u32| self.names.get(self.services.get(id).name);
        let index = self.at_cluster(cluster).near_services.get_or_init(|| {
            let ids = self.services.iter();
            let there = ids.filter(|(_, it)| it.live && it.cluster == cluster);
            NearNames::build(there.map(|(id, _)| id).collect(), text)
        });
        let mut near = Vec::new();
        for id in index.near(name, text, NEAR_SHOWN) {
            let name = self.services.get(id).name;
            let mut same_name: Vec<ServiceId> = self
                .services_named(cluster, name)
                .iter()
                .take(crate::verdict::MAX_SHOWN)
                .map(|id| ServiceId(*id))
                .collect();
            same_name.sort_by_key(|id| self.service(*id).namespace);
            near.extend(same_name.into_iter().take(NEAR_SHOWN));
        }
        near
    }

    /// Groups and Users of the instance that may be meant by a reference to nobody. First come those of that very name: a bare
    /// name is a Group (S12), so that `owner: jane.doe` misses the User, and one of the component's namespace, so that it misses
    /// the Groups of another.
    pub(crate) fn owners_meant(&self, instance: InstanceId, missed: &EntityRef) -> Vec<EntityRef> {
        let namesakes = [&*missed.namespace, DEFAULT_NAMESPACE]
            .into_iter()
            .flat_map(|namespace| {
                ["group", "user"].map(|kind| EntityRef::new(kind, namespace, &missed.name))
            })
            .filter(|reference| self.owner_named(instance, reference).is_some());
        let elsewhere = self
            .owner_names(instance)
            .named(&missed.name, |id| self.owner_name(id));
        let all = namesakes
            .chain(elsewhere.map(|id| self.owner_ref(OwnerId(id))))
            .chain(self.owners_near(instance, &missed.name));
        let mut meant = Vec::new();
        for owner in all {
            if !meant.contains(&owner) {
                meant.push(owner);
            }
        }
        meant.truncate(NEAR_SHOWN);
        meant
    }

    /// Groups and Users of the instance of the names nearest to `name`.
    pub(crate) fn owners_near(&self, instance: InstanceId, name: &str) -> Vec<EntityRef> {
        self.owner_names(instance)
            .near(name, |id| self.owner_name(id), NEAR_SHOWN)
            .into_iter()
            .map(|id| self.owner_ref(OwnerId(id)))
            .collect()
    }

    fn owner_names(&self, instance: InstanceId) -> &NearNames {
        self.at_instance(instance).near_owners.get_or_init(|| {
            // In their order, so that of several owners of one name the same one stands for it in every run.
            let ids = self.owner_order.iter();
            NearNames::build(
                ids.filter(|id| self.owners.get(*id).instance == instance)
                    .collect(),
                |id| self.owner_name(id),
            )
        })
    }

    fn owner_name(&self, id: u32) -> &str {
        self.names.get(self.owners.get(id).reference.name)
    }

    /// A component.
    pub fn component(&self, id: ComponentId) -> ComponentView<'_> {
        let it = self.components.get(id.0);
        ComponentView {
            id,
            instance_id: it.instance,
            instance: &self.at_instance(it.instance).settings.name,
            namespace: self.names.get(it.namespace),
            key: self.names.get(it.key),
            name: self.names.get(it.name),
            component_type: self.names.opt(it.kind),
            lifecycle: self.names.opt(it.lifecycle),
            system: self.names.opt(it.system),
            kubernetes_id: self.names.opt(it.kubernetes_id),
            kubernetes_namespace: self.names.opt(it.kubernetes_namespace),
            orphan: it.orphan,
            owner: self.owner_of(id.0).map(OwnerId),
            generation: it.generation,
            read_at: self.read_at(it.instance, it.generation),
        }
    }

    /// The reference of a component.
    pub fn component_ref(&self, id: ComponentId) -> EntityRef {
        let it = self.components.get(id.0);
        EntityRef {
            kind: "component".into(),
            namespace: self.names.get(it.namespace).into(),
            name: self.names.get(it.key).into(),
        }
    }

    /// A Service and who has it.
    pub fn service(&self, id: ServiceId) -> ServiceView<'_> {
        let it = self.services.get(id.0);
        let winner = self.winner(id.0).map(|cell| self.cells.get(cell));
        let owner = winner.and_then(|cell| self.owner_of(cell.component));
        ServiceView {
            id,
            cluster_id: it.cluster,
            cluster: &self.at_cluster(it.cluster).name,
            namespace: self.names.get(it.namespace),
            name: self.names.get(it.name),
            state: match (winner.is_some(), owner.is_some()) {
                (false, _) => ServiceState::Unclaimed,
                (true, false) => ServiceState::StitchedWithoutOwner,
                (true, true) => ServiceState::Owned,
            },
            component: winner.map(|cell| ComponentId(cell.component)),
            rule: winner.and_then(|cell| cell.rule),
            owner: owner.map(OwnerId),
        }
    }

    /// A Group or a User.
    pub fn owner(&self, id: OwnerId) -> OwnerView<'_> {
        let it = self.owners.get(id.0);
        OwnerView {
            id,
            instance_id: it.instance,
            instance: &self.at_instance(it.instance).settings.name,
            kind: it.kind,
            namespace: self.names.get(it.reference.namespace),
            key: self.names.get(it.reference.name),
            display_name: self.names.get(it.display_name),
            email: self.names.opt(it.email),
            generation: it.generation,
            read_at: self.read_at(it.instance, it.generation),
        }
    }

    /// The reference of an owner.
    pub fn owner_ref(&self, id: OwnerId) -> EntityRef {
        self.entity_ref(&self.owners.get(id.0).reference)
    }

    /// The group above a Group, as the catalog names it, whether it exists or not.
    pub fn owner_parent(&self, id: OwnerId) -> Option<EntityRef> {
        let parent = self.owners.get(id.0).parent.as_ref();
        parent.map(|it| self.entity_ref(it))
    }

    /// The groups below a Group, as the catalog names them.
    pub fn owner_children(&self, id: OwnerId) -> Vec<EntityRef> {
        self.entity_refs(&self.owners.get(id.0).children)
    }

    /// The members of a Group, as the catalog names them.
    pub fn owner_members(&self, id: OwnerId) -> Vec<EntityRef> {
        self.entity_refs(&self.owners.get(id.0).members)
    }

    /// The groups that a User is a member of, as the catalog names them.
    pub fn owner_member_of(&self, id: OwnerId) -> Vec<EntityRef> {
        self.entity_refs(&self.owners.get(id.0).member_of)
    }

    /// A workload, a pod or an endpoints object.
    pub fn workload(&self, id: WorkloadId) -> WorkloadView<'_> {
        let it = self.workloads.get(id.0);
        WorkloadView {
            cluster_id: it.cluster,
            cluster: &self.at_cluster(it.cluster).name,
            kind: it.kind,
            namespace: self.names.get(it.namespace),
            name: self.names.get(it.name),
            node: self.names.opt(it.node),
        }
    }

    /// When a generation was read: seconds since the Unix epoch.
    pub(crate) fn read_at(&self, instance: InstanceId, generation: u32) -> i64 {
        let generations = &self.at_instance(instance).generations;
        let at = generations.partition_point(|(other, _)| *other < generation);
        generations.get(at).map_or(0, |(_, read_at)| *read_at)
    }

    pub(crate) fn entity_ref(&self, names: &RefNames) -> EntityRef {
        EntityRef {
            kind: self.names.get(names.kind).into(),
            namespace: self.names.get(names.namespace).into(),
            name: self.names.get(names.name).into(),
        }
    }

    fn entity_refs(&self, list: &[RefNames]) -> Vec<EntityRef> {
        list.iter().map(|it| self.entity_ref(it)).collect()
    }
}
