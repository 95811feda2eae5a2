//! How an API server is reached: kubeconfig or service account, checked before the first request, so that what is wrong is
//! named as a person would look for it.

use std::env;
use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use kube::Client;
use kube::client::ClientBuilder;
use kube::config::{
    AuthInfo, Cluster, Config, KubeConfigOptions, Kubeconfig, KubeconfigError, NamedContext,
};
use secrecy::ExposeSecret as _;
use topology::nearest::near;

use super::connect_error::{CONTEXTS_NAMED, ConnectError};
use super::exec::{Plugin, SignIn};
use super::inline::{InlineKubeconfig, Origin, refuse_cluster, refuse_user};
use super::namespaces::Namespaces;
use super::proxy;

/// The longest that building up a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How an API server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// By the service account of the Pod this process runs in.
    InCluster,
    /// By a context of a kubeconfig.
    Kubeconfig {
        /// The file; `None` is `$KUBECONFIG`, else `~/.kube/config`.
        path: Option<PathBuf>,
        /// The context; `None` is the current one.
        context: Option<String>,
    },
    /// By the text of a kubeconfig, from a Secret for instance.
    Inline(InlineKubeconfig),
}

/// How a live cluster is reached, and what of it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// How its API server is reached.
    pub access: Access,
    /// The namespaces that are read.
    pub namespaces: Namespaces,
}

/// A reachable API server, so far as can be said without asking it.
#[derive(Clone)]
pub struct ApiServer {
    pub(super) client: Client,
    /// `https://host:port`, for messages.
    pub(super) address: String,
    pub(super) namespaces: Namespaces,
    /// When its credentials are good no more, if they cannot be renewed in place.
    pub(super) expires: Option<Timestamp>,
}

impl std::fmt::Debug for ApiServer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ApiServer")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl ApiServer {
    /// Scheme, host and port, as messages name it.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// When it has to be connected to anew, because a credential command gave a certificate that ends then; a token of such a
    /// command is renewed in place.
    pub fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    /// The same API server, of which only these namespaces are read.
    #[must_use]
    pub fn within(self, namespaces: Namespaces) -> Self {
        Self { namespaces, ..self }
    }
}

/// The contexts of a kubeconfig (`None`: the usual one) in its order.
pub fn contexts(path: Option<&Path>) -> Result<Vec<String>, ConnectError> {
    let (kubeconfig, _) = load(path)?;
    Ok(kubeconfig
        .contexts
        .into_iter()
        .map(|context| context.name)
        .collect())
}

/// Prepares a connection; nothing is asked of the API server yet. Has to be called within a tokio runtime. A credential
/// command that the kubeconfig names (`exec`) is run.
pub async fn connect(access: &Access) -> Result<ApiServer, ConnectError> {
    let mut config = match access {
        Access::InCluster => {
            Config::incluster().map_err(|source| ConnectError::InCluster { source })?
        }
        Access::Kubeconfig { path, context } => {
            let (kubeconfig, shown) = load(path.as_deref())?;
            configured(kubeconfig, shown, context.as_deref(), Origin::Here).await?
        }
        Access::Inline(inline) => {
            let (kubeconfig, shown) = inline.parse()?;
            configured(
                kubeconfig,
                shown,
                inline.context.as_deref(),
                Origin::Elsewhere,
            )
            .await?
        }
    };
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    let address = address(&config);
    let (sign_in, expires) = signed_in(&mut config).await?;
    let client = |source| ConnectError::Client {
        address: address.clone(),
        source: Box::new(source),
    };
    let builder = ClientBuilder::try_from(config).map_err(client)?;
    let client = match sign_in {
        Some(sign_in) => builder.with_layer(&sign_in).build(),
        None => builder.build(),
    };
    Ok(ApiServer {
        client,
        address,
        namespaces: Namespaces::All,
        expires,
    })
}

/// Runs the command that gives the credentials, if there is one and nothing else does. What adds its token to requests, or
/// when its certificate is good no more.
async fn signed_in(
    config: &mut Config,
) -> Result<(Option<SignIn>, Option<Timestamp>), ConnectError> {
    let auth = &mut config.auth_info;
    let others = auth.token.is_some() || auth.token_file.is_some() || auth.username.is_some();
    let Some(exec) = auth.exec.take().filter(|_| !others) else {
        return Ok((None, None));
    };
    let plugin = Plugin::new(exec)?;
    let given = plugin.run().await?;
    if let Some((certificate, key)) = given.identity {
        let key = BASE64_STANDARD.encode(key.expose_secret());
        auth.client_certificate_data = Some(BASE64_STANDARD.encode(certificate));
        auth.client_key_data = Some(key.into());
    }
    match given.token {
        Some(token) => Ok((Some(SignIn::new(plugin, &token, given.expires)?), None)),
        None => Ok((None, given.expires)),
    }
}

