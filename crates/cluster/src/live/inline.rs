//! A kubeconfig that came from elsewhere than the files of this machine: a Secret, say. Whoever may write that Secret shall
//! reach a cluster by it, and not this machine: it must neither run a command nor read a file here.

use kube::config::{AuthInfo, Cluster, Kubeconfig};
use secrecy::{ExposeSecret as _, SecretString};

use super::connect::unusable;
use super::connect_error::ConnectError;

/// A longer kubeconfig is refused; a Secret cannot hold more.
const MAX_BYTES: usize = 1024 * 1024;

/// The text of a kubeconfig.
///
/// It has to hold all that it needs: `exec`, `auth-provider` and the paths of files are refused.
#[derive(Clone, Debug)]
pub struct InlineKubeconfig {
    /// The kubeconfig, YAML or JSON.
    pub text: SecretString,
    /// Where it came from, as it follows on "the kubeconfig": ``of the Secret `ops/edge` ``.
    pub origin: String,
    /// The context; `None` is the current one.
    pub context: Option<String>,
}

impl PartialEq for InlineKubeconfig {
    fn eq(&self, other: &Self) -> bool {
        self.text.expose_secret() == other.text.expose_secret()
            && self.origin == other.origin
            && self.context == other.context
    }
}

impl Eq for InlineKubeconfig {}

impl InlineKubeconfig {
    /// The kubeconfig and how messages name it.
    pub(super) fn parse(&self) -> Result<(Kubeconfig, String), ConnectError> {
        let text = self.text.expose_secret();
        if text.len() > MAX_BYTES {
            return Err(ConnectError::KubeconfigMalformed {
                path: self.origin.clone(),
                place: Some(format!(
                    ": found {} bytes, expected at most {MAX_BYTES}",
                    text.len()
                )),
            });
        }
        match Kubeconfig::from_yaml(text) {
            Ok(kubeconfig) => Ok((kubeconfig, self.origin.clone())),
            Err(source) => Err(unusable(self.origin.clone(), source)),
        }
    }
}

/// Whose word a kubeconfig is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A file of this machine: it may do what its owner may.
    Here,
    /// From elsewhere: it may not touch this machine.
    Elsewhere,
}

const COMMAND: &str = "run a command";
const FILE: &str = "read a file";

/// Refuses what a foreign kubeconfig may not say of its cluster. An empty path counts as well, and one beside the data that
/// would win over it: nobody should have to know which of them counts.
pub(super) fn refuse_cluster(
    kubeconfig: &str,
    owner: &str,
    cluster: &Cluster,
) -> Result<(), ConnectError> {
    let fields = [(
        "certificate-authority",
        cluster.certificate_authority.is_some(),
        FILE,
        "`certificate-authority-data`",
    )];
    refuse(kubeconfig, owner, fields)
}

/// Refuses what a foreign kubeconfig may not say of its user.
pub(super) fn refuse_user(
    kubeconfig: &str,
    owner: &str,
    user: &AuthInfo,
) -> Result<(), ConnectError> {
    const TOKEN: &str = "the `token` of a ServiceAccount (`kubectl create token`)";
    let fields = [
        ("exec", user.exec.is_some(), COMMAND, TOKEN),
        (
            "auth-provider",
            user.auth_provider.is_some(),
            COMMAND,
            TOKEN,
        ),
        ("tokenFile", user.token_file.is_some(), FILE, "`token`"),
        (
            "client-certificate",
            user.client_certificate.is_some(),
            FILE,
            "`client-certificate-data`",
        ),
        (
            "client-key",
            user.client_key.is_some(),
            FILE,
            "`client-key-data`",
        ),
    ];
    refuse(kubeconfig, owner, fields)
}

fn refuse<const N: usize>(
    kubeconfig: &str,
    owner: &str,
    fields: [(&'static str, bool, &'static str, &'static str); N],
) -> Result<(), ConnectError> {
    match fields.into_iter().find(|(_, given, ..)| *given) {
        None => Ok(()),
        Some((field, _, harm, instead)) => Err(ConnectError::NotAllowed {
            kubeconfig: kubeconfig.to_owned(),
            owner: owner.to_owned(),
            field,
            harm,
            instead,
        }),
    }
}
