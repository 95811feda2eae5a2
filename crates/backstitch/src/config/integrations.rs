//! Whether, and where, the server may write Secrets that configure a Backstage (S29, S30).

use cluster::live::Access;
use topology::nearest::nearest;

use super::node::{Node, Place};
use super::reader::{Map, boolean, listed, texts};
use super::root::Reading;
use super::secrets::{NO_LIVE_CLUSTER, SecretPlace, checked};
use super::{ClusterSource, Config, Secrets};

/// That it may, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Integrations {
    /// The clusters; where none are listed, the one in which Secrets are looked for.
    pub clusters: Vec<String>,
    /// The namespaces; where none are listed, those in which Secrets are looked for.
    pub namespaces: Option<Vec<String>>,
}

impl Integrations {
    /// Where may be written to. Secrets elsewhere would not be found.
    pub(crate) fn writable(&self, secrets: &Secrets) -> Vec<SecretPlace> {
        let is_listed = |place: &SecretPlace| {
            let namespaces = self.namespaces.as_ref();
            self.clusters.contains(&place.cluster)
                && namespaces.is_none_or(|names| names.contains(&place.namespace))
        };
        secrets.places().into_iter().filter(is_listed).collect()
    }
}

/// What the key `integrations` says; it is held against where Secrets are looked for, which is known by now. Secrets of a
/// Backstage are looked for in every cluster that it lists.
pub(super) fn integrations(
    node: Option<Node>,
    reading: &mut Reading<'_, '_>,
    config: &mut Config,
) -> Option<Integrations> {
    let mut map = Map::open(node?, "integrations", "`integrations`", reading.faults)?;
    let at = map.at();
    let enabled = map
        .take("enabled")
        .and_then(|node| boolean("enabled", &node, reading.faults))
        .unwrap_or(false);
    let clusters = list("clusters", map.take("clusters"), reading);
    let namespaces = list("namespaces", map.take("namespaces"), reading);
    map.finish(reading.faults);
    for (at, name) in namespaces.iter().flatten() {
        checked("namespaces", *at, name, reading);
    }
    let live: Vec<(String, Access)> = config
        .clusters
        .iter()
        .filter_map(|cluster| match &cluster.source {
            ClusterSource::Live(access) => Some((cluster.name.clone(), access.clone())),
            ClusterSource::Files(_) => None,
        })
        .collect();
    for (at, name) in clusters.iter().flatten() {
        if live.iter().any(|(live, _)| live == name) {
            continue;
        }
        let names: Vec<&str> = live.iter().map(|(name, _)| name.as_str()).collect();
        let message =
            format!("`integrations` names the cluster `{name}`, which is no live cluster");
        let hint = match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the live clusters are {}", listed(&names)),
        };
        reading.faults.hint(*at, message, hint);
    }
    if !enabled {
        return None;
    }
    let Some(secrets) = config.secrets.as_mut().filter(|it| it.backstages) else {
        let message = "`integrations` without a place where Secrets of a Backstage are looked for";
        let hint = if config.secrets.is_some() {
            "leave `enabled: false` of `scrapers.backstage` out"
        } else {
            NO_LIVE_CLUSTER
        };
        reading.faults.hint(at, message, hint);
        return None;
    };
    let names = |list: Option<Vec<(Place, String)>>| {
        list.map(|list| {
            list.into_iter()
                .map(|(_, name)| name)
                .collect::<Vec<String>>()
        })
    };
    let clusters = names(clusters).unwrap_or_else(|| vec![secrets.cluster.clone()]);
    if clusters.contains(&secrets.cluster) {
        for (at, name) in namespaces.iter().flatten() {
            if !secrets.own_namespace && !secrets.namespaces.contains(name) {
                let message = format!(
                    "`integrations` names the namespace `{name}`, in which Secrets are not looked for"
                );
                let hint = "list it below `namespaces` of `secrets` too";
                reading.faults.hint(*at, message, hint);
            }
        }
    }
    let namespaces = names(namespaces);
    secrets.further = live
        .into_iter()
        .filter(|(name, _)| *name != secrets.cluster && clusters.contains(name))
        .collect();
    secrets.further_namespaces.clone_from(&namespaces);
    Some(Integrations {
        clusters,
        namespaces,
    })
}

/// A list that is not empty, if there is one.
fn list(
    key: &str,
    node: Option<Node>,
    reading: &mut Reading<'_, '_>,
) -> Option<Vec<(Place, String)>> {
    let node = node?;
    let at = node.at;
    let before = reading.faults.list.len();
    let names = texts(key, node, reading.faults).unwrap_or_default();
    if names.is_empty() && reading.faults.list.len() == before {
        reading
            .faults
            .add(at, format!("`{key}`: the list is empty, expected a name"));
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const HERE: &str = "clusters: [{name: here, context: here}, {name: eu, context: eu}, {name: files, path: k8s}]\nsecrets: {namespaces: [ops, web]}\n";

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
            (
                "integrations: {enabled: true, clusters: [eu, here]}",
                Some(vec!["ops", "web", "eu/ops", "eu/web"]),
            ),
            (
                "integrations: {enabled: true, clusters: [eu], namespaces: [team]}",
                Some(vec!["eu/team"]),
            ),
        ] {
            let config = parse(&format!("{HERE}{text}")).expect("a configuration");
            let secrets = config.secrets.as_ref().expect("they are looked for");
            let places = config.integrations.map(|it| it.writable(secrets));
            let found: Option<Vec<String>> =
                places.map(|places| places.into_iter().map(|place| place.key).collect());
            let writable = writable.map(|all| all.into_iter().map(str::to_owned).collect());
            assert_eq!(found, writable, "{text}");
            // Where it is not written to it is read all the same.
            assert!(secrets.places().len() >= 2, "{text}");
        }
        assert_eq!(crate::config::parts_of_place("eu/ops"), (Some("eu"), "ops"));
        assert_eq!(crate::config::parts_of_place("ops"), (None, "ops"));
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
                format!("{HERE}integrations: {{enabled: true, clusters: [files]}}"),
                "which is no live cluster",
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
