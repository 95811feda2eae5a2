//! How the process starts and ends.

use std::time::Duration;

use crate::common::Folder;
use crate::restart::{configuration, services};
use crate::running::Service;
use crate::scripted::{Backstage, company};

/// Everything has ended by then.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_it_soon_and_in_order_whatever_hangs() {
    for signal in ["TERM", "INT"] {
        let backstage = Backstage::start(&company(3, "web")).await;
        let hanging = Backstage::start(&[]).await;
        hanging.hangs();
        let folder = Folder::new();
        folder.file("k8s/services.yaml", services(3));
        let instances = [("main", backstage.url()), ("hangs", hanging.url())];
        let instances = instances
            .each_ref()
            .map(|(name, url)| (*name, url.as_str()));
        folder.file("backstitch.yaml", configuration(&instances));
        let service = Service::start(&folder);
        service
            .until("/api/v1/summary", |answer| answer["owned"] == 3)
            .await;
        let stream = service.open("/api/v1/events").await;
        service.signal(signal);
        let log = service.log_at_end();
        let (status, took) = service.ended().await;
        assert_eq!(status.code(), Some(0), "{}", log());
        assert!(took < SOON, "{took:?}");
        assert!(log().contains("everything is committed"), "{}", log());
        // The stream came to its end, and was not cut off.
        stream.text().await.expect("a whole stream");
    }
}

#[test]
fn a_log_for_machines_is_one_json_object_a_line() {
    let folder = Folder::new();
    let text = configuration(&[("main", "http://127.0.0.1:1")]);
    folder.file(
        "backstitch.yaml",
        text.replace("clusters: [{name: prod, path: k8s}]\n", ""),
    );
    let run = folder.run([
        "serve",
        "--config",
        "backstitch.yaml",
        "--log-format",
        "json",
    ]);
    // Its store cannot be opened, so it ends.
    folder.file("state", "no folder");
    let shown = run.shown();
    let (log, error) = shown
        .split_once("----- stderr\n")
        .and_then(|(_, log)| log.split_once("error: "))
        .expect("a log and an error");
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert!(
            line["message"].is_string() && line["level"] == "WARN",
            "{line}"
        );
    }
    assert!(!log.is_empty(), "{shown}");
    assert!(error.starts_with("cannot use the store\n"), "{shown}");
}

#[test]
fn there_has_to_be_something_to_serve() {
    let folder = Folder::new();
    insta::assert_snapshot!(folder.run(["serve"]).shown(), @"
    exit 2
    ----- stdout
    ----- stderr
    error: there is nothing to serve: no catalog and no cluster is configured
    hint: name a configuration by `--config`, or look around with `backstitch demo`
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_has_one_process() {
    let folder = Folder::new();
    folder.file("k8s/services.yaml", services(1));
    folder.file(
        "backstitch.yaml",
        configuration(&[]).replace("    instances:\n", "    enabled: true\n"),
    );
    let service = Service::start(&folder);
    service.ready().await;
    let run = folder.run(["serve", "--config", "backstitch.yaml"]);
    let shown = tokio::task::spawn_blocking(move || run.shown())
        .await
        .expect("it ends");
    let errors: Vec<&str> = shown
        .lines()
        .skip_while(|line| !line.starts_with("error"))
        .collect();
    insta::assert_snapshot!(errors.join("\n"), @"
    error: cannot use the store
      caused by: the store `state/store.db` is in use by another process
    hint: stop the other process, or give this one a store of its own
    ");
    assert!(shown.starts_with("exit 2\n"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_word_on_it_the_store_is_where_programs_keep_their_state() {
    let folder = Folder::new();
    folder.file("k8s/services.yaml", services(1));
    let text = configuration(&[]).replace("    instances:\n", "    enabled: true\n");
    folder.file(
        "backstitch.yaml",
        text.replace("store: state/store.db\n", ""),
    );
    let service = Service::start(&folder);
    service.phase("cluster/prod", "ready").await;
    assert!(
        folder
            .path()
            .join(".local/state/backstitch/backstitch.db")
            .is_file()
    );
}
