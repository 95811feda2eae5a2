//! What a search finds.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::word::FoundKind;

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Found {
    /// What it is.
    pub kind: FoundKind,
    /// `cluster/namespace/name` of a Service or a workload (`cluster/name` of a Node), the canonical reference of a component or
    /// an owner.
    pub id: String,
    /// Its bare name; of an owner the name for people.
    pub name: String,
    /// What tells it apart from others of its name: `cluster/namespace` of a Service or a workload, `instance/namespace` of a
    /// component or an owner.
    pub place: String,
    /// Of a workload the kind, as Kubernetes writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_kind: Option<String>,
    /// Of a workload a Service that it has its owner from, `cluster/namespace/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Reference of its owner; of a workload that several own there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Name for people of its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_name: Option<String>,
}
