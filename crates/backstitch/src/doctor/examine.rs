//! Asks all sources at once, each within a time of its own: one that is dead or slow delays and hides no other (S25).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::cluster::live::{self, Pace};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::secrets::Seen;
use super::store::{Looked, Statistics};
use super::{
    About, Check, Report, Section, catalog, cluster, configuration, files, secrets, sign_in, store,
    told,
};
use crate::apart::Unfinished;
use crate::commands::serve::reached;
use crate::config::{
    Cluster, ClusterSource, Config, Endpoint, InstanceOptions, InstanceSource, NO_LIVE_CLUSTER,
    Secrets,
};

/// The longest that one answer of an API server may take.
const ANSWER: Duration = Duration::from_secs(10);
/// The longest that all questions to one API server, and the command that gives the credentials, may take.
const CLUSTER_PATIENCE: Duration = Duration::from_mins(1);
/// The longest that reading files may take.
const FILES_PATIENCE: Duration = Duration::from_mins(2);

fn pace() -> Pace {
    Pace {
        answer_timeout: ANSWER,
        ..Pace::default()
    }
}

/// Checks everything that a configuration names; with what the store holds.
pub(crate) async fn examine(config: Config, store: &Path) -> (Report, Option<Statistics>) {
    let config = Arc::new(config);
    let store = store.to_owned();
    let store: JoinHandle<Looked> = tokio::task::spawn_blocking(move || store::look(&store));
    let catalogs: Vec<JoinHandle<Section>> = (0..config.instances.len())
        .map(|index| tokio::spawn(instance(Arc::clone(&config), index)))
        .collect();
    let clusters: Vec<JoinHandle<Section>> = config
        .clusters
        .iter()
        .map(|cluster| tokio::spawn(of_cluster(cluster.clone())))
        .collect();
    let of_secrets = tokio::spawn(of_secrets(Arc::clone(&config)));

    let mut checks = configuration(&config);
    if let Some(configured) = &config.sign_in {
        let asked = sign_in::ask(configured).await;
        let redirect = configured.redirect();
        let issuer = &configured.oidc.issuer;
        checks.push(sign_in::check(issuer, redirect.as_str(), &asked));
    }
    let mut sections = vec![Section::new(About::Configuration, None, checks)];
    let looked = store.await.ok();
    sections.extend(looked.as_ref().map(Looked::section));
    let of_secrets = of_secrets.await.unwrap_or_default();
    let asked = joined(catalogs).await;
    // One that its Secret configures is told of where its Secret was found.
    let asked = asked.into_iter().filter(|it| !it.checks.is_empty());
    sections.extend(asked);
    sections.extend(joined(clusters).await);
    sections.extend(of_secrets.secrets);
    sections.extend(of_secrets.catalogs);
    sections.extend(of_secrets.clusters);
    let statistics = looked.and_then(|looked| looked.statistics());
    (Report { sections }, statistics)
}

/// A task ends early only by a panic, which has been told of.
async fn joined(tasks: Vec<JoinHandle<Section>>) -> Vec<Section> {
    let mut sections = Vec::new();
    for task in tasks {
        sections.extend(task.await.ok());
    }
    sections
}

async fn instance(config: Arc<Config>, index: usize) -> Section {
    let instance = &config.instances[index];
    let checks = match &instance.source {
        InstanceSource::Endpoint(endpoint) => ask(endpoint, &instance.options).await,
        InstanceSource::Files(paths) => {
            let (paths, settings) = (paths.clone(), instance.options.settings.clone());
            read("files", move || files::catalog(&paths, &settings)).await
        }
        InstanceSource::Secret(secret) if config.secrets.is_none() => {
            let message = format!(
                "its Secret `{}/{}` cannot be read: there is no live cluster to read it from",
                secret.namespace, secret.name
            );
            vec![Check::fail("access", message).remedy(Some(NO_LIVE_CLUSTER))]
        }
        InstanceSource::Secret(_) => Vec::new(),
    };
    Section::new(About::Catalog, Some(instance.name()), checks)
}

async fn ask(endpoint: &Endpoint, options: &InstanceOptions) -> Vec<Check> {
    let settings = &options.settings;
    let asked = timeout(
        catalog::PATIENCE,
        catalog::ask(endpoint, &settings.label_map),
    );
    match asked.await {
        Ok(asked) => catalog::checks(endpoint, settings, &asked),
        Err(_) => vec![catalog::late()],
    }
}

