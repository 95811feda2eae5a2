//! What people decided, beside what sources say (S26). No source can take it away, and it is no fact of a source: each
//! decision stands until it is withdrawn or its time is over, whether what it is about is there or not.
//!
//! A pin is looked at before every rule: where its Service is there, the component has it, and no rule is tried; where
//! it is not, the rules go on as if nobody had decided anything, and the decision is told to be stale. Of several
//! components that claim one Service, the preferred one is first, then pinned ones, then what S10 says.

use std::cmp::Ordering;
use std::fmt;

use crate::apply::Changes;
use crate::records::{Component, Service};
use crate::settings::MatchRule;
use crate::stitch::Targets;
use crate::topology::{ClusterId, ComponentId, ServiceId, Topology};
use crate::verdict::{ComponentKey, ServiceKey};

/// One decision of a person, as far as it bears on what is stitched to what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// The component is this Service, whatever its fields say. Several pins of one component in one cluster add up.
    Pin {
        /// The component.
        component: ComponentKey,
        /// Its Service.
        service: ServiceKey,
    },
    /// Of the components that claim the Service, this one has it (S10).
    Prefer {
        /// The component.
        component: ComponentKey,
        /// The Service.
        service: ServiceKey,
    },
    /// The component is not expected to run: it is no work for anybody.
    IgnoreComponent(ComponentKey),
    /// The Service is not expected to have an owner: coverage leaves it out.
    IgnoreService(ServiceKey),
}

/// Whether a decision bears on anything now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It does.
    InForce,
    /// The component that it names is not in the catalog.
    NoComponent,
    /// The Service that it names is not in the cluster.
    NoService,
    /// The component's instance does not cover the Service's cluster, or the component names another one (S8).
    NotCovered,
    /// The component that it prefers does not claim the Service.
    NotClaimed,
    /// Another decision gives the Service to this component.
    Overruled(ComponentKey),
}

impl Effect {
    /// Whether what it was about is not there, or does not ask for it.
    pub fn is_stale(&self) -> bool {
        *self != Self::InForce
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InForce => f.write_str("in force"),
            Self::NoComponent => f.write_str("the component is not in its catalog"),
            Self::NoService => f.write_str("the Service is not in its cluster"),
            Self::NotCovered => f.write_str("the component's instance does not cover the cluster"),
            Self::NotClaimed => f.write_str("the component does not claim the Service"),
            Self::Overruled(by) => write!(
                f,
                "another decision gives the Service to `{}` of instance `{}`",
                by.reference, by.instance
            ),
        }
    }
}

/// The decisions, in the orders in which they are looked up.
#[derive(Debug, Default)]
pub(crate) struct Decided {
    /// All, sorted, each once.
    all: Vec<Decision>,
    /// Components and the Services they are pinned to, by component.
    pins: Vec<(ComponentKey, ServiceKey)>,
    /// The same by Service.
    pinned: Vec<(ServiceKey, ComponentKey)>,
    /// Services and who is preferred there.
    preferred: Vec<(ServiceKey, ComponentKey)>,
    ignored_components: Vec<ComponentKey>,
    ignored_services: Vec<ServiceKey>,
}

/// Instance, namespace and name of a component.
type ComponentParts<'t> = (&'t str, &'t str, &'t str);

/// Cluster, namespace and name of a Service.
type ServiceParts<'t> = (&'t str, &'t str, &'t str);

fn component_parts(key: &ComponentKey) -> ComponentParts<'_> {
    (&key.instance, &key.reference.namespace, &key.reference.name)
}

fn service_parts(key: &ServiceKey) -> ServiceParts<'_> {
    (&key.cluster, &key.namespace, &key.name)
}

/// The part of `sorted` that compares equal.
fn equal<T>(sorted: &[T], compare: impl Fn(&T) -> Ordering) -> &[T] {
    let from = sorted.partition_point(|it| compare(it) == Ordering::Less);
    let until = sorted.partition_point(|it| compare(it) != Ordering::Greater);
    &sorted[from..until]
}

