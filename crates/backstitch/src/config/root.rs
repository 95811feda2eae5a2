//! The top of the configuration file.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use topology::nearest::nearest;

use super::alertmanager::alertmanager;
use super::clusters::clusters;
use super::fault::ConfigError;
use super::instances::instances;
use super::metrics::metrics;
use super::node::{Node, Place, Value};
use super::notifications::notifications;
use super::reader::{Faults, Map, boolean, items, number, text, texts};
use super::secret::SecretSource;
use super::sign_in::sign_in;
use super::{Config, DEFAULT_LISTEN};
use super::{history, integrations, secrets};
use topology::generation::RemovalPolicy;
use topology::labels::DEFAULT_PREFIX;
use topology::settings::Coverage;

/// A generation may be confirmed by at most so many repetitions.
const MAX_CONFIRMATIONS: u32 = 1_000;

pub(super) fn parse(path: &Path, source: &str) -> Result<Config, ConfigError> {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let mut faults = Faults::new(path, source);
    let mut warnings = Faults::new(path, source);
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let mut config = Config {
        path: Some(path.to_owned()),
        ..Config::default()
    };
    match super::node::parse(source) {
        Ok(node) => {
            // S31: before anything is found to be wrong, and in the same lines.
            let secret = secret_lines(&node);
            faults.hide(secret.clone());
            warnings.hide(secret);
            if let Some(root) = Map::open(node, "the configuration", "a configuration", &mut faults)
            {
                let mut reading = Reading {
                    folder: &folder,
                    faults: &mut faults,
                    warnings: &mut warnings,
                    covered: Vec::new(),
                    of_secrets_cluster: Vec::new(),
                };
                reading.root(root, &mut config);
            }
        }
        Err(broken) => {
            if source.contains("headers:") {
                // Which of the lines hold the value of a header cannot be told any more.
                faults.hide((1..=source.lines().count()).collect());
            }
            faults.add(broken.at, broken.message);
        }
    }
    config.warnings = warnings.list;
    if faults.list.is_empty() {
        return Ok(config);
    }
    let mut list = faults.list;
    // A person who mends a file wants to see all of it: what would only cost one instance is listed too.
    list.extend(
        config
            .refused
            .into_iter()
            .flat_map(|refused| refused.faults),
    );
    list.sort_by_key(|fault| fault.at);
    Err(ConfigError::Faults {
        what: super::WHAT,
        path: path.to_owned(),
        faults: list,
    })
}

/// Keys whose values, and whatever is below them, may be secrets.
const SECRET_KEYS: [&str; 5] = ["token", "client_secret", "headers", "webhook", "slack"];

/// The lines in which secrets may stand.
fn secret_lines(node: &Node) -> BTreeSet<usize> {
    fn mark(node: &Node, secret: bool, lines: &mut BTreeSet<usize>) {
        if secret {
            lines.insert(node.at.line);
        }
        match &node.value {
            Value::Null | Value::Scalar(..) => {}
            Value::List(items) => items.iter().for_each(|item| mark(item, secret, lines)),
            Value::Map(entries) => {
                for (key, node) in entries {
                    let secret = secret || SECRET_KEYS.contains(&key.text.as_str());
                    if secret {
                        lines.insert(key.at.line);
                    }
                    mark(node, secret, lines);
                }
            }
        }
    }
    let mut lines = BTreeSet::new();
    mark(node, false, &mut lines);
    lines
}

/// What every part of the configuration is read with.
pub(super) struct Reading<'r, 'f> {
    /// What relative paths are relative to.
    pub(super) folder: &'r Path,
    pub(super) faults: &'r mut Faults<'f>,
    pub(super) warnings: &'r mut Faults<'f>,
    /// The clusters that instances name, to be held against the list of clusters.
    pub(super) covered: Vec<(Place, String)>,
    /// Instances that a Secret configures and that nothing says the clusters of (S8).
    pub(super) of_secrets_cluster: Vec<String>,
}

