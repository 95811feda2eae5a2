//! Settling a batch: judge what is dirty, see who has what, and say what differs from what was said before.

use std::cmp::Ordering;

use crate::joined::cmp_joined;
use crate::names::Name;
use crate::order::sort_by_names;
use crate::records::{Cell, NONE, PublishedVerdict};
use crate::settings::MatchRule;
use crate::stitch::{Targets, judge, verdict_kind};
use crate::topology::{ClusterId, Map, Topology, service_place};
use crate::verdict::OwnerState;

use super::changes::{PublishedOwnership, RawService, RawVerdict};

impl Topology {
    pub(crate) fn settle(&mut self) {
        self.judge_dirty();
        self.order_new();
        self.publish();
    }

    /// What has to stand when every claim does.
    pub(super) fn publish(&mut self) {
        self.publish_services();
        self.publish_cells();
    }

    pub(super) fn judge_dirty(&mut self) {
        let dirty = std::mem::take(&mut self.dirty_cells);
        for id in &dirty {
            let cell = self.cells.get_mut(*id);
            if !std::mem::take(&mut cell.dirty) {
                continue;
            }
            let (component, cluster) = (cell.component, cell.cluster);
            let judgement = judge(self, component, cluster, |_, _| {});
            let pinned = Some(MatchRule::Pinned);
            if (self.cells.get(*id).rule == pinned) != (judgement.rule == pinned) {
                // Claims are ordered by it.
                self.claim(*id, Targets::None);
            }
            let cell = self.cells.get_mut(*id);
            cell.outcome = judgement.outcome;
            cell.rule = judgement.rule;
            self.claim(*id, judgement.targets);
            self.touch_cell(*id);
        }
        self.dirty_cells = emptied(dirty);
    }

    /// Who has each touched Service. Must run when every claim stands, since the winner is the first of them.
    fn publish_services(&mut self) {
        let touched = std::mem::take(&mut self.touched_services);
        self.pending.services.reserve(touched.len());
        for id in &touched {
            let winner = self.winner(*id);
            let it = self.services.get_mut(*id);
            it.touched = false;
            if !it.live {
                continue;
            }
            let before = it.published.then_some(PublishedOwnership {
                component: it.published_component,
                owner: it.published_owner,
            });
            let cluster = it.cluster;
            let component = winner.map_or(NONE, |cell| self.cells.get(cell).component);
            let owner = match winner {
                Some(_) => self.owner_of(component).unwrap_or(NONE),
                None => NONE,
            };
            let after = PublishedOwnership { component, owner };
            if before == Some(after) {
                continue;
            }
            let it = self.services.get_mut(*id);
            it.published = true;
            it.published_component = component;
            it.published_owner = owner;
            self.tell_service(RawService {
                service: *id,
                before,
                after: Some(after),
            });
            if let Some(winner) = winner {
                self.touch_cell(winner);
            }
            // Whoever had it before may have nothing now.
            if let Some(before) = before
                && before.component != NONE
                && before.component != component
                && self.components.get(before.component).live
                && let Some(cell) = self.cell_of(before.component, cluster)
            {
                self.touch_cell(cell);
            }
        }
        self.touched_services = emptied(touched);
    }

    fn publish_cells(&mut self) {
        let touched = std::mem::take(&mut self.touched_cells);
        self.pending.verdicts.reserve(touched.len());
        for id in &touched {
            let cell = self.cells.get_mut(*id);
            if !std::mem::take(&mut cell.touched) {
                continue;
            }
            let cell = self.cells.get(*id);
            let after = PublishedVerdict {
                kind: verdict_kind(self, *id),
                owner: self.owner_state(cell.component),
                service: match self.sets.ids(&cell.targets) {
                    [service] => *service,
                    _ => NONE,
                },
            };
            let before = cell.published;
            if before == Some(after) {
                continue;
            }
            let (component, cluster) = (cell.component, cell.cluster);
            self.cells.get_mut(*id).published = Some(after);
            self.tell_verdict(RawVerdict {
                component,
                cluster,
                before,
                after: Some(after),
            });
        }
        self.touched_cells = emptied(touched);
    }

    pub(crate) fn owner_state(&self, component: u32) -> OwnerState {
        let candidates = self.components.get(component).candidates;
        self.candidates.get(candidates).owner_state()
    }

