//! What the two label rules share: finding Services by a selector, and the anchors by which a change of a Service's
//! labels finds its way back to the component.

use std::borrow::Cow;

use super::{Found, Ground};
use crate::labels_index::{Anchor, anchors, selects};
use crate::names::Name;
use crate::records::Component;
use crate::selector::Selector;
use crate::settings::{MatchRule, RuleSet};
use crate::topology::{ClusterId, Topology};

pub(crate) const ID_LABEL: &str = "backstage.io/kubernetes-id";
pub(super) const SELECTOR_ANNOTATION: &str = "backstage.io/kubernetes-label-selector";

/// The Services of the cluster, and of the component's namespace if it names one, that `selector` selects.
pub(super) fn select<'t>(
    ground: Ground<'t>,
    component: &Component,
    cluster: ClusterId,
    selector: &Selector,
) -> Found<'t> {
    let topology = ground.topology;
    let fits = |id: &u32| {
        let service = topology.services.get(*id);
        service.live
            && service.cluster == cluster
            && component
                .kubernetes_namespace
                .is_none_or(|namespace| namespace == service.namespace)
            && selects(selector, &topology.names, service)
    };
    let mut found: Vec<u32> = Vec::new();
    for anchor in anchors(selector, |text| topology.names.find(text)) {
        match ground.at(cluster, anchor) {
            Some(ids) => found.extend(ids.iter().copied().filter(fits)),
            None => found.extend(topology.services.iter().map(|(id, _)| id).filter(fits)),
        }
    }
    found.sort_unstable();
    found.dedup();
    if found.is_empty() {
        Found::Nothing
    } else {
        Found::Services(Cow::Owned(found))
    }
}

/// The end of the sentence that says where Services are looked for.
pub(super) fn within(topology: &Topology, component: &Component) -> String {
    match topology.names.opt(component.kubernetes_namespace) {
        Some(namespace) => format!(" in namespace `{namespace}`"),
        None => String::new(),
    }
}

/// Where the component's selector is looked up, if its instance goes by selectors.
pub(crate) fn anchors_of(topology: &mut Topology, component: u32, rules: RuleSet) -> Vec<Anchor> {
    let selector = topology.components.get(component).label_selector;
    let Some(selector) = selector.filter(|_| rules.contains(MatchRule::LabelSelector)) else {
        return Vec::new();
    };
    let Ok(selector) = Selector::parse(topology.names.get(selector)) else {
        return Vec::new();
    };
    let mut found = anchors(&selector, |text| Some(topology.names.intern(text)));
    found.sort_unstable();
    found.dedup();
    found
}

/// The label key by which the component's selector is looked up.
pub(crate) fn asked_label(topology: &Topology, component: &Component) -> Option<Name> {
    let selector = topology.names.opt(component.label_selector)?;
    let selector = Selector::parse(selector).ok()?;
    let found = anchors(&selector, |text| topology.names.find(text));
    found.into_iter().find_map(Anchor::key)
}
