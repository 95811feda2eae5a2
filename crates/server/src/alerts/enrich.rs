//! An alert gets the labels of its owner. Pure: an alert and what is known in, the alert with more on it out.
//!
//! It adds and does not change: a label that an alert has is its own, unless the configuration says otherwise, and an alert
//! that nothing is known of goes on with the reason why.

use std::collections::{BTreeMap, BTreeSet};

use api::{ContactKind, OwnerContact};
use topology::resolve::Resolution;
use topology::topology::Topology;

use super::payload::Alert;
use crate::render;

/// What is written on alerts, and how it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrichment {
    /// The label of the owner's reference.
    pub owner_ref: String,
    /// The label of its name for people.
    pub team: String,
    /// The label of the component.
    pub component: String,
    /// The label of the component's system.
    pub system: String,
    /// The label that says that an alert has been here.
    pub mark: String,
    /// Write over what an alert says itself.
    pub overwrite: bool,
}

impl Default for Enrichment {
    fn default() -> Self {
        Self {
            owner_ref: "owner_ref".to_owned(),
            team: "team".to_owned(),
            component: "component".to_owned(),
            system: "system".to_owned(),
            mark: "backstitch".to_owned(),
            overwrite: false,
        }
    }
}

/// The mark of an alert that got an owner.
pub const ENRICHED: &str = "enriched";
/// The mark of one that did not.
pub const UNRESOLVED: &str = "unresolved";
/// The annotation that says why.
const REASON: &str = "backstitch_reason";
/// The annotation that says how sure it is.
const CONFIDENCE: &str = "backstitch_confidence";
/// Names that one annotation lists.
const LISTED: usize = 10;

/// What is known of what an alert is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Its owner.
    Owner(Box<FoundOwner>),
    /// Nobody, or several, and why.
    Nobody(String),
}

/// The owner of what an alert is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundOwner {
    /// Who, and how to reach them.
    pub contact: OwnerContact,
    /// Reference of the component, where it is one.
    pub component: Option<String>,
    /// Its system.
    pub system: Option<String>,
    /// How sure that is.
    pub confidence: &'static str,
}

/// Looks an alert up.
pub fn find(topology: &Topology, labels: &BTreeMap<String, String>) -> Found {
    let resolution = topology.resolve(labels);
    let mut all = resolution
        .owners
        .iter()
        .filter_map(|it| Some((it.owner?, it.component)));
    let Some((owner, component)) = all.next() else {
        return Found::Nobody(nobody(topology, &resolution));
    };
    let reference = topology.owner_ref(owner);
    let others: Vec<_> = all.collect();
    let mut several: BTreeSet<_> = others
        .iter()
        .map(|(other, _)| topology.owner_ref(*other))
        .collect();
    several.insert(reference);
    if several.len() > 1 {
        let names = several.iter().map(ToString::to_string);
        return Found::Nobody(format!("it is shared by {}", listed(names)));
    }
    // The first of several components of one owner would be a guess.
    let component = component.filter(|first| others.iter().all(|(_, it)| *it == Some(*first)));
    Found::Owner(Box::new(FoundOwner {
        contact: render::owner_contact(topology, owner),
        component: component.map(|id| topology.component_ref(id).to_string()),
        system: component
            .and_then(|id| topology.component(id).system)
            .map(str::to_owned),
        confidence: resolution.confidence.as_str(),
    }))
}

fn nobody(topology: &Topology, resolution: &Resolution) -> String {
    if !resolution.candidates.is_empty() {
        let names = resolution.candidates.iter().map(ToString::to_string);
        return format!("several Services fit: {}", listed(names));
    }
    match resolution.owners.first() {
        Some(first) => {
            let service = topology.service(first.service).key();
            match first.component {
                Some(component) => format!(
                    "`{}` is stitched to Service `{service}` and has no owner",
                    topology.component_ref(component)
                ),
                None => format!("no component is stitched to Service `{service}`"),
            }
        }
        None => resolution.path.join("; "),
    }
}

