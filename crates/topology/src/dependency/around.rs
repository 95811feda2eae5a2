//! What a component depends on, and what depends on it: both from the declarations of both sides.

use std::cmp::Ordering;

use super::Declaration;
use crate::entity_ref::EntityRef;
use crate::records::RefNames;
use crate::stitch::verdict_kind;
use crate::topology::{ComponentId, ServiceId, Topology};
use crate::verdict::VerdictKind;

/// What a component depends on or what depends on it, sorted by reference, up to a bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// The first of them.
    pub shown: Vec<Neighbour>,
    /// How many there are in all.
    pub total: usize,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Its reference.
    pub reference: EntityRef,
    /// The component, where it is one that its catalog has.
    pub component: Option<ComponentId>,
    /// What says so.
    pub declared: Vec<Declared>,
}

/// A declaration, and who makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The component in whose entity it stands.
    pub by: EntityRef,
    /// The field.
    pub declaration: Declaration,
}

/// A neighbour by name, whether it says so itself, and where.
type Met = (RefNames, bool, Declaration);

impl Topology {
    /// What the component depends on.
    pub fn dependencies(&self, id: ComponentId, most: usize) -> Neighbours {
        self.neighbours(id.0, true, most)
    }

    /// What depends on the component.
    pub fn dependents(&self, id: ComponentId, most: usize) -> Neighbours {
        self.neighbours(id.0, false, most)
    }

    /// The Services that the component has, sorted by key.
    pub fn services_of_component(&self, id: ComponentId) -> Vec<ServiceId> {
        let mut services = Vec::new();
        for cell in self.cells_of(id.0) {
            let targets = self.sets.ids(&self.cells.get(cell).targets).iter();
            let won = targets.filter(|service| self.winner(**service) == Some(cell));
            services.extend(won.map(|id| ServiceId(*id)));
        }
        services.sort_by_cached_key(|id| self.service(*id).key());
        services
    }

    /// What became of the component in the first of the clusters that its instance covers.
    pub fn first_verdict(&self, id: ComponentId) -> Option<VerdictKind> {
        let cluster = |cell: &u32| &self.at_cluster(self.cells.get(*cell).cluster).name;
        let first = self.cells_of(id.0).min_by_key(cluster);
        first.map(|cell| verdict_kind(self, cell))
    }

    /// The components of its catalog that the component depends on, or those that depend on it.
    pub(crate) fn neighbouring(&self, id: u32, outward: bool) -> Vec<u32> {
        let mut found: Vec<u32> = self
            .met(id, outward)
            .iter()
            .filter_map(|(target, ..)| self.component_of(id, target))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn neighbours(&self, id: u32, outward: bool, most: usize) -> Neighbours {
        let mut met = self.met(id, outward);
        met.sort_unstable();
        let mut groups: Vec<&[Met]> = met.chunk_by(|a, b| a.0 == b.0).collect();
        let total = groups.len();
        let by_text = |a: &&[Met], b: &&[Met]| self.cmp_refs(&a[0].0, &b[0].0);
        if total > most {
            groups.select_nth_unstable_by(most, by_text);
            groups.truncate(most);
        }
        groups.sort_unstable_by(by_text);
        let own = self.component_ref(ComponentId(id));
        let shown = groups.into_iter().map(|group| {
            let reference = self.entity_ref(&group[0].0);
            let declared = group.iter().map(|(_, by_other, declaration)| Declared {
                by: if *by_other {
                    reference.clone()
                } else {
                    own.clone()
                },
                declaration: *declaration,
            });
            Neighbour {
                component: self.component_of(id, &group[0].0).map(ComponentId),
                declared: declared.collect(),
                reference,
            }
        });
        Neighbours {
            shown: shown.collect(),
            total,
        }
    }

    /// By its own declarations, and by those of the components that name it.
    fn met(&self, id: u32, outward: bool) -> Vec<Met> {
        let it = self.components.get(id);
        let own = self.dependencies.of(id).iter();
        let own = own
            .filter(|own| own.declared.is_outward() == outward)
            .map(|own| (own.target, false, own.declared));
        let mut met: Vec<Met> = own.collect();
        let here = (it.instance, it.namespace, it.key);
        let Some(naming) = self.dependencies.by_target.get(&here) else {
            return met;
        };
        for other in self.sets.ids(naming) {
            let theirs = self.dependencies.of(*other).iter().filter(|theirs| {
                let target = (theirs.target.namespace, theirs.target.name);
                theirs.declared.is_outward() != outward
                    && target == (it.namespace, it.key)
                    && self.is_component(&theirs.target)
            });
            let named = self.components.get(*other);
            met.extend(theirs.map(|theirs| {
                let reference = RefNames {
                    kind: theirs.target.kind,
                    namespace: named.namespace,
                    name: named.key,
                };
                (reference, true, theirs.declared)
            }));
        }
        met
    }

    pub(crate) fn is_component(&self, reference: &RefNames) -> bool {
        self.names.get(reference.kind) == "component"
    }

    /// The component of that reference in the catalog of another.
    fn component_of(&self, other: u32, reference: &RefNames) -> Option<u32> {
        if !self.is_component(reference) {
            return None;
        }
        let instance = self.components.get(other).instance;
        self.component_named(instance, reference.namespace, reference.name)
    }

    fn cmp_refs(&self, a: &RefNames, b: &RefNames) -> Ordering {
        let texts = |it: &RefNames| [it.kind, it.namespace, it.name].map(|it| self.names.get(it));
        texts(a).cmp(&texts(b))
    }
}
