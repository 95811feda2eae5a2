//! The JSON schemas of what the tools answer, built on those of the HTTP API's document: what a tool hands on is described once.

use std::collections::BTreeSet;

use rmcp::model::JsonObject;
use serde_json::{Map, Value, json};

/// Where the document of the API keeps its schemas.
const IN_DOCUMENT: &str = "#/components/schemas/";
/// Where a schema that stands alone does.
const ALONE: &str = "#/$defs/";

/// The schemas of the API, by name.
pub(super) struct Schemas(Map<String, Value>);

impl Schemas {
    /// Those of this version.
    pub(super) fn new() -> Self {
        let document = serde_json::to_value(server::openapi_document()).unwrap_or_default();
        match document.pointer("/components/schemas") {
            Some(Value::Object(schemas)) => Self(schemas.clone()),
            _ => Self(Map::new()),
        }
    }

    /// Who owns something.
    pub(super) fn owned(&self) -> JsonObject {
        let owner = json!({
            "type": "object",
            "properties": {
                "service": {"type": "string"},
                "component": {"type": "string"},
                "instance": {"type": "string"},
                "owner": of("OwnerContact"),
                "since": {"type": "string"},
                "cause": of("Cause"),
            },
        });
        self.alone(
            &["owned", "owners", "path", "candidates"],
            json!({
                "owned": {"type": "boolean"},
                "confidence": of("Confidence"),
                "at": {"type": "string"},
                "service": {"type": "string"},
                "workload": of("WorkloadRow"),
                "owners": {"type": "array", "items": owner},
                "path": texts(),
                "candidates": texts(),
                "cut": cut(),
            }),
        )
    }

    /// Why something is as it is.
    pub(super) fn explained(&self) -> JsonObject {
        let properties = json!({"explanation": of("Explanation"), "cut": cut()});
        self.alone(&["explanation"], properties)
    }

    /// The Services of a team.
    pub(super) fn team(&self) -> JsonObject {
        self.alone(
            &["owners", "owners_total", "total", "services"],
            json!({
                "owners": texts(),
                "owners_total": {"type": "integer"},
                "total": {"type": "integer"},
                "services": services(),
                "next": {"type": "string"},
            }),
        )
    }

    /// The Services of nobody.
    pub(super) fn unowned(&self) -> JsonObject {
        let properties = json!({"services": services(), "next": {"type": "string"}});
        self.alone(&["services"], properties)
    }

    /// What changed.
    pub(super) fn changes(&self) -> JsonObject {
        let change = json!({
            "type": "object",
            "required": ["what", "time", "change", "cause"],
            "properties": {
                "what": {"type": "string"},
                "time": {"type": "string"},
                "change": of("Change"),
                "cause": of("Cause"),
            },
        });
        self.alone(
            &["since", "until", "changes"],
            json!({
                "since": {"type": "string"},
                "until": {"type": "string"},
                "note": {"type": "string"},
                "changes": {"type": "array", "items": change},
                "next": {"type": "string"},
            }),
        )
    }

    /// An object with these properties, and all the schemas that they refer to.
    fn alone(&self, required: &[&str], properties: Value) -> JsonObject {
        let mut definitions = Map::new();
        let mut wanted = BTreeSet::new();
        let properties = resettled(properties, &mut wanted);
        while let Some(name) = wanted.pop_first() {
            if definitions.contains_key(&name) {
                continue;
            }
            let schema = self.0.get(&name).cloned().unwrap_or_else(|| json!({}));
            let schema = resettled(schema, &mut wanted);
            definitions.insert(name, schema);
        }
        let mut schema = JsonObject::new();
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("required".to_owned(), json!(required));
        schema.insert("properties".to_owned(), properties);
        if !definitions.is_empty() {
            schema.insert("$defs".to_owned(), Value::Object(definitions));
        }
        schema
    }
}

fn of(name: &str) -> Value {
    json!({"$ref": format!("{IN_DOCUMENT}{name}")})
}

fn texts() -> Value {
    json!({"type": "array", "items": {"type": "string"}})
}

fn services() -> Value {
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "required": ["id", "state"],
            "properties": {
                "id": {"type": "string"},
                "state": of("ServiceState"),
                "component": {"type": "string"},
                "owner": {"type": "string"},
            },
        },
    })
}

/// What was cut: a JSON pointer, how much is left, and of how much.
fn cut() -> Value {
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "required": ["at", "shown", "of"],
            "properties": {
                "at": {"type": "string"},
                "shown": {"type": "integer"},
                "of": {"type": "integer"},
            },
        },
    })
}

/// The schema with references to `$defs`, whose names are gathered, and without descriptions: clients may hand all of it to a
/// model, and the API's document has them.
fn resettled(schema: Value, names: &mut BTreeSet<String>) -> Value {
    match schema {
        Value::Object(entries) => {
            let kept = entries
                .into_iter()
                .filter(|(key, value)| !(key == "description" && value.is_string()));
            let entries = kept.map(|(key, value)| match value {
                Value::String(text) if key == "$ref" => {
                    let name = text.strip_prefix(IN_DOCUMENT).unwrap_or(&text).to_owned();
                    let reference = format!("{ALONE}{name}");
                    names.insert(name);
                    (key, Value::String(reference))
                }
                value => (key, resettled(value, names)),
            });
            Value::Object(entries.collect())
        }
        Value::Array(items) => items
            .into_iter()
            .map(|item| resettled(item, names))
            .collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_of_a_schema_is_answered_in_it() {
        let schemas = Schemas::new();
        for schema in [
            schemas.owned(),
            schemas.explained(),
            schemas.team(),
            schemas.unowned(),
            schemas.changes(),
        ] {
            let text = Value::Object(schema.clone()).to_string();
            assert!(!text.contains(IN_DOCUMENT) && !text.contains("\"description\":\""));
            let mut parts = text.split(ALONE);
            parts.next();
            for part in parts {
                let (name, _) = part.split_once('"').expect("the end of a text");
                let known = schema["$defs"][name].as_object();
                assert!(known.is_some_and(|it| !it.is_empty()), "{name}");
            }
        }
    }
}
