//! `backstitch serve`: the service over the sources of a configuration.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Result;
use cluster::live::Access as ClusterAccess;
use server::{Access, Hosts};
use store::{Options, Store, StoreError};
use tokio::net::TcpListener;

use crate::alerts;
use crate::args::ServeArgs;
use crate::config::{ClusterSource, Config, InstanceSource, SignIn};
use crate::exit::Exit;
use crate::notifications::Notifications;
use crate::report::Failure;
use crate::service::{Random, Service, Signals};
use crate::sign_in;

/// The file of the store in its folder, where none is configured.
const STORE_FILE: &str = "backstitch.db";

/// Runs the command.
pub(crate) async fn run(args: &ServeArgs, config: &Config) -> Result<Exit> {
    let mut signals = Signals::listen()?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    something_to_serve(config)?;
    let address = args.listen.unwrap_or(config.listen);
    let listener = listen(address).await?;
    let access = access(config, address)?;
    let path = store_path(args.store.as_ref(), config);
    let store = Store::open(&path, &Options::default()).map_err(|error| store_failure(&error))?;

    tracing::info!("listening on http://{}", listener.local_addr()?);
    tracing::info!("the store is `{}`", path.display());
    tell_sources(config);
    let alerts = match &config.alertmanager {
        Some(alertmanager) => {
            let opened = alerts::open(alertmanager, &path);
            let alerts = opened.map_err(|error| store_failure(&error))?;
            Some((alerts, alertmanager.forward.clone()))
        }
        None => None,
    };
    let notifications = match config.notifications.as_slice() {
        [] => None,
        receivers => {
            let opened = store
                .reader()
                .and_then(|history| Notifications::open(receivers, &path, history));
            Some(opened.map_err(|error| store_failure(&error))?)
        }
    };
    let mut service = Service::start(config, store, Random::new())?;
    if let Some((alerts, forward)) = alerts {
        service.take_alerts(alerts, forward, Random::new());
    }
    if let Some(notifications) = notifications {
        service.notify(notifications, Random::new());
    }
    match service.serve(listener, access, &mut signals).await {
        Ok(()) => Ok(Exit::Done),
        Err(error) => match error.downcast_ref::<StoreError>() {
            Some(store) => Err(store_failure(store).into()),
            None => Err(error),
        },
    }
}

/// Binds the address.
///
/// # Errors
/// When it is taken, or not ours.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::because(format!("cannot listen on `{address}`"), &error).hint(Some(
            "another process may have the port: `listen` in the configuration, or `--listen`, names another",
        ))
    })
}

/// What a configuration does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// Neither a catalog nor a cluster.
    Everything,
    /// A catalog.
    Catalogs,
    /// A cluster.
    Clusters,
}

impl Lack {
    /// What comes of it.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Everything => {
                "there is nothing to serve: no catalog and no cluster is configured"
            }
            Self::Catalogs => "no catalog is configured: every Service will be unclaimed",
            Self::Clusters => "no cluster is configured: there will be no verdicts",
        }
    }

    /// What to do about it.
    pub(crate) fn remedy(self) -> &'static str {
        match self {
            Self::Everything => {
                "name a configuration by `--config`, or look around with `backstitch demo`"
            }
            Self::Catalogs => "list one under `scrapers.backstage.instances` of the configuration",
            Self::Clusters => "list one under `clusters` of the configuration",
        }
    }
}

/// What a configuration does not have, if it lacks something.
pub(crate) fn lack(config: &Config) -> Option<Lack> {
    let catalogs = config.instances.len() + config.refused.len() + config.without_source.len();
    let found = config
        .secrets
        .as_ref()
        .is_some_and(|secrets| secrets.backstages);
    match (catalogs, config.clusters.len()) {
        (0, 0) => Some(Lack::Everything),
        // Secrets may configure catalogs that nobody knows yet.
        (0, _) if found => None,
        (0, _) => Some(Lack::Catalogs),
        (_, 0) => Some(Lack::Clusters),
        _ => None,
    }
}

fn something_to_serve(config: &Config) -> Result<(), Failure> {
    match lack(config) {
        Some(lack @ Lack::Everything) => {
            Err(Failure::new(lack.message()).hint(Some(lack.remedy())))
        }
        Some(lack) => {
            tracing::warn!("{}", lack.message());
            Ok(())
        }
        None => Ok(()),
    }
}

