//! What other settings of an instance would change, before anybody saves them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::summary::{OwnerStateCounts, VerdictCounts};
use crate::word::{OwnerState, PreviewKind, Verdict};

/// The settings of an instance by which its components are stitched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mapping {
    /// Name of the instance.
    pub instance: String,
    /// Where its fields are read.
    pub label_map: LabelMap,
    /// The rules in the order in which they are tried.
    pub match_rules: Vec<String>,
    /// `backstage.io/kubernetes-cluster` on a component narrows its clusters.
    pub honor_cluster_annotation: bool,
    /// Another `label_map` can be previewed: the catalog can be read again for it.
    pub label_map_previews: bool,
}

/// Where fields of a component are read: lists of paths, the first that has a value counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelMap {
    /// The name of the Kubernetes Service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component_kubernetes_id: Option<Vec<String>>,
    /// Its namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component_kubernetes_namespace: Option<Vec<String>>,
    /// Owner candidates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component_owner: Option<Vec<String>>,
}

/// Settings to try out. What is left out stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    /// Name of the instance.
    pub instance: String,
    /// Where its fields would be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_map: Option<LabelMap>,
    /// The rules in the order in which they would be tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub match_rules: Option<Vec<String>>,
    /// Whether `backstage.io/kubernetes-cluster` on a component would narrow its clusters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub honor_cluster_annotation: Option<bool>,
}

/// What settings would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Preview {
    /// Name of the instance.
    pub instance: String,
    /// Its components in the clusters that it covers, as they are.
    pub before: PreviewCounts,
    /// As they would be.
    pub after: PreviewCounts,
    /// How many differ, and how. One may count in several.
    pub changes: PreviewChanges,
    /// Some that differ, at most 50: of each kind of change some, what is worst first.
    pub examples: Vec<PreviewExample>,
    /// Components that the catalog did not give when it was read for this; they are judged as they are known.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_read: u64,
    /// The settings as the configuration of the instance has them.
    pub yaml: String,
}

/// Components of an instance in the clusters that it covers, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreviewCounts {
    /// By verdict.
    pub verdicts: VerdictCounts,
    /// By the state of the owner.
    pub owners: OwnerStateCounts,
}

/// How many components differ in a cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreviewChanges {
    /// Stitched, and not before.
    pub stitched_gained: u64,
    /// Not stitched any more.
    pub stitched_lost: u64,
    /// Stitched before and after, to other Services.
    pub moved: u64,
    /// Ambiguous, and not before.
    pub newly_ambiguous: u64,
    /// In conflict, and not before.
    pub newly_in_conflict: u64,
    /// Invalid, and not before.
    pub newly_invalid: u64,
    /// Naming a Service that is not there, and not before.
    pub newly_not_found: u64,
    /// With an owner, and without one before.
    pub owners_gained: u64,
    /// Without an owner, and with one before.
    pub owners_lost: u64,
    /// With another owner.
    pub owners_changed: u64,
    /// Components of other instances that win or lose a Service by it.
    pub others_affected: u64,
}

/// A component that would be judged otherwise in a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreviewExample {
    /// Canonical reference of the component.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Its instance.
    pub instance: String,
    /// The cluster.
    pub cluster: String,
    /// What the change is mostly about.
    pub kind: PreviewKind,
    /// How it stands; absent: it is not judged in that cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<PreviewStanding>,
    /// How it would stand; absent: it would not be judged in that cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<PreviewStanding>,
}

/// How a component stands in a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreviewStanding {
    /// The verdict.
    pub verdict: Verdict,
    /// The Services that it has, `cluster/namespace/name`, at most 20.
    pub services: Vec<String>,
    /// The state of its owner.
    pub owner_state: OwnerState,
    /// Reference of its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
