//! Which instances (S30) and clusters the Secrets make, beside those that are configured.

use std::collections::BTreeMap;

use cluster::live::secrets::Secret;

use super::Purpose;
use crate::config::{Config, InstanceSource, SecretRef, is_cluster_name};

/// An instance or a cluster that only its Secret configures.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found<'s> {
    /// Its name.
    pub name: &'s str,
    /// Its Secret.
    pub secret: &'s Secret,
}

impl Found<'_> {
    /// Its Secret as it is named.
    pub(crate) fn reference(&self) -> SecretRef {
        reference(self.secret)
    }
}

/// A labelled Secret that configures nothing: its name is taken, or it has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clash {
    /// The Secret.
    pub secret: SecretRef,
    /// What to tell of it.
    pub message: String,
}

/// The Secret as it is named.
pub(super) fn reference(secret: &Secret) -> SecretRef {
    SecretRef {
        namespace: secret.namespace.clone(),
        name: secret.name.clone(),
    }
}

/// Which instances the labelled Secrets make, and which of them make none. An instance is called as its Secret is. The order
/// in which they come decides nothing: of two with one name the one that the configuration names is taken, else that of the
/// lowest namespace.
pub(crate) fn instances<'s>(
    config: &Config,
    labelled: impl IntoIterator<Item = &'s Secret>,
) -> (Vec<Found<'s>>, Vec<Clash>) {
    let configured: Vec<&SecretRef> = crate::config::secrets_of(config).collect();
    let taken: BTreeMap<&str, String> = taken(config);
    let mut found: Vec<Found<'s>> = Vec::new();
    let mut clashes = Vec::new();
    for secret in in_order(labelled) {
        let reference = reference(secret);
        if configured.contains(&&reference) {
            continue;
        }
        let name = secret.name.as_str();
        let first = found.iter().find(|found| found.name == name);
        let by = match (taken.get(name), first) {
            (Some(by), _) => by.clone(),
            (None, Some(first)) => format!(
                "the Secret of that name in namespace `{}` is",
                first.secret.namespace
            ),
            (None, None) => {
                found.push(Found { name, secret });
                continue;
            }
        };
        clashes.push(Clash {
            message: format!(
                "the Secret `{name}` of namespace `{}` is not used: it would be the instance `{name}`, which {by} already; give one \
                 of them another name, or list it under `instances` with a `name` of its own",
                secret.namespace
            ),
            secret: reference,
        });
    }
    (found, clashes)
}

/// Which clusters the labelled Secrets make, and which of them make none. A cluster is called as the value of the label says.
/// Of two with one name the one of the configuration is taken, else the lowest by namespace and name.
pub(crate) fn clusters<'s>(
    config: &Config,
    labelled: impl IntoIterator<Item = &'s Secret>,
) -> (Vec<Found<'s>>, Vec<Clash>) {
    let selector = Purpose::Cluster.selector(&config.label_prefix);
    let label = selector.label();
    let mut found: Vec<Found<'s>> = Vec::new();
    let mut clashes = Vec::new();
    for secret in in_order(labelled) {
        let reference = reference(secret);
        let SecretRef {
            namespace,
            name: called,
        } = &reference;
        let name = secret.labels.get(label).map_or("", String::as_str);
        let unused = format!("the Secret `{called}` of namespace `{namespace}` is not used: ");
        let first = found.iter().find(|found| found.name == name);
        let message = if !is_cluster_name(name) {
            format!(
                "{unused}its label `{label}` does not name a cluster; set it with `kubectl label secret {called} --namespace \
                 {namespace} --overwrite {label}=<name>`"
            )
        } else if config.clusters.iter().any(|cluster| cluster.name == name) {
            format!(
                "{unused}it would be the cluster `{name}`, which the configuration has already; give one of them another name"
            )
        } else if let Some(Found { secret: first, .. }) = first {
            format!(
                "{unused}it would be the cluster `{name}`, which the Secret `{}` of namespace `{}` is already; give one of them \
                 another name by the label `{label}`",
                first.name, first.namespace
            )
        } else {
            found.push(Found { name, secret });
            continue;
        };
        clashes.push(Clash {
            secret: reference,
            message,
        });
    }
    (found, clashes)
}

/// By namespace and name.
fn in_order<'s>(labelled: impl IntoIterator<Item = &'s Secret>) -> Vec<&'s Secret> {
    let mut labelled: Vec<&Secret> = labelled.into_iter().collect();
    labelled.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    labelled
}

