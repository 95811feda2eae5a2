//! What would be written: a Secret as it is, what somebody wants of it, and what follows. Pure.
//!
//! ```text
//!  Secret that is there ──┐
//!  keys that are given  ──┴─▶ weighed ──▶ Planned: the Secret as it would be, what becomes of each key
//!                                    └──▶ or a refusal, which shows no value (S31)
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ::cluster::live::secrets::{Change, MANAGED_BY, Secret, Value};
use api::{IntegrationKey, IntegrationPlan, KeyChange};
use secrecy::{ExposeSecret as _, SecretString};
use server::integrations::{Declined, Why};
use url::Url;

use crate::config::parse_endpoint;
use crate::secrets::{KEYS, Purpose, Reached, endpoint};

/// Keys whose values may be shown.
const SHOWN: [&str; 3] = ["endpoint", "insecure_skip_verify", "settings"];
/// Keys by which a Backstage knows who asks.
const CREDENTIALS: [&str; 3] = ["token", "headers", "client.key"];

/// What is given of a Secret; `None` takes a key away.
pub(super) type Given = BTreeMap<String, Option<SecretString>>;

/// What would be written.
#[derive(Debug)]
pub(super) struct Planned {
    /// The Secret as it would be.
    pub(super) secret: Secret,
    /// How it would be read.
    pub(super) reached: Reached,
    /// What of it is to be written.
    pub(super) change: Change,
    /// What becomes of each key.
    keys: Vec<IntegrationKey>,
    /// Nothing is there yet.
    pub(super) creates: bool,
    warnings: Vec<String>,
}

/// A refusal.
pub(super) fn declined(why: Why, message: impl Into<String>, hint: Option<&str>) -> Declined {
    Declined {
        why,
        message: message.into(),
        hint: hint.map(str::to_owned),
    }
}

/// Weighs what is given against what is there. `target` has the namespace and the name and nothing else.
pub(super) fn weighed(
    there: Option<&Secret>,
    target: &Secret,
    given: &Given,
    prefix: &str,
) -> Result<Planned, Declined> {
    let selector = Purpose::Backstage.selector(prefix);
    if let Some(there) = there
        && !selector.matches(&there.labels)
    {
        let message = format!(
            "there is a Secret `{}` in namespace `{}` already, which does not carry the label `{}={}`",
            there.name,
            there.namespace,
            selector.label(),
            selector.value().unwrap_or_default()
        );
        let hint = Some("choose another name; what is not meant for this program is left alone");
        return Err(declined(Why::Conflict, message, hint));
    }
    if let Some(unknown) = given.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let known = KEYS.join("`, `");
        let message = format!("`data` has the key `{unknown}`, expected some of `{known}`");
        return Err(declined(Why::Parameter("data"), message, None));
    }
    let mut secret = there.cloned().unwrap_or_else(|| target.clone());
    if there.is_none() {
        let value = selector.value().unwrap_or_default().to_owned();
        secret.labels = BTreeMap::from([
            (selector.label().to_owned(), value),
            (MANAGED_BY.0.to_owned(), MANAGED_BY.1.to_owned()),
        ]);
    }
    let mut keys = Vec::new();
    for (key, value) in given {
        let before = secret.data.get(key).cloned();
        let change = match value {
            Some(value) => {
                let value = Value::of(value.expose_secret().as_bytes());
                secret.data.insert(key.clone(), value.clone());
                match before {
                    None => KeyChange::Added,
                    Some(before) if before == value => KeyChange::Kept,
                    Some(_) => KeyChange::Changed,
                }
            }
            None if secret.data.remove(key).is_some() => KeyChange::Removed,
            None => continue,
        };
        let key = key.clone();
        keys.push(IntegrationKey { key, change });
    }
    let others = secret.data.keys().filter(|key| !given.contains_key(*key));
    keys.extend(others.map(|key| IntegrationKey {
        key: key.clone(),
        change: KeyChange::Kept,
    }));
    keys.sort_by(|a, b| a.key.cmp(&b.key));
    let reached = endpoint(&secret)
        .map_err(|problem| declined(Why::Parameter("data"), problem.message, None))?;
    if let Some(there) = there {
        keeps_credentials_where_they_were(there, &reached, given)?;
    }
    let of_others = there.and_then(|there| there.labels.get(MANAGED_BY.0));
    let mut warnings = reached.warnings.clone();
    warnings.extend(of_others.filter(|by| *by != MANAGED_BY.1).map(|by| {
        format!(
            "`{by}` keeps this Secret by its label `{}`, and may write it anew",
            MANAGED_BY.0
        )
    }));
    let created = there.is_none().then(|| secret.labels.clone());
    let labels = created.unwrap_or_default().into_iter();
    let changes = |key: &str| {
        let mut of = keys.iter().filter(|it| it.change != KeyChange::Kept);
        of.any(|it| it.key == key)
    };
    let change = Change {
        labels: labels.map(|(key, value)| (key, Some(value))).collect(),
        annotations: BTreeMap::new(),
        data: given
            .iter()
            .filter(|(key, _)| changes(key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
    };
    Ok(Planned {
        secret,
        reached,
        change,
        keys,
        creates: there.is_none(),
        warnings,
    })
}

/// S31: what was given for one server is not sent to another by whoever may not read it.
fn keeps_credentials_where_they_were(
    there: &Secret,
    reached: &Reached,
    given: &Given,
) -> Result<(), Declined> {
    let before = clear(there, "endpoint").and_then(|text| parse_endpoint(text.trim()).ok());
    let origin = |url: &Url| url.origin();
    if before.as_ref().map(origin) == Some(origin(&reached.endpoint.url)) {
        return Ok(());
    }
    let kept = CREDENTIALS
        .iter()
        .find(|key| there.data.contains_key(**key) && !given.contains_key(**key));
    let Some(kept) = kept else {
        return Ok(());
    };
    let message =
        format!("`endpoint` is another server, and `{kept}` was given for the one before");
    let hint = Some("give it anew, or take it away");
    Err(declined(Why::Parameter("data"), message, hint))
}

/// The text under a key, as long as it is one.
pub(super) fn clear<'s>(secret: &'s Secret, key: &str) -> Option<&'s str> {
    match secret.data.get(key)? {
        Value::Bytes(bytes) => std::str::from_utf8(bytes.expose_secret()).ok(),
        Value::Malformed => None,
    }
}

