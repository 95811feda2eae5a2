//! S28–S31: Secrets of one namespace, read and watched.

use std::time::Duration;

use cluster::live::Pace;
use cluster::live::secrets::{Secret, Selector, Update, Value, get, list, watch};
use tokio::sync::mpsc;

use crate::scripted::{After, Reply, Request, Scripted, event, refusal};

const PATH: &str = "/api/v1/namespaces/causely/secrets";

fn quick() -> Pace {
    Pace {
        first_retry: Duration::from_millis(1),
        longest_retry: Duration::from_millis(2),
        refused_retry: Duration::from_millis(1),
        answer_timeout: Duration::from_secs(10),
        ..Pace::default()
    }
}

/// `token` is base64 already.
fn secret(name: &str, version: u32, token: &str) -> String {
    format!(
        r#"{{"kind":"Secret","metadata":{{"name":"{name}","namespace":"causely","resourceVersion":"{version}","labels":{{"causely.ai/scraper":"Backstage"}}}},"data":{{"token":"{token}"}}}}"#
    )
}

fn secrets(version: u32, items: &[String], token: &str) -> Reply {
    let items = items.join(",");
    Reply::Body(
        200,
        format!(
            r#"{{"kind":"SecretList","metadata":{{"resourceVersion":"{version}","continue":"{token}"}},"items":[{items}]}}"#
        ),
    )
}

fn backstages() -> Selector {
    Selector::backstages("causely.ai")
}

fn watched(scripted: &Scripted) -> mpsc::Receiver<Update> {
    let (sender, receiver) = mpsc::channel(1);
    let api = scripted.api.clone();
    let namespace = "causely".to_owned();
    tokio::spawn(watch(api, quick(), 7, namespace, backstages(), sender));
    receiver
}

/// Names and tokens.
type Tokens = Vec<(String, Option<Value>)>;

/// What was seen, or the failure with its hint.
fn told(update: Option<Update>) -> Result<Tokens, (String, Option<String>)> {
    match update.expect("the watch goes on") {
        Update::Seen(secrets) => Ok(secrets
            .into_iter()
            .map(|Secret { name, data, .. }| (name, data.get("token").cloned()))
            .collect()),
        Update::Failed { error, hint, .. } => Err((error, hint)),
    }
}

fn is(name: &str, token: &str) -> (String, Option<Value>) {
    (name.to_owned(), Some(Value::of(token)))
}

#[tokio::test]
async fn s30_a_list_is_asked_for_by_label_in_one_namespace_page_by_page() {
    let scripted = Scripted::start(|request: &Request<'_>| match request.before {
        0 => secrets(5, &[secret("a", 3, "b25l")], "more"),
        _ => secrets(5, &[secret("b", 4, "dHdv")], ""),
    })
    .await;
    let listed = list(&scripted.api, &quick(), "causely", &backstages())
        .await
        .expect("a list");
    let names: Vec<&str> = listed.iter().map(|secret| &*secret.name).collect();
    assert_eq!(names, ["a", "b"]);
    let queries = scripted.queries(PATH);
    assert_eq!(queries.len(), 2);
    for query in &queries {
        assert!(
            query.contains("labelSelector=causely.ai%2Fscraper%3DBackstage"),
            "{query}"
        );
        assert!(query.contains("limit=50"), "{query}");
    }
    assert!(queries[1].contains("continue=more"));
}

