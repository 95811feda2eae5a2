//! Components and their verdicts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::dependency::Dependencies;
use crate::is_false;
use crate::owner::OwnerContact;
use crate::word::{MatchRule, OwnerState, Verdict};

/// A component in one cluster that its instance covers (S32).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComponentRow {
    /// Canonical reference, such as `component:default/checkout`.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Name of the instance.
    pub instance: String,
    /// Name of the cluster.
    pub cluster: String,
    /// What became of it.
    pub verdict: Verdict,
    /// The rule that decided, if one found anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<MatchRule>,
    /// Its Kubernetes id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes_id: Option<String>,
    /// Its Kubernetes namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes_namespace: Option<String>,
    /// A person decided that it need not run.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ignored: bool,
    /// The Services that it is stitched to.
    pub services: Vec<String>,
    /// For `ambiguous` and `conflict`: the Services in question.
    pub candidates: Vec<String>,
    /// Its owner.
    pub owner: ComponentOwner,
    /// For `conflict`: reference of the component that has the Service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflict_with: Option<String>,
    /// The smallest change that helps, as text to paste (S21).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// Why the verdict is what it is, in a sentence.
    pub reason: String,
}

/// The owner of a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComponentOwner {
    /// The state.
    pub state: OwnerState,
    /// Canonical reference, when resolved.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The path that supplied it (S15).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The references tried, in order; the last is the owner, when resolved.
    pub tried: Vec<String>,
    /// Why it has none, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The smallest change that would give it one, as text to paste.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// A component of one instance, with its verdict in every cluster that the instance covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComponentDetail {
    /// Canonical reference.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Name of the instance.
    pub instance: String,
    /// `metadata.name` as written.
    pub name: String,
    /// `spec.type`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub component_type: Option<String>,
    /// `spec.lifecycle`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<String>,
    /// `spec.system`, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Its Kubernetes id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubernetes_id: Option<String>,
    /// Its Kubernetes namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubernetes_namespace: Option<String>,
    /// No location of the catalog emits it any more.
    pub orphan: bool,
    /// Its owner, when resolved, and how to reach them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerContact>,
    /// What it depends on, as the catalog declares it.
    pub dependencies: Dependencies,
    /// What depends on it.
    pub dependents: Dependencies,
    /// What became of it, by cluster.
    pub verdicts: Vec<ComponentRow>,
}
