//! Cells: a component in each cluster that its instance covers, and the Services it claims there.

use crate::records::{Cell, NONE, Outcome};
use crate::id_set::IdSet;
use crate::stitch::{ClaimOrder, Targets};
use crate::topology::{ClusterId, Topology};

use super::changes::RawVerdict;

impl Topology {
    /// Makes a cell for each cluster that is covered (S8) and has it judged.
    pub(super) fn create_cells(&mut self, component: u32) {
        for cluster in self.clusters_of(component) {
            let next = self.components.get(component).first_cell;
            let cell = self.cells.insert(Cell {
                component,
                cluster,
                outcome: Outcome::NoKubernetesId,
                rule: None,
                dirty: false,
                touched: false,
                ordered: false,
                targets: IdSet::EMPTY,
                next,
                published: None,
            });
            self.components.get_mut(component).first_cell = cell;
            self.unordered_cells.push(cell);
            self.mark_cell(cell);
        }
    }

    fn clusters_of(&self, component: u32) -> Vec<ClusterId> {
        let component = self.components.get(component);
        let settings = &self.at_instance(component.instance).settings;
        let covered: Vec<(ClusterId, &str)> = self
            .clusters()
            .filter(|(_, name)| settings.clusters.covers(name))
            .collect();
        let named = settings
            .honor_cluster_annotation
            .then(|| self.names.opt(component.kubernetes_cluster))
            .flatten()
            .and_then(|named| covered.iter().find(|(_, name)| named == *name));
        match named {
            Some((named, _)) => vec![*named],
            None => covered.into_iter().map(|(id, _)| id).collect(),
        }
    }

    /// Ends the component's cells, and says so.
    pub(super) fn drop_cells(&mut self, component: u32) {
        self.unclaim_all(component);
        let cells: Vec<u32> = self.cells_of(component).collect();
        for id in cells {
            let cell = self.cells.get(id);
            if let Some(before) = cell.published {
                self.pending.verdicts.push(RawVerdict {
                    component,
                    cluster: cell.cluster,
                    before: Some(before),
                    after: None,
                });
            }
            if cell.ordered {
                self.unorder_cell(id);
            }
            let cell = self.cells.get_mut(id);
            cell.component = NONE;
            (cell.dirty, cell.touched, cell.ordered) = (false, false, false);
            cell.published = None;
            self.cells.remove(id);
        }
        self.components.get_mut(component).first_cell = NONE;
    }

    /// Withdraws every claim of the component. Must come before a field changes by which claims are ordered.
    pub(super) fn unclaim_all(&mut self, component: u32) {
        let cells: Vec<u32> = self.cells_of(component).collect();
        for cell in cells {
            self.claim(cell, Targets::None);
        }
    }

    /// Makes the cell claim exactly `targets`.
    pub(super) fn claim(&mut self, cell: u32, targets: Targets) {
        let new = match targets {
            Targets::None => Vec::new(),
            Targets::One(service) => {
                if *self.sets.ids(&self.cells.get(cell).targets) == [service] {
                    return;
                }
                vec![service]
            }
            Targets::Many(services) => services,
        };
        let mut targets = self.cells.get(cell).targets;
        let old = self.sets.ids(&targets).to_vec();
        if old == new {
            return;
        }
        for service in old.iter().filter(|service| !new.contains(service)) {
            self.change_claims(*service, |sets, claims, order| {
                sets.remove_by(claims, cell, |a, b| order.compare(a, b));
            });
        }
        for service in new.iter().filter(|service| !old.contains(service)) {
            self.change_claims(*service, |sets, claims, order| {
                sets.insert_by(claims, cell, |a, b| order.compare(a, b));
            });
        }
        self.sets.clear(&mut targets);
        self.cells.get_mut(cell).targets = self.sets.of(new);
    }

    fn change_claims(
        &mut self,
        service: u32,
        change: impl FnOnce(&mut crate::id_set::IdSets, &mut IdSet, &ClaimOrder<'_>),
    ) {
        let order = ClaimOrder {
            names: &self.names,
            instances: &self.instances,
            components: &self.components,
            cells: &self.cells,
        };
        let claims = &mut self.services.get_mut(service).claims;
        change(&mut self.sets, claims, &order);
        self.touch_service(service);
    }

    /// Has the cell judged again when the batch is settled.
    pub(super) fn mark_cell(&mut self, cell: u32) {
        let it = self.cells.get_mut(cell);
        if !it.dirty {
            it.dirty = true;
            self.dirty_cells.push(cell);
        }
    }

    pub(super) fn mark_component(&mut self, component: u32) {
        let mut cell = self.components.get(component).first_cell;
        while cell != NONE {
            self.mark_cell(cell);
            cell = self.cells.get(cell).next;
        }
    }

    pub(super) fn touch_cell(&mut self, cell: u32) {
        let it = self.cells.get_mut(cell);
        if !it.touched {
            it.touched = true;
            self.touched_cells.push(cell);
        }
    }

    pub(super) fn touch_service(&mut self, service: u32) {
        let it = self.services.get_mut(service);
        if !it.touched {
            it.touched = true;
            self.touched_services.push(service);
        }
    }
}
