//! Owners and the lists of candidates that name them (S12–S15).

use std::hash::BuildHasher;

use crate::contact::Way;
use crate::entity_ref::EntityRef;
use crate::fact::{OwnerClaim, OwnerFact, OwnerKind, OwnerTarget};
use crate::id_set::IdSet;
use crate::names::{Name, Names};
use crate::records::{Candidate, CandidateList, Owner, RefNames, Target};
use crate::topology::{InstanceId, Topology};

type OwnerKey = (InstanceId, OwnerKind, Name, Name);

impl Topology {
    pub(super) fn upsert_owner(&mut self, instance: InstanceId, generation: u32, fact: &OwnerFact) {
        let names = &mut self.names;
        let reference = intern_ref(names, &fact.reference);
        let record = Owner {
            instance,
            live: true,
            kind: fact.kind,
            reference,
            display_name: names.intern(&fact.display_name),
            email: names.intern_opt(fact.email.as_deref()),
            ways: fact
                .contacts
                .iter()
                .map(|contact| Way {
                    kind: contact.kind,
                    value: names.intern(&contact.value),
                    title: names.intern_opt(contact.title.as_deref()),
                })
                .collect(),
            parent: fact.parent.as_ref().map(|it| intern_ref(names, it)),
            children: intern_refs(names, &fact.children),
            members: intern_refs(names, &fact.members),
            member_of: intern_refs(names, &fact.member_of),
            generation,
        };
        let key = (instance, fact.kind, reference.namespace, reference.name);
        if let Some(id) = self.owner_by_ref.get(&key) {
            *self.owners.get_mut(*id) = record;
            return;
        }
        let id = self.owners.insert(record);
        self.owner_by_ref.insert(key, id);
        self.order_owner(id);
        let instance = &mut self.instances[usize::from(instance.0)];
        instance.owners += 1;
        instance.near_owners.take();
        self.resolve_lists_naming(key);
    }

    pub(super) fn remove_owner(
        &mut self,
        instance: InstanceId,
        kind: OwnerKind,
        namespace: Name,
        name: Name,
    ) {
        let key = (instance, kind, namespace, name);
        let Some(id) = self.owner_by_ref.remove(&key) else {
            return;
        };
        self.unorder_owner(id);
        self.owners.get_mut(id).live = false;
        self.dead_owners.push(id);
        let instance = &mut self.instances[usize::from(instance.0)];
        instance.owners -= 1;
        instance.near_owners.take();
        self.resolve_lists_naming(key);
    }

    /// The list of these candidates, made if it is new, held once more. [`Self::release_candidates`] gives it back.
    pub(super) fn hold_candidates(&mut self, instance: InstanceId, claims: &[OwnerClaim]) -> u32 {
        let list: Vec<Candidate> = claims
            .iter()
            .map(|claim| Candidate {
                path: claim.path,
                target: match &claim.target {
                    OwnerTarget::Ref(reference) => {
                        Target::Ref(intern_ref(&mut self.names, reference))
                    }
                    OwnerTarget::Malformed(text) => Target::Malformed(self.names.intern(text)),
                },
            })
            .collect();
        let hash = self.hasher.hash_one((instance, &*list));
        let known = self.candidates_by_list.find(hash, |id| {
            let it = self.candidates.get(*id);
            it.instance == instance && *it.list == *list
        });
        if let Some(id) = known {
            self.candidates.get_mut(*id).users += 1;
            return *id;
        }
        let id = self.candidates.insert(CandidateList {
            instance,
            list: list.into(),
            resolved: None,
            components: IdSet::EMPTY,
            users: 1,
        });
        let (candidates, hasher) = (&self.candidates, &self.hasher);
        self.candidates_by_list.insert_unique(hash, id, |id| {
            let it = candidates.get(*id);
            hasher.hash_one((it.instance, &*it.list))
        });
        for key in self.owners_named(id) {
            let lists = self.candidates_by_owner.entry(key).or_insert(IdSet::EMPTY);
            self.sets.insert(lists, id);
        }
        self.candidates.get_mut(id).resolved = self.resolve_list(id);
        id
    }

