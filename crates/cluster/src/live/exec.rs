//! Commands that give credentials: `exec` of a kubeconfig, as clusters of EKS, GKE and AKS have it.
//!
//! The protocol is that of client.authentication.k8s.io
//! (<https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins>): the command prints an
//! `ExecCredential`. It owns how such a command is run, in bounded time and with bounded output, and what is told of one that
//! gives none. Nothing of what it printed is told, as that may be a secret; of its complaints the end is.

mod error;
mod hint;
mod sign_in;

use std::io::IsTerminal as _;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use kube::config::{ExecConfig, ExecInteractiveMode};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::time::timeout;

pub use self::error::ExecError;
pub(super) use self::hint::{installed_by, renewed_by};
pub(super) use self::sign_in::SignIn;

/// The longest a command may take where nobody is asked anything.
const LIMIT: Duration = Duration::from_mins(1);
/// The longest a person at a terminal may take, to sign in with a browser for instance.
const LIMIT_AT_TERMINAL: Duration = Duration::from_mins(5);
/// A longer output is no credential. A token of a cloud has a few kilobytes.
const MAX_OUTPUT_BYTES: u64 = 1024 * 1024;
/// So much of what a command complains about is repeated.
const COMPLAINT_CHARS: usize = 300;
/// What `apiVersion` may be: others are no longer served by any client of Kubernetes since 1.24.
const VERSIONS: [&str; 2] = [
    "client.authentication.k8s.io/v1",
    "client.authentication.k8s.io/v1beta1",
];

/// A command that gives credentials.
#[derive(Clone, Debug)]
pub(super) struct Plugin {
    exec: ExecConfig,
    /// The command as messages name it.
    command: String,
    /// Whether somebody is there to be asked.
    terminal: bool,
    limit: Duration,
}

/// What a command gave.
#[derive(Debug)]
pub(super) struct Credentials {
    /// A bearer token.
    pub(super) token: Option<SecretString>,
    /// A certificate and its key, PEM.
    pub(super) identity: Option<(String, SecretString)>,
    /// When they are good no more.
    pub(super) expires: Option<Timestamp>,
}

impl Plugin {
    /// The command of a kubeconfig.
    ///
    /// # Errors
    /// When it cannot be run as it stands.
    pub(super) fn new(exec: ExecConfig) -> Result<Self, ExecError> {
        let terminal = std::io::stdin().is_terminal();
        Self::with(exec, terminal)
    }

    fn with(exec: ExecConfig, terminal: bool) -> Result<Self, ExecError> {
        let Some(command) = exec.command.clone().filter(|command| !command.is_empty()) else {
            return Err(ExecError::Missing);
        };
        let version = exec.api_version.as_deref().unwrap_or_default();
        if !VERSIONS.contains(&version) {
            return Err(ExecError::Version {
                command,
                found: version.to_owned(),
            });
        }
        if !terminal && exec.interactive_mode == Some(ExecInteractiveMode::Always) {
            return Err(ExecError::NoTerminal { command });
        }
        let terminal = terminal && exec.interactive_mode != Some(ExecInteractiveMode::Never);
        let limit = if terminal { LIMIT_AT_TERMINAL } else { LIMIT };
        Ok(Self {
            exec,
            command,
            terminal,
            limit,
        })
    }

    /// Runs the command.
    ///
    /// # Errors
    /// When it gives no credentials.
    pub(super) async fn run(&self) -> Result<Credentials, ExecError> {
        let command = || self.command.clone();
        let mut child = self
            .prepared()
            .spawn()
            .map_err(|source| ExecError::NotStarted {
                command: command(),
                source,
            })?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let all = async { tokio::join!(bounded(stdout), bounded(stderr), child.wait()) };
        // What is still running when its time is over is killed with the handle that is dropped.
        let (stdout, stderr, status) =
            timeout(self.limit, all)
                .await
                .map_err(|_| ExecError::Slow {
                    command: command(),
                    limit: self.limit,
                })?;
        let status = status.map_err(|source| ExecError::NotStarted {
            command: command(),
            source,
        })?;
        if !status.success() {
            return Err(self.failed(status, &stderr));
        }
        credentials(&stdout).map_err(|found| ExecError::Malformed {
            command: command(),
            found,
        })
    }

    fn failed(&self, status: ExitStatus, stderr: &[u8]) -> ExecError {
        let complaint = String::from_utf8_lossy(stderr);
        let complaint = complaint.trim();
        let skipped = complaint.chars().count().saturating_sub(COMPLAINT_CHARS);
        ExecError::Failed {
            command: self.command.clone(),
            status: status.to_string(),
            complaint: complaint.chars().skip(skipped).collect(),
        }
    }

    fn prepared(&self) -> Command {
        let ExecConfig {
            args,
            env,
            api_version,
            cluster,
            provide_cluster_info,
            ..
        } = &self.exec;
        let mut spec = json!({ "interactive": self.terminal });
        if *provide_cluster_info {
            spec["cluster"] = json!(cluster);
        }
        let info = json!({"apiVersion": api_version, "kind": "ExecCredential", "spec": spec});
        let mut command = Command::new(&self.command);
        command
            .args(args.iter().flatten())
            .env("KUBERNETES_EXEC_INFO", info.to_string())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        for variable in env.iter().flatten() {
            if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
                command.env(name, value);
            }
        }
        if self.terminal {
            command.stdin(Stdio::inherit()).stderr(Stdio::inherit());
        } else {
            command.stdin(Stdio::null()).stderr(Stdio::piped());
        }
        command
    }
}

