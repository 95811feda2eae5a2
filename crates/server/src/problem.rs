//! Refusals: every error answer is an RFC 9457 problem document.

use api::{HistoryBounds, Problem, ProblemFault, Role};
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

/// A problem on its way out.
#[derive(Debug)]
pub(crate) struct Refusal {
    problem: Box<Problem>,
    header: Option<(HeaderName, HeaderValue)>,
}

/// The sorts of problem: word, title, status.
struct Sort(&'static str, &'static str, StatusCode);

const BAD_PARAMETER: Sort = Sort(
    "bad-parameter",
    "A parameter cannot be used",
    StatusCode::BAD_REQUEST,
);
const BAD_CURSOR: Sort = Sort(
    "bad-cursor",
    "The page token cannot be used",
    StatusCode::BAD_REQUEST,
);
const BAD_BODY: Sort = Sort(
    "bad-body",
    "The body cannot be used",
    StatusCode::BAD_REQUEST,
);
const BODY_TOO_LARGE: Sort = Sort(
    "body-too-large",
    "The body is too large",
    StatusCode::PAYLOAD_TOO_LARGE,
);
const BODY_TOO_SLOW: Sort = Sort(
    "body-too-slow",
    "The body did not arrive in time",
    StatusCode::REQUEST_TIMEOUT,
);
const UNSUPPORTED_MEDIA_TYPE: Sort = Sort(
    "unsupported-media-type",
    "The body is of a type that is not understood",
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
);
const AMBIGUOUS_SUBJECT: Sort = Sort(
    "ambiguous-subject",
    "The name is that of several things",
    StatusCode::BAD_REQUEST,
);
const UNAUTHORIZED: Sort = Sort(
    "unauthorized",
    "A token is needed",
    StatusCode::UNAUTHORIZED,
);
const FORBIDDEN: Sort = Sort("forbidden", "You may not do this", StatusCode::FORBIDDEN);
const WRONG_HOST: Sort = Sort(
    "wrong-host",
    "The server does not answer to this host name",
    StatusCode::MISDIRECTED_REQUEST,
);
const FOREIGN_ORIGIN: Sort = Sort(
    "foreign-origin",
    "A page of another site may not do this",
    StatusCode::FORBIDDEN,
);
const LEFT_ALONE: Sort = Sort(
    "left-alone",
    "The source is not read now",
    StatusCode::CONFLICT,
);
const DECLINED: Sort = Sort(
    "declined",
    "This cannot be decided now",
    StatusCode::CONFLICT,
);
const NOT_PREVIEWED: Sort = Sort(
    "not-previewed",
    "This cannot be tried out now",
    StatusCode::CONFLICT,
);
const NOT_WRITTEN: Sort = Sort(
    "not-written",
    "It is otherwise than expected, and nothing was written",
    StatusCode::CONFLICT,
);
const NOT_PERMITTED: Sort = Sort(
    "not-permitted",
    "The cluster does not permit it",
    StatusCode::FORBIDDEN,
);
const NOT_ENABLED: Sort = Sort("not-enabled", "This is not enabled", StatusCode::NOT_FOUND);
const UNDECIDED: Sort = Sort(
    "undecided",
    "Nobody knows yet whether it is decided",
    StatusCode::SERVICE_UNAVAILABLE,
);
const UNGUARDED: Sort = Sort("unguarded", "Anybody could decide", StatusCode::FORBIDDEN);
const NOT_FOUND: Sort = Sort("not-found", "There is no such thing", StatusCode::NOT_FOUND);
const NO_SUCH_ROUTE: Sort = Sort(
    "no-such-route",
    "There is no such route",
    StatusCode::NOT_FOUND,
);
const METHOD_NOT_ALLOWED: Sort = Sort(
    "method-not-allowed",
    "The route does not take this method",
    StatusCode::METHOD_NOT_ALLOWED,
);
const NO_HISTORY: Sort = Sort(
    "no-history",
    "This server remembers nothing",
    StatusCode::NOT_FOUND,
);
const OUTSIDE_HISTORY: Sort = Sort(
    "outside-history",
    "History says nothing of that moment",
    StatusCode::BAD_REQUEST,
);
const TOO_MANY_STREAMS: Sort = Sort(
    "too-many-streams",
    "Too many event streams are open",
    StatusCode::SERVICE_UNAVAILABLE,
);
const NO_ROOM: Sort = Sort(
    "no-room",
    "There is no room now",
    StatusCode::SERVICE_UNAVAILABLE,
);
const INTERNAL: Sort = Sort(
    "internal",
    "The server failed",
    StatusCode::INTERNAL_SERVER_ERROR,
);

