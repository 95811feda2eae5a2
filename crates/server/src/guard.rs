//! The one thing done around every request: who may ask, headers, counting.

use std::sync::Arc;
use std::time::Instant;

use api::Role;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};

use crate::access::{Access, check_site, is_open};
use crate::app::App;
use crate::identity::{Identity, Who};
use crate::pages::is_page;
use crate::problem::Refusal;
use crate::roles;

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

pub(crate) async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let admitted = admit(&app, &request, route.as_ref().map(MatchedPath::as_str));
    let mut response = match admitted {
        Ok(who) => {
            let who = who.map(|who| Who(Arc::new(who)));
            who.map(|who| request.extensions_mut().insert(who));
            next.run(request).await
        }
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

/// Who asks, if the request may pass; `None`: nobody has to be known, as for the files of the pages and the routes by which one
/// signs in.
fn admit(app: &App, request: &Request, route: Option<&str>) -> Result<Option<Identity>, Refusal> {
    let access = &app.0.access;
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    if is_page(uri.path()) || is_open(uri.path()) {
        access.check_place(method, uri, headers)?;
        return Ok(None);
    }
    access.check_host(uri, headers)?;
    let who = app.who(headers)?;
    check_site(method, uri, headers)?;
    let needed = route.map_or(Role::Viewer, |route| roles::needed(method, route));
    if who.role < needed {
        return Err(Refusal::forbidden(needed, who.role));
    }
    Ok(Some(who))
}
