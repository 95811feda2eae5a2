//! Which sources a run reads: those of the flags, else those of the configuration (S33).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cluster::live::{Access, Namespaces};
use topology::nearest::{near, nearest};

use super::flag::{Flag, exists, named};
use crate::args::SourceArgs;
use crate::config::{
    Cluster, ClusterSource, Config, Credentials, DEFAULT_NAME, Endpoint, EndpointProblem, Instance,
    InstanceOptions, InstanceSource, SecretSource, Secrets, live_cluster_name, parse_endpoint,
};
use crate::report::{Failure, Failures};

/// The environment variable that holds the token of catalogs given as a URL.
const TOKEN_VARIABLE: &str = "BACKSTITCH_TOKEN";
/// How many near names are shown.
const NEAR: usize = 3;

/// What is to be read.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// What label keys begin with.
    pub label_prefix: String,
    /// The catalogs, sorted by name.
    pub instances: Vec<Instance>,
    /// The clusters, sorted by name.
    pub clusters: Vec<Cluster>,
    /// Where the Secrets are that instances name.
    pub secrets: Option<Secrets>,
    /// What is worth saying before anything is read.
    pub notes: Vec<String>,
}

/// Chooses the sources.
///
/// # Errors
/// Everything that is wrong with the flags, and with what the configuration would have to give.
pub(crate) fn select(args: &SourceArgs, config: &Config) -> Result<Plan, Failures> {
    let mut selecting = Selecting {
        args,
        config,
        failures: Vec::new(),
        notes: config.warnings.iter().map(ToString::to_string).collect(),
    };
    let mut instances = selecting.instances();
    let mut clusters = selecting.clusters();
    if selecting.failures.is_empty() {
        selecting.something_to_read(&instances, &clusters);
    }
    if !selecting.failures.is_empty() {
        return Err(Failures(selecting.failures));
    }
    instances.sort_by(|a, b| a.name().cmp(b.name()));
    clusters.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Plan {
        label_prefix: config.label_prefix.clone(),
        instances,
        clusters,
        secrets: config.secrets.clone(),
        notes: selecting.notes,
    })
}

/// Chooses the clusters alone.
///
/// # Errors
/// Everything that is wrong with the flags that name them.
pub(crate) fn select_clusters(
    args: &SourceArgs,
    config: &Config,
) -> Result<Vec<Cluster>, Failures> {
    let mut selecting = Selecting {
        args,
        config,
        failures: Vec::new(),
        notes: Vec::new(),
    };
    let mut clusters = selecting.clusters();
    if !selecting.failures.is_empty() {
        return Err(Failures(selecting.failures));
    }
    clusters.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(clusters)
}

struct Selecting<'s> {
    args: &'s SourceArgs,
    config: &'s Config,
    failures: Vec<Failure>,
    notes: Vec<String>,
}

