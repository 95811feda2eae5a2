//! What survives the end of a process, however it ends (S26).

use std::fmt::Write as _;

use serde_json::Value;

use crate::common::{self, Folder, stream};
use crate::running::Service;
use crate::scripted::{Backstage, company};

/// Manifests of the Services `s0`, `s1` … in namespace `shop`.
pub(crate) fn services(count: usize) -> String {
    let services: Vec<String> = (0..count)
        .map(|number| common::service("shop", &format!("s{number}")))
        .collect();
    stream(&services)
}

/// A configuration of live catalogs and of the cluster `prod`.
pub(crate) fn configuration(instances: &[(&str, &str)]) -> String {
    let mut text =
        "listen: 127.0.0.1:0\nstore: state/store.db\nclusters: [{name: prod, path: k8s}]\n"
            .to_owned();
    text.push_str("scrapers:\n  backstage:\n    instances:\n");
    for (name, url) in instances {
        writeln!(
            text,
            "    - {{name: {name}, endpoint: '{url}', sync_interval: 1s}}"
        )
        .expect("a text");
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn s26_the_last_state_is_served_before_any_source_has_answered() {
    let backstage = Backstage::start(&company(12, "web")).await;
    let folder = Folder::new();
    folder.file("k8s/services.yaml", services(12));
    folder.file(
        "backstitch.yaml",
        configuration(&[("main", &backstage.url())]),
    );
    let service = Service::start(&folder);
    let owned = |answer: &Value| answer["owned"] == 12;
    service.until("/api/v1/summary", owned).await;
    service.kill().await;

    backstage.hangs();
    std::fs::remove_dir_all(folder.path().join("k8s")).expect("the cluster is gone");
    let service = Service::start(&folder);
    service.ready().await;
    let (_, summary) = service.get("/api/v1/summary").await;
    assert!(owned(&summary), "{summary:#}");
    let stale = service.phase("catalog/main", "stale").await;
    assert!(
        stale["age_seconds"].is_u64() && stale["generation"].as_u64() >= Some(1),
        "{stale:#}"
    );
    let cluster = service
        .source("cluster/prod", |source| source["last_error"].is_object())
        .await;
    assert_eq!(cluster["phase"], "stale");
    assert_eq!(cluster["counts"]["services"], 12);
    assert_eq!(service.owner("prod/shop/s11").await, "group:default/web");
}

#[tokio::test(flavor = "multi_thread")]
async fn s26_the_first_read_after_a_restart_finds_only_what_changed() {
    let entities = company(12, "web");
    let count = entities.len();
    let backstage = Backstage::start(&entities).await;
    let folder = Folder::new();
    folder.file("k8s/services.yaml", services(12));
    let text = configuration(&[("main", &backstage.url())]);
    folder.file("backstitch.yaml", text.replace("1s", "1h"));
    let service = Service::start(&folder);
    let first = service.phase("catalog/main", "ready").await;
    assert_eq!(first["last_read"]["cost"]["known"], 0, "{first:#}");
    service.kill().await;

    let service = Service::start(&folder);
    let again = service.phase("catalog/main", "ready").await;
    assert_eq!(again["last_read"]["cost"]["known"], count, "{again:#}");
    assert_eq!(again["counts"]["components"], 12, "{again:#}");
    service.signal("TERM");
    service.ended().await;

    backstage.gives(&company(13, "web")[1..]);
    let service = Service::start(&folder);
    let after = service.phase("catalog/main", "ready").await;
    assert_eq!(after["last_read"]["cost"]["known"], count - 1, "{after:#}");
    assert_eq!(after["delta"]["added"], 1, "{after:#}");
    assert_eq!(after["delta"]["removed"], 1, "{after:#}");
    assert_eq!(after["delta"]["unchanged"], count - 1, "{after:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s26_a_kill_in_the_middle_of_changes_leaves_a_whole_state_and_a_whole_history() {
    const COUNT: usize = 60;
    let backstage = Backstage::start(&company(COUNT, "team-0")).await;
    let folder = Folder::new();
    folder.file("k8s/services.yaml", services(COUNT));
    folder.file(
        "backstitch.yaml",
        configuration(&[("main", &backstage.url())]),
    );
    for round in 0..4 {
        let service = Service::start(&folder);
        // As soon as there is anything of the new owner, with whatever is under way then.
        let owner = format!("team-{round}");
        backstage.gives(&company(COUNT, &owner));
        let path = format!("/api/v1/services?owner=group:default/{owner}");
        service
            .until(&path, |answer| {
                answer["items"]
                    .as_array()
                    .is_some_and(|items| !items.is_empty())
            })
            .await;
        service.kill().await;
    }
    let service = Service::start(&folder);
    service.phase("catalog/main", "ready").await;
    service
        .until("/api/v1/summary", |answer| answer["owned"] == COUNT)
        .await;
    // Each step of the history begins where the one before it ended.
    for number in [0, 7, COUNT - 1] {
        let path = format!("/api/v1/history?service=prod/shop/s{number}");
        let last = |answer: &Value| {
            answer["items"][0]["change"]["after"]["owner"] == "group:default/team-3"
        };
        let history = service.until(&path, last).await;
        let changes: Vec<_> = history["items"]
            .as_array()
            .expect("a page")
            .iter()
            .rev()
            .collect();
        assert!(changes[0]["change"]["before"].is_null(), "{history:#}");
        for pair in changes.windows(2) {
            assert_eq!(
                pair[0]["change"]["after"], pair[1]["change"]["before"],
                "{history:#}"
            );
        }
    }
}
