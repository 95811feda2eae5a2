//! What holds for any entity, however it is broken.

use backstage_client::Entity;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Any JSON value of some depth; no fractions, whose last digit JSON need not keep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(json!("group:default/payments")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let key = prop_oneof![
            ".{0,4}",
            Just("type".to_owned()),
            Just("targetRef".to_owned()),
            Just("name".to_owned()),
            Just("items".to_owned()),
            Just("error".to_owned()),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn kind() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "Component",
        "API",
        "Group",
        "User",
        "Resource",
        "System",
        "Domain",
        "Location",
        "Template",
        "component",
        "Robot",
    ])
    .prop_map(str::to_owned)
}

/// An entity that has everything that any kind has, all of the right type.
fn full(kind: &str) -> Value {
    json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": kind,
        "metadata": {
            "name": "a", "namespace": "default", "uid": "1", "etag": "2", "title": "A",
            "description": "b", "labels": {"x": "1"}, "annotations": {"y.z/w": "2"}, "tags": ["t"],
            "links": [{"url": "u", "title": "t", "icon": "i", "type": "y"}]
        },
        "spec": {
            "type": "service", "lifecycle": "production", "owner": "payments", "system": "s",
            "subcomponentOf": "c", "subdomainOf": "d", "domain": "d", "parent": "p",
            "providesApis": ["a"], "consumesApis": ["a"], "dependsOn": ["component:a"],
            "dependencyOf": ["component:a"], "children": ["g"], "members": ["u"], "memberOf": ["g"],
            "definition": "x", "profile": {"displayName": "A", "email": "e", "picture": "p"},
            "target": "t", "targets": ["t"], "presence": "optional", "parameters": {}, "output": {},
            "steps": [{"id": "i", "name": "n", "action": "a", "input": {}, "if": true, "each": []}]
        },
        "relations": [
            {"type": "ownedBy", "targetRef": "group:default/payments", "target": {"kind": "group", "namespace": "default", "name": "payments"}}
        ],
        "status": {"items": [{"type": "t", "level": "error", "message": "m", "error": {"name": "E", "message": "m", "code": "c", "stack": "s"}}]}
    })
}

/// The pointers to every value within, the innermost included.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut inner = |key: &str, value: &Value| {
        let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        pointers(value, &at, found);
        found.push(at);
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| inner(key, value)),
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                inner(&index.to_string(), value);
            }
        }
        _ => {}
    }
}

fn with_envelope(mut other: Map<String, Value>, kind: String, name: String) -> Value {
    other.insert("kind".to_owned(), kind.into());
    let metadata = other.entry("metadata").or_insert_with(|| json!({}));
    if !metadata.is_object() {
        *metadata = json!({});
    }
    metadata["name"] = name.into();
    Value::Object(other)
}

#[test]
fn the_full_entity_has_no_problem() {
    for kind in [
        "Component",
        "API",
        "Group",
        "User",
        "Resource",
        "System",
        "Domain",
        "Location",
        "Template",
        "Robot",
    ] {
        let value = full(kind);
        let entity = Entity::parse(&value.to_string()).expect(kind);
        assert_eq!(json!(entity), value);
    }
}

proptest! {
    /// One field of anything costs at most itself.
    #[test]
    fn one_wrong_field_costs_no_entity(
        kind in kind(),
        at in any::<prop::sample::Index>(),
        wrong in any_json(),
    ) {
        let mut value = full(&kind);
        let mut places = Vec::new();
        pointers(&value, "", &mut places);
        places.retain(|place| !matches!(place.as_str(), "/kind" | "/metadata" | "/metadata/name"));
        let place = at.get(&places);
        *value.pointer_mut(place).expect("it was found there") = wrong.clone();
        let reading = Entity::read(&value.to_string()).expect("the envelope is good");
        prop_assert_eq!(json!(&reading.entity), value, "nothing is lost at {}", place);
        let namespace = match (place.as_str(), wrong.as_str()) {
            ("/metadata/namespace", Some(text)) if !text.is_empty() => text,
            _ => "default",
        };
        let expected = format!("{kind}:{namespace}/a").to_lowercase();
        let entity_ref = reading.entity.entity_ref();
        prop_assert_eq!(entity_ref.as_str(), expected);
        // All problems lie at that place or within it.
        let dotted = place.replace("~1", "\u{1}");
        let first = dotted.split('/').nth(1).unwrap_or_default();
        for problem in &reading.problems {
            prop_assert!(problem.path.starts_with(first), "{} at {}", problem, place);
        }
        if !place.starts_with("/relations") {
            prop_assert_eq!(reading.entity.owners().len(), 1);
        }
        reading.entity.display_name();
    }

    /// The same for a field within the envelope: an entity or an error, and never a panic.
    #[test]
    fn a_wrong_envelope_is_told(kind in kind(), wrong in any_json(), place in prop::sample::select(vec!["/kind", "/metadata", "/metadata/name"])) {
        let mut value = full(&kind);
        *value.pointer_mut(place).expect("it is there") = wrong;
        match Entity::read(&value.to_string()) {
            Ok(reading) => prop_assert_eq!(json!(reading.entity), value),
            Err(error) => prop_assert!(error.path().is_some()),
        }
    }

    /// Whatever an entity has beside its envelope, it is written as it was read.
    #[test]
    fn what_is_read_is_written(
        kind in kind(),
        name in ".{1,8}",
        keys in prop::collection::vec(
            (prop::sample::select(vec!["apiVersion", "metadata", "spec", "relations", "status", "x"]), any_json()),
            0..6,
        ),
    ) {
        let other = keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let value = with_envelope(other, kind, name);
        let reading = Entity::read(&value.to_string()).expect("the envelope is good");
        prop_assert_eq!(json!(&reading.entity), value);
        let again = Entity::read(&json!(reading.entity).to_string()).expect("still an entity");
        prop_assert_eq!(again, reading);
    }

    /// Any text is an entity or an error.
    #[test]
    fn any_text_is_an_entity_or_an_error(text in "\\PC{0,60}") {
        drop(Entity::read(&text));
        drop(text.parse::<backstage_client::EntityRef>());
    }

    /// A reference that is read is written as one that is read as itself.
    #[test]
    fn references_are_stable(text in "[a-zA-ZåİΣ:/. -]{0,12}") {
        if let Ok(read) = text.parse::<backstage_client::EntityRef>() {
            let again: backstage_client::EntityRef = read.as_str().parse().expect("canonical");
            prop_assert_eq!(&again, &read);
            prop_assert_eq!(again.as_str(), read.as_str());
        }
    }
}
