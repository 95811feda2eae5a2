//! Errors, as RFC 9457 has them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::history::HistoryBounds;

/// A problem document, sent as `application/problem+json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// What sort of problem: a stable URN ending in a word, such as `urn:backstitch:problem:bad-parameter`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The sort of problem in words; the same for every occurrence.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What was found and what was expected, this time.
    pub detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The parameter at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// What history can say anything about, where it was asked about another moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<HistoryBounds>,
    /// Everything at fault, where that is more than a parameter as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<ProblemFault>,
    /// What would have been understood in its place, or what the request may mean.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
}

/// One value of a request that cannot be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemFault {
    /// The parameter, such as `label_map.component_owner`.
    pub parameter: String,
    /// The value at fault, as it was given; absent: all of the parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What is wrong with it.
    pub detail: String,
    /// The nearest valid spelling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
}