impl Selecting<'_> {
    fn something_to_read(&mut self, instances: &[Instance], clusters: &[Cluster]) {
        if instances.is_empty() {
            self.failures
                .push(Failure::new("no catalog is given").hint(Some(
                    "name one by `--catalog <dir|file|url>`, or a configuration by `--config`",
                )));
        }
        if clusters.is_empty() {
            self.failures.push(Failure::new("no cluster is given").hint(Some(
                "name one by `--cluster <dir|file|kubeconfig context>`, or a configuration by `--config`",
            )));
        }
    }

    fn instances(&mut self) -> Vec<Instance> {
        if self.args.catalog.is_empty() {
            return self.instances_of_config();
        }
        let flags: Vec<Flag> = self
            .args
            .catalog
            .iter()
            .map(|text| Flag::parse(text))
            .collect();
        let named = named(&flags, |_| DEFAULT_NAME.to_owned());
        self.note_unused_settings(&named);
        named
            .into_iter()
            .filter_map(|(name, places)| {
                let source = self.catalog_source(&name, &places)?;
                if let Some(refused) = self
                    .config
                    .refused
                    .iter()
                    .find(|refused| refused.name == name)
                {
                    self.failures.push(refused_instance(refused));
                    return None;
                }
                let options = match self.config.instance_options(&name) {
                    Some(options) => options.clone(),
                    None => InstanceOptions::named(&name),
                };
                Some(Instance { options, source })
            })
            .collect()
    }

    fn instances_of_config(&mut self) -> Vec<Instance> {
        self.failures
            .extend(self.config.refused.iter().map(refused_instance));
        for options in &self.config.without_source {
            let failure = format!(
                "instance `{}` of the configuration has no catalog",
                options.settings.name
            );
            self.failures.push(Failure::new(failure).hint(Some(format!(
                "give it `endpoint` or `path`, or `--catalog {}=<dir|file|url>` on the command line",
                options.settings.name
            ))));
        }
        self.config.instances.clone()
    }

    /// A configuration whose settings reach no catalog is a slip that nothing else would show.
    fn note_unused_settings(&mut self, named: &BTreeMap<String, Vec<String>>) {
        let Some(path) = &self.config.path else {
            return;
        };
        let configured: Vec<&str> = self.config.instance_names().collect();
        if configured.is_empty() || configured.iter().any(|name| named.contains_key(*name)) {
            return;
        }
        let given: Vec<String> = named.keys().map(|name| format!("`{name}`")).collect();
        self.notes.push(format!(
            "no catalog has the name of an instance of `{}`, so its settings have no effect: the catalogs are called {}; write \
             `--catalog {}=…` to use the settings of `{}`",
            path.display(),
            given.join(", "),
            configured[0],
            configured[0]
        ));
    }

    fn catalog_source(&mut self, name: &str, places: &[String]) -> Option<InstanceSource> {
        let (urls, paths): (Vec<&String>, Vec<&String>) =
            places.iter().partition(|place| place.contains("://"));
        match (urls.as_slice(), paths.as_slice()) {
            ([], paths) => {
                let missing: Vec<Failure> = paths
                    .iter()
                    .filter_map(|path| missing_path("catalog", path))
                    .collect();
                if missing.is_empty() {
                    return Some(InstanceSource::Files(
                        paths.iter().map(PathBuf::from).collect(),
                    ));
                }
                self.failures.extend(missing);
                None
            }
            ([url], []) => self.endpoint(name, url),
            _ => {
                self.failures.push(
                    Failure::new(format!(
                        "instance `{name}` is given a URL and something else"
                    ))
                    .hint(Some(
                        "a live Backstage is an instance of its own: give each its own name",
                    )),
                );
                None
            }
        }
    }

    fn endpoint(&mut self, name: &str, text: &str) -> Option<InstanceSource> {
        let url = match parse_endpoint(text) {
            Ok(url) => url,
            Err(EndpointProblem::UserInfo) => {
                self.failures.push(
                    Failure::new(format!(
                        "the URL of catalog `{name}` carries a user name or password"
                    ))
                    .hint(Some(format!(
                        "leave it out, and give a token by `--token-file` or {TOKEN_VARIABLE}"
                    ))),
                );
                return None;
            }
            Err(EndpointProblem::NotHttp) => {
                self.failures.push(
                    Failure::new(format!("`{text}` is no URL of a Backstage"))
                        .hint(Some("expected such as `https://backstage.example.com`")),
                );
                return None;
            }
        };
        let configured = self
            .config
            .instances
            .iter()
            .find(|instance| instance.name() == name);
        let mut endpoint = match configured.map(|instance| &instance.source) {
            Some(InstanceSource::Endpoint(endpoint)) => Endpoint {
                url,
                ..*endpoint.clone()
            },
            _ => Endpoint::at(url),
        };
        if let Some(file) = &self.args.token_file {
            endpoint.credentials = Credentials::Token(SecretSource::File(file.clone()));
        } else if std::env::var_os(TOKEN_VARIABLE).is_some_and(|token| !token.is_empty()) {
            endpoint.credentials =
                Credentials::Token(SecretSource::Environment(TOKEN_VARIABLE.to_owned()));
        }
        Some(InstanceSource::Endpoint(Box::new(endpoint)))
    }

    fn clusters(&mut self) -> Vec<Cluster> {
        if self.args.cluster.is_empty() {
            return self.config.clusters.clone();
        }
        let flags: Vec<Flag> = self
            .args
            .cluster
            .iter()
            .map(|text| Flag::parse(text))
            .collect();
        named(&flags, |place| {
            if exists(place) {
                file_cluster_name(Path::new(place))
            } else {
                live_cluster_name(place)
            }
        })
        .into_iter()
        .filter_map(|(name, places)| {
            let source = self.cluster_source(&name, &places)?;
            Some(Cluster {
                name,
                source,
                namespaces: Namespaces::All,
            })
        })
        .collect()
    }

    /// A path that exists wins over a context.
    fn cluster_source(&mut self, name: &str, places: &[String]) -> Option<ClusterSource> {
        let (paths, contexts): (Vec<&String>, Vec<&String>) =
            places.iter().partition(|place| exists(place));
        match (paths.as_slice(), contexts.as_slice()) {
            (paths, []) => Some(ClusterSource::Files(
                paths.iter().map(PathBuf::from).collect(),
            )),
            ([], [context]) => self.context(context),
            (_, contexts) => {
                let context = contexts.first()?;
                self.failures
                    .push(missing_path("cluster", context).unwrap_or_else(|| {
                        Failure::new(format!(
                            "cluster `{name}` is given several sources, one of them no file"
                        ))
                    }));
                None
            }
        }
    }

    fn context(&mut self, context: &str) -> Option<ClusterSource> {
        let kubeconfig = self.args.kubeconfig.clone();
        let known = match cluster::live::contexts(kubeconfig.as_deref()) {
            Ok(known) => known,
            Err(error) => {
                let message =
                    format!("`{context}` is no file or folder, and contexts cannot be looked up");
                let hint = siblings_hint(context).or_else(|| error.hint());
                self.failures
                    .push(Failure::because(message, &error).hint(hint));
                return None;
            }
        };
        if known.iter().any(|known| known == context) {
            return Some(ClusterSource::Live(Access::Kubeconfig {
                path: kubeconfig,
                context: Some(context.to_owned()),
            }));
        }
        let near = near(context, known.iter().map(String::as_str), NEAR);
        let hint = match (near.as_slice(), siblings_hint(context)) {
            ([], Some(hint)) => hint,
            ([], None) if known.is_empty() => "the kubeconfig has no context".to_owned(),
            ([], None) => format!("the contexts are {}", listed(&known)),
            (near, _) => format!("did you mean the context {}?", listed(near)),
        };
        self.failures.push(
            Failure::new(format!(
                "`{context}` is neither a file or folder nor a context of the kubeconfig"
            ))
            .hint(Some(hint)),
        );
        None
    }
}

