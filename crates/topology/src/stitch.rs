//! Judging a component in a cluster: the rules in order, until one finds something (S5–S11).
//!
//! There is one judge. The incremental path calls it with nobody listening; a verdict with its evidence is the same call
//! with a listener.

use std::cmp::Ordering;

use crate::decisions::rank;
use crate::fact::FieldFault;
use crate::joined::cmp_joined;
use crate::names::Names;
use crate::records::{Cell, Component, Outcome};
use crate::rules::{Found, Ground, rule};
use crate::settings::{InstanceSettings, MatchRule};
use crate::slab::Slab;
use crate::topology::{ClusterId, Instance, Topology};
use crate::verdict::{ComponentKey, VerdictKind};

/// What the rules made of a component in a cluster.
#[derive(Debug)]
pub(crate) struct Judgement {
    pub(crate) outcome: Outcome,
    /// The rule that decided.
    pub(crate) rule: Option<MatchRule>,
    pub(crate) targets: Targets,
    /// For [`Outcome::Invalid`].
    pub(crate) fault: Option<FieldFault>,
}

/// The Services that a judgement is about, ascending ids.
#[derive(Debug)]
pub(crate) enum Targets {
    None,
    One(u32),
    Many(Vec<u32>),
}

impl Judgement {
    fn without_targets(outcome: Outcome) -> Self {
        Self {
            outcome,
            rule: None,
            targets: Targets::None,
            fault: None,
        }
    }

    /// What the rule decided; `None`: nothing, and the next one is tried.
    fn by(name: MatchRule, found: Found<'_>) -> Option<Self> {
        match found {
            Found::NoInput | Found::Nothing => None,
            Found::Invalid(fault) => Some(Self::invalid(Some(name), fault)),
            Found::Ambiguous(_) => Some(Self {
                rule: Some(name),
                ..Self::without_targets(Outcome::Ambiguous)
            }),
            Found::Services(ids) => {
                let targets = match *ids {
                    [id] => Targets::One(id),
                    _ => Targets::Many(ids.into_owned()),
                };
                Some(Self {
                    outcome: Outcome::Found,
                    rule: Some(name),
                    targets,
                    fault: None,
                })
            }
        }
    }

    fn invalid(rule: Option<MatchRule>, fault: FieldFault) -> Self {
        Self {
            rule,
            fault: Some(fault),
            ..Self::without_targets(Outcome::Invalid)
        }
    }
}

/// Judges `component` in `cluster`, telling `listener` what each rule found.
pub(crate) fn judge<'t>(
    topology: &'t Topology,
    id: u32,
    cluster: ClusterId,
    listener: impl FnMut(MatchRule, &Found<'t>),
) -> Judgement {
    let component = topology.components.get(id);
    let faulty = component.faulty;
    let case = Case {
        component,
        fault: faulty.then(|| topology.faults.get(&id)).flatten(),
        settings: &topology.at_instance(component.instance).settings,
    };
    judge_case(Ground::of(topology), case, cluster, listener)
}

/// A component as it is to be judged, be it so or not.
#[derive(Clone, Copy)]
pub(crate) struct Case<'c> {
    pub(crate) component: &'c Component,
    /// A field of it that cannot be used.
    pub(crate) fault: Option<&'c FieldFault>,
    /// The settings of its instance.
    pub(crate) settings: &'c InstanceSettings,
}

/// Judges a component under settings; both may be other than those of the topology.
pub(crate) fn judge_case<'t>(
    ground: Ground<'t>,
    case: Case<'_>,
    cluster: ClusterId,
    mut listener: impl FnMut(MatchRule, &Found<'t>),
) -> Judgement {
    let topology = ground.topology;
    let Case {
        component,
        fault,
        settings,
    } = case;
    let pinned = topology.is_pinned(component);
    if pinned {
        let found = (rule(MatchRule::Pinned).look)(ground, component, cluster);
        listener(MatchRule::Pinned, &found);
        if let Some(judgement) = Judgement::by(MatchRule::Pinned, found) {
            return judgement;
        }
    }
    if let Some(fault) = fault {
        return Judgement::invalid(None, fault.clone());
    }
    if let Some(fault) = unknown_cluster(topology, component, settings) {
        return Judgement::invalid(None, fault);
    }
    let rules = &settings.match_rules;
    for &name in rules {
        let found = (rule(name).look)(ground, component, cluster);
        listener(name, &found);
        if let Some(judgement) = Judgement::by(name, found) {
            return judgement;
        }
    }
    let outcome = if pinned {
        Outcome::NotFound
    } else {
        miss(component, rules)
    };
    Judgement::without_targets(outcome)
}

