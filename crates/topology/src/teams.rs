//! Every Group with what it has, and what the Groups below it have.
//!
//! It owns these counts. Groups are read a slice at a time; what is below whom is worked out after that, from what was read.

use std::collections::HashMap;

use crate::entity_ref::EntityRef;
use crate::fact::OwnerKind;
use crate::query::{OwnerCursor, Slice};
use crate::stitch::verdict_kind;
use crate::topology::{OwnerId, Topology};
use crate::verdict::VerdictKind;

/// Bound on the Groups told of.
pub const MAX_TEAMS: usize = 20_000;
/// Bound on the Groups above one to which its Services count. Companies are some ten levels deep.
const MAX_ABOVE: usize = 1_000;

/// A Group and what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Its reference.
    pub reference: EntityRef,
    /// Name of the instance.
    pub instance: Box<str>,
    /// Name for people.
    pub display_name: Box<str>,
    /// The Group above, as its own entity says; else the first that lists it as a child.
    pub parent: Option<EntityRef>,
    /// Its Services.
    pub services: usize,
    /// Its Services and those of all Groups below it.
    pub services_below: usize,
    /// Its components.
    pub components: usize,
    /// Those of them that are stitched in at least one cluster.
    pub components_stitched: usize,
    /// There is a way to reach it, by itself or by a Group above.
    pub reachable: bool,
}

/// Every Group, in the order of reference and instance.
#[derive(Debug, Default)]
pub struct Teams {
    read: Vec<Team>,
    /// Of each its children, as it lists them.
    children: Vec<Vec<EntityRef>>,
    after: Option<OwnerCursor>,
}

impl Teams {
    /// Reads some more Groups, for as long as `go_on` says so, and one at least.
    pub fn slice(&mut self, topology: &Topology, mut go_on: impl FnMut() -> bool) -> Slice {
        let after = self.after.take();
        // Groups come before Users.
        let groups = topology
            .owners_after(after.as_ref())
            .take_while(|id| topology.owner(*id).kind == OwnerKind::Group);
        for id in groups {
            let team = team(topology, id);
            let last = OwnerCursor {
                reference: team.reference.clone(),
                instance: team.instance.to_string(),
            };
            self.read.push(team);
            self.children.push(topology.owner_children(id));
            if !go_on() {
                self.after = Some(last);
                return Slice::Cut;
            }
        }
        Slice::Whole
    }

    /// The Groups, and whether there are more.
    pub fn end(self) -> (Vec<Team>, bool) {
        let Self {
            read: mut teams,
            children,
            ..
        } = self;
        let above = groups_above(&mut teams, &children);
        let own: Vec<usize> = teams.iter().map(|team| team.services).collect();
        // Marked by whom it was met from, so that nothing counts twice and a circle ends.
        let mut met_from = vec![usize::MAX; teams.len()];
        for (start, services) in own.into_iter().enumerate() {
            if services == 0 {
                continue;
            }
            met_from[start] = start;
            let mut met = vec![start];
            let mut at = 0;
            while let Some(here) = met.get(at).copied().filter(|_| at <= MAX_ABOVE) {
                teams[here].services_below += services;
                for above in &above[here] {
                    if met_from[*above] != start {
                        met_from[*above] = start;
                        met.push(*above);
                    }
                }
                at += 1;
            }
        }
        let more = teams.len() > MAX_TEAMS;
        teams.truncate(MAX_TEAMS);
        (teams, more)
    }
}

fn team(topology: &Topology, id: OwnerId) -> Team {
    let it = topology.owner(id);
    let mut components = 0;
    let mut components_stitched = 0;
    for component in topology.components_owned_by(id) {
        components += 1;
        let is_stitched = topology
            .cells_of(component)
            .any(|cell| verdict_kind(topology, cell) == VerdictKind::Stitched);
        components_stitched += usize::from(is_stitched);
    }
    Team {
        reference: topology.owner_ref(id),
        instance: it.instance.into(),
        display_name: it.display_name.into(),
        parent: topology.owner_parent(id),
        services: topology.services_of(id).count(),
        services_below: 0,
        components,
        components_stitched,
        reachable: topology.can_be_reached(id),
    }
}

/// Of each the Groups directly above it, known from either side: the parent's list or the child's own word.
fn groups_above(teams: &mut [Team], children: &[Vec<EntityRef>]) -> Vec<Vec<usize>> {
    let mut above: Vec<Vec<usize>> = vec![Vec::new(); teams.len()];
    let mut first_lister: Vec<Option<usize>> = vec![None; teams.len()];
    {
        let places: HashMap<(&str, &EntityRef), usize> = teams
            .iter()
            .enumerate()
            .map(|(at, team)| ((&*team.instance, &team.reference), at))
            .collect();
        let find = |of: &Team, reference| places.get(&(&*of.instance, reference)).copied();
        for (at, team) in teams.iter().enumerate() {
            let parent = team.parent.as_ref().and_then(|parent| find(team, parent));
            above[at].extend(parent);
            for child in &children[at] {
                if let Some(child) = find(team, child) {
                    above[child].push(at);
                    first_lister[child].get_or_insert(at);
                }
            }
        }
    }
    for (at, lister) in first_lister.into_iter().enumerate() {
        if let Some(lister) = lister.filter(|_| teams[at].parent.is_none()) {
            teams[at].parent = Some(teams[lister].reference.clone());
        }
    }
    for groups in &mut above {
        groups.sort_unstable();
        groups.dedup();
    }
    above
}
