//! Settings of an instance: those that stand, and what others would change.

use std::sync::Arc;
use std::time::Duration;

use api::{Mapping, Preview, PreviewRequest};
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use tokio::time::timeout;
use topology::preview::preview as judged;

use super::{Segments, body};
use crate::app::App;
use crate::params::Params;
use crate::preview;
use crate::problem::Refusal;
use crate::render;

/// Of previews.
pub(super) const PATH: &str = "/api/v1/preview";

/// Bound on the examples of an answer.
const MAX_EXAMPLES: usize = 50;
/// Bound on the components, in clusters, that are judged for one answer: until all are, no news is taken in.
const MAX_JUDGED: usize = 250_000;
/// How long a request waits until those before it are answered.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Get the mapping of an instance
///
/// By what its components are stitched: where fields are read, and the rules in order.
#[utoipa::path(
    get,
    path = "/api/v1/instances/{name}",
    tag = "catalog",
    operation_id = "get_instance",
    params(("name" = String, Path, description = "The name of the instance")),
    responses((status = 200, description = "Its mapping", body = Mapping))
)]
pub(crate) async fn mapping(
    State(app): State<App>,
    Segments(name): Segments<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Mapping>, Refusal> {
    Params::read(query.as_deref())?.finish()?;
    let (settings, _) = preview::standing(&*app.topology()?, &name)?;
    Ok(Json(preview::mapping(&settings, &app.0.state.previews)))
}

/// Say what other settings would change
///
/// Nothing is changed by it. The components of the instance are judged by the settings given, those of other instances
/// keep theirs, and who would have a Service that several claim is found among all of them. What is left out of the
/// request stays as it is. Another `label_map` has the catalog read again, which is done where the
/// configuration names files or an endpoint (409 elsewhere); the other settings can be tried out on every instance. Values that cannot be used are all named in
/// `faults`.
#[utoipa::path(
    post,
    path = "/api/v1/preview",
    tag = "catalog",
    operation_id = "preview",
    request_body = PreviewRequest,
    responses((status = 200, description = "What would change", body = Preview))
)]
pub(crate) async fn preview(
    State(app): State<App>,
    request: Request,
) -> Result<Json<Preview>, Refusal> {
    let query = request.uri().query().map(str::to_owned);
    Params::read(query.as_deref())?.finish()?;
    let expected = r#"expected such as `{"instance": "default", "match_rules": ["service-name", "component-name"]}`"#;
    let asked: PreviewRequest = body::read(&app, request, expected).await?;
    let (standing, generation) = preview::standing(&*app.topology()?, &asked.instance)?;
    let settings = preview::settings(&asked, &standing)?;
    let desk = &app.0.state.previews;
    let read = if settings.label_map == standing.label_map {
        None
    } else {
        let map = settings.label_map.clone();
        Some(desk.ask(&asked.instance, map, generation).await?)
    };
    let waiting = Arc::clone(&app.0.previews).acquire_owned();
    let Ok(Ok(turn)) = timeout(PATIENCE, waiting).await else {
        return Err(Refusal::no_room("other previews are being made"));
    };
    let answer = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let topology = app.topology()?;
        let Some(instance) = topology.instance_id(&settings.name) else {
            let detail = format!("there is no instance `{}`", settings.name);
            return Err(Refusal::not_found(detail));
        };
        let covered = topology
            .clusters()
            .filter(|(_, cluster)| settings.clusters.covers(cluster))
            .count();
        let judging = topology.entity_count(instance) * covered;
        if judging > MAX_JUDGED {
            let detail = format!(
                "{judging} entities in clusters would be judged, expected at most {MAX_JUDGED}"
            );
            return Err(Refusal::not_previewed(detail)
                .hint("`backstitch stitch --config` tries a whole configuration out"));
        }
        let found = judged(
            &topology,
            instance,
            &settings,
            read.as_deref(),
            MAX_EXAMPLES,
        );
        drop(topology);
        Ok(render::preview(
            &settings.name,
            found,
            preview::yaml(&settings),
        ))
    });
    let answer = answer
        .await
        .map_err(|_| Refusal::internal("the preview did not finish"))?;
    Ok(Json(answer?))
}
