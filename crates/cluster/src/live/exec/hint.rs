//! The credential commands of the large providers: what brings them, and what writes their kubeconfig again.

use std::path::Path;

/// A known command, what installs it, and what writes the kubeconfig that names it.
const KNOWN: [(&str, &str, &str); 6] = [
    (
        "aws",
        "the AWS CLI (https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html)",
        "`aws eks update-kubeconfig --name <cluster>`",
    ),
    (
        "aws-iam-authenticator",
        "aws-iam-authenticator (https://github.com/kubernetes-sigs/aws-iam-authenticator), or the AWS CLI",
        "`aws eks update-kubeconfig --name <cluster>`",
    ),
    (
        "gke-gcloud-auth-plugin",
        "`gcloud components install gke-gcloud-auth-plugin`, or the package `google-cloud-cli-gke-gcloud-auth-plugin`",
        "`gcloud container clusters get-credentials <cluster>`",
    ),
    (
        "kubelogin",
        "`az aks install-cli` (https://azure.github.io/kubelogin)",
        "`az aks get-credentials --name <cluster>` and `kubelogin convert-kubeconfig`",
    ),
    (
        "doctl",
        "doctl (https://docs.digitalocean.com/reference/doctl/how-to/install)",
        "`doctl kubernetes cluster kubeconfig save <cluster>`",
    ),
    (
        "oci",
        "the OCI CLI (https://docs.oracle.com/en-us/iaas/Content/API/SDKDocs/cliinstall.htm)",
        "`oci ce cluster create-kubeconfig --cluster-id <cluster>`",
    ),
];

fn known(command: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    let name = Path::new(command).file_stem()?.to_str()?;
    KNOWN.iter().find(|(known, ..)| *known == name)
}

/// What installs a command.
pub(in crate::live) fn installed_by(command: &str) -> Option<&'static str> {
    known(command).map(|(_, by, _)| *by)
}

/// What writes a kubeconfig with this command.
pub(in crate::live) fn renewed_by(command: &str) -> Option<&'static str> {
    known(command).map(|(.., by)| *by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_known_by_their_name_wherever_they_are() {
        for (command, is_known) in [
            ("aws", true),
            ("/usr/local/bin/aws", true),
            ("kubelogin.exe", true),
            ("awsome", false),
            ("", false),
        ] {
            assert_eq!(installed_by(command).is_some(), is_known, "{command}");
            assert_eq!(renewed_by(command).is_some(), is_known, "{command}");
        }
    }
}
