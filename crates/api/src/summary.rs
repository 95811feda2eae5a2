//! Counts over everything.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::word::{OwnerState, ServiceState, Verdict};

/// The head of the one-shot document (S32).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Summary {
    /// Components, each counted once, whatever the number of clusters.
    pub components: u64,
    /// Verdicts, one per component and covered cluster.
    pub verdicts: VerdictCounts,
    /// The same, by the state of the component's owner.
    pub owners: OwnerStateCounts,
    /// Services.
    pub services: u64,
    /// Services whose owner is known.
    pub owned: u64,
    /// `owned` of `services`, those left out that people ignore, 0 to 1; 1 where there is no Service.
    pub coverage: f64,
    /// What people decided to ignore; absent where that is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<Ignored>,
}

/// What people decided to ignore, as far as it is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ignored {
    /// Components.
    pub components: u64,
    /// Services.
    pub services: u64,
}

/// Verdicts by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each field counts the verdict of its name")]
pub struct VerdictCounts {
    pub stitched: u64,
    pub no_kubernetes_id: u64,
    pub service_not_found: u64,
    pub ambiguous: u64,
    pub conflict: u64,
    pub invalid: u64,
}

impl VerdictCounts {
    /// The count of one verdict.
    pub fn get(&self, verdict: Verdict) -> u64 {
        match verdict {
            Verdict::Stitched => self.stitched,
            Verdict::NoKubernetesId => self.no_kubernetes_id,
            Verdict::ServiceNotFound => self.service_not_found,
            Verdict::Ambiguous => self.ambiguous,
            Verdict::Conflict => self.conflict,
            Verdict::Invalid => self.invalid,
        }
    }
}

/// Verdicts by the state of the component's owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "each field counts the state of its name")]
pub struct OwnerStateCounts {
    pub resolved: u64,
    pub unresolved: u64,
    pub none: u64,
}

impl OwnerStateCounts {
    /// The count of one state.
    pub fn get(&self, state: OwnerState) -> u64 {
        match state {
            OwnerState::Resolved => self.resolved,
            OwnerState::Unresolved => self.unresolved,
            OwnerState::None => self.none,
        }
    }
}

/// Services by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each field counts the state of its name")]
pub struct ServiceStateCounts {
    pub owned: u64,
    pub stitched_without_owner: u64,
    pub unclaimed: u64,
}

impl ServiceStateCounts {
    /// The count of one state.
    pub fn get(&self, state: ServiceState) -> u64 {
        match state {
            ServiceState::Owned => self.owned,
            ServiceState::StitchedWithoutOwner => self.stitched_without_owner,
            ServiceState::Unclaimed => self.unclaimed,
        }
    }
}

/// The summary of a running server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SummaryAnswer {
    /// As the one-shot document has it.
    #[serde(flatten)]
    pub summary: Summary,
    /// Services by state.
    pub service_states: ServiceStateCounts,
    /// Groups and Users.
    pub service_owners: u64,
    /// Names of the instances, sorted.
    pub instances: Vec<String>,
    /// Names of the clusters, sorted.
    pub clusters: Vec<String>,
    /// The prefix of every label that is written (S16).
    pub label_prefix: String,
}

/// How many Services there were at a moment of the past, and how many had an owner.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SummaryAt {
    /// The moment.
    pub at: String,
    /// Services.
    pub services: u64,
    /// Services by state.
    pub service_states: ServiceStateCounts,
    /// Those owned, of all, 0 to 1; 1 where there was no Service. What people ignored then is not left out.
    pub coverage: f64,
}

/// The counts now, or those of the moment asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum SummaryReply {
    /// Without `at`.
    Now(Box<SummaryAnswer>),
    /// With `at`.
    Then(SummaryAt),
}
