//! What is around a focus: Services, their components, what runs behind them and what leads to them, as a graph.
//!
//! ```text
//!  component -is-> Service -selects-> workload -owns-> pods -runs-on-> node
//!        Ingress, route -routes-to->┘     ▲└-mounts-> claim
//!                       autoscaler -scales┘
//!  Service -depends-on-> Service, as their components declare
//! ```
//!
//! It owns the walk: breadth first from the focus, cut to a depth and to a number of nodes, and a count of everything that was
//! cut. What is next to what is asked of `near`. It only reads, and the same topology always gives the same graph.

mod near;

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::fact::WorkloadKind;
use crate::holder::Holder;
use crate::names::Name;
use crate::topology::{ClusterId, ComponentId, OwnerId, ServiceId, Topology, WorkloadId};
use crate::verdict::ServiceKey;

use near::{Near, Place};

/// Bound on the steps from the focus.
pub const MAX_DEPTH: usize = 3;
/// Bound on the nodes of a graph.
pub const MAX_NODES: usize = 2_000;
/// Bound on what is looked at: past that nothing more is opened. Far more than a graph can show, and milliseconds.
const MAX_LOOKED_AT: usize = 50_000;
/// With more pods than these a workload has them as one node.
const MAX_SINGLE_PODS: usize = 5;

/// Where a graph begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Focus {
    /// A Service.
    Service(ServiceId),
    /// The Services of these owners, which are one Group or User in several instances.
    Owner(Vec<OwnerId>),
    /// The Services of a namespace.
    Namespace {
        /// Name of the cluster.
        cluster: String,
        /// Name of the namespace.
        namespace: String,
    },
}

/// How much of it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Steps from the focus, at most [`MAX_DEPTH`].
    pub depth: usize,
    /// Nodes, at most [`MAX_NODES`].
    pub nodes: usize,
}

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What<'t> {
    /// A Service.
    Service(ServiceId),
    /// A component.
    Component(ComponentId),
    /// A workload, a pod, or what is around them.
    Object(WorkloadId),
    /// The pods of that workload.
    Pods(WorkloadId),
    /// A node of the cluster, whether Nodes are read or not.
    Node {
        /// The cluster.
        cluster: ClusterId,
        /// Its name.
        name: &'t str,
    },
}

/// What something is, for counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A component.
    Component,
    /// A Service.
    Service,
    /// A workload, a pod, or what is around them.
    Object(WorkloadKind),
}

impl Kind {
    /// As Kubernetes and Backstage write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Component => "Component",
            Self::Service => "Service",
            Self::Object(kind) => kind.as_str(),
        }
    }
}

/// How one node leads to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeKind {
    /// A component is stitched to a Service.
    Is,
    /// A Service selects pods, or the template of a workload.
    Selects,
    /// A Service without a selector leads to pods by its endpoints.
    LeadsTo,
    /// An Ingress or a route sends requests to a Service.
    RoutesTo,
    /// A component declares that it depends on another: its Service leads to that of the other. Who has no Service stands there
    /// itself.
    DependsOn,
    /// A workload controls another, or pods.
    Owns,
    /// An autoscaler scales a workload.
    Scales,
    /// A workload or a pod mounts a claim, or made it.
    Mounts,
    /// A pod runs on a node.
    RunsOn,
}

impl EdgeKind {
    /// Every kind, those that say most first: they are shown first where not all can be.
    pub const ALL: [Self; 9] = [
        Self::Is,
        Self::Selects,
        Self::LeadsTo,
        Self::RoutesTo,
        Self::DependsOn,
        Self::Owns,
        Self::Scales,
        Self::Mounts,
        Self::RunsOn,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Is => "is",
            Self::Selects => "selects",
            Self::LeadsTo => "leads-to",
            Self::RoutesTo => "routes-to",
            Self::DependsOn => "depends-on",
            Self::Owns => "owns",
            Self::Scales => "scales",
            Self::Mounts => "mounts",
            Self::RunsOn => "runs-on",
        }
    }
}

