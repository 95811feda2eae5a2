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
    "), @r#"
    eu1 dangling-then-next@main: no-kubernetes-id | owner group:default/ops (annotations.backstage.io/owner), tried group:default/gone Dangling, group:default/ops Resolved
        id at annotations.backstage.io/kubernetes-id: –
        namespace at annotations.backstage.io/kubernetes-namespace: –
        rule service-name: nothing to look for: 0 found: 
        owner at spec.owner: group:default/gone Dangling
        owner at annotations.backstage.io/owner: group:default/ops Resolved
        Miss { namespace_exists: None, near_namespaces: [], elsewhere: [], near_services: [], other_clusters: [] }
        no value at `annotations.backstage.io/kubernetes-id` Some("backstage.io/kubernetes-id: <name of a Service that runs>  # under `metadata.annotations`")
        read in generation 1 at 1700000000
    eu1 list@main: no-kubernetes-id | owner group:default/ops (spec.owner), tried group:default/gone Dangling, system:default/pay WrongKind, group:default/ops Resolved, group:default/pay NotTried
        id at annotations.backstage.io/kubernetes-id: –
        namespace at annotations.backstage.io/kubernetes-namespace: –
        rule service-name: nothing to look for: 0 found: 
        owner at spec.owner: group:default/gone Dangling
        owner at spec.owner: system:default/pay WrongKind
        owner at spec.owner: group:default/ops Resolved
        owner at spec.owner: group:default/pay NotTried
        Miss { namespace_exists: None, near_namespaces: [], elsewhere: [], near_services: [], other_clusters: [] }
        no value at `annotations.backstage.io/kubernetes-id` Some("backstage.io/kubernetes-id: <name of a Service that runs>  # under `metadata.annotations`")
        read in generation 1 at 1700000000
    eu1 spec-first@main: no-kubernetes-id | owner group:default/pay (spec.owner), tried group:default/pay Resolved, group:default/ops NotTried
        id at annotations.backstage.io/kubernetes-id: –
        namespace at annotations.backstage.io/kubernetes-namespace: –
        rule service-name: nothing to look for: 0 found: 
        owner at spec.owner: group:default/pay Resolved
        owner at annotations.backstage.io/owner: group:default/ops NotTried
        Miss { namespace_exists: None, near_namespaces: [], elsewhere: [], near_services: [], other_clusters: [] }
        no value at `annotations.backstage.io/kubernetes-id` Some("backstage.io/kubernetes-id: <name of a Service that runs>  # under `metadata.annotations`")
        read in generation 1 at 1700000000
    "#);
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
    "), @r"
    eu1 bare@main: no-kubernetes-id | owner group:default/pay (spec.owner)
    eu1 team/bare@main: no-kubernetes-id | owner group:team/pay (spec.owner)
    eu1 team/bare-person@main: no-kubernetes-id | owner: unresolved, tried group:team/anna Dangling, near user:team/anna
    eu1 team/full@main: no-kubernetes-id | owner group:default/pay (spec.owner)
    eu1 team/person@main: no-kubernetes-id | owner user:team/anna (spec.owner)
    eu1 team/slash@main: no-kubernetes-id | owner group:default/pay (spec.owner)
    eu1 team/twin@main: no-kubernetes-id | owner: unresolved, tried group:team/twin Dangling, near user:team/twin
    eu1 team/upper@main: no-kubernetes-id | owner group:team/pay (spec.owner)
    ");
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
        component nested spec:owner=\"[[pay], null, pay]\"
        component number spec:owner=\"[1, pay]\"
        component nameless-map spec:owner=\"{kind: Group}\"
        component empty-map spec:owner=\"{}\"
        component empty-list spec:owner=\"[]\"
    "), @r"
    eu1 bare-map@main: no-kubernetes-id | owner group:default/pay (spec.owner)
    eu1 empty-list@main: no-kubernetes-id | owner: none
    eu1 empty-map@main: no-kubernetes-id | owner: none
    eu1 full-map@main: no-kubernetes-id | owner group:team/pay (spec.owner)
    eu1 list-of-maps@main: no-kubernetes-id | owner user:default/anna (spec.owner), tried group:default/gone Dangling, user:default/anna Resolved, group:default/pay NotTried
    eu1 map@main: no-kubernetes-id | owner user:default/anna (spec.owner)
    eu1 nameless-map@main: no-kubernetes-id | owner: unresolved, tried (a map without a `name`) Malformed
    eu1 nested@main: no-kubernetes-id | owner group:default/pay (spec.owner)
    eu1 number@main: no-kubernetes-id | owner group:default/pay (spec.owner), tried group:default/1 Dangling, group:default/pay Resolved
    ");
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
    "), @r"
    eu1 kind@b: no-kubernetes-id | owner: unresolved, tried system:default/pay WrongKind
    eu1 mine@a: no-kubernetes-id | owner group:default/pay (spec.owner)
    eu1 theirs@b: no-kubernetes-id | owner: unresolved, tried group:default/pay Dangling
    ");
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
    "), @r"
    eu1 dangling@main: stitched → eu1/shop/a (service-name) | owner: unresolved, tried group:default/paymnets Dangling, :odd Malformed, near group:default/payments
        rule `service-name` found Service `a` in any namespace
        fix: owner: group:default/payments  # under `spec`; `group:default/paymnets` is no Group or User of instance `main`
    eu1 none@main: stitched → eu1/shop/b (service-name) | owner: none
        rule `service-name` found Service `b` in any namespace
        fix: owner: group:<name of a Group>  # under `spec`
    eu1 resolved@main: stitched → eu1/shop/c (service-name) | owner group:default/payments (spec.owner)
        rule `service-name` found Service `c` in any namespace
    ");
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
    "), @r"
    eu1/shop/a: stitched-without-owner by dangling@main
    eu1/shop/b: stitched-without-owner by none@main
    eu1/shop/c: owned by resolved@main of group:default/payments
    eu1/shop/d: unclaimed
    ");
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
    "), @r"
    group:default/bare @main: Group `Bare`
    group:default/titled @main: Group `Title`
    group:default/titled @other: Group `titled`
    group:tech/pay @main: Group `The Payments` <pay@example.com>, parent group:tech/board, children group:tech/a, group:other/b, members user:tech/anna, user:tech/bob
    user:default/anna @main: User `Anna` <anna@example.com>, member of group:default/pay, group:tech/pay
    ");
}

