//! Groups, Users and what they own.

use api::{OwnedServices, OwnerAnswer, OwnerRow, Page};
use axum::Json;
use axum::extract::{RawQuery, State};
use topology::entity_ref::EntityRef;
use topology::fact::OwnerKind;
use topology::query::OwnerFilter;
use topology::topology::{OwnerId, Topology};

use super::{Segments, past, reference};
use crate::app::App;
use crate::params::Params;
use crate::problem::Refusal;
use crate::render;
use crate::token::{Kind, Token};

/// List owners
///
/// Every Group and User, whether or not it owns anything, sorted by reference and instance. All filters given must hold.
#[utoipa::path(
    get,
    path = "/api/v1/owners",
    tag = "catalog",
    operation_id = "list_owners",
    params(
        ("instance" = Option<String>, Query, description = "Name of the instance"),
        ("kind" = Option<api::OwnerKind>, Query, description = "Groups or Users"),
        ("q" = Option<String>, Query, description = "A text in the reference, the display name or the e-mail address, without regard to case"),
        ("limit" = Option<usize>, Query, description = "Items of a page, 1 to 1000; 100 if not given"),
        ("cursor" = Option<String>, Query, description = "Token of the page"),
    ),
    responses((status = 200, description = "One page", body = Page<OwnerRow>))
)]
pub(crate) async fn list(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<OwnerRow>>, Refusal> {
    let mut params = Params::read(query.as_deref())?;
    let filter = OwnerFilter {
        instance: params.one("instance")?,
        kind: params.word("kind", &OwnerKind::ALL, OwnerKind::as_str)?,
        text: params.one("q")?,
    };
    let page = params.page(Kind::Owners)?;
    params.finish()?;

    let topology = app.topology()?;
    let after = page.after.as_ref().map(Token::to_owner);
    let found = topology.list_owners(&filter, after.as_ref(), page.limit);
    Ok(Json(Page {
        items: found
            .items
            .iter()
            .map(|&id| render::owner_row(&topology, id))
            .collect(),
        next: found.items.last().filter(|_| found.more).map(|&last| {
            Token::owner(&topology.owner_ref(last), topology.owner(last).instance).write()
        }),
    }))
}

/// Get an owner
///
/// In every instance that has it, with its parent, children and members. With `at` the Services that it owned then, since when,
/// and what made it so, the one that it got last first.
#[utoipa::path(
    get,
    path = "/api/v1/owners/{ref}",
    tag = "catalog",
    operation_id = "get_owner",
    params(
        ("ref" = String, Path, description = "Reference, percent-encoded; a bare name is a Group of namespace `default`"),
        ("instance" = Option<String>, Query, description = "Name of the instance"),
        ("at" = Option<String>, Query, description = "A moment of the past, RFC 3339"),
        ("limit" = Option<usize>, Query, description = "With `at`: items of a page, 1 to 1000; 100 if not given"),
        ("cursor" = Option<String>, Query, description = "With `at`: token of the page"),
    ),
    responses((status = 200, description = "The owner, by instance, or what it owned", body = OwnerAnswer))
)]
pub(crate) async fn one(
    State(app): State<App>,
    Segments(text): Segments<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<OwnerAnswer>, Refusal> {
    let mut params = Params::read(query.as_deref())?;
    let instance = params.one("instance")?;
    let at = past::moment(&mut params)?;
    let page = params.page(Kind::History)?;
    params.finish()?;
    let reference = reference("ref", &text, "group")?;
    if let Some(at) = at {
        let then = past::owner(&app, reference, instance.as_deref(), page, at).await?;
        return Ok(Json(OwnerAnswer::Then(then)));
    }
    let topology = app.topology()?;
    let items = find(&topology, &reference, instance.as_deref())?
        .into_iter()
        .map(|id| render::owner_detail(&topology, id))
        .collect();
    Ok(Json(OwnerAnswer::Now(Page { items, next: None })))
}

/// List the Services of an owner
///
/// Sorted by cluster, namespace and name; of every instance that has the owner.
#[utoipa::path(
    get,
    path = "/api/v1/owners/{ref}/services",
    tag = "catalog",
    operation_id = "list_owner_services",
    params(
        ("ref" = String, Path, description = "Reference, percent-encoded; a bare name is a Group of namespace `default`"),
        ("instance" = Option<String>, Query, description = "Name of the instance"),
        ("descendants" = Option<bool>, Query, description = "The Services of descendant Groups too"),
        ("limit" = Option<usize>, Query, description = "Items of a page, 1 to 1000; 100 if not given"),
        ("cursor" = Option<String>, Query, description = "Token of the page"),
    ),
    responses((status = 200, description = "One page", body = OwnedServices))
)]
pub(crate) async fn services(
    State(app): State<App>,
    Segments(text): Segments<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<OwnedServices>, Refusal> {
    let mut params = Params::read(query.as_deref())?;
    let instance = params.one("instance")?;
    let descendants = params.flag("descendants")?;
    let page = params.page(Kind::Services)?;
    params.finish()?;
    let reference = reference("ref", &text, "group")?;
    let topology = app.topology()?;
    let owners = find(&topology, &reference, instance.as_deref())?;
    let owned = topology.owned(&owners, descendants);

    let start = page.after.as_ref().map_or(0, |after| {
        let after = after.to_service();
        owned
            .services
            .partition_point(|&id| topology.service(id).key() <= after)
    });
    let rest = &owned.services[start..];
    let items = &rest[..page.limit.min(rest.len())];
    Ok(Json(OwnedServices {
        owners: owned
            .owners
            .iter()
            .map(|&id| topology.owner_ref(id).to_string())
            .collect(),
        total: owned.services.len() as u64,
        items: items
            .iter()
            .map(|&id| render::service_row(&topology, id))
            .collect(),
        next: items
            .last()
            .filter(|_| items.len() < rest.len())
            .map(|&last| {
                let view = topology.service(last);
                Token::service(view.cluster, view.namespace, view.name).write()
            }),
    }))
}

/// The owner in that instance, or in every one; at least one.
pub(super) fn find(
    topology: &Topology,
    reference: &EntityRef,
    instance: Option<&str>,
) -> Result<Vec<OwnerId>, Refusal> {
    let mut owners = topology.find_owners(reference);
    owners.retain(|&id| instance.is_none_or(|instance| topology.owner(id).instance == instance));
    if owners.is_empty() {
        let place = instance.map_or(String::new(), |instance| {
            format!(" in instance `{instance}`")
        });
        let near = topology.near_owners(&reference.name);
        let near: Vec<String> = near.iter().map(ToString::to_string).collect();
        let refusal = Refusal::not_found(format!("there is no owner `{reference}`{place}"));
        return Err(match near.first() {
            Some(first) => refusal
                .hint(format!("did you mean `{first}`?"))
                .candidates(near),
            None => refusal.hint("search with `/api/v1/owners?q=`"),
        });
    }
    Ok(owners)
}