fn listed(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(LISTED);
    names.truncate(LISTED);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}

/// What became of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has its owner.
    Enriched,
    /// It goes on as it is, with the reason.
    Unresolved,
}

/// Whether an alert has been here, by its mark: it must not go round.
pub fn has_been_here(alert: &Alert, settings: &Enrichment) -> bool {
    alert
        .labels
        .get(&settings.mark)
        .is_some_and(|mark| !mark.is_empty())
}

/// Writes what was found on the alert.
pub fn enrich(alert: &mut Alert, found: &Found, settings: &Enrichment) -> Outcome {
    let written = match found {
        Found::Owner(owner) => match contradiction(alert, owner, settings) {
            None => {
                write_owner(alert, owner, settings);
                Ok(())
            }
            Some(reason) => Err(reason),
        },
        Found::Nobody(reason) => Err(reason.clone()),
    };
    let (outcome, mark) = match written {
        Ok(()) => (Outcome::Enriched, ENRICHED),
        Err(reason) => {
            annotate(alert, REASON, &reason);
            (Outcome::Unresolved, UNRESOLVED)
        }
    };
    alert.labels.insert(settings.mark.clone(), mark.to_owned());
    outcome
}

/// The alert says itself that somebody else is its owner. Labels of two owners on one alert would be worse than none.
fn contradiction(alert: &Alert, owner: &FoundOwner, settings: &Enrichment) -> Option<String> {
    if settings.overwrite {
        return None;
    }
    let pairs = [
        (&settings.owner_ref, &owner.contact.reference),
        (&settings.team, &owner.contact.display_name),
    ];
    let mut differing = pairs.into_iter().filter_map(|(label, ours)| {
        let own = alert.labels.get(label)?;
        (!own.is_empty() && own != ours).then(|| {
            format!("the alert itself says `{label}` is `{own}`, and the catalog says `{ours}`")
        })
    });
    differing.next()
}

fn write_owner(alert: &mut Alert, owner: &FoundOwner, settings: &Enrichment) {
    let contact = &owner.contact;
    let labels = [
        (&settings.owner_ref, Some(&contact.reference)),
        (&settings.team, Some(&contact.display_name)),
        (&settings.component, owner.component.as_ref()),
        (&settings.system, owner.system.as_ref()),
    ];
    for (label, value) in labels {
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            continue;
        };
        // To Prometheus an empty label is none.
        let has = alert.labels.get(label).is_some_and(|own| !own.is_empty());
        if settings.overwrite || !has {
            alert.labels.insert(label.clone(), value.clone());
        }
    }
    annotate(alert, CONFIDENCE, owner.confidence);
    if let Some(of) = &contact.contacts_of {
        annotate(alert, "owner_contacts_of", of);
    }
    if let Some(email) = &contact.email {
        annotate(alert, "owner_email", email);
    }
    for way in &contact.contacts {
        let key = match way.kind {
            ContactKind::Email => "owner_email",
            ContactKind::Slack => "owner_slack",
            ContactKind::PagerDuty => "owner_pagerduty",
            ContactKind::Opsgenie => "owner_opsgenie",
            ContactKind::Link => {
                let title = way.title.as_deref().unwrap_or_default().to_lowercase();
                if !title.contains("runbook") {
                    continue;
                }
                "runbook_url"
            }
        };
        annotate(alert, key, &way.value);
    }
}

