//! Bodies: JSON of a bounded size, that arrives in a bounded time.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::MAX_BODY;
use crate::app::App;
use crate::problem::Refusal;

/// Bound on the time in which a body must arrive.
const BODY_TIME: Duration = Duration::from_secs(10);

/// The object that the body is; `expected` says how one looks.
pub(super) async fn read<T: DeserializeOwned>(
    app: &App,
    request: Request,
    expected: &str,
) -> Result<T, Refusal> {
    check_media_type(request.headers())?;
    let body = match timeout(BODY_TIME, Bytes::from_request(request, app)).await {
        Ok(Ok(body)) => body,
        Ok(Err(rejection)) => {
            let text = rejection.body_text();
            return Err(match rejection.into_response().status() {
                StatusCode::PAYLOAD_TOO_LARGE => Refusal::body_too_large(MAX_BODY),
                _ => Refusal::body(text),
            });
        }
        Err(_) => return Err(Refusal::body_too_slow(BODY_TIME.as_secs())),
    };
    // The derived reader takes a list for an object, field by field.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(Refusal::body("the body is a list, expected an object").hint(expected));
    }
    serde_json::from_slice(&body).map_err(|error| Refusal::body(error.to_string()).hint(expected))
}

/// The same of a body that bears secrets: what is wrong with it is told without a word of it (S31).
pub(super) async fn read_unquoted<T: DeserializeOwned>(
    app: &App,
    request: Request,
    expected: &str,
) -> Result<T, Refusal> {
    let whole: serde_json::Value = read(app, request, expected).await?;
    serde_json::from_value(whole)
        .map_err(|_| Refusal::body("the body is no such object").hint(expected))
}

pub(super) fn check_media_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers
        .get(CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let essence = given
        .as_deref()
        .map(|given| given.split(';').next().unwrap_or_default().trim());
    match essence {
        Some(essence) if essence.eq_ignore_ascii_case("application/json") => Ok(()),
        _ => Err(Refusal::media_type(given.as_deref())),
    }
}