impl Planned {
    /// As it is told: no value that is a secret is in it.
    pub(super) fn told(self) -> IntegrationPlan {
        IntegrationPlan {
            creates: self.creates,
            version: (!self.creates).then(|| self.secret.version.clone()),
            manifest: manifest(&self.secret),
            keys: self.keys,
            warnings: self.warnings,
        }
    }

    /// The keys that are written, for the log.
    pub(super) fn written(&self) -> Vec<&str> {
        let changed = self.keys.iter().filter(|it| it.change != KeyChange::Kept);
        changed.map(|it| it.key.as_str()).collect()
    }
}

fn manifest(secret: &Secret) -> String {
    let mut text = String::from("apiVersion: v1\nkind: Secret\nmetadata:\n");
    let mut line = |line: std::fmt::Arguments<'_>| {
        // A text takes whatever is written to it.
        let _ = text.write_fmt(line);
    };
    line(format_args!(
        "  name: {}\n  namespace: {}\n",
        secret.name, secret.namespace
    ));
    // Annotations stay as they are, and some tools keep copies of values there.
    line(format_args!("  labels:\n"));
    for (key, value) in &secret.labels {
        line(format_args!("    {key}: {}\n", quoted(value)));
    }
    line(format_args!("type: Opaque\nstringData:\n"));
    for key in secret.data.keys() {
        let shown = SHOWN.contains(&key.as_str());
        match (clear(secret, key).filter(|_| shown), &secret.data[key]) {
            (Some(value), _) if value.contains('\n') => {
                line(format_args!("  {key}: |\n"));
                for each in value.lines() {
                    line(format_args!("    {each}\n"));
                }
            }
            (Some(value), _) => line(format_args!("  {key}: {}\n", quoted(value))),
            (None, Value::Bytes(bytes)) => {
                line(format_args!(
                    "  {key}: ({} bytes)\n",
                    bytes.expose_secret().len()
                ));
            }
            (None, Value::Malformed) => line(format_args!("  {key}: (no base64)\n")),
        }
    }
    text
}

