//! Asks for entities by reference: in requests of a size that every Backstage takes.

use serde::Serialize;

use crate::base_url::redacted;
use crate::{Client, Entity, EntityError, Error, Page, Reading};
use http::StatusCode;

/// The most references of one request, which is what Backstage's own client sends.
const MAX_REFS: usize = 1000;

/// The largest body of one request, in bytes: Backstage refuses more than 100 kB.
const MAX_BODY_BYTES: usize = 90 * 1024;

/// `{"entityRefs":[],"fields":[]}`
const FRAME_BYTES: usize = 29;

/// What the catalog has for some references, in the order in which they were asked for.
#[derive(Debug)]
pub struct ByRefs {
    pages: Vec<Page>,
}

impl ByRefs {
    /// For each reference the entity's JSON text, or `None` where the catalog has no such entity.
    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        self.pages.iter().flat_map(Page::items)
    }

    /// For each reference the entity, read as [`Entity::read`] does, or `None` where the catalog has
    /// no such entity. An answer narrowed to some fields must have `kind` and `metadata.name`.
    ///
    /// ```no_run
    /// # async fn ask(client: backstage_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let refs = ["group:default/payments", "user:default/alice"];
    /// let fields = ["kind", "metadata.name", "spec.profile"];
    /// for reading in client.by_refs_with_fields(&refs, &fields).await?.parse_entities().flatten() {
    ///     println!("{}", reading?.entity.display_name());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn parse_entities(&self) -> impl Iterator<Item = Option<Result<Reading, EntityError>>> {
        self.iter().map(|text| text.map(Entity::read))
    }

    /// How many references were asked for.
    pub fn len(&self) -> usize {
        self.pages.iter().map(|page| page.items().len()).sum()
    }

    /// How many requests it took.
    pub fn requests(&self) -> usize {
        self.pages.len()
    }

    /// The size of the answers as they came, in bytes after decompression.
    pub fn bytes(&self) -> usize {
        self.pages.iter().map(Page::bytes).sum()
    }

    /// Whether none was asked for.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Asks for whole entities where `fields` is empty, else for these fields of them.
pub(crate) async fn by_refs<R: AsRef<str>>(
    client: &Client,
    refs: &[R],
    fields: &[&str],
) -> Result<ByRefs, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire<'a> {
        entity_refs: &'a [String],
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        fields: &'a [&'a str],
    }
    // The server compares references as they are, and knows them in lower case only.
    let refs: Vec<String> = refs
        .iter()
        .map(|entity| entity.as_ref().to_lowercase())
        .collect();
    let mut pages = Vec::new();
    let frame = FRAME_BYTES + fields.iter().map(|field| json_bytes(field)).sum::<usize>();
    for chunk in chunks(&refs, frame) {
        let url = client.endpoint("entities/by-refs");
        let shown = redacted(&url);
        let entity_refs = chunk;
        let body = serde_json::to_vec(&Wire {
            entity_refs,
            fields,
        });
        let body = body.unwrap_or_default();
        let answer = client
            .transport()
            .post(url, body)
            .await
            .map_err(|error| match error {
                Error::NoRoute { url, answer } => Error::NoByRefs { url, answer },
                Error::NotBackstage { url, answer } if answer.status == StatusCode::NOT_FOUND => {
                    Error::NoByRefs { url, answer }
                }
                other => other,
            })?;
        let page = Page::from_by_refs(&shown, answer)?;
        let (asked, found) = (chunk.len(), page.items().len());
        if asked != found {
            return Err(Error::WrongCount {
                url: shown,
                asked,
                found,
            });
        }
        pages.push(page);
    }
    Ok(ByRefs { pages })
}

/// Cuts the references into runs that fit one request each, beside `frame` bytes; one that alone
/// does not fit is sent alone.
fn chunks(mut refs: &[String], frame: usize) -> impl Iterator<Item = &[String]> {
    std::iter::from_fn(move || {
        let mut bytes = frame;
        let fit = refs.iter().take(MAX_REFS).take_while(|entity| {
            bytes += json_bytes(entity);
            bytes <= MAX_BODY_BYTES
        });
        let count = fit.count().max(1);
        let (chunk, rest) = refs.split_at_checked(count)?;
        refs = rest;
        Some(chunk)
    })
}

/// What a reference takes within the request: quotes, a comma, and escapes at their longest.
fn json_bytes(entity: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' => 2,
        0..0x20 => 6,
        _ => 1,
    };
    3 + entity.bytes().map(escaped).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(refs: &[String]) -> Vec<usize> {
        let frame = FRAME_BYTES;
        let bytes = |chunk: &[String]| serde_json::to_vec(chunk).expect("JSON").len() + frame - 2;
        assert!(
            chunks(refs, frame).all(|chunk| chunk.len() == 1 || bytes(chunk) <= MAX_BODY_BYTES)
        );
        assert_eq!(chunks(refs, frame).flatten().count(), refs.len());
        chunks(refs, frame).map(<[String]>::len).collect()
    }

    #[test]
    fn each_request_fits() {
        let short = |n| vec!["component:default/a".to_owned(); n];
        assert_eq!(sizes(&short(0)), [0_usize; 0]);
        assert_eq!(sizes(&short(1)), [1]);
        assert_eq!(sizes(&short(1000)), [1000]);
        assert_eq!(sizes(&short(2001)), [1000, 1000, 1]);
        // 90 KiB less the frame, in items of 197 + 3 bytes
        assert_eq!(sizes(&vec!["x".repeat(197); 1000]), [460, 460, 80]);
        assert_eq!(sizes(&vec!["\"".repeat(197); 300]), [232, 68]);
        let huge = ["x".repeat(100_000), "y".to_owned(), "x".repeat(100_000)];
        assert_eq!(sizes(&huge), [1, 1, 1]);
    }
}
