//! Tokens of programs.

use api::{ApiToken, ApiTokenRequest, ApiTokens, NewApiToken, Role};
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use store::{ApiTokenId, ApiTokenRecord};

use super::{Segments, body, reference};
use crate::api_tokens::{self, Declined, Wish};
use crate::app::App;
use crate::decisions::text;
use crate::identity::Who;
use crate::params::Params;
use crate::problem::Refusal;
use crate::render;

/// Of all tokens.
pub(super) const PATH: &str = "/api/v1/tokens";
/// Of one.
pub(super) const ONE: &str = "/api/v1/tokens/{id}";

/// Bound on the characters of a name.
const MAX_NAME: usize = 200;
/// Bound on the teams of a token.
const MAX_TEAMS: usize = 50;
/// The longest time that a token stands, in seconds: a year, and a day to have another one.
const LONGEST: i64 = 366 * 24 * 3600;

/// List the tokens of programs
///
/// Without the tokens themselves: nobody has these but who was told. One that ended is listed for some weeks.
#[utoipa::path(
    get,
    path = "/api/v1/tokens",
    tag = "access",
    operation_id = "list_tokens",
    responses((status = 200, description = "The tokens", body = ApiTokens))
)]
pub(crate) async fn list(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<ApiTokens>, Refusal> {
    Params::read(query.as_deref())?.finish()?;
    let now = app.now();
    let known = tokens(&app)?.known.list();
    Ok(Json(ApiTokens {
        items: known
            .iter()
            .filter_map(|record| rendered(record, now).ok())
            .collect(),
    }))
}

/// Make a token for a program
///
/// The answer has the token, and nothing after that has it again.
#[utoipa::path(
    post,
    path = "/api/v1/tokens",
    tag = "access",
    operation_id = "make_token",
    request_body = ApiTokenRequest,
    responses((status = 201, description = "It is made", body = NewApiToken))
)]
pub(crate) async fn make(
    State(app): State<App>,
    Who(who): Who,
    request: Request,
) -> Result<(StatusCode, Json<NewApiToken>), Refusal> {
    Params::read(request.uri().query())?.finish()?;
    let tokens = tokens(&app)?;
    if !app.0.access.is_guarded() {
        return Err(Refusal::unguarded());
    }
    let expected =
        r#"expected such as `{"name": "ci", "role": "viewer", "expires": "2027-01-31T12:00:00Z"}`"#;
    let asked: ApiTokenRequest = body::read(&app, request, expected).await?;
    let now = app.now();
    let (secret, digest) = api_tokens::secret().ok_or_else(Refusal::no_random_numbers)?;
    let wish = Wish::Keep(read(&asked, digest, who.name.clone(), now)?);
    let record = ask(tokens, wish).await?;
    let made = rendered(&record, now)?;
    let token = api_tokens::written(record.id, &secret);
    Ok((StatusCode::CREATED, Json(NewApiToken { token, made })))
}

/// End a token
///
/// Whoever bears it is refused from now on, and so are the sessions that began with it.
#[utoipa::path(
    delete,
    path = "/api/v1/tokens/{id}",
    tag = "access",
    operation_id = "end_token",
    params(("id" = i64, Path, description = "Its number")),
    responses((status = 200, description = "It has ended", body = ApiToken))
)]
pub(crate) async fn end(
    State(app): State<App>,
    Segments(id): Segments<ApiTokenId>,
    RawQuery(query): RawQuery,
) -> Result<Json<ApiToken>, Refusal> {
    Params::read(query.as_deref())?.finish()?;
    let record = ask(tokens(&app)?, Wish::End(id)).await?;
    rendered(&record, app.now()).map(Json)
}

fn tokens(app: &App) -> Result<&api_tokens::ApiTokens, Refusal> {
    let tokens = app.0.state.api_tokens.as_ref();
    tokens.ok_or_else(Refusal::no_history)
}

async fn ask(tokens: &api_tokens::ApiTokens, wish: Wish) -> Result<ApiTokenRecord, Refusal> {
    let answer = tokens.desk.ask(wish).await;
    answer
        .map_err(|none| none.undecided(PATH))?
        .map_err(|declined| match declined {
            Declined::TooMany(most) => {
                Refusal::declined(format!("there are {most} tokens, and no more are made"))
                    .hint("end those that nobody needs")
            }
            Declined::Unknown => Refusal::not_found("there is no token of that number"),
        })
}

fn read(
    asked: &ApiTokenRequest,
    digest: [u8; 32],
    made_by: Option<Box<str>>,
    now: i64,
) -> Result<store::NewApiToken, Refusal> {
    let name = text("name", &asked.name, MAX_NAME)?;
    if name.is_empty() {
        return Err(Refusal::parameter("name", "`name` is empty")
            .hint("say what the token is for, so that others know whether it is still needed"));
    }
    if !asked.teams.is_empty() && asked.role != Role::Editor {
        let detail = format!("`teams` is given, and `{}` takes none", asked.role);
        return Err(Refusal::parameter("teams", detail).hint(
            "what an editor decides about can be bound to teams; whoever looks sees everything",
        ));
    }
    if asked.teams.len() > MAX_TEAMS {
        let detail = format!("{} teams, expected at most {MAX_TEAMS}", asked.teams.len());
        return Err(Refusal::parameter("teams", detail));
    }
    let team = |team: &String| reference("teams", team, "group").map(|it| it.to_string());
    Ok(store::NewApiToken {
        name,
        role: asked.role.as_str().into(),
        teams: asked.teams.iter().map(team).collect::<Result<_, _>>()?,
        digest,
        made_by,
        expires: expires(&asked.expires, now)?,
    })
}

fn expires(text: &str, now: i64) -> Result<i64, Refusal> {
    let wrong = |detail: String| {
        Refusal::parameter("expires", detail)
            .hint("a token that never ends is never missed when it is lost")
    };
    match text.parse::<jiff::Timestamp>() {
        Ok(time) if time.as_second() <= now => {
            Err(wrong(format!("`expires` is `{text}`, which is over")))
        }
        Ok(time) if time.as_second() - now > LONGEST => Err(wrong(format!(
            "`expires` is `{text}`, expected at most in a year"
        ))),
        Ok(time) => Ok(time.as_second()),
        Err(_) => Err(wrong(format!(
            "`expires` cannot be `{text}`, expected a time such as `2027-01-31T12:00:00Z`"
        ))),
    }
}

/// An error where a later version wrote it in a way that this one does not know.
fn rendered(record: &ApiTokenRecord, now: i64) -> Result<ApiToken, Refusal> {
    let identity = api_tokens::identity(&record.new)
        .ok_or_else(|| Refusal::internal("what was kept cannot be read"))?;
    Ok(ApiToken {
        id: record.id,
        name: record.new.name.to_string(),
        role: identity.role,
        teams: identity.team_refs(),
        made_by: record.new.made_by.as_deref().map(str::to_owned),
        made_at: render::time(record.at),
        expires: render::time(record.new.expires),
        expired: record.new.expires <= now,
    })
}