/// What is written there, and of what goes beyond the bound only that there is more.
async fn bounded(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // What was read before an error shows what is missing.
        let _ = pipe
            .take(MAX_OUTPUT_BYTES + 1)
            .read_to_end(&mut bytes)
            .await;
    }
    bytes
}

#[derive(Deserialize)]
struct ExecCredential {
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    expiration_timestamp: Option<String>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// Reads what a command printed: JSON, or YAML as some print it. What is wrong with it is told without any of it.
fn credentials(printed: &[u8]) -> Result<Credentials, String> {
    if printed.len() as u64 > MAX_OUTPUT_BYTES {
        return Err(format!("more than {MAX_OUTPUT_BYTES} bytes"));
    }
    if printed.trim_ascii().is_empty() {
        return Err("nothing".to_owned());
    }
    let credential: ExecCredential = serde_saphyr::from_slice(printed).map_err(|error| {
        let place = error.location().map_or_else(String::new, |at| {
            format!(" at line {}, column {}", at.line(), at.column())
        });
        format!("something else{place}")
    })?;
    let Some(status) = credential.status else {
        return Err("one without `status`".to_owned());
    };
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    let identity = match (
        some(status.client_certificate_data),
        some(status.client_key_data),
    ) {
        (Some(certificate), Some(key)) => Some((certificate, key.into())),
        (None, None) => None,
        (Some(_), None) => {
            return Err("one with `clientCertificateData` and no `clientKeyData`".to_owned());
        }
        (None, Some(_)) => {
            return Err("one with `clientKeyData` and no `clientCertificateData`".to_owned());
        }
    };
    let token = some(status.token).map(SecretString::from);
    if token.is_none() && identity.is_none() {
        return Err("one with neither a token nor a certificate".to_owned());
    }
    let expires = some(status.expiration_timestamp)
        .map(|text| text.parse::<Timestamp>())
        .transpose()
        .map_err(|_| "one whose `expirationTimestamp` is no RFC 3339 time".to_owned())?;
    Ok(Credentials {
        token,
        identity,
        expires,
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn shell(script: &str) -> ExecConfig {
        let exec = json!({"apiVersion": VERSIONS[0], "command": "sh", "args": ["-c", script]});
        serde_json::from_value(exec).expect("a command")
    }

    fn told(printed: &str) -> String {
        match credentials(printed.as_bytes()) {
            Ok(credentials) => {
                let identity = credentials.identity.map(|(certificate, _)| certificate);
                let token = credentials
                    .token
                    .map(|token| token.expose_secret().to_owned());
                format!("{token:?} {identity:?} {:?}", credentials.expires)
            }
            Err(found) => found,
        }
    }

    #[test]
    fn what_a_command_prints() {
        let shown: Vec<String> = [
            r#"{"kind": "ExecCredential", "status": {"token": "t", "expirationTimestamp": "2026-01-02T03:04:05Z"}}"#,
            "status:\n  clientCertificateData: c\n  clientKeyData: k\n",
            "",
            "Please sign in: https://not-to-be-shown",
            "{}",
            r#"{"status": {}}"#,
            r#"{"status": {"token": ""}}"#,
            r#"{"status": {"token": ["not-to-be-shown"]}}"#,
            r#"{"status": {"clientKeyData": "not-to-be-shown"}}"#,
            r#"{"status": {"token": "not-to-be-shown", "expirationTimestamp": "soon"}}"#,
        ]
        .iter()
        .map(|printed| told(printed))
        .collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        Some("t") None Some(2026-01-02T03:04:05Z)
        None Some("c") None
        nothing
        one without `status`
        one without `status`
        one with neither a token nor a certificate
        one with neither a token nor a certificate
        something else at line 1, column 22
        one with `clientKeyData` and no `clientCertificateData`
        one whose `expirationTimestamp` is no RFC 3339 time
        "#);
    }

    #[tokio::test]
    async fn a_command_that_hangs_is_ended() {
        let mut plugin = Plugin::with(shell("exec sleep 600"), false).expect("a command");
        plugin.limit = Duration::from_millis(50);
        let error = plugin.run().await.expect_err("no credentials");
        insta::assert_snapshot!(error, @"the command `sh`, which is to give the credentials, had not ended after 0.05 s and was ended");
    }

    #[tokio::test]
    async fn it_is_told_whether_it_may_ask() {
        let printed = r#"printf '{"status": {"token": "%s"}}' "$(printf %s "$KUBERNETES_EXEC_INFO" | tr -d '"{}')""#;
        let plugin = Plugin::with(shell(printed), false).expect("a command");
        let given = plugin.run().await.expect("credentials");
        let token = given.token.expect("a token");
        insta::assert_snapshot!(token.expose_secret(), @"apiVersion:client.authentication.k8s.io/v1,kind:ExecCredential,spec:interactive:false");
    }

    #[test]
    fn what_cannot_be_run_as_it_stands_is_not_run() {
        let refused = |change: fn(&mut ExecConfig)| {
            let mut exec = shell("exit");
            change(&mut exec);
            let error = Plugin::with(exec, false).expect_err("it is refused");
            error.to_string()
        };
        insta::assert_snapshot!(refused(|exec| exec.interactive_mode = Some(ExecInteractiveMode::Always)), @"the command `sh`, which is to give the credentials, asks questions, and there is no terminal to ask them at");
        insta::assert_snapshot!(refused(|exec| exec.command = None), @"the kubeconfig has `exec` without a `command`");
        insta::assert_snapshot!(refused(|exec| exec.api_version = Some("client.authentication.k8s.io/v1alpha1".to_owned())), @"the command `sh`, which is to give the credentials, is asked by `client.authentication.k8s.io/v1alpha1`, expected `client.authentication.k8s.io/v1` or `client.authentication.k8s.io/v1beta1`");
    }
}
