//! Probes, metrics, the description of the API.

use std::convert::Infallible;
use std::time::Instant;

use api::{Health, Phase, Readiness};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use futures::StreamExt as _;
use futures::stream::{iter, unfold};
use tokio::task::yield_now;

use crate::app::App;
use crate::owner_info::Walk;
use crate::problem::Refusal;
use crate::slices::SLICE_TIME;

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
///
/// Those of the program itself, and who owns what, to be joined with the metrics of others.
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
    let first = iter([Ok::<_, Infallible>(text)]);
    let walk = Walk::new(&app.0.state.owner_info);
    let rest = unfold(Some(walk), move |walk| {
        let app = app.clone();
        async move {
            let (text, walk) = go_on(&app, walk?);
            // Whoever else waits for this thread comes first.
            yield_now().await;
            Some((Ok(text), walk))
        }
    });
    Ok((
        [(
            CONTENT_TYPE,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        )],
        Body::from_stream(first.chain(rest)),
    ))
}

/// The next part of the metrics, and the walk if there is more.
fn go_on(app: &App, mut walk: Walk) -> (String, Option<Walk>) {
    // What a writer left half done is not told; `/healthz` says so.
    if let Ok(topology) = app.0.state.topology.read() {
        let started = Instant::now();
        if let Some(text) = walk.slice(&topology, || started.elapsed() < SLICE_TIME) {
            drop(topology);
            return (text, Some(walk));
        }
    }
    let most = app.0.state.owner_info.most_series;
    app.0.metrics.tell_left_out(walk.beyond_the_bound(), most);
    (walk.told_of_left_out() + END, None)
}

/// How a text of `OpenMetrics` ends.
const END: &str = "# EOF\n";

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
