//! Services.

use api::{Page, ServiceAnswer, ServiceFacets, ServiceRow};
use axum::Json;
use axum::extract::{RawQuery, State};
use topology::entity_ref::EntityRef;
use topology::query::ServiceFilter;
use topology::sorted::{ServiceSort, SortedServices};
use topology::topology::{ServiceId, Topology};
use topology::verdict::{ServiceKey, ServiceState};

use super::{Segments, past};
use crate::app::App;
use crate::params::{PageOf, Params};
use crate::problem::Refusal;
use crate::render;
use crate::slices::walk;
use crate::subject::services_meant;
use crate::token::{Kind, Token};

/// List Services
///
/// Sorted by cluster, namespace and name, or as `sort` says. All filters given must hold.
#[utoipa::path(
    get,
    path = "/api/v1/services",
    tag = "ownership",
    operation_id = "list_services",
    params(
        ("cluster" = Option<String>, Query, description = "Name of the cluster"),
        ("namespace" = Option<String>, Query, description = "Kubernetes namespace"),
        ("state" = Option<api::ServiceState>, Query, description = "What is known of the owner"),
        ("ignored" = Option<bool>, Query, description = "Whether a person decided that it need not have an owner"),
        ("team" = Option<String>, Query, description = "Display name of the owner, without regard to case"),
        ("owner" = Option<String>, Query, description = "Reference of the owner; a bare name is a Group"),
        ("label" = Option<Vec<String>>, Query, description = "`key` or `key=value` of a label written on the Service; may be repeated"),
        ("lifecycle" = Option<String>, Query, description = "`spec.lifecycle` of the component, as written"),
        ("system" = Option<String>, Query, description = "`spec.system` of the component, as written"),
        ("q" = Option<String>, Query, description = "A text in the name, the namespace or the component's name, without regard to case"),
        ("sort" = Option<api::ServiceSort>, Query, description = "The order, with `-` before it the other way round; `name` if not given"),
        ("limit" = Option<usize>, Query, description = "Items of a page, 1 to 1000; 100 if not given"),
        ("cursor" = Option<String>, Query, description = "Token of the page"),
    ),
    responses((status = 200, description = "One page", body = Page<ServiceRow>))
)]
pub(crate) async fn list(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<ServiceRow>>, Refusal> {
    let mut params = Params::read(query.as_deref())?;
    let (mut filter, owner) = filter(&mut params)?;
    let sort = params.word("sort", &ServiceSort::ALL, ServiceSort::as_str)?;
    let sort = sort.filter(|sort| *sort != ServiceSort::ALL[0]);
    let page = params.page(match sort {
        None => Kind::Services,
        Some(_) => Kind::SortedServices,
    })?;
    params.finish()?;
    if let Some(sort) = sort {
        return sorted(&app, filter, owner, sort, page).await;
    }

    let topology = app.topology()?;
    filter.owners = owner.map(|owner| topology.find_owners(&owner));
    let after = page.after.as_ref().map(Token::to_service);
    let found = topology.list_services(&filter, after.as_ref(), page.limit);
    Ok(Json(Page {
        items: rows(&topology, &found.items),
        next: found.items.last().filter(|_| found.more).map(|&last| {
            let view = topology.service(last);
            Token::service(view.cluster, view.namespace, view.name).write()
        }),
    }))
}

/// A page in another order: every Service is looked at, in slices, and only the last of these holds the topology for as
/// long as it takes to write the page.
async fn sorted(
    app: &App,
    mut filter: ServiceFilter,
    owner: Option<EntityRef>,
    sort: ServiceSort,
    page: PageOf,
) -> Result<Json<Page<ServiceRow>>, Refusal> {
    let after = page.after.map(|token| token.to_sorted(sort)).transpose();
    let after = after.map_err(Refusal::cursor)?;
    let mut first = SortedServices::new(sort, after, page.limit);
    walk(app, |topology, go_on| {
        filter.owners = owner.as_ref().map(|owner| topology.find_owners(owner));
        first.slice(topology, &filter, go_on)
    })
    .await?;
    let topology = app.topology()?;
    let found = first.end(&topology);
    Ok(Json(Page {
        items: rows(&topology, &found.items),
        next: found.next.map(|key| Token::sorted(sort, &key).write()),
    }))
}

fn rows(topology: &Topology, ids: &[ServiceId]) -> Vec<ServiceRow> {
    let row = |id: &ServiceId| render::service_row(topology, *id);
    ids.iter().map(row).collect()
}

/// Count Services by the values of filters
///
/// Each facet with all filters given but its own, the most frequent values first; `total` with all of them.
#[utoipa::path(
    get,
    path = "/api/v1/services/facets",
    tag = "ownership",
    operation_id = "count_services",
    params(
        ("cluster" = Option<String>, Query, description = "Name of the cluster"),
        ("namespace" = Option<String>, Query, description = "Kubernetes namespace"),
        ("state" = Option<api::ServiceState>, Query, description = "What is known of the owner"),
        ("ignored" = Option<bool>, Query, description = "Whether a person decided that it need not have an owner"),
        ("team" = Option<String>, Query, description = "Display name of the owner, without regard to case"),
        ("owner" = Option<String>, Query, description = "Reference of the owner; a bare name is a Group"),
        ("label" = Option<Vec<String>>, Query, description = "`key` or `key=value` of a label written on the Service; may be repeated"),
        ("lifecycle" = Option<String>, Query, description = "`spec.lifecycle` of the component, as written"),
        ("system" = Option<String>, Query, description = "`spec.system` of the component, as written"),
        ("q" = Option<String>, Query, description = "A text in the name, the namespace or the component's name, without regard to case"),
    ),
    responses((status = 200, description = "The counts", body = ServiceFacets))
)]
pub(crate) async fn facets(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<ServiceFacets>, Refusal> {
    let mut params = Params::read(query.as_deref())?;
    let (mut filter, owner) = filter(&mut params)?;
    params.finish()?;
    let mut facets = topology::facets::ServiceFacets::default();
    walk(&app, |topology, go_on| {
        filter.owners = owner.as_ref().map(|owner| topology.find_owners(owner));
        facets.slice(topology, &filter, go_on)
    })
    .await?;
    Ok(Json(render::service_facets(facets.end())))
}

/// The filters of a list, and the owner, whose ids are to be looked up with the topology at hand.
fn filter(params: &mut Params<'_>) -> Result<(ServiceFilter, Option<EntityRef>), Refusal> {
    let filter = ServiceFilter {
        cluster: params.one("cluster")?,
        namespace: params.one("namespace")?,
        state: params.word("state", &ServiceState::ALL, ServiceState::as_str)?,
        ignored: params.truth("ignored")?,
        team: params.one("team")?,
        lifecycle: params.one("lifecycle")?,
        system: params.one("system")?,
        owners: None,
        labels: params.all("label").into_iter().map(label).collect(),
        text: params.one("q")?,
    };
    Ok((filter, params.owner("owner")?))
}

fn label(text: String) -> (String, Option<String>) {
    match text.split_once('=') {
        Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
        None => (text, None),
    }
}

/// Get a Service
///
/// With its labels and the reason of each, its component, its owner and how to reach them, and what is behind it. With `at` as
/// it was then: whose it was, since when, and what made it so.
#[utoipa::path(
    get,
    path = "/api/v1/services/{cluster}/{namespace}/{name}",
    tag = "ownership",
    operation_id = "get_service",
    params(
        ("cluster" = String, Path, description = "Name of the cluster"),
        ("namespace" = String, Path, description = "Kubernetes namespace"),
        ("name" = String, Path, description = "Name of the Service"),
        ("at" = Option<String>, Query, description = "A moment of the past, RFC 3339"),
    ),
    responses((status = 200, description = "The Service", body = ServiceAnswer))
)]
pub(crate) async fn one(
    State(app): State<App>,
    Segments((cluster, namespace, name)): Segments<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<ServiceAnswer>, Refusal> {
    let mut params = Params::read(query.as_deref())?;
    let at = past::moment(&mut params)?;
    params.finish()?;
    let key = ServiceKey {
        cluster: cluster.into(),
        namespace: namespace.into(),
        name: name.into(),
    };
    if let Some(at) = at {
        let then = past::service(&app, key, at).await?;
        return Ok(Json(ServiceAnswer::Then(Box::new(then))));
    }
    let topology = app.topology()?;
    match topology.find_service(&key) {
        Some(id) => {
            let detail = render::service_detail(&topology, id);
            Ok(Json(ServiceAnswer::Now(Box::new(detail))))
        }
        None => Err(no_such_service(&topology, &key)),
    }
}

pub(super) fn no_such_service(topology: &Topology, key: &ServiceKey) -> Refusal {
    let candidates = services_meant(topology, key);
    let refusal = Refusal::not_found(format!("there is no Service `{key}`"));
    match candidates.first() {
        Some(near) => {
            let hint = format!("did you mean `{near}`?");
            refusal.hint(hint).candidates(candidates)
        }
        None => refusal,
    }
}
