//! Where the sources stand, and asking for a read of them.

use api::{Page, Refresh, RefreshAll, RefreshRefused, SourceKind, SourceStatus};
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;

use super::Segments;
use crate::app::App;
use crate::params::Params;
use crate::problem::Refusal;
use crate::refresh::{Insist, Rest};
use crate::render::time;
use crate::status::{SourceId, SourceState};

/// The end of every route that takes POST alone.
pub(super) const REFRESH: &str = "/refresh";

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
pub(crate) async fn list(
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

/// Say where one source stands
#[utoipa::path(
    get,
    path = "/api/v1/sources/{kind}/{name}",
    tag = "state",
    operation_id = "get_source",
    params(
        ("kind" = SourceKind, Path, description = "What it gives"),
        ("name" = String, Path, description = "The name of the instance or the cluster"),
    ),
    responses((status = 200, description = "The source", body = SourceStatus))
)]
pub(crate) async fn one(
    State(app): State<App>,
    Segments((kind, name)): Segments<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<SourceStatus>, Refusal> {
    Params::read(query.as_deref())?.finish()?;
    let (id, state) = find(&app, &kind, name)?;
    Ok(Json(state.render(&id, app.now())))
}

/// Read one source now
///
/// The answer comes at once and names the read to wait for: once `reads` of the source has reached it, a read has ended
/// that began after this request. A read that is under way is followed by another one. Two reads of one source are at least
/// a second apart, and as far apart as the last one took. While a source is left alone because its server said for how
/// long (`Retry-After`), or because it refused the credentials, it is not read (409), unless `force` is `true`.
#[utoipa::path(
    post,
    path = "/api/v1/sources/{kind}/{name}/refresh",
    tag = "state",
    operation_id = "refresh_source",
    params(
        ("kind" = SourceKind, Path, description = "What it gives"),
        ("name" = String, Path, description = "The name of the instance or the cluster"),
        ("force" = Option<bool>, Query, description = "Read it even while it is to be left alone"),
    ),
    responses((status = 202, description = "It is read", body = Refresh))
)]
pub(crate) async fn refresh_one(
    State(app): State<App>,
    Segments((kind, name)): Segments<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<(StatusCode, Json<Refresh>), Refusal> {
    let insist = insist(query.as_deref())?;
    let (id, _) = find(&app, &kind, name)?;
    match ring(&app, &id, insist) {
        Ok(refresh) => Ok((StatusCode::ACCEPTED, Json(refresh))),
        Err(refused) => Err(Refusal::left_alone(refused.detail, refused.hint)),
    }
}

/// Read every source now
///
/// As for one source; those that are to be left alone are named, and do not keep the others from being read. Kubernetes
/// Secrets are watched, and need no read.
#[utoipa::path(
    post,
    path = "/api/v1/sources/refresh",
    tag = "state",
    operation_id = "refresh_sources",
    params(
        ("force" = Option<bool>, Query, description = "Read even those that are to be left alone"),
    ),
    responses((status = 202, description = "They are read", body = RefreshAll))
)]
pub(crate) async fn refresh_all(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<(StatusCode, Json<RefreshAll>), Refusal> {
    let insist = insist(query.as_deref())?;
    let mut answer = RefreshAll::default();
    let list = app.sources().list().into_iter();
    for (id, _) in list.filter(|(id, _)| id.kind != SourceKind::Secrets) {
        match ring(&app, &id, insist) {
            Ok(refresh) => answer.asked.push(refresh),
            Err(refused) => answer.refused.push(refused),
        }
    }
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

fn insist(query: Option<&str>) -> Result<Insist, Refusal> {
    let mut params = Params::read(query)?;
    let force = params.flag("force")?;
    params.finish()?;
    Ok(if force { Insist::Yes } else { Insist::No })
}

fn find(app: &App, kind: &str, name: String) -> Result<(SourceId, SourceState), Refusal> {
    let names = || -> Vec<String> {
        let list = app.sources().list();
        list.iter()
            .map(|(id, _)| format!("{}/{}", id.kind, id.name))
            .collect()
    };
    let unknown = |name: &str| {
        Refusal::not_found(format!("there is no source `{kind}/{name}`")).candidates(names())
    };
    let Some(kind) = SourceKind::ALL.iter().find(|word| word.as_str() == kind) else {
        return Err(unknown(&name));
    };
    let id = SourceId { kind: *kind, name };
    match app.sources().get(&id) {
        Some(state) => Ok((id, state)),
        None => Err(unknown(&id.name)),
    }
}

fn ring(app: &App, id: &SourceId, insist: Insist) -> Result<Refresh, RefreshRefused> {
    let refused = |detail: String, hint: Option<&str>| RefreshRefused {
        kind: id.kind,
        name: id.name.clone(),
        detail,
        hint: hint.map(str::to_owned),
    };
    if id.kind == SourceKind::Secrets {
        return Err(refused(
            format!(
                "the Secrets of namespace `{}` are watched, and need no read",
                id.name
            ),
            Some("what they configure is read by its own name"),
        ));
    }
    let Some(bell) = app.sources().bell(id) else {
        return Err(refused(
            format!("{} `{}` is not being read", id.kind, id.name),
            Some("its status says why"),
        ));
    };
    let force = Some("wait, or insist: `force=true`, or `--force` of `backstitch refresh`");
    let read = bell.ring(insist).map_err(|rest| match rest {
        Rest::Ordered { until } => refused(
            format!(
                "the server of {} `{}` asked to be left alone until {}",
                id.kind,
                id.name,
                time(until)
            ),
            force,
        ),
        Rest::Refused { until } => refused(
            format!(
                "{} `{}` is left alone until {}, because its last read was refused",
                id.kind,
                id.name,
                time(until)
            ),
            Some(
                "do what its status says, then insist: `force=true`, or `--force` of `backstitch refresh`",
            ),
        ),
        Rest::Paused => refused(
            format!("{} `{}` is paused", id.kind, id.name),
            Some("let it go on where it was paused: by the pages, or by taking the annotation of its Secret away"),
        ),
        // Nobody is refused for it.
        Rest::Planned => refused(format!("{} `{}` rests", id.kind, id.name), force),
    })?;
    let state = app.sources().get(id).unwrap_or_default();
    Ok(Refresh {
        read,
        source: state.render(id, app.now()),
    })
}
