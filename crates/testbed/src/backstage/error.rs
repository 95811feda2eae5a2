//! Why a Backstage could not be had, with the end of its log where it has one.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use super::{INSTALLATIONS, OWN_URL, Version};

/// What went wrong with a Backstage, or with asking it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing says where one is.
    #[error(
        "there is no real Backstage to test against\nhint: run `cargo xtask test backstage-real`, or set `{OWN_URL}` to \
         test against your own"
    )]
    NoTarget,
    /// This version is not among the installed ones.
    #[error(
        "Backstage {version} is not installed\nhint: run `cargo xtask test backstage-real`, which installs it and sets \
         `{INSTALLATIONS}`"
    )]
    NotInstalled {
        /// The version.
        version: Version,
    },
    /// A variable of the environment does not name a version.
    #[error("{0}")]
    UnknownVersion(String),
    /// Something of this machine is not as it has to be.
    #[error("cannot have {what}")]
    Files {
        /// What was wanted.
        what: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// It is not running.
    #[error("Backstage is stopped")]
    Stopped,
    /// It ended by itself.
    #[error("Backstage {version} ended with {status}; its log ends so:\n{log}")]
    Ended {
        /// The version.
        version: Version,
        /// How.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// A script did not run to its end.
    #[error("`{script}` ended with {status}:\n{said}")]
    Script {
        /// The script, from `tests/backstage` on.
        script: String,
        /// How it ended.
        status: ExitStatus,
        /// What it wrote to standard error.
        said: String,
    },
    /// What was waited for did not come.
    #[error(
        "Backstage {version} does not come to {what} within {patience:?}: last seen was {last}; its log ends so:\n{log}"
    )]
    Waited {
        /// The version.
        version: Version,
        /// What was waited for.
        what: String,
        /// How long.
        patience: Duration,
        /// What was there at the end.
        last: String,
        /// The end of its log.
        log: String,
    },
    /// A request got no answer, or one that cannot be read.
    #[error("a request to `{url}` failed")]
    Request {
        /// What was asked.
        url: String,
        /// Why.
        source: reqwest::Error,
    },
    /// An answer that is not what it has to be.
    #[error("`{url}` answered with status {status}: {body}")]
    Answer {
        /// What was asked.
        url: String,
        /// The status.
        status: u16,
        /// What came.
        body: String,
    },
}

impl Error {
    pub(super) fn files(what: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Files { what, source }
    }
}
