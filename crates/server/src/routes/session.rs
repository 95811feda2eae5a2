//! Signing in, for the web pages: by a token that is given once, or at a provider of OpenID Connect. A cookie stands for it
//! after that.

use std::error::Error as _;
use std::iter::successors;

use api::{Session, SessionRequest, SignInMethod};
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use oidc::{Attempt, OidcError};
use secrecy::SecretString;

use super::body;
use crate::access::SignIn;
use crate::api_tokens::looks_like_one;
use crate::app::App;
use crate::identity::Identity;
use crate::pages::is_page;
use crate::params::Params;
use crate::problem::Refusal;
use crate::session::{ATTEMPT_LASTS, LASTS, Of, Pending, no_attempt, no_session};
use crate::{random, render, session};

pub(crate) const PATH: &str = "/api/v1/session";
/// Where browsers begin to sign in at a provider.
pub(crate) const OIDC: &str = "/api/v1/session/oidc";
/// Where the provider sends them back to.
pub(crate) const CALLBACK: &str = "/api/v1/session/oidc/callback";

/// Bound on an address to go back to, in bytes.
const MAX_BACK: usize = 2_000;
/// Bytes of a state.
const STATE: usize = 24;

/// Get the session
///
/// Whether one has to sign in and how, whether whoever asks has, and what they may do. This needs no token itself.
#[utoipa::path(
    get,
    path = "/api/v1/session",
    tag = "access",
    operation_id = "get_session",
    responses((status = 200, description = "Who asks", body = Session))
)]
pub(crate) async fn get(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Session>, Refusal> {
    Params::read(query.as_deref())?.finish()?;
    let until = session::Session::read(&app.0.keys, &headers, app.now()).map(|it| it.until);
    let who = app.who(&headers).ok();
    let until = until.filter(|_| who.is_some());
    Ok(Json(rendered(&app, who.as_ref(), until)))
}

/// Sign in
///
/// For browsers: the answer sets a cookie that stands for the token. Programs send the token itself, with every request.
#[utoipa::path(
    post,
    path = "/api/v1/session",
    tag = "access",
    operation_id = "sign_in",
    request_body = SessionRequest,
    responses((status = 200, description = "The session, and its cookie", body = Session))
)]
pub(crate) async fn sign_in(State(app): State<App>, request: Request) -> Result<Response, Refusal> {
    let asked: SessionRequest = body::read(&app, request, r#"expected `{"token": "…"}`"#).await?;
    if app.0.access.is_open() {
        return Ok(Json(rendered(&app, Some(&Identity::ANYBODY), None)).into_response());
    }
    let now = app.now();
    let known = app.0.state.api_tokens.as_ref().map(|it| &it.known);
    let bearer = known
        .filter(|_| looks_like_one(&asked.token))
        .and_then(|known| known.identity(&asked.token, now));
    let (of, identity, end) = if let Some(bearer) = bearer {
        (Of::ApiToken(bearer.id), bearer.identity, bearer.expires)
    } else {
        app.0.access.check_bearer(asked.token.as_bytes())?;
        (Of::Token, Identity::ANYBODY, i64::MAX)
    };
    let session = session::Session {
        of,
        until: end.min(now + LASTS),
    };
    let answer = Json(rendered(&app, Some(&identity), Some(session.until)));
    let secure = app.0.access.is_secure();
    with_cookies(
        [session.cookie(&app.0.keys, secure)],
        answer.into_response(),
    )
}

/// Sign out
///
/// Takes the cookie away. Whoever signed in at a provider is still known there.
#[utoipa::path(
    delete,
    path = "/api/v1/session",
    tag = "access",
    operation_id = "sign_out",
    responses((status = 200, description = "No session any more", body = Session))
)]
pub(crate) async fn sign_out(State(app): State<App>) -> Result<Response, Refusal> {
    let nobody = app.0.access.is_open().then_some(Identity::ANYBODY);
    let answer = Json(rendered(&app, nobody.as_ref(), None));
    with_cookies([no_session()], answer.into_response())
}

/// Sign in at the provider
///
/// For browsers: leads to the provider of OpenID Connect, which sends the browser back to `/api/v1/session/oidc/callback`.
#[utoipa::path(
    get,
    path = "/api/v1/session/oidc",
    tag = "access",
    operation_id = "begin_oidc",
    params(("back" = Option<String>, Query, description = "The page to go on to, as a path")),
    responses((status = 303, description = "To the provider"))
)]
pub(crate) async fn begin(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let mut params = Params::read(query.as_deref())?;
    let back = params.one("back")?;
    params.finish()?;
    let sign_in = provider(&app)?;
    let _permit = turn(&app)?;
    let state = random::text::<STATE>().ok_or_else(Refusal::no_random_numbers)?;
    let attempt = Attempt::new(&app.0.keys.provider, &state);
    let url = match sign_in.provider.authorization_url(&attempt).await {
        Ok(url) => url,
        Err(error) => return failed(Why::Failed, Some(&error)),
    };
    let pending = Pending {
        state,
        back: back
            .filter(|back| is_own(back))
            .unwrap_or_else(|| "/".to_owned()),
        until: app.now() + ATTEMPT_LASTS,
    };
    let secure = app.0.access.is_secure();
    with_cookies([pending.cookie(&app.0.keys, secure)], to(url.as_str())?)
}

