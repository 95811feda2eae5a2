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
    /// The time of the server to which ages are counted.
    pub as_of: String,
    /// Where it stands.
    pub phase: Phase,
    /// Since when it stands there, as far as this run of the server knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase_since: Option<String>,
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
    /// What the last generation that was taken changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta: Option<GenerationDelta>,
    /// Number of the last read that ended, well or not, since the server started. It only grows.
    pub reads: u64,
    /// Since when a read is under way, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reading_since: Option<String>,
    /// What the last read cost, however it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_read: Option<SourceRead>,
    /// Sums since the server started.
    pub totals: SourceTotals,
    /// How many reads in a row failed; 0 where the last one did not.
    pub failures: u32,
    /// When the first of them failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<String>,
    /// Why its last read failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<SourceFailure>,
    /// Removals that wait for confirmation (S23).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_back: Option<HeldBack>,
    /// What is no failure and should be known, such as a certificate that is not verified (S29).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What of the last read could not be used.
    pub faults: SourceFaults,
    /// When it is read next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<String>,
    /// Seconds until then; 0 where it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_in_seconds: Option<u64>,
}

/// What a generation changed of what was known before it (S24).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GenerationDelta {
    /// Its number.
    pub generation: u32,
    /// Entities or objects that are new.
    pub added: u64,
    /// Those that say something else than before.
    pub changed: u64,
    /// Those that are gone.
    pub removed: u64,
    /// Those that are as they were; absent where a cluster is watched, which tells changes only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unchanged: Option<u64>,
}

/// What one read cost. What was asked of a server is known of reads that ended well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceRead {
    /// How long it took, in milliseconds.
    pub duration_milliseconds: u64,
    /// What was asked of a server; absent where there is none, and where the read failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<ReadCost>,
}

/// What a read asked of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReadCost {
    /// Requests answered with a page.
    pub requests: u64,
    /// Bytes of those pages, after decompression.
    pub bytes: u64,
    /// Entities that came.
    pub entities: u64,
    /// Entities that came as they were known.
    pub known: u64,
    /// Passes over the whole catalog.
    pub passes: u32,
    /// Entities that the pages had missed, and that were asked for.
    pub repaired: u64,
}

/// Sums over the reads of one source since the server started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceTotals {
    /// Reads that failed, wholly or in part.
    pub failures: u64,
    /// Requests of the reads that ended well.
    pub requests: u64,
    /// Bytes of their answers.
    pub bytes: u64,
    /// Entities that were found by asking for them.
    pub repaired: u64,
    /// Entities or objects that came.
    pub added: u64,
    /// Those that changed.
    pub changed: u64,
    /// Those that went.
    pub removed: u64,
}

/// What of a read could not be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceFaults {
    /// How many faults there are.
    pub total: u64,
    /// The first of them; at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first: Vec<ReadFault>,
}

/// A part of a source that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReadFault {
    /// Where.
    pub place: String,
    /// What was found and what was expected.
    pub message: String,
}

/// A read that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refresh {
    /// Once `reads` of the source is at least this, a read has ended that began after it was asked for.
    pub read: u64,
    /// Where the source stands now.
    pub source: SourceStatus,
}

/// What came of asking every source for a read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefreshAll {
    /// The sources that are read now.
    pub asked: Vec<Refresh>,
    /// Those that are not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefreshRefused>,
}

/// A source that is not read now, although it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefreshRefused {
    /// What it gives.
    pub kind: SourceKind,
    /// Its name.
    pub name: String,
    /// Why.
    pub detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Why a read failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceFailure {
    /// When; of several failures in a row, the last.
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
