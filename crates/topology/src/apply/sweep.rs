//! Giving back the names of what is gone.

use crate::names::Name;
use crate::records::{RefNames, Target};
use crate::topology::Topology;

impl Topology {
    /// Every place that holds a [`Name`] must be walked here.
    pub(super) fn sweep_names(&mut self) {
        let mut names = std::mem::take(&mut self.names);
        names.sweep(|mark| self.mark_names(mark));
        self.names = names;
    }

    fn mark_names(&self, mark: &mut dyn FnMut(Name)) {
        mark(self.id_label);
        mark(self.nowhere);
        for (_, it) in self.components.iter().filter(|(_, it)| it.live) {
            [it.namespace, it.key, it.name]
                .into_iter()
                .for_each(&mut *mark);
            let optional = [
                it.kubernetes_id,
                it.kubernetes_namespace,
                it.label_selector,
                it.kubernetes_cluster,
                it.kind,
                it.lifecycle,
                it.system,
            ];
            optional.into_iter().flatten().for_each(&mut *mark);
        }
        for declared in self.dependencies.by_component.values().flatten() {
            mark_ref(&declared.target, mark);
        }
        for (_, it) in self.services.iter().filter(|(_, it)| it.live) {
            mark(it.namespace);
            mark(it.name);
            mark_pairs(&it.pairs, mark);
        }
        for (_, it) in self.owners.iter().filter(|(_, it)| it.live) {
            mark_ref(&it.reference, mark);
            mark(it.display_name);
            it.email.into_iter().for_each(&mut *mark);
            for way in &it.ways {
                mark(way.value);
                way.title.into_iter().for_each(&mut *mark);
            }
            it.parent.iter().for_each(|it| mark_ref(it, mark));
            let lists = [&it.children, &it.members, &it.member_of];
            for reference in lists.into_iter().flat_map(|list| list.iter()) {
                mark_ref(reference, mark);
            }
        }
        for (_, it) in self.candidates.iter().filter(|(_, it)| it.users > 0) {
            for candidate in &it.list {
                match &candidate.target {
                    Target::Ref(reference) => mark_ref(reference, mark),
                    Target::Malformed(text) => mark(*text),
                }
            }
        }
        for (_, it) in self.workloads.iter().filter(|(_, it)| it.live) {
            mark(it.namespace);
            mark(it.name);
            [it.uid, it.service, it.node]
                .into_iter()
                .flatten()
                .for_each(&mut *mark);
            if let Some(controller) = it.controller {
                [controller.kind, controller.name, controller.uid]
                    .into_iter()
                    .for_each(&mut *mark);
            }
            mark_pairs(&it.pod_labels, mark);
            for (_, namespace, name) in &it.refers {
                mark(*namespace);
                mark(*name);
            }
        }
        self.labels.mark_names(mark);
    }
}

fn mark_pairs(pairs: &[(Name, Name)], mark: &mut dyn FnMut(Name)) {
    for (key, value) in pairs {
        mark(*key);
        mark(*value);
    }
}

fn mark_ref(reference: &RefNames, mark: &mut dyn FnMut(Name)) {
    [reference.kind, reference.namespace, reference.name]
        .into_iter()
        .for_each(mark);
}
