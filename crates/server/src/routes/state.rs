//! Counts, and where the sources stand.

use api::{Page, SourceStatus, SummaryAnswer};
use axum::Json;
use axum::extract::{RawQuery, State};

use crate::app::App;
use crate::params::Params;
use crate::problem::Refusal;
use crate::render;

/// Count everything
#[utoipa::path(
    get,
    path = "/api/v1/summary",
    tag = "state",
    operation_id = "summary",
    responses((status = 200, description = "The counts", body = SummaryAnswer))
)]
pub(crate) async fn summary(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<SummaryAnswer>, Refusal> {
    Params::read(query.as_deref())?.finish()?;
    let topology = app.topology()?;
    Ok(Json(render::summary_answer(&topology)))
}

/// List the sources and where they stand
///
/// Sorted by kind and name; always one page.
#[utoipa::path(
    get,
    path = "/api/v1/sources",
    tag = "state",
    operation_id = "list_sources",
    responses((status = 200, description = "The sources", body = Page<SourceStatus>))
)]
pub(crate) async fn sources(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<SourceStatus>>, Refusal> {
    Params::read(query.as_deref())?.finish()?;
    let now = app.now();
    let items = app
        .sources()
        .list()
        .iter()
        .map(|(id, state)| state.render(id, now))
        .collect();
    Ok(Json(Page { items, next: None }))
}