/// Nothing was found: was anything named? A component's own name is a guess of ours, so by itself it is no claim; only
/// where it is all that the instance goes by is its miss a Service that is not there.
fn miss(component: &Component, rules: &[MatchRule]) -> Outcome {
    let claimed = |rule: &MatchRule| match rule {
        MatchRule::ServiceName | MatchRule::KubernetesIdLabel => component.kubernetes_id.is_some(),
        MatchRule::LabelSelector => component.label_selector.is_some(),
        MatchRule::ComponentName | MatchRule::Pinned => false,
    };
    let only_names = rules.iter().all(|rule| *rule == MatchRule::ComponentName);
    if only_names || rules.iter().any(claimed) {
        Outcome::NotFound
    } else {
        Outcome::NoKubernetesId
    }
}

/// S8: the cluster annotation narrows; one that names no covered cluster leaves nothing, which must not go unseen.
fn unknown_cluster(
    topology: &Topology,
    component: &Component,
    settings: &InstanceSettings,
) -> Option<FieldFault> {
    if !settings.honor_cluster_annotation {
        return None;
    }
    let named = topology.names.opt(component.kubernetes_cluster)?;
    let mut covered: Vec<&str> = topology
        .clusters()
        .map(|(_, cluster)| cluster)
        .filter(|cluster| settings.clusters.covers(cluster))
        .collect();
    covered.sort_unstable();
    if covered.contains(&named) {
        return None;
    }
    Some(FieldFault {
        field: "annotations.backstage.io/kubernetes-cluster".into(),
        found: format!("`{named}`").into(),
        expected: format!("a cluster that the instance covers: {}", covered.join(", ")).into(),
    })
}

/// Whether a cell, by what it has and what others have, is stitched.
pub(crate) fn verdict_kind(topology: &Topology, cell_id: u32) -> VerdictKind {
    let cell = topology.cells.get(cell_id);
    match cell.outcome {
        Outcome::NoKubernetesId => VerdictKind::NoKubernetesId,
        Outcome::NotFound => VerdictKind::ServiceNotFound,
        Outcome::Ambiguous => VerdictKind::Ambiguous,
        Outcome::Invalid => VerdictKind::Invalid,
        Outcome::Found => {
            let targets = topology.sets.ids(&cell.targets);
            let wins = targets
                .iter()
                .any(|service| topology.winner(*service) == Some(cell_id));
            if wins {
                VerdictKind::Stitched
            } else {
                VerdictKind::Conflict
            }
        }
    }
}

/// Who claims a Service, and by which rule.
pub(crate) type Claim<'c> = (&'c Component, Option<MatchRule>);

/// Who of several claimants has a Service: whom people decided for, and by S10 no orphan before an orphan, an explicit namespace before none, then the
/// lexically lowest reference, then the lowest instance name. Two cells of one component are never in one cluster, so
/// the order is total over the claimants of a Service.
pub(crate) struct ClaimOrder<'t> {
    pub(crate) names: &'t Names,
    pub(crate) instances: &'t [Instance],
    pub(crate) components: &'t Slab<Component>,
    pub(crate) cells: &'t Slab<Cell>,
    /// Whom a person prefers for the Service.
    pub(crate) preferred: Option<&'t ComponentKey>,
}

impl ClaimOrder<'_> {
    pub(crate) fn compare(&self, a: u32, b: u32) -> Ordering {
        if a == b {
            return Ordering::Equal;
        }
        self.compare_claims(self.claim(a), self.claim(b))
    }

    /// What the cell claims its Services by.
    pub(crate) fn claim(&self, cell: u32) -> Claim<'_> {
        let cell = self.cells.get(cell);
        (self.components.get(cell.component), cell.rule)
    }

    pub(crate) fn compare_claims(&self, a: Claim<'_>, b: Claim<'_>) -> Ordering {
        let decided = |(component, rule)| rank(self.is_preferred(component), rule);
        let by_decision = decided(a).cmp(&decided(b));
        let (a, b) = (a.0, b.0);
        let later = |it: &Component| (it.orphan, it.kubernetes_namespace.is_none());
        let name = |name| self.names.get(name);
        by_decision
            .then_with(|| later(a).cmp(&later(b)))
            .then_with(|| {
                cmp_joined(
                    (name(a.namespace), name(a.key)),
                    (name(b.namespace), name(b.key)),
                )
            })
            .then_with(|| {
                let instance = |it: &Component| &self.instances[usize::from(it.instance.0)];
                instance(a).settings.name.cmp(&instance(b).settings.name)
            })
    }

    fn is_preferred(&self, component: &Component) -> bool {
        self.preferred.is_some_and(|preferred| {
            let instance = &self.instances[usize::from(component.instance.0)];
            *preferred.reference.name == *self.names.get(component.key)
                && *preferred.reference.namespace == *self.names.get(component.namespace)
                && preferred.instance == instance.settings.name
        })
    }
}
