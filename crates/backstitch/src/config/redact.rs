//! A configuration as it may be shown to others: its structure, and the values of those keys of which it is known that they
//! hold no secret (S31). A key that is not in the table is not shown, and neither is its value: it may be a secret that came to
//! stand in the wrong place.

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use url::Url;

use super::node::{Node, Value, parse};
use super::secret::is_variable;

/// What stands for what is not shown.
const REDACTED: &str = "[redacted]";

/// What of a value is shown.
#[derive(Clone, Copy, Debug)]
pub(super) enum Show {
    /// The text, or the texts of a list.
    Text,
    /// Of a URL its scheme, host, port and path.
    Url,
    /// The name of an environment variable, if it looks like one: a secret may stand there by mistake.
    Variable,
    /// Below each of these keys what is said of it; a list is one of such maps.
    Keys(Table),
    /// Only how much there is.
    Nothing,
}

/// What is shown below each key.
pub(super) type Table = &'static [(&'static str, Show)];

pub(super) const ROOT: Table = &[
    ("scrapers", Show::Keys(SCRAPERS)),
    ("clusters", Show::Keys(CLUSTER)),
    ("secrets", Show::Keys(SECRETS)),
    ("integrations", Show::Keys(INTEGRATIONS)),
    ("label_prefix", Show::Text),
    ("store", Show::Text),
    ("listen", Show::Text),
    ("api_token_file", Show::Text),
    ("api_token_env", Show::Variable),
    ("sign_in", Show::Keys(SIGN_IN)),
    ("allowed_hosts", Show::Text),
    ("metrics", Show::Keys(METRICS)),
    ("max_removal_ratio", Show::Text),
    ("removal_confirmations", Show::Text),
    ("alertmanager", Show::Keys(ALERTMANAGER)),
    ("notifications", Show::Keys(RECEIVER)),
    ("history", Show::Keys(HISTORY)),
];

pub(super) const SIGN_IN: Table = &[
    ("url", Show::Url),
    ("oidc", Show::Keys(OIDC)),
    ("roles", Show::Keys(GRANT)),
];

pub(super) const OIDC: Table = &[
    ("issuer", Show::Url),
    ("client_id", Show::Text),
    ("client_secret_file", Show::Text),
    ("client_secret_env", Show::Variable),
    ("client_secret", Show::Nothing),
    ("scopes", Show::Text),
    ("groups_claim", Show::Text),
    ("ca_file", Show::Text),
];

pub(super) const GRANT: Table = &[
    ("role", Show::Text),
    ("groups", Show::Text),
    // Who they are may be nobody else's business.
    ("users", Show::Nothing),
    ("teams", Show::Text),
];

pub(super) const INTEGRATIONS: Table = &[
    ("enabled", Show::Text),
    ("clusters", Show::Text),
    ("namespaces", Show::Text),
];

pub(super) const RECEIVER: Table = &[
    ("name", Show::Text),
    ("slack", Show::Keys(SLACK)),
    ("webhook", Show::Keys(WEBHOOK)),
    ("email", Show::Keys(EMAIL)),
    ("events", Show::Text),
    ("teams", Show::Text),
    ("window", Show::Text),
    ("most_per_hour", Show::Text),
    ("timeout", Show::Text),
];

pub(super) const SLACK: Table = &[("url_file", Show::Text), ("url_env", Show::Variable)];

pub(super) const WEBHOOK: Table = &[
    // Whoever knows the URL of a webhook may often write to it.
    ("url", Show::Nothing),
    ("token_file", Show::Text),
    ("token_env", Show::Variable),
    ("headers", Show::Nothing),
    ("ca_file", Show::Text),
];

pub(super) const EMAIL: Table = &[
    ("smtp", Show::Text),
    ("tls", Show::Text),
    // Who it is may be nobody else's business.
    ("username", Show::Nothing),
    ("password_file", Show::Text),
    ("password_env", Show::Variable),
    ("ca_file", Show::Text),
    ("from", Show::Nothing),
    ("to", Show::Nothing),
];

pub(super) const ALERTMANAGER: Table = &[
    ("forward", Show::Keys(FORWARD)),
    ("labels", Show::Keys(ALERT_LABELS)),
    ("overwrite", Show::Text),
    ("queue_length", Show::Text),
];

pub(super) const FORWARD: Table = &[
    // Whoever knows the URL of a webhook may often write to it.
    ("webhook", Show::Nothing),
    ("alertmanager", Show::Url),
    ("token_file", Show::Text),
    ("token_env", Show::Variable),
    ("token", Show::Nothing),
    ("ca_file", Show::Text),
    ("timeout", Show::Text),
    ("firing_for", Show::Text),
    ("give_up_after", Show::Text),
];

