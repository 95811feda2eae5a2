//! Lists and counts (see `query`).

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use crate::joined::cmp_joined;
use crate::labels::Label;
use crate::query::{
    ClusterSummary, ComponentFilter, Ignored, MAX_PAGE, Owned, OwnerCursor, OwnerFilter, Page,
    ServiceCursor, ServiceFilter, Summary, VerdictCursor, VerdictRow,
};
use crate::stitch::verdict_kind;
use crate::topology::{ClusterId, ComponentId, OwnerId, ServiceId, Topology};
use crate::verdict::ServiceState;
use crate::view::ServiceView;

impl Topology {
    /// One page of the Services that pass `filter`, in the order of their keys, after `after`.
    pub fn list_services(
        &self,
        filter: &ServiceFilter,
        after: Option<&ServiceCursor>,
        limit: usize,
    ) -> Page<ServiceId> {
        let ids = self.services_after(after);
        let text = filter.text.as_deref().map(str::to_lowercase);
        page(
            ids.filter(|id| self.service_passes(*id, filter, text.as_deref())),
            limit,
        )
    }

    /// The Services in the order of their keys, after `after`, for a walk that ends where it likes and goes on from a key.
    pub fn services_after(&self, after: Option<&ServiceCursor>) -> impl Iterator<Item = ServiceId> {
        let ids = self.service_order.from(move |id| {
            let Some(after) = after else {
                return Ordering::Greater;
            };
            let it = self.service(ServiceId(id));
            it.cluster
                .cmp(&after.cluster)
                .then_with(|| cmp_joined((it.namespace, it.name), (&after.namespace, &after.name)))
                .then(Ordering::Less)
        });
        ids.map(ServiceId)
    }

    pub(crate) fn service_passes(
        &self,
        id: ServiceId,
        filter: &ServiceFilter,
        text: Option<&str>,
    ) -> bool {
        let it = self.service(id);
        self.service_misses(&it, filter) == [false; 6] && self.service_may(&it, filter, text)
    }

    /// Whether it passes what is not counted by value.
    pub(crate) fn service_may(
        &self,
        it: &ServiceView<'_>,
        filter: &ServiceFilter,
        text: Option<&str>,
    ) -> bool {
        filter
            .ignored
            .is_none_or(|ignored| ignored == self.is_service_ignored(it.id))
            && of_these(it.owner, filter.owners.as_deref())
            && text.is_none_or(|text| {
                let component = it.component.map(|id| self.component(id).name);
                [Some(it.name), Some(it.namespace), component]
                    .into_iter()
                    .flatten()
                    .any(|name| contains(name, text))
            })
            && (filter.labels.is_empty() || has_labels(&self.service_labels(it.id), &filter.labels))
    }

    /// Which of the others it does not pass, in the order of [`ServiceFacets`](crate::facets::ServiceFacets).
    pub(crate) fn service_misses(&self, it: &ServiceView<'_>, filter: &ServiceFilter) -> [bool; 6] {
        let asks_of_component = filter.lifecycle.is_some() || filter.system.is_some();
        let component = it.component.filter(|_| asks_of_component);
        let component = component.map(|id| self.component(id));
        let lacks = |wanted: Option<&str>, found: Option<&str>| {
            wanted.is_some_and(|wanted| found != Some(wanted))
        };
        [
            !is(filter.cluster.as_deref(), it.cluster),
            !is(filter.namespace.as_deref(), it.namespace),
            !self.team_passes(it.owner, filter.team.as_deref()),
            filter.state.is_some_and(|state| state != it.state),
            lacks(
                filter.lifecycle.as_deref(),
                component.and_then(|it| it.lifecycle),
            ),
            lacks(filter.system.as_deref(), component.and_then(|it| it.system)),
        ]
    }

    fn team_passes(&self, owner: Option<OwnerId>, team: Option<&str>) -> bool {
        team.is_none_or(|team| {
            let name = owner.map(|id| self.owner(id).display_name);
            name.is_some_and(|name| name == team || name.to_lowercase() == team.to_lowercase())
        })
    }

    /// One page of the verdicts that pass `filter`, in the order of cluster, reference and instance, after `after`.
    pub fn list_verdicts(
        &self,
        filter: &ComponentFilter,
        after: Option<&VerdictCursor>,
        limit: usize,
    ) -> Page<VerdictRow> {
        let text = filter.text.as_deref().map(str::to_lowercase);
        page(
            self.verdicts_after(after)
                .filter(|row| self.verdict_passes(*row, filter, text.as_deref())),
            limit,
        )
    }

