//! A kubeconfig that came from a Secret reaches a cluster, and nothing of this machine.

use std::fmt::Write as _;

use cluster::live::{Access, ConnectError, InlineKubeconfig, connect};
use secrecy::SecretString;

use crate::kubeconfig::chained;

fn inline(cluster: &str, user: &str) -> Access {
    Access::Inline(InlineKubeconfig {
        text: SecretString::from(format!(
            "current-context: a\ncontexts: [{{name: a, context: {{cluster: edge, user: jane}}}}]\n\
             clusters: [{{name: edge, cluster: {{server: 'https://edge.example.com:6443'{cluster}}}}}]\n\
             users: [{{name: jane, user: {{{user}}}}}]\n"
        )),
        origin: "of the Secret `ops/edge`".to_owned(),
        context: None,
    })
}

async fn refused(access: &Access) -> String {
    let error = connect(access).await.expect_err("a refused kubeconfig");
    let hint = error.hint().unwrap_or_default();
    format!("{} | {hint}", chained(&error))
}

#[tokio::test]
async fn it_connects_by_what_it_holds() {
    for user in [
        "token: not-to-be-shown",
        "username: jane, password: not-to-be-shown",
        "",
    ] {
        let server = connect(&inline("", user)).await.expect("a connection");
        assert_eq!(server.address(), "https://edge.example.com:6443");
    }
}

/// S31: whoever may write the Secret may not run commands here, nor read files.
#[tokio::test]
async fn s31_what_would_touch_this_machine_is_refused() {
    // The command and the files exist: nothing but the refusal keeps them from being used.
    let folder = tempfile::tempdir().expect("a folder");
    let witness = folder.path().join("witness");
    let touch = format!("touch {}", witness.display());
    let own = file!();
    let cases = [
        (
            String::new(),
            format!(
                "exec: {{apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, '{touch}'], interactiveMode: Never}}"
            ),
        ),
        (
            String::new(),
            format!(
                "auth-provider: {{name: gcp, config: {{cmd-path: sh, cmd-args: '-c {touch}'}}}}"
            ),
        ),
        (
            String::new(),
            format!("token: not-to-be-shown, tokenFile: {own}"),
        ),
        (
            String::new(),
            format!("client-certificate: {own}, client-key-data: eA=="),
        ),
        (
            String::new(),
            format!("client-certificate-data: eA==, client-key: {own}"),
        ),
        (format!(", certificate-authority: {own}"), String::new()),
        (
            format!(", certificate-authority-data: eA==, certificate-authority: {own}"),
            String::new(),
        ),
    ];
    let mut shown = String::new();
    for (cluster, user) in &cases {
        writeln!(shown, "{}", refused(&inline(cluster, user)).await).expect("a string takes all");
    }
    assert!(!witness.exists(), "a command was run");
    assert!(!shown.contains("not-to-be-shown"));
    insta::assert_snapshot!(shown, @r"
    user `jane` of the kubeconfig of the Secret `ops/edge` has `exec`, which would run a command where Backstitch runs; only a kubeconfig in a file may | use the `token` of a ServiceAccount (`kubectl create token`) instead
    user `jane` of the kubeconfig of the Secret `ops/edge` has `auth-provider`, which would run a command where Backstitch runs; only a kubeconfig in a file may | use the `token` of a ServiceAccount (`kubectl create token`) instead
    user `jane` of the kubeconfig of the Secret `ops/edge` has `tokenFile`, which would read a file where Backstitch runs; only a kubeconfig in a file may | use `token` instead
    user `jane` of the kubeconfig of the Secret `ops/edge` has `client-certificate`, which would read a file where Backstitch runs; only a kubeconfig in a file may | use `client-certificate-data` instead
    user `jane` of the kubeconfig of the Secret `ops/edge` has `client-key`, which would read a file where Backstitch runs; only a kubeconfig in a file may | use `client-key-data` instead
    cluster `edge` of the kubeconfig of the Secret `ops/edge` has `certificate-authority`, which would read a file where Backstitch runs; only a kubeconfig in a file may | use `certificate-authority-data` instead
    cluster `edge` of the kubeconfig of the Secret `ops/edge` has `certificate-authority`, which would read a file where Backstitch runs; only a kubeconfig in a file may | use `certificate-authority-data` instead
    ");
}

#[tokio::test]
async fn s31_a_text_that_is_no_kubeconfig_is_not_shown() {
    let mut shown = String::new();
    let long = "x".repeat(2 * 1024 * 1024);
    for text in [
        "users: {token: not-to-be-shown}",
        "users: [{name: a, user: {token: [not-to-be-shown",
        "{}",
        &long,
    ] {
        let access = Access::Inline(InlineKubeconfig {
            text: SecretString::from(text),
            origin: "of the Secret `ops/edge`".to_owned(),
            context: None,
        });
        assert!(!format!("{access:?}").contains("not-to-be-shown"));
        writeln!(shown, "{}", refused(&access).await).expect("a string takes all");
    }
    assert!(!shown.contains("not-to-be-shown"));
    insta::assert_snapshot!(shown, @r"
    the kubeconfig of the Secret `ops/edge` is malformed at line 1, column 8 | 
    the kubeconfig of the Secret `ops/edge` is malformed at line 1, column 33 | 
    the kubeconfig of the Secret `ops/edge` has no current context | it has no context at all; is it the right file?
    the kubeconfig of the Secret `ops/edge` is malformed: found 2097152 bytes, expected at most 1048576 | 
    ");
}

#[tokio::test]
async fn another_context_can_be_named() {
    let Access::Inline(mut kubeconfig) = inline("", "") else {
        return;
    };
    kubeconfig.context = Some("b".to_owned());
    let error = connect(&Access::Inline(kubeconfig)).await;
    assert!(
        matches!(error, Err(ConnectError::UnknownContext { .. })),
        "{error:?}"
    );
}
