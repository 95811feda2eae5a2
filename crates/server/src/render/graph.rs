//! A graph.

use topology::fact::WorkloadKind;
use topology::graph::{Graph, GraphNode, Kind, What, Why};
use topology::holder::Holder;
use topology::topology::{Topology, WorkloadId};

use super::{count, word};

/// What many pods of one workload are.
const PODS: &str = "Pods";

/// A graph from the focus that is written so.
pub fn graph(topology: &Topology, focus: String, graph: &Graph<'_>) -> api::Graph {
    let nodes: Vec<api::GraphNode> = graph.nodes.iter().map(|it| node(topology, it)).collect();
    let edges = graph.edges.iter().map(|edge| api::GraphEdge {
        from: nodes[edge.from].id.clone(),
        to: nodes[edge.to].id.clone(),
        kind: word::edge_kind(edge.kind),
    });
    let edges = edges.collect();
    let cut = graph.hidden.iter().any(|hidden| hidden.why == Why::Limit);
    let hidden = graph.hidden.iter().map(|hidden| api::GraphHidden {
        around: hidden.around.map(|at| nodes[at].id.clone()),
        kind: hidden.kind.as_str().to_owned(),
        why: word::hidden_why(hidden.why),
        count: count(hidden.count),
    });
    api::Graph {
        focus,
        edges,
        hidden: hidden.collect(),
        truncated: graph.ended_early || cut,
        nodes,
    }
}

fn node(topology: &Topology, node: &GraphNode<'_>) -> api::GraphNode {
    let owner = match node.holder {
        Holder::One { owner, .. } => Some(owner),
        Holder::Nobody | Holder::Several => None,
    };
    let drawn = api::GraphNode {
        id: String::new(),
        kind: String::new(),
        name: String::new(),
        place: String::new(),
        reference: None,
        count: node.count.map(count),
        owner: owner.map(|owner| topology.owner_ref(owner).to_string()),
        owner_name: owner.map(|owner| topology.owner(owner).display_name.to_owned()),
        shared: node.holder == Holder::Several,
        state: None,
        depth: count(node.depth),
    };
    match node.what {
        What::Service(id) => {
            let it = topology.service(id);
            api::GraphNode {
                state: Some(word::service_state(it.state)),
                ..at(
                    drawn,
                    Kind::Service.as_str(),
                    &[it.cluster, it.namespace],
                    it.name,
                )
            }
        }
        What::Component(id) => {
            let it = topology.component(id);
            let reference = topology.component_ref(id).to_string();
            api::GraphNode {
                // Several instances may have one of this reference.
                id: format!("{reference}@{}", it.instance),
                reference: Some(reference),
                ..at(
                    drawn,
                    Kind::Component.as_str(),
                    &[it.instance, it.namespace],
                    it.name,
                )
            }
        }
        What::Object(id) => object(topology, id, drawn),
        What::Pods(id) => {
            let workload = object(topology, id, drawn);
            api::GraphNode {
                id: format!("pods:{}", workload.id),
                kind: PODS.to_owned(),
                ..workload
            }
        }
        What::Node { cluster, name } => {
            let clusters = topology.clusters();
            let cluster = clusters
                .filter(|(id, _)| *id == cluster)
                .map(|(_, name)| name);
            let place: Vec<&str> = cluster.collect();
            at(drawn, WorkloadKind::Node.as_str(), &place, name)
        }
    }
}

fn object(topology: &Topology, id: WorkloadId, drawn: api::GraphNode) -> api::GraphNode {
    let it = topology.workload(id);
    at(
        drawn,
        it.kind.as_str(),
        &[it.cluster, it.namespace],
        it.name,
    )
}

fn at(drawn: api::GraphNode, kind: &str, place: &[&str], name: &str) -> api::GraphNode {
    let place = place.join("/");
    api::GraphNode {
        id: format!("{}:{place}/{name}", kind.to_ascii_lowercase()),
        kind: kind.to_owned(),
        name: name.to_owned(),
        place,
        ..drawn
    }
}
