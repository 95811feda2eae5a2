//! Our reading of entity references against what Backstage's own code makes of them (S12).

use serde::Deserialize;
use topology::entity_ref::{DEFAULT_NAMESPACE, EntityRef};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vectors {
    parse: Vec<Reading>,
    valid: Vec<Name>,
    annotation_keys: Vec<AnnotationKey>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reading {
    #[serde(rename = "ref")]
    reference: String,
    default_kind: Option<String>,
    default_namespace: Option<String>,
    string: Answer,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Canonical(String),
    Refused { error: String },
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
    serde_json::from_str(include_str!(
        "../../backstage-client/tests/data/ref-vectors.json"
    ))
    .expect("the vectors are JSON")
}

#[test]
fn s12_references_are_read_as_backstage_reads_them() {
    let vectors = vectors();
    assert_eq!(vectors.parse.len(), 78);
    let mut differences = Vec::new();
    for reading in &vectors.parse {
        let ours = EntityRef::parse(
            &reading.reference,
            reading.default_kind.as_deref(),
            reading
                .default_namespace
                .as_deref()
                .unwrap_or(DEFAULT_NAMESPACE),
        );
        let same = match (&ours, &reading.string) {
            (Ok(ours), Answer::Canonical(theirs)) => ours.to_string() == *theirs,
            (Err(_), Answer::Refused { .. }) => true,
            _ => false,
        };
        if !same {
            let theirs = match &reading.string {
                Answer::Canonical(theirs) => theirs,
                Answer::Refused { error } => error,
            };
            differences.push(format!(
                "{:?} (kind {:?}, namespace {:?}): ours {ours:?}, theirs {theirs}",
                reading.reference, reading.default_kind, reading.default_namespace
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn s12_every_name_and_key_that_backstage_knows_can_be_read() {
    let vectors = vectors();
    assert_eq!(vectors.valid.len() + vectors.annotation_keys.len(), 30);
    for name in vectors.valid.iter().filter(|name| name.name) {
        let reference = EntityRef::parse(&name.value, Some("component"), DEFAULT_NAMESPACE);
        let lower = name.value.to_lowercase();
        assert_eq!(
            reference.map(|reference| reference.name.to_string()),
            Ok(lower),
            "{}",
            name.value
        );
    }
    for key in vectors.annotation_keys.iter().filter(|key| key.valid) {
        let path = format!("annotations.{}", key.value);
        let path = topology::field_path::FieldPath::parse(&path).expect("a valid key makes a path");
        let text = format!(
            r#"{{"kind":"Component","metadata":{{"annotations":{{"{}":"x"}}}}}}"#,
            key.value
        );
        let entity = catalog::document::from_json(&text).expect("JSON");
        let found = path.lookup(&entity);
        assert!(
            matches!(found, topology::field_path::Lookup::Value(value) if value.text() == Some("x")),
            "{}: {found:?}",
            key.value
        );
    }
}
