//! Which Service a component means that is stitched nowhere.

use std::collections::{BTreeMap, BTreeSet};

use api::{MatchRule, ServiceState, Verdict, VerdictExplanation};

use super::score::{self, confidence, likeness};
use super::{ByHand, Change, Evidence, Known, Patch};
use crate::hygiene::parts;

/// Labels that say what a Service is part of.
const NAME_LABELS: [&str; 4] = [
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    "app",
    "k8s-app",
];
const ID_PATH: &str = "annotations.backstage.io/kubernetes-id";
const NAMESPACE_PATH: &str = "annotations.backstage.io/kubernetes-namespace";

/// A change for each component of which it can be guessed, the surest first; and what is left for people.
pub(super) fn patches(
    known: &Known<'_>,
    reasoning: &[VerdictExplanation],
) -> (Vec<Patch>, Vec<ByHand>) {
    let mut components: BTreeMap<(&str, &str), Vec<&VerdictExplanation>> = BTreeMap::new();
    for verdict in reasoning {
        let key = (verdict.reference.as_str(), verdict.instance.as_str());
        components.entry(key).or_default().push(verdict);
    }
    let ignored: BTreeSet<(&str, &str)> = known
        .company
        .components
        .iter()
        .filter(|it| it.ignored)
        .map(|it| (it.reference.as_str(), it.instance.as_str()))
        .collect();
    let mut patches = Vec::new();
    for (key, verdicts) in &components {
        // What is right in one cluster is not changed for the sake of another.
        let runs = verdicts.iter().any(|it| it.verdict == Verdict::Stitched);
        if !runs && !ignored.contains(key) {
            patches.extend(best(verdicts, known));
        }
    }
    contest(&mut patches);
    patches.retain(|it| it.confidence >= score::LEAST);
    patches.sort_by(|one, other| {
        (other.confidence.total_cmp(&one.confidence))
            .then_with(|| (&one.component, &one.instance).cmp(&(&other.component, &other.instance)))
    });
    let mended: BTreeSet<(&str, &str)> = patches
        .iter()
        .map(|it| (it.component.as_str(), it.instance.as_str()))
        .collect();
    let by_hand = components
        .iter()
        .filter(|(key, verdicts)| {
            let runs = verdicts.iter().any(|it| it.verdict == Verdict::Stitched);
            !runs && !mended.contains(*key) && !ignored.contains(*key)
        })
        .flat_map(|(_, verdicts)| by_hand(verdicts))
        .collect();
    (patches, by_hand)
}

/// One for each verdict of a component, whatever the number of clusters.
fn by_hand(verdicts: &[&VerdictExplanation]) -> Vec<ByHand> {
    let mut by_hand: Vec<ByHand> = Vec::new();
    for verdict in verdicts {
        let known = by_hand.iter_mut().find(|it| it.verdict == verdict.verdict);
        match known {
            Some(known) => known.clusters.push(verdict.cluster.clone()),
            None => by_hand.push(ByHand {
                component: verdict.reference.clone(),
                instance: verdict.instance.clone(),
                clusters: vec![verdict.cluster.clone()],
                verdict: verdict.verdict,
                reason: verdict.reason.clone(),
                fix: verdict.fix.clone(),
            }),
        }
    }
    by_hand
}

/// The likeliest change over all clusters. The same change in several clusters is one.
fn best(verdicts: &[&VerdictExplanation], known: &Known<'_>) -> Option<Patch> {
    let mut by_change: BTreeMap<Vec<Change>, Patch> = BTreeMap::new();
    for verdict in verdicts {
        for candidate in candidates(verdict, known) {
            match by_change.get_mut(&candidate.changes) {
                None => {
                    by_change.insert(candidate.changes.clone(), candidate);
                }
                Some(found) => {
                    found.services.extend(candidate.services);
                    if candidate.confidence > found.confidence {
                        found.confidence = candidate.confidence;
                        found.evidence = candidate.evidence;
                    }
                }
            }
        }
    }
    let mut found: Vec<Patch> = by_change.into_values().collect();
    found.sort_by(|one, other| {
        (other.confidence.total_cmp(&one.confidence))
            .then_with(|| one.services.cmp(&other.services))
    });
    let mut best = found.first()?.clone();
    let rivals: Vec<&Patch> = found
        .iter()
        .skip(1)
        .filter(|it| is_near(it, &best))
        .collect();
    if !rivals.is_empty() {
        let names: Vec<String> = rivals
            .iter()
            .filter_map(|it| it.services.first())
            .map(|it| format!("`{it}`"))
            .collect();
        #[expect(clippy::cast_precision_loss, reason = "there are few")]
        let share = 1.0 / (rivals.len() + 1) as f64;
        best.add(
            format!("as likely: {}", names.join(", ")),
            score::rounded(share),
        );
    }
    Some(best)
}