pub(super) const ALERT_LABELS: Table = &[
    ("owner_ref", Show::Text),
    ("team", Show::Text),
    ("component", Show::Text),
    ("system", Show::Text),
    ("mark", Show::Text),
];

pub(super) const HISTORY: Table = &[("retention", Show::Text), ("most_bytes", Show::Text)];

pub(super) const SCRAPERS: Table = &[("backstage", Show::Keys(BACKSTAGE))];

pub(super) const BACKSTAGE: Table = &[("enabled", Show::Text), ("instances", Show::Keys(INSTANCE))];

pub(super) const INSTANCE: Table = &[
    ("name", Show::Text),
    ("type", Show::Text),
    ("endpoint", Show::Url),
    ("path", Show::Text),
    ("secretName", Show::Text),
    ("namespace", Show::Text),
    ("sync_interval", Show::Text),
    ("clusters", Show::Text),
    ("match_rules", Show::Text),
    ("honor_cluster_annotation", Show::Text),
    ("label_map", Show::Keys(LABEL_MAP)),
    ("token_file", Show::Text),
    ("token_env", Show::Variable),
    ("token", Show::Nothing),
    ("oauth2", Show::Keys(OAUTH2)),
    ("headers", Show::Nothing),
    ("client_cert_file", Show::Text),
    ("client_key_file", Show::Text),
    ("ca_file", Show::Text),
    ("insecure_skip_verify", Show::Text),
    ("proxy", Show::Url),
    ("connect_timeout", Show::Text),
    ("idle_timeout", Show::Text),
    ("request_timeout", Show::Text),
    ("filter", Show::Text),
    ("page_size", Show::Text),
    ("gzip", Show::Text),
    ("fields", Show::Text),
];

pub(super) const LABEL_MAP: Table = &[
    ("component_kubernetes_id", Show::Text),
    ("component_kubernetes_namespace", Show::Text),
    ("component_owner", Show::Text),
];

pub(super) const OAUTH2: Table = &[
    ("token_url", Show::Url),
    ("client_id", Show::Nothing),
    ("client_secret_file", Show::Text),
    ("client_secret_env", Show::Variable),
    ("client_secret", Show::Nothing),
    ("client_authentication", Show::Text),
    ("scopes", Show::Text),
    ("audience", Show::Text),
];

pub(super) const CLUSTER: Table = &[
    ("name", Show::Text),
    ("path", Show::Text),
    ("context", Show::Text),
    ("kubeconfig", Show::Text),
    ("in_cluster", Show::Text),
    ("namespaces", Show::Text),
];

pub(super) const SECRETS: Table = &[
    ("cluster", Show::Text),
    ("namespaces", Show::Text),
    ("clusters", Show::Text),
    ("sync_interval", Show::Text),
];

pub(super) const METRICS: Table = &[
    ("owners", Show::Text),
    ("most_series", Show::Text),
    ("unowned", Show::Text),
];

/// A configuration of which nothing but what may be shown is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Nothing stands there.
    Null,
    /// A text, or what stands for it.
    Text(String),
    /// A list.
    List(Vec<Shown>),
    /// A map, in the order of the file.
    Map(Vec<(String, Shown)>),
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

/// What may be shown of the text of a configuration; of one that is no YAML nothing.
pub(crate) fn redacted(text: &str) -> Shown {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match parse(text) {
        Ok(node) => shown(&node, Show::Keys(ROOT)),
        Err(_) => Shown::Text(REDACTED.to_owned()),
    }
}

fn shown(node: &Node, show: Show) -> Shown {
    match (&node.value, show) {
        (Value::Null, _) => Shown::Null,
        (Value::List(items), _) => {
            Shown::List(items.iter().map(|item| shown(item, show)).collect())
        }
        (Value::Map(entries), Show::Keys(table)) => {
            let mut hidden = 0;
            let entries = entries.iter().map(|(key, node)| {
                if let Some((known, show)) = table.iter().find(|(known, _)| *known == key.text) {
                    return ((*known).to_owned(), shown(node, *show));
                }
                hidden += 1;
                let key = format!("[redacted key {hidden}]");
                (key, shown(node, Show::Nothing))
            });
            Shown::Map(entries.collect())
        }
        (Value::Map(entries), _) => {
            let keys = (1..).map(|number| format!("[redacted key {number}]"));
            let values = entries.iter().map(|(_, node)| shown(node, Show::Nothing));
            Shown::Map(keys.zip(values).collect())
        }
        (Value::Scalar(text, _), show) => {
            Shown::Text(scalar(text, show).unwrap_or_else(|| REDACTED.to_owned()))
        }
    }
}

