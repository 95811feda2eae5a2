//! Counts.

use api::SummaryAnswer;
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
