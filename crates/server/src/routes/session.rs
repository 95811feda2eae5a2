//! Signing in, for the web pages: the token is given once, and a cookie stands for it after that.

use api::{Session, SessionRequest};
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use secrecy::ExposeSecret as _;
use subtle::ConstantTimeEq as _;

use super::body;
use crate::app::App;
use crate::params::Params;
use crate::problem::Refusal;
use crate::{render, session};

pub(crate) const PATH: &str = "/api/v1/session";

/// Get the session
///
/// Whether a token is needed, and whether the browser that asks has given it. This needs no token itself.
#[utoipa::path(
    get,
    path = "/api/v1/session",
    tag = "operation",
    operation_id = "get_session",
    responses((status = 200, description = "Whether one has to sign in", body = Session))
)]
pub(crate) async fn get(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Session>, Refusal> {
    Params::read(query.as_deref())?.finish()?;
    let until = app
        .0
        .access
        .token
        .as_ref()
        .and_then(|token| session::until(token, &headers, app.now()));
    Ok(Json(Session {
        needed: app.0.access.token.is_some(),
        until: until.map(render::time),
    }))
}

/// Sign in
///
/// For browsers: the answer sets a cookie that stands for the token. Programs send the token itself, with every request.
#[utoipa::path(
    post,
    path = "/api/v1/session",
    tag = "operation",
    operation_id = "sign_in",
    request_body = SessionRequest,
    responses((status = 200, description = "The session, and its cookie", body = Session))
)]
pub(crate) async fn sign_in(State(app): State<App>, request: Request) -> Result<Response, Refusal> {
    let asked: SessionRequest = body::read(&app, request, r#"expected `{"token": "…"}`"#).await?;
    let Some(token) = &app.0.access.token else {
        return Ok(Json(Session {
            needed: false,
            until: None,
        })
        .into_response());
    };
    let given = asked.token.as_bytes();
    if !bool::from(given.ct_eq(token.expose_secret().as_bytes())) {
        return Err(Refusal::unauthorized("the token is not the one configured"));
    }
    let until = app.now() + session::LASTS;
    let answer = Session {
        needed: true,
        until: Some(render::time(until)),
    };
    with_cookie(&session::cookie(token, until), Json(answer).into_response())
}

/// Sign out
///
/// Takes the cookie away.
#[utoipa::path(
    delete,
    path = "/api/v1/session",
    tag = "operation",
    operation_id = "sign_out",
    responses((status = 200, description = "No session any more", body = Session))
)]
pub(crate) async fn sign_out(State(app): State<App>) -> Result<Response, Refusal> {
    let answer = Session {
        needed: app.0.access.token.is_some(),
        until: None,
    };
    with_cookie(&session::no_cookie(), Json(answer).into_response())
}

fn with_cookie(cookie: &str, mut answer: Response) -> Result<Response, Refusal> {
    let cookie = HeaderValue::from_str(cookie)
        .map_err(|_| Refusal::internal("a cookie could not be written"))?;
    answer.headers_mut().insert(SET_COOKIE, cookie);
    Ok(answer)
}
