//! Pages of Services in other orders than that of the list: one pass over all of them for a page, a slice at a time.
//!
//! It owns the orders. No index is kept for them: a page takes the first that come after a key, whoever they are by then, so
//! that what changes between two pages moves and nothing else does.

use std::cmp::Ordering;

use crate::joined::cmp_joined;
use crate::query::{MAX_PAGE, ServiceCursor, ServiceFilter, Slice};
use crate::topology::{ServiceId, Topology};
use crate::verdict::ServiceKey;
use crate::view::ServiceView;

/// Bound on the Services that a slice looks at.
const MAX_LOOKED_AT: usize = 16_384;
/// After so many it is asked whether to go on.
const ASKED_EVERY: usize = 64;

/// What Services are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// Cluster, namespace, name.
    Name,
    /// The bare name.
    Service,
    /// Display name of the owner.
    Team,
    /// What is known of the owner: owned, stitched without owner, unclaimed.
    State,
    /// Name of the component.
    Component,
}

/// An order of Services. What has no value comes last, whichever way; of one value the order is that of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceSort {
    /// By what.
    pub by: SortBy,
    /// The highest first.
    pub down: bool,
}

impl ServiceSort {
    /// Every order; the first is that of the list.
    pub const ALL: [Self; 10] = [
        Self::up(SortBy::Name),
        Self::down(SortBy::Name),
        Self::up(SortBy::Service),
        Self::down(SortBy::Service),
        Self::up(SortBy::Team),
        Self::down(SortBy::Team),
        Self::up(SortBy::State),
        Self::down(SortBy::State),
        Self::up(SortBy::Component),
        Self::down(SortBy::Component),
    ];

    const fn up(by: SortBy) -> Self {
        Self { by, down: false }
    }

    const fn down(by: SortBy) -> Self {
        Self { by, down: true }
    }

    /// The word, with `-` before it for the other way round.
    pub fn as_str(self) -> &'static str {
        match (self.by, self.down) {
            (SortBy::Name, false) => "name",
            (SortBy::Name, true) => "-name",
            (SortBy::Service, false) => "service",
            (SortBy::Service, true) => "-service",
            (SortBy::Team, false) => "team",
            (SortBy::Team, true) => "-team",
            (SortBy::State, false) => "state",
            (SortBy::State, true) => "-state",
            (SortBy::Component, false) => "component",
            (SortBy::Component, true) => "-component",
        }
    }

    fn row<'t>(self, topology: &'t Topology, it: &ServiceView<'t>) -> Row<'t> {
        let text = match self.by {
            SortBy::Name => None,
            SortBy::Service => Some(it.name),
            SortBy::Team => it.owner.map(|id| topology.owner(id).display_name),
            SortBy::State => Some(it.state.as_str()),
            SortBy::Component => it.component.map(|id| topology.component(id).name),
        };
        Row {
            text,
            cluster: it.cluster,
            namespace: it.namespace,
            name: it.name,
        }
    }

    fn compare(self, a: &Row<'_>, b: &Row<'_>) -> Ordering {
        let turned = |order: Ordering| if self.down { order.reverse() } else { order };
        let by_text = match (a.text, b.text) {
            (Some(a), Some(b)) => turned(cmp_folded(a, b)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        by_text.then_with(|| {
            let by_key = a
                .cluster
                .cmp(b.cluster)
                .then_with(|| cmp_joined((a.namespace, a.name), (b.namespace, b.name)));
            match self.by {
                SortBy::Name => turned(by_key),
                _ => by_key,
            }
        })
    }
}

/// Without regard to case, and of equal ones by the text.
fn cmp_folded(a: &str, b: &str) -> Ordering {
    let unlike = if a.is_ascii() && b.is_ascii() {
        let small = |byte: u8| byte.to_ascii_lowercase();
        a.bytes().map(small).cmp(b.bytes().map(small))
    } else {
        a.to_lowercase().cmp(&b.to_lowercase())
    };
    unlike.then_with(|| a.cmp(b))
}

#[derive(Clone, Copy, Debug)]
struct Row<'t> {
    text: Option<&'t str>,
    cluster: &'t str,
    namespace: &'t str,
    name: &'t str,
}

