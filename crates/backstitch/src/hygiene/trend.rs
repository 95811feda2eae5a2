//! Counts of Services now, and as they were at a moment of the past.

use std::collections::BTreeMap;

use api::{ServiceRow, ServiceState};
use serde::Serialize;
use topology::query::owned_share;

use super::{Company, Past, parts};

/// How many Services there are, and how many have an owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    /// Services, those left out that people ignore.
    pub services: u64,
    /// Of these, the owned ones.
    pub owned: u64,
}

impl Counts {
    fn add(&mut self, state: ServiceState) {
        self.services += 1;
        self.owned += u64::from(state == ServiceState::Owned);
    }

    /// Owned ones of all, 0 to 1; 1 where there is none to own.
    pub(crate) fn coverage(self) -> f64 {
        owned_share(self.owned, self.services)
    }
}

/// As it was.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Then {
    /// The counts.
    #[serde(flatten)]
    pub counts: Counts,
    /// Owned ones of all.
    pub coverage: f64,
}

/// Counts by a name.
pub(super) type ByName = BTreeMap<String, Counts>;

/// Counts of everything, by cluster, by namespace (`cluster/namespace`), and owned Services by owner.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub all: Counts,
    pub clusters: ByName,
    pub namespaces: ByName,
    pub owners: BTreeMap<String, u64>,
}

impl Tally {
    fn add(&mut self, id: &str, state: ServiceState, owner: Option<&str>) {
        let (cluster, namespace, _) = parts(id);
        self.all.add(state);
        self.clusters
            .entry(cluster.to_owned())
            .or_default()
            .add(state);
        let namespace = format!("{cluster}/{namespace}");
        self.namespaces.entry(namespace).or_default().add(state);
        if let Some(owner) = owner.filter(|_| state == ServiceState::Owned) {
            *self.owners.entry(owner.to_owned()).or_default() += 1;
        }
    }
}

/// What is now. What people ignore counts for its owner alone.
pub(super) fn now(services: &[ServiceRow]) -> Tally {
    let mut tally = Tally::default();
    for service in services {
        if !service.ignored {
            tally.add(&service.id, service.state, service.owner.as_deref());
        } else if let Some(owner) = &service.owner {
            *tally.owners.entry(owner.clone()).or_default() += 1;
        }
    }
    tally
}

/// What was: what is now, with each change since undone. What people ignore is not in the past: what is ignored now is left
/// out of both sides.
pub(super) fn then(company: &Company) -> Option<Tally> {
    let Past::Known { before, .. } = &company.past else {
        return None;
    };
    let mut tally = Tally::default();
    let mut there = std::collections::HashSet::new();
    for service in &company.services {
        there.insert(service.id.as_str());
        if service.ignored {
            let owner = match before.get(&service.id) {
                Some(was) => was.as_ref().and_then(|was| was.owner.clone()),
                None => service.owner.clone(),
            };
            if let Some(owner) = owner {
                *tally.owners.entry(owner).or_default() += 1;
            }
            continue;
        }
        match before.get(&service.id) {
            None => tally.add(&service.id, service.state, service.owner.as_deref()),
            Some(Some(was)) => tally.add(&service.id, was.state, was.owner.as_deref()),
            Some(None) => {}
        }
    }
    for (id, was) in before {
        if let Some(was) = was.as_ref().filter(|_| !there.contains(id.as_str())) {
            tally.add(id, was.state, was.owner.as_deref());
        }
    }
    Some(tally)
}

/// The counts of that time, with their share.
pub(super) fn shared(counts: Counts) -> Then {
    Then {
        counts,
        coverage: counts.coverage(),
    }
}
