//! S26: what people decide by the command line, against a running service that is killed in between.

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::common::{self, Folder, ID, stream};
use crate::running::Service;

const CONFIGURATION: &str = "listen: 127.0.0.1:0
store: state/store.db
removal_confirmations: 1000
scrapers: {backstage: {instances: [{name: main, path: catalog.yaml, sync_interval: 1s}]}}
clusters: [{name: prod, path: k8s}]
";

fn service(namespace: &str, name: &str) -> String {
    format!("apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}}}\n")
}

fn shop() -> Folder {
    let folder = Folder::new();
    let component = |name: &str| common::component(name, &[(ID, name)], "web");
    folder.file(
        "catalog.yaml",
        stream(&[
            component("checkout"),
            component("cart"),
            common::group("web"),
        ]),
    );
    let services = [
        service("shop", "checkout"),
        service("pay", "checkout"),
        service("shop", "cart"),
        service("kube-system", "dns"),
    ];
    folder.file("k8s/services.yaml", services.join("---\n"));
    folder.file("backstitch.yaml", CONFIGURATION);
    folder
}

async fn decisions(service: &Service, folder: &Folder, args: &[&str]) -> String {
    let args: Vec<&str> = ["decisions"].iter().chain(args).copied().collect();
    service.command(folder, &args).await
}

/// The decisions that made the changes of a Service, the last first; `null` for a read.
async fn causes(service: &Service, of: &str) -> Vec<String> {
    let (_, history) = service.get(&format!("/api/v1/history?service={of}")).await;
    let items = history["items"].as_array().expect("a page");
    let decision = |item: &serde_json::Value| item["cause"]["decision"].to_string();
    items.iter().map(decision).collect()
}

const ANN: [&str; 2] = ["--author", "ann"];

