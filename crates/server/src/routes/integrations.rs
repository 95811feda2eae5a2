//! Backstages that Secrets configure: those that there are, and adding, changing, pausing and removing one (S29–S31).

use std::sync::Arc;

use api::{
    CheckOutcome, IntegrationChange, IntegrationDraft, IntegrationPlan, IntegrationTested,
    IntegrationWritten, Integrations, SourceKind,
};
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use tokio::time::timeout;
use topology::preview::trial;

use super::preview::PATIENCE;
use super::{Segments, body};
use crate::app::App;
use crate::identity::{Identity, Who};
use crate::integrations::{Deed, Desk, Place, Read, Wish};
use crate::params::Params;
use crate::problem::Refusal;
use crate::render;
use crate::status::SourceId;

/// Of trying one out.
pub(super) const TEST: &str = "/api/v1/integrations/test";
/// Of what would be written.
pub(super) const PLAN: &str = "/api/v1/integrations/plan";
/// Of one.
pub(super) const ONE: &str = "/api/v1/integrations/{cluster}/{namespace}/{name}";
/// Of leaving one alone.
pub(super) const PAUSE: &str = "/api/v1/integrations/{cluster}/{namespace}/{name}/pause";
/// Of going on with one.
pub(super) const RESUME: &str = "/api/v1/integrations/{cluster}/{namespace}/{name}/resume";

/// Bound on the examples of an answer.
const MAX_EXAMPLES: usize = 20;
/// How a draft looks.
const DRAFT: &str = r#"expected such as `{"cluster": "here", "namespace": "causely", "name": "backstage", "data": {"endpoint": "https://backstage.example.com"}}`"#;

/// List integrations
///
/// Every instance, who configures it, and whether it can be changed here; the places where another one may be added. No value of a
/// Secret is told that is a secret. With `enabled: false` there is nothing else: the configuration does not permit it.
#[utoipa::path(
    get,
    path = "/api/v1/integrations",
    tag = "integrations",
    operation_id = "list_integrations",
    params(("brief" = Option<bool>, Query, description = "Only whether it is enabled, which asks no cluster")),
    responses((status = 200, description = "What there is", body = Integrations))
)]
pub(crate) async fn list(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<Integrations>, Refusal> {
    let mut params = Params::read(query.as_deref())?;
    let brief = params.flag("brief")?;
    params.finish()?;
    let Some(desk) = &app.0.state.integrations else {
        return Ok(Json(Integrations::default()));
    };
    if brief {
        return Ok(Json(Integrations {
            enabled: true,
            ..Integrations::default()
        }));
    }
    let mut found = desk.ask(Wish::Look).await?;
    for instance in &mut found.instances {
        let id = SourceId {
            kind: SourceKind::Catalog,
            name: instance.name.clone(),
        };
        let state = app.sources().get(&id);
        instance.state = state.map(|state| state.render(&id, app.now()));
    }
    found.clusters = {
        let topology = app.topology()?;
        let names = topology.clusters().map(|(_, name)| name.to_owned());
        names.collect()
    };
    found.clusters.sort_unstable();
    Ok(Json(found))
}

/// Try a Backstage out
///
/// It is asked by what the request says, and by what its Secret has where the request leaves something out; nothing is written.
/// The answer says how far one gets, what it is and what it has, and what the first of its components would be stitched to. It
/// takes at most half a minute, and there is one at a time.
#[utoipa::path(
    post,
    path = "/api/v1/integrations/test",
    tag = "integrations",
    operation_id = "test_integration",
    request_body = IntegrationDraft,
    responses((status = 200, description = "What was seen, failures too", body = IntegrationTested))
)]
pub(crate) async fn test(
    State(app): State<App>,
    request: Request,
) -> Result<Json<IntegrationTested>, Refusal> {
    no_parameters(&request)?;
    let desk = desk(&app)?.clone();
    let draft: IntegrationDraft = body::read_unquoted(&app, request, DRAFT).await?;
    let tested = desk.ask(|answer| Wish::Test(draft, answer)).await?;
    let ok = !tested
        .checks
        .iter()
        .any(|check| check.outcome == CheckOutcome::Fail);
    let trial = match tested.read {
        Some(read) => Some(tried(app, read).await?),
        None => None,
    };
    Ok(Json(IntegrationTested {
        ok,
        checks: tested.checks,
        trial,
    }))
}

async fn tried(app: App, read: Read) -> Result<api::IntegrationTrial, Refusal> {
    let waiting = Arc::clone(&app.0.previews).acquire_owned();
    let Ok(Ok(turn)) = timeout(PATIENCE, waiting).await else {
        return Err(Refusal::no_room("previews are being made"));
    };
    let judged = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let topology = app.topology()?;
        let found = trial(&topology, &read.settings, &read.entities, MAX_EXAMPLES);
        drop(topology);
        Ok(render::trial(found, read.whole))
    });
    judged
        .await
        .map_err(|_| Refusal::internal("the trial did not finish"))?
}

/// Say what would be written
///
/// Exactly, with the length in place of each value that is a secret, and which keys of a Secret that is there would change.
#[utoipa::path(
    post,
    path = "/api/v1/integrations/plan",
    tag = "integrations",
    operation_id = "plan_integration",
    request_body = IntegrationDraft,
    responses((status = 200, description = "The Secret as it would be", body = IntegrationPlan))
)]
pub(crate) async fn plan(
    State(app): State<App>,
    request: Request,
) -> Result<Json<IntegrationPlan>, Refusal> {
    no_parameters(&request)?;
    let desk = desk(&app)?.clone();
    let draft: IntegrationDraft = body::read_unquoted(&app, request, DRAFT).await?;
    Ok(Json(desk.ask(|answer| Wish::Plan(draft, answer)).await?))
}