fn listed(names: &[impl AsRef<str>]) -> String {
    const LISTED: usize = 8;
    let mut shown: Vec<String> = names
        .iter()
        .take(LISTED)
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    if names.len() > LISTED {
        shown.push(format!("{} more", names.len() - LISTED));
    }
    shown.join(", ")
}

fn refused_instance(refused: &crate::config::RefusedInstance) -> Failure {
    let faults: Vec<String> = refused.faults.iter().map(ToString::to_string).collect();
    Failure::new(format!(
        "instance `{}` cannot be read: its `label_map` is faulty\n\n{}",
        refused.name,
        faults.join("\n\n")
    ))
}

/// Why nothing is at that path; `None` where something is, or where it is a pattern.
fn missing_path(what: &str, path: &str) -> Option<Failure> {
    if exists(path) || path.contains(['*', '?', '[']) {
        return None;
    }
    let hint = siblings_hint(path).or_else(|| {
        let host = path.split('/').next().unwrap_or_default();
        (what == "catalog" && host.contains('.') && !host.starts_with('.') && !path.ends_with("ml"))
            .then(|| format!("a Backstage is given with its scheme: `https://{path}`"))
    });
    Some(Failure::new(format!("there is no file or folder `{path}` for a {what}")).hint(hint))
}

/// What in the same folder has a name like it.
fn siblings_hint(path: &str) -> Option<String> {
    let path = Path::new(path);
    let name = path.file_name()?.to_str()?;
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let siblings: Vec<String> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    let near = nearest(name, siblings.iter().map(String::as_str))?;
    Some(format!(
        "did you mean `{}`?",
        path.with_file_name(near).display()
    ))
}

/// A cluster of files is called after its file or folder.
fn file_cluster_name(path: &Path) -> String {
    let full = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    // A link is called by its own name, `.` by the folder's.
    let named = match path.file_name() {
        Some(_) => path,
        None => &full,
    };
    let name = if full.is_dir() {
        named.file_name()
    } else {
        named.file_stem()
    };
    let name = name.map_or_else(
        || "cluster".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    name.replace(|c: char| c.is_whitespace() || c.is_control(), "-")
}