    /// Has changes of the owner reach the component. A list without a candidate never changes its owner.
    pub(super) fn join_candidates(&mut self, component: u32) {
        let list = self
            .candidates
            .get_mut(self.components.get(component).candidates);
        if !list.list.is_empty() {
            self.sets.insert(&mut list.components, component);
        }
    }

    pub(super) fn leave_candidates(&mut self, component: u32) {
        let id = self.components.get(component).candidates;
        let list = self.candidates.get_mut(id);
        self.sets.remove(&mut list.components, component);
        self.release_candidates(id);
    }

    pub(super) fn release_candidates(&mut self, id: u32) {
        let list = self.candidates.get_mut(id);
        list.users -= 1;
        if list.users > 0 {
            return;
        }
        for key in self.owners_named(id) {
            if let Some(lists) = self.candidates_by_owner.get_mut(&key) {
                self.sets.remove(lists, id);
                if lists.is_empty() {
                    self.candidates_by_owner.remove(&key);
                }
            }
        }
        let list = self.candidates.get(id);
        let hash = self.hasher.hash_one((list.instance, &*list.list));
        if let Ok(entry) = self
            .candidates_by_list
            .find_entry(hash, |other| *other == id)
        {
            entry.remove();
        }
        self.candidates.remove(id);
    }

    fn resolve_lists_naming(&mut self, owner: OwnerKey) {
        let Some(lists) = self.candidates_by_owner.get(&owner) else {
            return;
        };
        for list in self.sets.ids(lists).to_vec() {
            let resolved = self.resolve_list(list);
            let it = self.candidates.get_mut(list);
            if it.resolved == resolved {
                continue;
            }
            it.resolved = resolved;
            let components = it.components;
            for component in self.sets.ids(&components).to_vec() {
                self.touch_owned(component);
            }
        }
    }

    /// The owner of the component changed: so did that of whatever it has.
    fn touch_owned(&mut self, component: u32) {
        let cells: Vec<u32> = self.cells_of(component).collect();
        for cell in cells {
            self.touch_cell(cell);
            let targets = self.cells.get(cell).targets;
            for service in self.sets.ids(&targets).to_vec() {
                self.touch_service(service);
            }
        }
    }

    /// The first candidate that is a Group or User of the instance (S12).
    fn resolve_list(&self, id: u32) -> Option<(u32, u32)> {
        let list = self.candidates.get(id);
        (0..).zip(&list.list).find_map(|(index, candidate)| {
            let key = self.owner_key(list.instance, candidate)?;
            Some((index, *self.owner_by_ref.get(&key)?))
        })
    }

    fn owners_named(&self, id: u32) -> Vec<OwnerKey> {
        let list = self.candidates.get(id);
        list.list
            .iter()
            .filter_map(|candidate| self.owner_key(list.instance, candidate))
            .collect()
    }

    fn owner_key(&self, instance: InstanceId, candidate: &Candidate) -> Option<OwnerKey> {
        let Target::Ref(reference) = candidate.target else {
            return None;
        };
        let kind = match self.names.get(reference.kind) {
            "group" => OwnerKind::Group,
            "user" => OwnerKind::User,
            _ => return None,
        };
        Some((instance, kind, reference.namespace, reference.name))
    }
}

pub(super) fn intern_ref(names: &mut Names, reference: &EntityRef) -> RefNames {
    RefNames {
        kind: names.intern(&reference.kind),
        namespace: names.intern(&reference.namespace),
        name: names.intern(&reference.name),
    }
}

fn intern_refs(names: &mut Names, references: &[EntityRef]) -> Box<[RefNames]> {
    references
        .iter()
        .map(|reference| intern_ref(names, reference))
        .collect()
}
