//! Which namespaces of a cluster are read, and into which requests a kind falls apart by that.

use std::sync::Arc;

use crate::kinds::{Resource, Scope};

/// Which namespaces of a cluster are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Namespaces {
    /// All, by one list and one watch per kind; takes a `ClusterRole`.
    #[default]
    All,
    /// These alone, by a list and a watch per kind and namespace; a `Role` in each is enough.
    Named(Vec<Arc<str>>),
}

/// The objects of a kind that one list gives: all of them, or those of a namespace.
pub(super) type Part = Option<Arc<str>>;

impl Namespaces {
    /// The parts that make up a kind.
    pub(super) fn parts(&self, resource: &Resource) -> Vec<Part> {
        match (self, resource.scope) {
            (Self::Named(names), Scope::Namespaced) => names.iter().cloned().map(Some).collect(),
            (Self::Named(_), Scope::Cluster) | (Self::All, _) => vec![None],
        }
    }

    /// Whether the kind can be done without, because a role of a namespace does not give it.
    pub(super) fn spare(&self, resource: &Resource) -> bool {
        matches!(self, Self::Named(_)) && resource.scope == Scope::Cluster
    }
}
