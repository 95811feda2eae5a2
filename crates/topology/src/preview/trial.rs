//! What a catalog that is not known yet would be stitched to (S5–S11): its components, judged where they would be.
//!
//! Who would have a Service that others claim too is not said: that depends on names that are not given yet. It is said who
//! has it now.

use std::collections::HashSet;

use super::{Counts, Own, judged};
use crate::entity_ref::EntityRef;
use crate::fact::{ComponentFact, EntityFact, OwnerTarget};
use crate::names::Name;
use crate::packed::PackedEntities;
use crate::records::{Component, Outcome};
use crate::settings::{InstanceSettings, MatchRule};
use crate::topology::{InstanceId, ServiceId, Topology};
use crate::verdict::{OwnerState, ServiceKey, VerdictKind};

/// No instance has that many others.
const NO_INSTANCE: InstanceId = InstanceId(u16::MAX);

/// What would be found for components that were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trial {
    /// Components that were read.
    pub components: usize,
    /// Those that would be stitched in a cluster at least.
    pub stitched: usize,
    /// Of components in the clusters that are covered. Claims of others are not weighed, so that nothing is in conflict.
    pub counts: Counts,
    /// Some of those, the stitched ones first.
    pub rows: Vec<Tried>,
    /// Components with a label selector of which nobody heard before: what that would select is not known yet.
    pub unsure: usize,
}

/// What would be found for a component in a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The component.
    pub component: EntityRef,
    /// The cluster.
    pub cluster: Box<str>,
    /// What it would be, claims of others aside.
    pub kind: VerdictKind,
    /// The name of a Service that the mapping reads of it.
    pub kubernetes_id: Option<Box<str>>,
    /// The first owner that it names, as it names it.
    pub owner: Option<EntityRef>,
    /// The Services that it would claim, sorted.
    pub services: Vec<ServiceKey>,
    /// Whether a component of another instance has one of them now.
    pub claimed_by_others: bool,
}

/// Judges the components of a catalog by these settings, among the clusters that are known. `most` bounds the rows.
pub fn trial(
    topology: &Topology,
    settings: &InstanceSettings,
    read: &PackedEntities,
    most: usize,
) -> Trial {
    let instance = topology.instance_id(&settings.name);
    let mut facts: Vec<ComponentFact> = read
        .iter()
        .filter_map(|fact| match fact {
            EntityFact::Component(component) => Some(*component),
            EntityFact::Owner(_) => None,
        })
        .collect();
    facts.sort_by(|a, b| a.reference.cmp(&b.reference));
    let selects = settings.match_rules.contains(&MatchRule::LabelSelector);
    let mut unsure = HashSet::new();
    let owns: Vec<Own> = facts
        .iter()
        .enumerate()
        .map(|(at, fact)| {
            let selector = fact.label_selector.as_deref();
            if selects && selector.is_some_and(|text| topology.names.find(text).is_none()) {
                unsure.insert(at);
            }
            own(topology, instance.unwrap_or(NO_INSTANCE), fact)
        })
        .collect();
    let mut answer = Trial {
        components: facts.len(),
        ..Trial::default()
    };
    let mut stitched = HashSet::new();
    for cell in judged(topology, settings, &owns) {
        let kind = match cell.outcome {
            Outcome::NoKubernetesId => VerdictKind::NoKubernetesId,
            Outcome::NotFound => VerdictKind::ServiceNotFound,
            Outcome::Ambiguous => VerdictKind::Ambiguous,
            Outcome::Invalid => VerdictKind::Invalid,
            Outcome::Found => VerdictKind::Stitched,
        };
        let fact = &facts[cell.own];
        if kind == VerdictKind::Stitched {
            stitched.insert(cell.own);
        }
        let place = VerdictKind::ALL.iter().position(|it| *it == kind);
        if let Some(count) = place.and_then(|at| answer.counts.verdicts.get_mut(at)) {
            *count += 1;
        }
        let owner = owns[cell.own].owner.0;
        let place = OwnerState::ALL.iter().position(|it| *it == owner);
        if let Some(count) = place.and_then(|at| answer.counts.owners.get_mut(at)) {
            *count += 1;
        }
        let has_other = |service: &u32| {
            topology.winner(*service).is_some_and(|cell| {
                let component = topology.cells.get(cell).component;
                Some(topology.components.get(component).instance) != instance
            })
        };
        let claimed_by_others = cell.targets.iter().any(has_other);
        let mut services: Vec<ServiceKey> = cell
            .targets
            .iter()
            .map(|service| topology.service(ServiceId(*service)).key())
            .collect();
        services.sort();
        answer.rows.push(Tried {
            component: fact.reference.clone(),
            cluster: topology.at_cluster(cell.cluster).name.clone(),
            kind,
            kubernetes_id: fact.kubernetes_id.as_ref().map(|it| it.value.clone()),
            owner: fact.owners.iter().find_map(|claim| match &claim.target {
                OwnerTarget::Ref(reference) => Some(reference.clone()),
                OwnerTarget::Malformed(_) => None,
            }),
            services,
            claimed_by_others,
        });
    }
    unsure.retain(|at| !stitched.contains(at));
    answer.unsure = unsure.len();
    answer.stitched = stitched.len();
    // A stable sort: the components of a kind stay in their order.
    answer
        .rows
        .sort_by_key(|row| row.kind != VerdictKind::Stitched);
    answer.rows.truncate(most);
    answer
}

/// The component as it would be known.
fn own(topology: &Topology, instance: InstanceId, fact: &ComponentFact) -> Own {
    // A text that nothing has leads nowhere, as a name of its own would.
    let name = |text: &str| -> Name { topology.names.find(text).unwrap_or(topology.nowhere) };
    let optional = |text: Option<&str>| text.map(name);
    let component = Component {
        instance,
        live: true,
        orphan: fact.orphan,
        faulty: fact.fault.is_some(),
        id_path: 0,
        namespace_path: 0,
        namespace: name(&fact.reference.namespace),
        key: name(&fact.reference.name),
        name: name(&fact.name),
        kubernetes_id: optional(fact.kubernetes_id.as_ref().map(|it| &*it.value)),
        kubernetes_namespace: optional(fact.kubernetes_namespace.as_ref().map(|it| &*it.value)),
        label_selector: fact
            .label_selector
            .as_deref()
            .and_then(|text| topology.names.find(text)),
        kubernetes_cluster: optional(fact.kubernetes_cluster.as_deref()),
        kind: None,
        lifecycle: None,
        system: None,
        candidates: 0,
        first_cell: u32::MAX,
        generation: 0,
    };
    let owner = if fact.owners.is_empty() {
        OwnerState::None
    } else {
        OwnerState::Unresolved
    };
    Own {
        id: u32::MAX,
        component,
        fault: fact.fault.clone(),
        owner: (owner, None),
        was_read: true,
    }
}
