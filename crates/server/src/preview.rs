//! Between a request that tries settings out and whoever can read the catalog by another `label_map`.
//!
//! ```text
//!  request ── settings, by what is configured ──▶ Desk ──▶ a reader of the source, the map in hand ──▶ facts
//!                                                                                                         │
//!                                        topology::preview (read lock) ◀── settings and facts ◀───────────┘
//! ```
//!
//! It owns what a request for a preview must say, and how settings are written for the configuration. What they would
//! change is the core's business; how a source is read, and whether it can be read once more, that of whoever sits at the
//! other end of the desk.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use api::{PreviewRequest, ProblemFault};
use tokio::sync::{mpsc, oneshot};
use topology::field_path::FieldPath;
use topology::label_map::{KEYS, LabelMap};
use topology::packed::PackedEntities;
use topology::settings::{InstanceSettings, MatchRule, RuleProblem};
use topology::topology::Topology;

use crate::desk::asked;
use crate::problem::Refusal;

/// Bound on the requests that wait for the reader of one instance.
const WAITING: usize = 8;
/// How long a request waits for a catalog that is read.
const PATIENCE: Duration = Duration::from_mins(1);
/// Bound on the rules of a request: each can be listed once.
const MAX_RULES: usize = 16;

/// Where it is asked what another `label_map` reads. An instance that is not at it cannot be read again.
#[derive(Clone, Debug, Default)]
pub struct Desk(Arc<RwLock<Ends>>);

/// Where the requests of each instance go.
type Ends = BTreeMap<String, mpsc::Sender<Request>>;

/// What is asked, and where the answer goes.
#[derive(Debug)]
pub struct Request {
    /// By what the catalog is to be read.
    pub map: LabelMap,
    /// The generation that is known. What was read before is as good while that is the same.
    pub generation: Option<u32>,
    /// Where the answer goes. Nobody waits for it any more where it is closed.
    pub answer: oneshot::Sender<Read>,
}

/// What another map reads, or why that is not known.
pub type Read = Result<Arc<PackedEntities>, String>;

impl Desk {
    /// The end at which the reader of an instance sits, from now on and in the place of any other.
    pub fn seat(&self, instance: &str) -> mpsc::Receiver<Request> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let mut ends = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // Whoever is gone is not asked any more.
        ends.retain(|_, end| !end.is_closed());
        ends.insert(instance.to_owned(), sender);
        receiver
    }

    /// Whether the catalog of the instance can be read by another map.
    pub(crate) fn reads(&self, instance: &str) -> bool {
        self.end(instance).is_some()
    }

    fn end(&self, instance: &str) -> Option<mpsc::Sender<Request>> {
        let ends = self.0.read().unwrap_or_else(PoisonError::into_inner);
        ends.get(instance).filter(|end| !end.is_closed()).cloned()
    }

    pub(crate) async fn ask(
        &self,
        instance: &str,
        map: LabelMap,
        generation: Option<u32>,
    ) -> Result<Arc<PackedEntities>, Refusal> {
        let Some(sender) = self.end(instance) else {
            let detail = format!(
                "the catalog of instance `{instance}` is not read again for a preview of another `label_map`"
            );
            return Err(Refusal::not_previewed(detail).hint(
                "its status says whether it is read at all; `match_rules` and `honor_cluster_annotation` can be previewed",
            ));
        };
        let asked = asked(&sender, PATIENCE, |answer| Request {
            map,
            generation,
            answer,
        });
        let late = || format!("the catalog was not read within {} s", PATIENCE.as_secs());
        asked
            .await
            .map_err(|none| Refusal::no_room(none.detail(late())))?
            .map_err(Refusal::not_previewed)
    }
}

/// The settings that a request means, over those that stand. What it leaves out stays.
pub(crate) fn settings(
    request: &PreviewRequest,
    standing: &InstanceSettings,
) -> Result<InstanceSettings, Refusal> {
    let mut faults = Vec::new();
    let label_map = label_map(request, &standing.label_map).unwrap_or_else(|found| {
        faults.extend(found);
        standing.label_map.clone()
    });
    let match_rules = match &request.match_rules {
        Some(names) if names.len() <= MAX_RULES => {
            let (rules, errors) = MatchRule::read_list(names.iter().map(String::as_str));
            faults.extend(errors.into_iter().map(|error| ProblemFault {
                parameter: "match_rules".to_owned(),
                detail: error.to_string(),
                value: error.at.map(|_| error.name),
                nearest: match error.problem {
                    RuleProblem::Unknown { nearest } => nearest.map(str::to_owned),
                    RuleProblem::Twice | RuleProblem::Empty => None,
                },
            }));
            rules
        }
        Some(names) => {
            faults.push(ProblemFault {
                parameter: "match_rules".to_owned(),
                detail: format!("{} rules, expected at most {MAX_RULES}", names.len()),
                ..ProblemFault::default()
            });
            Vec::new()
        }
        None => standing.match_rules.clone(),
    };
    if let Some(first) = faults.first() {
        let nearest = first.nearest.clone();
        let mut refusal = Refusal::parameter(&first.parameter, first.detail.clone());
        if let Some(near) = &nearest {
            refusal = refusal.hint(format!("did you mean `{near}`?"));
        }
        return Err(refusal
            .candidates(nearest.into_iter().collect())
            .faults(faults));
    }
    Ok(InstanceSettings {
        label_map,
        match_rules,
        honor_cluster_annotation: request
            .honor_cluster_annotation
            .unwrap_or(standing.honor_cluster_annotation),
        ..standing.clone()
    })
}

