//! What goes, and what waits before it goes (S22–S24).

use serde_json::Value;

use crate::common::{self, Folder, ID, NAMESPACE, stream};
use crate::restart::{configuration, services};
use crate::running::{Service, word};
use crate::scripted::{Backstage, company};

#[tokio::test(flavor = "multi_thread")]
async fn s23_an_empty_catalog_is_taken_for_true_after_three_times_and_a_restart_does_not_forget_them()
 {
    let backstage = Backstage::start(&company(12, "web")).await;
    let folder = Folder::new();
    folder.file("k8s/services.yaml", services(12));
    folder.file(
        "backstitch.yaml",
        configuration(&[("main", &backstage.url())]),
    );
    let service = Service::start(&folder);
    service.phase("catalog/main", "ready").await;
    service.phase("cluster/prod", "ready").await;
    assert_eq!(service.owner("prod/shop/s3").await, "group:default/web");

    backstage.gives_times(2, &[]);
    let held = service
        .source("catalog/main", |source| source["held_back"]["times"] == 2)
        .await;
    assert_eq!(held["phase"], "held");
    assert_eq!(held["held_back"]["removals"], 13);
    assert_eq!(held["held_back"]["confirmations"], 3);
    assert_eq!(held["counts"]["components"], 12, "the last good generation");
    assert_eq!(service.owner("prod/shop/s3").await, "group:default/web");
    let (_, ready) = service.get("/readyz").await;
    assert_eq!(ready["not_current"][0], "catalog/main: held");

    service.kill().await;
    let service = Service::start(&folder);
    service.ready().await;
    let held = service.source("catalog/main", |_| true).await;
    assert_eq!(held["phase"], "held");
    assert_eq!(held["held_back"]["times"], 2);
    assert_eq!(service.owner("prod/shop/s3").await, "group:default/web");

    backstage.gives(&[]);
    let ready = service.phase("catalog/main", "ready").await;
    assert_eq!(ready["counts"]["components"], 0);
    assert_eq!(service.owner("prod/shop/s3").await, "-");
}

#[tokio::test(flavor = "multi_thread")]
async fn s24_s27_a_component_that_is_gone_takes_its_labels_along_and_history_says_so() {
    let component = |name: &str| common::component(name, &[(ID, name), (NAMESPACE, "shop")], "web");
    let folder = Folder::new();
    folder.file(
        "catalog.yaml",
        stream(&[component("s0"), component("s1"), common::group("web")]),
    );
    folder.file("k8s/services.yaml", services(2));
    folder.file(
        "backstitch.yaml",
        "listen: 127.0.0.1:0\nstore: state/store.db\nscrapers: {backstage: {instances: [{name: main, path: catalog.yaml, \
         sync_interval: 1s}]}}\nclusters: [{name: prod, path: k8s}]\n",
    );
    let service = Service::start(&folder);
    let path = "/api/v1/services/prod/shop/s1";
    service
        .until(path, |answer| answer["state"] == "owned")
        .await;

    folder.file(
        "catalog.yaml",
        stream(&[component("s0"), common::group("web")]),
    );
    let gone = service
        .until(path, |answer| answer["state"] == "unclaimed")
        .await;
    assert_eq!(gone["labels"].as_array().map(Vec::len), Some(0), "{gone:#}");
    assert_eq!(service.owner("prod/shop/s0").await, "group:default/web");

    // What changed is seen a moment before it is history.
    let told = |answer: &Value| answer["items"][0]["change"]["after"]["state"] == "unclaimed";
    let history = service
        .until("/api/v1/history?service=prod/shop/s1", told)
        .await;
    let last = &history["items"][0];
    assert_eq!(word(&last["cause"]["source"]), "main");
    assert_eq!(
        word(&last["change"]["before"]["owner"]),
        "group:default/web"
    );
    assert_eq!(word(&last["change"]["after"]["state"]), "unclaimed");
}

#[tokio::test(flavor = "multi_thread")]
async fn s22_a_folder_that_is_not_there_any_more_removes_nothing() {
    let component = common::component("s0", &[(ID, "s0"), (NAMESPACE, "shop")], "web");
    let folder = Folder::new();
    folder.file(
        "catalog/all.yaml",
        stream(&[component, common::group("web")]),
    );
    folder.file("k8s/services.yaml", services(1));
    folder.file(
        "backstitch.yaml",
        "listen: 127.0.0.1:0\nstore: state/store.db\nscrapers: {backstage: {instances: [{name: main, path: catalog, \
         sync_interval: 1s}]}}\nclusters: [{name: prod, path: k8s}]\n",
    );
    let service = Service::start(&folder);
    service
        .until("/api/v1/services/prod/shop/s0", |answer| {
            answer["state"] == "owned"
        })
        .await;
    std::fs::rename(
        folder.path().join("catalog"),
        folder.path().join("elsewhere"),
    )
    .expect("a rename");
    let stale = service.phase("catalog/main", "stale").await;
    let message = word(&stale["last_error"]["message"]);
    assert!(
        message.starts_with("cannot read the catalog: `catalog`: "),
        "{message}"
    );
    assert!(stale["next_attempt_at"].is_string());
    assert_eq!(service.owner("prod/shop/s0").await, "group:default/web");

    std::fs::rename(
        folder.path().join("elsewhere"),
        folder.path().join("catalog"),
    )
    .expect("a rename");
    let ready = service.phase("catalog/main", "ready").await;
    assert!(ready["last_error"].is_null(), "{ready:#}");
}
