//! References, as Backstage's own code reads, compares and judges them.

use std::collections::{BTreeMap, HashSet};

use backstage_client::{Entity, EntityRef, EntityRefError, RefContext};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vectors {
    parse: Vec<Vector>,
    valid: Vec<Name>,
    annotation_keys: Vec<AnnotationKey>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    #[serde(rename = "ref")]
    reference: String,
    default_kind: Option<String>,
    default_namespace: Option<String>,
    parsed: Answer<Parts>,
    string: Answer<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Answer<T> {
    Refused { error: String },
    Read(T),
}

#[derive(Debug, PartialEq, Deserialize)]
struct Parts {
    kind: String,
    namespace: String,
    name: String,
}

#[derive(Deserialize)]
struct Name {
    value: String,
    name: bool,
}

#[derive(Deserialize)]
struct AnnotationKey {
    value: String,
    valid: bool,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("data/ref-vectors.json")).expect("the vectors are JSON")
}

#[test]
fn s12_references_are_read_and_written_as_backstage_does() {
    let vectors = vectors();
    assert_eq!(vectors.parse.len(), 78);
    for vector in &vectors.parse {
        let context = RefContext {
            kind: vector.default_kind.as_deref(),
            namespace: vector.default_namespace.as_deref(),
        };
        let ours = EntityRef::parse(&vector.reference, context);
        let place = format!("{:?} with {context:?}", vector.reference);
        match (&vector.parsed, &vector.string, ours) {
            (Answer::Read(parsed), Answer::Read(string), Ok(ours)) => {
                let parts = Parts {
                    kind: ours.kind().to_owned(),
                    namespace: ours.namespace().to_owned(),
                    name: ours.name().to_owned(),
                };
                assert_eq!(parts, *parsed, "{place}");
                assert_eq!(ours.to_string(), *string, "{place}");
            }
            (Answer::Refused { .. }, Answer::Refused { .. }, Err(_)) => {}
            (theirs, _, ours) => panic!("{place}: theirs {theirs:?}, ours {ours:?}"),
        }
    }
    let refused = vectors
        .parse
        .iter()
        .filter_map(|vector| match &vector.string {
            Answer::Refused { error } => Some(error),
            Answer::Read(_) => None,
        });
    assert!(refused.count() > 10, "the vectors have errors, too");
}

#[test]
fn s12_what_backstage_accepts_is_accepted_and_so_is_the_rest() {
    let vectors = vectors();
    assert_eq!(vectors.valid.len() + vectors.annotation_keys.len(), 30);
    for name in &vectors.valid {
        let read =
            Entity::parse(&json!({"kind": "K", "metadata": {"name": name.value}}).to_string());
        // Organisations replace the validators: an odd name is a name, an empty one is none.
        assert_eq!(read.is_ok(), !name.value.is_empty(), "{}", name.value);
        if name.name {
            let context = RefContext {
                kind: Some("k"),
                namespace: None,
            };
            let parsed = EntityRef::parse(&name.value, context).expect("a valid name is read");
            assert_eq!(parsed, read.expect("an entity").entity_ref());
        }
    }
    for key in &vectors.annotation_keys {
        let annotations = json!({key.value.as_str(): "x"});
        let entity = json!({"kind": "K", "metadata": {"name": "n", "annotations": annotations}});
        let entity = Entity::parse(&entity.to_string()).expect("an entity");
        assert_eq!(
            entity.metadata.annotations.get(&key.value),
            Some(&"x".to_owned())
        );
    }
    assert!(vectors.annotation_keys.iter().any(|key| !key.valid));
}

#[test]
fn case_means_nothing_to_equality_order_and_hashes() {
    let parse = |text: &str| text.parse::<EntityRef>().expect(text);
    let one = parse("Group:EMEA/Åsa");
    let same = parse("group:emea/åsa");
    assert_eq!(one, same);
    assert_eq!(
        (one.kind(), one.namespace(), one.name()),
        ("Group", "EMEA", "Åsa")
    );
    assert!(one.is_kind("gROUP") && !one.is_kind("user"));
    let set: HashSet<EntityRef> = [one.clone(), same.clone()].into();
    assert_eq!(set.len(), 1);
    assert!(
        set.contains("group:emea/åsa"),
        "found by its canonical form"
    );
    let sorted: BTreeMap<EntityRef, u8> = [(parse("user:b/A"), 1), (parse("User:a/B"), 2)].into();
    let keys: Vec<String> = sorted.keys().map(ToString::to_string).collect();
    assert_eq!(keys, ["user:a/b", "user:b/a"]);
    assert_eq!(format!("{same:>20}|"), "      group:emea/åsa|");
}

#[test]
fn serialised_as_canonical_text_and_read_from_text_or_parts() {
    let read = |value| serde_json::from_value::<EntityRef>(value);
    let expected: EntityRef = "component:default/checkout".parse().expect("a reference");
    for value in [
        json!("Component:checkout"),
        json!({"kind": "component", "name": "Checkout"}),
        json!({"kind": "component", "namespace": "default", "name": "checkout"}),
    ] {
        let found = read(value.clone()).expect("a reference");
        assert_eq!(found, expected, "{value}");
        assert_eq!(json!(found), json!("component:default/checkout"));
    }
    for (value, message) in [
        (json!("checkout"), "names no kind"),
        (json!({"kind": "", "name": "x"}), "has an empty kind"),
        (json!({"name": "x"}), "expected"),
        (json!(7), "expected"),
    ] {
        let error = read(value.clone()).expect_err("no reference").to_string();
        assert!(
            error.contains(message) || error.contains("an entity reference"),
            "{value}: {error}"
        );
    }
}

#[test]
fn errors_say_which_part_is_missing() {
    for (text, kind, message) in [
        (
            "payments",
            None,
            "the entity reference `payments` names no kind, expected `kind:[namespace/]name`",
        ),
        (
            "",
            None,
            "the entity reference `` has an empty name, expected `[kind:][namespace/]name`",
        ),
        (
            "",
            Some("group"),
            "the entity reference `` has an empty name, expected `[kind:][namespace/]name`",
        ),
        (
            ":a",
            None,
            "the entity reference `:a` has an empty kind, expected `[kind:][namespace/]name`",
        ),
        (
            "group:/a",
            None,
            "the entity reference `group:/a` has an empty namespace, expected `[kind:][namespace/]name`",
        ),
        (
            "a",
            Some(""),
            "the entity reference `a` has an empty kind, expected `[kind:][namespace/]name`",
        ),
    ] {
        let context = RefContext {
            kind,
            namespace: Some(""),
        };
        let error = EntityRef::parse(text, context).expect_err(text);
        assert_eq!(error.to_string(), message);
    }
    assert!(matches!(
        EntityRef::new("group", "", "a"),
        Err(EntityRefError::EmptyPart {
            part: "namespace",
            ..
        })
    ));
}
