//! S10: who of several components has a Service.

use insta::assert_snapshot;

use crate::fixture::render::{reasons, verdicts};

/// Each tie-break in turn: the lines of two components, of which the first wins, whatever order they arrive in.
const WINNER_THEN_LOSER: [(&str, [&str; 2]); 6] = [
    (
        "no orphan",
        [
            "component zzz kubernetes-id=checkout",
            "component aaa kubernetes-id=checkout ns=shop orphan",
        ],
    ),
    (
        "explicit namespace",
        [
            "component zzz kubernetes-id=checkout ns=shop",
            "component aaa kubernetes-id=checkout",
        ],
    ),
    (
        "explicit namespace among orphans",
        [
            "component zzz kubernetes-id=checkout ns=shop orphan",
            "component aaa kubernetes-id=checkout orphan",
        ],
    ),
    (
        "lowest name",
        [
            "component aaa kubernetes-id=checkout ns=shop",
            "component zzz kubernetes-id=checkout ns=shop",
        ],
    ),
    (
        "lowest reference, namespace first",
        [
            "component a/zzz kubernetes-id=checkout",
            "component b/aaa kubernetes-id=checkout",
        ],
    ),
    // `a-b/…` is before `a/…` as text, since `-` is before `/`.
    (
        "lowest reference as text",
        [
            "component a-b/zzz kubernetes-id=checkout",
            "component a/aaa kubernetes-id=checkout",
        ],
    ),
];

#[test]
fn s10_each_tie_break_decides_whatever_the_order_of_arrival() {
    for (tie_break, [winner, loser]) in WINNER_THEN_LOSER {
        let head = "instance main\ncluster eu1\nservice eu1/shop/checkout\n";
        let together = verdicts(&format!("{head}{winner}\n{loser}"));
        let stitched = together
            .lines()
            .find(|line| line.contains(": stitched"))
            .expect("a winner");
        let name = winner.split(' ').nth(1).expect("a name");
        assert!(
            stitched.contains(&format!(" {name}@main")),
            "{tie_break}: {together}"
        );
        assert_eq!(
            together.matches(": conflict").count(),
            1,
            "{tie_break}: {together}"
        );
        assert!(
            together.contains(&format!("with {name}@main")),
            "{tie_break}: {together}"
        );
        for arrival in [
            format!("{head}{loser}\n{winner}"),
            format!("{head}{winner}\napply\n{loser}"),
            format!("{head}{loser}\napply\n{winner}"),
            format!(
                "instance main\ncluster eu1\n{loser}\napply\n{winner}\napply\nservice eu1/shop/checkout"
            ),
        ] {
            assert_eq!(verdicts(&arrival), together, "{tie_break}");
        }
    }
}

#[test]
fn s10_the_same_reference_in_two_instances_goes_to_the_lowest_instance_name() {
    let fixture = |first: &str, second: &str| {
        verdicts(&format!(
            "
            cluster eu1
            service eu1/shop/checkout
            instance {first}
            component checkout kubernetes-id=checkout
            instance {second}
            component checkout kubernetes-id=checkout
        "
        ))
    };
    assert_eq!(fixture("beta", "alpha"), fixture("alpha", "beta"));
    assert_snapshot!(fixture("beta", "alpha"), @r"
    eu1 checkout@alpha: stitched → eu1/shop/checkout (service-name) | owner: none
    eu1 checkout@beta: conflict over eu1/shop/checkout with checkout@alpha (service-name) | owner: none
    ");
}

#[test]
fn s10_a_field_that_decides_may_change_later() {
    assert_snapshot!(verdicts("
        instance main
        cluster eu1
        service eu1/shop/checkout
        component aaa kubernetes-id=checkout
        component zzz kubernetes-id=checkout
        apply
        component aaa kubernetes-id=checkout orphan
    "), @r"
    eu1 aaa@main: conflict over eu1/shop/checkout with zzz@main (service-name) | owner: none
    eu1 zzz@main: stitched → eu1/shop/checkout (service-name) | owner: none
    ");
}

#[test]
fn s10_losers_name_the_winner() {
    assert_snapshot!(reasons("
        instance main rules=label-selector
        cluster eu1
        service eu1/shop/a labels=app:shop
        service eu1/shop/b labels=app:shop,tier:web
        service eu1/shop/c labels=app:shop
        component all selector=app=shop
        component loses-all selector=tier=web
        component aaa-has-one selector=\"app=shop,!tier\" orphan
        component zzz selector=app=shop
        component zzz-of-two selector=\"shared in (x,y)\"
        component one-of-two selector=shared=x
        component two-of-two selector=shared=y
        service eu1/shop/x labels=shared:x
        service eu1/shop/y labels=shared:y
    "), @r"
    eu1 aaa-has-one@main: conflict over eu1/shop/a, eu1/shop/c with all@main (label-selector) | owner: none
        `eu1/shop/a`, `eu1/shop/c` are already that of `component:default/all` of instance `main`
        fix: backstage.io/kubernetes-label-selector: <a selector of its own Services>  # under `metadata.annotations`, such that no other component has
    eu1 all@main: stitched → eu1/shop/a, eu1/shop/b, eu1/shop/c (label-selector) | owner: none
        rule `label-selector` found Services that `app=shop` selects
        fix: owner: group:<name of a Group>  # under `spec`
    eu1 loses-all@main: conflict over eu1/shop/b with all@main (label-selector) | owner: none
        `eu1/shop/b` is already that of `component:default/all` of instance `main`
        fix: backstage.io/kubernetes-label-selector: <a selector of its own Services>  # under `metadata.annotations`, such that no other component has
    eu1 one-of-two@main: stitched → eu1/shop/x (label-selector) | owner: none
        rule `label-selector` found Services that `shared=x` selects
        fix: owner: group:<name of a Group>  # under `spec`
    eu1 two-of-two@main: stitched → eu1/shop/y (label-selector) | owner: none
        rule `label-selector` found Services that `shared=y` selects
        fix: owner: group:<name of a Group>  # under `spec`
    eu1 zzz@main: conflict over eu1/shop/a, eu1/shop/b, eu1/shop/c with all@main (label-selector) | owner: none
        `eu1/shop/a`, `eu1/shop/b`, `eu1/shop/c` are already that of `component:default/all` of instance `main`
        fix: backstage.io/kubernetes-label-selector: <a selector of its own Services>  # under `metadata.annotations`, such that no other component has
    eu1 zzz-of-two@main: conflict over eu1/shop/x, eu1/shop/y with one-of-two@main (label-selector) | owner: none
        `eu1/shop/x` is already that of `component:default/one-of-two` of instance `main`; others have 1 more
        fix: backstage.io/kubernetes-label-selector: <a selector of its own Services>  # under `metadata.annotations`, such that no other component has
    ");
}

#[test]
fn s10_several_services_may_have_several_winners() {
    assert_snapshot!(reasons("
        instance main rules=service-name,label-selector
        cluster eu1
        service eu1/shop/a labels=app:shop
        service eu1/shop/b labels=app:shop
        component wide selector=app=shop
        component exact kubernetes-id=b ns=shop
    "), @r"
    eu1 exact@main: stitched → eu1/shop/b (service-name) | owner: none
        rule `service-name` found Service `b` in namespace `shop`
        fix: owner: group:<name of a Group>  # under `spec`
    eu1 wide@main: stitched → eu1/shop/a, not eu1/shop/b of exact@main (label-selector) | owner: none
        rule `label-selector` found Services that `app=shop` selects; 1 more it claims and others have
        fix: owner: group:<name of a Group>  # under `spec`
    ");
}