    pub(super) fn order_new(&mut self) {
        let mut order = std::mem::take(&mut self.service_order);
        let mut fresh = std::mem::take(&mut self.unordered_services);
        fresh.retain(|id| self.services.get(*id).live && !self.services.get(*id).ordered);
        let place = |id| service_place(self.services.get(id));
        let ranks = self.ranks(fresh.iter().map(|id| place(*id)));
        sort_by_names(
            &mut fresh,
            |id| ranks[&place(id)],
            |id| self.names.get(self.services.get(id).name),
            |a, b| self.compare_services(a, b),
        );
        fresh.dedup();
        order.extend_sorted(&fresh, |a, b| self.compare_services(a, b));
        for id in &fresh {
            self.services.get_mut(*id).ordered = true;
        }
        self.service_order = order;
        self.unordered_services = emptied(fresh);

        let mut order = std::mem::take(&mut self.cell_order);
        let mut fresh = std::mem::take(&mut self.unordered_cells);
        let is_fresh = |cell: &Cell| cell.component != NONE && !cell.ordered;
        fresh.retain(|id| is_fresh(self.cells.get(*id)));
        let component = |id| self.components.get(self.cells.get(id).component);
        let place = |id| (self.cells.get(id).cluster, component(id).namespace);
        let ranks = self.ranks(fresh.iter().map(|id| place(*id)));
        sort_by_names(
            &mut fresh,
            |id| ranks[&place(id)],
            |id| self.names.get(component(id).key),
            |a, b| self.compare_cells(a, b),
        );
        fresh.dedup();
        order.extend_sorted(&fresh, |a, b| self.compare_cells(a, b));
        for id in &fresh {
            self.cells.get_mut(*id).ordered = true;
        }
        self.cell_order = order;
        self.unordered_cells = emptied(fresh);
    }

    /// The places of what is new, numbered in their order.
    fn ranks(
        &self,
        places: impl Iterator<Item = (ClusterId, Name)>,
    ) -> Map<(ClusterId, Name), u32> {
        // Few places for many ids: no room is made for each.
        let mut ranks: Map<(ClusterId, Name), u32> = Map::default();
        for place in places {
            ranks.entry(place).or_default();
        }
        let mut sorted: Vec<(ClusterId, Name)> = ranks.keys().copied().collect();
        sorted.sort_unstable_by(|a, b| {
            let cluster = |place: &(ClusterId, Name)| &self.at_cluster(place.0).name;
            let namespace = |place: &(ClusterId, Name)| self.names.get(place.1);
            cluster(a)
                .cmp(cluster(b))
                .then_with(|| cmp_joined((namespace(a), ""), (namespace(b), "")))
        });
        for (rank, place) in (0..).zip(sorted) {
            ranks.insert(place, rank);
        }
        ranks
    }

    pub(super) fn unorder_service(&mut self, id: u32) {
        let mut order = std::mem::take(&mut self.service_order);
        order.remove(|other| self.compare_services(other, id));
        self.service_order = order;
    }

    pub(super) fn unorder_cell(&mut self, id: u32) {
        let mut order = std::mem::take(&mut self.cell_order);
        order.remove(|other| self.compare_cells(other, id));
        self.cell_order = order;
    }

    pub(super) fn order_owner(&mut self, id: u32) {
        let mut order = std::mem::take(&mut self.owner_order);
        order.insert(id, |other| self.compare_owners(other, id));
        self.owner_order = order;
    }

    pub(super) fn unorder_owner(&mut self, id: u32) {
        let mut order = std::mem::take(&mut self.owner_order);
        order.remove(|other| self.compare_owners(other, id));
        self.owner_order = order;
    }

    fn compare_clusters(&self, a: ClusterId, b: ClusterId) -> Ordering {
        if a == b {
            return Ordering::Equal;
        }
        self.at_cluster(a).name.cmp(&self.at_cluster(b).name)
    }

    fn compare_services(&self, a: u32, b: u32) -> Ordering {
        let (a, b) = (self.services.get(a), self.services.get(b));
        let name = |name| self.names.get(name);
        self.compare_clusters(a.cluster, b.cluster).then_with(|| {
            cmp_joined(
                (name(a.namespace), name(a.name)),
                (name(b.namespace), name(b.name)),
            )
        })
    }

    fn compare_cells(&self, a: u32, b: u32) -> Ordering {
        let (a, b) = (self.cells.get(a), self.cells.get(b));
        self.compare_clusters(a.cluster, b.cluster).then_with(|| {
            let (a, b) = (
                self.components.get(a.component),
                self.components.get(b.component),
            );
            let name = |name| self.names.get(name);
            cmp_joined(
                (name(a.namespace), name(a.key)),
                (name(b.namespace), name(b.key)),
            )
            .then_with(|| {
                let instance = |id| &self.at_instance(id).settings.name;
                instance(a.instance).cmp(instance(b.instance))
            })
        })
    }

    fn compare_owners(&self, a: u32, b: u32) -> Ordering {
        let (a, b) = (self.owners.get(a), self.owners.get(b));
        let name = |name| self.names.get(name);
        let (x, y) = (a.reference, b.reference);
        a.kind
            .cmp(&b.kind)
            .then_with(|| {
                cmp_joined(
                    (name(x.namespace), name(x.name)),
                    (name(y.namespace), name(y.name)),
                )
            })
            .then_with(|| {
                let instance = |id| &self.at_instance(id).settings.name;
                instance(a.instance).cmp(instance(b.instance))
            })
    }
}

/// The list to use again, unless a large batch made it large.
fn emptied(mut list: Vec<u32>) -> Vec<u32> {
    const KEPT: usize = 4096;
    if list.capacity() > KEPT {
        return Vec::new();
    }
    list.clear();
    list
}
