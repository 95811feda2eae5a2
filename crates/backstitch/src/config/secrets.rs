//! Where configuration is looked for in Kubernetes Secrets: in which cluster, and in which of its namespaces (S30).

use std::path::Path;
use std::time::Duration;

use cluster::live::Access;
use topology::nearest::nearest;
use topology::settings::Coverage;

use super::instances::sync_interval;
use super::node::{Node, Place};
use super::reader::{Map, boolean, listed, text, texts};
use super::root::Reading;
use super::{
    ClusterSource, Config, DEFAULT_SYNC_INTERVAL, InstanceOptions, InstanceSource, SecretRef,
};

/// Where a Pod finds the name of its own namespace.
const OWN_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// Where Secrets are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Secrets {
    /// The cluster that has them.
    pub cluster: String,
    /// How it is reached.
    pub access: Access,
    /// The namespaces that are configured, or named by instances; sorted.
    pub namespaces: Vec<String>,
    /// The namespace of the Pod that this runs in is one of them.
    pub own_namespace: bool,
    /// Further clusters in which Secrets of Backstages are looked for, with how each is reached: those that the pages write to.
    pub further: Vec<(String, Access)>,
    /// In which of their namespaces; where none are listed, in those of the same names.
    pub further_namespaces: Option<Vec<String>>,
    /// Those found by label configure an instance. They do not where the scraper is disabled.
    pub backstages: bool,
    /// Those found by label add a cluster.
    pub clusters: bool,
    /// How often an instance that is found by its label is read, and how often it is judged whether what is left of an instance
    /// or a cluster that is gone may go too.
    pub sync_interval: Duration,
}

impl Secrets {
    /// The namespaces to look in. Reads the name of the Pod's own from its service account, where that is one of them.
    pub(crate) fn all_namespaces(&self) -> Vec<String> {
        let mut namespaces = self.namespaces.clone();
        if self.own_namespace
            && let Ok(own) = std::fs::read_to_string(Path::new(OWN_NAMESPACE))
            && is_name(own.trim())
        {
            namespaces.push(own.trim().to_owned());
        }
        namespaces.sort();
        namespaces.dedup();
        namespaces
    }

    /// Everywhere that Secrets are looked for.
    pub(crate) fn places(&self) -> Vec<SecretPlace> {
        let own = self.all_namespaces();
        let others = self.further_namespaces.as_ref().unwrap_or(&own);
        let home = own.iter().map(|namespace| SecretPlace {
            cluster: self.cluster.clone(),
            access: self.access.clone(),
            namespace: namespace.clone(),
            key: namespace.clone(),
        });
        let further = self.further.iter().flat_map(|(cluster, access)| {
            others.iter().map(move |namespace| SecretPlace {
                cluster: cluster.clone(),
                access: access.clone(),
                namespace: namespace.clone(),
                key: format!("{cluster}/{namespace}"),
            })
        });
        home.chain(further).collect()
    }

    /// What an instance is like that nothing but its Secret says anything of (S8, S30).
    pub(crate) fn options_of(&self, name: &str) -> InstanceOptions {
        let mut options = InstanceOptions::named(name);
        options.settings.clusters = Coverage::Named(vec![self.cluster.as_str().into()]);
        options.sync_interval = self.sync_interval;
        options
    }
}

/// A namespace in which Secrets are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecretPlace {
    /// Its cluster.
    pub cluster: String,
    /// How that is reached.
    pub access: Access,
    /// The namespace.
    pub namespace: String,
    /// What it is called here: of a further cluster `cluster/namespace`, which no namespace can be called.
    pub key: String,
}

/// The further cluster, if it is one, and the namespace of what a place is called here.
pub(crate) fn parts_of_place(key: &str) -> (Option<&str>, &str) {
    match key.split_once('/') {
        Some((cluster, namespace)) => (Some(cluster), namespace),
        None => (None, key),
    }
}

/// What the key `secrets` says.
#[derive(Default)]
pub(super) struct Given {
    at: Option<Place>,
    cluster: Option<(Place, String)>,
    namespaces: Option<Vec<String>>,
    clusters: Option<bool>,
    sync_interval: Option<Duration>,
}