fn address(config: &Config) -> String {
    let url = &config.cluster_url;
    let scheme = url.scheme_str().unwrap_or("https");
    let host = url.host().unwrap_or_default();
    match url.port_u16() {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

/// The kubeconfig and how messages name it.
fn load(path: Option<&Path>) -> Result<(Kubeconfig, String), ConnectError> {
    let shown = match (path, env::var_os("KUBECONFIG")) {
        (Some(path), _) => format!("`{}`", path.display()),
        (None, Some(paths)) if !paths.is_empty() => format!("`{}`", paths.display()),
        (None, _) => "`~/.kube/config`".to_owned(),
    };
    let read = match path {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    match read {
        Ok(kubeconfig) => Ok((kubeconfig, shown)),
        Err(KubeconfigError::ReadConfig(source, path)) => {
            Err(ConnectError::KubeconfigUnreadable { path, source })
        }
        Err(source) => Err(unusable(shown, source)),
    }
}

/// A kubeconfig that cannot be read as one. What stands there is not shown, since it may be a secret.
pub(super) fn unusable(path: String, source: KubeconfigError) -> ConnectError {
    match source {
        KubeconfigError::Parse(error) => ConnectError::KubeconfigMalformed {
            path,
            place: error.location().map(|location| {
                format!(" at line {}, column {}", location.line(), location.column())
            }),
        },
        source => ConnectError::Kubeconfig { path, source },
    }
}

async fn configured(
    kubeconfig: Kubeconfig,
    path: String,
    context: Option<&str>,
    origin: Origin,
) -> Result<Config, ConnectError> {
    let all = || {
        kubeconfig
            .contexts
            .iter()
            .map(|context| context.name.clone())
            .collect::<Vec<_>>()
    };
    let Some(context) = context
        .or(kubeconfig.current_context.as_deref())
        .filter(|name| !name.is_empty())
    else {
        return Err(ConnectError::NoCurrentContext {
            path,
            contexts: all(),
        });
    };
    let Some(named) = kubeconfig
        .contexts
        .iter()
        .find(|named| named.name == context)
    else {
        let near = near(
            context,
            kubeconfig.contexts.iter().map(|named| named.name.as_str()),
            CONTEXTS_NAMED,
        );
        return Err(ConnectError::UnknownContext {
            near: near.into_iter().map(str::to_owned).collect(),
            contexts: all(),
            context: context.to_owned(),
            path,
        });
    };
    let cluster = check(&kubeconfig, &path, named, origin)?;
    let proxied = cluster
        .proxy_url
        .as_ref()
        .is_some_and(|url| !url.is_empty());

    let options = KubeConfigOptions {
        context: Some(context.to_owned()),
        ..KubeConfigOptions::default()
    };
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|source| ConnectError::Kubeconfig { path, source })?;
    if !proxied {
        let no_proxy = env::var("NO_PROXY")
            .or_else(|_| env::var("no_proxy"))
            .unwrap_or_default();
        if proxy::bypasses(&no_proxy, config.cluster_url.host().unwrap_or_default()) {
            config.proxy_url = None;
        }
    }
    Ok(config)
}

/// Checks all that a context refers to, which kube does late, or not at all, or without saying whose it is.
fn check(
    kubeconfig: &Kubeconfig,
    path: &str,
    named: &NamedContext,
    origin: Origin,
) -> Result<Cluster, ConnectError> {
    let context = named.context.clone().unwrap_or_default();
    let dangling = |what, name: &str| ConnectError::Dangling {
        path: path.to_owned(),
        context: named.name.clone(),
        what,
        name: name.to_owned(),
    };
    let cluster = kubeconfig
        .clusters
        .iter()
        .find(|cluster| cluster.name == context.cluster)
        .and_then(|cluster| cluster.cluster.as_ref())
        .ok_or_else(|| dangling("cluster", &context.cluster))?;
    let owner = format!("cluster `{}`", context.cluster);
    if origin == Origin::Elsewhere {
        refuse_cluster(path, &owner, cluster)?;
    }
    if cluster.certificate_authority_data.is_none() {
        readable(
            path,
            &owner,
            "certificate-authority",
            cluster.certificate_authority.as_deref(),
        )?;
    }
    if let Some(user) = context.user.as_deref().filter(|user| !user.is_empty()) {
        let user_info = kubeconfig
            .auth_infos
            .iter()
            .find(|named| named.name == user)
            .and_then(|named| named.auth_info.as_ref())
            .ok_or_else(|| dangling("user", user))?;
        if origin == Origin::Elsewhere {
            refuse_user(path, &format!("user `{user}`"), user_info)?;
        }
        check_user(path, user, user_info)?;
    }
    Ok(cluster.clone())
}

fn check_user(path: &str, user: &str, auth: &AuthInfo) -> Result<(), ConnectError> {
    let owner = format!("user `{user}`");
    if auth.client_certificate_data.is_none() {
        readable(
            path,
            &owner,
            "client-certificate",
            auth.client_certificate.as_deref(),
        )?;
    }
    if auth.client_key_data.is_none() {
        readable(path, &owner, "client-key", auth.client_key.as_deref())?;
    }
    if auth.token.is_none() {
        readable(path, &owner, "tokenFile", auth.token_file.as_deref())?;
    }
    if let Some(provider) = &auth.auth_provider
        && provider.name != "oidc"
    {
        return Err(ConnectError::AuthProvider {
            kubeconfig: path.to_owned(),
            owner,
            provider: provider.name.clone(),
        });
    }
    let Some(exec) = &auth.exec else {
        return Ok(());
    };
    match exec.command.as_deref() {
        Some(command) if !is_command(command, env::var_os("PATH").as_deref()) => {
            Err(ConnectError::CommandMissing {
                kubeconfig: path.to_owned(),
                owner,
                command: command.to_owned(),
                install_hint: exec.install_hint.clone(),
            })
        }
        _ => Ok(()),
    }
}

fn readable(
    kubeconfig: &str,
    owner: &str,
    field: &'static str,
    path: Option<&str>,
) -> Result<(), ConnectError> {
    let Some(path) = path.filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    File::open(path)
        .map(drop)
        .map_err(|source| ConnectError::FileUnreadable {
            kubeconfig: kubeconfig.to_owned(),
            owner: owner.to_owned(),
            field,
            path: path.into(),
            source,
        })
}

fn is_command(command: &str, search: Option<&OsStr>) -> bool {
    let path = Path::new(command);
    if path.components().count() > 1 {
        return path.is_file();
    }
    search
        .is_some_and(|search| env::split_paths(search).any(|folder| folder.join(command).is_file()))
}
