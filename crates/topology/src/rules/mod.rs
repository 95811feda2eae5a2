//! The rules of S11, one file each. A new rule is one file, one variant of [`MatchRule`] and one line here.

mod by_labels;
mod component_name;
mod kubernetes_id_label;
mod label_selector;
mod pinned;
mod service_name;

use std::borrow::Cow;

use crate::fact::FieldFault;
use crate::labels_index::{Anchor, Aside};
use crate::names::Name;
use crate::records::Component;
use crate::settings::MatchRule;
use crate::topology::{ClusterId, Topology};

/// What a rule found for a component in a cluster.
#[derive(Debug)]
pub(crate) enum Found<'t> {
    /// The component gives the rule nothing to look for.
    NoInput,
    /// It does, and there is no such Service.
    Nothing,
    /// These Services, ascending ids, at least one.
    Services(Cow<'t, [u32]>),
    /// These Services where the rule wants one: at least two.
    Ambiguous(Cow<'t, [u32]>),
    /// The field that it reads cannot be used.
    Invalid(FieldFault),
}

/// What rules look in.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'t> {
    pub(crate) topology: &'t Topology,
    /// Labels that no component of the topology asks for, where settings are tried out that do.
    pub(crate) aside: Option<&'t Aside>,
}

impl<'t> Ground<'t> {
    /// What is known, and nothing beside it.
    pub(crate) fn of(topology: &'t Topology) -> Self {
        Self {
            topology,
            aside: None,
        }
    }

    /// The Services at `anchor`; `None` where they are all that there are.
    fn at(self, cluster: ClusterId, anchor: Anchor) -> Option<&'t [u32]> {
        let Self { topology, aside } = self;
        match aside {
            Some(aside) if !topology.labels.has(anchor) => aside.at(cluster, anchor),
            _ => topology.labels.at(&topology.sets, cluster, anchor),
        }
    }
}

/// One rule.
pub(crate) struct Rule {
    /// Looks for the component's Services.
    pub(crate) look: for<'t> fn(Ground<'t>, &Component, ClusterId) -> Found<'t>,
    /// What it looks for, in words; `None` if the component gives it nothing.
    pub(crate) words: fn(&Topology, &Component) -> Option<String>,
}

/// The rule of that name.
pub(crate) fn rule(rule: MatchRule) -> &'static Rule {
    match rule {
        MatchRule::ServiceName => &service_name::RULE,
        MatchRule::KubernetesIdLabel => &kubernetes_id_label::RULE,
        MatchRule::LabelSelector => &label_selector::RULE,
        MatchRule::ComponentName => &component_name::RULE,
        MatchRule::Pinned => &pinned::RULE,
    }
}

pub(crate) use by_labels::{ID_LABEL, anchors_of, asked_label};

/// Lookup by name, shared by the two rules that differ only in whose name it is (S6, S7).
fn by_name<'t>(
    topology: &'t Topology,
    component: &Component,
    cluster: ClusterId,
    name: Name,
) -> Found<'t> {
    let same_name = topology.services_named(cluster, name);
    if let Some(namespace) = component.kubernetes_namespace {
        let at =
            same_name.binary_search_by(|id| topology.services.get(*id).namespace.cmp(&namespace));
        return match at {
            Ok(at) => Found::Services(Cow::Borrowed(&same_name[at..=at])),
            Err(_) => Found::Nothing,
        };
    }
    match same_name {
        [] => Found::Nothing,
        [_] => Found::Services(Cow::Borrowed(same_name)),
        _ => Found::Ambiguous(Cow::Borrowed(same_name)),
    }
}

fn name_words(topology: &Topology, component: &Component, name: Name) -> String {
    let name = topology.names.get(name);
    match component.kubernetes_namespace {
        Some(namespace) => format!(
            "Service `{name}` in namespace `{}`",
            topology.names.get(namespace)
        ),
        None => format!("Service `{name}` in any namespace"),
    }
}
