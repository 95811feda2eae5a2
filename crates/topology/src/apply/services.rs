//! Services and namespaces of a cluster.

use crate::by_name::equal_range;
use crate::fact::{LabelPairs, ServiceFact};
use crate::id_set::IdSet;
use crate::names::{Name, Names};
use crate::records::{NONE, Service};
use crate::topology::{ClusterId, Topology, hash_selector, service_place};

use super::changes::{PublishedOwnership, RawService};

/// Bound on the labels kept of one Service; Kubernetes' own bound on the size of an object comes first.
const MAX_LABELS: usize = u8::MAX as usize;

impl Topology {
    pub(super) fn upsert_service(&mut self, cluster: ClusterId, fact: &ServiceFact) {
        let namespace = self.names.intern(&fact.namespace);
        let name = self.names.intern(&fact.name);
        let selector: &[_] = if fact.external_name {
            &[]
        } else {
            &fact.selector
        };
        let mut pairs = Vec::with_capacity(fact.labels.len() + selector.len());
        intern_pairs(&mut self.names, &fact.labels, &mut pairs);
        pairs.truncate(MAX_LABELS);
        let labels = pairs.len();
        intern_pairs(&mut self.names, selector, &mut pairs);
        let Ok(labels) = u8::try_from(labels) else {
            return;
        };
        if let Some(id) = self.service_named(cluster, namespace, name) {
            let it = self.services.get(id);
            let (written, selecting) = pairs.split_at(usize::from(labels));
            if it.labels() == written && same_pairs(it.selector(), selecting) {
                return;
            }
            self.unindex_pairs(id);
            self.rarest_first(cluster, namespace, &mut pairs[usize::from(labels)..]);
            let it = self.services.get_mut(id);
            it.labels = labels;
            it.pairs = pairs.into();
            self.index_pairs(id);
            return;
        }
        self.rarest_first(cluster, namespace, &mut pairs[usize::from(labels)..]);
        let id = self.services.insert(Service {
            cluster,
            live: true,
            touched: false,
            published: false,
            ordered: false,
            labels,
            namespace,
            name,
            pairs: pairs.into(),
            claims: IdSet::EMPTY,
            published_component: NONE,
            published_owner: NONE,
        });
        self.index_name(id);
        self.index_pairs(id);
        self.mark_asking(id);
        self.touch_service(id);
        self.unordered_services.push(id);
        let cluster = &mut self.clusters[usize::from(cluster.0)];
        cluster.services += 1;
        *cluster.services_in.entry(namespace).or_default() += 1;
        cluster.near_services.take();
    }

    pub(super) fn remove_service(&mut self, cluster: ClusterId, namespace: &str, name: &str) {
        let found = self.names.find(namespace).zip(self.names.find(name));
        let Some((namespace, name)) = found else {
            return;
        };
        let Some(id) = self.service_named(cluster, namespace, name) else {
            return;
        };
        self.unindex_pairs(id);
        self.unindex_name(id);
        self.mark_asking(id);
        let it = self.services.get(id);
        if it.published {
            let before = PublishedOwnership {
                component: it.published_component,
                owner: it.published_owner,
            };
            self.tell_service(RawService {
                service: id,
                before: Some(before),
                after: None,
            });
        }
        if self.services.get(id).ordered {
            self.unorder_service(id);
        }
        self.services.get_mut(id).live = false;
        self.dead_services.push(id);
        let cluster = &mut self.clusters[usize::from(cluster.0)];
        cluster.services -= 1;
        if let Some(count) = cluster.services_in.get_mut(&namespace) {
            *count -= 1;
            if *count == 0 {
                cluster.services_in.remove(&namespace);
            }
        }
        cluster.near_services.take();
    }

    pub(super) fn upsert_namespace(&mut self, cluster: ClusterId, name: Box<str>) {
        self.clusters[usize::from(cluster.0)]
            .namespaces
            .insert(name);
    }

    pub(super) fn remove_namespace(&mut self, cluster: ClusterId, name: &str) {
        self.clusters[usize::from(cluster.0)]
            .namespaces
            .remove(name);
    }

    /// Has every cell judged that looked this Service's name up.
    fn mark_asking(&mut self, id: u32) {
        let it = self.services.get(id);
        let (cluster, namespace, name) = (it.cluster, it.namespace, it.name);
        let mut asking = self.asking_for_id(namespace, name);
        let by_name = self.asks_by_name.get(&self.sets, name);
        asking.extend(self.asking_in(by_name, namespace));
        asking.extend(self.pinned_here(self.services.get(id)));
        self.mark_in_cluster(&asking, cluster);
    }

    /// The components that have this Kubernetes id, in this namespace or in any.
    fn asking_for_id(&self, namespace: Name, id: Name) -> Vec<u32> {
        let by_id = self.asks_by_id.get(&self.sets, id);
        self.asking_in(by_id, namespace).collect()
    }