    /// The verdicts in the order of their keys, after `after`, for a walk that goes on from a key.
    pub(crate) fn verdicts_after(
        &self,
        after: Option<&VerdictCursor>,
    ) -> impl Iterator<Item = VerdictRow> {
        let ids = self.cell_order.from(move |id| {
            let Some(after) = after else {
                return Ordering::Greater;
            };
            let cell = self.cells.get(id);
            let it = self.component(ComponentId(cell.component));
            let cluster = &*self.at_cluster(cell.cluster).name;
            cluster
                .cmp(&after.cluster)
                .then_with(|| {
                    let after = &after.reference;
                    cmp_joined((it.namespace, it.key), (&after.namespace, &after.name))
                })
                .then_with(|| it.instance.cmp(&after.instance))
                .then(Ordering::Less)
        });
        ids.map(|id| self.verdict_row(id))
    }

    fn verdict_row(&self, id: u32) -> VerdictRow {
        let cell = self.cells.get(id);
        VerdictRow {
            component: ComponentId(cell.component),
            cluster: cell.cluster,
            kind: verdict_kind(self, id),
            owner: self.owner_state(cell.component),
        }
    }

    fn verdict_passes(
        &self,
        row: VerdictRow,
        filter: &ComponentFilter,
        text: Option<&str>,
    ) -> bool {
        self.verdict_misses(row, filter) == [false; 5] && self.verdict_may(row, filter, text)
    }

    /// Whether it passes what is not counted by value.
    pub(crate) fn verdict_may(
        &self,
        row: VerdictRow,
        filter: &ComponentFilter,
        text: Option<&str>,
    ) -> bool {
        let it = self.component(row.component);
        filter
            .namespace
            .as_deref()
            .is_none_or(|namespace| namespace.to_lowercase() == it.namespace)
            && filter
                .ignored
                .is_none_or(|ignored| ignored == self.is_component_ignored(row.component))
            && of_these(it.owner, filter.owners.as_deref())
            && text.is_none_or(|text| {
                it.kubernetes_id.is_some_and(|id| contains(id, text))
                    || format!("component:{}/{}", it.namespace, it.key).contains(text)
            })
    }

    /// Which of the others it does not pass, in the order of [`ComponentFacets`](crate::facets::ComponentFacets).
    pub(crate) fn verdict_misses(&self, row: VerdictRow, filter: &ComponentFilter) -> [bool; 5] {
        let it = self.component(row.component);
        [
            !is(
                filter.cluster.as_deref(),
                &self.at_cluster(row.cluster).name,
            ),
            !is(filter.instance.as_deref(), it.instance),
            filter.verdict.is_some_and(|verdict| verdict != row.kind),
            filter.owner_state.is_some_and(|state| state != row.owner),
            !self.team_passes(it.owner, filter.team.as_deref()),
        ]
    }

    /// One page of the Groups and Users that pass `filter`, in the order of reference and instance, after `after`.
    pub fn list_owners(
        &self,
        filter: &OwnerFilter,
        after: Option<&OwnerCursor>,
        limit: usize,
    ) -> Page<OwnerId> {
        let text = filter.text.as_deref().map(str::to_lowercase);
        let passes = |id: &OwnerId| {
            let it = self.owner(*id);
            is(filter.instance.as_deref(), it.instance)
                && filter.kind.is_none_or(|kind| kind == it.kind)
                && text.as_deref().is_none_or(|text| {
                    contains(it.display_name, text)
                        || it.email.is_some_and(|email| contains(email, text))
                        || self.owner_ref(*id).to_string().contains(text)
                })
        };
        page(self.owners_after(after).filter(passes), limit)
    }

    /// The Groups and Users in the order of their keys, after `after`, for a walk that goes on from a key.
    pub(crate) fn owners_after(
        &self,
        after: Option<&OwnerCursor>,
    ) -> impl Iterator<Item = OwnerId> {
        let ids = self.owner_order.from(move |id| {
            let Some(after) = after else {
                return Ordering::Greater;
            };
            let it = self.owner(OwnerId(id));
            self.owner_ref(OwnerId(id))
                .cmp(&after.reference)
                .then_with(|| it.instance.cmp(&after.instance))
                .then(Ordering::Less)
        });
        ids.map(OwnerId)
    }

    /// The Services of these owners and, if `descendants`, of the groups below them. Children are known from either
    /// side: the parent's list or the child's own word.
    pub fn owned(&self, owners: &[OwnerId], descendants: bool) -> Owned {
        let mut all: Vec<OwnerId> = owners.to_vec();
        let mut seen: HashSet<OwnerId> = all.iter().copied().collect();
        if descendants {
            let below = self.groups_below();
            let mut at = 0;
            while let Some(owner) = all.get(at).copied() {
                for child in below.get(&owner).into_iter().flatten() {
                    if seen.insert(*child) {
                        all.push(*child);
                    }
                }
                at += 1;
            }
        }
        let mut services: Vec<ServiceId> = all
            .iter()
            .flat_map(|owner| self.services_of(*owner))
            .collect();
        services.sort_by_cached_key(|id| self.service(*id).key());
        services.dedup();
        Owned {
            owners: all,
            services,
        }
    }

