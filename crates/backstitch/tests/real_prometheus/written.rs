//! What the project gives to others in writing: the guide and the dashboard.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::common::project;

/// A file of the project.
pub(crate) fn project_text(path: &str) -> String {
    let path = project().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn guide() -> String {
    project_text("docs/guides/prometheus.md")
}

/// The fenced blocks of that language.
pub(crate) fn blocks(document: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let parts = document.split(&fence).skip(1);
    let blocks = parts.filter_map(|part| part.split("```").next());
    blocks.map(str::to_owned).collect()
}

/// The queries of the dashboard, those of its variables included.
pub(crate) fn dashboard() -> Vec<String> {
    fn collect(value: &Value, queries: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                if let Some(query) = map.get("expr").and_then(Value::as_str) {
                    queries.push(query.to_owned());
                }
                map.values().for_each(|value| collect(value, queries));
            }
            Value::Array(items) => items.iter().for_each(|value| collect(value, queries)),
            _ => {}
        }
    }
    let text = project_text("deploy/grafana/backstitch.json");
    let mut queries = Vec::new();
    collect(&serde_json::from_str(&text).expect("JSON"), &mut queries);
    assert!(!queries.is_empty(), "the dashboard asks for something");
    queries
}

/// The names of our metrics and records that a query asks for.
pub(crate) fn metrics(query: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    query
        .split(|c: char| !is_part(c))
        .filter(|word| word.starts_with("backstitch_") || word.contains(":backstitch_"))
        .map(str::to_owned)
        .collect()
}
