//! A naive reading of the contract: everything from scratch, over plain maps of facts, by comparing all with all. It
//! shares no code with the core but the facts themselves.

use std::collections::BTreeMap;

use topology::decisions::Decision;
use topology::entity_ref::EntityRef;
use topology::fact::{ComponentFact, OwnerFact, OwnerTarget, ServiceFact};
use topology::settings::{InstanceSettings, MatchRule};
use topology::verdict::{ComponentKey, OwnerState, ServiceKey, VerdictKind};

/// All facts that count now.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) clusters: Vec<String>,
    pub(crate) instances: BTreeMap<String, InstanceSettings>,
    pub(crate) components: BTreeMap<(String, EntityRef), ComponentFact>,
    pub(crate) owners: BTreeMap<(String, EntityRef), OwnerFact>,
    pub(crate) services: BTreeMap<(String, String, String), ServiceFact>,
    pub(crate) decisions: Vec<Decision>,
}

/// `cluster/namespace/name`.
pub(crate) type Service = String;

/// Instance and reference.
pub(crate) type Component = (String, EntityRef);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) kind: VerdictKind,
    pub(crate) rule: Option<MatchRule>,
    pub(crate) services: Vec<Service>,
    pub(crate) candidates: Vec<Service>,
    pub(crate) conflict_with: Option<Component>,
    pub(crate) owner_state: OwnerState,
    pub(crate) owner: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Had {
    pub(crate) component: Option<Component>,
    pub(crate) owner: Option<String>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) verdicts: BTreeMap<(String, Component), Judged>,
    pub(crate) services: BTreeMap<Service, Had>,
}

enum Looked {
    NoInput,
    Nothing,
    Services(Vec<Service>),
    Ambiguous(Vec<Service>),
    Invalid,
}

impl World {
    pub(crate) fn judge(&self) -> State {
        let mut claims: BTreeMap<(String, Component), (Option<MatchRule>, Looked)> =
            BTreeMap::new();
        for (key, component) in &self.components {
            for cluster in self.covered(key, component) {
                let claim = self.claim(key, component, &cluster);
                claims.insert((cluster, key.clone()), claim);
            }
        }
        let mut winners: BTreeMap<Service, Component> = BTreeMap::new();
        for ((_, component), (rule, looked)) in &claims {
            let Looked::Services(services) = looked else {
                continue;
            };
            for service in services {
                let standing = |component: &Component, rule: Option<MatchRule>| {
                    (
                        self.decided(component, rule, service),
                        self.standing(component),
                    )
                };
                let better = winners.get(service).is_none_or(|other| {
                    let cluster = service.split('/').next().unwrap_or_default().to_owned();
                    let others = claims[&(cluster, other.clone())].0;
                    standing(component, *rule) < standing(other, others)
                });
                if better {
                    winners.insert(service.clone(), component.clone());
                }
            }
        }
        let verdicts = claims
            .into_iter()
            .map(|((cluster, component), (rule, looked))| {
                let judged = self.verdict(&component, rule, looked, &winners);
                ((cluster, component), judged)
            });
        let services = self.services.keys().map(|(cluster, namespace, name)| {
            let service = format!("{cluster}/{namespace}/{name}");
            let component = winners.get(&service).cloned();
            let owner = component.as_ref().and_then(|it| self.owner(it).1);
            (service, Had { component, owner })
        });
        State {
            verdicts: verdicts.collect(),
            services: services.collect(),
        }
    }

