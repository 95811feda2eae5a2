//! Cursors: where a crawl stands, in a text that the server alone understands.
//!
//! As in a real one it is base64 of JSON that holds the filter, the last key, the first one, and `totalItems` as counted
//! for the first page, so that it outlives the server; what else is asked beside a cursor counts for nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::filter::Filter;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) filter: Filter,
    /// The uid of the entity before the page.
    pub(super) after: String,
    /// The uid of the first entity of the first page.
    pub(super) first: String,
    pub(super) total: u64,
}

/// Which way a cursor leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Next,
    Previous,
}

impl Cursor {
    pub(super) fn encode(&self, way: Way) -> String {
        let mut cursor = json!({
            "orderFields": [],
            "isPrevious": way == Way::Previous,
            "fullTextFilter": {"term": ""},
            "orderFieldValues": [self.after],
            "firstSortFieldValues": [self.first],
            "totalItems": self.total,
        });
        if let Some(query) = self.filter.to_query() {
            cursor["query"] = query;
        }
        STANDARD.encode(cursor.to_string())
    }

    pub(super) fn decode(text: &str) -> Result<(Self, Way), String> {
        let malformed = |why: &dyn std::fmt::Display| format!("Malformed cursor: {why}");
        let bytes = STANDARD.decode(text).map_err(|error| malformed(&error))?;
        let cursor: Value = serde_json::from_slice(&bytes).map_err(|error| malformed(&error))?;
        let key = |name: &str| cursor[name][0].as_str().map(str::to_owned);
        let way = match cursor["isPrevious"].as_bool() {
            Some(true) => Way::Previous,
            _ => Way::Next,
        };
        let read = || {
            Some(Self {
                filter: Filter::from_query(cursor.get("query"))?,
                after: key("orderFieldValues")?,
                first: key("firstSortFieldValues")?,
                total: cursor["totalItems"].as_u64()?,
            })
        };
        let cursor = read().ok_or_else(|| malformed(&"not one of this server's"))?;
        Ok((cursor, way))
    }
}
