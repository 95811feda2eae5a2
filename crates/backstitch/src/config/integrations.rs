//! Whether, and where, the server may write Secrets that configure a Backstage (S29, S30).

use super::node::Node;
use super::reader::{Map, boolean, texts};
use super::root::Reading;
use super::secrets::{NO_LIVE_CLUSTER, checked};
use super::{Config, Secrets};

/// That it may, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Integrations {
    /// The namespaces; where none are listed, those in which Secrets are looked for.
    pub namespaces: Option<Vec<String>>,
}

impl Integrations {
    /// The namespaces that may be written to: Secrets elsewhere would not be found.
    pub(crate) fn writable(&self, secrets: &Secrets) -> Vec<String> {
        let all = secrets.all_namespaces();
        match &self.namespaces {
            Some(listed) => all
                .into_iter()
                .filter(|namespace| listed.contains(namespace))
                .collect(),
            None => all,
        }
    }
}

/// What the key `integrations` says; it is held against where Secrets are looked for, which is known by now.
pub(super) fn integrations(
    node: Option<Node>,
    reading: &mut Reading<'_, '_>,
    config: &Config,
) -> Option<Integrations> {
    let mut map = Map::open(node?, "integrations", "`integrations`", reading.faults)?;
    let at = map.at();
    let enabled = map
        .take("enabled")
        .and_then(|node| boolean("enabled", &node, reading.faults))
        .unwrap_or(false);
    let listed = map.take("namespaces");
    map.finish(reading.faults);
    let namespaces = listed.map(|node| {
        let at = node.at;
        let names = texts("namespaces", node, reading.faults).unwrap_or_default();
        if names.is_empty() {
            let message = "`namespaces`: the list is empty, expected a namespace";
            reading.faults.add(at, message);
        }
        names
    });
    for (at, name) in namespaces.iter().flatten() {
        if !checked("namespaces", *at, name, reading) {
            continue;
        }
        let looked_in = config
            .secrets
            .as_ref()
            .is_none_or(|secrets| secrets.own_namespace || secrets.namespaces.contains(name));
        if !looked_in {
            let message = format!(
                "`integrations` names the namespace `{name}`, in which Secrets are not looked for"
            );
            let hint = "list it below `namespaces` of `secrets` too";
            reading.faults.hint(*at, message, hint);
        }
    }
    if !enabled {
        return None;
    }
    let may = config.secrets.as_ref().is_some_and(|it| it.backstages);
    if !may {
        let message = "`integrations` without a place where Secrets of a Backstage are looked for";
        let hint = if config.secrets.is_some() {
            "leave `enabled: false` of `scrapers.backstage` out"
        } else {
            NO_LIVE_CLUSTER
        };
        reading.faults.hint(at, message, hint);
        return None;
    }
    Some(Integrations {
        namespaces: namespaces.map(|names| names.into_iter().map(|(_, name)| name).collect()),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const HERE: &str =
        "clusters: [{name: here, context: here}]\nsecrets: {namespaces: [ops, web]}\n";

    fn parse(text: &str) -> Result<Config, crate::config::ConfigError> {
        Config::parse(Path::new("etc/backstitch.yaml"), text)
    }

    #[test]
    fn nothing_is_written_unless_it_is_enabled_and_only_where_secrets_are_looked_for() {
        for (text, writable) in [
            ("", None),
            ("integrations: {}", None),
            ("integrations: {enabled: false}", None),
            ("integrations: {enabled: true}", Some(vec!["ops", "web"])),
            (
                "integrations: {enabled: true, namespaces: [web]}",
                Some(vec!["web"]),
            ),
        ] {
            let config = parse(&format!("{HERE}{text}")).expect("a configuration");
            let secrets = config.secrets.as_ref().expect("they are looked for");
            let found = config.integrations.map(|it| it.writable(secrets));
            assert_eq!(
                found,
                writable.map(|all| all.into_iter().map(str::to_owned).collect()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_cannot_be_enabled_is_told() {
        for (text, told) in [
            (
                format!("{HERE}integrations: {{enabled: true, namespaces: [shop]}}"),
                "in which Secrets are not looked for",
            ),
            (
                format!("{HERE}integrations: {{enabled: true, namespaces: []}}"),
                "the list is empty",
            ),
            (
                format!("{HERE}integrations: {{enabled: yes}}"),
                "expected `true` or `false`",
            ),
            (
                "integrations: {enabled: true}".to_owned(),
                "without a place where Secrets",
            ),
            (
                format!(
                    "{HERE}scrapers: {{backstage: {{enabled: false}}}}\nintegrations: {{enabled: true}}"
                ),
                "leave `enabled: false`",
            ),
        ] {
            let faults = parse(&text).expect_err("it is faulty").to_string();
            assert!(faults.contains(told), "{text}: {faults}");
        }
    }
}
