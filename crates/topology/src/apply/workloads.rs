//! Workloads, pods and endpoints. What flows to them is derived when asked (see `inherit`), so they only have to be
//! found again: by name, by namespace.

use crate::fact::{WorkloadFact, WorkloadKind};
use crate::id_set::IdSet;
use crate::records::{Controller, Workload};
use crate::topology::{ClusterId, Topology};

use super::removals::kind_index;
use super::services::intern_pairs;

impl Topology {
    pub(super) fn upsert_workload(&mut self, cluster: ClusterId, fact: &WorkloadFact) {
        self.remove_workload(cluster, fact.kind, &fact.namespace, &fact.name);
        let names = &mut self.names;
        let namespace = names.intern(&fact.namespace);
        let name = names.intern(&fact.name);
        let mut pod_labels = Vec::with_capacity(fact.pod_labels.len());
        intern_pairs(names, &fact.pod_labels, &mut pod_labels);
        let record = Workload {
            cluster,
            live: true,
            kind: fact.kind,
            namespace,
            name,
            uid: names.intern_opt(fact.uid.as_deref()),
            pod_labels: pod_labels.into(),
            controller: fact.controller.as_ref().map(|it| Controller {
                kind: names.intern(&it.kind),
                name: names.intern(&it.name),
                uid: names.intern(&it.uid),
            }),
            service: names.intern_opt(fact.service.as_deref()),
            node: names.intern_opt(fact.node.as_deref()),
        };
        let id = self.workloads.insert(record);
        self.workload_by_key
            .insert((cluster, fact.kind, namespace, name), id);
        let there = self
            .workload_by_namespace
            .entry((cluster, namespace))
            .or_insert(IdSet::EMPTY);
        self.sets.insert(there, id);
        self.clusters[usize::from(cluster.0)].workloads[kind_index(fact.kind)] += 1;
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
        if let Some(there) = self.workload_by_namespace.get_mut(&(cluster, namespace)) {
            self.sets.remove(there, id);
            if there.is_empty() {
                self.workload_by_namespace.remove(&(cluster, namespace));
            }
        }
        let it = self.workloads.get_mut(id);
        it.live = false;
        it.pod_labels = Box::default();
        self.workloads.remove(id);
        self.clusters[usize::from(cluster.0)].workloads[kind_index(kind)] -= 1;
    }
}
