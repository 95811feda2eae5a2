//! Groups with what they and the Groups below them have.

use std::fmt::Write as _;

use insta::assert_snapshot;
use proptest::prelude::*;
use topology::query::Slice;
use topology::teams::{Team, Teams};
use topology::topology::Topology;

use crate::fixture::{Fixture, built};

fn teams(topology: &Topology) -> Vec<Team> {
    let mut teams = Teams::default();
    while teams.slice(topology, || false) == Slice::Cut {}
    let (teams, more) = teams.end();
    assert!(!more);
    teams
}

#[test]
fn groups_with_what_they_have() {
    let topology = built(
        "
        instance main
        cluster eu1
        cluster us1
        group tech children=pay,adopted
        group pay parent=tech email=pay@example.com
        group adopted
        group refunds parent=pay
        group circle-a parent=circle-b
        group circle-b parent=circle-a children=circle-b
        group orphan parent=gone
        user anna display=Anna
        component checkout kubernetes-id=checkout owner=pay
        component refunds kubernetes-id=refunds owner=refunds
        component lost owner=pay
        component round kubernetes-id=round owner=circle-b
        component anna kubernetes-id=anna owner=user:anna
        service eu1/shop/checkout
        service us1/shop/checkout
        service eu1/shop/refunds
        service eu1/shop/round
        service eu1/shop/anna
        ",
    );
    let lines: Vec<String> = teams(&topology)
        .iter()
        .map(|team| {
            let parent = team.parent.as_ref().map(|it| &*it.name).unwrap_or_default();
            format!(
                "{} below `{parent}`: {} of {} Services, {} of {} components, {}",
                team.reference.name,
                team.services,
                team.services_below,
                team.components_stitched,
                team.components,
                if team.reachable {
                    "reached"
                } else {
                    "not reached"
                }
            )
        })
        .collect();
    assert_snapshot!(lines.join("\n"), @r"
    adopted below `tech`: 0 of 0 Services, 0 of 0 components, not reached
    circle-a below `circle-b`: 0 of 1 Services, 0 of 0 components, not reached
    circle-b below `circle-a`: 1 of 1 Services, 1 of 1 components, not reached
    orphan below `gone`: 0 of 0 Services, 0 of 0 components, not reached
    pay below `tech`: 2 of 3 Services, 1 of 2 components, reached
    refunds below `pay`: 1 of 1 Services, 1 of 1 components, reached
    tech below ``: 0 of 3 Services, 0 of 0 components, not reached
    ");
}

proptest! {
    #[test]
    fn below_is_what_the_groups_below_own(
        parents in prop::collection::vec((0_usize..6, prop::option::of(0_usize..6), prop::option::of(0_usize..6)), 0..8),
        owners in prop::collection::vec(0_usize..6, 0..8),
    ) {
        let mut text = "instance main\ncluster eu1\n".to_owned();
        for (group, parent, child) in parents {
            let parent = parent.map(|it| format!(" parent=g{it}")).unwrap_or_default();
            let child = child.map(|it| format!(" children=g{it}")).unwrap_or_default();
            let _ = writeln!(text, "group g{group}{parent}{child}");
        }
        for (service, owner) in owners.iter().enumerate() {
            let _ = writeln!(
                text,
                "component s{service} kubernetes-id=s{service} owner=g{owner}\nservice eu1/x/s{service}"
            );
        }
        let topology = Fixture::read(&text).topology;
        for team in teams(&topology) {
            let id = topology.find_owners(&team.reference)[0];
            let count = |descendants| topology.owned(&[id], descendants).services.len();
            prop_assert_eq!((team.services, team.services_below), (count(false), count(true)));
        }
    }
}
