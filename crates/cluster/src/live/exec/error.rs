//! Why a command gave no credentials.

use std::time::Duration;

use super::VERSIONS;
use super::hint::renewed_by;

/// Why a command gave no credentials. Nothing that it printed is in it.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// There is no command.
    #[error("the kubeconfig has `exec` without a `command`")]
    Missing,
    /// The protocol is one that is no more.
    #[error("the command `{command}`, which is to give the credentials, is asked by `{found}`, expected `{}` or `{}`", VERSIONS[0], VERSIONS[1])]
    Version {
        /// The command.
        command: String,
        /// The `apiVersion` of the kubeconfig.
        found: String,
    },
    /// It has to ask somebody.
    #[error(
        "the command `{command}`, which is to give the credentials, asks questions, and there is no terminal to ask them at"
    )]
    NoTerminal {
        /// The command.
        command: String,
    },
    /// It cannot be run.
    #[error("the command `{command}`, which is to give the credentials, cannot be run")]
    NotStarted {
        /// The command.
        command: String,
        /// Why.
        source: std::io::Error,
    },
    /// It takes too long.
    #[error("the command `{command}`, which is to give the credentials, had not ended after {} s and was ended", limit.as_secs_f32())]
    Slow {
        /// The command.
        command: String,
        /// The time it had.
        limit: Duration,
    },
    /// It failed.
    #[error(
        "the command `{command}`, which is to give the credentials, failed with {status}: {complaint}"
    )]
    Failed {
        /// The command.
        command: String,
        /// Its exit status.
        status: String,
        /// The end of what it wrote to stderr.
        complaint: String,
    },
    /// It printed no credentials.
    #[error(
        "the command `{command}`, which is to give the credentials, printed {found}, expected an `ExecCredential`"
    )]
    Malformed {
        /// The command.
        command: String,
        /// What it printed, in words.
        found: String,
    },
}

impl ExecError {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing => None,
            Self::Version { command, .. } => Some(format!(
                "have the kubeconfig written again{}",
                renewed_by(command).map_or_else(
                    || " by the tool that it came from".to_owned(),
                    |by| format!(", with {by}")
                )
            )),
            Self::NoTerminal { .. } => Some(
                "use credentials that need no person, such as the `token` of a ServiceAccount (`kubectl create token`)".to_owned(),
            ),
            Self::NotStarted { command, .. } => {
                Some(format!("try it by hand: is `{command}` a program that may be executed?"))
            }
            Self::Slow { command, .. } => Some(format!(
                "run it by hand: does `{command}` wait for an answer, or for a server that it cannot reach?"
            )),
            Self::Failed { command, .. } => Some(format!(
                "sign in again with the tool that `{command}` belongs to"
            )),
            Self::Malformed { command, .. } => Some(format!(
                "run it by hand: `{command}` has to print the credentials alone to stdout; a newer version of it may be needed"
            )),
        }
    }
}
