//! Workloads, pods, endpoints, and what is around them. What flows to them is derived when asked (see `inherit` and
//! `relations`), so they only have to be found again: by name, by label, by what they lead to.

use crate::fact::{WorkloadFact, WorkloadKind};
use crate::id_set::{IdSet, IdSets};
use crate::names::Name;
use crate::records::{Controller, Link, Workload};
use crate::topology::{ClusterId, Topology};

use super::removals::kind_index;
use super::services::intern_pairs;

impl Topology {
    pub(super) fn upsert_workload(&mut self, cluster: ClusterId, fact: &WorkloadFact) {
        let record = self.workload_record(cluster, fact);
        let key = (cluster, fact.kind, record.namespace, record.name);
        if let Some(id) = self.workload_by_key.get(&key).copied() {
            // Most of what a watch tells of a pod is none of our business.
            if *self.workloads.get(id) == record {
                return;
            }
            self.unindex_workload(id);
            *self.workloads.get_mut(id) = record;
            self.index_workload(id);
            return;
        }
        let id = self.workloads.insert(record);
        self.workload_by_key.insert(key, id);
        *self.workloads_in.entry((cluster, key.2)).or_default() += 1;
        self.clusters[usize::from(cluster.0)].workloads[kind_index(fact.kind)] += 1;
        self.index_workload(id);
    }

    fn workload_record(&mut self, cluster: ClusterId, fact: &WorkloadFact) -> Workload {
        let names = &mut self.names;
        let mut pod_labels = Vec::with_capacity(fact.pod_labels.len());
        intern_pairs(names, &fact.pod_labels, &mut pod_labels);
        let uid = fact.uid.as_deref().filter(|_| fact.kind.may_control());
        Workload {
            cluster,
            live: true,
            kind: fact.kind,
            namespace: names.intern(&fact.namespace),
            name: names.intern(&fact.name),
            uid: names.intern_opt(uid),
            pod_labels: pod_labels.into(),
            controller: fact.controller.as_ref().map(|it| Controller {
                kind: names.intern(&it.kind),
                name: names.intern(&it.name),
                uid: names.intern(&it.uid),
            }),
            service: names.intern_opt(fact.service.as_deref()),
            node: names.intern_opt(fact.node.as_deref()),
            refers: fact
                .refers
                .iter()
                .map(|it| (it.to, names.intern(&it.namespace), names.intern(&it.name)))
                .collect(),
        }
    }

    pub(super) fn remove_workload(
        &mut self,
        cluster: ClusterId,
        kind: WorkloadKind,
        namespace: &str,
        name: &str,
    ) {
        let found = self.names.find(namespace).zip(self.names.find(name));
        let Some((namespace, name)) = found else {
            return;
        };
        let Some(id) = self
            .workload_by_key
            .remove(&(cluster, kind, namespace, name))
        else {
            return;
        };
        self.unindex_workload(id);
        if let Some(count) = self.workloads_in.get_mut(&(cluster, namespace)) {
            *count -= 1;
            if *count == 0 {
                self.workloads_in.remove(&(cluster, namespace));
            }
        }
        let it = self.workloads.get_mut(id);
        it.live = false;
        it.pod_labels = Box::default();
        it.refers = Box::default();
        self.workloads.remove(id);
        self.clusters[usize::from(cluster.0)].workloads[kind_index(kind)] -= 1;
    }

    fn index_workload(&mut self, id: u32) {
        let it = self.workloads.get(id);
        for (key, value) in &it.pod_labels {
            let key = (it.cluster, it.namespace, *key, *value);
            let there = self.workload_by_label.entry(key).or_insert(IdSet::EMPTY);
            self.sets.insert(there, id);
        }
        for (link, namespace, name) in links(it, |name| self.names.get(name)) {
            let key = (it.cluster, link, namespace, name);
            let there = self.workload_by_link.entry(key).or_insert(IdSet::EMPTY);
            self.sets.insert(there, id);
        }
    }

    fn unindex_workload(&mut self, id: u32) {
        let it = self.workloads.get(id);
        for (key, value) in &it.pod_labels {
            let key = (it.cluster, it.namespace, *key, *value);
            if taken_out(&mut self.sets, self.workload_by_label.get_mut(&key), id) {
                self.workload_by_label.remove(&key);
            }
        }
        for (link, namespace, name) in links(it, |name| self.names.get(name)) {
            let key = (it.cluster, link, namespace, name);
            if taken_out(&mut self.sets, self.workload_by_link.get_mut(&key), id) {
                self.workload_by_link.remove(&key);
            }
        }
    }
}

/// Takes the id out of the set; says whether the set is empty now.
fn taken_out(sets: &mut IdSets, set: Option<&mut IdSet>, id: u32) -> bool {
    set.is_some_and(|set| {
        sets.remove(set, id);
        set.is_empty()
    })
}

/// What a workload leads to: how, and the namespace and name of that.
fn links<'n>(it: &Workload, text: impl Fn(Name) -> &'n str) -> Vec<(Link, Name, Name)> {
    let mut links: Vec<(Link, Name, Name)> = it
        .refers
        .iter()
        .map(|(to, namespace, name)| (Link::To(*to), *namespace, *name))
        .collect();
    links.extend(
        it.service
            .map(|it_is| (Link::EndpointsOf, it.namespace, it_is)),
    );
    links.extend(it.node.map(|node| (Link::OnNode, node, node)));
    if let Some(controller) = it.controller
        && let Some(kind) = WorkloadKind::parse(text(controller.kind))
    {
        links.push((Link::ControlledBy(kind), it.namespace, controller.name));
    }
    links
}
