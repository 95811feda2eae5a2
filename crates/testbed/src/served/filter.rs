//! The `filter` parameter: which entities a query finds.
//!
//! It owns the grammar of filters, what they match, and how they look inside a cursor. Pure.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Longer values are not searchable.
const MAX_VALUE: usize = 200;

/// Entities that match any of the sets; all entities where there is no set.
///
/// As in a real one: `a=b,c` is AND, the same key again within one `filter` is OR of its values, several `filter` are OR;
/// keys and values compare without case; a bare key asks that the field be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    sets: Vec<Vec<Statement>>,
}

/// What a filter asks of kinds.
pub(super) enum Kinds {
    /// Nothing: all entities are found.
    All,
    /// To be one of these, in lower case, and nothing else.
    Only(BTreeSet<String>),
    /// Other fields are asked for as well.
    AndMore,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Statement {
    key: String,
    /// `None` asks only that the field be there.
    values: Option<Vec<String>>,
}

impl Filter {
    /// From the values of all `filter` parameters.
    pub(super) fn parse<'a>(parameters: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let mut sets = Vec::new();
        for parameter in parameters {
            let mut set: Vec<Statement> = Vec::new();
            let statements = parameter.split(',').map(str::trim);
            for statement in statements.filter(|statement| !statement.is_empty()) {
                let (key, value) = match statement.split_once('=') {
                    Some((key, value)) => (key.trim(), Some(value.trim().to_owned())),
                    None => (statement, None),
                };
                if key.is_empty() {
                    return Err(format!(
                        "Invalid filter, '{statement}' is not a valid statement (expected a string on the form a=b or a= or a)"
                    ));
                }
                let same = set.iter().position(|earlier| earlier.key == key);
                let at = same.unwrap_or_else(|| {
                    set.push(Statement {
                        key: key.to_owned(),
                        values: None,
                    });
                    set.len() - 1
                });
                if let Some(value) = value {
                    set[at].values.get_or_insert_default().push(value);
                }
            }
            if !set.is_empty() {
                sets.push(set);
            }
        }
        Ok(Self { sets })
    }

    /// What the filter asks of kinds, which can be answered without looking at entities.
    pub(super) fn kinds(&self) -> Kinds {
        if self.sets.is_empty() {
            return Kinds::All;
        }
        let mut kinds = BTreeSet::new();
        for set in &self.sets {
            match set.as_slice() {
                [
                    Statement {
                        key,
                        values: Some(values),
                    },
                ] if key.eq_ignore_ascii_case("kind") => {
                    kinds.extend(values.iter().map(|value| value.to_lowercase()));
                }
                _ => return Kinds::AndMore,
            }
        }
        Kinds::Only(kinds)
    }

    /// Whether an entity with these [search rows](search_rows) is found.
    pub(super) fn finds(&self, rows: &[(String, Option<String>)]) -> bool {
        self.sets.is_empty()
            || self
                .sets
                .iter()
                .any(|set| set.iter().all(|one| one.finds(rows)))
    }

    /// As a cursor holds it.
    pub(super) fn to_query(&self) -> Option<Value> {
        let mut sets = self
            .sets
            .iter()
            .map(|set| one_or("$all", set.iter().map(Statement::to_query).collect()));
        match self.sets.len() {
            0 => None,
            1 => sets.next(),
            _ => Some(json!({"$any": sets.collect::<Vec<_>>()})),
        }
    }

    /// From what [`Filter::to_query`] made.
    pub(super) fn from_query(query: Option<&Value>) -> Option<Self> {
        let Some(query) = query else {
            return Some(Self::default());
        };
        let of = |query: &Value, name: &str| match query.get(name) {
            Some(Value::Array(parts)) => parts.clone(),
            _ => vec![query.clone()],
        };
        let sets = of(query, "$any")
            .iter()
            .map(|set| of(set, "$all").iter().map(Statement::from_query).collect())
            .collect::<Option<Vec<Vec<Statement>>>>()?;
        Some(Self { sets })
    }
}

fn one_or(name: &str, mut parts: Vec<Value>) -> Value {
    if parts.len() == 1 {
        parts.remove(0)
    } else {
        json!({ name: parts })
    }
}

impl Statement {
    fn finds(&self, rows: &[(String, Option<String>)]) -> bool {
        let key = self.key.to_lowercase();
        rows.iter()
            .filter(|(found, _)| *found == key)
            .any(|(_, found)| match (&self.values, found) {
                (None, _) => true,
                (Some(values), Some(found)) => {
                    values.iter().any(|value| value.to_lowercase() == *found)
                }
                (Some(_), None) => false,
            })
    }

    fn to_query(&self) -> Value {
        let value = match self.values.as_deref() {
            None => json!({"$exists": true}),
            Some([value]) => json!(value),
            Some(values) => json!({"$in": values}),
        };
        Value::Object(Map::from_iter([(self.key.clone(), value)]))
    }

    fn from_query(query: &Value) -> Option<Self> {
        let (key, value) = query.as_object()?.iter().next()?;
        let values = match value {
            Value::String(value) => Some(vec![value.clone()]),
            Value::Object(object) => match object.get("$in") {
                Some(values) => Some(serde_json::from_value(values.clone()).ok()?),
                None => None,
            },
            _ => return None,
        };
        Some(Self {
            key: key.clone(),
            values,
        })
    }
}

/// What filters look at: each field as a path in lower case with its value, as a real one keeps them in its table of
/// search rows. An item of a list is a value of the list's path, and also a path of its own (`metadata.tags.java`).
pub(super) fn search_rows(entity: &Value) -> Vec<(String, Option<String>)> {
    let mut rows = Vec::new();
    visit("", entity, &mut rows);
    let metadata = &entity["metadata"];
    for field in ["name", "namespace", "uid"] {
        let value = match (field, &metadata[field]) {
            ("namespace", Value::Null) => Some("default".to_owned()),
            (_, value) => text(value),
        };
        rows.push((format!("metadata.{field}"), value));
    }
    for relation in entity["relations"].as_array().into_iter().flatten() {
        let kind = relation["type"].as_str().unwrap_or_default();
        rows.push((
            format!("relations.{}", kind.to_lowercase()),
            text(&relation["targetRef"]),
        ));
    }
    rows
}

fn visit(path: &str, value: &Value, rows: &mut Vec<(String, Option<String>)>) {
    let apart = ["relations", "status", "attachments"];
    let of_metadata = [
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "metadata.etag",
    ];
    if apart.contains(&path) || of_metadata.contains(&path) {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let key = key.to_lowercase();
                let path = if path.is_empty() {
                    key
                } else {
                    format!("{path}.{key}")
                };
                visit(&path, value, rows);
            }
        }
        Value::Array(items) => {
            for item in items {
                visit(path, item, rows);
                if let Value::String(item) = item {
                    rows.push((
                        format!("{path}.{}", item.to_lowercase()),
                        Some("true".to_owned()),
                    ));
                }
            }
        }
        value => rows.push((path.to_owned(), text(value))),
    }
}

fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.to_lowercase(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return None,
    };
    (text.len() <= MAX_VALUE).then_some(text)
}
