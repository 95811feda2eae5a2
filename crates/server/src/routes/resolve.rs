//! Who owns what a bag of labels is about.

use std::collections::BTreeMap;

use api::{ResolveAnswer, ResolveRequest};
use axum::Json;
use axum::extract::{RawQuery, Request, State};

use super::{body, past};
use crate::app::App;
use crate::params::Params;
use crate::problem::Refusal;
use crate::render;

/// The route that takes labels either way.
pub(super) const PATH: &str = "/api/v1/resolve";

/// Bound on the labels of one bag.
const MAX_LABELS: usize = 256;

/// Resolve labels given as parameters
///
/// Every parameter but `at` is a label such as an alert carries: `cluster`, `namespace`, `service`, `pod`, `deployment`, `node`, …
/// With `at` whose it was then.
#[utoipa::path(
    get,
    path = "/api/v1/resolve",
    tag = "ownership",
    operation_id = "resolve_by_query",
    params(
        ("labels" = BTreeMap<String, String>, Query, style = Form, explode, description = "The labels, each a parameter of its own"),
        ("at" = Option<String>, Query, description = "A moment of the past, RFC 3339"),
    ),
    responses((status = 200, description = "The owner, the way to it and how sure that is", body = ResolveAnswer))
)]
pub(crate) async fn by_query(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<ResolveAnswer>, Refusal> {
    let mut params = Params::read(query.as_deref())?;
    let at = past::moment(&mut params)?;
    resolve(&app, &params.into_labels()?, at).await
}

/// Resolve labels given as a body
///
/// An alert as Alertmanager sends it can be posted as it is: what stands beside `labels` is passed over. With `at` whose it was
/// then.
#[utoipa::path(
    post,
    path = "/api/v1/resolve",
    tag = "ownership",
    operation_id = "resolve_by_body",
    params(("at" = Option<String>, Query, description = "A moment of the past, RFC 3339")),
    request_body = ResolveRequest,
    responses((status = 200, description = "The owner, the way to it and how sure that is", body = ResolveAnswer))
)]
pub(crate) async fn by_body(
    State(app): State<App>,
    request: Request,
) -> Result<Json<ResolveAnswer>, Refusal> {
    let mut params = Params::read(request.uri().query())?;
    let at = past::moment(&mut params)?;
    params.finish()?;
    let expected = r#"expected such as `{"labels": {"namespace": "shop", "pod": "cart-0"}}`"#;
    let request: ResolveRequest = body::read(&app, request, expected).await?;
    resolve(&app, &request.labels, at).await
}

async fn resolve(
    app: &App,
    labels: &BTreeMap<String, String>,
    at: Option<i64>,
) -> Result<Json<ResolveAnswer>, Refusal> {
    if labels.is_empty() {
        return Err(Refusal::parameter("labels", "there are no labels")
            .hint("give at least one, such as `service` and `namespace`"));
    }
    if labels.len() > MAX_LABELS {
        return Err(Refusal::parameter(
            "labels",
            format!(
                "there are {} labels, expected at most {MAX_LABELS}",
                labels.len()
            ),
        ));
    }
    if let Some(at) = at {
        return Ok(Json(past::resolve(app, labels, at).await?));
    }
    let topology = app.topology()?;
    let resolution = topology.resolve(labels);
    Ok(Json(render::resolution(&topology, &resolution)))
}