    fn verdict(
        &self,
        component: &Component,
        rule: Option<MatchRule>,
        looked: Looked,
        winners: &BTreeMap<Service, Component>,
    ) -> Judged {
        let (owner_state, owner) = self.owner(component);
        let mut judged = Judged {
            kind: VerdictKind::Invalid,
            rule,
            services: Vec::new(),
            candidates: Vec::new(),
            conflict_with: None,
            owner_state,
            owner,
        };
        match looked {
            Looked::Invalid => {}
            Looked::NoInput => judged.kind = VerdictKind::NoKubernetesId,
            Looked::Nothing => judged.kind = VerdictKind::ServiceNotFound,
            Looked::Ambiguous(services) => {
                judged.kind = VerdictKind::Ambiguous;
                judged.candidates = services;
            }
            Looked::Services(services) => {
                let (mine, lost): (Vec<_>, Vec<_>) = services
                    .iter()
                    .cloned()
                    .partition(|service| winners[service] == *component);
                if mine.is_empty() {
                    judged.kind = VerdictKind::Conflict;
                    judged.conflict_with = lost.first().map(|service| winners[service].clone());
                    judged.candidates = services;
                } else {
                    judged.kind = VerdictKind::Stitched;
                    judged.services = mine;
                }
            }
        }
        judged
    }

    /// S8.
    fn covered(&self, key: &Component, component: &ComponentFact) -> Vec<String> {
        let settings = &self.instances[&key.0];
        let covered: Vec<String> = self
            .clusters
            .iter()
            .filter(|cluster| settings.clusters.covers(cluster))
            .cloned()
            .collect();
        match component.kubernetes_cluster.as_deref() {
            Some(named)
                if settings.honor_cluster_annotation && covered.iter().any(|it| it == named) =>
            {
                vec![named.to_owned()]
            }
            _ => covered,
        }
    }

    /// S5–S7, S11.
    fn claim(
        &self,
        key: &Component,
        component: &ComponentFact,
        cluster: &str,
    ) -> (Option<MatchRule>, Looked) {
        let settings = &self.instances[&key.0];
        let pins: Vec<&ServiceKey> = self
            .decisions
            .iter()
            .filter_map(|it| match it {
                Decision::Pin { component, service } if is(component, key) => Some(service),
                _ => None,
            })
            .collect();
        let pinned: Vec<Service> = pins
            .iter()
            .filter(|service| {
                let place = (
                    service.cluster.to_string(),
                    service.namespace.to_string(),
                    service.name.to_string(),
                );
                &*service.cluster == cluster && self.services.contains_key(&place)
            })
            .map(ToString::to_string)
            .collect();
        if !pinned.is_empty() {
            let mut pinned = sorted(pinned);
            pinned.dedup();
            return (Some(MatchRule::Pinned), Looked::Services(pinned));
        }
        let named_elsewhere = settings.honor_cluster_annotation
            && component
                .kubernetes_cluster
                .as_deref()
                .is_some_and(|named| !self.covered(key, component).iter().any(|it| it == named));
        if component.fault.is_some() || named_elsewhere {
            return (None, Looked::Invalid);
        }
        for rule in &settings.match_rules {
            match self.look(*rule, component, cluster) {
                Looked::NoInput | Looked::Nothing => {}
                found => return (Some(*rule), found),
            }
        }
        let rules = &settings.match_rules;
        let id = component.kubernetes_id.is_some()
            && (rules.contains(&MatchRule::ServiceName)
                || rules.contains(&MatchRule::KubernetesIdLabel));
        let selector =
            component.label_selector.is_some() && rules.contains(&MatchRule::LabelSelector);
        let name_only = rules.iter().all(|rule| *rule == MatchRule::ComponentName);
        let looked = if id || selector || name_only || !pins.is_empty() {
            Looked::Nothing
        } else {
            Looked::NoInput
        };
        (None, looked)
    }