/// A text as YAML: plain where that can be nothing else.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '-' | '_');
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_word = matches!(
        text,
        "true" | "false" | "null" | "yes" | "no" | "on" | "off"
    );
    if begins && !is_word && text.chars().all(is_plain) {
        return text.to_owned();
    }
    // What JSON writes is a double-quoted scalar of YAML. A text always encodes.
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFIX: &str = "causely.ai";

    fn target() -> Secret {
        Secret {
            namespace: "causely".to_owned(),
            name: "backstage".to_owned(),
            ..Secret::default()
        }
    }

    fn there(label: &str, data: &[(&str, &str)]) -> Secret {
        Secret {
            labels: BTreeMap::from([("causely.ai/scraper".to_owned(), label.to_owned())]),
            version: "7".to_owned(),
            data: data
                .iter()
                .map(|(key, value)| ((*key).to_owned(), Value::of(*value)))
                .collect(),
            ..target()
        }
    }

    fn given(data: &[(&str, Option<&str>)]) -> Given {
        data.iter()
            .map(|(key, value)| ((*key).to_owned(), value.map(Into::into)))
            .collect()
    }

    const URL: (&str, Option<&str>) = ("endpoint", Some("https://b.example"));

    #[test]
    fn s31_a_new_one_is_shown_without_its_secrets() {
        let given = given(&[
            URL,
            ("token", Some("sentinel")),
            ("settings", Some("match_rules:\n  - component-name\n")),
        ]);
        let planned = weighed(None, &target(), &given, PREFIX).expect("a plan");
        assert_eq!(planned.written(), ["endpoint", "settings", "token"]);
        assert_eq!(planned.change.labels.len(), 2);
        assert!(!format!("{planned:?}").contains("sentinel"));
        insta::assert_snapshot!(planned.told().manifest, @r#"
        apiVersion: v1
        kind: Secret
        metadata:
          name: backstage
          namespace: causely
          labels:
            app.kubernetes.io/managed-by: backstitch
            causely.ai/scraper: Backstage
        type: Opaque
        stringData:
          endpoint: "https://b.example"
          settings: |
            match_rules:
              - component-name
          token: (8 bytes)
        "#);
    }

    #[test]
    fn only_what_is_given_is_replaced() {
        let there = there(
            "Backstage",
            &[
                ("endpoint", "https://b.example"),
                ("token", "old"),
                ("ca.crt", "-----BEGIN x"),
                ("other", "x"),
            ],
        );
        let given = given(&[
            URL,
            ("token", Some("new")),
            ("ca.crt", None),
            ("headers", None),
            ("insecure_skip_verify", Some("true")),
        ]);
        let planned = weighed(Some(&there), &target(), &given, PREFIX).expect("a plan");
        let written: Vec<&str> = planned.change.data.keys().map(String::as_str).collect();
        assert_eq!(written, ["ca.crt", "insecure_skip_verify", "token"]);
        assert!(planned.change.labels.is_empty(), "its labels stay");
        let told = planned.told();
        assert_eq!((told.creates, told.version.as_deref()), (false, Some("7")));
        let keys: Vec<String> = told
            .keys
            .iter()
            .map(|it| format!("{} {}", it.key, it.change))
            .collect();
        assert_eq!(
            keys,
            [
                "ca.crt removed",
                "endpoint kept",
                "insecure_skip_verify added",
                "other kept",
                "token changed"
            ]
        );
    }

    /// What is there, what is given, and what is said of it.
    type Case<'c> = (
        Option<&'c Secret>,
        Vec<(&'c str, Option<&'c str>)>,
        Why,
        &'c str,
    );

    #[test]
    fn what_is_refused() {
        let ours = there(
            "Backstage",
            &[("endpoint", "https://b.example"), ("token", "old")],
        );
        let others = there("other", &[]);
        let elsewhere = ("endpoint", Some("https://c.example"));
        let table: [Case<'_>; 7] = [
            (
                Some(&others),
                vec![URL],
                Why::Conflict,
                "does not carry the label",
            ),
            (
                None,
                vec![],
                Why::Parameter("data"),
                "it has no key `endpoint`",
            ),
            (
                None,
                vec![URL, ("url", Some("a"))],
                Why::Parameter("data"),
                "has the key `url`",
            ),
            (
                None,
                vec![URL, ("settings", Some("a: b"))],
                Why::Parameter("data"),
                "unknown key `a`",
            ),
            (
                None,
                vec![("endpoint", Some("sentinel"))],
                Why::Parameter("data"),
                "is no such URL",
            ),
            (
                Some(&ours),
                vec![("endpoint", None)],
                Why::Parameter("data"),
                "no key `endpoint`",
            ),
            (
                Some(&ours),
                vec![elsewhere],
                Why::Parameter("data"),
                "`token` was given for the one before",
            ),
        ];
        for (there, data, why, told) in table {
            let refused =
                weighed(there, &target(), &given(&data), PREFIX).expect_err("it is refused");
            assert_eq!(refused.why, why, "{refused:?}");
            assert!(refused.message.contains(told), "{refused:?}");
            assert!(!refused.message.contains("sentinel"), "{refused:?}");
        }
        for anew in [Some("new"), None] {
            let given = given(&[elsewhere, ("token", anew)]);
            assert!(weighed(Some(&ours), &target(), &given, PREFIX).is_ok());
        }
    }
}