/// Write the Secret of a Backstage
///
/// Without `version` it is created, and must not be there. With one it is changed, unless it was changed since (409). Keys
/// that are left out stay.
#[utoipa::path(
    put,
    path = "/api/v1/integrations/{cluster}/{namespace}/{name}",
    tag = "integrations",
    operation_id = "write_integration",
    params(
        ("cluster" = String, Path, description = "The cluster"),
        ("namespace" = String, Path, description = "The namespace"),
        ("name" = String, Path, description = "The name of the Secret"),
    ),
    request_body = IntegrationChange,
    responses((status = 200, description = "It is written", body = IntegrationWritten))
)]
pub(crate) async fn write(
    State(app): State<App>,
    Who(who): Who,
    Segments(place): Segments<(String, String, String)>,
    request: Request,
) -> Result<Json<IntegrationWritten>, Refusal> {
    no_parameters(&request)?;
    let desk = desk(&app)?.clone();
    let expected = r#"expected such as `{"data": {"endpoint": "https://backstage.example.com"}}`"#;
    let change: IntegrationChange = body::read_unquoted(&app, request, expected).await?;
    let place = of(place);
    tell(&who, &place, "a Secret is to be written");
    let written = desk.ask(|answer| Wish::Write(place, change, answer));
    Ok(Json(written.await?))
}

/// Pause a Backstage
///
/// It is not read any more; what is known of it stays as it is.
#[utoipa::path(
    post,
    path = "/api/v1/integrations/{cluster}/{namespace}/{name}/pause",
    tag = "integrations",
    operation_id = "pause_integration",
    params(
        ("cluster" = String, Path, description = "The cluster"),
        ("namespace" = String, Path, description = "The namespace"),
        ("name" = String, Path, description = "The name of the Secret"),
        ("version" = String, Query, description = "What the Secret was when it was looked at"),
    ),
    responses((status = 200, description = "It is paused", body = IntegrationWritten))
)]
pub(crate) async fn pause(
    State(app): State<App>,
    Who(who): Who,
    Segments(place): Segments<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<IntegrationWritten>, Refusal> {
    change(&app, &who, of(place), query.as_deref(), Deed::Pause).await
}

/// Go on with a Backstage that is paused
#[utoipa::path(
    post,
    path = "/api/v1/integrations/{cluster}/{namespace}/{name}/resume",
    tag = "integrations",
    operation_id = "resume_integration",
    params(
        ("cluster" = String, Path, description = "The cluster"),
        ("namespace" = String, Path, description = "The namespace"),
        ("name" = String, Path, description = "The name of the Secret"),
        ("version" = String, Query, description = "What the Secret was when it was looked at"),
    ),
    responses((status = 200, description = "It is read again", body = IntegrationWritten))
)]
pub(crate) async fn resume(
    State(app): State<App>,
    Who(who): Who,
    Segments(place): Segments<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<IntegrationWritten>, Refusal> {
    change(&app, &who, of(place), query.as_deref(), Deed::Resume).await
}

/// Remove the Secret of a Backstage
///
/// What the instance gave goes as removals do: little with the next judgement, much after several.
#[utoipa::path(
    delete,
    path = "/api/v1/integrations/{cluster}/{namespace}/{name}",
    tag = "integrations",
    operation_id = "remove_integration",
    params(
        ("cluster" = String, Path, description = "The cluster"),
        ("namespace" = String, Path, description = "The namespace"),
        ("name" = String, Path, description = "The name of the Secret"),
        ("version" = String, Query, description = "What the Secret was when it was looked at"),
    ),
    responses((status = 200, description = "It is gone", body = IntegrationWritten))
)]
pub(crate) async fn remove(
    State(app): State<App>,
    Who(who): Who,
    Segments(place): Segments<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<IntegrationWritten>, Refusal> {
    change(&app, &who, of(place), query.as_deref(), Deed::Remove).await
}

async fn change(
    app: &App,
    who: &Identity,
    place: Place,
    query: Option<&str>,
    deed: Deed,
) -> Result<Json<IntegrationWritten>, Refusal> {
    let mut params = Params::read(query)?;
    let version = params.one("version")?;
    params.finish()?;
    let desk = desk(app)?.clone();
    let Some(version) = version.filter(|version| !version.is_empty()) else {
        return Err(Refusal::parameter("version", "`version` is missing")
            .hint("`/api/v1/integrations` has it for each Secret"));
    };
    tell(who, &place, "a Secret is to be changed");
    let done = desk.ask(|answer| Wish::Change(place, version, deed, answer));
    Ok(Json(done.await?))
}

/// Who it is that has it done; what comes of it is told by whoever does it.
fn tell(who: &Identity, place: &Place, what: &str) {
    let Place {
        cluster,
        namespace,
        name,
    } = place;
    let by = who.name.as_deref();
    tracing::info!(by, cluster, namespace, name, "{what}");
}

fn of((cluster, namespace, name): (String, String, String)) -> Place {
    Place {
        cluster,
        namespace,
        name,
    }
}

fn no_parameters(request: &Request) -> Result<(), Refusal> {
    Params::read(request.uri().query())?.finish()
}

/// Whoever asks has to be known, or on this machine: it is their word by which secrets are written and servers asked.
fn desk(app: &App) -> Result<&Desk, Refusal> {
    let Some(desk) = &app.0.state.integrations else {
        return Err(Refusal::not_enabled());
    };
    if app.0.access.is_guarded() {
        Ok(desk)
    } else {
        Err(Refusal::unguarded())
    }
}