/// S4: by the parser of the configuration, each fault with what was probably meant.
fn label_map(request: &PreviewRequest, standing: &LabelMap) -> Result<LabelMap, Vec<ProblemFault>> {
    let asked = request.label_map.clone().unwrap_or_default();
    let given = [
        asked.component_kubernetes_id,
        asked.component_kubernetes_namespace,
        asked.component_owner,
    ];
    let lists = KEYS
        .into_iter()
        .zip(given)
        .zip(lists(standing))
        .map(|((key, given), (_, stands))| (key, given.unwrap_or(stands)));
    LabelMap::from_lists(lists).map_err(|errors| {
        let fault = |error: topology::label_map::LabelMapError| ProblemFault {
            parameter: format!("label_map.{}", error.key),
            detail: error.problem,
            value: error.path,
            nearest: error.nearest,
        };
        errors.into_iter().map(fault).collect()
    })
}

/// The lists of a map by their keys.
fn lists(map: &LabelMap) -> impl Iterator<Item = (&'static str, Vec<String>)> {
    let texts = |paths: &[FieldPath]| paths.iter().map(|path| path.as_str().to_owned()).collect();
    KEYS.into_iter().zip([
        texts(&map.kubernetes_id),
        texts(&map.kubernetes_namespace),
        texts(&map.owner),
    ])
}

/// The settings of an instance as a request has them.
pub(crate) fn mapping(settings: &InstanceSettings, desk: &Desk) -> api::Mapping {
    let mut lists = lists(&settings.label_map).map(|(_, paths)| paths);
    api::Mapping {
        instance: settings.name.to_string(),
        label_map: api::LabelMap {
            component_kubernetes_id: lists.next(),
            component_kubernetes_namespace: lists.next(),
            component_owner: lists.next(),
        },
        match_rules: settings
            .match_rules
            .iter()
            .map(ToString::to_string)
            .collect(),
        honor_cluster_annotation: settings.honor_cluster_annotation,
        label_map_previews: desk.reads(&settings.name),
    }
}

/// The settings as keys of an instance in the configuration.
pub(crate) fn yaml(settings: &InstanceSettings) -> String {
    let mut text = String::from("label_map:\n");
    let mut line = |line: std::fmt::Arguments<'_>| {
        // A text takes whatever is written to it.
        let _ = text.write_fmt(line);
    };
    for (key, paths) in lists(&settings.label_map) {
        line(format_args!("  {key}:\n"));
        for path in paths {
            line(format_args!("    - {}\n", scalar(&path)));
        }
    }
    line(format_args!("match_rules:\n"));
    for rule in &settings.match_rules {
        line(format_args!("  - {rule}\n"));
    }
    let honors = settings.honor_cluster_annotation;
    line(format_args!("honor_cluster_annotation: {honors}\n"));
    text
}

/// A path as YAML: plain where that can be nothing else.
fn scalar(path: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '-' | '_');
    if path.chars().all(is_plain) {
        return path.to_owned();
    }
    // What JSON writes is a double-quoted scalar of YAML. A text always encodes.
    serde_json::to_string(path).unwrap_or_default()
}

/// The settings that stand and the last generation of the instance of that name.
pub(crate) fn standing(
    topology: &Topology,
    instance: &str,
) -> Result<(InstanceSettings, Option<u32>), Refusal> {
    let found = topology
        .instances()
        .find(|(_, settings)| *settings.name == *instance);
    let Some((id, settings)) = found else {
        let names = topology.instances().map(|(_, it)| it.name.to_string());
        let known = names.take(MAX_NAMED).collect();
        return Err(
            Refusal::not_found(format!("there is no instance `{instance}`")).candidates(known),
        );
    };
    Ok((settings.clone(), topology.last_generation(id)))
}

/// Bound on the instances that are named where another was asked for.
const MAX_NAMED: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_written_as_the_configuration_has_them() {
        let lists = [(
            "component_kubernetes_id",
            vec!["labels.a: b".to_owned(), "spec.a.b-c".to_owned()],
        )];
        let settings = InstanceSettings {
            label_map: LabelMap::from_lists(lists).expect("usable paths"),
            match_rules: vec![MatchRule::LabelSelector, MatchRule::ServiceName],
            honor_cluster_annotation: true,
            ..InstanceSettings::named("shop")
        };
        insta::assert_snapshot!(yaml(&settings), @r#"
        label_map:
          component_kubernetes_id:
            - "labels.a: b"
            - spec.a.b-c
          component_kubernetes_namespace:
            - annotations.backstage.io/kubernetes-namespace
          component_owner:
            - spec.owner
            - annotations.backstage.io/owner
        match_rules:
          - label-selector
          - service-name
        honor_cluster_annotation: true
        "#);
    }
}
