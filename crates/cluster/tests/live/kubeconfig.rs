//! Kubeconfigs that lack something: the error names it as the file does.

use std::error::Error as _;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use cluster::live::{Access, ConnectError, connect, contexts};
use tempfile::TempDir;

const GOOD: &str = r"
apiVersion: v1
kind: Config
current-context: shop-eu
clusters:
- {name: eu, cluster: {server: 'https://eu.example.com:6443'}}
- {name: no-ca, cluster: {server: 'https://eu.example.com', certificate-authority: pki/ca.crt}}
users:
- {name: token, user: {token: not-to-be-shown}}
- {name: token-file, user: {tokenFile: /nowhere/token}}
- {name: cert, user: {client-certificate: client.crt, client-key: client.key}}
- {name: exec, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-credential-helper, installHint: Install the helper first, interactiveMode: Never}}}
- {name: failing, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, 'echo not-to-be-shown; echo please sign in >&2; exit 3'], interactiveMode: Never}}}
- {name: gke, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-folder/gke-gcloud-auth-plugin}}}
- {name: gcp, user: {auth-provider: {name: gcp, config: {access-token: not-to-be-shown}}}}
- {name: azure, user: {auth-provider: {name: azure, config: {access-token: not-to-be-shown}}}}
- {name: eks-old, user: {exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: sh, interactiveMode: Never}}}
- {name: chatty, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, 'echo not-to-be-shown: a'], interactiveMode: Never}}}
contexts:
- {name: shop-eu, context: {cluster: eu, user: token}}
- {name: no-ca, context: {cluster: no-ca, user: token}}
- {name: no-cluster, context: {cluster: gone}}
- {name: no-user, context: {cluster: eu, user: gone}}
- {name: token-file, context: {cluster: eu, user: token-file}}
- {name: cert, context: {cluster: eu, user: cert}}
- {name: exec, context: {cluster: eu, user: exec}}
- {name: failing, context: {cluster: eu, user: failing}}
- {name: gke, context: {cluster: eu, user: gke}}
- {name: gcp, context: {cluster: eu, user: gcp}}
- {name: azure, context: {cluster: eu, user: azure}}
- {name: eks-old, context: {cluster: eu, user: eks-old}}
- {name: chatty, context: {cluster: eu, user: chatty}}
";

fn written(text: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("config"), text).expect("a file");
    folder
}

async fn attempt(folder: &Path, context: Option<&str>) -> Result<String, ConnectError> {
    let access = Access::Kubeconfig {
        path: Some(folder.join("config")),
        context: context.map(str::to_owned),
    };
    connect(&access)
        .await
        .map(|server| server.address().to_owned())
}

/// Error and its sources on one line.
pub(crate) fn chained(error: &ConnectError) -> String {
    let sources = std::iter::successors(error.source(), |error| (*error).source());
    let chain: Vec<_> = sources.map(|source| format!(" <- {source}")).collect();
    format!("{error}{}", chain.concat())
}

/// Error, its sources and its hint on one line.
fn told(folder: &Path, error: &ConnectError) -> String {
    let hint = error
        .hint()
        .map_or_else(String::new, |hint| format!(" | hint: {hint}"));
    format!("{}{hint}", chained(error)).replace(&format!("{}/", folder.display()), "")
}

