//! What is around a Service, an owner or a namespace.

use api::Graph;
use axum::Json;
use axum::extract::{RawQuery, State};
use topology::entity_ref::{DEFAULT_NAMESPACE, EntityRef};
use topology::graph::{Extent, Focus, MAX_DEPTH, MAX_NODES};
use topology::nearest::near;
use topology::topology::Topology;
use topology::verdict::ServiceKey;

use super::{owners, services};
use crate::app::App;
use crate::params::Params;
use crate::problem::Refusal;
use crate::render;

/// How far a graph goes when nobody says.
const DEFAULT_DEPTH: usize = 2;
/// How many nodes it has when nobody says.
const DEFAULT_NODES: usize = 300;
/// Bound on the namespaces named with a problem.
const MAX_NEAR: usize = 5;
/// What a focus on a namespace begins with.
const NAMESPACE: &str = "namespace:";

const GRAMMAR: &str = "expected a Service (`cluster/namespace/name`), an owner (`group:default/payments`, \
                       `user:default/ada`) or a namespace (`namespace:cluster/namespace`)";

/// Get what is around a focus, as a graph
///
/// The Services of the focus, and step by step what is next to them: components, workloads, pods (as one node where a workload
/// has more than five), Ingresses and routes, autoscalers, claims, and the Nodes that pods run on, from which nothing goes on.
/// What components declare to depend on leads from Service to Service, within a cluster where both have one there; a component without
/// a Service stands there itself. The nearest come first, and what is not shown is counted beside what it hangs on.
#[utoipa::path(
    get,
    path = "/api/v1/graph",
    tag = "ownership",
    operation_id = "get_graph",
    params(
        ("focus" = String, Query, description = "`cluster/namespace/name` of a Service, reference of an owner (`group:…`, `user:…`), or `namespace:cluster/namespace`"),
        ("depth" = Option<usize>, Query, description = "Steps from the focus, 1 to 3; 2 if not given"),
        ("limit" = Option<usize>, Query, description = "Nodes at most, 1 to 2000; 300 if not given"),
    ),
    responses((status = 200, description = "The graph", body = Graph))
)]
pub(crate) async fn graph(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<Graph>, Refusal> {
    let mut params = Params::read(query.as_deref())?;
    let focus = params.one("focus")?;
    let depth = params.number("depth", DEFAULT_DEPTH, MAX_DEPTH)?;
    let nodes = params.limit(DEFAULT_NODES, MAX_NODES)?;
    params.finish()?;
    let text =
        focus.ok_or_else(|| Refusal::parameter("focus", "`focus` is missing").hint(GRAMMAR))?;
    let asked = Asked::parse(&text)?;

    let topology = app.topology()?;
    let (focus, text) = asked.find(&topology)?;
    let graph = topology.graph(&focus, Extent { depth, nodes });
    Ok(Json(render::graph(&topology, text, &graph)))
}

/// A focus as it is written.
#[derive(Debug, PartialEq, Eq)]
enum Asked<'t> {
    Service(ServiceKey),
    Owner(EntityRef),
    Namespace(&'t str, &'t str),
}

impl<'t> Asked<'t> {
    fn parse(text: &'t str) -> Result<Self, Refusal> {
        let malformed = || {
            let refusal = Refusal::parameter("focus", format!("`focus` cannot be `{text}`"));
            refusal.hint(GRAMMAR)
        };
        if let Some(place) = text.strip_prefix(NAMESPACE) {
            let parts = place.rsplit_once('/');
            let parts = parts.filter(|(cluster, name)| !cluster.is_empty() && !name.is_empty());
            let (cluster, namespace) = parts.ok_or_else(malformed)?;
            return Ok(Self::Namespace(cluster, namespace));
        }
        if text.starts_with("group:") || text.starts_with("user:") {
            let reference = EntityRef::parse(text, None, DEFAULT_NAMESPACE);
            return reference
                .map(Self::Owner)
                .map_err(|error| Refusal::parameter("focus", error.to_string()).hint(GRAMMAR));
        }
        // Names of clusters may hold a slash, those of Kubernetes cannot.
        let mut parts = text.rsplitn(3, '/');
        let (name, namespace, cluster) = (parts.next(), parts.next(), parts.next());
        match (cluster, namespace, name) {
            (Some(cluster), Some(namespace), Some(name))
                if !cluster.is_empty() && !namespace.is_empty() && !name.is_empty() =>
            {
                Ok(Self::Service(ServiceKey {
                    cluster: cluster.into(),
                    namespace: namespace.into(),
                    name: name.into(),
                }))
            }
            _ => Err(malformed()),
        }
    }

    /// What it names, and how that is written.
    fn find(self, topology: &Topology) -> Result<(Focus, String), Refusal> {
        match self {
            Self::Service(key) => {
                let found = topology.find_service(&key);
                let id = found.ok_or_else(|| services::no_such_service(topology, &key))?;
                Ok((Focus::Service(id), key.to_string()))
            }
            Self::Owner(reference) => {
                let owners = owners::find(topology, &reference, None)?;
                Ok((Focus::Owner(owners), reference.to_string()))
            }
            Self::Namespace(cluster, namespace) => {
                if topology.services_in_namespace(cluster, namespace) == 0 {
                    return Err(no_such_namespace(topology, cluster, namespace));
                }
                let focus = Focus::Namespace {
                    cluster: cluster.to_owned(),
                    namespace: namespace.to_owned(),
                };
                Ok((focus, format!("{NAMESPACE}{cluster}/{namespace}")))
            }
        }
    }
}

fn no_such_namespace(topology: &Topology, cluster: &str, namespace: &str) -> Refusal {
    let (detail, candidates) = match topology.cluster_id(cluster) {
        None => {
            let names = topology.clusters().map(|(_, name)| name);
            let mut near: Vec<String> = near(cluster, names, MAX_NEAR)
                .into_iter()
                .map(|name| format!("{NAMESPACE}{name}/{namespace}"))
                .collect();
            near.sort();
            (format!("there is no cluster `{cluster}`"), near)
        }
        Some(id) => {
            let names = topology.namespaces_with_services(id);
            let near = near(namespace, names, MAX_NEAR);
            let near = near
                .into_iter()
                .map(|name| format!("{NAMESPACE}{cluster}/{name}"));
            let place = format!("namespace `{namespace}` of cluster `{cluster}`");
            (format!("there is no Service in {place}"), near.collect())
        }
    };
    let refusal = Refusal::not_found(detail);
    match candidates.first() {
        Some(first) => {
            let hint = format!("did you mean `{first}`?");
            refusal.hint(hint).candidates(candidates)
        }
        None => refusal.hint("the Services that are there are listed by `/api/v1/services`"),
    }
}