/// The names of what is configured, and by what.
fn taken(config: &Config) -> BTreeMap<&str, String> {
    let by = |secret: Option<&SecretRef>| match secret {
        Some(SecretRef { namespace, name }) => {
            format!("the configuration gives to the Secret `{namespace}/{name}`")
        }
        None => "the configuration has".to_owned(),
    };
    let instances = config.instances.iter().map(|instance| {
        let secret = match &instance.source {
            InstanceSource::Secret(secret) => Some(secret),
            _ => None,
        };
        (instance.name(), by(secret))
    });
    let refused = config
        .refused
        .iter()
        .map(|refused| (refused.name.as_str(), by(refused.secret.as_ref())));
    let without_source = config
        .without_source
        .iter()
        .map(|options| (&*options.settings.name, by(None)));
    instances.chain(refused).chain(without_source).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn secret(reference: &str) -> Secret {
        let (namespace, name) = reference.split_once('/').expect("namespace/name");
        Secret {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            ..Secret::default()
        }
    }

    /// Which instances there are beside the configured ones, and which Secrets are told of.
    fn merged(instances: &str, labelled: &[&str]) -> (Vec<String>, Vec<String>) {
        let text = format!("scrapers: {{backstage: {{instances: [{instances}]}}}}");
        let config = Config::parse(Path::new("backstitch.yaml"), &text).expect("a configuration");
        let labelled: Vec<Secret> = labelled.iter().map(|it| secret(it)).collect();
        let both = |secrets: Vec<&Secret>| {
            let (found, clashes) = super::instances(&config, secrets);
            let found = found
                .into_iter()
                .map(|found| {
                    format!(
                        "{}={}/{}",
                        found.name, found.secret.namespace, found.secret.name
                    )
                })
                .collect::<Vec<_>>();
            let clashes = clashes
                .into_iter()
                .map(|clash| format!("{}/{}", clash.secret.namespace, clash.secret.name))
                .collect::<Vec<_>>();
            (found, clashes)
        };
        let merged = both(labelled.iter().collect());
        assert_eq!(
            merged,
            both(labelled.iter().rev().collect()),
            "order decides nothing"
        );
        merged
    }

    /// What it is about, the configuration, the Secrets, the instances, the problems.
    type Case<'t> = (
        &'t str,
        &'t str,
        &'t [&'t str],
        &'t [&'t str],
        &'t [&'t str],
    );

    #[test]
    fn s30_which_instances_there_are() {
        let table: [Case<'_>; 9] = [
            ("nothing", "", &[], &[], &[]),
            ("labelled alone", "", &["ops/a"], &["a=ops/a"], &[]),
            (
                "in values alone",
                "{secretName: a, namespace: ops}",
                &[],
                &[],
                &[],
            ),
            (
                "both are one",
                "{secretName: a, namespace: ops}",
                &["ops/a"],
                &[],
                &[],
            ),
            (
                "both, by another name",
                "{name: main, secretName: a, namespace: ops}",
                &["ops/a", "web/a"],
                &["a=web/a"],
                &[],
            ),
            (
                "of one name in two namespaces",
                "",
                &["web/a", "ops/a"],
                &["a=ops/a"],
                &["web/a"],
            ),
            (
                "values say which",
                "{secretName: a, namespace: web}",
                &["ops/a", "web/a"],
                &[],
                &["ops/a"],
            ),
            (
                "a file has the name",
                "{name: a, path: files}",
                &["ops/a"],
                &[],
                &["ops/a"],
            ),
            (
                "the configured one cannot start",
                "{secretName: a, namespace: ops, label_map: {component_owner: []}}",
                &["ops/a"],
                &[],
                &[],
            ),
        ];
        for (name, instances, labelled, found, clashes) in table {
            let (was_found, clashed) = merged(instances, labelled);
            assert_eq!(
                (was_found.as_slice(), clashed.as_slice()),
                (
                    found
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .as_slice(),
                    clashes
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .as_slice(),
                ),
                "{name}"
            );
        }
    }

    #[test]
    fn s30_a_secret_that_is_not_used_is_told_of() {
        let config = Config::default();
        let labelled = [secret("web/a"), secret("ops/a")];
        let (_, clashes) = instances(&config, &labelled);
        insta::assert_snapshot!(clashes[0].message, @"the Secret `a` of namespace `web` is not used: it would be the instance `a`, which the Secret of that name in namespace `ops` is already; give one of them another name, or list it under `instances` with a `name` of its own");
    }

    #[test]
    fn which_clusters_there_are() {
        const LABEL: &str = "causely.ai/cluster";
        let config = Config::parse(
            Path::new("backstitch.yaml"),
            "clusters: [{name: here, in_cluster: true}]",
        )
        .expect("a configuration");
        let labelled = |reference: &str, name: &str| {
            let labels = BTreeMap::from([(LABEL.to_owned(), name.to_owned())]);
            Secret {
                labels,
                ..secret(reference)
            }
        };
        let mut secrets = [
            labelled("web/b", "edge"),
            labelled("ops/a", "edge"),
            labelled("ops/c", "far"),
            labelled("ops/d", "here"),
            labelled("ops/e", ""),
        ];
        let told = |secrets: &[Secret]| {
            let (found, clashes) = clusters(&config, secrets);
            let found = found.iter().map(|found| {
                format!(
                    "{}={}/{}",
                    found.name, found.secret.namespace, found.secret.name
                )
            });
            let clashes = clashes.into_iter().map(|clash| clash.message);
            found.chain(clashes).collect::<Vec<_>>().join("\n")
        };
        let first = told(&secrets);
        secrets.reverse();
        assert_eq!(told(&secrets), first, "order decides nothing");
        insta::assert_snapshot!(first, @r"
        edge=ops/a
        far=ops/c
        the Secret `d` of namespace `ops` is not used: it would be the cluster `here`, which the configuration has already; give one of them another name
        the Secret `e` of namespace `ops` is not used: its label `causely.ai/cluster` does not name a cluster; set it with `kubectl label secret e --namespace ops --overwrite causely.ai/cluster=<name>`
        the Secret `b` of namespace `web` is not used: it would be the cluster `edge`, which the Secret `a` of namespace `ops` is already; give one of them another name by the label `causely.ai/cluster`
        ");
    }
}
