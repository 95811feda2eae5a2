//! New components for Services that nobody has, with the owner that is likely.

use std::collections::{BTreeMap, BTreeSet};

use api::Verdict;
use topology::entity_ref::{DEFAULT_NAMESPACE, EntityRef};

use super::score;
use super::{Draft, Evidence, Known, Patch};
use crate::hygiene::{parts, unclaimed};

/// A Service that is probably that of a component gets no draft.
const LIKELY: f64 = 0.5;
/// What the last part of a label's key is called where it says who owns something.
const OWNER_WORDS: [&str; 3] = ["owner", "team", "squad"];
/// Bound on a name, by Backstage.
const LONGEST_NAME: usize = 63;

/// A draft for each namespace and name, the surest owner first.
pub(super) fn drafts(known: &Known<'_>, patches: &[Patch]) -> Vec<Draft> {
    let suggested: BTreeSet<&str> = patches
        .iter()
        .filter(|it| it.confidence >= LIKELY)
        .flat_map(|it| it.services.iter().map(String::as_str))
        .collect();
    let mut groups: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for service in unclaimed(&known.company.services) {
        if !suggested.contains(service.id.as_str()) {
            let (_, namespace, name) = parts(&service.id);
            groups
                .entry((namespace, name))
                .or_default()
                .push(&service.id);
        }
    }
    let namesakes = namesakes(known);
    let mut taken: BTreeSet<String> = known
        .company
        .components
        .iter()
        .map(|it| it.reference.clone())
        .collect();
    let mut drafts: Vec<Draft> = groups
        .into_iter()
        .map(|((namespace, name), services)| {
            let (owner, mut evidence) = owner(known, namespace, &services);
            if let Some(namesake) = namesakes.get(name) {
                evidence.push(Evidence {
                    says: format!("`{namesake}` may be it, and be mended instead"),
                    factor: score::NAMESAKE,
                });
            }
            let confidence = match owner {
                Some(_) => score::confidence(&evidence),
                None => 0.0,
            };
            let component = free_name(namespace, name, &mut taken);
            Draft {
                services: services.into_iter().map(str::to_owned).collect(),
                title: title(name),
                name: component,
                kubernetes_id: name.to_owned(),
                kubernetes_namespace: namespace.to_owned(),
                owner,
                confidence,
                evidence,
            }
        })
        .collect();
    drafts.sort_by(|one, other| {
        (other.confidence.total_cmp(&one.confidence))
            .then_with(|| one.services.cmp(&other.services))
    });
    drafts
}

/// By name, the first component that is called so, or names a Service so, and is stitched nowhere.
fn namesakes<'c>(known: &Known<'c>) -> BTreeMap<&'c str, &'c str> {
    let rows = &known.company.components;
    let stitched: BTreeSet<&str> = rows
        .iter()
        .filter(|it| it.verdict == Verdict::Stitched)
        .map(|it| it.reference.as_str())
        .collect();
    let mut namesakes = BTreeMap::new();
    for row in rows.iter().filter(|it| !it.ignored) {
        if stitched.contains(row.reference.as_str()) {
            continue;
        }
        let own = row.reference.rsplit_once('/').map(|it| it.1);
        for name in own.into_iter().chain(row.kubernetes_id.as_deref()) {
            namesakes.entry(name).or_insert(row.reference.as_str());
        }
    }
    namesakes
}

/// A name that no component has; Backstage does not allow all that a Service can be called.
fn free_name(namespace: &str, name: &str, taken: &mut BTreeSet<String>) -> String {
    let allowed = |text: &str| {
        let text: String = text
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_lowercase()
                } else {
                    '-'
                }
            })
            .take(LONGEST_NAME)
            .collect();
        let text = text.trim_matches('-');
        if text.is_empty() {
            "service".to_owned()
        } else {
            text.to_owned()
        }
    };
    let first = [allowed(name), allowed(&format!("{namespace}-{name}"))];
    let short = allowed(name);
    let short = &short[..short.len().min(LONGEST_NAME - 8)];
    let numbered = (2_u32..).map(|number| format!("{}-{number}", short.trim_end_matches('-')));
    let mut names = first.into_iter().chain(numbered);
    let free = names.find(|it| taken.insert(format!("component:{DEFAULT_NAMESPACE}/{it}")));
    free.unwrap_or_else(|| allowed(name))
}