/// A node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GraphNode<'t> {
    /// What it stands for.
    pub what: What<'t>,
    /// Steps from the focus.
    pub depth: usize,
    /// Of pods how many they are; of a node of the cluster how many pods run on it, shown or not.
    pub count: Option<usize>,
    /// Who has it. Nobody has a node of the cluster.
    pub holder: Holder,
}

/// An edge between two nodes, by their places in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GraphEdge {
    /// Where it begins.
    pub from: usize,
    /// Where it leads.
    pub to: usize,
    /// How.
    pub kind: EdgeKind,
}

/// Why something is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It is a step too far.
    Depth,
    /// There were nodes enough.
    Limit,
}

/// What is not shown of one kind, beside one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// The node that it hangs on, by its place in the list; none if it is of the focus itself.
    pub around: Option<usize>,
    /// What it is.
    pub kind: Kind,
    /// Why it is not shown.
    pub why: Why,
    /// How many.
    pub count: usize,
}

/// A graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph<'t> {
    /// The nodes, nearest to the focus first.
    pub nodes: Vec<GraphNode<'t>>,
    /// The edges between them.
    pub edges: Vec<GraphEdge>,
    /// What hangs on them and is not shown, each thing counted once.
    pub hidden: Vec<Hidden>,
    /// Looking ended before every node was opened, so that what is hidden is not all counted.
    pub ended_early: bool,
}

impl Topology {
    /// What is around the focus.
    pub fn graph(&self, focus: &Focus, extent: Extent) -> Graph<'_> {
        let limit = extent.nodes.clamp(1, MAX_NODES);
        let mut walk = Walk {
            topology: self,
            limit,
            depth: extent.depth.min(MAX_DEPTH),
            near: Near::new(self),
            met: HashMap::new(),
            places: Vec::new(),
            edges: HashSet::new(),
            hidden: BTreeMap::new(),
        };
        let (first, more) = self.services_in_focus(focus, limit);
        for id in first {
            walk.meet(None, Place::Service(id.0), 0);
        }
        if more > 0 {
            walk.hide(None, Kind::Service, Why::Limit, more);
        }
        let ended_early = walk.go();
        walk.graph(ended_early)
    }

    /// The first Services of the focus in the order of their keys, and how many more it has.
    fn services_in_focus(&self, focus: &Focus, limit: usize) -> (Vec<ServiceId>, usize) {
        match focus {
            Focus::Service(id) => (vec![*id], 0),
            Focus::Owner(owners) => {
                let all = owners.iter().flat_map(|owner| self.services_of(*owner));
                let mut all: Vec<ServiceId> = all.collect();
                all.sort_unstable();
                all.dedup();
                let key = |id: &ServiceId| {
                    let it = self.service(*id);
                    (it.cluster, it.namespace, it.name)
                };
                let more = all.len().saturating_sub(limit);
                if more > 0 {
                    all.select_nth_unstable_by(limit, |a, b| key(a).cmp(&key(b)));
                    all.truncate(limit);
                }
                all.sort_by(|a, b| key(a).cmp(&key(b)));
                (all, more)
            }
            Focus::Namespace { cluster, namespace } => {
                let before = ServiceKey {
                    cluster: cluster.as_str().into(),
                    namespace: namespace.as_str().into(),
                    name: "".into(),
                };
                let there = self.services_after(Some(&before)).take_while(|id| {
                    let it = self.service(*id);
                    it.cluster == cluster && it.namespace == namespace
                });
                let first: Vec<ServiceId> = there.take(limit).collect();
                let all = self.services_in_namespace(cluster, namespace);
                let more = all.saturating_sub(first.len());
                (first, more)
            }
        }
    }

    /// How many Services a namespace has.
    pub fn services_in_namespace(&self, cluster: &str, namespace: &str) -> usize {
        let found = self.cluster_id(cluster).zip(self.names.find(namespace));
        let count =
            found.and_then(|(cluster, name)| self.at_cluster(cluster).services_in.get(&name));
        count.copied().unwrap_or_default()
    }

    /// The namespaces of the cluster that have Services, sorted.
    pub fn namespaces_with_services(&self, cluster: ClusterId) -> Vec<&str> {
        let counts = self.at_cluster(cluster).services_in.iter();
        let some = counts.filter(|(_, count)| **count > 0);
        let mut names: Vec<&str> = some.map(|(name, _)| self.names.get(*name)).collect();
        names.sort_unstable();
        names
    }
}