fn access(config: &Config, address: SocketAddr) -> Result<Access, Failure> {
    let token = config
        .api_token
        .as_ref()
        .map(|token| token.read("token"))
        .transpose()
        .map_err(|error| Failure::because("there is no token for the API", &error))?;
    let sign_in = config.sign_in.as_ref().map(sign_in).transpose()?;
    if token.is_none() && sign_in.is_none() && !address.ip().is_loopback() {
        tracing::warn!(
            "whoever reaches {address} may read everything: set `api_token_file` or `sign_in`, or listen on a loopback address"
        );
    }
    let mut allowed = config.allowed_hosts.clone();
    // On a loopback address, behind a proxy, browsers ask by the name that they have.
    let own = config
        .sign_in
        .as_ref()
        .filter(|_| address.ip().is_loopback());
    allowed.extend(own.and_then(|it| it.url.host_str()).map(str::to_owned));
    Ok(Access {
        token,
        sign_in,
        hosts: Hosts::of(address, &allowed),
    })
}

fn sign_in(configured: &SignIn) -> Result<server::SignIn, Failure> {
    let provider = sign_in::provider(configured);
    Ok(server::SignIn {
        provider: provider.map_err(|why| Failure::new(format!("nobody could sign in: {why}")))?,
        grants: configured.grants.clone(),
    })
}

/// The file of the store: the one that is given, else that of the configuration, else the usual one.
pub(crate) fn store_path(given: Option<&PathBuf>, config: &Config) -> PathBuf {
    let named = given.or(config.store.as_ref());
    named.cloned().unwrap_or_else(default_store)
}

/// Where programs of a user keep their state: `$XDG_STATE_HOME/backstitch/`, else `~/.local/state/backstitch/`, else the
/// current folder. Two configurations that one user serves need a `store` each.
fn default_store() -> PathBuf {
    let folder = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let state =
        folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local").join("state")));
    match state {
        Some(state) => state.join("backstitch").join(STORE_FILE),
        None => PathBuf::from(STORE_FILE),
    }
}

fn store_failure(error: &StoreError) -> Failure {
    Failure::because("cannot use the store", error).hint(error.remedy())
}

fn tell_sources(config: &Config) {
    for instance in &config.instances {
        let from = match &instance.source {
            InstanceSource::Endpoint(endpoint) => format!("`{}`", endpoint.url),
            InstanceSource::Files(paths) => listed(paths),
            InstanceSource::Secret(secret) => {
                format!("the Secret `{}/{}`", secret.namespace, secret.name)
            }
        };
        tracing::info!("catalog `{}`: {from}", instance.name());
    }
    for cluster in &config.clusters {
        let from = match &cluster.source {
            ClusterSource::Files(paths) => listed(paths),
            ClusterSource::Live(access) => reached(access),
        };
        tracing::info!("cluster `{}`: {from}", cluster.name);
    }
    if let Some(secrets) = &config.secrets {
        tracing::info!(
            "Secrets with the label `{}/scraper: Backstage`: in cluster `{}`, namespaces {}",
            config.label_prefix,
            secrets.cluster,
            secrets.all_namespaces().join(", ")
        );
        let places = secrets.places().into_iter();
        let further = places.filter(|place| place.cluster != secrets.cluster);
        let further: Vec<String> = further.map(|place| format!("`{}`", place.key)).collect();
        if !further.is_empty() {
            tracing::info!(
                "and in the further clusters, by their namespaces: {}",
                further.join(", ")
            );
        }
    }
}

fn listed(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths
        .iter()
        .map(|path| format!("`{}`", path.display()))
        .collect();
    paths.join(", ")
}

/// How a cluster is reached, in words.
pub(crate) fn reached(access: &ClusterAccess) -> String {
    match access {
        ClusterAccess::InCluster => "by the service account of this Pod".to_owned(),
        ClusterAccess::Kubeconfig {
            context: Some(context),
            ..
        } => format!("by context `{context}`"),
        ClusterAccess::Kubeconfig { context: None, .. } => "by the current context".to_owned(),
        ClusterAccess::Inline(inline) => format!("by the kubeconfig {}", inline.origin),
    }
}
