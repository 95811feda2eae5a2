//! The report: one plain value, made of what is known.

use std::collections::{BTreeMap, BTreeSet};

use api::{ComponentRow, OwnerState, ServiceDetail, ServiceState, Verdict};
use serde::Serialize;

use super::trend::{self, Counts, Tally, Then};
use super::{Company, Past, parts, unclaimed};

/// Everything that is told. Its keys are a stable interface.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Report {
    /// When it was made, RFC 3339.
    pub made_at: String,
    /// The moment that is compared with; absent where nothing is known of the past.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Why there is no comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_trend: Option<String>,
    /// How many components there are.
    pub components: u64,
    /// What people decided to ignore, of Services.
    pub ignored_services: u64,
    /// Everything.
    pub total: Coverage,
    /// By cluster.
    pub clusters: Listed<Coverage>,
    /// By namespace, `cluster/namespace`; the most Services without an owner first.
    pub namespaces: Listed<Coverage>,
    /// By owner; the most Services first.
    pub teams: Listed<Team>,
    /// Services that nobody has; those that most depends on first.
    pub unclaimed: Listed<Unclaimed>,
    /// How many of these were not asked what is around them, because there are too many; they stand last.
    #[serde(skip_serializing_if = "is_none")]
    pub unclaimed_not_asked: u64,
    /// Components that say where they run and run nowhere.
    pub not_running: Listed<Component>,
    /// Components whose Service another has.
    pub conflicts: Listed<Component>,
    /// Components that name several Services.
    pub ambiguous: Listed<Component>,
    /// Owners that are named and are not there; the most named first.
    pub dangling_owners: Listed<Dangling>,
    /// Owners of something that cannot be reached.
    pub owners_without_contact: Listed<Unreachable>,
    /// How many owners were not asked for contacts, because there are too many.
    #[serde(skip_serializing_if = "is_none")]
    pub owners_not_asked: u64,
    /// Kubernetes ids that several components have.
    pub duplicate_ids: Listed<Duplicate>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// The first of a list, and how many there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Listed<T> {
    /// The first ones.
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: u64,
}

impl<T> Listed<T> {
    fn of(mut items: Vec<T>, top: usize) -> Self {
        let total = items.len() as u64;
        items.truncate(top);
        Self { items, total }
    }

    /// How many were cut.
    pub(crate) fn cut(&self) -> u64 {
        self.total - self.items.len() as u64
    }
}

/// How many of some Services have an owner.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the key is called as everywhere")]
pub(crate) struct Coverage {
    /// Of which Services.
    pub name: String,
    /// The counts.
    #[serde(flatten)]
    pub counts: Counts,
    /// Owned ones of all, 0 to 1.
    pub coverage: f64,
    /// As it was; absent: nothing is known of the past.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub then: Option<Then>,
}

/// What an owner has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Team {
    /// Reference of the owner.
    pub owner: String,
    /// Its name for people.
    pub display_name: String,
    /// Services.
    pub services: u64,
    /// How many it had then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services_then: Option<u64>,
    /// Components.
    pub components: u64,
    /// Of these, those that are stitched in a cluster.
    pub stitched: u64,
}

/// A Service that nobody has, and what depends on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Unclaimed {
    /// `cluster/namespace/name`.
    pub service: String,
    /// The measure: `workloads`, `pods`, `in_front` and `named_by` together.
    pub dependents: u64,
    /// Workloads behind it.
    pub workloads: u64,
    /// Pods behind it.
    pub pods: u64,
    /// Ingresses and routes in front of it.
    pub in_front: u64,
    /// Components that name it and do not have it.
    pub named_by: Vec<String>,
}

/// A component that is not stitched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the key is called as everywhere")]
pub(crate) struct Component {
    /// Reference.
    pub component: String,
    /// Name of its instance.
    pub instance: String,
    /// The clusters that this is about.
    pub clusters: Vec<String>,
    /// The verdict of the first.
    pub verdict: Verdict,
    /// Reference of its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Why, in the first cluster.
    pub reason: String,
    /// What would mend it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// An owner that is named and is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Dangling {
    /// As it is named.
    pub owner: String,
    /// Who names it.
    pub components: Listed<String>,
}