    fn groups_below(&self) -> HashMap<OwnerId, Vec<OwnerId>> {
        let mut below: HashMap<OwnerId, Vec<OwnerId>> = HashMap::new();
        for id in self.owner_order.iter().map(OwnerId) {
            let instance = self.owner(id).instance_id;
            let parent = self.owner_parent(id);
            if let Some(parent) = parent.and_then(|it| self.owner_named(instance, &it)) {
                below.entry(parent).or_default().push(id);
            }
            for child in self.owner_children(id) {
                if let Some(child) = self.owner_named(instance, &child) {
                    below.entry(id).or_default().push(child);
                }
            }
        }
        below
    }

    /// The components whose owner this is, in no order.
    pub(crate) fn components_owned_by(&self, owner: OwnerId) -> impl Iterator<Item = u32> {
        let it = self.owners.get(owner.0);
        let key = (
            it.instance,
            it.kind,
            it.reference.namespace,
            it.reference.name,
        );
        let lists = self.candidates_by_owner.get(&key);
        let lists = lists.map_or(&[][..], |set| self.sets.ids(set));
        let resolved = lists
            .iter()
            .map(|id| self.candidates.get(*id))
            .filter(move |list| list.resolved.is_some_and(|(_, id)| id == owner.0));
        resolved
            .flat_map(|list| self.sets.ids(&list.components))
            .copied()
    }

    /// The Services whose owner this is, in no order.
    pub(crate) fn services_of(&self, owner: OwnerId) -> impl Iterator<Item = ServiceId> {
        self.components_owned_by(owner)
            .flat_map(|component| self.cells_of(component))
            .flat_map(move |cell| {
                let targets = self.sets.ids(&self.cells.get(cell).targets);
                targets
                    .iter()
                    .filter(move |service| self.winner(**service) == Some(cell))
            })
            .map(|service| ServiceId(*service))
    }

    /// Counts over everything, kept as changes are told.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary {
            components: self.instances.iter().map(|it| it.components).sum(),
            owners: self.instances.iter().map(|it| it.owners).sum(),
            ignored: self.ignored(None),
            ..Summary::default()
        };
        for cluster in &self.clusters {
            summary.services += cluster.services;
            add(&mut summary.verdicts, &cluster.counts.verdicts);
            add(&mut summary.owner_states, &cluster.counts.owner_states);
            add(&mut summary.service_states, &cluster.counts.service_states);
        }
        summary
    }

    /// People ignore few things, so that these are looked up and not kept in step. Components are of no cluster.
    fn ignored(&self, cluster: Option<ClusterId>) -> Ignored {
        let mut ignored = Ignored {
            components: self.ignored_components().count(),
            ..Ignored::default()
        };
        for id in self.ignored_services() {
            let service = self.service(id);
            if cluster.is_none_or(|cluster| cluster == service.cluster_id) {
                ignored.services += 1;
                ignored.owned += usize::from(service.state == ServiceState::Owned);
            }
        }
        ignored
    }

    /// The same of each cluster, sorted by name.
    pub fn cluster_summaries(&self) -> Vec<ClusterSummary> {
        let mut summaries: Vec<ClusterSummary> = (0..)
            .map(ClusterId)
            .zip(&self.clusters)
            .filter(|(_, cluster)| cluster.live)
            .map(|(id, cluster)| ClusterSummary {
                ignored: self.ignored(Some(id)),
                cluster: cluster.name.clone(),
                verdicts: cluster.counts.verdicts,
                owner_states: cluster.counts.owner_states,
                services: cluster.services,
                service_states: cluster.counts.service_states,
            })
            .collect();
        summaries.sort_by(|a, b| a.cluster.cmp(&b.cluster));
        summaries
    }
}

fn add<const N: usize>(sums: &mut [usize; N], counts: &[usize; N]) {
    for (sum, count) in sums.iter_mut().zip(counts) {
        *sum += count;
    }
}

fn is(wanted: Option<&str>, found: &str) -> bool {
    wanted.is_none_or(|wanted| wanted == found)
}

fn of_these(owner: Option<OwnerId>, owners: Option<&[OwnerId]>) -> bool {
    owners.is_none_or(|owners| owner.is_some_and(|owner| owners.contains(&owner)))
}

/// `text` is lower-case.
fn contains(name: &str, text: &str) -> bool {
    name.contains(text) || name.to_lowercase().contains(text)
}

fn has_labels(labels: &[Label], wanted: &[(String, Option<String>)]) -> bool {
    wanted.iter().all(|(key, value)| {
        labels.iter().any(|label| {
            *label.key == **key && value.as_deref().is_none_or(|value| *label.value == *value)
        })
    })
}

fn page<T>(items: impl Iterator<Item = T>, limit: usize) -> Page<T> {
    let limit = limit.clamp(1, MAX_PAGE);
    let mut items: Vec<T> = items.take(limit + 1).collect();
    let more = items.len() > limit;
    items.truncate(limit);
    Page { items, more }
}
