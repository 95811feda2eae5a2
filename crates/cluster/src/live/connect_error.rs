//! What keeps an API server from being reached before it was asked anything.

use std::path::PathBuf;

use kube::config::KubeconfigError;

use super::exec::{ExecError, installed_by, renewed_by};

/// So many contexts are named when one is not found.
pub(super) const CONTEXTS_NAMED: usize = 5;

/// Why there is no connection to be had, before any request was made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The kubeconfig itself.
    #[error("cannot read the kubeconfig `{}`", path.display())]
    KubeconfigUnreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The kubeconfig is no kubeconfig. What stands there is not shown, since it may be a secret.
    #[error("the kubeconfig {path} is malformed{place}", place = place.as_deref().unwrap_or_default())]
    KubeconfigMalformed {
        /// Its path, in backticks, or what stands for it.
        path: String,
        /// ` at line 3, column 7`, if known.
        place: Option<String>,
    },
    /// No context was named and the kubeconfig names none as current.
    #[error("the kubeconfig {path} has no current context")]
    NoCurrentContext {
        /// Its path.
        path: String,
        /// The contexts it has.
        contexts: Vec<String>,
    },
    /// The context is not there.
    #[error("the kubeconfig {path} has no context `{context}`")]
    UnknownContext {
        /// Its path.
        path: String,
        /// The context asked for.
        context: String,
        /// Contexts with a name like it.
        near: Vec<String>,
        /// The contexts it has.
        contexts: Vec<String>,
    },
    /// The context names a cluster or user that is not there.
    #[error(
        "context `{context}` of the kubeconfig {path} names the {what} `{name}`, which is not there"
    )]
    Dangling {
        /// The kubeconfig's path.
        path: String,
        /// The context.
        context: String,
        /// `cluster` or `user`.
        what: &'static str,
        /// The name that leads nowhere.
        name: String,
    },
    /// The kubeconfig came from elsewhere and would run a command or read a file of this machine.
    #[error(
        "{owner} of the kubeconfig {kubeconfig} has `{field}`, which would {harm} where Backstitch runs; only a kubeconfig in a file may"
    )]
    NotAllowed {
        /// What stands for the kubeconfig's path.
        kubeconfig: String,
        /// Whose field it is: ``user `a` ``.
        owner: String,
        /// The field of the kubeconfig.
        field: &'static str,
        /// `run a command` or `read a file`.
        harm: &'static str,
        /// What to use in its place.
        instead: &'static str,
    },
    /// A file that the kubeconfig refers to.
    #[error("cannot read `{}`, which {owner} of the kubeconfig {kubeconfig} names as `{field}`", path.display())]
    FileUnreadable {
        /// The kubeconfig's path.
        kubeconfig: String,
        /// Whose file it is: ``cluster `a` ``.
        owner: String,
        /// The field of the kubeconfig.
        field: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The command that is to give the credentials is not on this machine.
    #[error(
        "the command `{command}`, by which {owner} of the kubeconfig {kubeconfig} signs in, is not found"
    )]
    CommandMissing {
        /// The kubeconfig's path.
        kubeconfig: String,
        /// The user of the kubeconfig.
        owner: String,
        /// The command.
        command: String,
        /// What the kubeconfig says about installing it.
        install_hint: Option<String>,
    },
    /// The kubeconfig has credentials of a sort that Kubernetes no longer has.
    #[error(
        "{owner} of the kubeconfig {kubeconfig} signs in by the auth provider `{provider}`, which Kubernetes no longer has"
    )]
    AuthProvider {
        /// The kubeconfig's path.
        kubeconfig: String,
        /// The user of the kubeconfig.
        owner: String,
        /// The provider's name.
        provider: String,
    },
    /// The command that is to give the credentials gave none.
    #[error(transparent)]
    Command(#[from] ExecError),
    /// Something else in the kubeconfig.
    #[error("cannot use the kubeconfig {path}")]
    Kubeconfig {
        /// Its path.
        path: String,
        /// Why.
        source: KubeconfigError,
    },
    /// This process is not in a Pod, or its service account is not mounted.
    #[error("cannot use the service account of this Pod")]
    InCluster {
        /// Why.
        source: kube::config::InClusterError,
    },
    /// The connection cannot be set up.
    #[error("cannot set up a connection to `{address}`")]
    Client {
        /// The API server.
        address: String,
        /// Why.
        source: Box<kube::Error>,
    },
}

impl ConnectError {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownContext { near, .. } if !near.is_empty() => {
                Some(format!("did you mean {}?", listed(near)))
            }
            Self::UnknownContext { contexts, .. } | Self::NoCurrentContext { contexts, .. } => {
                Some(if contexts.is_empty() {
                    "it has no context at all; is it the right file?".to_owned()
                } else {
                    format!("name one of its contexts: {}", listed(contexts))
                })
            }
            Self::CommandMissing {
                install_hint: Some(install_hint),
                ..
            } => Some(install_hint.trim().to_owned()),
            Self::CommandMissing { command, .. } => Some(match installed_by(command) {
                Some(by) => format!("install it with {by}, or put it on the PATH; in a Pod use the `token` of a ServiceAccount instead"),
                None => format!("install `{command}` or put it on the PATH"),
            }),
            Self::AuthProvider { provider, .. } => Some(match provider.as_str() {
                "gcp" => written_again("gke-gcloud-auth-plugin"),
                "azure" => written_again("kubelogin"),
                _ => "use `exec`, or the `token` of a ServiceAccount (`kubectl create token`)".to_owned(),
            }),
            Self::Command(error) => error.hint(),
            Self::NotAllowed { instead, .. } => Some(format!("use {instead} instead")),
            Self::KubeconfigUnreadable { .. } => {
                Some("name another file, or set KUBECONFIG".to_owned())
            }
            Self::InCluster { .. } => Some(
                "outside of a cluster name a kubeconfig; inside, leave `automountServiceAccountToken` on".to_owned(),
            ),
            Self::KubeconfigMalformed { .. }
            | Self::Dangling { .. }
            | Self::FileUnreadable { .. }
            | Self::Kubeconfig { .. }
            | Self::Client { .. } => None,
        }
    }
}

/// What writes a kubeconfig with that command.
fn written_again(command: &str) -> String {
    let by = renewed_by(command).unwrap_or_default();
    format!("write it again with {by}, which has it sign in by `{command}`")
}

fn listed(names: &[String]) -> String {
    let mut shown: Vec<_> = names
        .iter()
        .take(CONTEXTS_NAMED)
        .map(|name| format!("`{name}`"))
        .collect();
    if names.len() > CONTEXTS_NAMED {
        shown.push(format!("{} more", names.len() - CONTEXTS_NAMED));
    }
    shown.join(", ")
}
