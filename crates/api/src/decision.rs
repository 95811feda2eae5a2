//! What people decided, and asking for a decision.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::word::{DecisionKind, DecisionState, SourceKind};

/// A decision of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Decision {
    /// Its number; a later one has a higher number.
    pub id: i64,
    /// What was decided.
    pub kind: DecisionKind,
    /// Reference of the component that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Instance of the component.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The Service that it is about, `cluster/namespace/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The source whose removals were confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<DecisionSource>,
    /// Who decided: whoever signed in, and where nobody has to, whom they named.
    pub author: String,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// When.
    pub made_at: String,
    /// When it ends by itself; absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Whether it bears on anything now.
    pub state: DecisionState,
    /// For `stale`: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale: Option<String>,
    /// For `ended`: how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<DecisionEnd>,
}

/// A source as decisions name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionSource {
    /// What it gives: `catalog` or `cluster`.
    pub kind: SourceKind,
    /// Its name.
    pub name: String,
}

/// How a decision ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecisionEnd {
    /// When.
    pub at: String,
    /// Who ended it; absent: its time was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// A decision to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// What is decided. `pin` and `prefer` take a component and a Service, `ignore` one of them, `confirm-removals` a source.
    pub kind: DecisionKind,
    /// Reference of a component; a bare name is one of namespace `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Instance of the component; needed where several have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// A Service, `cluster/namespace/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// A source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<DecisionSource>,
    /// Who decides: a name or an address, at most 200 characters. Where whoever asks has a name, that counts instead.
    #[serde(default)]
    pub author: String,
    /// Why, at most 2000 characters; `ignore` wants one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// When it is to end by itself, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}