impl Decided {
    fn of(mut all: Vec<Decision>) -> Self {
        all.sort_unstable();
        all.dedup();
        let mut decided = Self::default();
        for decision in &all {
            match decision {
                Decision::Pin { component, service } => {
                    decided.pins.push((component.clone(), service.clone()));
                    decided.pinned.push((service.clone(), component.clone()));
                }
                Decision::Prefer { component, service } => {
                    decided.preferred.push((service.clone(), component.clone()));
                }
                Decision::IgnoreComponent(component) => {
                    decided.ignored_components.push(component.clone());
                }
                Decision::IgnoreService(service) => decided.ignored_services.push(service.clone()),
            }
        }
        let by_service = |a: &(ServiceKey, ComponentKey), b: &(ServiceKey, ComponentKey)| {
            service_parts(&a.0)
                .cmp(&service_parts(&b.0))
                .then_with(|| component_parts(&a.1).cmp(&component_parts(&b.1)))
        };
        decided
            .pins
            .sort_unstable_by(|a, b| component_parts(&a.0).cmp(&component_parts(&b.0)));
        decided.pinned.sort_unstable_by(by_service);
        decided.preferred.sort_unstable_by(by_service);
        let by_component =
            |a: &ComponentKey, b: &ComponentKey| component_parts(a).cmp(&component_parts(b));
        decided.ignored_components.sort_unstable_by(by_component);
        let by_service = |a: &ServiceKey, b: &ServiceKey| service_parts(a).cmp(&service_parts(b));
        decided.ignored_services.sort_unstable_by(by_service);
        decided.all = all;
        decided
    }

    fn pins_of(&self, component: ComponentParts<'_>) -> &[(ComponentKey, ServiceKey)] {
        equal(&self.pins, |(it, _)| component_parts(it).cmp(&component))
    }

    fn pinned_to(&self, service: ServiceParts<'_>) -> &[(ServiceKey, ComponentKey)] {
        equal(&self.pinned, |(it, _)| service_parts(it).cmp(&service))
    }

    /// Who is preferred for the Service. Of several, which nobody means, the first by name: the order in which decisions
    /// came must not matter.
    fn preferred(&self, service: ServiceParts<'_>) -> Option<&ComponentKey> {
        equal(&self.preferred, |(it, _)| service_parts(it).cmp(&service))
            .first()
            .map(|(_, component)| component)
    }

    /// What stands in one of the two only.
    fn differences<'d>(&'d self, other: &'d Self) -> impl Iterator<Item = &'d Decision> {
        let missing = |from: &'d Self, of: &'d Self| {
            of.all
                .iter()
                .filter(|it| from.all.binary_search(it).is_err())
        };
        missing(self, other).chain(missing(other, self))
    }
}

impl Topology {
    /// Replaces what people decided by `decisions`, of which none has ended. This is a batch as
    /// [`apply`](Topology::apply) is.
    pub fn decide(&mut self, decisions: Vec<Decision>) -> Changes {
        self.begin_batch();
        let new = Decided::of(decisions);
        let mut cells: Vec<u32> = Vec::new();
        for decision in self.decided.differences(&new) {
            match decision {
                Decision::Pin { component, .. } => {
                    if let Some(id) = self.find_component(component) {
                        cells.extend(self.cells_of(id.0));
                    }
                }
                Decision::Prefer { service, .. } => {
                    if let Some(id) = self.find_service(service) {
                        cells.extend(self.sets.ids(&self.services.get(id.0).claims));
                    }
                }
                Decision::IgnoreComponent(_) | Decision::IgnoreService(_) => {}
            }
        }
        // Claims stand in an order that what was decided is part of.
        for cell in &cells {
            self.claim(*cell, Targets::None);
        }
        self.decided = new;
        for cell in cells {
            self.mark_cell(cell);
        }
        self.settle();
        self.end_batch()
    }

    /// Whether a decision bears on anything now.
    pub fn effect(&self, decision: &Decision) -> Effect {
        match decision {
            Decision::IgnoreComponent(component) => match self.find_component(component) {
                Some(_) => Effect::InForce,
                None => Effect::NoComponent,
            },
            Decision::IgnoreService(service) => match self.find_service(service) {
                Some(_) => Effect::InForce,
                None => Effect::NoService,
            },
            Decision::Pin { component, service } | Decision::Prefer { component, service } => {
                self.effect_on(component, service)
            }
        }
    }

    fn effect_on(&self, component: &ComponentKey, service: &ServiceKey) -> Effect {
        let Some(component) = self.find_component(component) else {
            return Effect::NoComponent;
        };
        let Some(service) = self.find_service(service) else {
            return Effect::NoService;
        };
        let cluster = self.services.get(service.0).cluster;
        let Some(cell) = self.cell_of(component.0, cluster) else {
            return Effect::NotCovered;
        };
        match self.winner(service.0) {
            Some(winner) if winner == cell => Effect::InForce,
            Some(winner)
                if self
                    .sets
                    .ids(&self.cells.get(cell).targets)
                    .contains(&service.0) =>
            {
                Effect::Overruled(self.component_key(self.cells.get(winner).component))
            }
            _ => Effect::NotClaimed,
        }
    }