#[tokio::test(flavor = "multi_thread")]
async fn s26_a_decision_outlives_a_kill() {
    let folder = shop();
    let service = Service::start(&folder);
    service.phase("catalog/main", "ready").await;
    service.phase("cluster/prod", "ready").await;
    assert_eq!(service.owner("prod/pay/checkout").await, "-");

    let pin = [
        "pin",
        "checkout",
        "prod/pay/checkout",
        "--reason",
        "it moved",
    ];
    let args: Vec<&str> = pin.iter().chain(&ANN).copied().collect();
    assert_snapshot!(decisions(&service, &folder, &args).await, @r"
    exit 0
    ----- stdout
    #1 component:default/checkout of main is prod/pay/checkout
      by       ann, [TIME]
      because  it moved
    ----- stderr
    ");
    assert_eq!(
        service.owner("prod/pay/checkout").await,
        "group:default/web"
    );
    let ignore = [
        "ignore",
        "prod/kube-system/dns",
        "--reason",
        "part of the cluster",
    ];
    let args: Vec<&str> = ignore.iter().chain(&ANN).copied().collect();
    assert_snapshot!(decisions(&service, &folder, &args).await, @r"
    exit 0
    ----- stdout
    #2 prod/kube-system/dns need not have an owner
      by       ann, [TIME]
      because  part of the cluster
    ----- stderr
    ");
    let (_, summary) = service.get("/api/v1/summary").await;
    assert_eq!(summary["ignored"]["services"], 1, "{summary:#}");
    assert_eq!(summary["coverage"], 2.0 / 3.0, "{summary:#}");

    service.kill().await;
    let service = Service::start(&folder);
    service.ready().await;
    assert_eq!(
        service.owner("prod/pay/checkout").await,
        "group:default/web"
    );
    assert_snapshot!(decisions(&service, &folder, &["list"]).await, @r"
    exit 0
    ----- stdout
    2 decisions: 2 in force

    #2 prod/kube-system/dns need not have an owner
      by       ann, [TIME]
      because  part of the cluster

    #1 component:default/checkout of main is prod/pay/checkout
      by       ann, [TIME]
      because  it moved
    ----- stderr
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn s26_s27_decisions_are_withdrawn_exported_and_imported() {
    let folder = shop();
    let service = Service::start(&folder);
    service.phase("catalog/main", "ready").await;
    service.phase("cluster/prod", "ready").await;
    let pin = [
        "pin",
        "checkout",
        "prod/pay/checkout",
        "--reason",
        "it moved",
    ];
    let ignore = [
        "ignore",
        "prod/kube-system/dns",
        "--reason",
        "part of the cluster",
    ];
    for decision in [pin.as_slice(), &ignore] {
        let args: Vec<&str> = decision.iter().chain(&ANN).copied().collect();
        decisions(&service, &folder, &args).await;
    }
    assert_eq!(
        service.owner("prod/pay/checkout").await,
        "group:default/web"
    );
    let exported = decisions(&service, &folder, &["export"]).await;
    assert_snapshot!(exported, @r"
    exit 0
    ----- stdout
    decisions:
    - kind: ignore
      service: prod/kube-system/dns
      author: ann
      reason: part of the cluster
    - kind: pin
      component: component:default/checkout
      instance: main
      service: prod/pay/checkout
      author: ann
      reason: it moved
    ----- stderr
    ");
    let (_, file) = exported.split_once("----- stdout\n").expect("output");
    let (file, _) = file.split_once("----- stderr").expect("output");
    folder.file("decisions.yaml", file);

    let args = [
        "withdraw",
        "#1",
        "--author",
        "bob",
        "--reason",
        "annotated by now",
    ];
    assert_snapshot!(decisions(&service, &folder, &args).await, @r"
    exit 0
    ----- stdout
    #1 component:default/checkout of main is prod/pay/checkout
      by       ann, [TIME]
      because  it moved
      ended    [TIME] by bob: annotated by now
    ----- stderr
    ");
    assert_eq!(service.owner("prod/pay/checkout").await, "-");
    let args = ["import", "decisions.yaml", "--author", "bob"];
    assert_snapshot!(decisions(&service, &folder, &args).await, @r"
    exit 0
    ----- stdout
    #3 component:default/checkout of main is prod/pay/checkout
      by       ann, [TIME]
      because  it moved
    1 decision stands already
    ----- stderr
    ");
    assert_eq!(
        service.owner("prod/pay/checkout").await,
        "group:default/web"
    );

    folder.file("decisions.yaml", "decisions: []\n");
    let args = ["import", "decisions.yaml", "--replace", "--dry-run"];
    assert_snapshot!(decisions(&service, &folder, &args).await, @r"
    exit 0
    ----- stdout
    would withdraw: #3 component:default/checkout of main is prod/pay/checkout
      by       ann, [TIME]
      because  it moved
    would withdraw: #2 prod/kube-system/dns need not have an owner
      by       ann, [TIME]
      because  part of the cluster
    ----- stderr
    ");
    assert_eq!(
        service.owner("prod/pay/checkout").await,
        "group:default/web"
    );
    let args = ["import", "decisions.yaml", "--replace", "--author", "bob"];
    decisions(&service, &folder, &args).await;
    assert_eq!(service.owner("prod/pay/checkout").await, "-");

    let causes = causes(&service, "prod/pay/checkout").await;
    assert_eq!(causes, ["3", "3", "1", "1", "null"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s26_a_slip_is_refused_and_what_is_gone_is_told() {
    let folder = shop();
    let service = Service::start(&folder);
    service.phase("catalog/main", "ready").await;
    service.phase("cluster/prod", "ready").await;
    let table: [&[&str]; 7] = [
        &["pin", "checkout", "prod/pay/chekout"],
        &["pin", "chekout", "prod/pay/checkout"],
        &["ignore", "prod/kube-system/dns"],
        &[
            "ignore",
            "prod/kube-system/dns",
            "--reason",
            "x",
            "--until",
            "2020-01-01",
        ],
        &["confirm", "main"],
        &["withdraw", "7"],
        &["pin", "checkout", "prod/pay/chekout", "--force"],
    ];
    let mut shown = String::new();
    for args in table {
        let args: Vec<&str> = args.iter().chain(&ANN).copied().collect();
        let came = decisions(&service, &folder, &args).await;
        writeln!(shown, "$ backstitch decisions {}\n{came}", args.join(" ")).expect("a text");
    }
    assert_snapshot!("a_slip_is_refused", shown);
    let list = decisions(&service, &folder, &["list", "--stale"]).await;
    assert!(list.contains("1 decision: 1 stale"), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s23_a_person_confirms_what_is_held_back() {
    let folder = shop();
    let components: Vec<String> = (0..12)
        .map(|number| common::component(&format!("s{number}"), &[], "web"))
        .collect();
    folder.file("catalog.yaml", stream(&components));
    let service = Service::start(&folder);
    service
        .source("catalog/main", |it| it["counts"]["components"] == 12)
        .await;
    folder.file("catalog.yaml", stream(&[common::group("web")]));
    service.phase("catalog/main", "held").await;
    let args = ["confirm", "catalog/main", "--author", "ann"];
    let shown = decisions(&service, &folder, &args).await;
    assert!(
        shown.contains("what is held back of catalog main is gone"),
        "{shown}"
    );
    let ready = service.phase("catalog/main", "ready").await;
    assert_eq!(ready["counts"]["components"], 0, "{ready:#}");
}
