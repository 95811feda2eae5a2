//! Groups with what they have.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Every Group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Teams {
    /// The Groups, sorted by reference and instance; at most 20,000.
    pub items: Vec<Team>,
    /// There are more.
    pub more: bool,
}

/// A Group and what it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Team {
    /// Canonical reference.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Name of the instance.
    pub instance: String,
    /// Name for people.
    pub display_name: String,
    /// Reference of the Group above, as its own entity says, whether that exists or not; else of the first Group that lists it as
    /// a child.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Its Services.
    pub services: u64,
    /// Its Services and those of all Groups below it.
    pub services_below: u64,
    /// Its components.
    pub components: u64,
    /// Those of them that are stitched in at least one cluster.
    pub components_stitched: u64,
    /// It has an address or another way to be reached, or a Group above it has.
    pub reachable: bool,
}
