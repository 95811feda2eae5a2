//! Settings that are tried out are what comes of them: the same counts stand once the configuration has them (S1, S11).

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::common::{self, Folder, ID, stream};
use crate::restart::services;
use crate::running::Service;
use crate::scripted::{Backstage, company};

/// A catalog of files with these settings, which are lines of YAML.
fn configuration(settings: &str) -> String {
    let mut text =
        "listen: 127.0.0.1:0\nstore: state/store.db\nclusters: [{name: prod, path: k8s}]\n\
        scrapers:\n  backstage:\n    instances:\n    - name: main\n      path: catalog\n"
            .to_owned();
    for line in settings.lines() {
        writeln!(text, "      {line}").expect("a text");
    }
    text
}

/// A component whose Kubernetes id stands in a field of its own.
fn elsewhere(name: &str, id: &str, team: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n  labels: {{run: {id}, squad: {team}}}\n\
         spec: {{type: service, lifecycle: production}}\n"
    )
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.file("k8s/services.yaml", services(6));
    folder.file(
        "catalog/all.yaml",
        stream(&[
            common::group("web"),
            common::component("first", &[(ID, "s0")], "web"),
            common::component("second", &[(ID, "s1")], "web"),
            elsewhere("third", "s2", "web"),
            elsewhere("fourth", "s3", "nobody"),
            // It would have the Service that another has, and its name comes first.
            elsewhere("aaa", "s0", "web"),
            common::component("s5", &[], "web"),
        ]),
    );
    folder
}

async fn preview(service: &Service, settings: Value) -> Value {
    let mut body = json!({"instance": "main"});
    let fields = settings.as_object().expect("settings").clone();
    body.as_object_mut().expect("an object").extend(fields);
    let (status, answer) = service.post_json("/api/v1/preview", &body).await;
    assert_eq!(status, 200, "{answer:#}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_is_what_comes_of_the_configuration_that_it_gives() {
    let folder = folder();
    folder.file("backstitch.yaml", configuration(""));
    let service = Service::start(&folder);
    service.phase("catalog/main", "ready").await;
    service
        .until("/api/v1/summary", |it| it["verdicts"]["stitched"] == 2)
        .await;
    let said = preview(
        &service,
        json!({
            "label_map": {
                "component_kubernetes_id": ["labels.run", "annotations.backstage.io/kubernetes-id"],
                "component_owner": ["labels.squad", "spec.owner"],
            },
            "match_rules": ["service-name", "component-name"],
        }),
    )
    .await;
    assert_eq!(
        said["changes"],
        json!({
            "stitched_gained": 4, "stitched_lost": 1, "moved": 0, "newly_ambiguous": 0, "newly_in_conflict": 1,
            "newly_invalid": 0, "newly_not_found": 0, "owners_gained": 2, "owners_lost": 0, "owners_changed": 0,
            "others_affected": 0,
        }),
        "{said:#}"
    );
    let (_, still) = service.get("/api/v1/summary").await;
    assert_eq!(still["verdicts"], said["before"]["verdicts"]);
    assert_eq!(still["owners"], said["before"]["owners"]);
    service.signal("TERM");
    service.ended().await;

    folder.file(
        "backstitch.yaml",
        configuration(said["yaml"].as_str().expect("a text")),
    );
    let service = Service::start(&folder);
    service.phase("catalog/main", "ready").await;
    let summary = service
        .until("/api/v1/summary", |it| {
            it["verdicts"] == said["after"]["verdicts"]
        })
        .await;
    assert_eq!(summary["owners"], said["after"]["owners"]);
    for example in said["examples"].as_array().expect("a list") {
        let name = example["ref"].as_str().expect("a text").replace('/', "%2F");
        let (_, found) = service.get(&format!("/api/v1/components/{name}")).await;
        let verdict = &found["items"][0]["verdicts"][0];
        let services = example["after"]["services"].as_array().expect("a list");
        assert_eq!(verdict["verdict"], example["after"]["verdict"]);
        assert_eq!(
            verdict["services"].as_array().map_or(0, Vec::len),
            services.len()
        );
        assert_eq!(
            verdict["owner"]["ref"].as_str(),
            example["after"]["owner"].as_str()
        );
    }
    // What stands now is what was asked for.
    let (_, mapping) = service.get("/api/v1/instances/main").await;
    let expected = json!(["labels.run", "annotations.backstage.io/kubernetes-id"]);
    assert_eq!(mapping["label_map"]["component_kubernetes_id"], expected);
    assert_eq!(mapping["label_map_previews"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_catalog_is_read_once_for_a_map_however_often_it_is_asked_for() {
    let backstage = Backstage::start(&company(4, "web")).await;
    let folder = Folder::new();
    folder.file("k8s/services.yaml", services(4));
    folder.file(
        "backstitch.yaml",
        crate::restart::configuration(&[("main", &backstage.url())])
            .replace("sync_interval: 1s", "sync_interval: 1h"),
    );
    let service = Service::start(&folder);
    service
        .until("/api/v1/summary", |it| it["verdicts"]["stitched"] == 4)
        .await;
    let map = json!({"label_map": {"component_kubernetes_id": ["labels.nobody-has-it"]}});
    let said = preview(&service, map.clone()).await;
    assert_eq!(said["changes"]["stitched_lost"], 4, "{said:#}");
    // The next read would wait for seconds: this is the one that is kept.
    let again = preview(&service, map).await;
    assert_eq!(again, said);
}