/// A walk under way.
struct Walk<'t> {
    topology: &'t Topology,
    limit: usize,
    depth: usize,
    near: Near<'t>,
    /// Everything that was met, with its place in the list of nodes if it is shown.
    met: HashMap<Place, Option<usize>>,
    places: Vec<(Place, usize)>,
    edges: HashSet<GraphEdge>,
    hidden: BTreeMap<(Option<usize>, Kind, Why), usize>,
}

impl<'t> Walk<'t> {
    /// Opens one node after the other, also those at the end, since what hangs on them is counted. Whether looking ended
    /// before all were opened.
    fn go(&mut self) -> bool {
        let mut at = 0;
        while let Some(&(place, depth)) = self.places.get(at) {
            if self.near.looked_at > MAX_LOOKED_AT {
                return true;
            }
            for next in self.near.next_to(place) {
                let Some(other) = self.meet(Some(at), next.place, depth + 1) else {
                    continue;
                };
                let (from, to) = if next.outward {
                    (at, other)
                } else {
                    (other, at)
                };
                self.edges.insert(GraphEdge {
                    from,
                    to,
                    kind: next.kind,
                });
            }
            at += 1;
        }
        self.near.ended_early
    }

    /// Where it stands in the list, if it is shown. What is met first is shown or counted then; what is met again is neither
    /// counted nor shown anew.
    fn meet(&mut self, from: Option<usize>, place: Place, depth: usize) -> Option<usize> {
        if let Some(known) = self.met.get(&place) {
            return *known;
        }
        let why = if depth > self.depth {
            Some(Why::Depth)
        } else {
            (self.places.len() >= self.limit).then_some(Why::Limit)
        };
        let shown = why.is_none().then_some(self.places.len());
        self.met.insert(place, shown);
        match why {
            None => self.places.push((place, depth)),
            Some(why) => {
                let (kind, count) = self.near.counts_as(place);
                self.hide(from, kind, why, count);
            }
        }
        shown
    }

    fn hide(&mut self, around: Option<usize>, kind: Kind, why: Why, count: usize) {
        *self.hidden.entry((around, kind, why)).or_default() += count;
    }

    fn graph(mut self, ended_early: bool) -> Graph<'t> {
        let places = std::mem::take(&mut self.places);
        let nodes = places.into_iter().map(|(place, depth)| GraphNode {
            what: self.what(place),
            depth,
            count: self.near.count(place),
            holder: self.near.holder(place),
        });
        let nodes = nodes.collect();
        let mut edges: Vec<GraphEdge> = self.edges.into_iter().collect();
        edges.sort_unstable();
        let hidden = self.hidden.into_iter();
        Graph {
            nodes,
            edges,
            hidden: hidden
                .map(|((around, kind, why), count)| Hidden {
                    around,
                    kind,
                    why,
                    count,
                })
                .collect(),
            ended_early,
        }
    }
}

impl<'t> Walk<'t> {
    fn what(&self, place: Place) -> What<'t> {
        match place {
            Place::Service(id) => What::Service(ServiceId(id)),
            Place::Component(id) => What::Component(ComponentId(id)),
            Place::Object(id) => What::Object(WorkloadId(id)),
            Place::Pods(id) => What::Pods(WorkloadId(id)),
            Place::Node(cluster, name) => What::Node {
                cluster,
                name: self.name(name),
            },
        }
    }

    fn name(&self, name: Name) -> &'t str {
        self.topology.names.get(name)
    }
}