/// An owner that cannot be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Unreachable {
    /// Reference.
    pub owner: String,
    /// Its name for people.
    pub display_name: String,
    /// How many Services it owns.
    pub services: u64,
    /// How many components it owns.
    pub components: u64,
}

/// A Kubernetes id that several components have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Duplicate {
    /// The id.
    pub kubernetes_id: String,
    /// Their Kubernetes namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubernetes_namespace: Option<String>,
    /// Where they all are expected.
    pub clusters: Vec<String>,
    /// References of the components.
    pub components: Vec<String>,
}

/// Makes the report. Lists have at most `top` items, and say how many there are.
pub(crate) fn report(company: &Company, made_at: String, top: usize) -> Report {
    let now = trend::now(&company.services);
    let then = trend::then(company);
    let (since, no_trend) = match &company.past {
        Past::Known { since, .. } => (Some(since.clone()), None),
        Past::Unknown(why) => (None, Some(why.clone())),
    };
    let ignored = company.services.iter().filter(|it| it.ignored).count();
    let teams = teams(company, &now, then.as_ref());
    Report {
        made_at,
        since,
        no_trend,
        components: by_component(company).len() as u64,
        ignored_services: ignored as u64,
        total: coverage("all Services", now.all, then.as_ref().map(|it| it.all)),
        clusters: Listed::of(clusters(&now, then.as_ref()), top),
        namespaces: Listed::of(namespaces(&now, then.as_ref()), top),
        unclaimed: Listed::of(ranked(company), top),
        unclaimed_not_asked: unclaimed(&company.services)
            .filter(|it| !company.details.contains_key(&it.id))
            .count() as u64,
        not_running: Listed::of(not_running(company), top),
        conflicts: Listed::of(of_verdict(company, Verdict::Conflict), top),
        ambiguous: Listed::of(of_verdict(company, Verdict::Ambiguous), top),
        dangling_owners: Listed::of(dangling(company, top), top),
        owners_without_contact: Listed::of(unreachable(company, &teams), top),
        owners_not_asked: company.not_asked,
        duplicate_ids: Listed::of(duplicates(company), top),
        teams: Listed::of(teams, top),
    }
}

fn coverage(name: &str, now: Counts, then: Option<Counts>) -> Coverage {
    Coverage {
        name: name.to_owned(),
        counts: now,
        coverage: now.coverage(),
        then: then.map(trend::shared),
    }
}

fn clusters(now: &Tally, then: Option<&Tally>) -> Vec<Coverage> {
    of(&now.clusters, then.map(|it| &it.clusters))
}

fn namespaces(now: &Tally, then: Option<&Tally>) -> Vec<Coverage> {
    let mut namespaces = of(&now.namespaces, then.map(|it| &it.namespaces));
    let without = |it: &Coverage| it.counts.services - it.counts.owned;
    namespaces.sort_by(|one, other| {
        without(other)
            .cmp(&without(one))
            .then_with(|| one.name.cmp(&other.name))
    });
    namespaces
}

/// What is there now or was there then; of what was not there, there is nothing.
fn of(now: &trend::ByName, then: Option<&trend::ByName>) -> Vec<Coverage> {
    let names: BTreeSet<&String> = now
        .keys()
        .chain(then.into_iter().flat_map(|it| it.keys()))
        .collect();
    let counts = |by: &trend::ByName, name| by.get(name).copied().unwrap_or_default();
    let names = names.into_iter();
    names
        .map(|name| coverage(name, counts(now, name), then.map(|it| counts(it, name))))
        .collect()
}

/// The rows of each component, which has one for each cluster.
fn by_component(company: &Company) -> BTreeMap<(&str, &str), Vec<&ComponentRow>> {
    let mut components: BTreeMap<(&str, &str), Vec<&ComponentRow>> = BTreeMap::new();
    for row in &company.components {
        let key = (row.reference.as_str(), row.instance.as_str());
        components.entry(key).or_default().push(row);
    }
    components
}

