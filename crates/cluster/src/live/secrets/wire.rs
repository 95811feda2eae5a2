//! Secrets as an API server sends them. What is not as it should be is left out or marked, and never quoted: a decoder that
//! says what it found where says secrets (S31).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::Value as Json;

use super::{Secret, Value};

/// A list, or one Secret: all that is read of either, whatever shape it has.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Document {
    #[serde(default)]
    kind: Json,
    #[serde(default)]
    metadata: Json,
    #[serde(default)]
    items: Json,
    #[serde(default)]
    data: Opaque,
}

/// What must not be printed.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
struct Opaque(Json);

impl std::fmt::Debug for Opaque {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[REDACTED]")
    }
}

fn text<'j>(json: &'j Json, key: &str) -> Option<&'j str> {
    json.get(key)?.as_str()
}

impl Document {
    /// Whether it says that it is of this kind. An answer that is not plainly a list must not pass for an empty one: that
    /// would end every instance.
    pub(super) fn is(&self, kind: &str) -> bool {
        self.kind.as_str() == Some(kind)
    }

    pub(super) fn version(&self) -> Option<&str> {
        text(&self.metadata, "resourceVersion").filter(|version| !version.is_empty())
    }

    /// The token of the next page.
    pub(super) fn more(&self) -> Option<&str> {
        text(&self.metadata, "continue").filter(|token| !token.is_empty())
    }

    /// The Secrets of a list; `None` where it has none to go through.
    pub(super) fn secrets(self) -> Option<Vec<Secret>> {
        match self.items {
            Json::Null => Some(Vec::new()),
            Json::Array(items) => Some(
                items
                    .into_iter()
                    .filter_map(|item| {
                        let document: Self = serde_json::from_value(item).ok()?;
                        document.secret()
                    })
                    .collect(),
            ),
            _ => None,
        }
    }

    /// The Secret; `None` where it has no name.
    pub(super) fn secret(self) -> Option<Secret> {
        let name = text(&self.metadata, "name")?.to_owned();
        let namespace = text(&self.metadata, "namespace")
            .unwrap_or_default()
            .to_owned();
        let labels = texts(&self.metadata, "labels");
        let mut annotations = texts(&self.metadata, "annotations");
        // S31: it repeats the values.
        annotations.remove(LAST_APPLIED);
        let uid = text(&self.metadata, "uid").unwrap_or_default().to_owned();
        let version = self.version().unwrap_or_default().to_owned();
        let data = match self.data.0 {
            Json::Object(data) => data
                .into_iter()
                .map(|(key, value)| (key, decoded(&value)))
                .collect(),
            _ => BTreeMap::new(),
        };
        Some(Secret {
            namespace,
            name,
            labels,
            annotations,
            uid,
            version,
            data,
        })
    }
}

/// Where `kubectl apply` keeps what it wrote.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The texts of a map of the metadata.
fn texts(metadata: &Json, key: &str) -> BTreeMap<String, String> {
    let Some(Json::Object(map)) = metadata.get(key) else {
        return BTreeMap::new();
    };
    map.iter()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn decoded(value: &Json) -> Value {
    let bytes = match value {
        // An empty value comes as null from some clients.
        Json::Null => Some(Vec::new()),
        Json::String(text) => BASE64_STANDARD.decode(text).ok(),
        _ => None,
    };
    bytes.map_or(Value::Malformed, Value::of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_as_it_should_be_costs_itself_alone() {
        let text = r#"{"kind":"SecretList","metadata":{"resourceVersion":"7"},"items":[
            {"metadata":{"name":"a","namespace":"ops","labels":{"x":"y","n":1},
             "uid":"u","resourceVersion":"5","annotations":{"a":"b","kubectl.kubernetes.io/last-applied-configuration":"sentinel"}},"data":{"endpoint":"aHR0cDovL2E=","token":"%%","n":3,"e":null}},
            {"metadata":{"namespace":"ops"}},
            "sentinel",
            {"metadata":{"name":"b","namespace":"ops"},"data":"sentinel"}]}"#;
        let list: Document = serde_json::from_str(text).expect("JSON");
        assert!(list.is("SecretList") && !list.is("PodList"));
        assert_eq!(list.version(), Some("7"));
        let secrets = list.secrets().expect("a list");
        insta::assert_debug_snapshot!(secrets, @r#"
        [
            Secret {
                namespace: "ops",
                name: "a",
                data: {
                    "e": [REDACTED],
                    "endpoint": [REDACTED],
                    "n": [MALFORMED],
                    "token": [MALFORMED],
                },
                ..
            },
            Secret {
                namespace: "ops",
                name: "b",
                data: {},
                ..
            },
        ]
        "#);
        assert_eq!(secrets[0].data["endpoint"], Value::of("http://a"));
        assert_eq!(secrets[0].labels.len(), 1);
        assert_eq!(secrets[0].annotations.len(), 1);
        assert_eq!((&*secrets[0].uid, &*secrets[0].version), ("u", "5"));
    }
}
