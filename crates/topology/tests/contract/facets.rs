//! Facets: counts by value with every filter but their own.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;
use topology::facets::{ComponentFacets, Counted, Facet, MAX_VALUES, ServiceFacets};
use topology::query::{ComponentFilter, MAX_PAGE, ServiceFilter, Slice};
use topology::topology::Topology;
use topology::verdict::{ServiceState, VerdictKind};

use crate::fixture::built;

pub(crate) const COMPANY: &str = "
    instance main
    cluster us1
    cluster eu1
    group pay display=Payments
    group pay-2 display=payments
    group ops display=Ops
    component checkout kubernetes-id=checkout owner=pay lifecycle=production system=store
    component refunds kubernetes-id=refunds owner=pay-2 lifecycle=experimental system=store
    component cart kubernetes-id=cart owner=ops lifecycle=production
    component nobody kubernetes-id=nobody owner=gone
    component lost
    service eu1/shop/checkout
    service eu1/shop-2/refunds
    service eu1/shop/cart
    service eu1/shop/nobody
    service eu1/lab/stray
    service us1/shop/checkout
";

fn services(topology: &Topology, filter: &ServiceFilter) -> Counted<6> {
    let mut facets = ServiceFacets::default();
    while facets.slice(topology, filter, || false) == Slice::Cut {}
    facets.end()
}

fn components(topology: &Topology, filter: &ComponentFilter) -> Counted<5> {
    let mut facets = ComponentFacets::default();
    while facets.slice(topology, filter, || false) == Slice::Cut {}
    facets.end()
}

fn said(facet: &Facet) -> String {
    let values = facet.values.iter();
    let values: Vec<String> = values
        .map(|(value, count)| format!("{value} {count}"))
        .collect();
    values.join(", ")
}

#[test]
fn services_by_value() {
    let topology = built(COMPANY);
    let all = services(&topology, &ServiceFilter::default());
    assert_eq!(all.total, 6);
    assert_eq!(
        all.facets.each_ref().map(said),
        [
            "eu1 5, us1 1",
            "shop 4, lab 1, shop-2 1",
            "Payments 3, Ops 1",
            "owned 4, stitched-without-owner 1, unclaimed 1",
            "production 3, experimental 1",
            "store 3",
        ]
    );
    let some = services(
        &topology,
        &ServiceFilter {
            cluster: Some("eu1".to_owned()),
            team: Some("PAYMENTS".to_owned()),
            ..ServiceFilter::default()
        },
    );
    assert_eq!(some.total, 2);
    assert_eq!(
        some.facets.each_ref().map(said),
        [
            "eu1 2, us1 1",
            "shop 1, shop-2 1",
            "Payments 2, Ops 1",
            "owned 2",
            "experimental 1, production 1",
            "store 2",
        ]
    );
}

#[test]
fn components_by_value() {
    let topology = built(COMPANY);
    let some = components(
        &topology,
        &ComponentFilter {
            cluster: Some("eu1".to_owned()),
            verdict: Some(VerdictKind::Stitched),
            ..ComponentFilter::default()
        },
    );
    assert_eq!(some.total, 4);
    assert_eq!(
        some.facets.each_ref().map(said),
        [
            "eu1 4, us1 1",
            "main 4",
            "stitched 4, no-kubernetes-id 1",
            "resolved 3, unresolved 1",
            "Payments 2, Ops 1",
        ]
    );
}

#[test]
fn a_facet_has_a_bound() {
    let mut text = "cluster eu1\n".to_owned();
    for number in 0..=MAX_VALUES {
        let _ = writeln!(text, "service eu1/ns-{number}/a");
    }
    let counted = services(&built(&text), &ServiceFilter::default());
    assert_eq!(counted.total, MAX_VALUES + 1);
    assert_eq!(counted.facets[1].values.len(), MAX_VALUES);
    assert!(counted.facets[1].more && !counted.facets[0].more);
}

/// Each value by a list of its own.
fn naive(topology: &Topology, filter: &ServiceFilter, at: usize) -> Vec<(Box<str>, usize)> {
    let mut others = filter.clone();
    match at {
        0 => others.cluster = None,
        1 => others.namespace = None,
        2 => others.team = None,
        3 => others.state = None,
        4 => others.lifecycle = None,
        _ => others.system = None,
    }
    let mut counts: BTreeMap<Box<str>, usize> = BTreeMap::new();
    for id in topology.list_services(&others, None, MAX_PAGE).items {
        let it = topology.service(id);
        let component = it.component.map(|id| topology.component(id));
        let value = match at {
            0 => Some(it.cluster),
            1 => Some(it.namespace),
            2 => it.owner.map(|id| topology.owner(id).display_name),
            3 => Some(it.state.as_str()),
            4 => component.and_then(|it| it.lifecycle),
            _ => component.and_then(|it| it.system),
        };
        if let Some(value) = value {
            // Of teams one case is there in these companies.
            *counts.entry(value.into()).or_default() += 1;
        }
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

/// A company of so few values that they meet.
pub(crate) fn company() -> impl Strategy<Value = Topology> {
    let name = || prop::sample::select(vec!["a", "b", "c", "d", "B", "ä"]);
    let service = (
        prop::sample::select(vec!["eu1/x", "eu1/y", "us1/x"]),
        name(),
    )
        .prop_map(|(place, name)| format!("service {place}/{name}"));
    let component = (
        name(),
        name(),
        prop::sample::select(vec!["", " owner=one", " owner=two", " owner=gone"]),
        prop::sample::select(vec!["", " lifecycle=production", " lifecycle=old"]),
        prop::sample::select(vec!["", " system=store", " system=lab"]),
    )
        .prop_map(|(name, id, owner, lifecycle, system)| {
            format!("component {name} kubernetes-id={id} ns=x{owner}{lifecycle}{system}")
        });
    let lines = prop::collection::vec(prop_oneof![service, component], 0..40);
    lines.prop_map(|lines| {
        let head = "instance main\ncluster eu1\ncluster us1\ngroup one display=One\ngroup two display=two\n";
        built(&format!("{head}{}", lines.join("\n")))
    })
}

/// A filter over the values of such a company.
pub(crate) fn filter() -> impl Strategy<Value = ServiceFilter> {
    let one_of = |values: Vec<&'static str>| {
        prop::option::weighted(0.3, prop::sample::select(values).prop_map(str::to_owned))
    };
    (
        one_of(vec!["eu1", "us1"]),
        one_of(vec!["x", "y"]),
        one_of(vec!["one", "TWO"]),
        prop::option::weighted(0.3, prop::sample::select(ServiceState::ALL.to_vec())),
        one_of(vec!["production", "old"]),
        one_of(vec!["store", "lab"]),
        one_of(vec!["a", "b"]),
    )
        .prop_map(
            |(cluster, namespace, team, state, lifecycle, system, text)| ServiceFilter {
                cluster,
                namespace,
                team,
                state,
                lifecycle,
                system,
                text,
                ..ServiceFilter::default()
            },
        )
}

proptest! {
    #[test]
    fn one_pass_counts_as_a_list_for_each(topology in company(), filter in filter()) {
        let counted = services(&topology, &filter);
        prop_assert_eq!(counted.total, topology.list_services(&filter, None, MAX_PAGE).items.len());
        for (at, facet) in counted.facets.into_iter().enumerate() {
            prop_assert_eq!(facet.values, naive(&topology, &filter, at), "facet {}", at);
        }
    }
}
