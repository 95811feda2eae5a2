//! Declared dependencies: the lists of components, and the way back from what they name.

use crate::dependency::{DeclaredNames, Dependency};
use crate::id_set::IdSet;
use crate::names::Name;
use crate::topology::{InstanceId, Topology};

use super::owners::intern_ref;

impl Topology {
    pub(super) fn intern_dependencies(&mut self, list: &[Dependency]) -> Box<[DeclaredNames]> {
        list.iter()
            .map(|it| DeclaredNames {
                target: intern_ref(&mut self.names, &it.target),
                declared: it.declared,
            })
            .collect()
    }

    /// Takes what the component declares in the place of what it declared before.
    pub(super) fn declare(&mut self, component: u32, list: Box<[DeclaredNames]>) {
        self.undeclare(component);
        if list.is_empty() {
            return;
        }
        for target in self.component_targets(component, &list) {
            let naming = self.dependencies.by_target.entry(target);
            self.sets.insert(naming.or_insert(IdSet::EMPTY), component);
        }
        self.dependencies.by_component.insert(component, list);
    }

    pub(super) fn undeclare(&mut self, component: u32) {
        let Some(list) = self.dependencies.by_component.remove(&component) else {
            return;
        };
        for target in self.component_targets(component, &list) {
            if let Some(naming) = self.dependencies.by_target.get_mut(&target) {
                self.sets.remove(naming, component);
                if naming.is_empty() {
                    self.dependencies.by_target.remove(&target);
                }
            }
        }
    }

    /// What the list names, as far as somebody may ask for the way back: nothing else has a page.
    fn component_targets(
        &self,
        component: u32,
        list: &[DeclaredNames],
    ) -> Vec<(InstanceId, Name, Name)> {
        let instance = self.components.get(component).instance;
        list.iter()
            .filter(|it| self.is_component(&it.target))
            .map(|it| (instance, it.target.namespace, it.target.name))
            .collect()
    }
}
