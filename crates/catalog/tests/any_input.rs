//! Nothing that a file or a server can hold makes reading it panic, and no order changes what is read.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use catalog::json_stream::{self, Content, Layout};
use catalog::{document, files, yaml_stream};
use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::TempDir;
use topology::entity::read_entity;
use topology::label_map::LabelMap;

/// JSON of any shape that has the keys of entities at any place.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let keys = prop::sample::select(vec![
        "apiVersion",
        "kind",
        "metadata",
        "name",
        "namespace",
        "annotations",
        "spec",
        "owner",
        "relations",
        "type",
        "targetRef",
        "target",
        "targets",
        "items",
        "members",
        "profile",
        "backstage.io/kubernetes-id",
        "",
    ]);
    let texts = prop::sample::select(vec![
        "Component",
        "Group",
        "Location",
        "backstage.io/v1alpha1",
        "a",
        "",
        " ",
        "group:x/y",
        "ownedBy",
        "\u{0}",
        "\"é\n",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        texts.prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 8, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((keys.clone(), inner), 0..7).prop_map(|entries| entries
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()),
        ]
    })
}

fn read_bytes(name: &str, bytes: &[u8]) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("a file");
    for paths in [[path.clone()], [folder.path().to_owned()]] {
        files::read(&paths, &LabelMap::default(), &mut |_| {});
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn arbitrary_bytes_are_borne(bytes in vec(any::<u8>(), 0..300)) {
        for name in ["x.yaml", "x.json", "x.jsonl", "x"] {
            read_bytes(name, &bytes);
        }
    }

    #[test]
    fn arbitrary_yaml_is_borne(text in "([-?:,\\[\\]{}#&*!|>'\"%@` \n\ta1~<.]|kind: Component\n|metadata:|\n---\n|\\.\\.\\.\n){0,80}") {
        if let Ok(value) = document::from_yaml(&text) {
            let _ = read_entity(&value, &LabelMap::default(), &mut Vec::new());
        }
        read_bytes("x.yaml", text.as_bytes());
    }

    #[test]
    fn arbitrary_json_is_borne(value in any_json(), cut in any::<prop::sample::Index>()) {
        let text = value.to_string();
        let document = document::from_json(&text).expect("it is JSON");
        let _ = read_entity(&document, &LabelMap::default(), &mut Vec::new());
        read_bytes("x.json", text.as_bytes());
        // YAML takes JSON for YAML.
        document::from_yaml(&text).expect("it is YAML");
        let bytes = text.as_bytes();
        read_bytes("x.json", &bytes[..cut.index(bytes.len() + 1)]);
    }

    #[test]
    fn a_list_is_split_into_its_items(values in vec(any_json(), 0..6), pretty in any::<bool>()) {
        let text = if pretty {
            serde_json::to_string_pretty(&values)
        } else {
            serde_json::to_string(&values)
        };
        let text = text.expect("it can be written");
        let mut found: Vec<serde_json::Value> = Vec::new();
        json_stream::split(text.as_bytes(), Layout::Unknown, &mut |piece| {
            let Content::Value(bytes) = piece.content else {
                panic!("{piece:?}");
            };
            found.push(serde_json::from_slice(bytes).expect("an item"));
        })
        .expect("reading from memory");
        // By way of their text, for reading a number back may change its last digit.
        let expected: Vec<serde_json::Value> = values
            .iter()
            .map(|value| serde_json::from_str(&value.to_string()).expect("an item"))
            .collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_stream_is_split_into_its_documents(texts in vec("[a-z]{1,5}: [a-z]{1,5}", 1..6)) {
        let stream = texts.join("\n---\n");
        let found: Vec<&[u8]> = yaml_stream::split(stream.as_bytes()).map(|document| document.bytes).collect();
        prop_assert_eq!(found.len(), texts.len());
        for (bytes, text) in found.into_iter().zip(&texts) {
            let found = std::str::from_utf8(bytes).expect("UTF-8");
            prop_assert_eq!(document::from_yaml(found), document::from_yaml(text));
        }
    }

    #[test]
    fn s33_the_order_of_files_never_matters(
        names in vec((0_u8..4, prop::sample::select(vec!["a", "b", "C", "c", "d"])), 1..12),
        shuffled in Just((0..4_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let folder = TempDir::new().expect("a folder");
        let mut texts = [const { String::new() }; 4];
        for (position, (file, name)) in names.iter().enumerate() {
            let text = &mut texts[usize::from(*file)];
            let _ = write!(text, "---\nkind: Component\nmetadata: {{name: {name}}}\nspec: {{owner: team-{position}}}\n");
        }
        let mut paths: Vec<PathBuf> = Vec::new();
        for index in shuffled {
            let path = folder.path().join(format!("{index}.yaml"));
            fs::write(&path, &texts[index]).expect("a file");
            paths.push(path);
        }
        let one_way = files::read(&paths, &LabelMap::default(), &mut |_| {});
        paths.sort();
        let other_way = files::read(&paths, &LabelMap::default(), &mut |_| {});
        prop_assert_eq!(one_way, other_way);
    }
}