async fn read(
    what: &'static str,
    work: impl FnOnce() -> Vec<Check> + Send + 'static,
) -> Vec<Check> {
    match timeout(FILES_PATIENCE, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(checks)) => checks,
        Ok(Err(error)) => vec![Check::fail(what, format!("could not be read: {error}"))],
        Err(_) => {
            let message = format!("were not read within {} s", FILES_PATIENCE.as_secs());
            vec![
                Check::fail(what, message).remedy(Some("look at the file system that they are on")),
            ]
        }
    }
}

async fn of_cluster(cluster: Cluster) -> Section {
    let name = cluster.name.clone();
    let checks = match cluster.source.clone() {
        ClusterSource::Files(paths) => read("files", move || files::cluster(&paths)).await,
        ClusterSource::Live(access) => {
            let asked = apart(&name, async move || live_cluster(&cluster, &access).await);
            asked.await.unwrap_or_else(|check| vec![check])
        }
    };
    Section::new(About::Cluster, Some(&name), checks)
}

async fn live_cluster(cluster: &Cluster, access: &live::Access) -> Vec<Check> {
    let checks = asked_cluster(cluster, access).await.into_iter();
    checks
        .map(|check| check.or_else(|| by_kubectl(access)))
        .collect()
}

/// The command that shows whether it can be reached at all.
fn by_kubectl(access: &live::Access) -> Option<String> {
    let live::Access::Kubeconfig { path, context } = access else {
        return None;
    };
    let mut command = "kubectl version".to_owned();
    if let Some(path) = path {
        command = format!("{command} --kubeconfig {}", path.display());
    }
    if let Some(context) = context {
        command = format!("{command} --context {context}");
    }
    Some(format!("`{command}` shows whether it is so for others too"))
}

async fn asked_cluster(cluster: &Cluster, access: &live::Access) -> Vec<Check> {
    let by = reached(access);
    let server = match live::connect(access).await {
        Ok(server) => server.within(cluster.namespaces.clone()),
        Err(error) => {
            let message = format!("{by}: {}", told(&error));
            return vec![Check::fail("access", message).remedy(error.hint())];
        }
    };
    let mut checks = vec![Check::ok("access", by)];
    let examination = live::examine(&server, &pace()).await;
    checks.extend(cluster::checks(server.address(), &examination));
    checks
}

/// What Secrets configure, and the Secrets themselves.
#[derive(Default)]
struct OfSecrets {
    catalogs: Vec<Section>,
    clusters: Vec<Section>,
    secrets: Vec<Section>,
}

async fn of_secrets(config: Arc<Config>) -> OfSecrets {
    let Some(secrets) = config.secrets.clone() else {
        return OfSecrets::default();
    };
    let seen = look(Arc::clone(&config), secrets.clone()).await;
    let catalogs = seen.backstages(&config, &secrets).into_iter().map(|found| {
        tokio::spawn(async move {
            let checks = ask(&found.endpoint, &found.options).await;
            let name = &found.options.settings.name;
            Section::new(About::Catalog, Some(name), checks)
        })
    });
    let catalogs: Vec<JoinHandle<Section>> = catalogs.collect();
    let clusters = seen.clusters(&config).into_iter();
    let clusters: Vec<JoinHandle<Section>> = clusters
        .map(|cluster| tokio::spawn(of_cluster(cluster)))
        .collect();
    OfSecrets {
        catalogs: joined(catalogs).await,
        clusters: joined(clusters).await,
        secrets: seen.into_sections(),
    }
}

async fn look(config: Arc<Config>, secrets: Secrets) -> Seen {
    let looked = apart("secrets", async move || {
        secrets::look(&config, &secrets, &pace()).await
    });
    looked.await.unwrap_or_else(Seen::unseen)
}

/// Asks an API server, and gives up on it after a time.
async fn apart<T: Send + 'static>(
    name: &str,
    work: impl AsyncFnOnce() -> T + Send + 'static,
) -> Result<T, Check> {
    let done = crate::apart::apart(&format!("doctor {name}"), CLUSTER_PATIENCE, work).await;
    done.map_err(|unfinished| match unfinished {
        Unfinished::NoThread(error) => {
            Check::fail("access", format!("no thread can be had: {error}"))
        }
        Unfinished::Failed => {
            Check::fail("access", "the check itself failed; standard error says why")
        }
        Unfinished::Late => {
            let seconds = CLUSTER_PATIENCE.as_secs();
            let message = format!("not all questions were answered within {seconds} s");
            let remedy = "run `kubectl version` by the same kubeconfig: a command that gives the credentials may be waiting, or the API server is overloaded";
            Check::fail("access", message).remedy(Some(remedy))
        }
    })
}
