//! What people decided (S26).

use api::{Decision, DecisionKind, DecisionRequest, DecisionState, Page};
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use store::{DecisionId, DecisionRecord, Standing};

use super::{Segments, body, history};
use crate::app::App;
use crate::decisions::{self, Desk, Insist, Wish};
use crate::identity::Who;
use crate::params::Params;
use crate::problem::Refusal;
use crate::token::{Kind, Token};
use crate::{render, scope};

/// Of all decisions.
pub(super) const PATH: &str = "/api/v1/decisions";
/// Of one.
pub(super) const ONE: &str = "/api/v1/decisions/{id}";

/// Records looked at in one go.
const LOOKED_AT: usize = 1_000;

/// List decisions
///
/// The last first. Without `state`, those that stand: in force and stale.
#[utoipa::path(
    get,
    path = "/api/v1/decisions",
    tag = "decisions",
    operation_id = "list_decisions",
    params(
        ("state" = Option<DecisionState>, Query, description = "Whether it bears on anything"),
        ("kind" = Option<DecisionKind>, Query, description = "What was decided"),
        ("limit" = Option<usize>, Query, description = "Items of a page, 1 to 1000; 100 if not given"),
        ("cursor" = Option<String>, Query, description = "Token of the page"),
    ),
    responses((status = 200, description = "One page; the last may be empty", body = Page<Decision>))
)]
pub(crate) async fn list(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Decision>>, Refusal> {
    let mut params = Params::read(query.as_deref())?;
    let state = params.word("state", DecisionState::ALL, DecisionState::as_str)?;
    let kind = params.word("kind", DecisionKind::ALL, DecisionKind::as_str)?;
    let page = params.page(Kind::Decisions)?;
    params.finish()?;
    let mut before = page.after.as_ref().map(Token::to_decision).transpose();
    let standing = match state {
        Some(DecisionState::Ended) => Standing::No,
        Some(DecisionState::InForce | DecisionState::Stale) | None => Standing::Yes,
    };
    let mut items: Vec<Decision> = Vec::new();
    loop {
        let from = before.map_err(Refusal::cursor)?;
        let records = history::read(&app, move |reader| {
            reader.decisions(standing, from, LOOKED_AT)
        })
        .await?;
        let topology = app.topology()?;
        let more = records.len() == LOOKED_AT;
        before = Ok(records.last().map(|last| last.id));
        let passing = records
            .iter()
            .map(|record| render::decision(&topology, record))
            .filter(|it| state.is_none_or(|state| state == it.state))
            .filter(|it| kind.is_none_or(|kind| kind == it.kind));
        items.extend(passing);
        if !more || items.len() > page.limit {
            break;
        }
    }
    let more = items.len() > page.limit;
    items.truncate(page.limit);
    Ok(Json(Page {
        next: items
            .last()
            .filter(|_| more)
            .map(|last| Token::decision(last.id).write()),
        items,
    }))
}

/// Get a decision
#[utoipa::path(
    get,
    path = "/api/v1/decisions/{id}",
    tag = "decisions",
    operation_id = "get_decision",
    params(("id" = i64, Path, description = "Its number")),
    responses((status = 200, description = "The decision, ended or not", body = Decision))
)]
pub(crate) async fn one(
    State(app): State<App>,
    Segments(id): Segments<DecisionId>,
    RawQuery(query): RawQuery,
) -> Result<Json<Decision>, Refusal> {
    Params::read(query.as_deref())?.finish()?;
    let found = history::read(&app, move |reader| reader.decision(id)).await?;
    match found {
        Some(record) => Ok(Json(rendered(&app, &record)?)),
        None => Err(Refusal::not_found(format!("there is no decision {id}"))),
    }
}

/// Decide something
///
/// A decision replaces one that says the same, and one that prefers another component for the Service.
#[utoipa::path(
    post,
    path = "/api/v1/decisions",
    tag = "decisions",
    operation_id = "decide",
    params(("force" = Option<bool>, Query, description = "What it names need not be there now")),
    request_body = DecisionRequest,
    responses((status = 201, description = "It is decided, and on the disk", body = Decision))
)]
pub(crate) async fn decide(
    State(app): State<App>,
    Who(who): Who,
    request: Request,
) -> Result<(StatusCode, Json<Decision>), Refusal> {
    let query = request.uri().query().map(str::to_owned);
    let mut params = Params::read(query.as_deref())?;
    let insist = if params.flag("force")? {
        Insist::Yes
    } else {
        Insist::No
    };
    params.finish()?;
    let desk = desk(&app)?.clone();
    let expected = r#"expected such as `{"kind": "pin", "component": "component:default/checkout", "service": "eu1/shop/checkout", "author": "ann"}`"#;
    let asked: DecisionRequest = body::read(&app, request, expected).await?;
    let new = {
        let topology = app.topology()?;
        let new = decisions::read(&asked, &topology, app.now(), insist, &who)?;
        scope::check(&who, &new.decided, &topology)?;
        new
    };
    let record = decisions::ask(&desk, Wish::Decide(new)).await?;
    Ok((StatusCode::CREATED, Json(rendered(&app, &record)?)))
}

/// Withdraw a decision
///
/// It stays in the list of those that have ended.
#[utoipa::path(
    delete,
    path = "/api/v1/decisions/{id}",
    tag = "decisions",
    operation_id = "withdraw_decision",
    params(
        ("id" = i64, Path, description = "Its number"),
        ("author" = Option<String>, Query, description = "Who withdraws it, where whoever asks has no name"),
        ("reason" = Option<String>, Query, description = "Why"),
    ),
    responses((status = 200, description = "It has ended", body = Decision))
)]
pub(crate) async fn withdraw(
    State(app): State<App>,
    Who(who): Who,
    Segments(id): Segments<DecisionId>,
    RawQuery(query): RawQuery,
) -> Result<Json<Decision>, Refusal> {
    let mut params = Params::read(query.as_deref())?;
    let author = params.one("author")?;
    let reason = params.one("reason")?;
    params.finish()?;
    let desk = desk(&app)?.clone();
    let wish = decisions::end(id, author.as_deref(), reason.as_deref(), &who)?;
    if !who.teams.is_empty() {
        let found = history::read(&app, move |reader| reader.decision(id)).await?;
        let Some(standing) = found else {
            return Err(Refusal::not_found(format!("there is no decision {id}")));
        };
        scope::check(&who, &standing.new.decided, &*app.topology()?)?;
    }
    let record = decisions::ask(&desk, wish).await?;
    Ok(Json(rendered(&app, &record)?))
}

fn rendered(app: &App, record: &DecisionRecord) -> Result<Decision, Refusal> {
    Ok(render::decision(&*app.topology()?, record))
}

/// Deciding changes what everybody sees, so that whoever asks has to be known, or on this machine.
fn desk(app: &App) -> Result<&Desk, Refusal> {
    let Some(desk) = &app.0.state.decisions else {
        return Err(Refusal::no_history());
    };
    if app.0.access.is_guarded() {
        Ok(desk)
    } else {
        Err(Refusal::unguarded())
    }
}
