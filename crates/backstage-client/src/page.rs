//! One page of entities: the text that came, and where in it each entity is.

use std::fmt;
use std::ops::Range;

use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::object::Object;
use crate::{Answer, Error};

/// Some entities of a catalog, as the JSON text that the server sent.
///
/// A page is whole: its transfer came to the end, and its JSON was read to the last byte.
#[derive(Clone)]
pub struct Page {
    body: String,
    /// `null` items included, as empty ranges.
    items: Vec<Range<usize>>,
    nulls: usize,
    total_items: Option<u64>,
    next: Option<String>,
}

impl Page {
    /// The entities, each as its JSON text, which is well-formed. It may be parsed borrowed from
    /// the page.
    ///
    /// Items that are `null` are left out: a Backstage before 1.34 has them for entities that it
    /// has not finished processing.
    pub fn entities(&self) -> impl Iterator<Item = &str> {
        self.items().flatten()
    }

    /// How many entities the page has.
    pub fn len(&self) -> usize {
        self.items.len() - self.nulls
    }

    /// Whether the page has no entity.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many items were `null`, where the server had no entity to show yet. Where this is not
    /// zero, the crawl does not show the whole catalog.
    pub fn null_items(&self) -> usize {
        self.nulls
    }

    /// How many entities the whole query finds, where the server says so: as of the first page,
    /// and not to be relied upon while the catalog changes.
    pub fn total_items(&self) -> Option<u64> {
        self.total_items
    }

    /// The cursor of the next page, where there is one; without meaning to anyone but the server.
    pub fn next_cursor(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// The size of the page as it came, in bytes after decompression.
    pub fn bytes(&self) -> usize {
        self.body.len()
    }

    /// All items, `None` for `null`.
    pub(crate) fn items(&self) -> impl ExactSizeIterator<Item = Option<&str>> {
        self.items
            .iter()
            .map(|range| (!range.is_empty()).then(|| &self.body[range.clone()]))
    }

    pub(crate) fn body(&self) -> &str {
        &self.body
    }

    /// Reads the answer of `GET /entities/by-query`, as the client does; for answers that were kept.
    /// `url` is what an error calls it.
    pub fn from_by_query(url: &str, body: String) -> Result<Self, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire<'a> {
            #[serde(borrow)]
            items: Vec<&'a RawValue>,
            total_items: Option<u64>,
            // Without it nothing says that this is the last page.
            page_info: Object<PageInfo>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct PageInfo {
            next_cursor: Option<String>,
        }
        let Object(wire) = parse::<Object<Wire<'_>>>(url, &body)?;
        let Object(page_info) = wire.page_info;
        let next = page_info.next_cursor.filter(|cursor| !cursor.is_empty());
        let (items, total_items) = (ranges(&body, &wire.items), wire.total_items);
        Ok(Self::new(body, items, total_items, next))
    }

    /// Reads the answer of `GET /entities`.
    pub(crate) fn from_array(url: &str, body: String) -> Result<Self, Error> {
        let wire: Vec<&RawValue> = parse(url, &body)?;
        let items = ranges(&body, &wire);
        Ok(Self::new(body, items, None, None))
    }

    /// Reads the answer of `POST /entities/by-refs`.
    pub(crate) fn from_by_refs(url: &str, body: String) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(borrow)]
            items: Vec<&'a RawValue>,
        }
        let Object(wire) = parse::<Object<Wire<'_>>>(url, &body)?;
        let items = ranges(&body, &wire.items);
        Ok(Self::new(body, items, None, None))
    }

    fn new(
        body: String,
        items: Vec<Range<usize>>,
        total_items: Option<u64>,
        next: Option<String>,
    ) -> Self {
        let nulls = items.iter().filter(|range| range.is_empty()).count();
        Self {
            body,
            items,
            nulls,
            total_items,
            next,
        }
    }
}

/// A page can be megabytes: its size says more than its content.
impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("bytes", &self.bytes())
            .field("entities", &self.len())
            .field("null_items", &self.nulls)
            .field("total_items", &self.total_items)
            .field("next_cursor", &self.next_cursor())
            .finish_non_exhaustive()
    }
}

