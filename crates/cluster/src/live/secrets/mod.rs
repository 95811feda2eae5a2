//! Kubernetes Secrets that hold configuration: a Backstage's address and token, or the kubeconfig of a further cluster.
//!
//! ```text
//!  list, get ──▶ Secret, once                               (one namespace, by label or by name)
//!  watch ──────▶ Update::Seen(all of them), again and again, into a bounded channel
//!  create, change, remove ──▶ one Secret, as it was looked at, or not at all
//! ```
//!
//! It owns how Secrets are asked for, by label and namespace by namespace, so that a Role in each of those suffices; and
//! what to tell a person who may not read them. It must not know what the keys mean. Values are in types that cannot be
//! printed, and no message repeats anything of what an API server sent beside its refusals (S31).

mod error;
mod read;
mod watch;
mod wire;
mod write;

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret as _, SecretSlice};

pub use self::error::SecretsError;
pub(super) use self::read::path as secrets_path;
pub use self::read::{get, list};
pub use self::watch::{Update, watch};
pub use self::write::{Change, MANAGED_BY, WriteError, change, create, remove};

/// Which Secrets are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    label: String,
    value: Option<&'static str>,
}

impl Selector {
    /// Those that configure a Backstage (S30): `<prefix>/scraper=Backstage`.
    pub fn backstages(prefix: &str) -> Self {
        Self {
            label: format!("{prefix}/scraper"),
            value: Some("Backstage"),
        }
    }

    /// Those that hold the kubeconfig of a cluster, whose name is the value of the label `<prefix>/cluster`.
    pub fn clusters(prefix: &str) -> Self {
        Self {
            label: format!("{prefix}/cluster"),
            value: None,
        }
    }

    /// The key of the label.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The value that the label has to have; `None` where any will do.
    pub fn value(&self) -> Option<&'static str> {
        self.value
    }

    /// Whether a Secret with these labels is among them.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        labels
            .get(&self.label)
            .is_some_and(|found| self.value.is_none_or(|value| value == found))
    }
}

/// As the API server and kubectl want it.
impl fmt::Display for Selector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.label)?;
        match self.value {
            Some(value) => write!(formatter, "={value}"),
            None => Ok(()),
        }
    }
}

/// One Secret.
#[derive(Clone, Default)]
pub struct Secret {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations, but for the copy of all of it that some clients keep there.
    pub annotations: BTreeMap<String, String>,
    /// Tells it from another one of its name.
    pub uid: String,
    /// Tells it from what it was before a change, and from what it is after one.
    pub version: String,
    /// Its keys and what stands under them.
    pub data: BTreeMap<String, Value>,
}

/// What stands under a key of a Secret.
#[derive(Clone)]
pub enum Value {
    /// Bytes.
    Bytes(SecretSlice<u8>),
    /// It is no base64, and so no value.
    Malformed,
}

impl Value {
    /// Bytes, as a value.
    pub fn of(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Bytes(bytes.into().into())
    }
}

/// Nobody from outside chooses what is compared, so the time it takes tells nobody anything.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bytes(one), Self::Bytes(other)) => one.expose_secret() == other.expose_secret(),
            (Self::Malformed, Self::Malformed) => true,
            _ => false,
        }
    }
}

/// Whether they say the same; when that was written is no part of it.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.namespace == other.namespace
            && self.name == other.name
            && self.labels == other.labels
            && self.annotations == other.annotations
            && self.data == other.data
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Bytes(_) => "[REDACTED]",
            Self::Malformed => "[MALFORMED]",
        })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Secret")
            .field("namespace", &self.namespace)
            .field("name", &self.name)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s30_the_label_says_which_secrets_are_meant() {
        let backstages = Selector::backstages("causely.ai");
        let clusters = Selector::clusters("causely.ai");
        assert_eq!(backstages.to_string(), "causely.ai/scraper=Backstage");
        assert_eq!(clusters.to_string(), "causely.ai/cluster");
        for (key, value, of_backstage, of_cluster) in [
            ("causely.ai/scraper", "Backstage", true, false),
            ("causely.ai/scraper", "backstage", false, false),
            ("other.io/scraper", "Backstage", false, false),
            ("causely.ai/cluster", "eu1", false, true),
        ] {
            let labels = BTreeMap::from([(key.to_owned(), value.to_owned())]);
            assert_eq!(backstages.matches(&labels), of_backstage, "{key}={value}");
            assert_eq!(clusters.matches(&labels), of_cluster, "{key}={value}");
        }
    }

    #[test]
    fn s31_a_secret_does_not_print_its_values() {
        let secret = Secret {
            namespace: "ops".to_owned(),
            name: "backstage".to_owned(),
            annotations: BTreeMap::from([("a".to_owned(), "sentinel".to_owned())]),
            data: BTreeMap::from([("token".to_owned(), Value::of("sentinel"))]),
            ..Secret::default()
        };
        insta::assert_snapshot!(format!("{secret:?}"), @r#"Secret { namespace: "ops", name: "backstage", data: {"token": [REDACTED]}, .. }"#);
    }
}
