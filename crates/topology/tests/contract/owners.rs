//! S12–S15: whose a component is, and who there is.

use insta::assert_snapshot;

use crate::fixture::render::{evidence, owners, reasons, services, verdicts};

#[test]
fn s12_the_first_candidate_that_resolves_wins() {
    assert_snapshot!(evidence("
        instance main
        cluster eu1
        group pay
        group ops
        component spec-first owner=pay annotation:backstage.io/owner=ops
        component dangling-then-next owner=gone annotation:backstage.io/owner=ops
        component list spec:owner=\"[gone, system:default/pay, ops, pay]\"
    "), @"");
}

#[test]
fn s12_references_default_to_groups_of_the_components_namespace() {
    assert_snapshot!(verdicts("
        instance main
        cluster eu1
        group pay
        group team/pay
        user team/anna
        user team/twin
        component bare owner=pay
        component team/bare owner=pay
        component team/full owner=group:default/pay
        component team/slash owner=default/pay
        component team/upper owner=GROUP:PAY
        component team/person owner=user:anna
        component team/bare-person owner=anna
        component team/twin owner=twin
    "), @"");
}

#[test]
fn s12_maps_and_lists_are_read() {
    assert_snapshot!(verdicts("
        instance main
        cluster eu1
        group pay
        group team/pay
        user anna
        component map spec:owner=\"{kind: User, name: anna}\"
        component full-map spec:owner=\"{kind: Group, namespace: team, name: Pay}\"
        component bare-map spec:owner=\"{name: pay}\"
        component list-of-maps spec:owner=\"[{name: gone}, {kind: user, name: anna}, pay]\"
        component nested spec:owner=\"[[pay], null, , pay]\"
        component number spec:owner=\"[1, pay]\"
        component nameless-map spec:owner=\"{kind: Group}\"
        component empty-map spec:owner=\"{}\"
        component empty-list spec:owner=\"[]\"
    "), @"");
}

#[test]
fn s12_only_groups_and_users_of_the_same_instance_count() {
    assert_snapshot!(verdicts("
        instance a
        cluster eu1
        group pay
        component mine owner=pay
        instance b
        component theirs owner=pay
        component kind owner=system:default/pay
    "), @"");
}

#[test]
fn s13_without_an_owner_the_component_is_still_stitched() {
    assert_snapshot!(reasons("
        instance main
        cluster eu1
        group payments
        component dangling kubernetes-id=a owner=paymnets annotation:backstage.io/owner=:odd
        component none kubernetes-id=b owner=\" \"
        component resolved kubernetes-id=c owner=payments
        service eu1/shop/a
        service eu1/shop/b
        service eu1/shop/c
    "), @"");
}

#[test]
fn s13_the_states_of_services() {
    assert_snapshot!(services("
        instance main
        cluster eu1
        group payments
        component dangling kubernetes-id=a owner=gone
        component none kubernetes-id=b
        component resolved kubernetes-id=c owner=payments
        service eu1/shop/a
        service eu1/shop/b
        service eu1/shop/c
        service eu1/shop/d
    "), @"");
}

#[test]
fn s14_every_group_and_user_is_an_owner() {
    assert_snapshot!(owners("
        instance main
        group Tech/Pay title=Title display=\"The Payments\" email=pay@example.com parent=board children=a,other/b members=Anna,user:tech/bob
        group titled title=Title display=\" \"
        group Bare email=\" \"
        user anna display=Anna email=anna@example.com member-of=pay,Tech/Pay
        instance other
        group titled
        component not-an-owner
    "), @"");
}

#[test]
fn s14_an_owner_is_updated() {
    assert_snapshot!(owners("
        instance main
        group pay title=Old email=old@example.com parent=board
        apply
        group pay title=New
    "), @"");
}

#[test]
fn s14_odd_fields_of_an_owner_count_as_absent() {
    assert_snapshot!(owners("
        instance main
        entity {kind: Group, metadata: {name: list, title: [a]}, spec: {profile: [x], children: one, parent: [a, b], members: null}}
        entity {kind: Group, metadata: {name: text}, spec: text}
        entity {kind: user, metadata: {name: 7}, spec: {profile: {displayName: 7, email: true}, memberOf: [\":\", ok]}}
    "), @"");
}

#[test]
fn s15_the_owner_source_is_the_path_that_supplied_it() {
    assert_snapshot!(verdicts("
        instance main owner-paths=labels.team,metadata.annotations.example.com/owner,spec.owner,relations.ownedBy
        cluster eu1
        group pay
        component one label:team=pay
        component two annotation:example.com/owner=pay
        component three owner=pay
        entity {kind: Component, metadata: {name: four}, relations: [{type: ownedBy, targetRef: \"group:default/pay\"}]}
    "), @"");
}

#[test]
fn s15a_targets_of_owned_by_relations_are_candidates() {
    assert_snapshot!(verdicts("
        instance main owner-paths=relations.ownedBy,spec.owner
        cluster eu1
        group pay
        user anna
        entity {kind: Component, metadata: {name: second}, relations: [{type: partOf, targetRef: \"group:default/pay\"}, {type: ownedBy, targetRef: \"group:default/gone\"}, {type: ownedBy, targetRef: \"user:default/anna\"}]}
        entity {kind: Component, metadata: {name: older}, relations: [{type: ownedBy, target: {kind: User, namespace: default, name: Anna}}]}
        entity {kind: Component, metadata: {name: odd}, relations: {type: ownedBy}, spec: {owner: pay}}
        entity {kind: Component, metadata: {name: odder}, relations: [ownedBy, null, {type: ownedBy}], spec: {owner: pay}}
    "), @"");
}

#[test]
fn s12_owners_that_come_and_go_are_followed() {
    assert_snapshot!(verdicts("
        instance main
        cluster eu1
        component a owner=pay annotation:backstage.io/owner=user:anna
        component b owner=pay
        component c owner=ops
        apply
        user anna
        apply
        group pay
        group ops
        apply
        remove group:default/ops
    "), @"");
}