/// Unless the alert has it.
fn annotate(alert: &mut Alert, key: &str, value: &str) {
    let annotations = &mut alert.annotations;
    if annotations.get(key).is_none_or(String::is_empty) {
        annotations.insert(key.to_owned(), value.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use api::{Contact, OwnerKind};

    use super::*;

    fn pairs(text: &str) -> BTreeMap<String, String> {
        let pairs = text.split_whitespace().map(|pair| {
            let (key, value) = pair.split_once('=').expect("a pair");
            (key.to_owned(), value.to_owned())
        });
        pairs.collect()
    }

    fn shown(pairs: &BTreeMap<String, String>) -> String {
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        pairs.join(" ")
    }

    fn payments() -> Found {
        let way = |kind, value: &str, title: Option<&str>| Contact {
            kind,
            value: value.to_owned(),
            title: title.map(str::to_owned),
        };
        Found::Owner(Box::new(FoundOwner {
            contact: OwnerContact {
                reference: "group:default/payments".to_owned(),
                kind: OwnerKind::Group,
                display_name: "Payments".to_owned(),
                email: Some("p@x.example".to_owned()),
                contacts: vec![
                    way(ContactKind::Slack, "pay", None),
                    way(ContactKind::Link, "https://wiki/x", Some("Wiki")),
                    way(ContactKind::Link, "https://wiki/r", Some("Our Runbooks")),
                ],
                contacts_of: None,
            },
            component: Some("checkout".to_owned()),
            system: None,
            confidence: "exact",
        }))
    }

    #[test]
    fn labels_are_added_and_not_changed() {
        const CONTACTS: &str =
            "backstitch_confidence=exact owner_email=p@x.example owner_slack=pay";
        let same = Enrichment::default;
        let overwriting = Enrichment {
            overwrite: true,
            ..same()
        };
        let renamed = Enrichment {
            owner_ref: "a".to_owned(),
            team: "b".to_owned(),
            component: "c".to_owned(),
            mark: "m".to_owned(),
            ..same()
        };
        let owned =
            "backstitch=enriched component=checkout owner_ref=group:default/payments team=Payments";
        let contradicted = "backstitch_reason=the alert itself says `team` is `Web`, and the catalog says `Payments`";
        let table = [
            (same(), "", "", owned.to_owned(), format!("{CONTACTS} runbook_url=https://wiki/r")),
            (same(), "team=Payments", "runbook_url=own owner_slack=own", owned.to_owned(),
             "backstitch_confidence=exact owner_email=p@x.example owner_slack=own runbook_url=own".to_owned()),
            (same(), "component=own", "", owned.replace("checkout", "own"), format!("{CONTACTS} runbook_url=https://wiki/r")),
            (same(), "team=", "", owned.to_owned(), format!("{CONTACTS} runbook_url=https://wiki/r")),
            (same(), "team=Web", "", "backstitch=unresolved team=Web".to_owned(), contradicted.to_owned()),
            (overwriting, "team=Web component=own", "", owned.to_owned(), format!("{CONTACTS} runbook_url=https://wiki/r")),
            (renamed, "team=Web", "", "a=group:default/payments b=Payments c=checkout m=enriched team=Web".to_owned(),
             format!("{CONTACTS} runbook_url=https://wiki/r")),
        ];
        for (settings, labels, annotations, expected, annotated) in table {
            let mut alert = Alert {
                labels: pairs(labels),
                annotations: pairs(annotations),
                ..Alert::default()
            };
            assert!(!has_been_here(&alert, &settings));
            enrich(&mut alert, &payments(), &settings);
            assert_eq!(shown(&alert.labels), expected, "{labels}");
            assert_eq!(shown(&alert.annotations), annotated, "{labels}");
            assert!(has_been_here(&alert, &settings));
        }
    }

    #[test]
    fn what_nobody_owns_goes_on_with_the_reason() {
        let mut alert = Alert {
            labels: pairs("alertname=Up"),
            ..Alert::default()
        };
        let found = Found::Nobody("no-label".to_owned());
        let outcome = enrich(&mut alert, &found, &Enrichment::default());
        assert_eq!(outcome, Outcome::Unresolved);
        assert_eq!(shown(&alert.labels), "alertname=Up backstitch=unresolved");
        assert_eq!(shown(&alert.annotations), "backstitch_reason=no-label");
    }
}
