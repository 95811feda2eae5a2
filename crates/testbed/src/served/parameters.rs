//! What a request asks for, from its query.
//!
//! It owns which parameters there are and how a wrong one is refused. Newer Backstages refuse a parameter that they do
//! not know, and an empty value; the one before by-query ignores the former.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Age;
use super::answer::Failure;
use super::filter::Filter;

/// Known to a real one, and not to this.
const NOT_OFFERED: [&str; 5] = [
    "orderField",
    "order",
    "fullTextFilterTerm",
    "fullTextFilterFields",
    "totalItems",
];

/// The parameters of one request.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    filters: Vec<String>,
    pub(super) fields: Vec<String>,
    pub(super) limit: Option<usize>,
    pub(super) offset: Option<usize>,
    pub(super) cursor: Option<String>,
    pub(super) after: Option<String>,
}

impl Parameters {
    pub(super) fn parse(query: &str, known: &[&str], age: Age) -> Result<Self, Failure> {
        let mut parameters = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if NOT_OFFERED.contains(&&*name) {
                let message = format!("`{name}` is not offered by this catalog of tests");
                return Err(Failure::new("NotImplementedError", message));
            }
            if !known.contains(&&*name) {
                if age == Age::BeforeByQuery {
                    continue;
                }
                let message = format!("Unknown query parameter '{name}'");
                return Err(Failure::input(message));
            }
            if value.is_empty() {
                let message = format!("Empty value found for query parameter '{name}'");
                return Err(Failure::input(message));
            }
            parameters.add(&name, value)?;
        }
        Ok(parameters)
    }

    fn add(&mut self, name: &str, value: Cow<'_, str>) -> Result<(), Failure> {
        match name {
            "filter" => self.filters.push(value.into_owned()),
            "fields" => self
                .fields
                .extend(value.split(',').map(|field| field.trim().to_owned())),
            "limit" => self.limit = Some(number(name, &value, self.limit)?),
            "offset" => self.offset = Some(number(name, &value, self.offset)?),
            "cursor" => self.cursor = Some(value.into_owned()),
            _ => self.after = Some(value.into_owned()),
        }
        Ok(())
    }

    pub(super) fn filter(&self) -> Result<Filter, Failure> {
        Filter::parse(self.filters.iter().map(String::as_str)).map_err(Failure::input)
    }

    /// `limit` and `offset` of the older paging, where `after` is nothing but the two of them; `None` where the request
    /// has neither and so wants everything.
    pub(super) fn page(&self) -> Result<Option<(Option<usize>, usize)>, Failure> {
        if self.limit == Some(0) {
            let message = "Invalid limit, must be greater than zero";
            return Err(Failure::input(message));
        }
        let Some(after) = &self.after else {
            let given = self.limit.is_some() || self.offset.is_some();
            return Ok(given.then(|| (self.limit, self.offset.unwrap_or_default())));
        };
        let bytes = STANDARD.decode(after).ok();
        let after: Option<Value> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let after =
            after.ok_or_else(|| Failure::input("Malformed after cursor, could not be parsed"))?;
        let number = |name: &str| after[name].as_u64().and_then(|n| usize::try_from(n).ok());
        Ok(Some((
            number("limit").or(self.limit),
            number("offset").or(self.offset).unwrap_or_default(),
        )))
    }
}

/// The `Link` to the page after this one. Its path is relative to the catalog's base, not to the origin.
pub(super) fn link(query: &str, limit: usize, offset: usize) -> String {
    let after = STANDARD.encode(json!({"limit": limit, "offset": offset}).to_string());
    let mut next = form_urlencoded::Serializer::new(String::new());
    next.extend_pairs(
        form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| !matches!(&**name, "offset" | "after")),
    );
    next.append_pair("after", &after);
    format!("</entities?{}>; rel=\"next\"", next.finish())
}

/// Given once and whole, or the words of the validator.
fn number(name: &str, value: &str, before: Option<usize>) -> Result<usize, Failure> {
    let number = value.parse::<i64>().ok().filter(|_| before.is_none());
    let number =
        number.ok_or_else(|| Failure::input(format!("request/query/{name} must be integer")))?;
    usize::try_from(number)
        .map_err(|_| Failure::input(format!("request/query/{name} must be >= 0")))
}

/// The entity with these fields alone. A field is a path whose steps may themselves have dots, as annotations do.
pub(super) fn projected(entity: &Value, fields: &[String]) -> Value {
    let mut kept = json!({});
    for field in fields {
        copy(entity, field, &mut kept);
    }
    kept
}

fn copy(from: &Value, path: &str, to: &mut Value) {
    let Value::Object(fields) = from else { return };
    if let Some(value) = fields.get(path) {
        to[path] = value.clone();
        return;
    }
    for (key, value) in fields {
        let rest = path.strip_prefix(key.as_str());
        if let Some(rest) = rest.and_then(|rest| rest.strip_prefix('.')) {
            let mut inner = to.get(key).cloned().unwrap_or_else(|| json!({}));
            copy(value, rest, &mut inner);
            if inner != json!({}) {
                to[key.as_str()] = inner;
            }
        }
    }
}