impl Refusal {
    fn new(Sort(word, title, status): &Sort, detail: impl Into<String>) -> Self {
        Self {
            problem: Box::new(Problem {
                kind: format!("urn:backstitch:problem:{word}"),
                title: (*title).to_owned(),
                status: status.as_u16(),
                detail: detail.into(),
                ..Problem::default()
            }),
            header: None,
        }
    }

    /// A parameter that cannot be used, whatever is wrong with it.
    pub(crate) fn parameter(name: &str, detail: impl Into<String>) -> Self {
        let mut refusal = Self::new(&BAD_PARAMETER, detail);
        refusal.problem.parameter = Some(name.to_owned());
        refusal
    }

    pub(crate) fn cursor(detail: impl Into<String>) -> Self {
        let mut refusal = Self::new(&BAD_CURSOR, detail);
        refusal.problem.parameter = Some("cursor".to_owned());
        refusal.hint("begin again without `cursor`, and hand on `next` as it came")
    }

    pub(crate) fn body(detail: impl Into<String>) -> Self {
        Self::new(&BAD_BODY, detail)
    }

    pub(crate) fn body_too_large(limit: usize) -> Self {
        Self::new(&BODY_TOO_LARGE, format!("expected at most {limit} bytes"))
    }

    pub(crate) fn body_too_slow(seconds: u64) -> Self {
        Self::new(&BODY_TOO_SLOW, format!("expected it within {seconds} s"))
    }

    pub(crate) fn media_type(found: Option<&str>) -> Self {
        let found = found.map_or("no `Content-Type`".to_owned(), |found| format!("`{found}`"));
        Self::new(
            &UNSUPPORTED_MEDIA_TYPE,
            format!("found {found}, expected `application/json`"),
        )
    }

    pub(crate) fn ambiguous(detail: impl Into<String>) -> Self {
        Self::new(&AMBIGUOUS_SUBJECT, detail)
    }

    pub(crate) fn unauthorized(detail: &str) -> Self {
        Self::new(&UNAUTHORIZED, detail)
            .header(WWW_AUTHENTICATE, "Bearer realm=\"backstitch\"")
            .hint("send `Authorization: Bearer <token>`")
    }

    /// Somebody who is known, and whose role is not enough.
    pub(crate) fn forbidden(needed: Role, role: Role) -> Self {
        Self::new(
            &FORBIDDEN,
            format!("that takes the role `{needed}`, and yours is `{role}`"),
        )
        .hint("whoever runs this server gives roles, under `sign_in.roles` of its configuration or with a token")
    }

    /// An editor of some teams, and something of others.
    pub(crate) fn out_of_scope(detail: impl Into<String>) -> Self {
        Self::new(&FORBIDDEN, detail)
            .hint("ask whoever owns it, or an editor whose role is not bound to teams")
    }

    /// A sign-in that the server does not offer.
    pub(crate) fn no_provider() -> Self {
        Self::new(
            &NO_SUCH_ROUTE,
            "this server knows no provider of OpenID Connect",
        )
        .hint("`/api/v1/session` says how one signs in")
    }

    pub(crate) fn wrong_host(found: &str) -> Self {
        Self::new(&WRONG_HOST, format!("found host `{found}`"))
            .hint("ask by `localhost` or `127.0.0.1`, or allow the name in the configuration")
    }

    pub(crate) fn foreign_origin(found: &str) -> Self {
        Self::new(&FOREIGN_ORIGIN, format!("found origin `{found}`"))
            .hint("send it from the server's own address, or from a program that sends no `Origin`")
    }

    /// A source that is not read now, although it was asked for.
    pub(crate) fn left_alone(detail: impl Into<String>, hint: Option<String>) -> Self {
        let mut refusal = Self::new(&LEFT_ALONE, detail);
        refusal.problem.hint = hint;
        refusal
    }

