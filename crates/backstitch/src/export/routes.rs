//! Which alert goes to whom: a route and a receiver for every owner of a Service.

use std::collections::{BTreeMap, BTreeSet};

use api::OwnerContact;
use topology::entity_ref::{DEFAULT_NAMESPACE, EntityRef};
use topology::nearest::nearest;

use super::receivers::{Referred, Unreached, by_contacts};
use super::{Alertmanager, Company, LeftOut, Matcher, Route, Smtp, namespaces};

/// What generated receivers are called, before the reference of whose contacts they are by.
const GENERATED: &str = "backstitch/";

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Wishes {
    /// From owners, as written, to receivers that are defined elsewhere.
    pub receivers: Vec<(String, String)>,
    /// The folder of files with keys.
    pub secrets_dir: Option<String>,
    /// The mail server.
    pub smtp: Option<Smtp>,
    /// The receiver of what no route is for.
    pub default_receiver: String,
    /// What routes match on.
    pub matching: Matching,
    /// The label that has it.
    pub label: String,
    /// Routes by namespace and Service, of so many Services at most.
    pub by_namespace: Option<usize>,
}

/// What of an owner a label has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matching {
    /// Its reference.
    Reference,
    /// Its name for people, which several may have.
    Team,
}

/// The routes.
pub(crate) fn routes(company: &Company, wishes: &Wishes) -> Alertmanager {
    let mut made = Alertmanager {
        smtp: wishes.smtp.clone(),
        default_receiver: wishes.default_receiver.clone(),
        group_by: vec!["alertname".to_owned(), wishes.label.clone()],
        routes: Vec::new(),
        receivers: BTreeMap::from([(wishes.default_receiver.clone(), Vec::new())]),
        left_out: Vec::new(),
        notes: Vec::new(),
    };
    let named = named(company, wishes, &mut made.notes);
    let mut receivers: BTreeMap<&str, String> = BTreeMap::new();
    for (reference, owner) in &company.owners {
        if let Some(receiver) = named.get(reference.as_str()) {
            made.receivers.entry((*receiver).to_owned()).or_default();
            receivers.insert(reference, (*receiver).to_owned());
            continue;
        }
        let referred = Referred {
            secrets_dir: wishes.secrets_dir.as_deref(),
            mail: wishes.smtp.is_some(),
        };
        match by_contacts(owner, referred) {
            Ok((of, integrations)) => {
                let name = format!("{GENERATED}{of}");
                // Two catalogs may have an owner of one reference, and both are meant.
                let does = made.receivers.entry(name.clone()).or_default();
                does.extend(integrations);
                does.sort();
                does.dedup();
                receivers.insert(reference, name);
            }
            Err(unreached) => made.left_out.push(left_out(owner, &unreached)),
        }
    }
    by_owner(company, wishes, &mut receivers, &mut made);
    if let Some(most) = wishes.by_namespace {
        let receivers = receivers.iter().map(|(reference, receiver)| {
            let team = company.owners[*reference].display_name.as_str();
            (*reference, (receiver.as_str(), team))
        });
        let (routes, left_out) = namespaces::routes(&company.services, &receivers.collect(), most);
        made.routes.extend(routes);
        if left_out > 0 {
            made.notes.push(format!(
                "{left_out} Services have no route of their own beyond the {most} of `--most-services`: raise it, or have alerts carry their owner"
            ));
        }
    }
    // What no route leads to any more, as where its only owner was left out.
    let used: BTreeSet<&str> = made.routes.iter().map(|it| it.receiver.as_str()).collect();
    let default = made.default_receiver.as_str();
    made.receivers
        .retain(|name, _| name == default || used.contains(name.as_str()));
    made
}

/// The receivers that the user names, by the reference of the owner.
fn named<'w>(
    company: &Company,
    wishes: &'w Wishes,
    notes: &mut Vec<String>,
) -> BTreeMap<String, &'w str> {
    let mut named = BTreeMap::new();
    // A reference says more than a name, whatever stands first.
    let mut by_name = Vec::new();
    for (written, receiver) in &wishes.receivers {
        let reference = EntityRef::parse(written, Some("group"), DEFAULT_NAMESPACE)
            .map(|reference| reference.to_string())
            .ok()
            .filter(|reference| company.owners.contains_key(reference));
        match reference {
            Some(reference) => {
                named.insert(reference, receiver.as_str());
            }
            None => by_name.push((written, receiver)),
        }
    }
    for (written, receiver) in by_name {
        let owners = company.owners.values();
        let mut found = false;
        for owner in owners.filter(|owner| owner.display_name == *written) {
            found = true;
            let reference = owner.reference.clone();
            named.entry(reference).or_insert(receiver.as_str());
        }
        if !found {
            let owners = company.owners.values();
            let known = owners.flat_map(|it| [it.reference.as_str(), &it.display_name]);
            let near = match nearest(written, known) {
                Some(near) => format!("; did you mean `{near}`?"),
                None => String::new(),
            };
            notes.push(format!(
                "the file of receivers names `{written}`, and no Service has an owner of that reference or name{near}"
            ));
        }
    }
    named
}

/// A route for each owner; those whose name leads to several receivers lose theirs.
fn by_owner<'c>(
    company: &'c Company,
    wishes: &Wishes,
    receivers: &mut BTreeMap<&'c str, String>,
    made: &mut Alertmanager,
) {
    let mut values: BTreeMap<&str, Vec<&OwnerContact>> = BTreeMap::new();
    for owner in company.owners.values() {
        let value = match wishes.matching {
            Matching::Reference => &owner.reference,
            Matching::Team => &owner.display_name,
        };
        values.entry(value).or_default().push(owner);
    }
    for (value, owners) in values {
        let of = |owner: &OwnerContact| receivers.get(owner.reference.as_str());
        let first = of(owners[0]);
        if owners.iter().any(|owner| of(owner) != first) {
            for owner in &owners {
                if receivers.remove(owner.reference.as_str()).is_some() {
                    made.left_out.push(LeftOut {
                        owner: owner.reference.clone(),
                        team: owner.display_name.clone(),
                        why: "another owner of that name has another receiver".to_owned(),
                        remedy: "leave out `--match team`, so that routes match on references"
                            .to_owned(),
                    });
                }
            }
            continue;
        }
        if let Some(receiver) = first {
            made.routes.push(Route {
                about: owners[0].display_name.clone(),
                receiver: receiver.clone(),
                matchers: vec![Matcher {
                    label: wishes.label.clone(),
                    values: vec![value.to_owned()],
                }],
            });
        }
    }
    made.left_out
        .sort_by(|one, other| one.owner.cmp(&other.owner));
}

fn left_out(owner: &OwnerContact, unreached: &Unreached) -> LeftOut {
    let name = &owner.reference;
    let (why, remedy) = if unreached.unusable.is_empty() {
        (
            "neither it nor a Group above has a contact that receives alerts".to_owned(),
            format!(
                "annotate its entity, such as with `slack.com/bot-notify` or `pagerduty.com/service-id`, or name a receiver for `{name}` in the file of `--receivers`"
            ),
        )
    } else {
        (
            unreached.unusable.join("; "),
            format!("give that, or name a receiver for `{name}` in the file of `--receivers`"),
        )
    };
    LeftOut {
        owner: name.clone(),
        team: owner.display_name.clone(),
        why,
        remedy,
    }
}

#[cfg(test)]
mod tests;
