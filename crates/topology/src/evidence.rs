//! Verdicts with their evidence: the judge again, with a listener (S18, S20).

use crate::field_path::FieldPath;
use crate::lookup::NEAR_SHOWN;
use crate::names::Name;
use crate::nearest::near;
use crate::records::{Component, Outcome, Target};
use crate::rules::{Found, rule};
use crate::settings::MatchRule;
use crate::stitch::{Judgement, judge, verdict_kind};
use crate::topology::{ClusterId, ComponentId, OwnerId, ServiceId, Topology};
use crate::verdict::{
    ComponentKey, MAX_SHOWN, Miss, OwnerOutcome, OwnerSummary, OwnerTried, OwnerVerdict, PathTried,
    RuleTried, ServiceKey, Verdict, VerdictKind,
};

impl Topology {
    /// What became of the component in the cluster, and why. `None`: its instance does not cover the cluster, or the
    /// component names another one (S8).
    pub fn verdict(&self, component: ComponentId, cluster: ClusterId) -> Option<Verdict> {
        let cell_id = self.cell_of(component.0, cluster)?;
        let cell = self.cells.get(cell_id);
        let it = self.components.get(component.0);
        let mut rules = Vec::new();
        let mut disputed = Vec::new();
        let judgement = judge(self, component.0, cluster, |name, found| {
            let ids: &[u32] = match found {
                Found::Services(ids) | Found::Ambiguous(ids) => ids,
                Found::NoInput | Found::Nothing | Found::Invalid(_) => &[],
            };
            if matches!(found, Found::Ambiguous(_)) {
                disputed = self.keys(ids);
            }
            rules.push(RuleTried {
                rule: name,
                lookup: (rule(name).words)(self, it),
                found: self.keys(ids),
                found_total: ids.len(),
            });
        });
        let kind = verdict_kind(self, cell_id);
        let targets = self.sets.ids(&cell.targets);
        let (mine, lost): (Vec<u32>, Vec<u32>) = targets
            .iter()
            .partition(|service| self.winner(**service) == Some(cell_id));
        let mut lost: Vec<(ServiceKey, ComponentKey)> = lost
            .into_iter()
            .filter_map(|service| {
                let winner = self.cells.get(self.winner(service)?).component;
                Some((self.service_key(service), self.component_key(winner)))
            })
            .collect();
        lost.sort();
        let candidates = match kind {
            VerdictKind::Ambiguous => disputed,
            VerdictKind::Conflict => self.keys(targets),
            _ => Vec::new(),
        };
        let settings = &self.at_instance(it.instance).settings;
        Some(Verdict {
            component: self.component_key(component.0),
            cluster: self.at_cluster(cluster).name.clone(),
            kind,
            ignored: self.is_component_ignored(component),
            rule: judgement.rule,
            services: self.keys(&mine),
            candidates,
            conflict_with: (kind == VerdictKind::Conflict)
                .then(|| lost.first().map(|(_, winner)| winner.clone()))
                .flatten(),
            lost,
            owner: self.owner_verdict(it),
            id_paths: self.paths_tried(
                &settings.label_map.kubernetes_id,
                it.id_path,
                it.kubernetes_id,
            ),
            namespace_paths: self.paths_tried(
                &settings.label_map.kubernetes_namespace,
                it.namespace_path,
                it.kubernetes_namespace,
            ),
            rules,
            miss: self.miss(it, cluster, &judgement),
            fault: judgement.fault,
            generation: it.generation,
            read_at: self.read_at(it.instance, it.generation),
        })
    }

    /// The verdicts of a component in every cluster that its instance covers, sorted by cluster.
    pub fn verdicts(&self, component: ComponentId) -> Vec<Verdict> {
        let cells = self.cells_of(component.0);
        let mut verdicts: Vec<Verdict> = cells
            .filter_map(|cell| self.verdict(component, self.cells.get(cell).cluster))
            .collect();
        verdicts.sort_by(|a, b| a.cluster.cmp(&b.cluster));
        verdicts
    }

    fn service_key(&self, service: u32) -> ServiceKey {
        self.service(ServiceId(service)).key()
    }

    /// Sorted and cut to [`MAX_SHOWN`].
    fn keys(&self, services: &[u32]) -> Vec<ServiceKey> {
        let mut keys: Vec<ServiceKey> = services.iter().map(|id| self.service_key(*id)).collect();
        keys.sort();
        keys.truncate(MAX_SHOWN);
        keys
    }

    /// Paths up to the one that had the value; those after it were not tried (S5).
    fn paths_tried(&self, paths: &[FieldPath], found: u8, value: Option<Name>) -> Vec<PathTried> {
        let tried = paths.iter().take(usize::from(found).saturating_add(1));
        (0..=u8::MAX)
            .zip(tried)
            .map(|(index, path)| PathTried {
                path: path.as_str().into(),
                value: self
                    .names
                    .opt(value)
                    .filter(|_| index == found)
                    .map(Into::into),
            })
            .collect()
    }

