//! What changed, as it happens.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::source::SourceStatus;
use crate::word::{OwnerState, ServiceState, Verdict};

/// One change, the data of a server-sent event. The name of the event is the `type` of the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Id of the event, to go on from with `Last-Event-ID`. It holds for one run of the server.
    pub id: String,
    /// When the server saw it.
    pub time: String,
    /// What changed.
    pub change: Change,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Change {
    /// The verdict of a component in a cluster.
    Verdict(VerdictChange),
    /// The stitch or the owner of a Service.
    Service(ServiceChange),
    /// Where a source stands.
    Source(Box<SourceStatus>),
}

impl Change {
    /// The word of its type.
    pub fn type_word(&self) -> &'static str {
        match self {
            Self::Verdict(_) => "verdict",
            Self::Service(_) => "service",
            Self::Source(_) => "source",
        }
    }
}

/// The verdict of a component in a cluster changed. Absent: there was none before, or is none any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerdictChange {
    /// Canonical reference of the component.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Name of the instance.
    pub instance: String,
    /// Name of the cluster.
    pub cluster: String,
    /// Before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<VerdictState>,
    /// After.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<VerdictState>,
}

/// As much of a verdict as history keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerdictState {
    /// The verdict.
    pub verdict: Verdict,
    /// The Service, where the verdict is about exactly one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The state of the component's owner.
    pub owner: OwnerState,
}

/// The stitch or the owner of a Service changed. Absent: the Service was not there before, or is no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceChange {
    /// `cluster/namespace/name`.
    pub service: String,
    /// Before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Ownership>,
    /// After.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Ownership>,
}

/// Who has a Service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ownership {
    /// What is known of its owner.
    pub state: ServiceState,
    /// Reference of the component stitched to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Name of the instance of that component.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Reference of its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// The data of event `reset`: events were missed, so whatever was built from them has to be read anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reset {
    /// Id after which the stream goes on.
    pub id: String,
    /// Why nothing could be sent after the id asked for.
    pub reason: String,
}
