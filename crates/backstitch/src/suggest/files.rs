//! Suggestions as files, to be read, completed and moved to where they belong.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::edit::quoted;
use super::{Draft, Evidence, Patch};
use crate::hygiene::parts;

/// A file that is to be written.
#[derive(Debug)]
pub(crate) struct File {
    /// The folders and the name, each of which is safe as such.
    pub path: Vec<String>,
    /// What it holds.
    pub text: String,
}

/// What to merge into the component's file.
pub(crate) fn patch(patch: &Patch) -> File {
    let (namespace, name) = split(&patch.component);
    let mut text = format!(
        "# To be merged into the file of `{}`, for {}.\n",
        comment(&patch.component),
        comment(&patch.services.join(", "))
    );
    write_evidence(&mut text, patch.confidence, &patch.evidence);
    let mut entity = Map::new();
    put(&mut entity, &["apiVersion"], "backstage.io/v1alpha1");
    put(&mut entity, &["kind"], "Component");
    put(&mut entity, &["metadata", "name"], name);
    put(&mut entity, &["metadata", "namespace"], namespace);
    for change in &patch.changes {
        let keys: Vec<&str> = change.keys.iter().map(String::as_str).collect();
        put(&mut entity, &keys, &change.to);
    }
    write_map(&mut text, &entity, 0);
    File {
        path: vec![
            "patches".to_owned(),
            safe(namespace),
            format!("{}.yaml", safe(name)),
        ],
        text,
    }
}

/// The file of a new component.
pub(crate) fn draft(draft: &Draft) -> File {
    let first = draft.services.first().map_or("", String::as_str);
    let (cluster, namespace, name) = parts(first);
    let mut text = format!(
        "# A draft: no component has {}.\n",
        comment(&draft.services.join(", "))
    );
    write_evidence(&mut text, draft.confidence, &draft.evidence);
    let owner = match &draft.owner {
        Some(owner) => format!("{}  # a guess, see above", quoted(owner)),
        // A reference without a name is none: Backstage refuses the entity until somebody has put an owner there.
        None => "\"group:\"  # to be completed: Backstage refuses it as it is".to_owned(),
    };
    let _ = write!(
        text,
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {}\n  title: {}\n  annotations:\n    \
         backstage.io/kubernetes-id: {}\n    backstage.io/kubernetes-namespace: {}\nspec:\n  type: service\n  \
         lifecycle: production\n  owner: {owner}\n",
        quoted(&draft.name),
        quoted(&draft.title),
        quoted(&draft.kubernetes_id),
        quoted(&draft.kubernetes_namespace),
    );
    File {
        path: vec![
            "drafts".to_owned(),
            safe(cluster),
            safe(namespace),
            safe(name),
            "catalog-info.yaml".to_owned(),
        ],
        text,
    }
}

fn write_evidence(text: &mut String, confidence: f64, evidence: &[Evidence]) {
    let _ = writeln!(text, "# Confidence {confidence:.2}:");
    for evidence in evidence {
        let _ = writeln!(
            text,
            "#   {:.2}  {}",
            evidence.factor,
            comment(&evidence.says)
        );
    }
}

fn put(map: &mut Map<String, Value>, keys: &[&str], value: &str) {
    let Some((key, rest)) = keys.split_first() else {
        return;
    };
    if rest.is_empty() {
        map.insert((*key).to_owned(), value.into());
        return;
    }
    let inner = map.entry(*key).or_insert_with(|| Map::new().into());
    if let Value::Object(inner) = inner {
        put(inner, rest, value);
    }
}

fn write_map(text: &mut String, map: &Map<String, Value>, depth: usize) {
    let indent = "  ".repeat(depth);
    for (key, value) in map {
        let is_plain = |it: u8| it.is_ascii_alphanumeric() || b"-._/".contains(&it);
        let plain = key.starts_with(|c: char| c.is_ascii_alphabetic()) && key.bytes().all(is_plain);
        let key = if plain { key.clone() } else { quoted(key) };
        match value {
            Value::Object(inner) => {
                let _ = writeln!(text, "{indent}{key}:");
                write_map(text, inner, depth + 1);
            }
            value => {
                let _ = writeln!(text, "{indent}{key}: {value}");
            }
        }
    }
}

/// Namespace and name of a reference.
fn split(reference: &str) -> (&str, &str) {
    let path = reference.split_once(':').map_or(reference, |it| it.1);
    path.split_once('/').unwrap_or(("default", path))
}

/// A text that cannot end its comment.
fn comment(text: &str) -> String {
    let is_break = |c: char| c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}');
    text.chars()
        .map(|c| if is_break(c) { '\u{fffd}' } else { c })
        .collect()
}

/// A name that is one part of a path, whoever wrote it: what is neither letter, digit, `-`, `_` nor a dot inside is written in
/// hexadecimal.
fn safe(name: &str) -> String {
    let mut safe = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => safe.push(char::from(byte)),
            b'.' if !safe.is_empty() => safe.push('.'),
            byte => {
                let _ = write!(safe, "%{byte:02X}");
            }
        }
    }
    // Longer names are no names of Kubernetes, and file systems refuse them.
    safe.truncate(LONGEST_PART);
    if safe.is_empty() {
        "%".to_owned()
    } else {
        safe
    }
}

/// Bound on one part of a path; Kubernetes' own is 253.
const LONGEST_PART: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        for (name, expected) in [
            ("cart", "cart"),
            ("a.b", "a.b"),
            ("..", "%2E."),
            ("../../etc", "%2E.%2F..%2Fetc"),
            ("", "%"),
            ("a/b\0", "a%2Fb%00"),
            ("C:\\x", "C%3A%5Cx"),
        ] {
            assert_eq!(safe(name), expected);
        }
        assert_eq!(safe(&"x".repeat(500)).len(), LONGEST_PART);
    }

    #[test]
    fn a_draft_without_an_owner_fails_loudly() {
        let made = draft(&Draft {
            services: vec!["k8s/shop/cart: x\n# y".to_owned()],
            name: "cart".to_owned(),
            title: "Cart \"x\"".to_owned(),
            kubernetes_id: "cart: x\n# y".to_owned(),
            kubernetes_namespace: "shop".to_owned(),
            owner: None,
            confidence: 0.0,
            evidence: Vec::new(),
        });
        insta::assert_snapshot!(made.text, @r##"
        # A draft: no component has k8s/shop/cart: x�# y.
        # Confidence 0.00:
        apiVersion: backstage.io/v1alpha1
        kind: Component
        metadata:
          name: "cart"
          title: "Cart \"x\""
          annotations:
            backstage.io/kubernetes-id: "cart: x\n# y"
            backstage.io/kubernetes-namespace: "shop"
        spec:
          type: service
          lifecycle: production
          owner: "group:"  # to be completed: Backstage refuses it as it is
        "##);
        let read = catalog::document::from_yaml(&made.text).expect("it is YAML");
        let owner = read.get("spec").and_then(|it| it.get("owner"));
        let owner = owner
            .and_then(topology::value::Value::text)
            .expect("a text");
        let parsed = topology::entity_ref::EntityRef::parse(owner, Some("group"), "default");
        assert!(parsed.is_err(), "{owner} is a reference");
    }
}
