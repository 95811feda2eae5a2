//! What depends on what, as catalogs declare it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::owner::OwnerContact;
use crate::word::{Declaration, Verdict};

/// What something depends on, or what depends on it, sorted by reference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Dependencies {
    /// The first of them; at most 100.
    pub items: Vec<Dependency>,
    /// How many there are in all.
    pub total: u64,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Dependency {
    /// Canonical reference, of whatever kind.
    #[serde(rename = "ref")]
    pub reference: String,
    /// It is a component that the catalog has. Of all else, a Resource as much as what is not there, nothing is known but its
    /// reference.
    pub known: bool,
    /// What says so.
    pub declared: Vec<Declared>,
    /// Its owner and how to reach them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerContact>,
    /// The Services that it has, as `cluster/namespace/name`; at most 10.
    pub services: Vec<String>,
    /// How many it has in all.
    pub services_total: u64,
    /// Of a component that has no Service what became of it, in the first of its clusters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
}

/// What declares a dependency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Declared {
    /// Reference of the component in whose entity it stands.
    pub by: String,
    /// The field or the relation.
    pub field: Declaration,
}
