//! What stands, held against what would: counts, kinds of change, and the rows that are shown.

use std::collections::BTreeMap;

use super::{Counts, Kind, Own, OwnCell, Preview, Row, Standing, Tally, Winner, winners};
use crate::records::Outcome;
use crate::stitch::verdict_kind;
use crate::topology::{ClusterId, ComponentId, InstanceId, Map, OwnerId, ServiceId, Topology};
use crate::verdict::{ComponentKey, OwnerState, VerdictKind};

/// How a component stands in a cluster, in ids.
#[derive(Clone, PartialEq, Eq)]
struct State {
    kind: VerdictKind,
    services: Vec<u32>,
    owner: (OwnerState, Option<u32>),
}

/// A component that differs in a cluster.
struct Changed {
    component: u32,
    cluster: ClusterId,
    before: Option<State>,
    after: Option<State>,
}

pub(super) fn compare(
    topology: &Topology,
    instance: InstanceId,
    owns: &[Own],
    cells: &[OwnCell],
    most: usize,
    not_read: usize,
) -> Preview {
    let winners = winners(topology, instance, owns, cells);
    let mut answer = Preview {
        before: Counts::default(),
        after: Counts::default(),
        changes: Tally::default(),
        rows: Vec::new(),
        not_read,
    };
    let mut kinds: BTreeMap<Kind, Vec<Changed>> = BTreeMap::new();
    let mut next = cells.iter().enumerate().peekable();
    for (place, own) in owns.iter().enumerate() {
        // By cluster: what is there, and what would be.
        let mut pairs: BTreeMap<ClusterId, (Option<State>, Option<State>)> = BTreeMap::new();
        for cell in topology.cells_of(own.id) {
            let cluster = topology.cells.get(cell).cluster;
            pairs.entry(cluster).or_default().0 = Some(standing(topology, cell));
        }
        while let Some((at, cell)) = next.next_if(|(_, cell)| cell.own == place) {
            pairs.entry(cell.cluster).or_default().1 = Some(would_be(&winners, own, at, cell));
        }
        for (cluster, (before, after)) in pairs {
            count(&mut answer.before, before.as_ref());
            count(&mut answer.after, after.as_ref());
            if before == after {
                continue;
            }
            let kind = tell(&mut answer.changes, before.as_ref(), after.as_ref());
            kinds.entry(kind).or_default().push(Changed {
                component: own.id,
                cluster,
                before,
                after,
            });
        }
    }
    let others = others(topology, instance, &winners);
    answer.changes.others_affected = others.len();
    if !others.is_empty() {
        kinds.insert(Kind::OtherAffected, others);
    }
    answer.rows = shown(topology, kinds, most);
    answer
}

/// How a cell stands.
fn standing(topology: &Topology, cell: u32) -> State {
    let it = topology.cells.get(cell);
    let targets = topology.sets.ids(&it.targets).iter().copied();
    State {
        kind: verdict_kind(topology, cell),
        services: targets
            .filter(|service| topology.winner(*service) == Some(cell))
            .collect(),
        owner: (
            topology.owner_state(it.component),
            topology.owner_of(it.component),
        ),
    }
}

fn would_be(winners: &Map<u32, Winner>, own: &Own, at: usize, cell: &OwnCell) -> State {
    let services: Vec<u32> = cell
        .targets
        .iter()
        .copied()
        .filter(|service| winners.get(service) == Some(&Winner::Own(at)))
        .collect();
    State {
        kind: match cell.outcome {
            Outcome::NoKubernetesId => VerdictKind::NoKubernetesId,
            Outcome::NotFound => VerdictKind::ServiceNotFound,
            Outcome::Ambiguous => VerdictKind::Ambiguous,
            Outcome::Invalid => VerdictKind::Invalid,
            Outcome::Found if services.is_empty() => VerdictKind::Conflict,
            Outcome::Found => VerdictKind::Stitched,
        },
        services,
        owner: own.owner,
    }
}

/// The cells of other instances that win or lose a Service.
fn others(topology: &Topology, instance: InstanceId, winners: &Map<u32, Winner>) -> Vec<Changed> {
    let mut claiming: Vec<u32> = winners
        .keys()
        .flat_map(|service| topology.sets.ids(&topology.services.get(*service).claims))
        .copied()
        .filter(|cell| {
            let component = topology.cells.get(*cell).component;
            topology.components.get(component).instance != instance
        })
        .collect();
    claiming.sort_unstable();
    claiming.dedup();
    let wins = |service: u32, cell: u32| match winners.get(&service) {
        Some(winner) => *winner == Winner::Other(cell),
        None => topology.winner(service) == Some(cell),
    };
    let changed = |cell: u32| {
        let it = topology.cells.get(cell);
        let before = standing(topology, cell);
        let targets = topology.sets.ids(&it.targets).iter().copied();
        let services: Vec<u32> = targets.filter(|service| wins(*service, cell)).collect();
        // Whoever claims a Service is stitched, or in conflict: nothing else of it changes.
        let kind = if services.is_empty() {
            VerdictKind::Conflict
        } else {
            VerdictKind::Stitched
        };
        let after = State {
            kind,
            services,
            owner: before.owner,
        };
        (before != after).then_some(Changed {
            component: it.component,
            cluster: it.cluster,
            before: Some(before),
            after: Some(after),
        })
    };
    claiming.into_iter().filter_map(changed).collect()
}

