//! Who owns what an alert is about.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::history::Cause;
use crate::owner::OwnerContact;
use crate::service::WorkloadRow;
use crate::word::Confidence;

/// A bag of labels. An alert as Alertmanager sends it can be posted as it is: keys beside `labels` are passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResolveRequest {
    /// Labels such as `cluster`, `namespace`, `service`, `pod`, `deployment`, `node`.
    pub labels: BTreeMap<String, String>,
}

/// Who owns it, how that was found and how sure that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResolveAnswer {
    /// How sure the answer is.
    pub confidence: Confidence,
    /// The Service, where there is exactly one: `cluster/namespace/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The workload that the labels name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<WorkloadRow>,
    /// The moment of the past that was asked about; absent: it is so now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The owners: one, or all of them where it is shared.
    pub owners: Vec<ResolvedOwner>,
    /// The steps from the labels to the owners, in words.
    pub path: Vec<String>,
    /// The Services that come into question, where there are several.
    pub candidates: Vec<String>,
}

/// An owner by way of one Service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResolvedOwner {
    /// `cluster/namespace/name`.
    pub service: String,
    /// Reference of the component stitched to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Who it is and how to reach them; absent where the Service has no owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerContact>,
    /// Since when it was so, where the past was asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// What made it so, where the past was asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}
