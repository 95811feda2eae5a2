//! Services and who has them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::dependency::Dependencies;
use crate::is_false;
use crate::owner::OwnerContact;
use crate::word::{MatchRule, ServiceState};

/// A Service in a list (S32).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceRow {
    /// `cluster/namespace/name`.
    pub id: String,
    /// What is known of its owner.
    pub state: ServiceState,
    /// Reference of the component stitched to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Reference of its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// A person decided that it need not have an owner.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ignored: bool,
    /// What is written on it (S16).
    pub labels: BTreeMap<String, String>,
}

/// A Service with everything known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceDetail {
    /// `cluster/namespace/name`.
    pub id: String,
    /// Its cluster.
    pub cluster: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What is known of its owner.
    pub state: ServiceState,
    /// A person decided that it need not have an owner.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ignored: bool,
    /// The component stitched to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<ServiceComponent>,
    /// Its owner and how to reach them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerContact>,
    /// What its component depends on, as the catalog declares it.
    pub dependencies: Dependencies,
    /// What depends on its component.
    pub dependents: Dependencies,
    /// What is written on it, with the reason of each (S16, S18).
    pub labels: Vec<Label>,
    /// `metadata.labels`, as its cluster has them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kubernetes_labels: BTreeMap<String, String>,
    /// Workloads, pods and endpoints behind it, to which its owner flows (S19); at most 1000.
    pub workloads: Vec<WorkloadRow>,
    /// How many there are in all.
    pub workloads_total: u64,
    /// Ingresses and routes that lead to it.
    pub in_front: Related,
    /// Claims that are mounted behind it.
    pub claims: Related,
    /// Autoscalers of what is behind it.
    pub autoscalers: Related,
    /// Nodes that its pods run on, whether those may be read or not.
    pub nodes: Related,
}

/// Objects around a Service, sorted by namespace, kind and name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Related {
    /// The objects; at most 1000.
    pub items: Vec<WorkloadRow>,
    /// How many there are in all.
    pub total: u64,
}

/// The component stitched to a Service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceComponent {
    /// Canonical reference.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Name of the instance.
    pub instance: String,
    /// The rule that stitched it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<MatchRule>,
    /// `spec.type`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub component_type: Option<String>,
    /// `spec.lifecycle`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<String>,
    /// `spec.system`, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
}

/// A label and why it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Label {
    /// The whole key.
    pub key: String,
    /// The value; never empty.
    pub value: String,
    /// Where the value comes from.
    pub why: String,
}

/// A workload, a pod, or what is around them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkloadRow {
    /// Its kind, as Kubernetes writes it.
    pub kind: String,
    /// Its cluster.
    pub cluster: String,
    /// Its namespace; empty for a Node.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The node that a Pod runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
}

impl WorkloadRow {
    /// `cluster/namespace/name`, or `cluster/name` of what lives in no namespace.
    pub fn place(&self) -> String {
        let parts = [&*self.cluster, &self.namespace, &self.name];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("/")
    }
}