    /// A decision that makes no sense now.
    pub(crate) fn declined(detail: impl Into<String>) -> Self {
        Self::new(&DECLINED, detail)
    }

    /// Settings that cannot be tried out.
    pub(crate) fn not_previewed(detail: impl Into<String>) -> Self {
        Self::new(&NOT_PREVIEWED, detail)
    }

    /// Something that somebody else changed meanwhile, or that is there already.
    pub(crate) fn not_written(detail: impl Into<String>) -> Self {
        Self::new(&NOT_WRITTEN, detail)
    }

    /// What the credentials of this server do not permit elsewhere.
    pub(crate) fn not_permitted(detail: impl Into<String>) -> Self {
        Self::new(&NOT_PERMITTED, detail)
    }

    /// Secrets are not written by this server.
    pub(crate) fn not_enabled() -> Self {
        Self::new(
            &NOT_ENABLED,
            "the configuration does not permit this server to write Secrets",
        )
        .hint("set `integrations: {enabled: true}` in it, and start again")
    }

    /// A decision that was handed on, and not answered.
    pub(crate) fn undecided(detail: impl Into<String>) -> Self {
        Self::new(&UNDECIDED, detail).header(RETRY_AFTER, "10")
    }

    /// A decision on a server that everybody reaches and that knows nobody.
    pub(crate) fn unguarded() -> Self {
        Self::new(
            &UNGUARDED,
            "the server has no token, and others than this machine reach it",
        )
        .hint("configure a token, or listen on a loopback address")
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(&NOT_FOUND, detail)
    }

    pub(crate) fn no_such_route(path: &str) -> Self {
        Self::new(&NO_SUCH_ROUTE, format!("`{path}` leads nowhere"))
    }

    pub(crate) fn method_not_allowed(method: &str, path: &str) -> Self {
        Self::new(
            &METHOD_NOT_ALLOWED,
            format!("`{path}` does not take {method}"),
        )
    }

    pub(crate) fn no_history() -> Self {
        Self::new(&NO_HISTORY, "no store is configured")
    }

    /// A moment that history says nothing of.
    pub(crate) fn outside_history(detail: impl Into<String>, bounds: HistoryBounds) -> Self {
        let mut refusal = Self::new(&OUTSIDE_HISTORY, detail);
        refusal.problem.parameter = Some("at".to_owned());
        refusal.problem.bounds = Some(bounds);
        refusal
    }

    pub(crate) fn too_many_streams(limit: usize) -> Self {
        Self::new(&TOO_MANY_STREAMS, format!("{limit} are open"))
            .header(RETRY_AFTER, "10")
            .hint("close some, or read `/api/v1/summary` now and then instead")
    }

    /// What was sent is not taken now, and is to be sent again.
    pub(crate) fn no_room(detail: impl Into<String>) -> Self {
        Self::new(&NO_ROOM, detail).header(RETRY_AFTER, "5")
    }

    pub(crate) fn no_random_numbers() -> Self {
        Self::internal("the system has no random numbers")
    }

    pub(crate) fn internal(detail: impl Into<String>) -> Self {
        Self::new(&INTERNAL, detail)
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.problem.hint = Some(hint.into());
        self
    }

    /// Adds what may have been meant; nothing where there is nothing.
    pub(crate) fn candidates(mut self, candidates: Vec<String>) -> Self {
        self.problem.candidates = candidates;
        self
    }

    /// Adds everything that is at fault.
    pub(crate) fn faults(mut self, faults: Vec<ProblemFault>) -> Self {
        self.problem.faults = faults;
        self
    }

    fn header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.header = Some((name, HeaderValue::from_static(value)));
        self
    }

    /// Adds the methods that the route does take.
    pub(crate) fn allow(mut self, methods: &str) -> Self {
        self.header = HeaderValue::from_str(methods)
            .ok()
            .map(|value| (ALLOW, value));
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // A problem holds strings and a number only, which always encode.
        let body = serde_json::to_vec(&self.problem).unwrap_or_default();
        let mut response =
            (status, [(CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
