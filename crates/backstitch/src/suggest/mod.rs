//! What would mend the catalog: suggestions as values, each with how sure it is and why.
//!
//! ```text
//!  Company, reasoning ─┬─ patches ─▶ Patch: the Service that a component means      ─┐
//!                      │              ByHand: what only a person can know            ├─▶ list, files
//!                      └─ drafts ──▶ Draft: a component for a Service nobody has    ─┘
//!  Patch + a file ─── edit ─▶ the file with one value changed, proven ─── diff ─▶ for `git apply`
//! ```
//!
//! It owns what is suggested and how much is claimed for it (`score`). It is pure, over the shapes of `api` and over texts of
//! files; it must not know where files are, nor write any.

pub(crate) mod diff;
mod drafts;
pub(crate) mod edit;
pub(crate) mod files;
mod patches;
mod score;

use std::collections::{BTreeMap, HashMap};

use api::{ServiceRow, Verdict, VerdictExplanation};
use serde::Serialize;

use crate::hygiene::{Company, owners_of_namespaces, parts};

/// All that is suggested. Its keys are a stable interface.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Suggestions {
    /// Changes to components, the surest first.
    pub patches: Vec<Patch>,
    /// New components, the surest first.
    pub drafts: Vec<Draft>,
    /// What only a person can know.
    pub by_hand: Vec<ByHand>,
    /// Components that were not looked at, because there are too many.
    pub not_asked: u64,
}

/// A change to a component that makes it that of a Service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Patch {
    /// Reference of the component.
    pub component: String,
    /// Name of its instance.
    pub instance: String,
    /// The Services that it would be stitched to, one in each cluster.
    pub services: Vec<String>,
    /// What is to be changed.
    pub changes: Vec<Change>,
    /// How sure it is, 0 to 1: the product of the evidence.
    pub confidence: f64,
    /// What speaks for and against it.
    pub evidence: Vec<Evidence>,
}

/// One value of a catalog file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Change {
    /// Where, as `label_map` writes it.
    pub path: String,
    /// The keys that lead there in the file.
    #[serde(skip)]
    pub keys: Vec<String>,
    /// What stands there now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What should.
    pub to: String,
}

/// Something that speaks for or against a suggestion.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Evidence {
    /// What.
    pub says: String,
    /// How much: 1 changes nothing, less speaks against it, more for it.
    pub factor: f64,
}

/// A new component for a Service that nobody has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Draft {
    /// The Services of that namespace and name, one in each cluster.
    pub services: Vec<String>,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.title`.
    pub title: String,
    /// The Service's name.
    pub kubernetes_id: String,
    /// The Service's namespace.
    pub kubernetes_namespace: String,
    /// Reference of the owner, if one can be guessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// How sure the owner is, 0 to 1.
    pub confidence: f64,
    /// Why.
    pub evidence: Vec<Evidence>,
}

/// A verdict that no suggestion mends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ByHand {
    /// Reference of the component.
    pub component: String,
    /// Name of its instance.
    pub instance: String,
    /// The clusters in which that became of it.
    pub clusters: Vec<String>,
    /// What became of it.
    pub verdict: Verdict,
    /// Why, in the first of them.
    pub reason: String,
    /// The smallest change that would help there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// What is known, by what is looked up.
struct Known<'c> {
    company: &'c Company,
    services: HashMap<&'c str, &'c ServiceRow>,
    /// In how many namespaces of one cluster a name is, at most.
    names: HashMap<&'c str, u64>,
    /// How many Services of a namespace each owner has.
    owners: BTreeMap<(&'c str, &'c str), BTreeMap<&'c str, u64>>,
}

/// Who has most of a namespace.
struct Majority<'c> {
    owner: &'c str,
    has: u64,
    of: u64,
}

impl<'c> Known<'c> {
    fn of(company: &'c Company) -> Self {
        let mut in_cluster: HashMap<(&str, &str), u64> = HashMap::new();
        for service in &company.services {
            let (cluster, _, name) = parts(&service.id);
            *in_cluster.entry((cluster, name)).or_default() += 1;
        }
        let mut names: HashMap<&str, u64> = HashMap::new();
        for ((_, name), count) in in_cluster {
            let most = names.entry(name).or_default();
            *most = (*most).max(count);
        }
        let services = company.services.iter();
        Self {
            company,
            services: services.map(|it| (it.id.as_str(), it)).collect(),
            names,
            owners: owners_of_namespaces(company),
        }
    }

    /// Who has more than half of the owned Services of a namespace.
    fn majority(&self, cluster: &str, namespace: &str) -> Option<Majority<'c>> {
        let owners = self.owners.get(&(cluster, namespace))?;
        let of: u64 = owners.values().sum();
        let (owner, has) = owners.iter().max_by_key(|(_, has)| **has)?;
        (has * 2 > of).then_some(Majority {
            owner,
            has: *has,
            of,
        })
    }
}

/// Everything that can be suggested, by what is known and the reasoning about each component that is stitched nowhere.
pub(crate) fn suggestions(
    company: &Company,
    reasoning: &[VerdictExplanation],
    not_asked: u64,
) -> Suggestions {
    let known = Known::of(company);
    let (patches, by_hand) = patches::patches(&known, reasoning);
    let drafts = drafts::drafts(&known, &patches);
    Suggestions {
        patches,
        drafts,
        by_hand,
        not_asked,
    }
}