/// Parses a whole text. JSON of another shape tells that this is another server; JSON that breaks
/// off or is none tells that something happened to it.
pub(crate) fn parse<'a, T: Deserialize<'a>>(url: &str, body: &'a str) -> Result<T, Error> {
    serde_json::from_str(body).map_err(|error| {
        let url = url.to_owned();
        if error.is_data() {
            let answer = Box::new(Answer::other_json(StatusCode::OK, &error));
            return Error::NotBackstage { url, answer };
        }
        Error::Json {
            url,
            received: body.len(),
            source: error,
        }
    })
}

/// Where in the body the items are that were borrowed from it.
fn ranges(body: &str, items: &[&RawValue]) -> Vec<Range<usize>> {
    items
        .iter()
        .map(|item| {
            let text = item.get();
            let start = text.as_ptr().addr() - body.as_ptr().addr();
            match text {
                "null" => start..start,
                _ => start..start + text.len(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_the_text_that_came() {
        let body = "{ \"items\" : [ {\"a\": \"é\\u00e9 ]}\" } ,null, {\"b\":[1, 2]}],\
                    \"totalItems\":7,\"pageInfo\":{\"nextCursor\":\"a+/=\",\"prevCursor\":\"p\"},\"more\":{}}\n";
        let page = Page::from_by_query("u", body.to_owned()).expect("a page");
        let entities: Vec<&str> = page.entities().collect();
        assert_eq!(entities, ["{\"a\": \"é\\u00e9 ]}\" }", "{\"b\":[1, 2]}"]);
        assert_eq!(
            (page.len(), page.null_items(), page.total_items()),
            (2, 1, Some(7))
        );
        assert_eq!(page.next_cursor(), Some("a+/="));
        assert_eq!(page.items().len(), 3);
        assert!(!format!("{page:?}").contains("é"));
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        for info in ["{}", r#"{"nextCursor":null}"#, r#"{"nextCursor":""}"#] {
            let body = format!(r#"{{"items":[],"totalItems":0,"pageInfo":{info}}}"#);
            let page = Page::from_by_query("u", body).expect("a page");
            assert_eq!(page.next_cursor(), None, "{info}");
            assert!(page.is_empty());
        }
    }

    #[test]
    fn other_shapes_are_not_backstage() {
        for (body, expected) in [
            ("[]", "JSON of another shape: invalid"),
            ("{}", "JSON of another shape: missing field `items`"),
            (
                r#"{"items":[]}"#,
                "JSON of another shape: missing field `pageInfo`",
            ),
            (
                r#"{"items":{},"pageInfo":{}}"#,
                "JSON of another shape: invalid type: map, expected a sequence",
            ),
            (
                r#"{"items":[],"pageInfo":{"nextCursor":7}}"#,
                "JSON of another shape: invalid type: integer `7`",
            ),
            ("\"ok\"", "JSON of another shape: invalid type: string"),
        ] {
            let error = Page::from_by_query("u", body.to_owned()).expect_err(body);
            assert!(
                matches!(error, Error::NotBackstage { .. }),
                "{body}: {error}"
            );
            assert!(error.to_string().contains(expected), "{body}: {error}");
        }
        let error = Page::from_array("u", "{\"items\":[]}".to_owned()).expect_err("an object");
        assert!(matches!(error, Error::NotBackstage { .. }), "{error}");
    }

    #[test]
    fn a_body_that_breaks_off_anywhere_is_no_page() {
        let body = r#"{"items":[{"a":"b","c":[1,null]},null],"totalItems":2,"pageInfo":{}}"#;
        Page::from_by_query("u", body.to_owned()).expect("the whole body");
        for end in 0..body.len() {
            let error = Page::from_by_query("u", body[..end].to_owned()).expect_err("cut off");
            assert!(matches!(error, Error::Json { .. }), "{end}: {error}");
            assert!(error.is_transient());
        }
        for tail in ["x", "{}", "]"] {
            let error = Page::from_by_query("u", format!("{body}{tail}")).expect_err("more");
            assert!(matches!(error, Error::Json { .. }), "{tail}: {error}");
        }
    }
}
