//! The topology itself: every record, every index over them, and the settings they are judged by.

use std::collections::{BTreeSet, HashMap};
use std::sync::OnceLock;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::apply::{Counts, RawChanges};
use crate::by_name::{ByName, equal_range};
use crate::decisions::Decided;
use crate::dependency::Dependencies;
use crate::fact::{FieldFault, OwnerKind, WorkloadKind};
use crate::id_set::{IdSet, IdSets};
use crate::index::{Index, hash_of};
use crate::labels_index::LabelIndex;
use crate::names::{Name, Names};
use crate::near_names::NearNames;
use crate::order::Order;
use crate::records::{CandidateList, Cell, Component, Link, NONE, Owner, Service, Workload};
use crate::rules::ID_LABEL;
use crate::settings::InstanceSettings;
use crate::slab::Slab;

/// An instance of this topology.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub(crate) u16);

/// A cluster of this topology.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterId(pub(crate) u16);

/// A component of this topology.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComponentId(pub(crate) u32);

/// A Service of this topology.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId(pub(crate) u32);

/// A Group or User of this topology.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnerId(pub(crate) u32);

/// A workload, pod or endpoints object of this topology.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkloadId(pub(crate) u32);

/// No object and no field is called so.
const NOWHERE: &str = "\0nowhere";

pub(crate) type Map<K, V> = HashMap<K, V, RandomState>;

#[derive(Debug)]
pub(crate) struct Instance {
    /// It is there. The place of one that is not is given to the next.
    pub(crate) live: bool,
    pub(crate) settings: InstanceSettings,
    /// Generations that changed something, with the time of their reading, ascending.
    pub(crate) generations: Vec<(u32, i64)>,
    pub(crate) components: usize,
    pub(crate) owners: usize,
    pub(crate) near_owners: OnceLock<NearNames>,
}

#[derive(Debug)]
pub(crate) struct Cluster {
    /// It is there. The place of one that is not is given to the next.
    pub(crate) live: bool,
    pub(crate) name: Box<str>,
    pub(crate) namespaces: BTreeSet<Box<str>>,
    pub(crate) services: usize,
    pub(crate) workloads: [usize; WorkloadKind::ALL.len()],
    /// How many Services each namespace has: a namespace with one exists, listed or not.
    pub(crate) services_in: Map<Name, usize>,
    pub(crate) near_services: OnceLock<NearNames>,
    /// What is told of it, counted.
    pub(crate) counts: Counts,
}

/// See the module. One writer changes it by [`Topology::apply`]; readers borrow it.
#[derive(Debug)]
pub struct Topology {
    pub(crate) prefix: Box<str>,
    pub(crate) names: Names,
    /// The label of rule `kubernetes-id-label`.
    pub(crate) id_label: Name,
    /// Stands for a text that nothing here has.
    pub(crate) nowhere: Name,
    pub(crate) sets: IdSets,
    pub(crate) instances: Vec<Instance>,
    pub(crate) clusters: Vec<Cluster>,

    pub(crate) components: Slab<Component>,
    /// Components by their key, those of one key by instance and catalog namespace.
    pub(crate) component_by_key: ByName,
    /// Components by the Kubernetes id that they ask for, those of one id by Kubernetes namespace, none first.
    pub(crate) asks_by_id: ByName,
    /// The same by the own name that rule `component-name` asks for.
    pub(crate) asks_by_name: ByName,
    pub(crate) faults: Map<u32, FieldFault>,
    pub(crate) dependencies: Dependencies,
    pub(crate) cells: Slab<Cell>,
    pub(crate) cell_order: Order,

    pub(crate) services: Slab<Service>,
    /// Services by name, those of one name by cluster and namespace.
    pub(crate) service_by_name: ByName,
    pub(crate) service_order: Order,
    pub(crate) labels: LabelIndex,
    /// Services by cluster, namespace and the first pair of their selector.
    pub(crate) service_by_selector: Index,

