//! Services in other orders, a page at a time.

use proptest::prelude::*;
use topology::query::{MAX_PAGE, ServiceFilter, Slice};
use topology::sorted::{ServiceSort, SortKey, SortedPage, SortedServices};
use topology::topology::Topology;

use crate::facets::{COMPANY, company, filter};
use crate::fixture::{Fixture, built};

fn page(
    topology: &Topology,
    sort: ServiceSort,
    filter: &ServiceFilter,
    after: Option<SortKey>,
    limit: usize,
) -> SortedPage {
    let mut page = SortedServices::new(sort, after, limit);
    while page.slice(topology, filter, || false) == Slice::Cut {}
    page.end(topology)
}

/// Page by page.
fn whole(
    topology: &Topology,
    sort: ServiceSort,
    filter: &ServiceFilter,
    limit: usize,
) -> Vec<String> {
    let mut ids = Vec::new();
    let mut after = None;
    loop {
        let found = page(topology, sort, filter, after, limit);
        assert!(found.items.len() == limit || found.next.is_none());
        ids.extend(found.items);
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    ids.iter()
        .map(|id| topology.service(*id).key().to_string())
        .collect()
}

fn sort(word: &str) -> ServiceSort {
    let found = ServiceSort::ALL
        .into_iter()
        .find(|sort| sort.as_str() == word);
    found.expect("an order")
}

#[test]
fn every_order() {
    let topology = built(COMPANY);
    let list = "eu1/lab/stray eu1/shop-2/refunds eu1/shop/cart eu1/shop/checkout eu1/shop/nobody us1/shop/checkout";
    let table = [
        ("name", list),
        (
            "-name",
            "us1/shop/checkout eu1/shop/nobody eu1/shop/checkout eu1/shop/cart eu1/shop-2/refunds eu1/lab/stray",
        ),
        (
            "service",
            "eu1/shop/cart eu1/shop/checkout us1/shop/checkout eu1/shop/nobody eu1/shop-2/refunds eu1/lab/stray",
        ),
        (
            "-service",
            "eu1/lab/stray eu1/shop-2/refunds eu1/shop/nobody eu1/shop/checkout us1/shop/checkout eu1/shop/cart",
        ),
        // What has no owner is last, either way.
        (
            "team",
            "eu1/shop/cart eu1/shop/checkout us1/shop/checkout eu1/shop-2/refunds eu1/lab/stray eu1/shop/nobody",
        ),
        (
            "-team",
            "eu1/shop-2/refunds eu1/shop/checkout us1/shop/checkout eu1/shop/cart eu1/lab/stray eu1/shop/nobody",
        ),
        (
            "state",
            "eu1/shop-2/refunds eu1/shop/cart eu1/shop/checkout us1/shop/checkout eu1/shop/nobody eu1/lab/stray",
        ),
        (
            "-state",
            "eu1/lab/stray eu1/shop/nobody eu1/shop-2/refunds eu1/shop/cart eu1/shop/checkout us1/shop/checkout",
        ),
        (
            "component",
            "eu1/shop/cart eu1/shop/checkout us1/shop/checkout eu1/shop/nobody eu1/shop-2/refunds eu1/lab/stray",
        ),
        (
            "-component",
            "eu1/shop-2/refunds eu1/shop/nobody eu1/shop/checkout us1/shop/checkout eu1/shop/cart eu1/lab/stray",
        ),
    ];
    assert_eq!(
        table.map(|(word, _)| word),
        ServiceSort::ALL.map(ServiceSort::as_str)
    );
    for (word, expected) in table {
        let found = whole(&topology, sort(word), &ServiceFilter::default(), 1000);
        assert_eq!(found.join(" "), expected, "{word}");
    }
}

#[test]
fn what_changes_between_two_pages_moves_and_nothing_else_does() {
    let mut fixture = Fixture::read(COMPANY);
    let any = ServiceFilter::default();
    let first = page(&fixture.topology, sort("service"), &any, None, 2);
    // The last one shown goes, one comes before it and one after it.
    fixture.go_on("remove Service us1/shop/checkout\nservice eu1/shop/a\nservice eu1/shop/d");
    let second = page(&fixture.topology, sort("service"), &any, first.next, 10);
    let names: Vec<String> = second
        .items
        .iter()
        .map(|id| fixture.topology.service(*id).key().to_string())
        .collect();
    assert_eq!(
        names,
        [
            "eu1/shop/d",
            "eu1/shop/nobody",
            "eu1/shop-2/refunds",
            "eu1/lab/stray"
        ]
    );
}

proptest! {
    #[test]
    fn the_pages_are_the_whole_list_in_order(
        topology in company(),
        filter in filter(),
        sort in prop::sample::select(ServiceSort::ALL.to_vec()),
        limit in 1_usize..9,
    ) {
        let mut naive: Vec<_> = topology
            .list_services(&filter, None, MAX_PAGE)
            .items
            .into_iter()
            .map(|id| {
                let it = topology.service(id);
                let component = it.component.map(|id| topology.component(id));
                let owner = it.owner.map(|id| topology.owner(id));
                let text = match sort.as_str().trim_start_matches('-') {
                    "service" => Some(it.name),
                    "team" => owner.map(|it| it.display_name),
                    "state" => Some(it.state.as_str()),
                    "component" => component.map(|it| it.name),
                    _ => None,
                };
                let text = text.map(|text| (text.to_lowercase(), text));
                (text.is_none(), text, it.key().to_string())
            })
            .collect();
        // The list is in its order already; a stable sort keeps that among equals.
        if sort.as_str() == "-name" {
            naive.reverse();
        } else if sort.down {
            naive.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(&a.1)));
        } else {
            naive.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        }
        let naive: Vec<String> = naive.into_iter().map(|(.., id)| id).collect();
        prop_assert_eq!(whole(&topology, sort, &filter, limit), naive);
    }
}
