//! Routes for alerts that carry no owner: by the namespace where all of it has one, else by its Services.

use std::collections::{BTreeMap, BTreeSet};

use super::{Matcher, OwnedService, Route};

/// Bound on the names that one matcher has.
const NAMES: usize = 100;

/// What each owner's receiver is, and the name of the owner for people.
pub(super) type Receivers<'r> = BTreeMap<&'r str, (&'r str, &'r str)>;

/// The routes, and how many Services got none because `most` have one.
pub(super) fn routes(
    services: &[OwnedService],
    receivers: &Receivers<'_>,
    most: usize,
) -> (Vec<Route>, usize) {
    let mut namespaces: BTreeMap<&str, Vec<&OwnedService>> = BTreeMap::new();
    for service in services {
        namespaces
            .entry(&service.namespace)
            .or_default()
            .push(service);
    }
    let mut gathered = Gathered::default();
    for (namespace, services) in namespaces {
        if let Some(owner) = only_owner(&services) {
            gathered.whole(owner, None, namespace);
            continue;
        }
        let mut clusters: BTreeMap<&str, Vec<&OwnedService>> = BTreeMap::new();
        for service in &services {
            clusters.entry(&service.cluster).or_default().push(service);
        }
        let mut apart = Vec::new();
        for (cluster, services) in clusters {
            match only_owner(&services) {
                Some(owner) => gathered.whole(owner, Some(cluster), namespace),
                None => apart.extend(services),
            }
        }
        gathered.services(namespace, &services, &apart);
    }
    gathered.into_routes(receivers, most)
}

/// The owner of all of these.
fn only_owner<'s>(services: &[&'s OwnedService]) -> Option<&'s str> {
    let mut owners = services.iter().map(|service| service.owner.as_deref());
    let first = owners.next().flatten()?;
    owners.all(|owner| owner == Some(first)).then_some(first)
}

/// What is to be routed, in the order in which the routes come: the narrower first.
#[derive(Default)]
struct Gathered<'s> {
    /// The Services by owner, cluster where it tells, and namespace.
    services: BTreeMap<(&'s str, Option<&'s str>, &'s str), BTreeSet<&'s str>>,
    /// The namespaces by cluster where it tells, and by owner; those of all clusters come last.
    namespaces: BTreeMap<(Place<'s>, &'s str), BTreeSet<&'s str>>,
}

/// Where a namespace has one owner.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place<'s> {
    Cluster(&'s str),
    Everywhere,
}

impl<'s> Gathered<'s> {
    fn whole(&mut self, owner: &'s str, cluster: Option<&'s str>, namespace: &'s str) {
        let place = cluster.map_or(Place::Everywhere, Place::Cluster);
        let namespaces = self.namespaces.entry((place, owner)).or_default();
        namespaces.insert(namespace);
    }

    /// The Services in those clusters in which the namespace has several owners. What another cluster says of the name counts
    /// too, since its alerts would meet the same route.
    fn services(
        &mut self,
        namespace: &'s str,
        all: &[&'s OwnedService],
        apart: &[&'s OwnedService],
    ) {
        let mut names: BTreeMap<&str, Vec<&OwnedService>> = BTreeMap::new();
        for service in all {
            names.entry(&service.name).or_default().push(service);
        }
        for service in apart {
            if let Some(owner) = &service.owner {
                let one_owner = only_owner(&names[service.name.as_str()]).is_some();
                let cluster = (!one_owner).then_some(&*service.cluster);
                let key = (&**owner, cluster, namespace);
                self.services.entry(key).or_default().insert(&service.name);
            }
        }
    }

    fn into_routes(self, receivers: &Receivers<'_>, most: usize) -> (Vec<Route>, usize) {
        let mut routes = Vec::new();
        let (mut given, mut left_out) = (0, 0);
        let mut add = |owner: &str, cluster: Option<&str>, more: Vec<Matcher>| {
            if let Some((receiver, team)) = receivers.get(owner) {
                let cluster = cluster.map(|cluster| matcher("cluster", [cluster]));
                routes.push(Route {
                    about: (*team).to_owned(),
                    receiver: (*receiver).to_owned(),
                    matchers: cluster.into_iter().chain(more).collect(),
                });
            }
        };
        for ((owner, cluster, namespace), names) in self.services {
            if !receivers.contains_key(owner) {
                continue;
            }
            let names: Vec<&str> = names.into_iter().collect();
            let room = names.len().min(most - given);
            given += room;
            left_out += names.len() - room;
            for names in names[..room].chunks(NAMES) {
                let names = matcher("service", names.iter().copied());
                add(
                    owner,
                    cluster,
                    vec![matcher("namespace", [namespace]), names],
                );
            }
        }
        for ((place, owner), namespaces) in self.namespaces {
            let cluster = match place {
                Place::Cluster(cluster) => Some(cluster),
                Place::Everywhere => None,
            };
            let namespaces: Vec<&str> = namespaces.into_iter().collect();
            for namespaces in namespaces.chunks(NAMES) {
                add(
                    owner,
                    cluster,
                    vec![matcher("namespace", namespaces.iter().copied())],
                );
            }
        }
        (routes, left_out)
    }
}

fn matcher<'v>(label: &str, values: impl IntoIterator<Item = &'v str>) -> Matcher {
    Matcher {
        label: label.to_owned(),
        values: values.into_iter().map(str::to_owned).collect(),
    }
}
