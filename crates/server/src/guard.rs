//! The one thing done around every request: who may ask, headers, counting.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};

use crate::access::Access;
use crate::app::App;
use crate::pages::is_page;
use crate::problem::Refusal;
use crate::session;

/// Nothing that the server sends may be kept, guessed at or run as a page, unless the answer says otherwise itself: the
/// pages do.
const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
];

/// Other routes than the server's own under the same rules of who may ask.
pub fn guarded(router: Router, access: Access) -> Router {
    router.layer(from_fn_with_state(Arc::new(access), check))
}

async fn check(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    let checked = access.check(request.method(), request.uri(), request.headers());
    let mut response = match checked {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    put_headers(&mut response);
    response
}

pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = match admit(&app, &request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    put_headers(&mut response);
    // Only known paths become label values: what strangers ask for must not grow the metrics.
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    app.0
        .metrics
        .requests
        .record(&method, route, response.status(), started.elapsed());
    response
}

fn put_headers(response: &mut Response) {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
}

/// Whether the request may pass. The files of the pages are open, and a browser that signed in has a session in the place of
/// the token.
fn admit(app: &App, request: &Request) -> Result<(), Refusal> {
    let access = &app.0.access;
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    let has_session = || {
        let token = access.token.as_ref();
        token.is_some_and(|token| session::until(token, headers, app.now()).is_some())
    };
    if is_page(uri.path()) || (!headers.contains_key(AUTHORIZATION) && has_session()) {
        access.check_place(method, uri, headers)
    } else {
        access.check(method, uri, headers)
    }
}
