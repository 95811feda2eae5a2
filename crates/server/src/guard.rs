//! The one thing done around every request: who may ask, headers, counting.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;

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

pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response =
        match app
            .0
            .access
            .check(&method, request.uri(), request.headers(), app.now())
        {
            Ok(()) => next.run(request).await,
            Err(refusal) => refusal.into_response(),
        };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
    // Only known paths become label values: what strangers ask for must not grow the metrics.
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    app.0
        .metrics
        .requests
        .record(&method, route, response.status(), started.elapsed());
    response
}
