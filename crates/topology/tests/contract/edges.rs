//! The rare and the odd: what a catalog or a cluster should not say, and sometimes does.

use std::fmt::Write;

use insta::assert_snapshot;
use topology::verdict::MAX_SHOWN;

use crate::fixture::render::{all_verdicts, everything, services, verdict_line, verdicts};
use crate::fixture::{Fixture, built, flow};

#[test]
fn s9_odd_names_are_taken_as_they_are() {
    let mut fixture = Fixture::read(
        "
        instance main rules=component-name
        cluster eu1
        service eu1/shop/UPPER_case.v1
        service eu1/shop/ünïcode
    ",
    );
    for name in [
        "UPPER_case.v1",
        "ünïcode",
        "with blank",
        "a/b",
        "a:b",
        "emoji 🛒",
        "new\\nline",
    ] {
        fixture.document(&flow::value(&format!(
            "{{kind: Component, metadata: {{name: \"{name}\"}}}}"
        )));
    }
    fixture.go_on("");
    assert!(fixture.faults.is_empty(), "{:?}", fixture.faults);
    let lines: Vec<String> = all_verdicts(&fixture.topology)
        .iter()
        .map(verdict_line)
        .collect();
    assert_snapshot!(lines.join("\n"), @r"
    eu1 a/b@main: service-not-found | owner: none
    eu1 a:b@main: service-not-found | owner: none
    eu1 emoji 🛒@main: service-not-found | owner: none
    eu1 new\nline@main: service-not-found | owner: none
    eu1 upper_case.v1@main: stitched → eu1/shop/UPPER_case.v1 (component-name) | owner: none
    eu1 with blank@main: service-not-found | owner: none
    eu1 ünïcode@main: stitched → eu1/shop/ünïcode (component-name) | owner: none
    ");
}

#[test]
fn s10_a_slash_in_a_name_mixes_no_components_up() {
    // Both references are written `component:a/b/c`; only one of them can be meant by it.
    let mut fixture = Fixture::read("instance main\ncluster eu1\nservice eu1/shop/x");
    for (namespace, name) in [("a", "b/c"), ("a/b", "c"), ("a", "b/d"), ("a", "z")] {
        fixture.document(&flow::value(&format!(
            "{{kind: Component, metadata: {{name: {name}, namespace: {namespace}, annotations: {{backstage.io/kubernetes-id: x}}}}}}"
        )));
    }
    fixture.go_on("");
    assert_eq!(
        fixture.faults,
        ["`metadata.namespace`: `a/b`, expected a text without `/`"]
    );
    fixture.go_on("remove component:a/b/c");
    let lines: Vec<String> = all_verdicts(&fixture.topology)
        .iter()
        .map(verdict_line)
        .collect();
    assert_snapshot!(lines.join("\n"), @r"
    eu1 a/b/d@main: stitched → eu1/shop/x (service-name) | owner: none
    eu1 a/z@main: conflict over eu1/shop/x with a/b/d@main (service-name) | owner: none
    ");
}

#[test]
fn s20_an_entity_given_twice_counts_as_given_last() {
    assert_snapshot!(verdicts("
        instance main
        cluster eu1
        group pay
        component checkout kubernetes-id=a owner=pay
        component Checkout kubernetes-id=b
        service eu1/shop/a
        service eu1/shop/b
    "), @r"
    eu1 checkout@main: stitched → eu1/shop/b (service-name) | owner: none
    ");
}

#[test]
fn s9_the_same_reference_in_two_instances_are_two_components() {
    assert_snapshot!(verdicts("
        cluster eu1
        service eu1/shop/a
        service eu1/shop/b
        instance one
        group pay display=One
        component checkout kubernetes-id=a owner=pay
        instance two
        component checkout kubernetes-id=b owner=pay
        apply
        instance two
        remove component:default/checkout
        component checkout kubernetes-id=a owner=pay
    "), @r"
    eu1 checkout@one: stitched → eu1/shop/a (service-name) | owner group:default/pay (spec.owner)
    eu1 checkout@two: conflict over eu1/shop/a with checkout@one (service-name) | owner: unresolved, tried group:default/pay Dangling
    ");
}

#[test]
fn s7_evidence_has_a_bound_and_says_how_many_there_are() {
    let count = MAX_SHOWN + 500;
    let mut text = "instance main rules=service-name,label-selector\ncluster eu1\n\
                    component many kubernetes-id=twin\ncomponent wide selector=app=x\n"
        .to_owned();
    for number in 0..count {
        let _ = writeln!(text, "service eu1/ns-{number:05}/twin labels=app:x");
    }
    let verdicts = all_verdicts(&built(&text));
    let [many, wide] = verdicts.as_slice() else {
        panic!("two components");
    };
    assert_eq!(
        (many.candidates.len(), many.rules[0].found_total),
        (MAX_SHOWN, count)
    );
    assert!(
        many.reason().starts_with("1500 Services"),
        "{}",
        many.reason()
    );
    assert!(many.reason().len() < 300 && many.fix().expect("a fix").len() < 300);
    assert_eq!(
        (wide.services.len(), wide.rules[1].found_total),
        (MAX_SHOWN, count)
    );
}

#[test]
fn s12_long_lists_of_owners_have_a_bound() {
    let mut fixture = Fixture::read("instance main\ncluster eu1\ngroup pay");
    let names: Vec<String> = (0..20_000).map(|number| format!("gone-{number}")).collect();
    let names = names.join(", ");
    fixture.document(&flow::value(&format!(
        "{{kind: Component, metadata: {{name: x}}, spec: {{owner: [{names}, pay]}}}}"
    )));
    fixture.go_on("");
    let verdicts = all_verdicts(&fixture.topology);
    assert_eq!(verdicts[0].owner.tried.len(), topology::entity::MAX_LISTED);
}

#[test]
fn s11_a_service_with_very_many_labels_keeps_the_bound() {
    let labels: Vec<String> = (0..400)
        .map(|number| format!("key-{number:03}:x"))
        .collect();
    let text = services(&format!(
        "instance main rules=label-selector\ncluster eu1\ncomponent first selector=key-000=x\n\
         component last selector=key-399=x\nservice eu1/shop/many labels={} selector=app:x",
        labels.join(",")
    ));
    assert_eq!(
        text,
        "eu1/shop/many: stitched-without-owner by first@main\n"
    );
}

#[test]
fn s26_names_that_are_given_back_change_nothing_of_what_stays() {
    // More names than are kept before the dead among them are given back.
    const NAMES: usize = 110_000;
    let kept = "
        instance main rules=service-name,kubernetes-id-label,label-selector,component-name owner-paths=spec.owner
        cluster eu1
        group pay display=\"The Payments\" email=pay@example.com parent=tech children=a members=anna
        user anna member-of=pay
        component checkout kubernetes-id=checkout owner=[gone] type=service lifecycle=x system=y
        component selecting selector=\"app in (a,b),!c\" owner=pay
        component missing kubernetes-id=not-there-yet ns=nowhere owner=:odd
        service eu1/shop/checkout selector=app:web
        service eu1/shop/selected labels=app:b
        namespace eu1/empty
        deployment eu1/shop/web labels=app:web uid=d1
        pod eu1/shop/web-1 labels=app:web,x:y controller=Deployment/web/d1 node=n1
    ";
    let later = "
        service eu1/nowhere/not-there-yet labels=app:a
        service eu1/shop/selected labels=app:b,c:d
        remove group:default/pay
    ";
    let mut fixture = Fixture::read(kept);
    let services = |verb: &str| -> String {
        let line = |number| format!("{verb} eu1/churn/churn-{number}\n");
        (0..NAMES).map(line).collect::<Vec<String>>().concat()
    };
    fixture.go_on(&services("service"));
    fixture.go_on(&services("remove Service"));
    fixture.go_on("");
    assert_eq!(
        everything(&fixture.topology),
        everything(&Fixture::read(kept).topology)
    );
    fixture.go_on(later);
    let mut fresh = Fixture::read(kept);
    for _ in 0..3 {
        fresh.go_on("");
    }
    fresh.go_on(later);
    assert_eq!(everything(&fixture.topology), everything(&fresh.topology));
}
