//! Asks for one entity by its reference: `GET /entities/by-name/{kind}/{namespace}/{name}`.

use http::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::base_url::redacted;
use crate::{Client, Entity, EntityRef, Error, Reading};

/// All that means something in a URL, or may mean something to a proxy.
const SEGMENT: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// How Backstage names the error of an entity that it does not have.
const NOT_FOUND: &str = "NotFoundError";

pub(crate) async fn entity_by_ref(
    client: &Client,
    entity_ref: &EntityRef,
) -> Result<Option<Reading>, Error> {
    let (kind, namespace, name) = (entity_ref.kind(), entity_ref.namespace(), entity_ref.name());
    let parts = [kind, namespace, name];
    if parts.iter().any(|part| matches!(*part, "." | "..")) {
        // However it is encoded, such a part leads elsewhere in a URL.
        let found = client.by_refs(&[entity_ref]).await?;
        let shown = redacted(&client.endpoint("entities/by-refs"));
        let text = found.iter().flatten().next();
        return text.map(|text| read(&shown, text)).transpose();
    }
    let parts = parts.map(|part| utf8_percent_encode(part, &SEGMENT).to_string());
    let url = client.endpoint(&format!("entities/by-name/{}", parts.join("/")));
    let shown = redacted(&url);
    match client.transport().get(url).await {
        Ok(text) => read(&shown, &text).map(Some),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether it is the catalog that says so, rather than a proxy or a server without a catalog.
fn is_absence(error: &Error) -> bool {
    error.answer().is_some_and(|answer| {
        let document = answer.document.as_ref();
        answer.status == StatusCode::NOT_FOUND
            && document.is_some_and(|document| document.name == NOT_FOUND)
    })
}

fn read(url: &str, text: &str) -> Result<Reading, Error> {
    let value: serde_json::Value = crate::page::parse(url, text)?;
    Entity::read_value(value).map_err(|error| {
        let fault = serde::de::Error::custom(error);
        Error::NotBackstage {
            url: url.to_owned(),
            answer: Box::new(crate::Answer::other_json(StatusCode::OK, &fault)),
        }
    })
}
