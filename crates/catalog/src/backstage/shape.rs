//! Whether an entity has the shape that Backstage's own schemas give every Component, Group and User. Pure.
//!
//! A field of another type says nothing by S3, as if it were absent: rightly so where people write files. Backstage checks
//! what it takes, so that from a live one such a field means that something between has changed the answer. Of an entity
//! that is known it must not take the owner away.

use topology::fact::FieldFault;
use topology::value::Value;

/// The first field that decides over names and owners and cannot be as Backstage gave it.
pub(super) fn misshapen(entity: &Value<'_>) -> Option<FieldFault> {
    let annotations = entity.get("metadata")?.get("annotations");
    match annotations {
        None | Some(Value::Null) => {}
        Some(Value::Map(annotations)) => {
            let odd = annotations
                .iter()
                .find(|(_, value)| matches!(value, Value::Array(_) | Value::Map(_)));
            if let Some((key, value)) = odd {
                return Some(fault(&format!("annotations.{key}"), value, "a text"));
            }
        }
        Some(other) => return Some(fault("metadata.annotations", other, "a map")),
    }
    match entity.get("spec") {
        Some(spec @ Value::Map(_)) => match spec.get("owner") {
            None | Some(Value::Null | Value::String(_)) => None,
            Some(other) => Some(fault("spec.owner", other, "a text")),
        },
        other => Some(fault("spec", other.unwrap_or(&Value::Null), "a map")),
    }
}

/// Whether the namespace, which is part of an entity's name, cannot be as Backstage gave it.
pub(super) fn misnamed(entity: &Value<'_>) -> Option<FieldFault> {
    match entity.get("metadata")?.get("namespace") {
        None | Some(Value::Null | Value::String(_)) => None,
        Some(other) => Some(fault("metadata.namespace", other, "a text")),
    }
}

fn fault(field: &str, found: &Value<'_>, expected: &str) -> FieldFault {
    FieldFault {
        field: field.into(),
        found: found.describe().into(),
        expected: expected.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::from_json;

    #[test]
    fn what_backstage_gives_is_told_from_what_it_cannot() {
        let entity = |metadata: &str, rest: &str| {
            format!(r#"{{"kind":"Component","metadata":{{"name":"a"{metadata}}}{rest}}}"#)
        };
        let spec = r#","spec":{"owner":"team"}"#;
        for (metadata, rest, expected) in [
            ("", spec, None),
            ("", r#","spec":{}"#, None),
            ("", r#","spec":{"owner":null}"#, None),
            (r#","annotations":null"#, spec, None),
            (r#","annotations":{"a":"b","c":7}"#, spec, None),
            (r#","namespace":null"#, spec, None),
            ("", "", Some("spec")),
            ("", r#","spec":null"#, Some("spec")),
            ("", r#","spec":[]"#, Some("spec")),
            ("", r#","spec":{"owner":["team"]}"#, Some("spec.owner")),
            ("", r#","spec":{"owner":7}"#, Some("spec.owner")),
            (r#","annotations":3"#, spec, Some("metadata.annotations")),
            (
                r#","annotations":{"a/b":{}}"#,
                spec,
                Some("annotations.a/b"),
            ),
            (r#","namespace":7"#, spec, Some("metadata.namespace")),
        ] {
            let text = entity(metadata, rest);
            let document = from_json(&text).expect("a document");
            let found = misnamed(&document).or_else(|| misshapen(&document));
            let found = found.as_ref().map(|fault| &*fault.field);
            assert_eq!(found, expected, "{text}");
        }
    }
}
