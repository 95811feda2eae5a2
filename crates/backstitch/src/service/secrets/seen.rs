//! What is known of the Secrets of all namespaces at a moment. Plain data.

use std::collections::BTreeMap;

use cluster::live::secrets::Secret;

use crate::config::SecretRef;
use crate::secrets::Problem;

/// What came of looking for a Secret by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::service) enum Looked {
    /// It was asked for.
    Asked,
    /// There is none.
    Missing,
    /// It does not carry the label.
    Unlabelled,
    /// It cannot be said.
    Failed(Problem),
}

/// One namespace.
#[derive(Debug, Default)]
struct Namespace {
    /// The labelled Secrets; none before the first list.
    listed: Option<Vec<Secret>>,
    failure: Option<Problem>,
    /// What was told of it last: how many Secrets, and which warnings.
    told: Option<(u64, Vec<String>)>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Seen {
    namespaces: BTreeMap<String, Namespace>,
    looked: BTreeMap<SecretRef, Looked>,
}

impl Seen {
    pub(super) fn of(namespaces: Vec<String>) -> Self {
        Self {
            namespaces: namespaces
                .into_iter()
                .map(|name| (name, Namespace::default()))
                .collect(),
            looked: BTreeMap::new(),
        }
    }

    pub(super) fn listed(&mut self, namespace: &str, secrets: Vec<Secret>) {
        let known = self.namespaces.entry(namespace.to_owned()).or_default();
        known.listed = Some(secrets);
        known.failure = None;
        // What was not there may be there now, without the label.
        self.looked
            .retain(|secret, _| secret.namespace != namespace);
    }

    /// What was seen stays: that it cannot be read says nothing of it (S22).
    pub(super) fn failed(&mut self, namespace: &str, problem: Problem) {
        let known = self.namespaces.entry(namespace.to_owned()).or_default();
        known.failure = Some(problem);
        known.told = None;
    }

    pub(super) fn looked(&mut self, secret: SecretRef, looked: Looked) {
        self.looked.insert(secret, looked);
    }

    pub(super) fn looked_for(&self, secret: &SecretRef) -> Option<&Looked> {
        self.looked.get(secret)
    }

    /// Everything that was looked for by name is looked for again.
    pub(super) fn forget_looked(&mut self) {
        self.looked.clear();
    }

    /// Every labelled Secret.
    pub(super) fn labelled(&self) -> impl Iterator<Item = &Secret> {
        self.namespaces
            .values()
            .flat_map(|namespace| namespace.listed.iter().flatten())
    }

    pub(super) fn find(&self, secret: &SecretRef) -> Option<&Secret> {
        let namespace = self.namespaces.get(&secret.namespace)?;
        let mut listed = namespace.listed.iter().flatten();
        listed.find(|listed| listed.name == secret.name)
    }

    pub(super) fn is_listed(&self, namespace: &str) -> bool {
        let known = self.namespaces.get(namespace);
        known.is_some_and(|known| known.listed.is_some())
    }

    /// Why the Secrets of a namespace cannot be read now.
    pub(super) fn failure_of(&self, namespace: &str) -> Option<&Problem> {
        self.namespaces.get(namespace)?.failure.as_ref()
    }

    /// The same of any namespace.
    pub(super) fn failure(&self) -> Option<&Problem> {
        let mut failures = self
            .namespaces
            .values()
            .filter_map(|it| it.failure.as_ref());
        failures.next()
    }

    /// Every namespace was listed: what is nowhere is gone.
    pub(super) fn is_complete(&self) -> bool {
        self.namespaces.values().all(|it| it.listed.is_some())
    }

    /// How many Secrets the namespace has, if that or the warnings are news.
    pub(super) fn news_of(&mut self, namespace: &str, warnings: &[String]) -> Option<u64> {
        let known = self.namespaces.get_mut(namespace)?;
        if known.failure.is_some() {
            return None;
        }
        let count = known.listed.as_ref()?.len() as u64;
        let now = (count, warnings.to_vec());
        if known.told.as_ref() == Some(&now) {
            return None;
        }
        known.told = Some(now);
        Some(count)
    }
}