    /// The component of that key.
    pub fn find_component(&self, key: &ComponentKey) -> Option<ComponentId> {
        let instance = self.instance_id(&key.instance)?;
        let namespace = self.names.find(&key.reference.namespace)?;
        let name = self.names.find(&key.reference.name)?;
        self.component_named(instance, namespace, name)
            .filter(|_| &*key.reference.kind == "component")
            .map(ComponentId)
    }

    pub(crate) fn is_pinned(&self, component: &Component) -> bool {
        !self.decided.pins.is_empty()
            && !self
                .decided
                .pins_of(self.parts_of_component(component))
                .is_empty()
    }

    /// The Services of the cluster that the component is pinned to and that are there, ascending ids.
    pub(crate) fn pinned_services(&self, component: &Component, cluster: ClusterId) -> Vec<u32> {
        let pins = self.decided.pins_of(self.parts_of_component(component));
        let mut services: Vec<u32> = pins
            .iter()
            .filter_map(|(_, service)| self.find_service(service))
            .map(|ServiceId(id)| id)
            .filter(|id| self.services.get(*id).cluster == cluster)
            .collect();
        services.sort_unstable();
        services
    }

    /// What the component is pinned to, there or not.
    pub(crate) fn pins(&self, component: &Component) -> impl Iterator<Item = &ServiceKey> {
        let pins = self.decided.pins_of(self.parts_of_component(component));
        pins.iter().map(|(_, service)| service)
    }

    /// The components that are pinned to the Service.
    pub(crate) fn pinned_here(&self, service: &Service) -> Vec<u32> {
        if self.decided.pinned.is_empty() {
            return Vec::new();
        }
        let pinned = self.decided.pinned_to(self.parts_of_service(service));
        pinned
            .iter()
            .filter_map(|(_, component)| self.find_component(component))
            .map(|ComponentId(id)| id)
            .collect()
    }

    /// The component that is preferred where several claim the Service.
    pub(crate) fn preferred_at(&self, service: &Service) -> Option<ComponentKey> {
        if self.decided.preferred.is_empty() {
            return None;
        }
        let preferred = self.decided.preferred(self.parts_of_service(service));
        preferred.cloned()
    }

    /// The component is ignored by a person's decision.
    pub fn is_component_ignored(&self, id: ComponentId) -> bool {
        let ignored = &self.decided.ignored_components;
        !ignored.is_empty() && {
            let parts = self.parts_of_component(self.components.get(id.0));
            !equal(ignored, |it| component_parts(it).cmp(&parts)).is_empty()
        }
    }

    /// The Service is ignored by a person's decision.
    pub fn is_service_ignored(&self, id: ServiceId) -> bool {
        let ignored = &self.decided.ignored_services;
        !ignored.is_empty() && {
            let parts = self.parts_of_service(self.services.get(id.0));
            !equal(ignored, |it| service_parts(it).cmp(&parts)).is_empty()
        }
    }

    /// The components that are ignored and there.
    pub(crate) fn ignored_components(&self) -> impl Iterator<Item = ComponentId> {
        let ignored = self.decided.ignored_components.iter();
        ignored.filter_map(|key| self.find_component(key))
    }

    /// The Services that are ignored and there.
    pub(crate) fn ignored_services(&self) -> impl Iterator<Item = ServiceId> {
        let ignored = self.decided.ignored_services.iter();
        ignored.filter_map(|key| self.find_service(key))
    }

    fn parts_of_component(&self, component: &Component) -> ComponentParts<'_> {
        // One that is only tried out may be of no instance, and nothing is decided of it then.
        let instance = self.instances.get(usize::from(component.instance.0));
        (
            instance.map_or("", |it| &it.settings.name),
            self.names.get(component.namespace),
            self.names.get(component.key),
        )
    }

    fn parts_of_service(&self, service: &Service) -> ServiceParts<'_> {
        (
            &self.at_cluster(service.cluster).name,
            self.names.get(service.namespace),
            self.names.get(service.name),
        )
    }
}

/// Where a claim stands among those of a Service by what people decided: what is lower comes first.
pub(crate) fn rank(preferred: bool, rule: Option<MatchRule>) -> u8 {
    match (preferred, rule) {
        (true, _) => 0,
        (false, Some(MatchRule::Pinned)) => 1,
        (false, _) => 2,
    }
}
