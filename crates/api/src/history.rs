//! What changed, as it is remembered (S27).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::event::{Change, Ownership};
use crate::word::SourceKind;

/// One change of the past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HistoryEntry {
    /// When.
    pub time: String,
    /// What made it.
    pub cause: Cause,
    /// What changed, before and after.
    pub change: Change,
}

/// What made a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Cause {
    /// A read of a source.
    Read(ReadCause),
    /// A decision of a person, made or ended.
    Decision(DecisionCause),
}

/// A decision of a person that made a change, when it was made or when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecisionCause {
    /// Number of the decision: `/api/v1/decisions/{id}` tells who made it, and why.
    pub decision: i64,
}

/// The read that made a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReadCause {
    /// What the source gives.
    pub kind: SourceKind,
    /// Name of the source.
    pub source: String,
    /// Number of the read.
    pub generation: u32,
}

/// Who had a Service at a moment of the past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnershipAt {
    /// `cluster/namespace/name`.
    pub service: String,
    /// The moment.
    pub at: String,
    /// Who had it; absent: it was not there, or history does not reach back so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ownership: Option<Ownership>,
}
