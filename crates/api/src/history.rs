//! What changed, as it is remembered (S27).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::event::{Change, Ownership};
use crate::owner::{OwnerContact, OwnerDetail};
use crate::page::Page;
use crate::service::ServiceDetail;
use crate::word::{ServiceState, SourceKind};

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

/// How far back history reaches, and up to when it can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HistoryBounds {
    /// Since when it can say what was; absent: nothing was recorded yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begin: Option<String>,
    /// The time now, by the server's clock.
    pub now: String,
}

/// A Service as it was at a moment of the past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceAt {
    /// `cluster/namespace/name`.
    pub id: String,
    /// The moment.
    pub at: String,
    /// What was known of its owner.
    pub state: ServiceState,
    /// Reference of the component that was stitched to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Name of the instance of that component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Who owned it, and how to reach them now. Of an owner that the catalog no longer has there is no more than its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerContact>,
    /// Since when it was so.
    pub since: String,
    /// What made it so.
    pub cause: Cause,
}

/// What an owner had at a moment of the past, a page at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnerAt {
    /// Canonical reference of the owner.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The moment.
    pub at: String,
    /// The Services that it owned, the one that it got last first.
    pub items: Vec<OwnedAt>,
    /// Token of the next page, for parameter `cursor`; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A Service that an owner had at a moment of the past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnedAt {
    /// `cluster/namespace/name`.
    pub id: String,
    /// Reference of the component that was stitched to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Name of the instance of that component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Since when it was so.
    pub since: String,
    /// What made it so.
    pub cause: Cause,
}

/// A Service now, or as it was at the moment asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ServiceAnswer {
    /// Without `at`.
    Now(Box<ServiceDetail>),
    /// With `at`.
    Then(Box<ServiceAt>),
}

/// An owner now, by instance, or what it owned at the moment asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum OwnerAnswer {
    /// With `at`.
    Then(OwnerAt),
    /// Without `at`.
    Now(Page<OwnerDetail>),
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