impl Row<'_> {
    fn to_key(self) -> SortKey {
        SortKey {
            text: self.text.map(Into::into),
            service: ServiceKey {
                cluster: self.cluster.into(),
                namespace: self.namespace.into(),
                name: self.name.into(),
            },
        }
    }
}

/// Where a list goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// The value that it is sorted by; `None` where there is none, or where that is the key.
    pub text: Option<Box<str>>,
    /// The Service.
    pub service: ServiceKey,
}

impl SortKey {
    fn row(&self) -> Row<'_> {
        Row {
            text: self.text.as_deref(),
            cluster: &self.service.cluster,
            namespace: &self.service.namespace,
            name: &self.service.name,
        }
    }
}

/// A page that is being looked for.
#[derive(Debug)]
pub struct SortedServices {
    sort: ServiceSort,
    after: Option<SortKey>,
    limit: usize,
    /// The first of those looked at, in order, one more than the page has room for.
    first: Vec<SortKey>,
    looked_at: Option<ServiceCursor>,
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortedPage {
    /// The items in order.
    pub items: Vec<ServiceId>,
    /// Where the next page goes on; `None` after the last.
    pub next: Option<SortKey>,
}

impl SortedServices {
    /// The page of at most so many after that key.
    pub fn new(sort: ServiceSort, after: Option<SortKey>, limit: usize) -> Self {
        Self {
            sort,
            after,
            limit: limit.clamp(1, MAX_PAGE),
            first: Vec::new(),
            looked_at: None,
        }
    }

    /// Looks at some more, for as long as `go_on` says so. The filter's ids are those of now.
    pub fn slice(
        &mut self,
        topology: &Topology,
        filter: &ServiceFilter,
        mut go_on: impl FnMut() -> bool,
    ) -> Slice {
        let text = filter.text.as_deref().map(str::to_lowercase);
        let begin = self.looked_at.take();
        let room = self.limit + 1;
        let sort = self.sort;
        let after = self.after.as_ref().map(SortKey::row);
        let mut worst = self.first.get(self.limit).map(SortKey::row);
        let mut rows: Vec<Row<'_>> = Vec::new();
        let mut cut = None;
        for (at, id) in (1..).zip(topology.services_after(begin.as_ref())) {
            let it = topology.service(id);
            let row = sort.row(topology, &it);
            let comes_after = |before: &Row<'_>| sort.compare(before, &row) == Ordering::Less;
            if after.as_ref().is_none_or(comes_after)
                && !worst.as_ref().is_some_and(comes_after)
                && topology.service_passes(id, filter, text.as_deref())
            {
                rows.push(row);
            }
            if rows.len() == 4 * room {
                rows.select_nth_unstable_by(self.limit, |a, b| sort.compare(a, b));
                rows.truncate(room);
                worst = rows.last().copied();
            }
            if at == MAX_LOOKED_AT || (at % ASKED_EVERY == 0 && !go_on()) {
                cut = Some(it.key());
                break;
            }
        }
        rows.sort_unstable_by(|a, b| sort.compare(a, b));
        rows.truncate(room);
        let keys: Vec<SortKey> = rows.into_iter().map(Row::to_key).collect();
        self.first.extend(keys);
        self.first.sort_by(|a, b| sort.compare(&a.row(), &b.row()));
        self.first.truncate(room);
        self.looked_at = cut;
        match self.looked_at {
            Some(_) => Slice::Cut,
            None => Slice::Whole,
        }
    }

    /// The page, of that what is still there.
    pub fn end(mut self, topology: &Topology) -> SortedPage {
        let more = self.first.len() > self.limit;
        self.first.truncate(self.limit);
        let found = self.first.iter();
        SortedPage {
            items: found
                .filter_map(|key| topology.find_service(&key.service))
                .collect(),
            next: self.first.pop().filter(|_| more),
        }
    }
}