fn is_near(one: &Patch, other: &Patch) -> bool {
    (one.confidence - other.confidence).abs() < score::APART
}

impl Patch {
    fn add(&mut self, says: String, factor: f64) {
        self.evidence.push(Evidence { says, factor });
        self.confidence = confidence(&self.evidence);
    }
}

/// Of several components for which one Service is the likeliest, only one can have it.
fn contest(patches: &mut [Patch]) {
    let before = patches.to_vec();
    for patch in patches {
        let other = before.iter().find(|other| {
            other.component != patch.component
                && other.services.iter().any(|it| patch.services.contains(it))
                && (is_near(other, patch) || other.confidence > patch.confidence)
        });
        if let Some(other) = other {
            let says = format!("`{}` may mean the same Service", other.component);
            patch.add(says, score::CONTESTED);
        }
    }
}

/// Every Service that the component may mean in that cluster, as the change that would say so.
fn candidates(verdict: &VerdictExplanation, known: &Known<'_>) -> Vec<Patch> {
    let by_name = |it: &api::RuleTried| it.rule == MatchRule::ServiceName;
    if !verdict.rules.iter().any(by_name) {
        return Vec::new();
    }
    let services: Vec<&String> = match (verdict.verdict, &verdict.miss) {
        (Verdict::Ambiguous, _) => verdict.candidates.iter().collect(),
        (Verdict::ServiceNotFound | Verdict::NoKubernetesId, Some(miss)) => {
            let near = miss.elsewhere.iter().chain(&miss.near_services);
            let near: BTreeSet<&String> = near.collect();
            near.into_iter().collect()
        }
        _ => Vec::new(),
    };
    let services = services.into_iter();
    services
        .filter_map(|service| candidate(verdict, service, known))
        // What nobody would suggest here adds nothing to what is suggested for another cluster.
        .filter(|it| it.confidence >= score::LEAST)
        .collect()
}

fn candidate(verdict: &VerdictExplanation, service: &str, known: &Known<'_>) -> Option<Patch> {
    let row = known.services.get(service)?;
    let (cluster, namespace, name) = parts(service);
    let named = verdict.id_paths.iter().find_map(|it| it.value.as_deref());
    let own = verdict.reference.rsplit_once('/').map(|it| it.1)?;
    let meant = named.unwrap_or(own);
    let mut evidence = vec![likeness(meant, name)];
    let mut add = |says: String, factor: f64| evidence.push(Evidence { says, factor });
    if named.is_none() {
        add("the component names no Service".to_owned(), score::OWN_NAME);
    }
    let (says, factor) = place(verdict, namespace, known.names.get(name).copied());
    add(says, factor);
    match (row.state, &row.component) {
        (ServiceState::Unclaimed, _) if row.ignored => {
            add("people decided to ignore it".to_owned(), score::IGNORED);
        }
        (ServiceState::Unclaimed, _) | (_, None) => add("nobody has it".to_owned(), 1.0),
        (_, Some(component)) => add(format!("`{component}` has it"), score::TAKEN),
    }
    let owner = verdict.owner.owner.as_ref().map(|it| it.reference.as_str());
    if let (Some(owner), Some(most)) = (owner, known.majority(cluster, namespace)) {
        let factor = if most.owner == owner {
            score::SAME_OWNER
        } else {
            score::OTHER_OWNER
        };
        let says = format!(
            "`{}` owns {} of {} owned Services in namespace `{namespace}`",
            most.owner, most.has, most.of
        );
        add(says, factor);
    }
    let labels = known.company.details.get(service);
    let labels = labels.map(|it| &it.kubernetes_labels);
    let label = NAME_LABELS.iter().find(|label| {
        let value = labels.and_then(|it| it.get(**label));
        value.is_some_and(|it| (it == own || it == meant) && it != name)
    });
    if let Some(label) = label {
        add(format!("its label `{label}` says so"), score::LABELLED);
    }
    if let Some(first) = verdict
        .rules
        .first()
        .filter(|it| it.rule != MatchRule::ServiceName)
    {
        let says = format!("rule `{}` is asked first", first.rule);
        add(says, score::OTHER_RULE_FIRST);
    }
    Some(Patch {
        component: verdict.reference.clone(),
        instance: verdict.instance.clone(),
        services: vec![service.to_owned()],
        changes: changes(verdict, namespace, name, known)?,
        confidence: confidence(&evidence),
        evidence,
    })
}

