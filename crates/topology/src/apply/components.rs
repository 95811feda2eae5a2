//! Components: what a component's fields make of records and indexes.

use crate::entity_ref::EntityRef;
use crate::fact::{ComponentFact, OwnerKind};
use crate::names::Name;
use crate::records::{Component, NONE};
use crate::rules::anchors_of;
use crate::settings::{MatchRule, RuleSet};
use crate::topology::{InstanceId, Topology, component_place};

impl Topology {
    pub(super) fn upsert_component(
        &mut self,
        instance: InstanceId,
        generation: u32,
        fact: ComponentFact,
    ) {
        let candidates = self.hold_candidates(instance, &fact.owners);
        let dependencies = self.intern_dependencies(&fact.dependencies);
        let names = &mut self.names;
        let namespace = names.intern(&fact.reference.namespace);
        let key = names.intern(&fact.reference.name);
        let value = |found: &Option<crate::fact::Found>| found.as_ref().map(|it| it.path);
        let record = Component {
            instance,
            live: true,
            orphan: fact.orphan,
            faulty: fact.fault.is_some(),
            id_path: value(&fact.kubernetes_id).unwrap_or(u8::MAX),
            namespace_path: value(&fact.kubernetes_namespace).unwrap_or(u8::MAX),
            namespace,
            key,
            name: names.intern(&fact.name),
            kubernetes_id: names.intern_opt(fact.kubernetes_id.as_ref().map(|it| &*it.value)),
            kubernetes_namespace: names
                .intern_opt(fact.kubernetes_namespace.as_ref().map(|it| &*it.value)),
            label_selector: names.intern_opt(fact.label_selector.as_deref()),
            kubernetes_cluster: names.intern_opt(fact.kubernetes_cluster.as_deref()),
            kind: names.intern_opt(fact.component_type.as_deref()),
            lifecycle: names.intern_opt(fact.lifecycle.as_deref()),
            system: names.intern_opt(fact.system.as_deref()),
            candidates,
            first_cell: NONE,
            generation,
        };
        let existing = self.component_named(instance, namespace, key);
        let id = match existing {
            Some(id)
                if self.says_the_same(id, &record)
                    && self.faults.get(&id) == fact.fault.as_ref()
                    && *self.dependencies.of(id) == *dependencies =>
            {
                self.release_candidates(record.candidates);
                return;
            }
            Some(id) => {
                self.withdraw(id);
                let cells = self.components.get(id).first_cell;
                let narrowed =
                    self.components.get(id).kubernetes_cluster != record.kubernetes_cluster;
                *self.components.get_mut(id) = Component {
                    first_cell: cells,
                    ..record
                };
                if narrowed {
                    self.drop_cells(id);
                }
                id
            }
            None => self.insert_component(record),
        };
        match fact.fault {
            Some(fault) => self.faults.insert(id, fault),
            None => self.faults.remove(&id),
        };
        self.declare(id, dependencies);
        self.register(id);
        self.join_candidates(id);
        if self.components.get(id).first_cell == NONE {
            self.create_cells(id);
        } else {
            self.mark_component(id);
        }
    }

    pub(super) fn remove_entity(&mut self, instance: InstanceId, reference: &EntityRef) {
        let found = self
            .names
            .find(&reference.namespace)
            .zip(self.names.find(&reference.name));
        let Some((namespace, key)) = found else {
            return;
        };
        match &*reference.kind {
            "component" => {
                if let Some(id) = self.component_named(instance, namespace, key) {
                    self.remove_component(id);
                }
            }
            "group" => self.remove_owner(instance, OwnerKind::Group, namespace, key),
            "user" => self.remove_owner(instance, OwnerKind::User, namespace, key),
            _ => {}
        }
    }

    fn remove_component(&mut self, id: u32) {
        self.withdraw(id);
        self.undeclare(id);
        self.drop_cells(id);
        let it = self.components.get(id);
        let (instance, key) = (it.instance, it.key);
        let place = |id| (component_place(self.components.get(id)), id);
        self.component_by_key
            .remove_by(&mut self.sets, key, id, |a, b| place(a).cmp(&place(b)));
        self.faults.remove(&id);
        self.components.get_mut(id).live = false;
        self.dead_components.push(id);
        self.instances[usize::from(instance.0)].components -= 1;
    }

    fn insert_component(&mut self, record: Component) -> u32 {
        let (instance, key) = (record.instance, record.key);
        let id = self.components.insert(record);
        let place = |id| (component_place(self.components.get(id)), id);
        self.component_by_key
            .insert_by(&mut self.sets, key, id, |a, b| place(a).cmp(&place(b)));
        self.instances[usize::from(instance.0)].components += 1;
        id
    }

    /// Whether the stored record says what `new` says, its generation aside.
    fn says_the_same(&self, id: u32, new: &Component) -> bool {
        let old = self.components.get(id);
        let fields = |it: &Component| {
            (
                (it.orphan, it.faulty, it.id_path, it.namespace_path, it.name),
                (it.kubernetes_id, it.kubernetes_namespace, it.label_selector),
                (it.kubernetes_cluster, it.kind, it.lifecycle),
                (it.system, it.candidates),
            )
        };
        fields(old) == fields(new)
    }

    /// Takes the component out of everything that is found by its fields, before they change.
    pub(super) fn withdraw(&mut self, id: u32) {
        self.unclaim_all(id);
        self.unregister(id);
        self.leave_candidates(id);
    }

    /// Enters the component under the keys that the rules of its instance look up.
    pub(super) fn register(&mut self, id: u32) {
        let rules = self.rules_of(id);
        let place = |id: u32| (self.components.get(id).kubernetes_namespace, id);
        let compare = |a, b| place(a).cmp(&place(b));
        let (by_id, by_name) = asked_names(self.components.get(id), rules);
        if let Some(name) = by_id {
            self.asks_by_id.insert_by(&mut self.sets, name, id, compare);
        }
        if let Some(name) = by_name {
            self.asks_by_name
                .insert_by(&mut self.sets, name, id, compare);
        }
        for anchor in anchors_of(self, id, rules) {
            self.labels.ask(&mut self.sets, &self.services, anchor, id);
        }
    }

    pub(super) fn unregister(&mut self, id: u32) {
        let rules = self.rules_of(id);
        let place = |id: u32| (self.components.get(id).kubernetes_namespace, id);
        let compare = |a, b| place(a).cmp(&place(b));
        let (by_id, by_name) = asked_names(self.components.get(id), rules);
        if let Some(name) = by_id {
            self.asks_by_id.remove_by(&mut self.sets, name, id, compare);
        }
        if let Some(name) = by_name {
            self.asks_by_name
                .remove_by(&mut self.sets, name, id, compare);
        }
        for anchor in anchors_of(self, id, rules) {
            self.labels.unask(&mut self.sets, anchor, id);
        }
    }

    fn rules_of(&self, id: u32) -> RuleSet {
        let instance = self.components.get(id).instance;
        RuleSet::of(&self.at_instance(instance).settings.match_rules)
    }
}

/// The Kubernetes id and the own name, as far as rules look them up. Rule `kubernetes-id-label` asks for the same name
/// in the same namespace as `service-name` does, of a label.
fn asked_names(component: &Component, rules: RuleSet) -> (Option<Name>, Option<Name>) {
    let by_id = component.kubernetes_id.filter(|_| {
        rules.contains(MatchRule::ServiceName) || rules.contains(MatchRule::KubernetesIdLabel)
    });
    let by_name = rules
        .contains(MatchRule::ComponentName)
        .then_some(component.name);
    (by_id, by_name)
}