fn count(counts: &mut Counts, state: Option<&State>) {
    if let Some(state) = state {
        counts.verdicts[state.kind as usize] += 1;
        counts.owners[state.owner.0 as usize] += 1;
    }
}

/// Counts a difference, and says what it is mostly about.
fn tell(tally: &mut Tally, before: Option<&State>, after: Option<&State>) -> Kind {
    let newly = |kind| {
        let is = |state: Option<&State>| state.is_some_and(|state| state.kind == kind);
        (is(after) && !is(before), is(before) && !is(after))
    };
    let (gained, lost) = newly(VerdictKind::Stitched);
    let stitched =
        |state: Option<&State>| state.filter(|it| it.kind == VerdictKind::Stitched).cloned();
    let moved = match (stitched(before), stitched(after)) {
        (Some(before), Some(after)) => before.services != after.services,
        _ => false,
    };
    let owner = |state: Option<&State>| state.and_then(|state| state.owner.1);
    // One that is judged in a cluster no more, or only now, has no other owner for it.
    let (owner_before, owner_after) = match (before, after) {
        (Some(_), Some(_)) => (owner(before), owner(after)),
        _ => (None, None),
    };
    let told = [
        (Kind::StitchedLost, lost, &mut tally.stitched_lost),
        (
            Kind::NewlyInConflict,
            newly(VerdictKind::Conflict).0,
            &mut tally.newly_in_conflict,
        ),
        (
            Kind::NewlyAmbiguous,
            newly(VerdictKind::Ambiguous).0,
            &mut tally.newly_ambiguous,
        ),
        (
            Kind::NewlyInvalid,
            newly(VerdictKind::Invalid).0,
            &mut tally.newly_invalid,
        ),
        (Kind::Moved, moved, &mut tally.moved),
        (Kind::StitchedGained, gained, &mut tally.stitched_gained),
        (
            Kind::OwnerLost,
            owner_before.is_some() && owner_after.is_none(),
            &mut tally.owners_lost,
        ),
        (
            Kind::OwnerChanged,
            owner_before.is_some() && owner_after.is_some() && owner_before != owner_after,
            &mut tally.owners_changed,
        ),
        (
            Kind::OwnerGained,
            owner_before.is_none() && owner_after.is_some(),
            &mut tally.owners_gained,
        ),
        (
            Kind::NewlyNotFound,
            newly(VerdictKind::ServiceNotFound).0,
            &mut tally.newly_not_found,
        ),
    ];
    let mut mostly = Kind::Otherwise;
    for (kind, holds, counter) in told {
        if holds {
            *counter += 1;
            mostly = mostly.min(kind);
        }
    }
    mostly
}

/// One of each kind in turn, in the order of the kinds, so that no kind hides another; each kind by reference and cluster.
fn shown(topology: &Topology, kinds: BTreeMap<Kind, Vec<Changed>>, most: usize) -> Vec<Row> {
    let mut turns: Vec<(usize, Row)> = Vec::new();
    for (kind, changed) in kinds {
        let mut keyed: Vec<((ComponentKey, &str), Changed)> = changed
            .into_iter()
            .map(|it| {
                let key = (key(topology, it.component), cluster(topology, it.cluster));
                (key, it)
            })
            .collect();
        let by_reference = |((key, cluster), _): &((ComponentKey, &str), Changed)| {
            (
                key.reference.clone(),
                (*cluster).to_owned(),
                key.instance.clone(),
            )
        };
        keyed.sort_by_cached_key(by_reference);
        keyed.truncate(most);
        let rows = keyed.into_iter().map(|((component, cluster), it)| Row {
            component,
            cluster: cluster.into(),
            kind,
            before: it.before.as_ref().map(|it| told(topology, it)),
            after: it.after.as_ref().map(|it| told(topology, it)),
        });
        turns.extend(rows.enumerate());
    }
    // A stable sort: within a turn the kinds stay in their order.
    turns.sort_by_key(|(turn, _)| *turn);
    turns.truncate(most);
    // Those of a kind stand together again.
    turns.sort_by_key(|(turn, row)| (row.kind, *turn));
    turns.into_iter().map(|(_, row)| row).collect()
}

fn key(topology: &Topology, component: u32) -> ComponentKey {
    let view = topology.component(ComponentId(component));
    ComponentKey {
        instance: view.instance.into(),
        reference: topology.component_ref(view.id),
    }
}

fn cluster(topology: &Topology, id: ClusterId) -> &str {
    &topology.at_cluster(id).name
}

fn told(topology: &Topology, state: &State) -> Standing {
    let mut services: Vec<_> = state
        .services
        .iter()
        .map(|id| topology.service(ServiceId(*id)).key())
        .collect();
    services.sort();
    Standing {
        kind: state.kind,
        services,
        owner: state.owner.0,
        owner_ref: state.owner.1.map(|id| topology.owner_ref(OwnerId(id))),
    }
}
