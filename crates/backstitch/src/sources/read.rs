//! Reading every source of a plan at once. One that fails never keeps another from being read (S25).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::live::secrets::{Selector, get};
use cluster::live::{Access, Namespaces, Pace, connect};
use tokio::task::JoinSet;
use topology::fact::{CatalogGeneration, ClusterGeneration};

use super::backstage::read_backstage;
use super::progress::{Bar, Bars};
use super::select::Plan;
use crate::config::{
    Cluster, ClusterSource, Instance, InstanceOptions, InstanceSource, NO_LIVE_CLUSTER, Secrets,
};
use crate::report::{Failure, Failures};
use crate::secrets::{Problem, endpoint, missing, unlabelled};

/// Everything that was read.
#[derive(Debug)]
pub(crate) struct Reading {
    /// What label keys begin with.
    pub label_prefix: String,
    /// The catalogs, sorted by name.
    pub catalogs: Vec<(InstanceOptions, CatalogGeneration)>,
    /// The clusters, sorted by name.
    pub clusters: Vec<(String, ClusterGeneration)>,
    /// How long each source took: what it is, and the time.
    pub times: Vec<(String, Duration)>,
}

enum Outcome {
    Catalog(Box<InstanceOptions>, Result<CatalogGeneration, Failure>),
    Cluster(String, Result<ClusterGeneration, Failure>),
}

/// Reads every source.
///
/// # Errors
/// Every source that cannot be read at all, after all were tried.
pub(crate) async fn read(plan: Plan) -> Result<Reading, Failures> {
    let bars = Bars::new();
    let mut tasks: JoinSet<(String, Duration, Outcome)> = JoinSet::new();
    let secrets: Arc<Option<Secrets>> = Arc::new(plan.secrets);
    let prefix: Arc<str> = plan.label_prefix.as_str().into();
    for instance in plan.instances {
        let (secrets, prefix) = (Arc::clone(&secrets), Arc::clone(&prefix));
        let what = format!("read catalog `{}`", instance.name());
        let bar = bars.bar(format!("catalog {}", instance.name()));
        tasks.spawn(async move {
            let started = Instant::now();
            let resolved = resolved(&instance, secrets.as_ref().as_ref(), &prefix).await;
            let (options, outcome) = match resolved {
                Ok(instance) => {
                    let outcome = read_catalog(&instance, bar).await;
                    (instance.options, outcome)
                }
                Err(failure) => (instance.options, Err(failure)),
            };
            (
                what,
                started.elapsed(),
                Outcome::Catalog(Box::new(options), outcome),
            )
        });
    }
    for cluster in plan.clusters {
        let what = format!("read cluster `{}`", cluster.name);
        let bar = bars.bar(format!("cluster {}", cluster.name));
        tasks.spawn(async move {
            let started = Instant::now();
            let outcome = read_cluster(&cluster, bar).await;
            (
                what,
                started.elapsed(),
                Outcome::Cluster(cluster.name, outcome),
            )
        });
    }
    let mut reading = Reading {
        label_prefix: plan.label_prefix,
        catalogs: Vec::new(),
        clusters: Vec::new(),
        times: Vec::new(),
    };
    let mut failures = Vec::new();
    while let Some(joined) = tasks.join_next().await {
        let (what, time, outcome) = match joined {
            Ok(read) => read,
            Err(error) => {
                failures.push(Failure::because("a source could not be read", &error));
                continue;
            }
        };
        match outcome {
            Outcome::Catalog(options, Ok(generation)) => {
                reading.catalogs.push((*options, generation));
            }
            Outcome::Cluster(name, Ok(generation)) => reading.clusters.push((name, generation)),
            Outcome::Catalog(_, Err(failure)) | Outcome::Cluster(_, Err(failure)) => {
                failures.push(failure);
            }
        }
        reading.times.push((what, time));
    }
    bars.clear();
    if !failures.is_empty() {
        failures.sort_by(|a, b| a.message.cmp(&b.message));
        return Err(Failures(failures));
    }
    reading
        .catalogs
        .sort_by(|(a, _), (b, _)| a.settings.name.cmp(&b.settings.name));
    reading.clusters.sort_by(|(a, _), (b, _)| a.cmp(b));
    reading.times.sort();
    Ok(reading)
}

/// The instance, and where its catalog is, after its Secret was read if it has one (S29, S30).
async fn resolved(
    instance: &Instance,
    secrets: Option<&Secrets>,
    prefix: &str,
) -> Result<Instance, Failure> {
    let InstanceSource::Secret(secret) = &instance.source else {
        return Ok(instance.clone());
    };
    let name = instance.name();
    let message = format!(
        "cannot read catalog `{name}`, which the Secret `{}/{}` configures",
        secret.namespace, secret.name
    );
    let Some(secrets) = secrets else {
        let failure = Failure::new(format!(
            "{message}: no live cluster is configured to read that from"
        ));
        return Err(failure.hint(Some(format!(
            "{NO_LIVE_CLUSTER}, or give `--catalog {name}=<url>` on the command line"
        ))));
    };
    let refused = |problem: Problem| Failure {
        causes: vec![problem.message],
        ..Failure::new(&message).hint(problem.remedy)
    };
    let server = connect(&secrets.access).await.map_err(|error| {
        let hint = error.hint();
        Failure::because(&message, &error).hint(hint)
    })?;
    let pace = Pace::default();
    let found = get(&server, &pace, &secret.namespace, &secret.name);
    let found = found.await.map_err(|error| {
        let hint = error.hint();
        Failure::because(&message, &error).hint(hint)
    })?;
    let Some(found) = found else {
        return Err(refused(missing(secret, prefix)));
    };
    if !Selector::backstages(prefix).matches(&found.labels) {
        return Err(refused(unlabelled(secret, prefix)));
    }
    let reached = endpoint(&found).map_err(refused)?;
    for warning in &reached.warnings {
        tracing::warn!("catalog `{name}`: {warning}");
    }
    Ok(Instance {
        options: reached.options(&instance.options),
        source: InstanceSource::Endpoint(reached.endpoint),
    })
}