#[tokio::test]
async fn one_secret_is_there_or_not_or_it_cannot_be_said() {
    let scripted = Scripted::start(|request: &Request<'_>| match request.path {
        "/api/v1/namespaces/causely/secrets/there" => Reply::Body(200, secret("there", 1, "eA==")),
        "/api/v1/namespaces/causely/secrets/page" => Reply::Body(200, "<html>".to_owned()),
        "/api/v1/namespaces/causely/secrets/pod" => Reply::Body(
            200,
            r#"{"kind":"Pod","metadata":{"name":"pod"}}"#.to_owned(),
        ),
        "/api/v1/namespaces/causely/secrets/refused" => {
            refusal(403, r#"secrets is forbidden: User "jane" cannot get"#)
        }
        _ => refusal(404, "not found"),
    })
    .await;
    let get = async |name| get(&scripted.api, &quick(), "causely", name).await;
    let there = get("there").await.expect("an answer").expect("a Secret");
    assert_eq!(there.data["token"], Value::of("x"));
    assert_eq!(get("missing").await.expect("an answer"), None);
    for name in ["page", "pod"] {
        let error = get(name).await.expect_err("no Secret");
        assert!(
            error.to_string().contains("something else than Secrets"),
            "{error}"
        );
    }
    let error = get("refused").await.expect_err("a refusal");
    assert!(error.is_forbidden());
    let hint = error.hint().expect("a hint");
    assert!(
        hint.contains("create role backstitch-secrets --namespace causely"),
        "{hint}"
    );
    assert!(hint.contains("--user=jane"), "{hint}");
}

#[tokio::test]
async fn s30_what_comes_changes_and_goes_is_told_as_what_there_is() {
    let scripted =
        Scripted::start(
            |request: &Request<'_>| match (request.is_watch(), request.before) {
                (false, _) => secrets(5, &[secret("a", 3, "b25l")], ""),
                (true, 0) => Reply::Events(
                    vec![
                        event("ADDED", &secret("b", 6, "dHdv")),
                        event("MODIFIED", &secret("a", 7, "bmV3")),
                    ],
                    After::End,
                ),
                (true, _) => {
                    Reply::Events(vec![event("DELETED", &secret("b", 8, "dHdv"))], After::Open)
                }
            },
        )
        .await;
    let mut updates = watched(&scripted);
    assert_eq!(told(updates.recv().await), Ok(vec![is("a", "one")]));
    assert_eq!(
        told(updates.recv().await),
        Ok(vec![is("a", "one"), is("b", "two")])
    );
    assert_eq!(
        told(updates.recv().await),
        Ok(vec![is("a", "new"), is("b", "two")])
    );
    assert_eq!(told(updates.recv().await), Ok(vec![is("a", "new")]));
    let watches: Vec<String> = scripted
        .queries(PATH)
        .into_iter()
        .filter(|query| query.contains("watch=true"))
        .collect();
    assert!(watches[1].contains("resourceVersion=7"), "{watches:?}");
    assert!(watches[0].contains("labelSelector="), "{watches:?}");
}

#[tokio::test]
async fn s22_while_they_cannot_be_read_nothing_is_said_to_be_gone() {
    let scripted =
        Scripted::start(
            |request: &Request<'_>| match (request.is_watch(), request.before) {
                (false, 0) => refusal(403, r#"secrets is forbidden: User "jane" cannot list"#),
                (false, 1) => Reply::Body(
                    200,
                    r#"{"kind":"SecretList","metadata":{},"items":"sentinel"}"#.to_owned(),
                ),
                (false, 2) => secrets(5, &[secret("a", 3, "b25l")], ""),
                (true, 0) => Reply::Events(
                    vec![
                    r#"{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}"#
                        .to_owned(),
                ],
                    After::Open,
                ),
                (false, 3) => refusal(500, "etcd is away"),
                (false, _) => secrets(9, &[], ""),
                (true, _) => Reply::Events(Vec::new(), After::Open),
            },
        )
        .await;
    let mut updates = watched(&scripted);
    let (error, hint) = told(updates.recv().await).expect_err("refused");
    assert!(error.contains("403"), "{error}");
    assert!(hint.expect("a hint").contains("--resource=secrets"));
    let (error, _) = told(updates.recv().await).expect_err("no list");
    assert!(!error.contains("sentinel"), "{error}");
    assert_eq!(told(updates.recv().await), Ok(vec![is("a", "one")]));
    let (error, _) = told(updates.recv().await).expect_err("a failure");
    assert!(error.contains("500"), "{error}");
    assert_eq!(told(updates.recv().await), Ok(Vec::new()));
}
