//! Groups with what they have.

use topology::teams::Team;

use super::count;

/// A Group in the list of all.
pub fn team(team: Team) -> api::Team {
    api::Team {
        reference: team.reference.to_string(),
        instance: team.instance.into(),
        display_name: team.display_name.into(),
        parent: team.parent.map(|parent| parent.to_string()),
        services: count(team.services),
        services_below: count(team.services_below),
        components: count(team.components),
        components_stitched: count(team.components_stitched),
        reachable: team.reachable,
    }
}
