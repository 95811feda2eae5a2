//! Where the sources stand (S22–S26).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::word::{Phase, SourceKind};

/// Where one source stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceStatus {
    /// Its name: that of the instance or the cluster.
    pub name: String,
    /// What it gives.
    pub kind: SourceKind,
    /// Where it stands.
    pub phase: Phase,
    /// When its last good generation was read; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_good_at: Option<String>,
    /// Seconds since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<u64>,
    /// Number of its last good generation; 0 before the first.
    pub generation: u32,
    /// What that holds, by kind.
    pub counts: BTreeMap<String, u64>,
    /// Why its last read failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<SourceFailure>,
    /// Removals that wait for confirmation (S23).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_back: Option<HeldBack>,
    /// When it is read next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<String>,
}

/// Why a read failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceFailure {
    /// When.
    pub at: String,
    /// What went wrong.
    pub message: String,
    /// What to do about it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// Removals that wait (S23).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeldBack {
    /// How many entities or objects would be removed.
    pub removals: u64,
    /// How many times in a row the source gave this result.
    pub times: u32,
    /// How many times make it good.
    pub confirmations: u32,
}
