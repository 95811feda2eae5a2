//! Notifications from Alertmanager, to be given owners and handed on.

use std::sync::Arc;
use std::time::Duration;

use api::{AlertsStatus, AlertsTaken};
use axum::Json;
use axum::body::to_bytes;
use axum::extract::{RawQuery, Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use tokio::time::timeout;

use super::body::check_media_type;
use crate::alerts::{Alerts, MAX_BODY, NotTaken};
use crate::app::App;
use crate::params::Params;
use crate::problem::Refusal;

pub(super) const PATH: &str = "/api/v1/alertmanager";

/// Bound on the time in which a body must arrive: Alertmanager gives up after ten seconds by itself.
const BODY_TIME: Duration = Duration::from_secs(10);
/// How long one waits for others whose bodies are in memory.
const TURN_TIME: Duration = Duration::from_secs(5);

/// Take alerts from Alertmanager
///
/// The URL of a webhook receiver: a notification of version 4. Each alert gets the labels of its owner, and all of them are
/// handed on to where the configuration says. The answer is good once they are on the disk. Alertmanager sends again what is
/// answered with 503: there is no room, or no time.
#[utoipa::path(
    post,
    path = "/api/v1/alertmanager",
    tag = "ownership",
    operation_id = "take_alerts",
    request_body = Object,
    responses((status = 200, description = "They are on their way", body = AlertsTaken))
)]
pub(crate) async fn take(
    State(app): State<App>,
    request: Request,
) -> Result<Json<AlertsTaken>, Refusal> {
    Params::read(request.uri().query())?.finish()?;
    let alerts = configured(&app)?;
    check_media_type(request.headers())?;
    if announced(request.headers()).is_some_and(|length| length > MAX_BODY as u64) {
        return Err(Refusal::body_too_large(MAX_BODY));
    }
    let refused = |why: &str| {
        alerts.counters.refused.inc();
        Refusal::no_room(why)
    };
    let Ok(Ok(_permit)) = timeout(TURN_TIME, alerts.bodies.acquire()).await else {
        return Err(refused("too many notifications at once"));
    };
    let body = match timeout(BODY_TIME, to_bytes(request.into_body(), MAX_BODY)).await {
        Ok(Ok(body)) => body,
        // The limit is the only failure of a body that its sender hears of.
        Ok(Err(_)) => return Err(Refusal::body_too_large(MAX_BODY)),
        Err(_) => return Err(refused("the body did not arrive in time")),
    };
    let (state, queue) = (app.0.state.clone(), Arc::clone(&alerts));
    let now = app.now();
    let taken = tokio::task::spawn_blocking(move || {
        let topology = state.sources.is_loaded().then_some(&*state.topology);
        queue.take(&body, topology, now)
    });
    match taken.await {
        Ok(Ok(taken)) => Ok(Json(taken)),
        Ok(Err(NotTaken::Malformed(error))) => Err(Refusal::body(error).hint(
            "expected a notification of Alertmanager, as it sends them to a `webhook_configs`",
        )),
        Ok(Err(NotTaken::Full)) => Err(refused("the queue of alerts is full")),
        Ok(Err(NotTaken::Store(error))) => {
            tracing::error!(%error, "alerts cannot be kept, and Alertmanager has to send them again");
            Err(refused("the alerts cannot be kept"))
        }
        Err(_) => Err(Refusal::internal("the alerts could not be taken")),
    }
}

/// Say where the alerts stand
///
/// What came, what was handed on, what waits, and what was given up.
#[utoipa::path(
    get,
    path = "/api/v1/alertmanager",
    tag = "state",
    operation_id = "alerts_status",
    responses((status = 200, description = "Where they stand", body = AlertsStatus))
)]
pub(crate) async fn status(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<AlertsStatus>, Refusal> {
    Params::read(query.as_deref())?.finish()?;
    let alerts = configured(&app)?;
    let now = app.now();
    let status = tokio::task::spawn_blocking(move || alerts.status(now)).await;
    match status {
        Ok(Ok(status)) => Ok(Json(status)),
        Ok(Err(error)) => Err(Refusal::internal(error.to_string())),
        Err(_) => Err(Refusal::internal("the status could not be read")),
    }
}

fn configured(app: &App) -> Result<Arc<Alerts>, Refusal> {
    app.0.state.alerts.clone().ok_or_else(|| {
        Refusal::not_found("no alerts are taken here")
            .hint("`alertmanager` in the configuration says where they are to be handed on to")
    })
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
