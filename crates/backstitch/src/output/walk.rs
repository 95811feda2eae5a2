//! Lists of the topology from end to end, a page at a time.

use topology::query::{
    ComponentFilter, MAX_PAGE, OwnerCursor, OwnerFilter, Page, ServiceCursor, ServiceFilter,
    VerdictCursor,
};
use topology::topology::{OwnerId, ServiceId, Topology};
use topology::verdict::Verdict;

/// Every verdict that passes, by cluster, reference and instance.
pub(crate) fn verdicts(
    topology: &Topology,
    filter: ComponentFilter,
) -> impl Iterator<Item = Verdict> {
    let page =
        move |after: Option<&VerdictCursor>| topology.list_verdicts(&filter, after, MAX_PAGE);
    let cursor = |row: &topology::query::VerdictRow| VerdictCursor {
        cluster: cluster_name(topology, row.cluster),
        reference: topology.component_ref(row.component),
        instance: topology.component(row.component).instance.to_owned(),
    };
    paged(page, cursor).filter_map(|row| topology.verdict(row.component, row.cluster))
}

/// Every Service that passes, by key.
pub(crate) fn services(
    topology: &Topology,
    filter: ServiceFilter,
) -> impl Iterator<Item = ServiceId> {
    let page =
        move |after: Option<&ServiceCursor>| topology.list_services(&filter, after, MAX_PAGE);
    paged(page, |id: &ServiceId| topology.service(*id).key())
}

/// Every Group and User, by reference and instance.
pub(crate) fn owners(topology: &Topology) -> impl Iterator<Item = OwnerId> {
    let page = |after: Option<&OwnerCursor>| {
        topology.list_owners(&OwnerFilter::default(), after, MAX_PAGE)
    };
    paged(page, |id: &OwnerId| OwnerCursor {
        reference: topology.owner_ref(*id),
        instance: topology.owner(*id).instance.to_owned(),
    })
}

fn cluster_name(topology: &Topology, wanted: topology::topology::ClusterId) -> String {
    topology
        .clusters()
        .find(|(id, _)| *id == wanted)
        .map(|(_, name)| name.to_owned())
        .unwrap_or_default()
}

/// The items of all pages, each page fetched when the one before is used up.
fn paged<T: Clone, C>(
    page: impl Fn(Option<&C>) -> Page<T>,
    cursor: impl Fn(&T) -> C,
) -> impl Iterator<Item = T> {
    let mut after: Option<C> = None;
    let mut done = false;
    let pages = std::iter::from_fn(move || {
        if done {
            return None;
        }
        let page = page(after.as_ref());
        after = page.items.last().map(&cursor);
        done = !page.more || after.is_none();
        Some(page.items)
    });
    pages.flatten()
}