    pub(crate) owners: Slab<Owner>,
    pub(crate) owner_by_ref: Map<(InstanceId, OwnerKind, Name, Name), u32>,
    pub(crate) owner_order: Order,
    pub(crate) candidates: Slab<CandidateList>,
    pub(crate) candidates_by_list: HashTable<u32>,
    pub(crate) hasher: RandomState,
    /// Candidate lists by an owner that they name, whether it exists or not.
    pub(crate) candidates_by_owner: Map<(InstanceId, OwnerKind, Name, Name), IdSet>,

    pub(crate) workloads: Slab<Workload>,
    pub(crate) workload_by_key: Map<(ClusterId, WorkloadKind, Name, Name), u32>,
    /// How many workloads each namespace has.
    pub(crate) workloads_in: Map<(ClusterId, Name), usize>,
    /// Workloads and pods by namespace and a pair of their pods' labels.
    pub(crate) workload_by_label: Map<(ClusterId, Name, Name, Name), IdSet>,
    /// Workloads by the namespace and name of what they lead to.
    pub(crate) workload_by_link: Map<(ClusterId, Link, Name, Name), IdSet>,

    /// What people decided.
    pub(crate) decided: Decided,

    /// Changes that wait to be returned by the next [`Topology::apply`].
    pub(crate) pending: RawChanges,
    /// Ids that are dead and still readable until the next batch, for the changes that name them.
    pub(crate) dead_components: Vec<u32>,
    pub(crate) dead_services: Vec<u32>,
    pub(crate) dead_owners: Vec<u32>,
    /// What the running batch has to judge and compare again.
    pub(crate) dirty_cells: Vec<u32>,
    pub(crate) touched_cells: Vec<u32>,
    pub(crate) touched_services: Vec<u32>,
    pub(crate) unordered_cells: Vec<u32>,
    pub(crate) unordered_services: Vec<u32>,
}

impl Topology {
    /// An empty topology whose labels share `label_prefix` (S16).
    pub fn new(label_prefix: &str) -> Self {
        let mut names = Names::new();
        Self {
            prefix: label_prefix.into(),
            id_label: names.intern(ID_LABEL),
            nowhere: names.intern(NOWHERE),
            names,
            sets: IdSets::new(),
            instances: Vec::new(),
            clusters: Vec::new(),
            components: Slab::new(),
            component_by_key: ByName::default(),
            asks_by_id: ByName::default(),
            asks_by_name: ByName::default(),
            faults: Map::default(),
            dependencies: Dependencies::default(),
            cells: Slab::new(),
            cell_order: Order::default(),
            services: Slab::new(),
            service_by_name: ByName::default(),
            service_order: Order::default(),
            labels: LabelIndex::default(),
            service_by_selector: Index::default(),
            owners: Slab::new(),
            owner_by_ref: Map::default(),
            owner_order: Order::default(),
            candidates: Slab::new(),
            candidates_by_list: HashTable::new(),
            hasher: RandomState::default(),
            candidates_by_owner: Map::default(),
            workloads: Slab::new(),
            workload_by_key: Map::default(),
            workloads_in: Map::default(),
            workload_by_label: Map::default(),
            workload_by_link: Map::default(),
            decided: Decided::default(),
            pending: RawChanges::default(),
            dead_components: Vec::new(),
            dead_services: Vec::new(),
            dead_owners: Vec::new(),
            dirty_cells: Vec::new(),
            touched_cells: Vec::new(),
            touched_services: Vec::new(),
            unordered_cells: Vec::new(),
            unordered_services: Vec::new(),
        }
    }

    /// The prefix that all labels written share.
    pub fn label_prefix(&self) -> &str {
        &self.prefix
    }

    /// Every instance.
    pub fn instances(&self) -> impl Iterator<Item = (InstanceId, &InstanceSettings)> {
        (0..)
            .map(InstanceId)
            .zip(&self.instances)
            .filter(|(_, instance)| instance.live)
            .map(|(id, instance)| (id, &instance.settings))
    }

