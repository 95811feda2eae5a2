//! `backstitch doctor` against real Backstages: what it says of each version, and of each kind of token.
//!
//! Run by `cargo xtask test backstage-real`, which installs them.

#![cfg(unix)]

mod common;

use common::{Folder, service};
use serde_json::Value;
use testbed::backstage::{Token, Version, shared};

/// Outcome and message of each check of the instance, for a token.
async fn doctor(version: Version, token: &str) -> Vec<(String, String, String)> {
    let backstage = shared(version)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let folder = Folder::with(&[
        ("k8s/services.yaml", &service("shop", "cart")),
        ("token.txt", token),
        (
            "backstitch.yaml",
            &format!(
                "store: backstitch.db\nscrapers: {{backstage: {{instances: [{{name: main, endpoint: '{}', token_file: token.txt}}]}}}}\n\
                 clusters: [{{name: prod, path: k8s}}]\n",
                backstage.url()
            ),
        ),
    ]);
    let run = move || {
        let args = ["doctor", "--config", "backstitch.yaml", "-o", "json"];
        folder.run(args).output()
    };
    let output = tokio::task::spawn_blocking(run).await.expect("it ends");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(!text.contains(token), "{text}");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let checks = document["checks"].as_array().expect("checks");
    let word = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    checks
        .iter()
        .filter(|row| row["about"] == "catalog")
        .map(|row| {
            (
                word(row, "check"),
                word(row, "outcome"),
                word(row, "message"),
            )
        })
        .collect()
}

fn outcome<'c>(checks: &'c [(String, String, String)], what: &str) -> Option<&'c str> {
    let check = checks.iter().find(|(check, ..)| check == what);
    check.map(|(_, outcome, _)| outcome.as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_is_well_and_is_counted() {
    let mut counts = Vec::new();
    for version in Version::ALL {
        let checks = doctor(version, Token::Full.text()).await;
        for what in [
            "name",
            "connection",
            "answer",
            "token",
            "clock",
            "entities",
            "kubernetes-id",
        ] {
            assert_eq!(
                outcome(&checks, what),
                Some("ok"),
                "{version}: {what}: {checks:#?}"
            );
        }
        let expected = if version.has_by_query() { "ok" } else { "note" };
        assert_eq!(
            outcome(&checks, "version"),
            Some(expected),
            "{version}: {checks:#?}"
        );
        let counted = |(check, ..): &(String, String, String)| {
            ["entities", "kubernetes-id"].contains(&check.as_str())
        };
        let counted: Vec<_> = checks.into_iter().filter(counted).collect();
        counts.push(counted);
    }
    assert!(
        counts.windows(2).all(|pair| pair[0] == pair[1]),
        "{counts:#?}"
    );
    // As `tests/backstage/catalog` has them.
    insta::assert_snapshot!(counts[0][0].2, @"components 7, groups 4, users 3");
    insta::assert_snapshot!(counts[0][1].2, @"components 6 of 7 name their Service by `annotations.backstage.io/kubernetes-id`");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_token_is_told_apart() {
    for (token, at) in [
        (Token::ReadOnly.text(), None),
        (Token::NoRead.text(), Some("entities")),
        (Token::OtherPlugin.text(), Some("token")),
        ("nobody-knows-this-token", Some("token")),
    ] {
        let checks = doctor(Version::Current, token).await;
        let failed = checks.iter().find(|(_, outcome, _)| outcome == "fail");
        let failed = failed.map(|(check, ..)| check.as_str());
        assert_eq!(failed, at, "{checks:#?}");
        assert_eq!(outcome(&checks, "connection"), Some("ok"), "{checks:#?}");
    }
}