impl Reading<'_, '_> {
    fn root(&mut self, mut root: Map, config: &mut Config) {
        config.label_prefix = self.label_prefix(root.take("label_prefix"));
        let scrapers = root.take("scrapers");
        let clusters_node = root.take("clusters");
        let secrets_node = root.take("secrets");
        let integrations_node = root.take("integrations");
        config.store = self.path("store", root.take("store"));
        config.listen = self.listen(root.take("listen"));
        config.api_token = self.api_token(&mut root);
        config.sign_in = root.take("sign_in").and_then(|node| sign_in(node, self));
        config.allowed_hosts = root
            .take("allowed_hosts")
            .and_then(|node| texts("allowed_hosts", node, self.faults))
            .unwrap_or_default()
            .into_iter()
            .map(|(_, host)| host)
            .collect();
        config.metrics = metrics(root.take("metrics"), self);
        config.removal = self.removal(&mut root);
        config.alertmanager = root
            .take("alertmanager")
            .and_then(|node| alertmanager(node, self));
        config.notifications = root
            .take("notifications")
            .map(|node| notifications(node, self))
            .unwrap_or_default();
        config.history = history::read(root.take("history"), self);
        root.finish(self.faults);

        config.clusters = clusters_node
            .map(|node| clusters(node, self))
            .unwrap_or_default();
        let enabled = self.scrapers(scrapers, config);
        secrets::Given::read(secrets_node, self).resolve(enabled, self, config);
        config.integrations = integrations::integrations(integrations_node, self, config);
        self.cover_secrets_cluster(config);
        self.check_coverage(config);
    }

    fn label_prefix(&mut self, node: Option<Node>) -> String {
        let default = || DEFAULT_PREFIX.to_owned();
        let Some(node) = node else {
            return default();
        };
        let Some(prefix) = text("label_prefix", &node, self.faults) else {
            return default();
        };
        if !is_dns_subdomain(&prefix) {
            self.faults.expected(
                "label_prefix",
                &node,
                "a DNS name in lower case such as `causely.ai`, without a slash",
            );
        }
        prefix
    }

    fn listen(&mut self, node: Option<Node>) -> SocketAddr {
        let Some(node) = node else {
            return DEFAULT_LISTEN;
        };
        let address = text("listen", &node, self.faults).map(|text| text.parse());
        match address {
            Some(Ok(address)) => address,
            Some(Err(_)) => {
                self.faults.expected(
                    "listen",
                    &node,
                    "an address and a port such as `127.0.0.1:7465` or `0.0.0.0:7465`",
                );
                DEFAULT_LISTEN
            }
            None => DEFAULT_LISTEN,
        }
    }

    fn api_token(&mut self, root: &mut Map) -> Option<SecretSource> {
        let file = root.take("api_token_file");
        let variable = root.take("api_token_env");
        if let (Some(_), Some(second)) = (&file, &variable) {
            self.faults.add(
                second.at,
                "`api_token_env` beside `api_token_file`, expected one of them",
            );
        }
        if let Some(path) = self.path("api_token_file", file) {
            return Some(SecretSource::File(path));
        }
        let node = variable?;
        text("api_token_env", &node, self.faults).map(SecretSource::Environment)
    }

    fn removal(&mut self, root: &mut Map) -> RemovalPolicy {
        let default = RemovalPolicy::default();
        let ratio = root
            .take("max_removal_ratio")
            .and_then(|node| number("max_removal_ratio", &node, 0.0..=1.0, self.faults));
        let confirmations = root.take("removal_confirmations").and_then(|node| {
            number(
                "removal_confirmations",
                &node,
                1..=MAX_CONFIRMATIONS,
                self.faults,
            )
        });
        RemovalPolicy {
            max_removal_ratio: ratio.unwrap_or(default.max_removal_ratio),
            confirmations: confirmations.unwrap_or(default.confirmations),
            ..default
        }
    }

