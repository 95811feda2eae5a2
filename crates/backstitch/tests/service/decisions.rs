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

const ANN: [&str; 2] = ["--author", "ann"];

#[tokio::test(flavor = "multi_thread")]
async fn s26_s27_a_decision_outlives_a_kill_and_is_withdrawn_exported_and_imported() {
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
    assert_snapshot!(decisions(&service, &folder, &args).await, @"");
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
    assert_snapshot!(decisions(&service, &folder, &args).await, @"");
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
    assert_snapshot!(decisions(&service, &folder, &["list"]).await, @"");
    let exported = decisions(&service, &folder, &["export"]).await;
    assert_snapshot!(exported, @"");
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
    assert_snapshot!(decisions(&service, &folder, &args).await, @"");
    assert_eq!(service.owner("prod/pay/checkout").await, "-");
    let args = ["import", "decisions.yaml", "--author", "bob"];
    assert_snapshot!(decisions(&service, &folder, &args).await, @"");
    assert_eq!(
        service.owner("prod/pay/checkout").await,
        "group:default/web"
    );

    folder.file("decisions.yaml", "decisions: []\n");
    let args = [
        "import",
        "decisions.yaml",
        "--replace",
        "--dry-run",
        "--author",
        "bob",
    ];
    assert_snapshot!(decisions(&service, &folder, &args).await, @"");
    assert_eq!(
        service.owner("prod/pay/checkout").await,
        "group:default/web"
    );
    let args = ["import", "decisions.yaml", "--replace", "--author", "bob"];
    decisions(&service, &folder, &args).await;
    assert_eq!(service.owner("prod/pay/checkout").await, "-");

    let (_, history) = service
        .get("/api/v1/history?service=prod/pay/checkout")
        .await;
    let causes: Vec<String> = history["items"]
        .as_array()
        .expect("a page")
        .iter()
        .map(|item| item["cause"]["decision"].to_string())
        .collect();
    assert_eq!(causes, ["3", "3", "1", "1", "null"], "{history:#}");
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
