//! Sources that fail, sources that hang, and a disk that is full (S22, S25, S26).

use std::process::Command;

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::common::Folder;
use crate::restart::{configuration, services};
use crate::running::{Service, until, word};
use crate::scripted::{Backstage, company};

fn folder(instances: &[(&str, &str)], count: usize) -> Folder {
    let folder = Folder::new();
    folder.file("k8s/services.yaml", services(count));
    folder.file("backstitch.yaml", configuration(instances));
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn s22_a_source_that_fails_keeps_its_owners_and_is_left_alone_as_long_as_it_asks() {
    let backstage = Backstage::start(&company(3, "web")).await;
    let folder = folder(&[("main", &backstage.url())], 3);
    let service = Service::start(&folder);
    service
        .until("/api/v1/summary", |answer| answer["owned"] == 3)
        .await;

    backstage.says(ResponseTemplate::new(503).insert_header("retry-after", "120"));
    let stale = service.phase("catalog/main", "stale").await;
    let message = word(&stale["last_error"]["message"]);
    assert!(
        message.starts_with("cannot read `http://127.0.0.1:"),
        "{message}"
    );
    let time = |value: &Value| {
        word(value)
            .parse::<jiff::Timestamp>()
            .expect("a time")
            .as_second()
    };
    let pause = time(&stale["next_attempt_at"]) - time(&stale["last_error"]["at"]);
    assert!((120..=122).contains(&pause), "{stale:#}");
    assert_eq!(service.owner("prod/shop/s2").await, "group:default/web");
}

#[tokio::test(flavor = "multi_thread")]
async fn s22_s31_a_refused_token_is_told_with_what_to_do_and_without_the_token() {
    let backstage = Backstage::start(&[]).await;
    let error = json!({"error": {"name": "AuthenticationError", "message": "Illegal token"}});
    backstage.says(ResponseTemplate::new(401).set_body_json(error));
    let folder = folder(&[], 1);
    folder.file("token.txt", "s3cret-t0ken\n");
    let configuration = configuration(&[("main", &backstage.url())]);
    folder.file(
        "backstitch.yaml",
        configuration.replace("sync_interval: 1s", "token_file: token.txt"),
    );
    let service = Service::start(&folder);
    let failing = service.phase("catalog/main", "failing").await;
    assert!(
        !word(&failing["last_error"]["remedy"]).is_empty(),
        "{failing:#}"
    );
    let refused =
        r#"backstitch_source_failures_total{kind="catalog",source="main",reason="refused"}"#;
    let failures = service.metric(refused).await;
    assert!(failures.is_some_and(|failures| failures != "0"));
    let (_, sources) = service.get("/api/v1/sources").await;
    assert!(!sources.to_string().contains("s3cret"));
    assert!(!service.log().contains("s3cret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn s25_a_source_that_hangs_delays_no_other() {
    let hanging = Backstage::start(&[]).await;
    hanging.hangs();
    let working = Backstage::start(&company(3, "web")).await;
    let urls = [
        ("a-hangs", hanging.url()),
        ("b-refused", "http://127.0.0.1:1".to_owned()),
        ("c-works", working.url()),
    ];
    let instances: Vec<(&str, &str)> = urls
        .iter()
        .map(|(name, url)| (*name, url.as_str()))
        .collect();
    let folder = folder(&instances, 3);
    let service = Service::start(&folder);
    service.phase("catalog/c-works", "ready").await;
    service.phase("cluster/prod", "ready").await;
    service.phase("catalog/b-refused", "failing").await;
    assert_eq!(service.owner("prod/shop/s2").await, "group:default/web");
    until("the hanging one is asked", || async { hanging.asked() > 0 }).await;
    let source = service.source("catalog/a-hangs", |_| true).await;
    assert_eq!(source["phase"], "starting");
    let unreachable = r#"backstitch_source_failures_total{kind="catalog",source="b-refused",reason="unreachable"}"#;
    let failures = service.metric(unreachable).await;
    assert!(failures.is_some_and(|failures| failures != "0"));
    // The others go on being read.
    let before = working.asked();
    until("the working one is asked again", || async {
        working.asked() > before
    })
    .await;
}

/// A file may be at most so large, in blocks of 512 bytes: enough for a store that is all but empty.
const BLOCKS: u32 = 800;

#[tokio::test(flavor = "multi_thread")]
async fn s26_a_full_disk_leaves_the_last_state_and_says_so_until_there_is_room() {
    let backstage = Backstage::start(&company(3, "web")).await;
    let folder = folder(&[("main", &backstage.url())], 3);
    // The signal that comes with a write beyond the limit is ignored, so that the write fails as on a full disk.
    let script = format!("trap '' XFSZ; ulimit -S -f {BLOCKS}; exec \"$0\" \"$@\"");
    let mut limited = Command::new("/bin/sh");
    limited.args(["-c", &script, env!("CARGO_BIN_EXE_backstitch")]);
    let service = Service::start_by(&folder, limited);
    service
        .until("/api/v1/summary", |answer| answer["owned"] == 3)
        .await;

    let large = [company(3, "data"), company(5_000, "data").split_off(3)].concat();
    backstage.gives(&large);
    let stale = service.phase("catalog/main", "stale").await;
    let message = word(&stale["last_error"]["message"]);
    assert!(message.contains("store.db"), "{message}");
    assert!(
        !word(&stale["last_error"]["remedy"]).is_empty(),
        "{stale:#}"
    );
    // Nothing that is not on the disk is shown, of no source anything new is taken, and the server goes on.
    assert_eq!(service.owner("prod/shop/s2").await, "group:default/web");
    let (status, ready) = service.get("/readyz").await;
    assert_eq!((status, &ready["ready"]), (200, &json!(true)));
    assert_eq!(
        ready["not_current"],
        json!(["catalog/main: stale", "cluster/prod: stale"])
    );

    let freed = Command::new("prlimit")
        .args(["--pid", &service.pid().to_string(), "--fsize=unlimited:"])
        .status()
        .expect("prlimit runs");
    assert!(freed.success());
    let path = "/api/v1/services/prod/shop/s2";
    let owned_by_data = |answer: &Value| answer["owner"]["ref"] == "group:default/data";
    service.until(path, owned_by_data).await;
    service.phase("catalog/main", "ready").await;
    service.phase("cluster/prod", "ready").await;
}
