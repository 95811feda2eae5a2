//! What is around a focus, as a graph.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::is_false;
use crate::word::{EdgeKind, HiddenWhy, ServiceState};

/// A graph from a focus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Graph {
    /// Where it begins: `cluster/namespace/name`, a reference, or `namespace:cluster/namespace`.
    pub focus: String,
    /// The nodes, nearest to the focus first.
    pub nodes: Vec<GraphNode>,
    /// The edges between them.
    pub edges: Vec<GraphEdge>,
    /// What hangs on the nodes and is not shown. Each thing is counted once, where it was met first.
    pub hidden: Vec<GraphHidden>,
    /// Something within `depth` is not shown: there were nodes enough, or more to look at than is looked at for one answer.
    pub truncated: bool,
}

/// A node of a graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GraphNode {
    /// Names it within this graph: the kind in lower case, `:`, and where it is.
    pub id: String,
    /// `Service`, `Component`, `Pods` for many pods of a workload, or the kind as Kubernetes writes it. A Deployment stands for its
    /// `ReplicaSets`, too.
    pub kind: String,
    /// Its bare name; of pods that of their workload.
    pub name: String,
    /// What it is in: `cluster/namespace`, of a Node the cluster, of a component `instance/namespace`.
    pub place: String,
    /// Of a component its canonical reference.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Of pods how many they are; of a Node how many pods run on it, shown or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Reference of its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Name for people of its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_name: Option<String>,
    /// Several have it, so that no owner is named.
    #[serde(default, skip_serializing_if = "is_false")]
    pub shared: bool,
    /// Of a Service what is known of its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ServiceState>,
    /// Steps from the focus.
    pub depth: u64,
}

/// An edge of a graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GraphEdge {
    /// Id of the node where it begins.
    pub from: String,
    /// Id of the node that it leads to.
    pub to: String,
    /// How it leads there.
    pub kind: EdgeKind,
}

/// What of one kind is not shown beside a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GraphHidden {
    /// Id of the node that it hangs on; none if it is of the focus itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub around: Option<String>,
    /// Its kind, as of a node; pods are counted each.
    pub kind: String,
    /// Why it is not shown.
    pub why: HiddenWhy,
    /// How many.
    pub count: u64,
}
