//! What changed in the past (S27).

use std::sync::Arc;

use api::{HistoryBounds, HistoryEntry, OwnershipAt, Page};
use axum::Json;
use axum::extract::{RawQuery, State};
use store::{HistoryFilter, Reader, StoreError, Subject};
use topology::verdict::{ComponentKey, ServiceKey};

use super::past;
use crate::app::App;
use crate::params::Params;
use crate::problem::Refusal;
use crate::render;
use crate::token::{Kind, Token};

/// List changes of the past
///
/// Newest first. All filters given must hold.
#[utoipa::path(
    get,
    path = "/api/v1/history",
    tag = "state",
    operation_id = "list_history",
    params(
        ("service" = Option<String>, Query, description = "Changes of this Service, `cluster/namespace/name`"),
        ("component" = Option<String>, Query, description = "Changes of this component, by reference"),
        ("instance" = Option<String>, Query, description = "Instance of the component; needed where there are several"),
        ("owner" = Option<String>, Query, description = "Changes that gave this owner a Service or took one away"),
        ("since" = Option<String>, Query, description = "Not before this time, RFC 3339"),
        ("until" = Option<String>, Query, description = "Not after this time, RFC 3339"),
        ("limit" = Option<usize>, Query, description = "Items of a page, 1 to 1000; 100 if not given"),
        ("cursor" = Option<String>, Query, description = "Token of the page"),
    ),
    responses((status = 200, description = "One page; the last may be empty", body = Page<HistoryEntry>))
)]
pub(crate) async fn list(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<HistoryEntry>>, Refusal> {
    let mut params = Params::read(query.as_deref())?;
    let service = params.one("service")?;
    let component = params.one("component")?;
    let instance = params.one("instance")?;
    let owner = params.owner("owner")?;
    let since = time(&mut params, "since")?;
    let until = time(&mut params, "until")?;
    let page = params.page(Kind::History)?;
    params.finish()?;
    let before = page.after.as_ref().map(Token::to_history).transpose();
    let before = before.map_err(Refusal::cursor)?;
    let filter = HistoryFilter {
        subject: subject(&app, service, component, instance)?,
        owner: owner.map(|owner| owner.to_string().into()),
        since,
        until,
    };
    let limit = page.limit;
    let found = read(&app, move |reader| reader.history(&filter, before, limit)).await?;
    Ok(Json(Page {
        next: found
            .last()
            .filter(|_| found.len() == limit)
            .map(|last| Token::history(last.cursor).write()),
        items: found.iter().map(render::history_entry).collect(),
    }))
}

/// Who owned a Service at a time
#[utoipa::path(
    get,
    path = "/api/v1/history/owner",
    tag = "state",
    operation_id = "get_past_owner",
    params(
        ("service" = String, Query, description = "The Service, `cluster/namespace/name`"),
        ("at" = String, Query, description = "The time, RFC 3339"),
    ),
    responses((status = 200, description = "Who had it, if it was there", body = OwnershipAt))
)]
pub(crate) async fn owner(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<OwnershipAt>, Refusal> {
    let mut params = Params::read(query.as_deref())?;
    let service = params.one("service")?;
    let at = time(&mut params, "at")?;
    params.finish()?;
    let service = service.ok_or_else(|| Refusal::parameter("service", "`service` is missing"))?;
    let service = service_key(&service)?;
    let at = at.ok_or_else(|| Refusal::parameter("at", "`at` is missing"))?;
    let id = service.to_string();
    let found = read(&app, move |reader| reader.service_owner_at(&service, at)).await?;
    Ok(Json(OwnershipAt {
        service: id,
        at: render::time(at),
        ownership: found.as_ref().map(render::ownership),
    }))
}

/// How far back history reaches
///
/// What a source changed before it was watched, or while the service did not run, is recorded at the time when it was found.
#[utoipa::path(
    get,
    path = "/api/v1/history/bounds",
    tag = "state",
    operation_id = "get_history_bounds",
    responses((status = 200, description = "Since when it can be asked, and up to when", body = HistoryBounds))
)]
pub(crate) async fn bounds(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<HistoryBounds>, Refusal> {
    Params::read(query.as_deref())?.finish()?;
    let begin = read(&app, Reader::begin).await?;
    Ok(Json(past::bounds(begin, app.now())))
}

/// Asks the store beside the other work: it blocks. One question at a time; who waits takes no thread.
pub(super) async fn read<T: Send + 'static>(
    app: &App,
    question: impl FnOnce(&mut Reader) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Refusal> {
    let Some(reader) = app.0.state.history.as_ref().map(Arc::clone) else {
        return Err(Refusal::no_history());
    };
    let mut reader = reader.lock_owned().await;
    let answer = tokio::task::spawn_blocking(move || question(&mut reader)).await;
    let failed = |error: &(dyn std::error::Error + 'static)| {
        tracing::error!(error, "history could not be read");
        Refusal::internal("history could not be read").hint("the reason is in the server's log")
    };
    match answer {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(failed(&error)),
        Err(error) => Err(failed(&error)),
    }
}

fn subject(
    app: &App,
    service: Option<String>,
    component: Option<String>,
    instance: Option<String>,
) -> Result<Option<Subject>, Refusal> {
    match (service, component) {
        (Some(_), Some(_)) => Err(Refusal::parameter(
            "component",
            "`component` and `service` are both given, expected one of them",
        )),
        (Some(service), None) => Ok(Some(Subject::Service(service_key(&service)?))),
        (None, Some(component)) => Ok(Some(Subject::Component(ComponentKey {
            reference: super::reference("component", &component, "component")?,
            instance: match instance {
                Some(instance) => instance.into(),
                None => only_instance(app)?,
            },
        }))),
        (None, None) => Ok(None),
    }
}

fn service_key(text: &str) -> Result<ServiceKey, Refusal> {
    match *text.split('/').collect::<Vec<_>>() {
        [cluster, namespace, name] => Ok(ServiceKey {
            cluster: cluster.into(),
            namespace: namespace.into(),
            name: name.into(),
        }),
        _ => Err(Refusal::parameter(
            "service",
            format!("`service` cannot be `{text}`, expected `cluster/namespace/name`"),
        )),
    }
}

fn only_instance(app: &App) -> Result<Box<str>, Refusal> {
    let topology = app.topology()?;
    let names: Vec<&str> = topology
        .instances()
        .map(|(_, settings)| &*settings.name)
        .collect();
    if let [name] = names[..] {
        return Ok(name.into());
    }
    Err(Refusal::parameter(
        "instance",
        format!("`instance` is missing, and there are {}", names.len()),
    )
    .candidates(names.into_iter().map(str::to_owned).collect()))
}

/// A time that a parameter names, in seconds since the Unix epoch.
pub(super) fn time(params: &mut Params<'_>, name: &'static str) -> Result<Option<i64>, Refusal> {
    let Some(text) = params.one(name)? else {
        return Ok(None);
    };
    match text.parse::<jiff::Timestamp>() {
        Ok(time) => Ok(Some(time.as_second())),
        Err(_) => Err(Refusal::parameter(
            name,
            format!("`{name}` cannot be `{text}`, expected a time such as `2026-01-31T12:00:00Z`"),
        )),
    }
}
