//! S16–S18: what is written on Services and owners, and why.

use insta::assert_snapshot;

use crate::fixture::flow;
use crate::fixture::render::{all_owners, all_services, evidence, label_lines, labels};
use crate::fixture::{FIRST_READ, Fixture, built};

const COMPANY: &str = "
    instance main
    cluster eu1
    group payments display=\"The Payments\" email=pay@example.com
    component shop/Checkout kubernetes-id=checkout ns=shop owner=default/payments type=service lifecycle=production system=Store
    service eu1/shop/checkout
";

#[test]
fn s16_the_labels_of_a_stitched_service() {
    assert_snapshot!(labels(COMPANY), @r"
    eu1/shop/checkout
        causely.ai/backstage-component=Checkout
        causely.ai/backstage-component-lifecycle=production
        causely.ai/backstage-component-system=Store
        causely.ai/backstage-component-type=service
        causely.ai/backstage-kubernetes-id=checkout
        causely.ai/backstage-kubernetes-namespace=shop
        causely.ai/backstage-owner-kind=Group
        causely.ai/backstage-owner-ref=group:default/payments
        causely.ai/backstage-owner-source=spec.owner
        causely.ai/backstage-scraper=main
        causely.ai/team=The Payments
    ");
}

#[test]
fn s16_the_namespace_is_the_resolved_one_when_the_match_was_by_name_alone() {
    assert_snapshot!(labels("
        instance main rules=service-name,label-selector,component-name
        cluster eu1
        component by-name kubernetes-id=checkout
        component by-selector selector=app=cart
        component own-name
        service eu1/shop/checkout
        service eu1/legacy/cart labels=app:cart
        service eu1/legacy/own-name
    "), @r"
    eu1/legacy/cart
        causely.ai/backstage-component=by-selector
        causely.ai/backstage-kubernetes-namespace=legacy
        causely.ai/backstage-scraper=main

    eu1/legacy/own-name
        causely.ai/backstage-component=own-name
        causely.ai/backstage-kubernetes-id=own-name
        causely.ai/backstage-kubernetes-namespace=legacy
        causely.ai/backstage-scraper=main

    eu1/shop/checkout
        causely.ai/backstage-component=by-name
        causely.ai/backstage-kubernetes-id=checkout
        causely.ai/backstage-kubernetes-namespace=shop
        causely.ai/backstage-scraper=main
    ");
}

#[test]
fn s16_one_prefix_is_shared_by_all() {
    let with_prefix = |prefix: &str| labels(&format!("prefix {prefix}\n{COMPANY}"));
    assert_eq!(
        with_prefix("example.org"),
        labels(COMPANY).replace("causely.ai/", "example.org/")
    );
    assert_eq!(built("prefix example.org").label_prefix(), "example.org");
}

#[test]
fn s16_the_labels_of_an_owner() {
    let topology = built(
        "
        instance main
        group Payments display=\"The Payments\" email=pay@example.com
        user anna
    ",
    );
    let text: String = all_owners(&topology)
        .into_iter()
        .map(|id| label_lines(&topology.owner_labels(id)) + "\n")
        .collect();
    assert_snapshot!(text, @r"
    causely.ai/backstage-owner-kind=Group
    causely.ai/backstage-owner-ref=group:default/payments
    causely.ai/backstage-scraper=main
    causely.ai/display-name=The Payments
    causely.ai/email=pay@example.com

    causely.ai/backstage-owner-kind=User
    causely.ai/backstage-owner-ref=user:default/anna
    causely.ai/backstage-scraper=main
    causely.ai/display-name=anna
    ");
}

#[test]
fn s17_an_absent_value_is_no_label() {
    assert_snapshot!(labels("
        instance main
        cluster eu1
        component bare kubernetes-id=checkout type=\" \" lifecycle=\"\" owner=gone
        service eu1/shop/checkout labels=own:label
        service eu1/shop/unclaimed labels=own:label
    "), @r"
    eu1/shop/checkout
        causely.ai/backstage-component=bare
        causely.ai/backstage-kubernetes-id=checkout
        causely.ai/backstage-kubernetes-namespace=shop
        causely.ai/backstage-scraper=main
    ");
}

#[test]
fn s17_no_label_is_ever_empty() {
    let topology = built(&format!(
        "{COMPANY} component bare kubernetes-id=a\nservice eu1/shop/a\nuser anna"
    ));
    let labels = all_services(&topology)
        .into_iter()
        .flat_map(|id| topology.service_labels(id))
        .chain(
            all_owners(&topology)
                .into_iter()
                .flat_map(|id| topology.owner_labels(id)),
        );
    let mut count = 0;
    for label in labels {
        count += 1;
        assert!(!label.value.trim().is_empty(), "{}", label.key);
        assert!(
            !label.why.is_empty(),
            "S18: {} says where it is from",
            label.key
        );
    }
    assert!(count > 15, "{count} labels");
}

#[test]
fn s18_a_verdict_holds_rule_path_raw_value_object_instance_generation_and_time() {
    let fixture = format!(
        "
        {COMPANY}
        component later kubernetes-id=later
        apply
        component later kubernetes-id=\" Later \"
        apply
        component later kubernetes-id=\"Later\"
    "
    );
    assert_snapshot!(evidence(&fixture), @r#"
    eu1 later@main: service-not-found | owner: none
        id at annotations.backstage.io/kubernetes-id: Later
        namespace at annotations.backstage.io/kubernetes-namespace: –
        rule service-name: Service `Later` in any namespace: 0 found: 
        Miss { namespace_exists: None, near_namespaces: [], elsewhere: [], near_services: [], other_clusters: [] }
        there is no Service `Later` in any namespace Some("backstage.io/kubernetes-id: <name of a Service that runs>  # under `metadata.annotations`")
        read in generation 2 at 1700000060
    eu1 shop/checkout@main: stitched → eu1/shop/checkout (service-name) | owner group:default/payments (spec.owner)
        id at annotations.backstage.io/kubernetes-id: checkout
        namespace at annotations.backstage.io/kubernetes-namespace: shop
        rule service-name: Service `checkout` in namespace `shop`: 1 found: eu1/shop/checkout
        owner at spec.owner: group:default/payments Resolved
        rule `service-name` found Service `checkout` in namespace `shop` None
        read in generation 1 at 1700000000
    "#);
}

#[test]
fn s18_times_are_those_of_the_reading_that_last_changed_it() {
    let mut fixture = Fixture::read(COMPANY);
    fixture.go_on("group payments display=Renamed");
    fixture.go_on("component new");
    let [checkout, new] = ["component:shop/checkout", "component:default/new"].map(|reference| {
        let reference = topology::entity_ref::EntityRef::parse(reference, None, "default");
        let found = fixture
            .topology
            .find_components(&reference.expect("a reference"));
        fixture.topology.component(found[0])
    });
    assert_eq!((checkout.generation, checkout.read_at), (1, FIRST_READ));
    assert_eq!((new.generation, new.read_at), (3, FIRST_READ + 120));
    let owner = fixture.topology.owner(all_owners(&fixture.topology)[0]);
    assert_eq!((owner.generation, owner.read_at), (2, FIRST_READ + 60));
}

#[test]
fn s16_an_odd_name_is_written_as_it_is() {
    let mut fixture = Fixture::read("instance main\ncluster eu1\nservice eu1/shop/x");
    fixture.document(&flow::value(
        "{kind: COMPONENT, metadata: {name: \" Ünïcode & Söhne \", annotations: {backstage.io/kubernetes-id: x}}}",
    ));
    fixture.go_on("");
    let topology = &fixture.topology;
    let id = all_services(topology)[0];
    assert_snapshot!(label_lines(&topology.service_labels(id)), @r"
    causely.ai/backstage-component=Ünïcode & Söhne
    causely.ai/backstage-kubernetes-id=x
    causely.ai/backstage-kubernetes-namespace=shop
    causely.ai/backstage-scraper=main
    ");
}