#[test]
fn s14_an_owner_is_updated() {
    assert_snapshot!(owners("
        instance main
        group pay title=Old email=old@example.com parent=board
        apply
        group pay title=New
    "), @r"group:default/pay @main: Group `New`");
}

#[test]
fn s14_odd_fields_of_an_owner_count_as_absent() {
    assert_snapshot!(owners("
        instance main
        entity {kind: Group, metadata: {name: list, title: [a]}, spec: {profile: [x], children: one, parent: [a, b], members: null}}
        entity {kind: Group, metadata: {name: text}, spec: text}
        entity {kind: user, metadata: {name: 7}, spec: {profile: {displayName: 7, email: true}, memberOf: [\":\", ok]}}
    "), @r"
    group:default/list @main: Group `list`, parent group:default/a, children group:default/one
    group:default/text @main: Group `text`
    user:default/7 @main: User `7` <true>, member of group:default/ok
    ");
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
    "), @r"
    eu1 four@main: no-kubernetes-id | owner group:default/pay (relations.ownedBy)
    eu1 one@main: no-kubernetes-id | owner group:default/pay (labels.team)
    eu1 three@main: no-kubernetes-id | owner group:default/pay (spec.owner)
    eu1 two@main: no-kubernetes-id | owner group:default/pay (metadata.annotations.example.com/owner)
    ");
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
    "), @r"
    eu1 odd@main: no-kubernetes-id | owner group:default/pay (spec.owner)
    eu1 odder@main: no-kubernetes-id | owner group:default/pay (spec.owner)
    eu1 older@main: no-kubernetes-id | owner user:default/anna (relations.ownedBy)
    eu1 second@main: no-kubernetes-id | owner user:default/anna (relations.ownedBy), tried group:default/gone Dangling, user:default/anna Resolved
    ");
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
    "), @r"
    eu1 a@main: no-kubernetes-id | owner group:default/pay (spec.owner), tried group:default/pay Resolved, user:default/anna NotTried
    eu1 b@main: no-kubernetes-id | owner group:default/pay (spec.owner)
    eu1 c@main: no-kubernetes-id | owner: unresolved, tried group:default/ops Dangling
    ");
}