    fn asking_in<'a>(
        &self,
        asking: &'a [u32],
        namespace: Name,
    ) -> impl Iterator<Item = u32> + use<'a> {
        let place = |id| self.components.get(id).kubernetes_namespace;
        let anywhere = equal_range(asking, &None, place);
        let there = equal_range(asking, &Some(namespace), place);
        anywhere.iter().chain(there).copied()
    }

    fn mark_in_cluster(&mut self, components: &[u32], cluster: ClusterId) {
        for component in components {
            if let Some(cell) = self.cell_of(*component, cluster) {
                self.mark_cell(cell);
            }
        }
    }

    fn index_name(&mut self, id: u32) {
        let name = self.services.get(id).name;
        let place = |id| (service_place(self.services.get(id)), id);
        self.service_by_name
            .insert_by(&mut self.sets, name, id, |a, b| place(a).cmp(&place(b)));
    }

    fn unindex_name(&mut self, id: u32) {
        let name = self.services.get(id).name;
        let place = |id| (service_place(self.services.get(id)), id);
        self.service_by_name
            .remove_by(&mut self.sets, name, id, |a, b| place(a).cmp(&place(b)));
    }

    /// Puts that pair of a selector first by which the fewest Services of the namespace are found so far: a selector is
    /// found by its first pair, and a pair that all Services share must not hold them all.
    fn rarest_first(&self, cluster: ClusterId, namespace: Name, selector: &mut [(Name, Name)]) {
        let found_by = |pair: (Name, Name)| {
            let hash = hash_selector(cluster, namespace, pair);
            let there = self.service_by_selector.get(&self.sets, hash, |id| {
                selects_first(self.services.get(id), cluster, namespace, pair)
            });
            there.len()
        };
        let rarest = (0..selector.len()).min_by_key(|at| found_by(selector[*at]));
        if let Some(rarest) = rarest {
            selector.swap(0, rarest);
        }
    }

    /// Enters the Service under its labels and its selector, and has those judged that look for its labels.
    fn index_pairs(&mut self, id: u32) {
        let services = &self.services;
        if !self.labels.is_unused() {
            self.labels.add(&mut self.sets, services.get(id), id);
            self.mark_asking_for_labels(id);
        }
        let services = &self.services;
        if let Some(pair) = services.get(id).selector().first().copied() {
            let it = services.get(id);
            let (cluster, namespace) = (it.cluster, it.namespace);
            self.service_by_selector.insert(
                &mut self.sets,
                id,
                hash_selector(cluster, namespace, pair),
                |other| selects_first(services.get(other), cluster, namespace, pair),
                |other| selector_hash(services.get(other)),
            );
        }
    }

    fn unindex_pairs(&mut self, id: u32) {
        if !self.labels.is_unused() {
            self.mark_asking_for_labels(id);
        }
        let services = &self.services;
        let it = services.get(id);
        self.labels.remove(&mut self.sets, it, id);
        if let Some(pair) = it.selector().first().copied() {
            let (cluster, namespace) = (it.cluster, it.namespace);
            self.service_by_selector.remove(
                &mut self.sets,
                id,
                hash_selector(cluster, namespace, pair),
                |other| selects_first(services.get(other), cluster, namespace, pair),
            );
        }
    }

    fn mark_asking_for_labels(&mut self, id: u32) {
        let it = self.services.get(id);
        let (cluster, namespace) = (it.cluster, it.namespace);
        let mut asking = self.labels.asking(&self.sets, it);
        let id = it.labels().iter().find(|pair| pair.0 == self.id_label);
        if let Some((_, id)) = id {
            asking.extend(self.asking_for_id(namespace, *id));
        }
        self.mark_in_cluster(&asking, cluster);
    }
}

/// Keys are there once, so that the same length and no pair that is missing is enough.
fn same_pairs(some: &[(Name, Name)], others: &[(Name, Name)]) -> bool {
    some.len() == others.len() && some.iter().all(|pair| others.contains(pair))
}

fn selects_first(
    service: &Service,
    cluster: ClusterId,
    namespace: Name,
    pair: (Name, Name),
) -> bool {
    service.cluster == cluster
        && service.namespace == namespace
        && service.selector().first() == Some(&pair)
}

fn selector_hash(service: &Service) -> u64 {
    service.selector().first().map_or(0, |pair| {
        hash_selector(service.cluster, service.namespace, *pair)
    })
}

/// Adds the pairs in the order of their keys, so that the same labels are the same record however they were listed.
pub(super) fn intern_pairs(
    names: &mut Names,
    pairs: &[(Box<str>, Box<str>)],
    interned: &mut Vec<(Name, Name)>,
) {
    let mut sorted: LabelPairs;
    let pairs = if pairs.is_sorted_by(|a, b| a.0 < b.0) {
        pairs
    } else {
        sorted = pairs.to_vec();
        sorted.sort();
        sorted.dedup_by(|a, b| a.0 == b.0);
        &sorted
    };
    interned.extend(
        pairs
            .iter()
            .map(|(key, value)| (names.intern(key), names.intern(value))),
    );
}
