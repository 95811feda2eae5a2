//! What is known of the Secrets of all namespaces at a moment. Plain data.

use std::collections::BTreeMap;

use cluster::live::secrets::Secret;

use crate::config::SecretRef;
use crate::secrets::{Problem, Purpose};

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

/// The Secrets of one purpose in a namespace.
#[derive(Debug, Default)]
struct Listed {
    /// None before the first list.
    secrets: Option<Vec<Secret>>,
    /// Why they cannot be read now.
    failure: Option<Problem>,
}

/// One namespace.
#[derive(Debug)]
struct Namespace {
    listed: BTreeMap<Purpose, Listed>,
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
    /// Nothing yet, of these namespaces and what is looked for in each.
    pub(super) fn of(namespaces: impl IntoIterator<Item = (String, Vec<Purpose>)>) -> Self {
        let unlisted = |purposes: Vec<Purpose>| Namespace {
            listed: purposes
                .into_iter()
                .map(|purpose| (purpose, Listed::default()))
                .collect(),
            told: None,
        };
        Self {
            namespaces: namespaces
                .into_iter()
                .map(|(name, purposes)| (name, unlisted(purposes)))
                .collect(),
            looked: BTreeMap::new(),
        }
    }

    pub(super) fn listed(&mut self, purpose: Purpose, namespace: &str, secrets: Vec<Secret>) {
        if let Some(listed) = self.listed_mut(purpose, namespace) {
            *listed = Listed {
                secrets: Some(secrets),
                failure: None,
            };
        }
        // What was not there may be there now, without the label.
        self.looked
            .retain(|secret, _| secret.namespace != namespace);
    }

    /// What was seen stays: that it cannot be read says nothing of it (S22).
    pub(super) fn failed(&mut self, purpose: Purpose, namespace: &str, problem: Problem) {
        if let Some(listed) = self.listed_mut(purpose, namespace) {
            listed.failure = Some(problem);
        }
        if let Some(namespace) = self.namespaces.get_mut(namespace) {
            namespace.told = None;
        }
    }

    fn listed_mut(&mut self, purpose: Purpose, namespace: &str) -> Option<&mut Listed> {
        self.namespaces.get_mut(namespace)?.listed.get_mut(&purpose)
    }

    fn listed_of(&self, purpose: Purpose) -> impl Iterator<Item = &Listed> {
        self.namespaces
            .values()
            .filter_map(move |namespace| namespace.listed.get(&purpose))
    }

    fn in_namespace(&self, purpose: Purpose, namespace: &str) -> Option<&Listed> {
        self.namespaces.get(namespace)?.listed.get(&purpose)
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

    /// Every Secret with the label of the purpose.
    pub(super) fn labelled(&self, purpose: Purpose) -> impl Iterator<Item = &Secret> {
        self.listed_of(purpose)
            .flat_map(|listed| listed.secrets.iter().flatten())
    }

    /// A Secret with the label of a Backstage.
    pub(super) fn find(&self, secret: &SecretRef) -> Option<&Secret> {
        let listed = self.in_namespace(Purpose::Backstage, &secret.namespace)?;
        let mut secrets = listed.secrets.iter().flatten();
        secrets.find(|listed| listed.name == secret.name)
    }

    pub(super) fn is_listed(&self, purpose: Purpose, namespace: &str) -> bool {
        self.in_namespace(purpose, namespace)
            .is_some_and(|listed| listed.secrets.is_some())
    }

    /// Why the Secrets of a namespace cannot be read now.
    pub(super) fn failure_of(&self, purpose: Purpose, namespace: &str) -> Option<&Problem> {
        self.in_namespace(purpose, namespace)?.failure.as_ref()
    }

    /// The same of any namespace.
    pub(super) fn failure(&self, purpose: Purpose) -> Option<&Problem> {
        let mut failures = self
            .listed_of(purpose)
            .filter_map(|listed| listed.failure.as_ref());
        failures.next()
    }

    /// Every namespace was listed: what is nowhere is gone.
    pub(super) fn is_complete(&self, purpose: Purpose) -> bool {
        self.listed_of(purpose)
            .all(|listed| listed.secrets.is_some())
    }

    /// How many Secrets the namespace has, if that or the warnings are news.
    pub(super) fn news_of(&mut self, namespace: &str, warnings: &[String]) -> Option<u64> {
        let known = self.namespaces.get_mut(namespace)?;
        let mut count = 0;
        for listed in known.listed.values() {
            if listed.failure.is_some() {
                return None;
            }
            count += listed.secrets.as_ref()?.len() as u64;
        }
        let now = (count, warnings.to_vec());
        if known.told.as_ref() == Some(&now) {
            return None;
        }
        known.told = Some(now);
        Some(count)
    }
}
