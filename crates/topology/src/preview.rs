//! What other settings would make of an instance, without making it so (S1, S8, S10, S11).
//!
//! ```text
//!  components of the instance ──┐                       ┌─▶ claims of these, beside those that others have ─▶ who wins
//!  what another map reads ──────┴─▶ judge, other settings┘                                                      │
//!  verdicts that stand ───────────────────────────────────────────────────────────────▶ compared ◀──────────────┘
//! ```
//!
//! The judge and the order of claims are those by which facts are applied, so that a preview cannot disagree with what
//! comes of it. Who has a Service depends on all who claim it: each Service that the instance claims, or would claim, is
//! given anew among the claims of the other instances, which stand, and what that takes from those or gives them is part
//! of the answer. Nothing is changed; what is kept is a few words per component of the instance.

mod compare;
mod trial;

use std::collections::HashSet;

pub use self::trial::{Trial, Tried, trial};
use crate::entity_ref::EntityRef;
use crate::fact::{ComponentFact, EntityFact, FieldFault, OwnerClaim, OwnerTarget};
use crate::labels_index::Aside;
use crate::packed::PackedEntities;
use crate::records::{Component, Outcome};
use crate::rules::{Ground, asked_label};
use crate::settings::{InstanceSettings, MatchRule, RuleSet};
use crate::stitch::{Case, Claim, ClaimOrder, Judgement, Targets, judge_case};
use crate::topology::{ClusterId, InstanceId, Map, Topology};
use crate::verdict::{ComponentKey, OwnerState, ServiceKey, VerdictKind};

/// What would become of an instance under other settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// What is counted of the instance now.
    pub before: Counts,
    /// What would be.
    pub after: Counts,
    /// How many differ, and how.
    pub changes: Tally,
    /// Some that differ: of each kind of change some, what is worst first.
    pub rows: Vec<Row>,
    /// Components that another reading did not give: they are judged as they are known.
    pub not_read: usize,
}

/// Components of an instance in the clusters that it covers, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// By verdict, in the order of [`VerdictKind::ALL`].
    pub verdicts: [usize; 6],
    /// By the state of the owner, in the order of [`OwnerState::ALL`].
    pub owners: [usize; 3],
}

/// How many components differ in a cluster. One may count in several: whoever loses a Service may be ambiguous now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Stitched, and not before.
    pub stitched_gained: usize,
    /// Not stitched any more.
    pub stitched_lost: usize,
    /// Stitched before and after, to other Services.
    pub moved: usize,
    /// Ambiguous, and not before.
    pub newly_ambiguous: usize,
    /// In conflict, and not before.
    pub newly_in_conflict: usize,
    /// Invalid, and not before.
    pub newly_invalid: usize,
    /// Naming a Service that is not there, and not before.
    pub newly_not_found: usize,
    /// With an owner, and without one before.
    pub owners_gained: usize,
    /// Without an owner, and with one before.
    pub owners_lost: usize,
    /// With another owner.
    pub owners_changed: usize,
    /// Components of other instances that win or lose a Service by it.
    pub others_affected: usize,
}

/// What a row is mostly about; the order is that of how much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Not stitched any more.
    StitchedLost,
    /// In conflict, and not before.
    NewlyInConflict,
    /// Ambiguous, and not before.
    NewlyAmbiguous,
    /// Invalid, and not before.
    NewlyInvalid,
    /// Of another instance, which wins or loses a Service.
    OtherAffected,
    /// Stitched to other Services.
    Moved,
    /// Stitched, and not before.
    StitchedGained,
    /// Without an owner, and with one before.
    OwnerLost,
    /// With another owner.
    OwnerChanged,
    /// With an owner, and without one before.
    OwnerGained,
    /// Naming a Service that is not there, and not before.
    NewlyNotFound,
    /// In any other way.
    Otherwise,
}

/// A component that would be judged otherwise in a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The component.
    pub component: ComponentKey,
    /// The cluster.
    pub cluster: Box<str>,
    /// What it is mostly about.
    pub kind: Kind,
    /// What it is; `None`: it is not judged there.
    pub before: Option<Standing>,
    /// What it would be; `None`: it would not be judged there.
    pub after: Option<Standing>,
}