async fn read_catalog(instance: &Instance, mut bar: Bar) -> Result<CatalogGeneration, Failure> {
    let name = instance.name();
    let map = &instance.options.settings.label_map;
    match &instance.source {
        InstanceSource::Endpoint(endpoint) => {
            if endpoint.insecure_skip_verify {
                tracing::warn!(
                    "catalog `{name}` is read without verifying the server's certificate: whoever stands between can read the token"
                );
            }
            let mut progress = |at: catalog::Progress| {
                bar.set(at.done, at.total, format!("{} entities", at.entities));
            };
            let read = read_backstage(endpoint, map, &mut progress).await;
            read.map(|read| read.generation).map_err(|error| {
                let message = format!("cannot read catalog `{name}` from `{}`", endpoint.url);
                let hint = error.hint(endpoint);
                Failure::because(message, &error).hint(hint)
            })
        }
        InstanceSource::Files(paths) => {
            let (paths, map) = (paths.clone(), map.clone());
            let read = tokio::task::spawn_blocking(move || {
                let mut progress = |at: catalog::Progress| {
                    bar.set(at.done, at.total, format!("{} entities", at.entities));
                };
                let generation = catalog::files::read(&paths, &map, &mut progress);
                (paths, generation)
            });
            let (paths, generation) = read
                .await
                .map_err(|error| unfinished("catalog", name, &error))?;
            match nothing_read(&paths, &generation) {
                Some(causes) => Err(Failure {
                    causes,
                    ..Failure::new(format!("cannot read catalog `{name}`"))
                }),
                None => Ok(generation),
            }
        }
        // Its Secret has been read by now.
        InstanceSource::Secret(_) => Err(Failure::new(format!("cannot read catalog `{name}`"))),
    }
}

/// A catalog of which nothing could be read at all, as opposed to one whose documents have faults: every fault is then
/// about a path that was given.
fn nothing_read(paths: &[PathBuf], generation: &CatalogGeneration) -> Option<Vec<String>> {
    let given = |place: &str| paths.iter().any(|path| path.display().to_string() == place);
    let nothing = generation.entities.is_empty()
        && !generation.faults.is_empty()
        && generation.faults.iter().all(|fault| given(&fault.place));
    nothing.then(|| {
        let causes = generation.faults.iter();
        causes
            .map(|fault| format!("{}: {}", fault.place, fault.message))
            .collect()
    })
}

async fn read_cluster(cluster: &Cluster, mut bar: Bar) -> Result<ClusterGeneration, Failure> {
    let name = &cluster.name;
    match &cluster.source {
        ClusterSource::Files(paths) => {
            let paths = paths.clone();
            let read = tokio::task::spawn_blocking(move || {
                cluster::manifests::read(&paths, &mut |at| {
                    let message = format!("{} of {} files", at.files_done, at.files_total);
                    bar.set(at.bytes_done, Some(at.bytes_total), message);
                })
            });
            read.await
                .map_err(|error| unfinished("cluster", name, &error))?
                .map_err(|error| Failure::because(format!("cannot read cluster `{name}`"), &error))
        }
        ClusterSource::Live(access) => {
            let from = match access {
                Access::InCluster => "from inside of it".to_owned(),
                Access::Kubeconfig {
                    context: Some(context),
                    ..
                } => format!("by context `{context}`"),
                Access::Kubeconfig { context: None, .. } => "by the current context".to_owned(),
                Access::Inline(inline) => format!("by the kubeconfig {}", inline.origin),
            };
            let message = format!("cannot read cluster `{name}` {from}");
            let access = access.clone();
            let namespaces = cluster.namespaces.clone();
            // What reports the progress cannot move between threads, so the whole read stays on one.
            let runtime = tokio::runtime::Handle::current();
            let read = tokio::task::spawn_blocking(move || {
                runtime.block_on(read_live(&access, namespaces, &message, bar))
            });
            read.await
                .map_err(|error| unfinished("cluster", name, &error))?
        }
    }
}

async fn read_live(
    access: &Access,
    namespaces: Namespaces,
    message: &str,
    mut bar: Bar,
) -> Result<ClusterGeneration, Failure> {
    let server = cluster::live::connect(access).await.map_err(|error| {
        let hint = error.hint();
        Failure::because(message, &error).hint(hint)
    })?;
    let server = server.within(namespaces);
    let mut progress = |at: cluster::live::Listing| {
        let message = format!("{} objects", at.objects);
        bar.set(at.kinds_done as u64, Some(at.kinds_total as u64), message);
    };
    cluster::live::list_once(&server, &Pace::default(), &mut progress)
        .await
        .map_err(|error| {
            let hint = error.hint();
            Failure::because(message, &error).hint(hint)
        })
}

fn unfinished(what: &str, name: &str, error: &tokio::task::JoinError) -> Failure {
    Failure::because(format!("reading {what} `{name}` did not finish"), error)
}