    fn look(&self, rule: MatchRule, component: &ComponentFact, cluster: &str) -> Looked {
        let namespace = component.kubernetes_namespace.as_ref().map(|it| &*it.value);
        let id = component.kubernetes_id.as_ref().map(|it| &*it.value);
        let there: Vec<(&(String, String, String), &ServiceFact)> = self
            .services
            .iter()
            .filter(|((of, ns, _), _)| of == cluster && namespace.is_none_or(|it| it == ns))
            .collect();
        let text = |key: &(String, String, String)| format!("{}/{}/{}", key.0, key.1, key.2);
        let named = |name: &str| -> Looked {
            let hits: Vec<Service> = there
                .iter()
                .filter(|((_, _, it), _)| it == name)
                .map(|(key, _)| text(key))
                .collect();
            match hits.len() {
                0 => Looked::Nothing,
                1 => Looked::Services(hits),
                _ => Looked::Ambiguous(sorted(hits)),
            }
        };
        let labelled = |pairs: &[(&str, &str)]| -> Looked {
            let hits: Vec<Service> = there
                .iter()
                .filter(|(_, service)| {
                    pairs.iter().all(|(key, value)| {
                        let has = |it: &(Box<str>, Box<str>)| &*it.0 == *key && &*it.1 == *value;
                        match key.strip_prefix('!') {
                            Some(absent) => service.labels.iter().all(|it| &*it.0 != absent),
                            None => service.labels.iter().any(has),
                        }
                    })
                })
                .map(|(key, _)| text(key))
                .collect();
            if hits.is_empty() {
                Looked::Nothing
            } else {
                Looked::Services(sorted(hits))
            }
        };
        match (rule, id, component.label_selector.as_deref()) {
            (MatchRule::ServiceName, Some(id), _) => named(id),
            (MatchRule::KubernetesIdLabel, Some(id), _) => {
                labelled(&[("backstage.io/kubernetes-id", id)])
            }
            (MatchRule::LabelSelector, _, Some(selector)) => {
                if selector == "=broken" {
                    return Looked::Invalid;
                }
                let pairs: Vec<(&str, &str)> = selector
                    .split(',')
                    .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                    .collect();
                labelled(&pairs)
            }
            (MatchRule::ComponentName, _, _) => named(&component.name),
            _ => Looked::NoInput,
        }
    }

    /// What people decided comes before S10.
    fn decided(&self, component: &Component, rule: Option<MatchRule>, service: &str) -> u8 {
        let mut preferred: Vec<(&str, String)> = self
            .decisions
            .iter()
            .filter_map(|it| match it {
                Decision::Prefer {
                    component,
                    service: of,
                } if of.to_string() == service => {
                    Some((&*component.instance, component.reference.to_string()))
                }
                _ => None,
            })
            .collect();
        preferred.sort_by(|a, b| (a.0, parts(&a.1)).cmp(&(b.0, parts(&b.1))));
        match preferred.first() {
            Some(first) if *first == (&*component.0, component.1.to_string()) => 0,
            _ if rule == Some(MatchRule::Pinned) => 1,
            _ => 2,
        }
    }

    /// S10: what comes first has the Service.
    fn standing(&self, component: &Component) -> (bool, bool, String, String) {
        let it = &self.components[component];
        (
            it.orphan,
            it.kubernetes_namespace.is_none(),
            component.1.to_string(),
            component.0.clone(),
        )
    }

    /// S12, S13.
    fn owner(&self, component: &Component) -> (OwnerState, Option<String>) {
        let claims = &self.components[component].owners;
        for claim in claims {
            if let OwnerTarget::Ref(reference) = &claim.target
                && self
                    .owners
                    .contains_key(&(component.0.clone(), reference.clone()))
            {
                return (OwnerState::Resolved, Some(reference.to_string()));
            }
        }
        if claims.is_empty() {
            (OwnerState::None, None)
        } else {
            (OwnerState::Unresolved, None)
        }
    }
}

fn is(key: &ComponentKey, component: &Component) -> bool {
    *key.instance == *component.0 && key.reference == component.1
}

/// Namespace and name of a component's reference.
fn parts(reference: &str) -> (&str, &str) {
    let rest = reference.trim_start_matches("component:");
    rest.split_once('/').unwrap_or(("", rest))
}

/// By cluster, then the rest as text: within one cluster the text's own order.
fn sorted(mut services: Vec<Service>) -> Vec<Service> {
    services.sort();
    services
}
