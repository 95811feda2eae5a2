//! Credentials that a command gives: real commands, and a server that looks at what they gave.

use std::path::Path;

use cluster::live::{ApiServer, Pace, RequestError, list_once};
use tempfile::TempDir;

use crate::scripted::{Reply, Request, Scripted, quiet, refusal};

/// A user whose command is the shell with this script, in which `$run` is the number of its run, from 1.
fn user(folder: &Path, script: &str) -> String {
    let runs = folder.join("runs");
    let runs = runs.display();
    let script = format!("echo x >> {runs}; run=$(grep -c x {runs}); {script}");
    // Within single quotes YAML has nothing but those to be escaped.
    let script = script.replace('\'', "''");
    format!(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, command: sh, interactiveMode: Never, args: [-c, '{script}']}}"
    )
}

/// Prints this status.
fn prints(status: &str) -> String {
    format!(
        r#"printf "{{\"status\": {{{}}}}}" "$run""#,
        status.replace('"', r#"\""#)
    )
}

fn runs(folder: &TempDir) -> usize {
    let runs = std::fs::read_to_string(folder.path().join("runs"));
    runs.map_or(0, |runs| runs.lines().count())
}

/// A server that takes these tokens.
fn takes(tokens: &'static [&'static str]) -> impl Fn(&Request<'_>) -> Reply {
    move |request| {
        let token = request.authorization.strip_prefix("Bearer ");
        match token {
            Some(token) if tokens.contains(&token) => quiet(request),
            _ => refusal(401, "Unauthorized"),
        }
    }
}

async fn list(api: &ApiServer) -> Result<(), RequestError> {
    list_once(api, &Pace::default(), &mut |_| {})
        .await
        .map(drop)
}

#[tokio::test]
async fn a_command_runs_once_while_its_token_is_good() {
    for status in [
        r#""token": "t%s""#,
        r#""token": "t%s", "expirationTimestamp": "2999-01-01T00:00:00Z""#,
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let user = user(folder.path(), &prints(status));
        let server = Scripted::for_user(&user, takes(&["t1"])).await;
        for _ in 0..2 {
            list(&server.api).await.expect("a list");
        }
        assert_eq!(runs(&folder), 1, "{status}");
    }
}

#[tokio::test]
async fn a_token_that_is_over_or_refused_is_had_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let over = prints(r#""token": "t%s", "expirationTimestamp": "2001-01-01T00:00:00Z""#);
    let later = prints(r#""token": "t%s""#);
    let script = format!("if [ $run = 1 ]; then {over}; else {later}; fi");
    let user = user(folder.path(), &script);
    // The first one is over before it was ever sent; the second is refused, as after a clock that was wrong.
    let server = Scripted::for_user(&user, takes(&["t3"])).await;
    let error = list(&server.api).await.expect_err("it is refused");
    assert!(
        matches!(error, RequestError::Unauthorized { .. }),
        "{error}"
    );
    assert_eq!(runs(&folder), 2);
    list(&server.api).await.expect("a list");
    assert_eq!(runs(&folder), 3, "all requests of a list share one");
}

#[tokio::test]
async fn a_command_that_fails_later_is_told_as_at_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = prints(r#""token": "t%s", "expirationTimestamp": "2001-01-01T00:00:00Z""#);
    let script =
        format!("if [ $run = 1 ]; then {good}; else echo the session is over >&2; exit 1; fi");
    let user = user(folder.path(), &script);
    let server = Scripted::for_user(&user, takes(&[])).await;
    let error = list(&server.api).await.expect_err("no credentials");
    let RequestError::Credentials { cause, .. } = &error else {
        panic!("{error}");
    };
    insta::assert_snapshot!(cause, @"the command `sh`, which is to give the credentials, failed with exit status: 1: the session is over");
    insta::assert_snapshot!(error.hint().expect("a hint"), @"sign in again with the tool that `sh` belongs to");
}