/// What the namespace says.
fn place(verdict: &VerdictExplanation, namespace: &str, of_name: Option<u64>) -> (String, f64) {
    let mut paths = verdict.namespace_paths.iter();
    let named = paths.find_map(|it| it.value.as_deref());
    let Some(named) = named else {
        return match of_name.unwrap_or(0) {
            0 | 1 => (
                "no namespace is named, and there is one of that name".to_owned(),
                score::ONLY_ONE,
            ),
            several => (
                format!("no namespace is named, and there are {several} of that name"),
                score::ONE_OF_SEVERAL,
            ),
        };
    };
    if named == namespace {
        return (format!("it is in namespace `{named}`, as named"), 1.0);
    }
    let miss = verdict.miss.as_ref();
    if miss.and_then(|it| it.namespace_exists) == Some(true) {
        return (
            format!("it is not in namespace `{named}`, which exists"),
            score::WRONG_NAMESPACE,
        );
    }
    if miss.is_some_and(|it| it.near_namespaces.iter().any(|near| near == namespace)) {
        return (
            format!("namespace `{named}` does not exist, `{namespace}` is near"),
            score::NEAR_NAMESPACE,
        );
    }
    (
        format!("namespace `{named}` does not exist"),
        score::OTHER_NAMESPACE,
    )
}

/// What has to be changed; `None` where it stands at a place that is no field of a file.
fn changes(
    verdict: &VerdictExplanation,
    namespace: &str,
    name: &str,
    known: &Known<'_>,
) -> Option<Vec<Change>> {
    let change = |paths: &[api::PathTried], default: &str, to: &str| {
        let found = paths.iter().find(|it| it.value.is_some());
        let path = found.or(paths.first()).map_or(default, |it| &it.path);
        Some(Change {
            path: path.to_owned(),
            keys: keys(path)?,
            from: found.and_then(|it| it.value.clone()),
            to: to.to_owned(),
        })
    };
    let id = change(&verdict.id_paths, ID_PATH, name)?;
    let place = change(&verdict.namespace_paths, NAMESPACE_PATH, namespace)?;
    let is_unique = known.names.get(name).is_none_or(|count| *count <= 1);
    let needs_place = match &place.from {
        Some(named) => named != namespace,
        None => !is_unique,
    };
    let needs_id = id.from.as_deref() != Some(name);
    let wanted = [(needs_id, id), (needs_place, place)];
    let wanted = wanted.into_iter().filter(|it| it.0).map(|it| it.1);
    let wanted: Vec<Change> = wanted.collect();
    (!wanted.is_empty()).then_some(wanted)
}

/// The keys by which a path of `label_map` leads through a file: the rest of an annotation's path is one key, dots and all.
fn keys(path: &str) -> Option<Vec<String>> {
    let path = match path.strip_prefix("annotations.") {
        Some(_) => format!("metadata.{path}"),
        None if path.starts_with("labels.") => format!("metadata.{path}"),
        None => path.to_owned(),
    };
    for parent in ["annotations", "labels"] {
        if let Some(key) = path.strip_prefix(&format!("metadata.{parent}.")) {
            return Some(vec![
                "metadata".to_owned(),
                parent.to_owned(),
                key.to_owned(),
            ]);
        }
    }
    // A component's name is its identity: nothing is to be renamed for the sake of a Service.
    let is_field = path.starts_with("spec.") || path.starts_with("metadata.");
    (is_field && path != "metadata.name").then(|| path.split('.').map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::keys;

    #[test]
    fn paths_lead_through_files() {
        for (path, expected) in [
            (
                "annotations.backstage.io/kubernetes-id",
                Some("metadata annotations backstage.io/kubernetes-id"),
            ),
            (
                "metadata.annotations.a.b/c.d",
                Some("metadata annotations a.b/c.d"),
            ),
            ("labels.app", Some("metadata labels app")),
            ("spec.k8s.name", Some("spec k8s name")),
            ("metadata.name", None),
            ("kind", None),
            ("relations.ownedBy", None),
        ] {
            assert_eq!(keys(path).map(|it| it.join(" ")).as_deref(), expected);
        }
    }
}