#[tokio::test]
async fn a_good_context_connects_and_the_current_one_is_the_default() {
    let folder = written(GOOD);
    assert_eq!(
        attempt(folder.path(), None).await.expect("a connection"),
        "https://eu.example.com:6443"
    );
    assert_eq!(
        attempt(folder.path(), Some("shop-eu"))
            .await
            .expect("a connection"),
        "https://eu.example.com:6443"
    );
    let names = contexts(Some(&folder.path().join("config"))).expect("contexts");
    assert_eq!(names.len(), 13);
    assert_eq!(names[0], "shop-eu");
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let folder = written(GOOD);
    let mut shown = String::new();
    for context in [
        "shop-ue",
        "nothing-like-it",
        "no-ca",
        "no-cluster",
        "no-user",
        "token-file",
        "cert",
        "exec",
        "failing",
        "gke",
        "gcp",
        "azure",
        "eks-old",
        "chatty",
    ] {
        let error = attempt(folder.path(), Some(context))
            .await
            .expect_err("a faulty context");
        writeln!(shown, "{context}: {}", told(folder.path(), &error)).expect("a string takes all");
    }
    assert!(!shown.contains("not-to-be-shown"));
    insta::assert_snapshot!(shown, @r"
    shop-ue: the kubeconfig `config` has no context `shop-ue` | hint: did you mean `shop-eu`?
    nothing-like-it: the kubeconfig `config` has no context `nothing-like-it` | hint: name one of its contexts: `shop-eu`, `no-ca`, `no-cluster`, `no-user`, `token-file`, 8 more
    no-ca: cannot read `pki/ca.crt`, which cluster `no-ca` of the kubeconfig `config` names as `certificate-authority` <- No such file or directory (os error 2)
    no-cluster: context `no-cluster` of the kubeconfig `config` names the cluster `gone`, which is not there
    no-user: context `no-user` of the kubeconfig `config` names the user `gone`, which is not there
    token-file: cannot read `/nowhere/token`, which user `token-file` of the kubeconfig `config` names as `tokenFile` <- No such file or directory (os error 2)
    cert: cannot read `client.crt`, which user `cert` of the kubeconfig `config` names as `client-certificate` <- No such file or directory (os error 2)
    exec: the command `no-such-credential-helper`, by which user `exec` of the kubeconfig `config` signs in, is not found | hint: Install the helper first
    failing: the command `sh`, which is to give the credentials, failed with exit status: 3: please sign in | hint: sign in again with the tool that `sh` belongs to
    gke: the command `no-such-folder/gke-gcloud-auth-plugin`, by which user `gke` of the kubeconfig `config` signs in, is not found | hint: install it with `gcloud components install gke-gcloud-auth-plugin`, or the package `google-cloud-cli-gke-gcloud-auth-plugin`, or put it on the PATH; in a Pod use the `token` of a ServiceAccount instead
    gcp: user `gcp` of the kubeconfig `config` signs in by the auth provider `gcp`, which Kubernetes no longer has | hint: write it again with `gcloud container clusters get-credentials <cluster>`, which has it sign in by `gke-gcloud-auth-plugin`
    azure: user `azure` of the kubeconfig `config` signs in by the auth provider `azure`, which Kubernetes no longer has | hint: write it again with `az aks get-credentials --name <cluster>` and `kubelogin convert-kubeconfig`, which has it sign in by `kubelogin`
    eks-old: the command `sh`, which is to give the credentials, is asked by `client.authentication.k8s.io/v1alpha1`, expected `client.authentication.k8s.io/v1` or `client.authentication.k8s.io/v1beta1` | hint: have the kubeconfig written again by the tool that it came from
    chatty: the command `sh`, which is to give the credentials, printed one without `status`, expected an `ExecCredential` | hint: run it by hand: `sh` has to print the credentials alone to stdout; a newer version of it may be needed
    ");
}

#[tokio::test]
async fn a_file_that_is_no_kubeconfig_is_named_and_not_shown() {
    let cases = [
        (
            "broken",
            "users:\n- {name: a, user: {token: [not-to-be-shown\n",
        ),
        ("wrong type", "users: {token: not-to-be-shown}\n"),
        (
            "no current context",
            "contexts: [{name: a, context: {cluster: b}}]\n",
        ),
        ("no context at all", "{}"),
    ];
    let mut shown = String::new();
    for (name, text) in cases {
        let folder = written(text);
        let error = attempt(folder.path(), None)
            .await
            .expect_err("no kubeconfig");
        writeln!(shown, "{name}: {}", told(folder.path(), &error)).expect("a string takes all");
    }
    assert!(!shown.contains("not-to-be-shown"));
    insta::assert_snapshot!(shown, @r"
    broken: the kubeconfig `config` is malformed at line 2, column 27
    wrong type: the kubeconfig `config` is malformed at line 1, column 8
    no current context: the kubeconfig `config` has no current context | hint: name one of its contexts: `a`
    no context at all: the kubeconfig `config` has no current context | hint: it has no context at all; is it the right file?
    ");
    let folder = tempfile::tempdir().expect("a folder");
    let error = attempt(folder.path(), None).await.expect_err("no file");
    insta::assert_snapshot!(told(folder.path(), &error), @"cannot read the kubeconfig `config` <- No such file or directory (os error 2) | hint: name another file, or set KUBECONFIG");
}

#[tokio::test]
async fn outside_of_a_cluster_there_is_no_service_account() {
    let error = connect(&Access::InCluster).await.expect_err("no Pod");
    assert!(matches!(error, ConnectError::InCluster { .. }), "{error:?}");
}
