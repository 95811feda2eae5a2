//! How owners are reached, and who is asked where an owner does not say (S13, S14).

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::fixture::built;
use crate::fixture::render::all_owners;

/// How each owner of a fixture is reached, beside its own e-mail address.
fn contacts(fixture: &str) -> String {
    let topology = built(fixture);
    let mut lines = String::new();
    for id in all_owners(&topology) {
        let found = topology.owner_contacts(id);
        let ways = found.ways.iter().map(|way| {
            let title = way.title.as_deref();
            let title = title.map_or_else(String::new, |title| format!(" ({title})"));
            format!("{} {}{title}", way.kind.as_str(), way.value)
        });
        let ways: Vec<String> = ways.collect();
        let of = found.of.map_or_else(String::new, |of| format!(", of {of}"));
        writeln!(lines, "{}: {}{of}", topology.owner_ref(id), ways.join("; "))
            .expect("a string takes all");
    }
    lines
}

#[test]
fn annotations_and_links_say_how_an_owner_is_reached() {
    assert_snapshot!(contacts(r#"
        instance main
        entity {kind: Group, metadata: {name: all, annotations: {opsgenie.com/team: Pay, pagerduty.com/service-id: P1, slack.com/bot-notify: " C0 "}, links: [{url: "https://wiki/pay", title: Runbook}, {url: "MAILTO:pay@x"}]}}
        entity {kind: User, metadata: {name: anna, annotations: {slack.com/bot-notify: U1}}}
        entity {kind: Group, metadata: {name: bad, annotations: {slack.com/bot-notify: [a], opsgenie.com/team: " ", pagerduty.com/integration-key: secret}, links: [{url: "javascript:alert(1)"}, {url: 7}, 8, {title: no}, {url: http}]}}
        entity {kind: Group, metadata: {name: odd, links: {url: "https://a"}}}
    "#), @r"
    group:default/all: slack C0; pagerduty P1; opsgenie Pay; link https://wiki/pay (Runbook); link MAILTO:pay@x
    group:default/bad: 
    group:default/odd: 
    user:default/anna: slack U1
    ");
}

#[test]
fn the_nearest_group_above_is_asked_where_an_owner_says_nothing() {
    assert_snapshot!(contacts("
        instance main
        entity {kind: Group, metadata: {name: top, annotations: {slack.com/bot-notify: top}}, spec: {profile: {email: top@x}}}
        entity {kind: Group, metadata: {name: mid}, spec: {parent: top}}
        entity {kind: Group, metadata: {name: low}, spec: {parent: mid}}
        entity {kind: Group, metadata: {name: own}, spec: {parent: top, profile: {email: own@x}}}
        entity {kind: Group, metadata: {name: lost}, spec: {parent: nobody}}
        entity {kind: Group, metadata: {name: circle-a}, spec: {parent: circle-b}}
        entity {kind: Group, metadata: {name: circle-b}, spec: {parent: circle-a}}
        entity {kind: User, metadata: {name: anna}, spec: {memberOf: [low, own]}}
        entity {kind: User, metadata: {name: ben}, spec: {memberOf: [low, circle-a]}}
    "), @r"
    group:default/circle-a: 
    group:default/circle-b: 
    group:default/lost: 
    group:default/low: email top@x; slack top, of group:default/top
    group:default/mid: email top@x; slack top, of group:default/top
    group:default/own: 
    group:default/top: slack top
    user:default/anna: email own@x, of group:default/own
    user:default/ben: email top@x; slack top, of group:default/top
    ");
}
