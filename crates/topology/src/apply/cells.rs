//! Cells: a component in each cluster that its instance covers, and the Services it claims there.

use crate::id_set::IdSet;
use crate::records::{Cell, Component, NONE, Outcome};
use crate::settings::InstanceSettings;
use crate::stitch::{ClaimOrder, Targets};
use crate::topology::{ClusterId, Topology};

use super::changes::RawVerdict;

impl Topology {
    /// Makes a cell for each cluster that is covered (S8) and has it judged.
    pub(super) fn create_cells(&mut self, component: u32) {
        let it = self.components.get(component);
        let instance = it.instance;
        let named = self.cluster_named_by(it, &self.at_instance(instance).settings);
        for cluster in (0..).map(ClusterId).take(self.clusters.len()) {
            let it = self.components.get(component);
            let settings = &self.at_instance(instance).settings;
            if !self.is_judged_in(settings, named, cluster) {
                continue;
            }
            let next = it.first_cell;
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

    /// Whether a component has a cell in the cluster by settings of its instance, which narrow it to the one `named` (S8).
    pub(crate) fn is_judged_in(
        &self,
        settings: &InstanceSettings,
        named: Option<ClusterId>,
        cluster: ClusterId,
    ) -> bool {
        let it = self.at_cluster(cluster);
        it.live && settings.clusters.covers(&it.name) && named.is_none_or(|named| named == cluster)
    }

    /// The one cluster that the component's annotation narrows it to, if its instance honours that and covers it.
    pub(crate) fn cluster_named_by(
        &self,
        component: &Component,
        settings: &InstanceSettings,
    ) -> Option<ClusterId> {
        if !settings.honor_cluster_annotation {
            return None;
        }
        let named = self.names.opt(component.kubernetes_cluster)?;
        self.cluster_id(named)
            .filter(|_| settings.clusters.covers(named))
    }

    /// Ends the component's cells, and says so.
    pub(super) fn drop_cells(&mut self, component: u32) {
        self.unclaim_all(component);
        let cells: Vec<u32> = self.cells_of(component).collect();
        for id in cells {
            let cell = self.cells.get(id);
            let (cluster, published, ordered) = (cell.cluster, cell.published, cell.ordered);
            if published.is_some() {
                self.tell_verdict(RawVerdict {
                    component,
                    cluster,
                    before: published,
                    after: None,
                });
            }
            if ordered {
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
    pub(crate) fn claim(&mut self, cell: u32, targets: Targets) {
        let mut held = self.cells.get(cell).targets;
        let new = match targets {
            Targets::None => IdSet::EMPTY,
            Targets::One(service) => IdSet::one(service),
            Targets::Many(services) => self.sets.of(services),
        };
        if held == new {
            return;
        }
        // Nearly every cell goes from nothing to one Service or back, where there is nothing to hold against anything.
        if let (&[], &[service]) = (self.sets.ids(&held), self.sets.ids(&new)) {
            self.add_claim(service, cell);
        } else {
            let old = self.sets.ids(&held).to_vec();
            let wanted = self.sets.ids(&new).to_vec();
            let is_in = |ids: &[u32], id: &u32| ids.binary_search(id).is_ok();
            for service in old.iter().filter(|id| !is_in(&wanted, id)) {
                self.remove_claim(*service, cell);
            }
            for service in wanted.iter().filter(|id| !is_in(&old, id)) {
                self.add_claim(*service, cell);
            }
        }
        self.sets.clear(&mut held);
        self.cells.get_mut(cell).targets = new;
    }

    fn add_claim(&mut self, service: u32, cell: u32) {
        self.change_claims(service, |sets, claims, order| {
            sets.insert_by(claims, cell, |a, b| order.compare(a, b));
        });
    }

    fn remove_claim(&mut self, service: u32, cell: u32) {
        self.change_claims(service, |sets, claims, order| {
            sets.remove_by(claims, cell, |a, b| order.compare(a, b));
        });
    }

    fn change_claims(
        &mut self,
        service: u32,
        change: impl FnOnce(&mut crate::id_set::IdSets, &mut IdSet, &ClaimOrder<'_>),
    ) {
        let preferred = self.preferred_at(self.services.get(service));
        let order = ClaimOrder {
            names: &self.names,
            instances: &self.instances,
            components: &self.components,
            cells: &self.cells,
            preferred: preferred.as_ref(),
        };
        let claims = &mut self.services.get_mut(service).claims;
        change(&mut self.sets, claims, &order);
        self.touch_service(service);
    }

    /// Has the cell judged again when the batch is settled.
    pub(crate) fn mark_cell(&mut self, cell: u32) {
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