    /// Every cluster.
    pub fn clusters(&self) -> impl Iterator<Item = (ClusterId, &str)> {
        (0..)
            .map(ClusterId)
            .zip(&self.clusters)
            .filter(|(_, cluster)| cluster.live)
            .map(|(id, cluster)| (id, &*cluster.name))
    }

    /// The instance of that name.
    pub fn instance_id(&self, name: &str) -> Option<InstanceId> {
        self.instances()
            .find_map(|(id, settings)| (&*settings.name == name).then_some(id))
    }

    /// The cluster of that name.
    pub fn cluster_id(&self, name: &str) -> Option<ClusterId> {
        self.clusters()
            .find_map(|(id, cluster)| (cluster == name).then_some(id))
    }

    /// How many components, groups and users the instance has.
    pub fn entity_count(&self, instance: InstanceId) -> usize {
        let instance = self.at_instance(instance);
        instance.components + instance.owners
    }

    /// The last generation of the instance that changed something.
    pub fn last_generation(&self, instance: InstanceId) -> Option<u32> {
        let last = self.at_instance(instance).generations.last();
        last.map(|(generation, _)| *generation)
    }

    pub(crate) fn at_instance(&self, id: InstanceId) -> &Instance {
        &self.instances[usize::from(id.0)]
    }

    pub(crate) fn at_cluster(&self, id: ClusterId) -> &Cluster {
        &self.clusters[usize::from(id.0)]
    }

    pub(crate) fn component_named(
        &self,
        instance: InstanceId,
        namespace: Name,
        key: Name,
    ) -> Option<u32> {
        let ids = self.component_by_key.get(&self.sets, key);
        ids.binary_search_by_key(&(instance, namespace), |id| {
            component_place(self.components.get(*id))
        })
        .ok()
        .map(|at| ids[at])
    }

    /// The Services of that name in the cluster, in the order of their namespaces' ids.
    pub(crate) fn services_named(&self, cluster: ClusterId, name: Name) -> &[u32] {
        let ids = self.service_by_name.get(&self.sets, name);
        equal_range(ids, &cluster, |id| self.services.get(id).cluster)
    }

    pub(crate) fn service_named(
        &self,
        cluster: ClusterId,
        namespace: Name,
        name: Name,
    ) -> Option<u32> {
        let ids = self.services_named(cluster, name);
        ids.binary_search_by(|id| self.services.get(*id).namespace.cmp(&namespace))
            .ok()
            .map(|at| ids[at])
    }

    /// The cells of a component: one per covered cluster.
    pub(crate) fn cells_of(&self, component: u32) -> impl Iterator<Item = u32> {
        let present = |cell: u32| (cell != NONE).then_some(cell);
        let first = present(self.components.get(component).first_cell);
        std::iter::successors(first, move |cell| present(self.cells.get(*cell).next))
    }

    pub(crate) fn cell_of(&self, component: u32, cluster: ClusterId) -> Option<u32> {
        self.cells_of(component)
            .find(|cell| self.cells.get(*cell).cluster == cluster)
    }

    /// The cell that has the Service: the first claim by S10.
    pub(crate) fn winner(&self, service: u32) -> Option<u32> {
        let claims = &self.services.get(service).claims;
        self.sets.ids(claims).first().copied()
    }

    /// The resolved owner of a component.
    pub(crate) fn owner_of(&self, component: u32) -> Option<u32> {
        let candidates = self.components.get(component).candidates;
        let (_, owner) = self.candidates.get(candidates).resolved?;
        Some(owner)
    }
}

/// The order of components of one key.
pub(crate) fn component_place(component: &Component) -> (InstanceId, Name) {
    (component.instance, component.namespace)
}

/// The order of Services of one name.
pub(crate) fn service_place(service: &Service) -> (ClusterId, Name) {
    (service.cluster, service.namespace)
}

pub(crate) fn hash_selector(cluster: ClusterId, namespace: Name, pair: (Name, Name)) -> u64 {
    let place = namespace.raw().rotate_left(16) ^ u32::from(cluster.0);
    hash_of([place, pair.0.raw(), pair.1.raw(), 3])
}
