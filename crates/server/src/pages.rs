//! The web pages: built files, a part of a release's binary, read from `ui/dist` by a debug build.
//!
//! They hold nothing that is anybody's secret, so they need no token; what they show they ask of the API like any
//! other client. This module knows nothing of what they show.

use std::borrow::Cow;

use axum::Router;
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    REFERRER_POLICY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use rust_embed::{EmbeddedFile, RustEmbed};
use tower_http::compression::CompressionLayer;

use crate::app::App;
use crate::problem::Refusal;
use crate::routes::no_such_route;

/// What `ui/` builds; empty where it was not built.
#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Built;

/// The page that every address of a page begins with; its script reads the rest of the address.
const INDEX: &str = "index.html";
/// Names in this folder contain the hash of what is in them.
const HASHED: &str = "assets/";
/// What is below these is the API's or a probe's, and never a page.
const NOT_PAGES: [&str; 4] = ["/api", "/healthz", "/readyz", "/metrics"];

/// Scripts, styles and pictures of this server alone, nothing inline, and no frame around it: text of a catalog that
/// would get into a page as markup could still do nothing.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// All that no other route takes.
pub(crate) fn router() -> Router<App> {
    Router::new()
        .fallback(any(page))
        .layer(CompressionLayer::new().gzip(true))
}

/// Whether a path is for the pages.
pub(crate) fn is_page(path: &str) -> bool {
    !NOT_PAGES.iter().any(|other| {
        path.strip_prefix(other)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    if !is_page(path) {
        return no_such_route(uri).await.into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return Refusal::method_not_allowed(method.as_str(), path)
            .allow("GET,HEAD")
            .into_response();
    }
    let name = path.trim_start_matches('/');
    if let Some(file) = Built::get(name) {
        return sent(name, file, &headers);
    }
    // What a page refers to and is not there must not come as a page.
    if !wants_page(&headers) || name.starts_with(HASHED) {
        return no_such_route(uri).await.into_response();
    }
    match Built::get(INDEX) {
        Some(file) => sent(INDEX, file, &headers),
        None => Refusal::no_such_route(path)
            .hint("this build has no pages: they are built by `cargo xtask pages`; the API is under `/api/v1`")
            .into_response(),
    }
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

fn sent(name: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = etag(&file);
    let known = headers.get(IF_NONE_MATCH) == Some(&tag);
    let caching = if name.starts_with(HASHED) {
        HeaderValue::from_static("public, max-age=31536000, immutable")
    } else {
        HeaderValue::from_static("no-cache")
    };
    let head = [
        (CONTENT_TYPE, media_type(name)),
        (CACHE_CONTROL, caching),
        (ETAG, tag),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, head).into_response();
    }
    match file.data {
        Cow::Borrowed(bytes) => (head, bytes).into_response(),
        Cow::Owned(bytes) => (head, bytes).into_response(),
    }
}

fn etag(file: &EmbeddedFile) -> HeaderValue {
    use std::fmt::Write as _;

    let mut tag = String::from("\"");
    for byte in &file.metadata.sha256_hash()[..16] {
        // Writing into a `String` does not fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""))
}

/// The few kinds of file that the pages are built into.
fn media_type(name: &str) -> HeaderValue {
    HeaderValue::from_static(match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_the_api_is_no_page() {
        for (path, page) in [
            ("/", true),
            ("/services/eu/shop/checkout", true),
            ("/apiary", true),
            ("/api", false),
            ("/api/v1/services", false),
            ("/metrics", false),
            ("/healthz", false),
        ] {
            assert_eq!(is_page(path), page, "{path}");
        }
    }
}
