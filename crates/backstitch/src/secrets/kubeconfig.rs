//! From the keys of a Secret to how a cluster is reached.

use std::sync::Arc;

use cluster::live::secrets::Secret;
use cluster::live::{Access, InlineKubeconfig, Namespaces, Reach};

use super::Problem;
use super::reading::Reading;
use crate::config::is_namespace;

/// The keys of a Secret.
const KEYS: [&str; 3] = ["kubeconfig", "context", "namespaces"];
/// What other tools call them; `value` is that of Cluster API.
const ALIASES: [(&str, &str); 5] = [
    ("config", "kubeconfig"),
    ("value", "kubeconfig"),
    ("kubeconfig.yaml", "kubeconfig"),
    ("kubeconfig.yml", "kubeconfig"),
    ("namespace", "namespaces"),
];
/// Bound on a kubeconfig, in bytes: what a Secret can hold.
const MAX_KUBECONFIG_BYTES: usize = 1024 * 1024;
/// Bound on the other keys, in bytes.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// How a cluster is reached, and what of its Secret is worth a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReachedCluster {
    /// How.
    pub reach: Reach,
    /// What is no failure and should be known. No value is in it.
    pub warnings: Vec<String>,
}

/// Reads a Secret. What stands in the kubeconfig is looked at once it is used.
///
/// # Errors
/// What of it cannot be used, all of it. No value is shown (S31).
pub(crate) fn kubeconfig(secret: &Secret) -> Result<ReachedCluster, Problem> {
    let mut reading = Reading::of(secret);
    let reach = reading.reach();
    let (reach, warnings) = reading.finish(reach)?;
    Ok(ReachedCluster { reach, warnings })
}

impl Reading<'_> {
    fn reach(&mut self) -> Option<Reach> {
        self.unknown_keys(&KEYS, &ALIASES);
        let context = self
            .text("context", MAX_TEXT_BYTES)
            .filter(|context| !context.is_empty());
        let namespaces = self.namespaces();
        let before = self.faults.len();
        let text = self
            .text("kubeconfig", MAX_KUBECONFIG_BYTES)
            .unwrap_or_default();
        if text.is_empty() {
            if self.faults.len() == before {
                self.faults.push(
                    "it has no key `kubeconfig`, expected what `kubectl config view --minify --flatten --raw` prints"
                        .to_owned(),
                );
            }
            return None;
        }
        let Secret {
            namespace, name, ..
        } = self.secret;
        Some(Reach {
            access: Access::Inline(InlineKubeconfig {
                text: text.into(),
                origin: format!("of the Secret `{namespace}/{name}`"),
                context,
            }),
            namespaces: namespaces?,
        })
    }

    /// The namespaces that are read, told apart by commas, white space or both.
    fn namespaces(&mut self) -> Option<Namespaces> {
        let before = self.faults.len();
        let text = self.text("namespaces", MAX_TEXT_BYTES).unwrap_or_default();
        let mut names: Vec<Arc<str>> = Vec::new();
        for name in text.split(|c: char| c == ',' || c.is_whitespace()) {
            if name.is_empty() || names.iter().any(|known| **known == *name) {
                continue;
            }
            if !is_namespace(name) {
                // It is not shown: it may be a value that was written in its place.
                self.faults.push(
                    "`namespaces`: one of them is no name of a namespace, expected names such as `shop, bank`".to_owned(),
                );
                return None;
            }
            names.push(name.into());
        }
        if self.faults.len() > before {
            return None;
        }
        Some(if names.is_empty() {
            Namespaces::All
        } else {
            Namespaces::Named(names)
        })
    }
}

#[cfg(test)]
mod tests {
    use cluster::live::secrets::Value;

    use super::*;

    fn secret(data: &[(&str, &str)]) -> Secret {
        Secret {
            namespace: "ops".to_owned(),
            name: "edge".to_owned(),
            data: data
                .iter()
                .map(|(key, value)| ((*key).to_owned(), Value::of(*value)))
                .collect(),
            ..Secret::default()
        }
    }

    #[test]
    fn what_a_secret_says_of_a_cluster() {
        let named =
            |names: &[&str]| Namespaces::Named(names.iter().map(|it| (*it).into()).collect());
        let text = ("kubeconfig", "apiVersion: v1\n");
        for (data, context, namespaces) in [
            (vec![text], None, Namespaces::All),
            (
                vec![text, ("context", " edge\n")],
                Some("edge"),
                Namespaces::All,
            ),
            (vec![text, ("context", "")], None, Namespaces::All),
            (vec![text, ("namespaces", "")], None, Namespaces::All),
            (
                vec![text, ("namespaces", "shop, bank\nshop")],
                None,
                named(&["shop", "bank"]),
            ),
        ] {
            let reached = kubeconfig(&secret(&data)).expect("a usable Secret");
            let Access::Inline(inline) = &reached.reach.access else {
                panic!("a kubeconfig of the Secret");
            };
            assert_eq!(inline.origin, "of the Secret `ops/edge`");
            assert_eq!(inline.context.as_deref(), context, "{data:?}");
            assert_eq!(reached.reach.namespaces, namespaces, "{data:?}");
            assert!(reached.warnings.is_empty(), "{:?}", reached.warnings);
        }
    }

    #[test]
    fn s31_what_cannot_be_used_is_told_without_a_value() {
        let told = |data: &[(&str, &str)]| {
            let problem = kubeconfig(&secret(data)).expect_err("it cannot be used");
            let told = problem
                .message
                .strip_prefix("the Secret `edge` of namespace `ops` cannot be used: ");
            told.expect("it names the Secret").to_owned()
        };
        let all = [
            told(&[]),
            told(&[("kubeconfig", " \n")]),
            told(&[("value", "sentinel")]),
            told(&[("kubeconfig", "a"), ("namespaces", "Sentinel!")]),
        ];
        insta::assert_snapshot!(all.join("\n"), @r"
        it has no key `kubeconfig`, expected what `kubectl config view --minify --flatten --raw` prints
        it has no key `kubeconfig`, expected what `kubectl config view --minify --flatten --raw` prints
        it has no key `kubeconfig`, expected what `kubectl config view --minify --flatten --raw` prints; the key `value` is unknown and has no effect, did you mean `kubeconfig`?
        `namespaces`: one of them is no name of a namespace, expected names such as `shop, bank`
        ");
    }
}
