//! Asking a running service for its status and for a read (S22, S25, S34).

use crate::common::Folder;
use crate::restart::{configuration, services};
use crate::running::{Service, until, word};
use crate::scripted::{Backstage, company};
use wiremock::ResponseTemplate;

/// Catalogs that are read once an hour, beside a cluster of files.
fn folder(instances: &[(&str, &str)], count: usize) -> Folder {
    let folder = Folder::new();
    folder.file("k8s/services.yaml", services(count));
    let text = configuration(instances).replace("sync_interval: 1s", "sync_interval: 1h");
    folder.file("backstitch.yaml", text);
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_is_read_now_and_has_ended_when_the_command_ends() {
    let backstage = Backstage::start(&company(3, "web")).await;
    let folder = folder(&[("main", &backstage.url())], 3);
    let service = Service::start(&folder);
    let first = service.phase("catalog/main", "ready").await;
    assert_eq!(first["last_read"]["cost"]["requests"], 1, "{first:#}");
    service.phase("cluster/prod", "ready").await;

    backstage.gives(&company(3, "data"));
    folder.file("k8s/services.yaml", services(4));
    let shown = service.command(&folder, &["refresh", "--wait"]).await;
    assert!(
        shown.starts_with("exit 0\n----- stdout\ncatalog main: ready, read in "),
        "{shown}"
    );
    assert!(
        shown.contains(
            ": 1 added, 3 changed, 1 removed, 0 as before\ncluster prod: ready, read in "
        ),
        "{shown}"
    );
    assert_eq!(service.owner("prod/shop/s2").await, "group:default/data");
    let (status, _) = service.get("/api/v1/services/prod/shop/s3").await;
    assert_eq!(status, 200, "the manifests are read again too");

    let shown = service.command(&folder, &["refresh", "catalog/main"]).await;
    assert_eq!(
        shown,
        "exit 0\n----- stdout\ncatalog main: is read now\n----- stderr\n"
    );
    let shown = service.command(&folder, &["refresh", "mian"]).await;
    assert_eq!(
        shown,
        "exit 2\n----- stdout\n----- stderr\nerror: there is no source `mian`\nhint: the sources are catalog/main, cluster/prod\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s22_a_server_that_asked_to_be_left_alone_is_asked_only_by_force() {
    let backstage = Backstage::start(&company(3, "web")).await;
    let folder = folder(&[("main", &backstage.url())], 3);
    let service = Service::start(&folder);
    service.phase("catalog/main", "ready").await;
    backstage.says(ResponseTemplate::new(429).insert_header("retry-after", "600"));
    let shown = service
        .command(&folder, &["refresh", "main", "--wait"])
        .await;
    assert!(shown.starts_with("exit 1\n"), "{shown}");
    assert!(
        shown.contains("error: `catalog/main` was not read: "),
        "{shown}"
    );
    let asked = backstage.asked();

    let shown = service
        .command(&folder, &["refresh", "main", "--wait"])
        .await;
    assert!(
        shown.contains(
            "error: the server of catalog `main` asked to be left alone until [TIME]\nhint: wait, or insist: \
             `force=true`, or `--force` of `backstitch refresh`\n"
        ),
        "{shown}"
    );
    assert!(shown.starts_with("exit 1\n"), "{shown}");
    assert_eq!(backstage.asked(), asked);

    backstage.gives(&company(3, "web"));
    let shown = service
        .command(&folder, &["refresh", "main", "--wait", "--force"])
        .await;
    assert!(shown.starts_with("exit 0\n"), "{shown}");
    let status = service.phase("catalog/main", "ready").await;
    assert_eq!(status["failures"], 0);
    assert_eq!(status["totals"]["failures"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s25_a_source_that_hangs_keeps_no_other_from_being_read() {
    let hanging = Backstage::start(&[]).await;
    hanging.hangs();
    let working = Backstage::start(&company(3, "web")).await;
    let urls = [
        ("a-hangs", hanging.url()),
        ("b-refused", "http://127.0.0.1:1".to_owned()),
        ("c-works", working.url()),
    ];
    let instances = urls.each_ref().map(|(name, url)| (*name, url.as_str()));
    let folder = folder(&instances, 3);
    let service = Service::start(&folder);
    service.ready().await;
    service.phase("catalog/c-works", "ready").await;
    until("the hanging one is asked", || async { hanging.asked() > 0 }).await;
    let hangs = service
        .source("catalog/a-hangs", |source| {
            source["reading_since"].is_string()
        })
        .await;
    assert_eq!(
        (&hangs["phase"], &hangs["reads"]),
        (&"starting".into(), &0.into())
    );

    working.gives(&company(3, "data"));
    service.command(&folder, &["refresh"]).await;
    service
        .until("/api/v1/services/prod/shop/s2", |answer| {
            answer["owner"]["ref"] == "group:default/data"
        })
        .await;
    let failing = service
        .source("catalog/b-refused", |source| {
            source["failures"].as_u64() >= Some(2)
        })
        .await;
    assert!(
        word(&failing["failing_since"]) <= word(&failing["last_error"]["at"]),
        "{failing:#}"
    );

    let shown = service
        .command(
            &folder,
            &[
                "sources",
                "b-refused",
                "a-hangs",
                "--fail-on",
                "failing,held",
            ],
        )
        .await;
    for part in [
        "exit 1\n----- stdout\n2 sources: 1 starting, 1 failing\n\ncatalog a-hangs: starting (not read yet), for ",
        "\n  reading      for ",
        "\ncatalog b-refused: failing (nothing is known of it), for ",
        "\n  error        cannot read `http://127.0.0.1:[PORT]/`",
        "----- stderr\ngate failed: `failing`: catalog b-refused\n",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    let json = service
        .command(&folder, &["sources", "c-works", "-o", "json"])
        .await;
    assert!(json.starts_with("exit 0\n"), "{json}");
    assert!(json.contains("\"phase\": \"ready\""), "{json}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_the_commands_say_so() {
    let folder = Folder::new();
    let run = folder
        .run(["sources"])
        .env("BACKSTITCH_SERVER", "http://127.0.0.1:1");
    let shown = run.shown();
    assert!(shown.starts_with("exit 2\n"), "{shown}");
    assert!(shown.contains("cannot ask the server"), "{shown}");
}