    /// `scrapers.backstage`, as the Helm values have it (S28).
    /// Says whether the scraper is enabled.
    fn scrapers(&mut self, node: Option<Node>, config: &mut Config) -> bool {
        let Some(node) = node else {
            return true;
        };
        let Some(mut scrapers) = Map::open(node, "scrapers", "`scrapers`", self.faults) else {
            return true;
        };
        let backstage = scrapers.take("backstage");
        scrapers.finish(self.faults);
        let Some(backstage) = backstage else {
            return true;
        };
        let Some(mut backstage) = Map::open(
            backstage,
            "scrapers.backstage",
            "`scrapers.backstage`",
            self.faults,
        ) else {
            return true;
        };
        let enabled = backstage
            .take("enabled")
            .and_then(|node| boolean("enabled", &node, self.faults))
            .unwrap_or(true);
        let list = backstage.take("instances");
        backstage.finish(self.faults);
        let list = list
            .map(|node| items("instances", node, self.faults))
            .unwrap_or_default();
        // A disabled scraper is checked all the same: it is going to be enabled one day.
        instances(list, self, config);
        if !enabled {
            config.instances.clear();
            config.without_source.clear();
            config.refused.clear();
        }
        enabled
    }

    /// S8: an instance covers the cluster whose Secret configured it, unless `clusters` says something else.
    fn cover_secrets_cluster(&mut self, config: &mut Config) {
        let Some(secrets) = &config.secrets else {
            return;
        };
        for name in std::mem::take(&mut self.of_secrets_cluster) {
            let instance = config.instances.iter_mut().find(|it| it.name() == name);
            if let Some(instance) = instance {
                let cluster = secrets.cluster.as_str().into();
                instance.options.settings.clusters = Coverage::Named(vec![cluster]);
            }
        }
    }

    /// Clusters that an instance names and that the file does not have. A file without clusters may still be completed
    /// on the command line, and a Secret may bring a cluster whose name is like none of them.
    fn check_coverage(&mut self, config: &Config) {
        if config.clusters.is_empty() {
            return;
        }
        let names: Vec<&str> = config
            .clusters
            .iter()
            .map(|cluster| cluster.name.as_str())
            .collect();
        let of_secrets = config.secrets.as_ref().is_some_and(|it| it.clusters);
        for (at, name) in std::mem::take(&mut self.covered) {
            if names.contains(&name.as_str()) {
                continue;
            }
            let hint = match nearest(&name, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if of_secrets => continue,
                None => format!("the clusters are {}", super::reader::listed(&names)),
            };
            self.warnings.hint(
                at,
                format!("`clusters` names `{name}`, which is no cluster of this configuration"),
                hint,
            );
        }
    }

    /// A path, made relative to the folder of the configuration.
    pub(super) fn path(&mut self, key: &str, node: Option<Node>) -> Option<PathBuf> {
        let path = text(key, &node?, self.faults)?;
        Some(self.relative(&path))
    }

    fn relative(&self, path: &str) -> PathBuf {
        self.folder.join(path.strip_prefix("./").unwrap_or(path))
    }

    /// The paths of `path`: one, or a list.
    pub(super) fn paths(&mut self, key: &str, node: Node) -> Vec<PathBuf> {
        if let Value::List(items) = &node.value
            && items.is_empty()
        {
            self.faults.add(
                node.at,
                format!("`{key}`: the list is empty, expected a path"),
            );
        }
        texts(key, node, self.faults)
            .unwrap_or_default()
            .into_iter()
            .map(|(_, path)| self.relative(&path))
            .collect()
    }
}

/// Whether it can be the prefix of a Kubernetes label key.
pub(super) fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|part| {
            !part.is_empty()
                && part.len() <= 63
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
                && !part.starts_with('-')
                && !part.ends_with('-')
        })
}