/// `payment-api` is `Payment api`.
fn title(name: &str) -> String {
    let words = name.replace(['-', '_', '.'], " ");
    let mut letters = words.trim().chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => words,
    }
}

/// The likeliest owner and why; or no owner, and what was looked at.
fn owner(known: &Known<'_>, namespace: &str, services: &[&str]) -> (Option<String>, Vec<Evidence>) {
    let mut guesses: Vec<(String, Evidence)> = Vec::new();
    let mut guess = |owner: &str, factor: f64, says: String| {
        guesses.push((owner.to_owned(), Evidence { says, factor }));
    };
    for service in services {
        if let Some(detail) = known.company.details.get(*service) {
            for (key, value) in &detail.kubernetes_labels {
                let word = key.rsplit('/').next().unwrap_or_default();
                if OWNER_WORDS.contains(&word)
                    && let Some((owner, factor)) = labelled(known, value)
                {
                    guess(&owner, factor, format!("label `{key}` is `{value}`"));
                }
            }
        }
        let (cluster, ..) = parts(service);
        if let Some(most) = known.majority(cluster, namespace) {
            let says = format!(
                "it owns {} of {} owned Services in namespace `{namespace}`",
                most.has, most.of
            );
            guess(most.owner, score::by_majority(most.has, most.of), says);
        }
    }
    if let Some((owner, _)) = labelled(known, namespace) {
        let says = format!("namespace `{namespace}` is called as it is");
        guess(&owner, score::OWNER_NAMESPACE, says);
    }
    guesses.sort_by(|one, other| {
        (other.1.factor.total_cmp(&one.1.factor)).then_with(|| one.0.cmp(&other.0))
    });
    match guesses.into_iter().next() {
        Some((owner, evidence)) if evidence.factor >= score::LEAST_OWNER => {
            (Some(owner), vec![evidence])
        }
        Some((owner, evidence)) => {
            let says = format!("`{owner}` is too unsure: {}", evidence.says);
            (None, vec![Evidence { says, ..evidence }])
        }
        None => {
            let says = format!("nothing says who owns namespace `{namespace}`");
            (None, vec![Evidence { says, factor: 0.0 }])
        }
    }
}

/// The one owner that is called so: by its reference, by its name, or by its name for people.
fn labelled(known: &Known<'_>, text: &str) -> Option<(String, f64)> {
    let owners = &known.company.owners;
    let reference = EntityRef::parse(text, Some("group"), DEFAULT_NAMESPACE);
    let reference = reference.map(|it| it.to_string()).unwrap_or_default();
    if owners.iter().any(|it| it.reference == reference) {
        return Some((reference, score::OWNER_LABEL));
    }
    let name = text.to_lowercase();
    let only = |is: &dyn Fn(&api::OwnerRow) -> bool| {
        let found = owners.iter().filter(|it| is(it));
        let found: BTreeSet<&str> = found.map(|it| it.reference.as_str()).collect();
        let mut found = found.into_iter();
        found.next().filter(|_| found.next().is_none())
    };
    if let Some(owner) = only(&|it| it.reference.rsplit_once('/').is_some_and(|it| it.1 == name)) {
        return Some((owner.to_owned(), score::OWNER_LABEL));
    }
    let spoken = name.replace(['-', '_'], " ");
    let owner = only(&|it| {
        let display = it.display_name.to_lowercase();
        display == name || display == spoken
    })?;
    Some((owner.to_owned(), score::TEAM_LABEL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_free_and_allowed() {
        let mut taken = BTreeSet::from(["component:default/redis".to_owned()]);
        let long = "x".repeat(80);
        for (namespace, name, expected) in [
            ("shop", "cart", "cart"),
            ("shop", "redis", "shop-redis"),
            ("shop", "redis", "redis-2"),
            ("shop", "redis", "redis-3"),
            ("a", "../../etc", "etc"),
            ("a", "\u{1f980}", "service"),
            ("a", long.as_str(), &long[..63]),
        ] {
            assert_eq!(free_name(namespace, name, &mut taken), expected, "{name}");
        }
        assert_eq!(title("payment-api"), "Payment api");
        assert_eq!(title(""), "");
    }
}
