//! Every Group at once.

use axum::Json;
use axum::extract::{RawQuery, State};
use topology::teams::Teams;

use crate::app::App;
use crate::params::Params;
use crate::problem::Refusal;
use crate::render;
use crate::slices::walk;

/// List Groups with what they have
///
/// Every Group at once, at most 20,000, sorted by reference and instance: its Services, those of all Groups below it, its
/// components, and whether it can be reached.
#[utoipa::path(
    get,
    path = "/api/v1/teams",
    tag = "ownership",
    operation_id = "list_teams",
    responses((status = 200, description = "The Groups", body = api::Teams))
)]
pub(crate) async fn list(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<api::Teams>, Refusal> {
    Params::read(query.as_deref())?.finish()?;
    let mut teams = Teams::default();
    walk(&app, |topology, go_on| teams.slice(topology, go_on)).await?;
    let (teams, more) = teams.end();
    Ok(Json(api::Teams {
        items: teams.into_iter().map(render::team).collect(),
        more,
    }))
}