impl Given {
    pub(super) fn read(node: Option<Node>, reading: &mut Reading<'_, '_>) -> Self {
        let Some(node) = node else {
            return Self::default();
        };
        let Some(mut map) = Map::open(node, "secrets", "`secrets`", reading.faults) else {
            return Self::default();
        };
        let at = map.at();
        let cluster = map.take("cluster").and_then(|node| {
            let name = text("cluster", &node, reading.faults)?;
            Some((node.at, name))
        });
        let namespaces = map.take("namespaces").and_then(|node| {
            let at = node.at;
            let names = texts("namespaces", node, reading.faults)?;
            if names.is_empty() {
                reading
                    .faults
                    .add(at, "`namespaces`: the list is empty, expected a namespace");
            }
            Some(
                names
                    .into_iter()
                    .filter(|(at, name)| checked("namespaces", *at, name, reading))
                    .map(|(_, name)| name)
                    .collect(),
            )
        });
        let clusters = map
            .take("clusters")
            .and_then(|node| boolean("clusters", &node, reading.faults));
        let sync_interval = map
            .take("sync_interval")
            .and_then(|node| sync_interval(&node, reading));
        map.finish(reading.faults);
        Self {
            at: Some(at),
            cluster,
            namespaces,
            clusters,
            sync_interval,
        }
    }

    /// Where Secrets are looked for, given what else is configured. An instance that its Secret configures covers the
    /// cluster that has it, unless `clusters` says something else (S8).
    pub(super) fn resolve(self, enabled: bool, reading: &mut Reading<'_, '_>, config: &mut Config) {
        let mut named: Vec<String> = secrets_of(config)
            .map(|secret| secret.namespace.clone())
            .collect();
        let live = || {
            config
                .clusters
                .iter()
                .filter_map(|cluster| match &cluster.source {
                    ClusterSource::Live(access) => Some((cluster.name.as_str(), access)),
                    ClusterSource::Files(_) => None,
                })
        };
        let in_cluster = live().find(|(_, access)| **access == Access::InCluster);
        if self.at.is_none() && named.is_empty() && in_cluster.is_none() {
            return;
        }
        let chosen = match &self.cluster {
            Some((at, name)) => {
                let found = live().find(|(cluster, _)| cluster == name);
                if found.is_none() {
                    let all: Vec<&str> = live().map(|(name, _)| name).collect();
                    let hint = match nearest(name, all.iter().copied()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None if all.is_empty() => NO_LIVE_CLUSTER.to_owned(),
                        None => format!("the live clusters are {}", listed(&all)),
                    };
                    let message =
                        format!("`secrets` names the cluster `{name}`, which is no live cluster");
                    reading.faults.hint(*at, message, hint);
                }
                found
            }
            None => in_cluster.or_else(|| live().next()),
        };
        let Some((cluster, access)) = chosen else {
            // A source on the command line may stand in for a Secret, so instances that have one are told of at start.
            if let (Some(at), None) = (self.at, self.cluster) {
                let message = "`secrets` without a live cluster to read them from";
                reading.faults.hint(at, message, NO_LIVE_CLUSTER);
            }
            return;
        };
        let clusters = self.clusters.unwrap_or(true);
        if !enabled && !clusters {
            return;
        }
        let own_namespace = *access == Access::InCluster && self.namespaces.is_none();
        named.extend(self.namespaces.unwrap_or_default());
        named.sort();
        named.dedup();
        let secrets = Secrets {
            cluster: cluster.to_owned(),
            access: access.clone(),
            namespaces: named,
            own_namespace,
            further: Vec::new(),
            further_namespaces: None,
            backstages: enabled,
            clusters,
            sync_interval: self.sync_interval.unwrap_or(DEFAULT_SYNC_INTERVAL),
        };
        if secrets.namespaces.is_empty() && !secrets.own_namespace {
            if let Some(at) = self.at {
                let message = "`secrets` without `namespaces`, and no instance names one";
                let hint =
                    "list the namespaces that hold the Secrets, such as `namespaces: [causely]`";
                reading.faults.hint(at, message, hint);
            }
            return;
        }
        config.secrets = Some(secrets);
    }
}

/// What to do where Secrets have nowhere to come from.
pub(crate) const NO_LIVE_CLUSTER: &str =
    "list the cluster that has them below `clusters`, such as `- {name: here, in_cluster: true}`";

/// The Secrets that instances name, whether they can start or not.
pub(crate) fn secrets_of(config: &Config) -> impl Iterator<Item = &SecretRef> {
    let instances = config
        .instances
        .iter()
        .filter_map(|instance| match &instance.source {
            InstanceSource::Secret(secret) => Some(secret),
            _ => None,
        });
    let refused = config
        .refused
        .iter()
        .filter_map(|refused| refused.secret.as_ref());
    instances.chain(refused)
}

