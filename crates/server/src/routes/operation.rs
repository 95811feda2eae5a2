//! Probes, metrics, the description of the API.

use api::{Health, Phase, Readiness};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

use crate::app::App;
use crate::problem::Refusal;

/// Whether the process works
///
/// A process that fails this will not recover by itself.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "operation",
    operation_id = "health",
    responses((status = 200, description = "It works", body = Health))
)]
pub(crate) async fn health(State(app): State<App>) -> Result<Json<Health>, Refusal> {
    drop(app.topology()?);
    Ok(Json(Health {
        status: "ok".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }))
}

/// Whether there is something to answer from
///
/// Ready as soon as the last state is loaded; sources that are not current are named and do not change the status.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operation",
    operation_id = "ready",
    responses(
        (status = 200, description = "Ready", body = Readiness),
        (status = 503, description = "Not yet", body = Readiness),
    )
)]
pub(crate) async fn ready(State(app): State<App>) -> impl IntoResponse {
    let sources = app.sources();
    let ready = sources.is_loaded();
    let not_current = sources
        .list()
        .iter()
        .filter(|(_, state)| state.phase() != Phase::Ready)
        .map(|(id, state)| format!("{}/{}: {}", id.kind, id.name, state.phase()))
        .collect();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(Readiness { ready, not_current }))
}

/// Metrics, as `OpenMetrics` text
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operation",
    operation_id = "metrics",
    responses((status = 200, description = "The metrics", body = String, content_type = "application/openmetrics-text"))
)]
pub(crate) async fn metrics(State(app): State<App>) -> Result<impl IntoResponse, Refusal> {
    let text = app
        .0
        .metrics
        .encode()
        .map_err(|_| Refusal::internal("the metrics cannot be written"))?;
    Ok((
        [(
            CONTENT_TYPE,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        )],
        text,
    ))
}

/// This document
#[utoipa::path(
    get,
    path = "/api/v1/openapi.json",
    tag = "operation",
    operation_id = "openapi",
    responses((status = 200, description = "The OpenAPI document", body = Object))
)]
pub(crate) async fn openapi(State(app): State<App>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], app.0.openapi.clone())
}
