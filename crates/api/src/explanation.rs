//! The whole reasoning behind a verdict, an owner, an inheritance (S18, S20, S21).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::owner::OwnerContact;
use crate::service::{ServiceDetail, WorkloadRow};
use crate::word::{MatchRule, OwnerOutcome, OwnerState, ServiceState, Verdict};

/// Why something is as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Explanation {
    /// A component, in every instance that has it and every cluster that this covers.
    Component {
        /// Canonical reference.
        #[serde(rename = "ref")]
        reference: String,
        /// The instances that have it.
        instances: Vec<String>,
        /// The verdicts, by instance and cluster; empty where no cluster is covered.
        verdicts: Vec<VerdictExplanation>,
    },
    /// A Service.
    Service(Box<ServiceExplanation>),
    /// A workload, a pod or an endpoints object.
    Workload(Box<WorkloadExplanation>),
}

/// Why a Service is owned by whom it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceExplanation {
    /// The Service.
    pub service: ServiceDetail,
    /// How the component that has it was stitched to it; absent when it is unclaimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<VerdictExplanation>,
}

/// Why a workload is owned by whom it is (S19).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkloadExplanation {
    /// The workload.
    pub workload: WorkloadRow,
    /// Its Services have different owners: all of them are its owners.
    pub shared: bool,
    /// The Services that it is behind.
    pub inherited: Vec<InheritedFrom>,
}

/// A Service from which ownership flows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InheritedFrom {
    /// `cluster/namespace/name`.
    pub service: String,
    /// What is known of its owner.
    pub state: ServiceState,
    /// Reference of the component stitched to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerContact>,
    /// The way from the workload to the Service, nearest first.
    pub path: Vec<Hop>,
}

/// One step of the way from a workload to a Service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hop {
    /// Kind of what the step leads to.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What leads there.
    pub by: String,
}

/// What became of a component in a cluster, step by step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerdictExplanation {
    /// Canonical reference of the component.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Name of the instance.
    pub instance: String,
    /// Name of the cluster.
    pub cluster: String,
    /// What became of it.
    pub verdict: Verdict,
    /// Why, in a sentence.
    pub reason: String,
    /// The smallest change that helps, as text to paste (S21).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// Where its Kubernetes name was looked for.
    pub id_paths: Vec<PathTried>,
    /// Where its Kubernetes namespace was looked for.
    pub namespace_paths: Vec<PathTried>,
    /// The rules tried, in order.
    pub rules: Vec<RuleTried>,
    /// The rule that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<MatchRule>,
    /// The Services that it is stitched to.
    pub services: Vec<String>,
    /// For `ambiguous` and `conflict`: the Services in question.
    pub candidates: Vec<String>,
    /// For `conflict`: who has the Service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflict_with: Option<ComponentKey>,
    /// Services that it claims beside those it is stitched to, and who has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<LostService>,
    /// Its owner and how that was found.
    pub owner: OwnerReasoning,
    /// For `invalid`: which field and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<FieldFault>,
    /// For `service-not-found`: what is known around the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub miss: Option<Miss>,
    /// Generation of the instance that last changed the component.
    pub generation: u32,
    /// When that was read.
    pub read_at: String,
}

/// One path of the mapping and what stood there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PathTried {
    /// The path.
    pub path: String,
    /// The value, if it had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// One rule, what it looked for and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleTried {
    /// The rule.
    pub rule: MatchRule,
    /// What it looked up, in words; absent where the component gave it nothing to look for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lookup: Option<String>,
    /// The Services found; at most 1000.
    pub found: Vec<String>,
    /// How many were found in all.
    pub found_total: u64,
}

/// A component of one instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComponentKey {
    /// Canonical reference.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Name of the instance.
    pub instance: String,
}

/// A Service that another component has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LostService {
    /// `cluster/namespace/name`.
    pub service: String,
    /// Who has it.
    pub to: ComponentKey,
}

/// How an owner was found, or not (S12, S13).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnerReasoning {
    /// The state.
    pub state: OwnerState,
    /// The owner, when resolved, and how to reach them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerContact>,
    /// The path that supplied it (S15).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Every candidate in order.
    pub tried: Vec<OwnerTried>,
    /// Who may be meant by the first candidate, when nothing resolved: who is called so by another kind or in another
    /// namespace, then near names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near: Vec<String>,
    /// The smallest change that would give it an owner, as text to paste.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// One owner candidate and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnerTried {
    /// The path that supplied it.
    pub path: String,
    /// The canonical reference, or the text as written where it is none.
    pub target: String,
    /// What came of it.
    pub outcome: OwnerOutcome,
}

/// A field that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldFault {
    /// Its path.
    pub field: String,
    /// What was found there.
    pub found: String,
    /// What would be usable.
    pub expected: String,
}

/// What is known around a name that was not found (S6, S21).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Miss {
    /// Whether the namespace that was named exists; absent if none was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_exists: Option<bool>,
    /// Namespaces near the one named, when that does not exist.
    pub near_namespaces: Vec<String>,
    /// Where else in the cluster the very name exists.
    pub elsewhere: Vec<String>,
    /// Services of near names.
    pub near_services: Vec<String>,
    /// The other covered clusters that have a Service of the very name.
    pub other_clusters: Vec<String>,
}
