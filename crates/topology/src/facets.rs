//! How many each value of a filter would leave: one pass over a list, a slice at a time.
//!
//! It owns what counts under which value. What a filter means is `lists`' to say.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::query::{ComponentFilter, ServiceCursor, ServiceFilter, Slice, VerdictCursor};
use crate::topology::{OwnerId, Topology};

/// Bound on the values of one facet.
pub const MAX_VALUES: usize = 50;
/// Bound on the records that a slice looks at.
const MAX_LOOKED_AT: usize = 16_384;
/// After so many records it is asked whether to go on.
const ASKED_EVERY: usize = 64;

/// What a filter could be set to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facet {
    /// Each value with how many there would be, the most first, then by value.
    pub values: Vec<(Box<str>, usize)>,
    /// There are more values.
    pub more: bool,
}

/// How many there are, and the facets in the order that the walk says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted<const N: usize> {
    /// With every filter.
    pub total: usize,
    /// Each with every filter but its own.
    pub facets: [Facet; N],
}

type Counts = HashMap<Box<str>, usize, RandomState>;

#[derive(Debug)]
struct Tally<const N: usize> {
    total: usize,
    counts: [Counts; N],
}

impl<const N: usize> Tally<N> {
    fn new() -> Self {
        Self {
            total: 0,
            counts: std::array::from_fn(|_| Counts::default()),
        }
    }

    /// Counts a record that misses these of the filters and has these values.
    fn take(&mut self, misses: [bool; N], values: [Option<&str>; N]) {
        let failed = misses.iter().filter(|misses| **misses).count();
        self.total += usize::from(failed == 0);
        for ((counts, value), misses) in self.counts.iter_mut().zip(values).zip(misses) {
            // What one filter alone leaves out counts under the facet of that.
            let counts_here = failed == 0 || (failed == 1 && misses);
            let Some(value) = value.filter(|_| counts_here) else {
                continue;
            };
            match counts.get_mut(value) {
                Some(count) => *count += 1,
                None => {
                    counts.insert(value.into(), 1);
                }
            }
        }
    }

    /// `folded` is the facet whose filter looks at no case: values that differ in that only are one, written as the first of
    /// them.
    fn end(self, folded: usize) -> Counted<N> {
        let Self { total, mut counts } = self;
        let one_case = fold(std::mem::take(&mut counts[folded]));
        counts[folded] = one_case;
        Counted {
            total,
            facets: counts.map(facet),
        }
    }
}

fn fold(counts: Counts) -> Counts {
    let mut folded: HashMap<String, (Box<str>, usize), RandomState> = HashMap::default();
    for (value, count) in counts {
        let (written, sum) = folded
            .entry(value.to_lowercase())
            .or_insert_with(|| (value.clone(), 0));
        *sum += count;
        if value < *written {
            *written = value;
        }
    }
    folded.into_values().collect()
}

fn facet(counts: Counts) -> Facet {
    let mut values: Vec<(Box<str>, usize)> = counts.into_iter().collect();
    values.sort_unstable_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.cmp(b)));
    let more = values.len() > MAX_VALUES;
    values.truncate(MAX_VALUES);
    Facet { values, more }
}

/// The facets of Services: cluster, namespace, team, state, lifecycle, system.
#[derive(Debug)]
pub struct ServiceFacets {
    tally: Tally<6>,
    after: Option<ServiceCursor>,
}

impl Default for ServiceFacets {
    fn default() -> Self {
        Self {
            tally: Tally::new(),
            after: None,
        }
    }
}

impl ServiceFacets {
    /// Counts some more, for as long as `go_on` says so. The filter's ids are those of now.
    pub fn slice(
        &mut self,
        topology: &Topology,
        filter: &ServiceFilter,
        mut go_on: impl FnMut() -> bool,
    ) -> Slice {
        let text = filter.text.as_deref().map(str::to_lowercase);
        let after = self.after.take();
        for (at, id) in (1..).zip(topology.services_after(after.as_ref())) {
            let it = topology.service(id);
            if topology.service_may(&it, filter, text.as_deref()) {
                let component = it.component.map(|id| topology.component(id));
                let values = [
                    Some(it.cluster),
                    Some(it.namespace),
                    topology.team(it.owner),
                    Some(it.state.as_str()),
                    component.and_then(|it| it.lifecycle),
                    component.and_then(|it| it.system),
                ];
                self.tally
                    .take(topology.service_misses(&it, filter), values);
            }
            if at == MAX_LOOKED_AT || (at % ASKED_EVERY == 0 && !go_on()) {
                self.after = Some(it.key());
                return Slice::Cut;
            }
        }
        Slice::Whole
    }

    /// What was counted.
    pub fn end(self) -> Counted<6> {
        self.tally.end(2)
    }
}

/// The facets of verdicts: cluster, instance, verdict, state of the owner, team.
#[derive(Debug)]
pub struct ComponentFacets {
    tally: Tally<5>,
    after: Option<VerdictCursor>,
}

impl Default for ComponentFacets {
    fn default() -> Self {
        Self {
            tally: Tally::new(),
            after: None,
        }
    }
}

impl ComponentFacets {
    /// Counts some more, for as long as `go_on` says so. The filter's ids are those of now.
    pub fn slice(
        &mut self,
        topology: &Topology,
        filter: &ComponentFilter,
        mut go_on: impl FnMut() -> bool,
    ) -> Slice {
        let text = filter.text.as_deref().map(str::to_lowercase);
        let after = self.after.take();
        for (at, row) in (1..).zip(topology.verdicts_after(after.as_ref())) {
            let it = topology.component(row.component);
            let cluster = &*topology.at_cluster(row.cluster).name;
            if topology.verdict_may(row, filter, text.as_deref()) {
                let values = [
                    Some(cluster),
                    Some(it.instance),
                    Some(row.kind.as_str()),
                    Some(row.owner.as_str()),
                    topology.team(it.owner),
                ];
                self.tally
                    .take(topology.verdict_misses(row, filter), values);
            }
            if at == MAX_LOOKED_AT || (at % ASKED_EVERY == 0 && !go_on()) {
                self.after = Some(VerdictCursor {
                    cluster: cluster.to_owned(),
                    reference: topology.component_ref(row.component),
                    instance: it.instance.to_owned(),
                });
                return Slice::Cut;
            }
        }
        Slice::Whole
    }

    /// What was counted.
    pub fn end(self) -> Counted<5> {
        self.tally.end(4)
    }
}

impl Topology {
    fn team(&self, owner: Option<OwnerId>) -> Option<&str> {
        owner.map(|id| self.owner(id).display_name)
    }
}