fn teams(company: &Company, now: &Tally, then: Option<&Tally>) -> Vec<Team> {
    let names: BTreeMap<&str, &str> = company
        .owners
        .iter()
        .map(|it| (it.reference.as_str(), it.display_name.as_str()))
        .collect();
    let mut teams: BTreeMap<&str, Team> = BTreeMap::new();
    let services = |tally: &Tally, owner: &str| tally.owners.get(owner).copied().unwrap_or(0);
    let new = |owner: &str| Team {
        owner: owner.to_owned(),
        display_name: (*names.get(owner).unwrap_or(&owner)).to_owned(),
        services: services(now, owner),
        services_then: then.map(|then| services(then, owner)),
        components: 0,
        stitched: 0,
    };
    let then_owners = then.into_iter().flat_map(|it| it.owners.keys());
    for owner in now.owners.keys().chain(then_owners) {
        teams.entry(owner).or_insert_with(|| new(owner));
    }
    let components = by_component(company);
    for rows in components.values() {
        let owner = rows.first().and_then(|it| it.owner.reference.as_deref());
        if let Some(owner) = owner {
            let team = teams.entry(owner).or_insert_with(|| new(owner));
            team.components += 1;
            team.stitched += u64::from(rows.iter().any(|it| it.verdict == Verdict::Stitched));
        }
    }
    let mut teams: Vec<Team> = teams.into_values().collect();
    teams.sort_by(|one, other| {
        (other.services, other.components)
            .cmp(&(one.services, one.components))
            .then_with(|| one.owner.cmp(&other.owner))
    });
    teams
}

/// The unclaimed Services; those of which nothing more is known come last.
fn ranked(company: &Company) -> Vec<Unclaimed> {
    let mut named_by: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in &company.components {
        for candidate in &row.candidates {
            let names = named_by.entry(candidate).or_default();
            names.insert(&row.reference);
        }
    }
    let mut ranked: Vec<Unclaimed> = unclaimed(&company.services)
        .map(|service| {
            let names = named_by.get(service.id.as_str());
            let names = names.into_iter().flatten();
            let names = names.map(|it| (*it).to_owned()).collect();
            depended_on(&service.id, company.details.get(&service.id), names)
        })
        .collect();
    ranked.sort_by(|one, other| {
        (other.dependents.cmp(&one.dependents)).then_with(|| one.service.cmp(&other.service))
    });
    ranked
}

/// Endpoints are another view of the pods, a `ReplicaSet` is one of its Deployment: neither is counted.
fn depended_on(id: &str, detail: Option<&ServiceDetail>, named_by: Vec<String>) -> Unclaimed {
    let (mut workloads, mut pods, mut in_front) = (0, 0, 0);
    if let Some(detail) = detail {
        let deployed = detail.workloads.iter().any(|it| it.kind == "Deployment");
        for behind in &detail.workloads {
            match behind.kind.as_str() {
                "Pod" => pods += 1,
                "EndpointSlice" | "Endpoints" => {}
                "ReplicaSet" if deployed => {}
                _ => workloads += 1,
            }
        }
        in_front = detail.in_front.total;
    }
    Unclaimed {
        service: id.to_owned(),
        dependents: workloads + pods + in_front + named_by.len() as u64,
        workloads,
        pods,
        in_front,
        named_by,
    }
}

fn component(rows: &[&ComponentRow]) -> Option<Component> {
    let first = rows.first()?;
    Some(Component {
        component: first.reference.clone(),
        instance: first.instance.clone(),
        clusters: rows.iter().map(|it| it.cluster.clone()).collect(),
        verdict: first.verdict,
        owner: first.owner.reference.clone(),
        reason: first.reason.clone(),
        fix: first.fix.clone(),
    })
}