/// How a component stands in a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The verdict.
    pub kind: VerdictKind,
    /// The Services it has, sorted.
    pub services: Vec<ServiceKey>,
    /// The state of its owner.
    pub owner: OwnerState,
    /// The reference of its owner.
    pub owner_ref: Option<EntityRef>,
}

/// Judges the components of an instance by other settings and, where another `label_map` was read, by what that gave.
/// The name and the covered clusters are those that stand. `most` bounds the rows.
///
/// Of what was read counts what a `label_map` decides, for the components that are known: what else has changed in the
/// catalog since is no matter of settings.
pub fn preview(
    topology: &Topology,
    instance: InstanceId,
    settings: &InstanceSettings,
    read: Option<&PackedEntities>,
    most: usize,
) -> Preview {
    let (owns, not_read) = owns(topology, instance, read);
    let cells = judged(topology, settings, &owns);
    compare::compare(topology, instance, &owns, &cells, most, not_read)
}

/// A component of the instance as it would be.
struct Own {
    id: u32,
    component: Component,
    fault: Option<FieldFault>,
    owner: (OwnerState, Option<u32>),
    was_read: bool,
}

/// What would be found for a component in a cluster.
struct OwnCell {
    /// Its place among the components of the instance.
    own: usize,
    cluster: ClusterId,
    outcome: Outcome,
    rule: Option<MatchRule>,
    targets: Vec<u32>,
}

/// The components of the instance by id, with what another map reads, and how many it did not give.
fn owns(
    topology: &Topology,
    instance: InstanceId,
    read: Option<&PackedEntities>,
) -> (Vec<Own>, usize) {
    let mut owns: Vec<Own> = topology
        .components
        .iter()
        .filter(|(_, it)| it.live && it.instance == instance)
        .map(|(id, it)| Own {
            id,
            component: it.clone(),
            fault: topology.faults.get(&id).filter(|_| it.faulty).cloned(),
            owner: (topology.owner_state(id), topology.owner_of(id)),
            was_read: false,
        })
        .collect();
    let Some(read) = read else {
        return (owns, 0);
    };
    for fact in read.iter() {
        let EntityFact::Component(fact) = fact else {
            continue;
        };
        let names = &topology.names;
        let key = names
            .find(&fact.reference.namespace)
            .zip(names.find(&fact.reference.name));
        let known =
            key.and_then(|(namespace, name)| topology.component_named(instance, namespace, name));
        if let Some(id) = known
            && let Ok(at) = owns.binary_search_by_key(&id, |own| own.id)
        {
            map_anew(topology, instance, &mut owns[at], *fact);
        }
    }
    let not_read = owns.iter().filter(|own| !own.was_read).count();
    (owns, not_read)
}

/// Gives the component what a map reads of it: names, owner candidates, and a field that cannot be used.
fn map_anew(topology: &Topology, instance: InstanceId, own: &mut Own, fact: ComponentFact) {
    // A text that nothing has leads nowhere, as a name of its own would.
    let name = |found: Option<crate::fact::Found>| {
        found.map(|it| topology.names.find(&it.value).unwrap_or(topology.nowhere))
    };
    own.component.kubernetes_id = name(fact.kubernetes_id);
    own.component.kubernetes_namespace = name(fact.kubernetes_namespace);
    own.owner = owner(topology, instance, &fact.owners);
    own.fault = fact.fault;
    own.was_read = true;
}

/// The first candidate that is a Group or User of the instance (S12).
fn owner(
    topology: &Topology,
    instance: InstanceId,
    claims: &[OwnerClaim],
) -> (OwnerState, Option<u32>) {
    let resolved = claims.iter().find_map(|claim| match &claim.target {
        OwnerTarget::Ref(reference) => topology.owner_named(instance, reference),
        OwnerTarget::Malformed(_) => None,
    });
    let state = match (resolved, claims.is_empty()) {
        (Some(_), _) => OwnerState::Resolved,
        (None, false) => OwnerState::Unresolved,
        (None, true) => OwnerState::None,
    };
    (state, resolved.map(|id| id.0))
}