    fn owner_verdict(&self, component: &Component) -> OwnerVerdict {
        let list = self.candidates.get(component.candidates);
        let paths = &self
            .at_instance(component.instance)
            .settings
            .label_map
            .owner;
        let path = |index: u8| paths.get(usize::from(index)).map_or("", FieldPath::as_str);
        let winner = list.resolved.map(|(index, _)| index);
        let mut tried = Vec::with_capacity(list.list.len());
        for (index, candidate) in (0..).zip(&list.list) {
            let (target, outcome) = match &candidate.target {
                Target::Malformed(text) => (self.names.get(*text).into(), OwnerOutcome::Malformed),
                Target::Ref(names) => {
                    let kind = self.names.get(names.kind);
                    let outcome = match winner {
                        Some(winner) if winner == index => OwnerOutcome::Resolved,
                        Some(winner) if winner < index => OwnerOutcome::NotTried,
                        _ if matches!(kind, "group" | "user") => OwnerOutcome::Dangling,
                        _ => OwnerOutcome::WrongKind,
                    };
                    (self.entity_ref(names).to_string().into(), outcome)
                }
            };
            tried.push(OwnerTried {
                path: path(candidate.path).into(),
                target,
                outcome,
            });
        }
        let first = list.list.iter().find_map(|it| match &it.target {
            Target::Ref(names) => Some(names),
            Target::Malformed(_) => None,
        });
        let source = winner.and_then(|index| list.list.get(index as usize));
        OwnerVerdict {
            state: list.owner_state(),
            owner: list.resolved.map(|(_, id)| self.owner_summary(OwnerId(id))),
            paths: paths.iter().map(|path| path.as_str().into()).collect(),
            source: source.map(|candidate| path(candidate.path).into()),
            near: match (winner, first) {
                (None, Some(names)) => {
                    self.owners_meant(component.instance, &self.entity_ref(names))
                }
                _ => Vec::new(),
            },
            tried,
        }
    }

    /// Who an owner is and how to reach them.
    pub fn owner_summary(&self, id: OwnerId) -> OwnerSummary {
        let it = self.owner(id);
        OwnerSummary {
            reference: self.owner_ref(id),
            kind: it.kind,
            display_name: it.display_name.into(),
            email: it.email.map(Into::into),
        }
    }

    /// What is known around a name that was not found (S6, S21), or around one that was never given.
    fn miss(
        &self,
        component: &Component,
        cluster: ClusterId,
        judgement: &Judgement,
    ) -> Option<Miss> {
        let wanted = match judgement.outcome {
            Outcome::NotFound => {
                let rules = &self.at_instance(component.instance).settings.match_rules;
                let only_names = rules.iter().all(|rule| *rule == MatchRule::ComponentName);
                let id = component.kubernetes_id.filter(|_| !only_names);
                id.unwrap_or(component.name)
            }
            Outcome::NoKubernetesId => component.name,
            _ => return None,
        };
        let elsewhere = self.keys(self.services_named(cluster, wanted));
        let namespace = self.names.opt(component.kubernetes_namespace);
        let namespace_exists = namespace.map(|name| self.namespace_exists(cluster, name));
        let near_namespaces = match (namespace, namespace_exists) {
            (Some(name), Some(false)) => near(name, self.namespaces(cluster), NEAR_SHOWN)
                .into_iter()
                .map(Into::into)
                .collect(),
            _ => Vec::new(),
        };
        let near_services = if elsewhere.is_empty() {
            self.services_near(cluster, self.names.get(wanted))
                .into_iter()
                .map(|id| self.service(id).key())
                .collect()
        } else {
            Vec::new()
        };
        let covered = &self.at_instance(component.instance).settings.clusters;
        let mut other_clusters: Vec<Box<str>> = self
            .clusters()
            .filter(|(id, name)| *id != cluster && covered.covers(name))
            .filter(|(id, _)| !self.services_named(*id, wanted).is_empty())
            .map(|(_, name)| name.into())
            .collect();
        other_clusters.sort();
        Some(Miss {
            namespace_exists,
            near_namespaces,
            elsewhere,
            near_services,
            other_clusters,
        })
    }

    fn namespace_exists(&self, cluster: ClusterId, namespace: &str) -> bool {
        let cluster = self.at_cluster(cluster);
        let used = |name: &Name| cluster.services_in.contains_key(name);
        cluster.namespaces.contains(namespace)
            || self.names.find(namespace).as_ref().is_some_and(used)
    }

    fn namespaces(&self, cluster: ClusterId) -> impl Iterator<Item = &str> {
        let cluster = self.at_cluster(cluster);
        let used = cluster.services_in.keys().map(|name| self.names.get(*name));
        cluster.namespaces.iter().map(|name| &**name).chain(used)
    }
}
