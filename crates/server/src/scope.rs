//! What an editor of some teams may decide about: what those teams own, and the teams below them.

use std::collections::BTreeSet;

use store::Decided;
use topology::decisions::Decision;
use topology::entity_ref::EntityRef;
use topology::topology::Topology;
use topology::verdict::{ComponentKey, ServiceKey};

use crate::identity::Identity;
use crate::problem::Refusal;

/// Whether they may decide this.
///
/// A component belongs to whom it names as its owner, whether or not it is stitched; a Service to whom it has.
pub(crate) fn check(who: &Identity, decided: &Decided, topology: &Topology) -> Result<(), Refusal> {
    if who.teams.is_empty() {
        return Ok(());
    }
    let owner = match decided {
        Decided::Standing(
            Decision::Pin { component, .. }
            | Decision::Prefer { component, .. }
            | Decision::IgnoreComponent(component),
        ) => owner_of_component(topology, component),
        Decided::Standing(Decision::IgnoreService(service)) => owner_of_service(topology, service),
        Decided::Confirmed(_) => {
            return Err(Refusal::out_of_scope(
                "a source is nobody's alone, and you decide about your teams' things",
            ));
        }
    };
    match owner {
        Some(owner) if theirs(who, topology).contains(&owner) => Ok(()),
        Some(owner) => Err(Refusal::out_of_scope(format!(
            "it belongs to `{owner}`, and you decide about what {} and the teams below have",
            named(who)
        ))),
        None => Err(Refusal::out_of_scope(format!(
            "nobody is known to own it, and you decide about what {} and the teams below have",
            named(who)
        ))),
    }
}

fn named(who: &Identity) -> String {
    let names: Vec<String> = who.teams.iter().map(|team| format!("`{team}`")).collect();
    names.join(", ")
}

/// Their teams, and those below.
fn theirs(who: &Identity, topology: &Topology) -> BTreeSet<EntityRef> {
    let mut all: BTreeSet<EntityRef> = who.teams.iter().cloned().collect();
    for team in &who.teams {
        let owners = topology.find_owners(team);
        let owned = topology.owned(&owners, true);
        all.extend(owned.owners.iter().map(|&owner| topology.owner_ref(owner)));
    }
    all
}

fn owner_of_component(topology: &Topology, key: &ComponentKey) -> Option<EntityRef> {
    let owner = topology.component(topology.find_component(key)?).owner?;
    Some(topology.owner_ref(owner))
}

fn owner_of_service(topology: &Topology, key: &ServiceKey) -> Option<EntityRef> {
    let owner = topology.service(topology.find_service(key)?).owner?;
    Some(topology.owner_ref(owner))
}
