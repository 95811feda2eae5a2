//! Counts.

use api::SummaryReply;
use axum::Json;
use axum::extract::{RawQuery, State};

use super::past;
use crate::app::App;
use crate::params::Params;
use crate::problem::Refusal;
use crate::render;

/// Count everything
///
/// With `at` the Services that there were then, by the state of their owner.
#[utoipa::path(
    get,
    path = "/api/v1/summary",
    tag = "state",
    operation_id = "summary",
    params(("at" = Option<String>, Query, description = "A moment of the past, RFC 3339")),
    responses((status = 200, description = "The counts", body = SummaryReply))
)]
pub(crate) async fn summary(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<SummaryReply>, Refusal> {
    let mut params = Params::read(query.as_deref())?;
    let at = past::moment(&mut params)?;
    params.finish()?;
    if let Some(at) = at {
        return Ok(Json(SummaryReply::Then(past::summary(&app, at).await?)));
    }
    let topology = app.topology()?;
    let answer = render::summary_answer(&topology);
    Ok(Json(SummaryReply::Now(Box::new(answer))))
}
