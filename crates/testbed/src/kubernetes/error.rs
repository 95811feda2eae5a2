//! Why a cluster could not be had, with the end of a log where there is one.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use super::INSTALLATION;

/// What went wrong with a cluster, or with asking it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing says where it is.
    #[error(
        "Kubernetes is not built\nhint: run `cargo xtask test kubernetes-real`, which builds it and sets `{INSTALLATION}`"
    )]
    NotInstalled,
    /// Something of this machine is not as it has to be.
    #[error("cannot have {what}")]
    Files {
        /// What was wanted.
        what: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// A certificate could not be made.
    #[error("cannot make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// A part of it ended by itself.
    #[error("{what} ended with {status}; its log ends so:\n{log}")]
    Ended {
        /// Which part.
        what: &'static str,
        /// How.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// What was waited for did not come.
    #[error(
        "the cluster does not come to {what} within {patience:?}; the API server's log ends so:\n{log}"
    )]
    Waited {
        /// What was waited for.
        what: String,
        /// How long.
        patience: Duration,
        /// The end of its log.
        log: String,
    },
    /// `kubectl` failed.
    #[error("`kubectl {arguments}` ended with {status}: {said}")]
    Kubectl {
        /// What it was asked for.
        arguments: String,
        /// How it ended.
        status: ExitStatus,
        /// What it wrote to standard error.
        said: String,
    },
    /// A request got no answer, or a refusal.
    #[error("a request to `{url}` failed")]
    Request {
        /// What was asked.
        url: String,
        /// Why.
        source: reqwest::Error,
    },
    /// An answer is no JSON.
    #[error("`{path}` answered with something else than JSON")]
    Json {
        /// What was asked.
        path: String,
        /// Why.
        source: serde_json::Error,
    },
}

impl Error {
    pub(super) fn files(what: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Files { what, source }
    }
}