/// Come back from the provider
///
/// For browsers: sets a cookie that stands for who signed in, and leads on to the page where that began. Where nobody did, it
/// leads to `/?sign-in=` and a word: `denied`, `expired`, `no-role` or `failed`.
#[utoipa::path(
    get,
    path = "/api/v1/session/oidc/callback",
    tag = "access",
    operation_id = "finish_oidc",
    params(
        ("state" = Option<String>, Query, description = "What the provider was given"),
        ("code" = Option<String>, Query, description = "What the provider gives for it"),
        ("error" = Option<String>, Query, description = "Why it gives nothing"),
        ("iss" = Option<String>, Query, description = "Which provider it is (RFC 9207)"),
    ),
    responses((status = 303, description = "To a page"))
)]
pub(crate) async fn finish(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    // Providers add parameters of their own, which are nobody's fault.
    let mut params = Params::read(query.as_deref())?;
    let state = params.one("state")?.unwrap_or_default();
    let code = params.one("code")?.map(SecretString::from);
    let error = params.one("error")?;
    let issuer = params.one("iss")?;
    let sign_in = provider(&app)?;
    let _permit = turn(&app)?;
    let now = app.now();
    let Some(pending) = Pending::read(&app.0.keys, &headers, &state, now) else {
        return failed(Why::Expired, None);
    };
    let other = issuer.is_some_and(|issuer| issuer != sign_in.provider.issuer());
    let Some(code) = code.filter(|_| error.is_none() && !other) else {
        return failed(Why::Denied, None);
    };
    let attempt = Attempt::new(&app.0.keys.provider, &pending.state);
    let claims = match sign_in.provider.finish(&attempt, &code, now).await {
        Ok(claims) => claims,
        Err(error) => return failed(Why::Failed, Some(&error)),
    };
    let Some(identity) = sign_in.grants.identity(&claims) else {
        tracing::warn!(
            name = claims.name(),
            subject = claims.subject,
            "nobody gave them a role"
        );
        return failed(Why::NoRole, None);
    };
    tracing::info!(name = claims.name(), role = %identity.role, "signed in");
    let session = session::Session {
        of: Of::person(&identity),
        until: now + LASTS,
    };
    let cookie = session.cookie(&app.0.keys, app.0.access.is_secure());
    with_cookies([cookie, no_attempt()], to(&pending.back)?)
}

/// Why nobody signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// The provider says no.
    Denied,
    /// It took too long, or began in another browser.
    Expired,
    /// They are known, and have no role here.
    NoRole,
    /// The provider does not answer as it should; the log says why.
    Failed,
}

fn failed(why: Why, error: Option<&OidcError>) -> Result<Response, Refusal> {
    if let Some(error) = error {
        let causes = successors(error.source(), |error| (*error).source());
        let causes: Vec<String> = causes.map(ToString::to_string).collect();
        tracing::warn!(%error, causes = causes.join(": "), "nobody could be signed in");
    }
    let word = match why {
        Why::Denied => "denied",
        Why::Expired => "expired",
        Why::NoRole => "no-role",
        Why::Failed => "failed",
    };
    with_cookies([no_attempt()], to(&format!("/?sign-in={word}"))?)
}

fn provider(app: &App) -> Result<&SignIn, Refusal> {
    let sign_in = app.0.access.sign_in.as_ref();
    sign_in.ok_or_else(Refusal::no_provider)
}

/// Anybody may begin to sign in, and each asks the provider something.
fn turn(app: &App) -> Result<tokio::sync::SemaphorePermit<'_>, Refusal> {
    let permit = app.0.sign_ins.try_acquire();
    permit.map_err(|_| Refusal::no_room("many are signing in at this moment"))
}

/// Whether the address is that of a page of ours: nobody is to be led elsewhere by a link to us.
fn is_own(back: &str) -> bool {
    let path = back.split(['?', '#']).next().unwrap_or_default();
    back.len() <= MAX_BACK
        && back.starts_with('/')
        && !back.starts_with("//")
        && back
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && is_page(path)
}

fn rendered(app: &App, who: Option<&Identity>, until: Option<i64>) -> Session {
    let access = &app.0.access;
    let mut methods = Vec::new();
    if access.sign_in.is_some() {
        methods.push(SignInMethod::Oidc);
    }
    if !access.is_open() {
        methods.push(SignInMethod::Token);
    }
    Session {
        needed: !access.is_open(),
        methods,
        until: until.map(render::time),
        name: who.and_then(|who| who.name.as_deref()).map(str::to_owned),
        role: who.map(|who| who.role),
        teams: who.map(Identity::team_refs).unwrap_or_default(),
    }
}

fn to(address: &str) -> Result<Response, Refusal> {
    let address = HeaderValue::from_str(address)
        .map_err(|_| Refusal::internal("an address could not be written"))?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, address)]).into_response())
}

fn with_cookies(
    cookies: impl IntoIterator<Item = String>,
    mut answer: Response,
) -> Result<Response, Refusal> {
    for cookie in cookies {
        let cookie = HeaderValue::from_str(&cookie)
            .map_err(|_| Refusal::internal("a cookie could not be written"))?;
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_elsewhere() {
        for (back, own) in [
            ("/", true),
            ("/services?cluster=eu1&q=%C3%A9#top", true),
            ("/owners/group%3Adefault%2Fweb", true),
            ("", false),
            ("services", false),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("https://evil.example", false),
            ("/a\r\nSet-Cookie: x=1", false),
            ("/api/v1/session/oidc", false),
        ] {
            assert_eq!(is_own(back), own, "{back:?}");
        }
    }
}