fn judged(topology: &Topology, settings: &InstanceSettings, owns: &[Own]) -> Vec<OwnCell> {
    let aside = Aside::of(&topology.services, unindexed(topology, settings, owns));
    let ground = Ground {
        topology,
        aside: Some(&aside),
    };
    let mut cells = Vec::with_capacity(owns.len());
    for (at, own) in owns.iter().enumerate() {
        let case = Case {
            component: &own.component,
            fault: own.fault.as_ref(),
            settings,
        };
        let named = topology.cluster_named_by(&own.component, settings);
        for (cluster, _) in topology.clusters() {
            if !topology.is_judged_in(settings, named, cluster) {
                continue;
            }
            let Judgement {
                outcome,
                rule,
                targets,
                ..
            } = judge_case(ground, case, cluster, |_, _| {});
            cells.push(OwnCell {
                own: at,
                cluster,
                outcome,
                rule,
                targets: match targets {
                    Targets::None => Vec::new(),
                    Targets::One(service) => vec![service],
                    Targets::Many(services) => services,
                },
            });
        }
    }
    cells
}

/// The labels that the rules would look up and that nobody asks for yet.
fn unindexed(
    topology: &Topology,
    settings: &InstanceSettings,
    owns: &[Own],
) -> HashSet<crate::names::Name, foldhash::fast::RandomState> {
    let rules = RuleSet::of(&settings.match_rules);
    let id_label = rules
        .contains(MatchRule::KubernetesIdLabel)
        .then_some(topology.id_label);
    let asking = rules.contains(MatchRule::LabelSelector);
    let of_selectors = owns
        .iter()
        .filter(|_| asking)
        .filter_map(|own| asked_label(topology, &own.component));
    id_label
        .into_iter()
        .chain(of_selectors)
        .filter(|key| !topology.labels.has_key(*key))
        .collect()
}

/// Who would have a Service.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Winner {
    Nobody,
    /// A cell of another instance.
    Other(u32),
    /// The place of a cell of the instance.
    Own(usize),
}

/// Who would have each Service that the instance claims, or would claim (S10).
fn winners(
    topology: &Topology,
    instance: InstanceId,
    owns: &[Own],
    cells: &[OwnCell],
) -> Map<u32, Winner> {
    let mut claims: Map<u32, Vec<usize>> = Map::default();
    for own in owns {
        for cell in topology.cells_of(own.id) {
            for service in topology.sets.ids(&topology.cells.get(cell).targets) {
                claims.entry(*service).or_default();
            }
        }
    }
    for (at, cell) in cells.iter().enumerate() {
        for service in &cell.targets {
            claims.entry(*service).or_default().push(at);
        }
    }
    let winner = |(service, claiming): (u32, Vec<usize>)| {
        let it = topology.services.get(service);
        let preferred = topology.preferred_at(it);
        let order = ClaimOrder {
            names: &topology.names,
            instances: &topology.instances,
            components: &topology.components,
            cells: &topology.cells,
            preferred: preferred.as_ref(),
        };
        let claim = |at: usize| -> Claim<'_> {
            let cell = &cells[at];
            (&owns[cell.own].component, cell.rule)
        };
        // Those of others stand in their order: the first of them is the best.
        let is_other = |cell: &u32| {
            let component = topology.cells.get(*cell).component;
            topology.components.get(component).instance != instance
        };
        let other = topology.sets.ids(&it.claims).iter().copied().find(is_other);
        let own = claiming
            .into_iter()
            .min_by(|a, b| order.compare_claims(claim(*a), claim(*b)));
        let winner = match (own, other) {
            (None, None) => Winner::Nobody,
            (None, Some(other)) => Winner::Other(other),
            (Some(own), None) => Winner::Own(own),
            (Some(own), Some(other)) => {
                if order.compare_claims(claim(own), order.claim(other)).is_lt() {
                    Winner::Own(own)
                } else {
                    Winner::Other(other)
                }
            }
        };
        (service, winner)
    };
    claims.into_iter().map(winner).collect()
}