/// Whether it can be the name of a namespace or a Secret; what else it is would be part of a path.
pub(crate) fn is_name(text: &str) -> bool {
    super::root::is_dns_subdomain(text)
}

/// The same, with a fault where it cannot.
pub(super) fn checked(key: &str, at: Place, name: &str, reading: &mut Reading<'_, '_>) -> bool {
    let is = is_name(name);
    if !is {
        reading.faults.add(
            at,
            format!("`{key}`: found `{name}`, expected a name of Kubernetes, in lower case such as `causely`"),
        );
    }
    is
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, crate::config::ConfigError> {
        Config::parse(Path::new("etc/backstitch.yaml"), text)
    }

    /// What is wrong with it.
    fn faults(text: &str) -> String {
        parse(text).expect_err("it is faulty").to_string()
    }

    /// Where Secrets are looked for: cluster, namespaces, whether the own one is among them.
    fn secrets(text: &str) -> Option<(String, Vec<String>, bool)> {
        let config = parse(text).expect("a configuration");
        let secrets = config.secrets?;
        Some((secrets.cluster, secrets.namespaces, secrets.own_namespace))
    }

    #[test]
    fn s30_where_secrets_are_looked_for() {
        const CLUSTERS: &str = "clusters: [{name: files, path: k8s}, {name: far, context: far}, {name: here, in_cluster: true}]\n";
        const INSTANCE: &str =
            "scrapers: {backstage: {instances: [{secretName: a, namespace: ops}]}}\n";
        let found = |cluster: &str, namespaces: &[&str], own| {
            let namespaces = namespaces.iter().map(ToString::to_string).collect();
            Some((cluster.to_owned(), namespaces, own))
        };
        let far = "clusters: [{name: far, context: far}]\n";
        let table = [
            (CLUSTERS.to_owned(), found("here", &[], true)),
            (
                format!("{CLUSTERS}{INSTANCE}"),
                found("here", &["ops"], true),
            ),
            (
                format!("{CLUSTERS}{INSTANCE}secrets: {{namespaces: [web]}}"),
                found("here", &["ops", "web"], false),
            ),
            (
                format!("{CLUSTERS}secrets: {{cluster: far, namespaces: web}}"),
                found("far", &["web"], false),
            ),
            (format!("{far}{INSTANCE}"), found("far", &["ops"], false)),
            (far.to_owned(), None),
            (INSTANCE.to_owned(), None),
        ];
        for (text, expected) in table {
            assert_eq!(secrets(&text), expected, "{text}");
        }
    }

    #[test]
    fn s8_an_instance_of_a_secret_covers_the_cluster_that_has_it() {
        let covers = |keys: &str| {
            let text = format!(
                "clusters: [{{name: far, context: far}}, {{name: here, in_cluster: true}}]\n\
                 scrapers: {{backstage: {{instances: [{{namespace: ops, secretName: a{keys}}}]}}}}\n"
            );
            let config = parse(&text).expect("a configuration");
            config.instances[0].options.settings.clusters.clone()
        };
        assert_eq!(covers(""), Coverage::Named(vec!["here".into()]));
        assert_eq!(covers(", clusters: all"), Coverage::All);
        assert_eq!(
            covers(", clusters: [far]"),
            Coverage::Named(vec!["far".into()])
        );
    }

    #[test]
    fn s30_secrets_that_cannot_be_looked_for() {
        for (text, told) in [
            ("secrets: {}", "`secrets` without a live cluster"),
            (
                "clusters: [{name: a, path: k8s}]\nsecrets: {cluster: a}",
                "which is no live cluster",
            ),
            (
                "clusters: [{name: far, context: far}]\nsecrets: {cluster: fr}",
                "did you mean `far`?",
            ),
            (
                "clusters: [{name: far, context: far}]\nsecrets: {}",
                "`secrets` without `namespaces`",
            ),
            (
                "clusters: [{name: far, context: far}]\nsecrets: {namespaces: []}",
                "the list is empty",
            ),
            (
                "clusters: [{name: far, context: far}]\nsecrets: {namespaces: [../x]}",
                "expected a name of Kubernetes",
            ),
        ] {
            let faults = faults(text);
            assert!(faults.contains(told), "{text}: {faults}");
        }
        let faults =
            faults("scrapers: {backstage: {instances: [{secretName: a/../../b, namespace: ops}]}}");
        assert!(
            faults.contains("`secretName`: found `a/../../b`"),
            "{faults}"
        );
    }
}