/// Those that run in no cluster at all, and say of themselves that they run in one.
fn not_running(company: &Company) -> Vec<Component> {
    let claims = |row: &&ComponentRow| {
        matches!(row.verdict, Verdict::ServiceNotFound | Verdict::Invalid) && !row.ignored
    };
    by_component(company)
        .into_values()
        .filter(|rows| rows.iter().all(claims))
        .filter_map(|rows| component(&rows))
        .collect()
}

fn of_verdict(company: &Company, verdict: Verdict) -> Vec<Component> {
    by_component(company)
        .into_values()
        .filter_map(|rows| {
            let rows = rows.into_iter();
            let rows: Vec<_> = rows
                .filter(|it| it.verdict == verdict && !it.ignored)
                .collect();
            component(&rows)
        })
        .collect()
}

/// The owner that resolved is the last that was tried; all before it, and all where none did, are not there.
fn dangling(company: &Company, top: usize) -> Vec<Dangling> {
    let mut dangling: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in &company.components {
        let tried = &row.owner.tried;
        let failed = match row.owner.state {
            OwnerState::Resolved => tried.len().saturating_sub(1),
            OwnerState::Unresolved | OwnerState::None => tried.len(),
        };
        for owner in tried.iter().take(failed) {
            dangling.entry(owner).or_default().insert(&row.reference);
        }
    }
    let mut dangling: Vec<Dangling> = dangling
        .into_iter()
        .map(|(owner, components)| Dangling {
            owner: owner.to_owned(),
            components: Listed::of(components.into_iter().map(str::to_owned).collect(), top),
        })
        .collect();
    dangling.sort_by(|one, other| {
        (other.components.total.cmp(&one.components.total))
            .then_with(|| one.owner.cmp(&other.owner))
    });
    dangling
}

fn unreachable(company: &Company, teams: &[Team]) -> Vec<Unreachable> {
    teams
        .iter()
        .filter(|it| company.unreachable.contains(&it.owner))
        .map(|it| Unreachable {
            owner: it.owner.clone(),
            display_name: it.display_name.clone(),
            services: it.services,
            components: it.components,
        })
        .collect()
}

/// By cluster, because a component of each region may have the same id.
fn duplicates(company: &Company) -> Vec<Duplicate> {
    type Ids<'c> = BTreeMap<(&'c str, &'c str, Option<&'c str>), BTreeSet<&'c str>>;
    type Groups<'c> = BTreeMap<(&'c str, Option<&'c str>, BTreeSet<&'c str>), Vec<String>>;
    let mut ids: Ids<'_> = BTreeMap::new();
    for row in company.components.iter().filter(|it| !it.ignored) {
        if let Some(id) = &row.kubernetes_id {
            let key = (
                &*row.cluster,
                id.as_str(),
                row.kubernetes_namespace.as_deref(),
            );
            ids.entry(key).or_default().insert(&row.reference);
        }
    }
    let mut groups: Groups<'_> = BTreeMap::new();
    for ((cluster, id, namespace), components) in ids {
        if components.len() > 1 {
            let clusters = groups.entry((id, namespace, components)).or_default();
            clusters.push(cluster.to_owned());
        }
    }
    groups
        .into_iter()
        .map(|((id, namespace, components), clusters)| Duplicate {
            kubernetes_id: id.to_owned(),
            kubernetes_namespace: namespace.map(str::to_owned),
            clusters,
            components: components.into_iter().map(str::to_owned).collect(),
        })
        .collect()
}

/// How many Services of a namespace each owner has, and how many have an owner at all: by `(cluster, namespace)`.
pub(crate) fn owners_of_namespaces(
    company: &Company,
) -> BTreeMap<(&str, &str), BTreeMap<&str, u64>> {
    let mut namespaces: BTreeMap<(&str, &str), BTreeMap<&str, u64>> = BTreeMap::new();
    for service in &company.services {
        let (cluster, namespace, _) = parts(&service.id);
        if let (ServiceState::Owned, Some(owner)) = (service.state, &service.owner) {
            let owners = namespaces.entry((cluster, namespace)).or_default();
            *owners.entry(owner).or_default() += 1;
        }
    }
    namespaces
}
