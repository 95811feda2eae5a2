//! That a Backstage comes, is measured, and goes with the test that started it.

#![cfg(unix)]

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testbed::backstage::{Backstage, Catalog, Error, Options, Version, seed};

/// How long a server may take to notice that its test is gone.
const PATIENCE: Duration = Duration::from_secs(30);

/// Set where a test runs itself once more, to be killed.
const TO_BE_KILLED: &str = "TESTBED_TO_BE_KILLED";

async fn empty() -> Backstage {
    let options = Options {
        catalog: Catalog::Empty,
        ..Options::default()
    };
    let started = Backstage::start(Version::Current, options).await;
    started.unwrap_or_else(|error| panic!("{error}"))
}

fn listens(url: &str) -> bool {
    TcpStream::connect(url.trim_start_matches("http://")).is_ok()
}

#[tokio::test]
async fn a_server_ends_with_its_value_and_comes_back_where_it_was() {
    let mut backstage = empty().await;
    let url = backstage.url().to_owned();
    assert!(listens(&url));
    backstage.stop();
    assert!(!listens(&url));
    assert!(matches!(
        backstage.entities().await,
        Err(Error::Request { .. })
    ));
    backstage.restart().await.expect("starts again");
    assert_eq!(backstage.url(), url);
    assert!(listens(&url));
    drop(backstage);
    assert!(!listens(&url));
}

#[tokio::test]
async fn a_server_ends_with_a_test_that_is_killed() {
    if env::var_os(TO_BE_KILLED).is_some() {
        let backstage = empty().await;
        writeln!(io::stdout(), "\nurl {}", backstage.url()).expect("somebody reads");
        // Not for ever: should the test that started this one fail, its end of the pipe closes.
        io::stdin().lines().for_each(drop);
        return;
    }
    let mut held = Command::new(env::current_exe().expect("this test has a path"))
        .args([
            "--exact",
            "a_server_ends_with_a_test_that_is_killed",
            "--nocapture",
        ])
        .env(TO_BE_KILLED, "yes")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test runs");
    let output = held.stdout.take().expect("a pipe");
    let url = BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("url ").map(str::to_owned))
        .expect("the other test says where its server is");
    assert!(listens(&url));

    held.kill().expect("it runs");
    held.wait().expect("it ends");
    let deadline = Instant::now() + PATIENCE;
    while listens(&url) {
        assert!(
            Instant::now() < deadline,
            "the server at {url} outlives its test"
        );
        thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_a_server_uses_is_told() {
    let backstage = empty().await;
    let before = backstage.usage().expect("a running server");
    assert!(before.cpu > Duration::from_millis(500), "{before:?}");
    assert!(before.resident_bytes > 50 << 20, "{before:?}");
    assert!(
        before.peak_resident_bytes >= before.resident_bytes,
        "{before:?}"
    );
    for _ in 0..20 {
        backstage.entities().await.expect("an answer");
    }
    assert!(backstage.usage().expect("a running server").cpu > before.cpu);
}

#[tokio::test]
async fn a_server_that_does_not_start_says_why() {
    let options = Options {
        config: vec![json!({"backend": {"database": {"client": "no-such-database"}}})],
        ..Options::default()
    };
    let error = Backstage::start(Version::Current, options).await;
    let error = error.expect_err("it cannot start");
    assert!(matches!(error, Error::Ended { .. }), "{error}");
    assert!(error.to_string().contains("no-such-database"), "{error}");
}

#[tokio::test]
async fn a_seeded_catalog_is_as_if_it_had_been_imported() {
    let entity = |kind: &str, name: &str, spec: Value| {
        json!({
            "apiVersion": "backstage.io/v1alpha1",
            "kind": kind,
            "metadata": {"name": name, "namespace": "default", "annotations": {"example.com/a": "b"}},
            "spec": spec,
        })
    };
    let entities = [
        entity(
            "Group",
            "team",
            json!({"type": "team", "children": [], "parent": "company"}),
        ),
        entity(
            "Group",
            "company",
            json!({"type": "organization", "children": []}),
        ),
        entity("User", "alice", json!({"memberOf": ["team"]})),
        entity(
            "Component",
            "Shop",
            json!({"type": "service", "lifecycle": "production", "owner": "team", "system": "sales"}),
        ),
        entity("System", "sales", json!({"owner": "user:alice"})),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let lines = folder.path().join("entities.jsonl");
    let text = entities.each_ref().map(ToString::to_string).join("\n");
    fs::write(&lines, text).expect("room on the disk");
    let database = folder.path().join("database");
    seed(&lines, &database).unwrap_or_else(|error| panic!("{error}"));
    let seeded = Backstage::start(Version::Current, Options::seeded(database)).await;
    let seeded = seeded.unwrap_or_else(|error| panic!("{error}"));
    let found = seeded.entities().await.expect("all entities");

    let imported = empty().await;
    imported.put_full(&entities).await.expect("taken");
    // Ownership, membership, parents and parts, from both of their ends.
    let relations = |entity: &Value| entity["relations"].as_array().map_or(0, Vec::len);
    let settled = |found: &[Value]| found.iter().map(relations).sum::<usize>() == 10;
    let expected = imported.until("all relations", settled).await;
    assert_eq!(comparable(found), comparable(expected.expect("imported")));
}

/// Without what is made up anew in each database, and in one order.
fn comparable(mut entities: Vec<Value>) -> Vec<Value> {
    for entity in &mut entities {
        let metadata = entity["metadata"].as_object_mut().expect("metadata");
        assert!(metadata.remove("uid").is_some() && metadata.remove("etag").is_some());
    }
    entities.sort_by_key(|entity| entity["metadata"]["name"].to_string());
    entities
}
