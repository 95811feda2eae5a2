//! Components and their verdicts.

use api::{ComponentDetail, ComponentFacets, ComponentRow, Page};
use axum::Json;
use axum::extract::{RawQuery, State};
use topology::entity_ref::EntityRef;
use topology::query::ComponentFilter;
use topology::verdict::{OwnerState, VerdictKind};

use super::{Segments, reference};
use crate::app::App;
use crate::params::Params;
use crate::problem::Refusal;
use crate::render;
use crate::slices::walk;
use crate::subject::MAX_CANDIDATES;
use crate::token::{Kind, Token};

/// List components and their verdicts
///
/// One item per component and cluster that its instance covers, sorted by cluster, reference and instance. All filters
/// given must hold.
#[utoipa::path(
    get,
    path = "/api/v1/components",
    tag = "catalog",
    operation_id = "list_components",
    params(
        ("cluster" = Option<String>, Query, description = "Name of the cluster"),
        ("instance" = Option<String>, Query, description = "Name of the instance"),
        ("namespace" = Option<String>, Query, description = "Catalog namespace, without regard to case"),
        ("verdict" = Option<api::Verdict>, Query, description = "What became of it"),
        ("owner_state" = Option<api::OwnerState>, Query, description = "State of its owner"),
        ("ignored" = Option<bool>, Query, description = "Whether a person decided that it need not run"),
        ("team" = Option<String>, Query, description = "Display name of the owner, without regard to case"),
        ("owner" = Option<String>, Query, description = "Reference of the owner; a bare name is a Group"),
        ("q" = Option<String>, Query, description = "A text in the reference or the Kubernetes id, without regard to case"),
        ("limit" = Option<usize>, Query, description = "Items of a page, 1 to 1000; 100 if not given"),
        ("cursor" = Option<String>, Query, description = "Token of the page"),
    ),
    responses((status = 200, description = "One page", body = Page<ComponentRow>))
)]
pub(crate) async fn list(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<ComponentRow>>, Refusal> {
    let mut params = Params::read(query.as_deref())?;
    let (mut filter, owner) = filter(&mut params)?;
    let page = params.page(Kind::Components)?;
    params.finish()?;

    let topology = app.topology()?;
    filter.owners = owner.map(|owner| topology.find_owners(&owner));
    let after = page.after.as_ref().map(Token::to_component);
    let found = topology.list_verdicts(&filter, after.as_ref(), page.limit);
    let verdicts: Vec<_> = found
        .items
        .iter()
        .filter_map(|row| topology.verdict(row.component, row.cluster))
        .collect();
    drop(topology);
    Ok(Json(Page {
        next: verdicts.last().filter(|_| found.more).map(|last| {
            let component = &last.component;
            Token::component(&last.cluster, &component.reference, &component.instance).write()
        }),
        items: verdicts.iter().map(render::component_row).collect(),
    }))
}

/// Count components by the values of filters
///
/// One per component and cluster that its instance covers. Each facet with all filters given but its own, the most frequent
/// values first; `total` with all of them.
#[utoipa::path(
    get,
    path = "/api/v1/components/facets",
    tag = "catalog",
    operation_id = "count_components",
    params(
        ("cluster" = Option<String>, Query, description = "Name of the cluster"),
        ("instance" = Option<String>, Query, description = "Name of the instance"),
        ("namespace" = Option<String>, Query, description = "Catalog namespace, without regard to case"),
        ("verdict" = Option<api::Verdict>, Query, description = "What became of it"),
        ("owner_state" = Option<api::OwnerState>, Query, description = "State of its owner"),
        ("ignored" = Option<bool>, Query, description = "Whether a person decided that it need not run"),
        ("team" = Option<String>, Query, description = "Display name of the owner, without regard to case"),
        ("owner" = Option<String>, Query, description = "Reference of the owner; a bare name is a Group"),
        ("q" = Option<String>, Query, description = "A text in the reference or the Kubernetes id, without regard to case"),
    ),
    responses((status = 200, description = "The counts", body = ComponentFacets))
)]
pub(crate) async fn facets(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<ComponentFacets>, Refusal> {
    let mut params = Params::read(query.as_deref())?;
    let (mut filter, owner) = filter(&mut params)?;
    params.finish()?;
    let mut facets = topology::facets::ComponentFacets::default();
    walk(&app, |topology, go_on| {
        filter.owners = owner.as_ref().map(|owner| topology.find_owners(owner));
        facets.slice(topology, &filter, go_on)
    })
    .await?;
    Ok(Json(render::component_facets(facets.end())))
}

/// The filters of a list, and the owner, whose ids are to be looked up with the topology at hand.
fn filter(params: &mut Params<'_>) -> Result<(ComponentFilter, Option<EntityRef>), Refusal> {
    let filter = ComponentFilter {
        cluster: params.one("cluster")?,
        instance: params.one("instance")?,
        namespace: params.one("namespace")?,
        verdict: params.word("verdict", &VerdictKind::ALL, VerdictKind::as_str)?,
        owner_state: params.word("owner_state", &OwnerState::ALL, OwnerState::as_str)?,
        ignored: params.truth("ignored")?,
        team: params.one("team")?,
        owners: None,
        text: params.one("q")?,
    };
    Ok((filter, params.owner("owner")?))
}

/// Get a component
///
/// In every instance that has it, with its verdict in every cluster.
#[utoipa::path(
    get,
    path = "/api/v1/components/{ref}",
    tag = "catalog",
    operation_id = "get_component",
    params(
        ("ref" = String, Path, description = "Reference, percent-encoded; a bare name is a Component of namespace `default`"),
        ("instance" = Option<String>, Query, description = "Name of the instance"),
    ),
    responses((status = 200, description = "The component, by instance", body = Page<ComponentDetail>))
)]
pub(crate) async fn one(
    State(app): State<App>,
    Segments(text): Segments<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<ComponentDetail>>, Refusal> {
    let mut params = Params::read(query.as_deref())?;
    let instance = params.one("instance")?;
    params.finish()?;
    let reference = reference("ref", &text, "component")?;
    let topology = app.topology()?;
    let items: Vec<_> = topology
        .find_components(&reference)
        .into_iter()
        .filter(|&id| {
            let its = topology.component(id).instance;
            instance.as_deref().is_none_or(|instance| instance == its)
        })
        .map(|id| render::component_detail(&topology, id))
        .collect();
    if items.is_empty() {
        let near = topology.near_components(&reference.name);
        return Err(
            Refusal::not_found(format!("there is no component `{reference}`")).candidates(
                near.iter()
                    .take(MAX_CANDIDATES)
                    .map(ToString::to_string)
                    .collect(),
            ),
        );
    }
    Ok(Json(Page { items, next: None }))
}