fn scalar(text: &str, show: Show) -> Option<String> {
    match show {
        Show::Text => Some(text.to_owned()),
        Show::Variable => is_variable(text).then(|| text.to_owned()),
        Show::Url => url(text),
        Show::Keys(_) | Show::Nothing => None,
    }
}

fn url(text: &str) -> Option<String> {
    // `proxy` has words beside URLs.
    if ["environment", "none"].contains(&text) {
        return Some(text.to_owned());
    }
    let mut url = Url::parse(text).ok()?;
    let plain = ["http", "https"].contains(&url.scheme()) && url.has_host();
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    plain.then(|| url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yaml(text: &str) -> String {
        serde_saphyr::to_string(&redacted(text)).expect("YAML")
    }

    #[test]
    fn s31_the_structure_stays_and_secrets_do_not() {
        let text = "
label_prefix: causely.ai # sentinel
api_token_env: sentinel-in-place-of-a-name
tokn: sentinel
scrapers:
  backstage:
    instances:
      - name: main
        endpoint: https://jane:sentinel@backstage.example/base?key=sentinel#sentinel
        token: sentinel
        token_env: BACKSTAGE_TOKEN
        headers: {X-Api-Key: sentinel, sentinel: {env: sentinel, file: [sentinel]}}
        oauth2: {client_secret: sentinel, client_id: sentinel, scopes: [a, b]}
        proxy: sentinel
        label_map: {component_owner: [spec.owner], sentinel: [sentinel]}
      - sentinel
clusters: [{name: prod, context: prod, namespaces: [shop]}, {token: sentinel}]
secrets: sentinel
store: {sentinel: sentinel}
alertmanager: {forward: {webhook: 'https://hooks.example/sentinel', token: sentinel}, overwrite: true}
notifications: [{name: hub, webhook: {url: 'https://hooks.example/sentinel', headers: {A: sentinel}}, window: 5m},
  {slack: {url: sentinel, url_env: sentinel}, email: {username: sentinel, to: [sentinel], smtp: mail.example}}]
sentinel: {sentinel: [{sentinel: sentinel}]}
";
        let shown = yaml(text);
        assert!(!shown.contains("sentinel"), "{shown}");
        insta::assert_snapshot!(shown, @r#"
        label_prefix: causely.ai
        api_token_env: "[redacted]"
        "[redacted key 1]": "[redacted]"
        scrapers:
          backstage:
            instances:
            - name: main
              endpoint: https://backstage.example/base
              token: "[redacted]"
              token_env: BACKSTAGE_TOKEN
              headers:
                "[redacted key 1]": "[redacted]"
                "[redacted key 2]":
                  "[redacted key 1]": "[redacted]"
                  "[redacted key 2]":
                  - "[redacted]"
              oauth2:
                client_secret: "[redacted]"
                client_id: "[redacted]"
                scopes:
                - a
                - b
              proxy: "[redacted]"
              label_map:
                component_owner:
                - spec.owner
                "[redacted key 1]":
                - "[redacted]"
            - "[redacted]"
        clusters:
        - name: prod
          context: prod
          namespaces:
          - shop
        - "[redacted key 1]": "[redacted]"
        secrets: "[redacted]"
        store:
          "[redacted key 1]": "[redacted]"
        alertmanager:
          forward:
            webhook: "[redacted]"
            token: "[redacted]"
          overwrite: "true"
        notifications:
        - name: hub
          webhook:
            url: "[redacted]"
            headers:
              "[redacted key 1]": "[redacted]"
          window: 5m
        - slack:
            "[redacted key 1]": "[redacted]"
            url_env: "[redacted]"
          email:
            username: "[redacted]"
            to:
            - "[redacted]"
            smtp: mail.example
        "[redacted key 2]":
          "[redacted key 1]":
          - "[redacted key 1]": "[redacted]"
        "#);
    }

    #[test]
    fn s31_what_is_no_yaml_is_not_shown_at_all() {
        for text in [
            "a: [sentinel",
            "sentinel",
            "- sentinel",
            "{sentinel: *sentinel}",
        ] {
            assert!(!yaml(text).contains("sentinel"), "{text}");
        }
        assert_eq!(redacted(""), Shown::Null);
    }
}
