//! The metrics in a real Prometheus: scraped, recorded, joined with those of a cluster as the guide says, alerted on and shown.
//!
//! ```text
//!  examples/demo ─▶ backstitch serve ─▶ Prometheus ◀─ what kube-state-metrics and applications would give
//!                                         ▲   rules of deploy/, alerts and configuration of the guide
//!                                         └── every query of the guide and of the dashboard
//! ```
//!
//! Run by `cargo xtask test prometheus-real`, which unpacks Prometheus.

#![cfg(target_os = "linux")]

#[path = "../common/mod.rs"]
mod common;
mod exporter;
mod prometheus;
#[path = "../service/running.rs"]
mod running;
mod written;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use insta::assert_snapshot;
use serde_json::Value;

use crate::common::{Folder, project};
use crate::exporter::Exporter;
use crate::prometheus::{Prometheus, promtool};
use crate::running::Service;
use crate::written::{blocks, dashboard, guide, project_text};

const RULES: &str = "deploy/prometheus/rules.yaml";

/// The demo's sources, wherever they are.
fn configuration() -> String {
    let demo = project().join("examples/demo");
    let text = project_text("examples/demo/backstitch.yaml");
    let text = text.replace("path: ./", &format!("path: {}/", demo.display()));
    format!("listen: 127.0.0.1:0\nstore: state.db\n{text}")
}

/// The block of the guide that holds this.
fn block(language: &str, part: &str) -> String {
    let all = blocks(&guide(), language);
    let mut found = all.into_iter().filter(|block| block.contains(part));
    let block = found.next().expect("the guide has such a block");
    assert!(found.next().is_none(), "the guide has one such block");
    block
}

/// The guide's own configuration, with the addresses of here, and the rules that it names.
fn configure(folder: &Folder, backstitch: &str, exporter: &str) {
    let given = block("yaml", "scrape_configs:");
    let jobs = format!(
        "scrape_configs:\n  - job_name: kube-state-metrics\n    honor_labels: true\n    static_configs: [{{targets: ['{exporter}']}}]\n"
    );
    let configuration = given
        .replace("127.0.0.1:7465", backstitch)
        .replace("scrape_configs:\n", &jobs)
        .replace("  - rules.yaml\n", "  - rules.yaml\n  - guide.yaml\n");
    assert!(configuration.contains(backstitch), "{given}");
    let quickly = "global: {scrape_interval: 1s, evaluation_interval: 1s}\n";
    folder.file("prometheus.yml", format!("{quickly}{configuration}"));
    folder.file("rules.yaml", project_text(RULES));
    let alerts = block("yaml", "alert: KubePodCrashLooping");
    folder.file("guide.yaml", alerts.replace("for: 15m", "for: 0s"));
}

/// All that runs.
struct Scene {
    prometheus: Prometheus,
    _exporter: Exporter,
    _service: Service,
    _folder: Folder,
}

impl Scene {
    async fn set() -> Self {
        let folder = Folder::with(&[("backstitch.yaml", &configuration())]);
        let service = Service::start(&folder);
        for source in [
            "catalog/lindhaven",
            "cluster/eu-central-1",
            "cluster/us-east-1",
        ] {
            service.phase(source, "ready").await;
        }
        let exporter = Exporter::start().await;
        configure(&folder, service.address(), exporter.address());
        promtool(&folder, &["check", "config", "prometheus.yml"]);
        let prometheus = Prometheus::start(&folder).await;
        // The last that comes to be: rules follow the first scrapes, and alerts the rules.
        for (query, wanted) in [
            ("count(rate(http_requests_total[1h]))", "5"),
            // A rate needs two samples of everything that is scraped.
            ("min(count_over_time(up[1h]) >= bool 2)", "1"),
            (
                "count(ALERTS{alertname=\"KubePodCrashLooping\", alertstate=\"firing\", team!=\"\"})",
                "2",
            ),
            (
                "count(ALERTS{alertname=\"KubePodCrashLooping\", alertstate=\"firing\"})",
                "3",
            ),
        ] {
            prometheus.until(query, wanted).await;
        }
        Self {
            prometheus,
            _exporter: exporter,
            _service: service,
            _folder: folder,
        }
    }

    /// Each query, and what comes of it.
    async fn answers(&self, queries: &[String]) -> String {
        let mut shown = String::new();
        for query in queries {
            let answer = self.prometheus.shown(query).await;
            assert_ne!(answer, "", "nothing comes of\n{query}");
            writeln!(shown, "{}\n{answer}", query.trim()).expect("a text takes everything");
        }
        shown
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_of_the_guide_finds_the_right_team() {
    let scene = Scene::set().await;
    assert_snapshot!(scene.answers(&blocks(&guide(), "promql")).await, @r#"
    kube_pod_container_status_waiting_reason * on (cluster, namespace, pod) group_left (team) pod:backstitch_owner:info
      1 cluster=us-east-1, container=app, namespace=dispatch, pod=route-optimizer-d5f86c4fd-sxd5w, reason=CrashLoopBackOff, team=Routing & Dispatch
      1 container=app, namespace=billing, pod=payment-gateway-ddb6f7ff5-qbt9r, reason=CrashLoopBackOff, team=Billing & Settlement

    service:backstitch_owner:info{owner_ref="group:default/billing"}
      1 __name__=service:backstitch_owner:info, cluster=us-east-1, component=component:default/invoice-service, lifecycle=production, namespace=billing, owner_kind=Group, owner_ref=group:default/billing, service=invoice-service, system=billing, team=Billing & Settlement
      1 __name__=service:backstitch_owner:info, cluster=us-east-1, component=component:default/payment-gateway, lifecycle=production, namespace=billing, owner_kind=Group, owner_ref=group:default/billing, service=payment-gateway, system=billing, team=Billing & Settlement
      1 __name__=service:backstitch_owner:info, cluster=us-east-1, component=component:us/sales-tax, lifecycle=production, namespace=billing, owner_kind=Group, owner_ref=group:default/billing, service=sales-tax, system=us-network, team=Billing & Settlement
      1 __name__=service:backstitch_owner:info, component=component:default/invoice-service, lifecycle=production, namespace=billing, owner_kind=Group, owner_ref=group:default/billing, service=invoice-service, system=billing, team=Billing & Settlement
      1 __name__=service:backstitch_owner:info, component=component:default/payment-gateway, lifecycle=production, namespace=billing, owner_kind=Group, owner_ref=group:default/billing, service=payment-gateway, system=billing, team=Billing & Settlement

    max_over_time(kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff"}[5m])
    * on (cluster, namespace, pod) group_left (team, owner_ref)
    pod:backstitch_owner:info
      1 cluster=us-east-1, container=app, namespace=dispatch, owner_ref=group:default/routing, pod=route-optimizer-d5f86c4fd-sxd5w, reason=CrashLoopBackOff, team=Routing & Dispatch
      1 container=app, namespace=billing, owner_ref=group:default/billing, pod=payment-gateway-ddb6f7ff5-qbt9r, reason=CrashLoopBackOff, team=Billing & Settlement

    label_replace(label_replace(
      kube_deployment_spec_replicas > kube_deployment_status_replicas_available,
      "workload", "$1", "deployment", "(.+)"), "workload_type", "deployment", "", "")
    * on (cluster, namespace, workload, workload_type) group_left (team, owner_ref)
    workload:backstitch_owner:info
      2 deployment=payment-gateway, namespace=billing, owner_ref=group:default/billing, team=Billing & Settlement, workload=payment-gateway, workload_type=deployment

    sum by (cluster, namespace, service) (rate(http_requests_total{code=~"5.."}[5m]))
    / sum by (cluster, namespace, service) (rate(http_requests_total[5m]))
    * on (cluster, namespace, service) group_left (team, owner_ref)
    service:backstitch_owner:info
      0 namespace=billing, owner_ref=group:default/pricing, service=tariff-engine, team=Tariffs & Pricing
      0.005 namespace=billing, owner_ref=group:default/billing, service=payment-gateway, team=Billing & Settlement

    max_over_time(kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff"}[5m])
    * on (cluster, namespace, pod) group_left (team, owner_ref)
    pod:backstitch_owner:info
    or on (cluster, namespace, pod, container)
    max_over_time(kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff"}[5m])
      1 cluster=us-east-1, container=app, namespace=dispatch, owner_ref=group:default/routing, pod=route-optimizer-d5f86c4fd-sxd5w, reason=CrashLoopBackOff, team=Routing & Dispatch
      1 container=app, namespace=billing, owner_ref=group:default/billing, pod=payment-gateway-ddb6f7ff5-qbt9r, reason=CrashLoopBackOff, team=Billing & Settlement
      1 container=app, namespace=dispatch, pod=returns-8f4cd5d5c-624qh, reason=CrashLoopBackOff

    count by (team) (ALERTS{alertstate="firing", alertname="KubePodCrashLooping"})
      1
      1 team=Billing & Settlement
      1 team=Routing & Dispatch

    1 - (
      sum by (team) (
        rate(http_requests_total{code=~"5.."}[1h])
        * on (cluster, namespace, service) group_left (team) service:backstitch_owner:info
      )
      / sum by (team) (
        rate(http_requests_total[1h])
        * on (cluster, namespace, service) group_left (team) service:backstitch_owner:info
      )
    ) / (1 - 0.99)
      0.5 team=Billing & Settlement
      1 team=Tariffs & Pricing

    sum by (team) (
      kube_pod_container_resource_requests{resource="cpu"}
      * on (cluster, namespace, pod) group_left (team) pod:backstitch_owner:info
    )
      2 team=Routing & Dispatch
      2 team=Tariffs & Pricing
      4 team=Billing & Settlement

    count by (team) (service:backstitch_owner:info)
      1 team=Aylin Kaya
      1 team=Denise Carter
      1 team=Henrik Solberg
      1 team=Inès Moreau
      1 team=Marc van den Berg
      1 team=US Line-Haul
      13 team=Track & Trace
      2 team=Customs & Trade
      2 team=Tariffs & Pricing
      3 team=Hub Sortation
      4 team=Identity & Access
      4 team=Last Mile
      5 team=Billing & Settlement
      5 team=observability
      6 team=Routing & Dispatch
      7 team=Runtime
      9 team=Booking & Labels

    backstitch_cluster_coverage_ratio
      0.7222 __name__=backstitch_cluster_coverage_ratio, cluster=eu-central-1
      0.8438 __name__=backstitch_cluster_coverage_ratio, cluster=us-east-1

    (
      count by (cluster, namespace) (service:backstitch_owner:info)
      or 0 * count by (cluster, namespace) (kube_service_info)
    )
    / on (cluster, namespace) count by (cluster, namespace) (kube_service_info)
      0 namespace=legacy
      0.75 namespace=dispatch
      1 namespace=billing

    kube_service_info unless on (cluster, namespace, service) service:backstitch_owner:info
      1 __name__=kube_service_info, namespace=dispatch, service=returns
      1 __name__=kube_service_info, namespace=dispatch, service=traffic-feed
      1 __name__=kube_service_info, namespace=legacy, service=unheard-of

    time() - backstitch_source_last_good_timestamp_seconds
      … kind=catalog, source=lindhaven
      … kind=cluster, source=eu-central-1
      … kind=cluster, source=us-east-1
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_alert_of_a_crashing_pod_carries_its_team() {
    let scene = Scene::set().await;
    let alerts = scene.prometheus.get("/api/v1/alerts").await;
    let alerts = alerts["data"]["alerts"].as_array().expect("alerts");
    let mut shown: Vec<String> = alerts
        .iter()
        .filter(|alert| alert["labels"]["alertname"] == "KubePodCrashLooping")
        .map(|alert| {
            let labels = &alert["labels"];
            format!(
                "{} {} {}: {}",
                labels["pod"], labels["team"], labels["owner_ref"], alert["annotations"]["summary"]
            )
        })
        .collect();
    shown.sort();
    assert_snapshot!(shown.join("\n"), @r#"
    "payment-gateway-ddb6f7ff5-qbt9r" "Billing & Settlement" "group:default/billing": "Pod billing/payment-gateway-ddb6f7ff5-qbt9r of Billing & Settlement is crash looping."
    "returns-8f4cd5d5c-624qh" null null: "Pod dispatch/returns-8f4cd5d5c-624qh of nobody is crash looping."
    "route-optimizer-d5f86c4fd-sxd5w" "Routing & Dispatch" "group:default/routing": "Pod dispatch/route-optimizer-d5f86c4fd-sxd5w of Routing & Dispatch is crash looping."
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_of_the_dashboard_and_every_rule_is_about_what_there_is() {
    let scene = Scene::set().await;
    let names = scene.prometheus.get("/api/v1/label/__name__/values").await;
    let names: BTreeSet<&str> = names["data"]
        .as_array()
        .expect("names")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let mut asked = 0;
    for query in dashboard() {
        let query = query
            .replace("$cluster", ".*")
            .replace("$__rate_interval", "5m");
        let text = scene.prometheus.shown(&query).await;
        for name in written::metrics(&query) {
            assert!(
                names.contains(name.as_str()),
                "no series is called `{name}`"
            );
            asked += 1;
        }
        // These show what is wrong, and nothing is.
        let quiet = query.contains("phase!=\"ready\"") || query.contains("> 0");
        assert_eq!(text.is_empty(), quiet, "{query}: {text}");
    }
    assert!(asked > 15, "{asked}");
    let rules = scene.prometheus.get("/api/v1/rules").await;
    let groups = rules["data"]["groups"].as_array().expect("groups");
    let mut health = BTreeSet::new();
    for rule in groups
        .iter()
        .flat_map(|group| group["rules"].as_array().expect("rules"))
    {
        assert_eq!(rule["health"], "ok", "{rule:#}");
        if rule["name"] != "KubePodCrashLooping" && rule["type"] == "alerting" {
            assert_eq!(rule["state"], "inactive", "{rule:#}");
        }
        health.insert(rule["name"].as_str().expect("a name"));
    }
    assert!(health.len() > 10, "{health:?}");
}

#[test]
fn the_rules_do_what_they_should_in_a_time_that_is_made_up() {
    let folder = Folder::new();
    let tests = project_text("tests/prometheus/rules_test.yaml");
    let rules = project_text(RULES);
    for alert in rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
    {
        assert!(
            tests.contains(&format!("alertname: {alert}\n")),
            "no test of `{alert}`"
        );
    }
    folder.file("rules.yaml", &rules);
    folder.file("guide.yaml", block("yaml", "alert: KubePodCrashLooping"));
    folder.file("rules_test.yaml", &tests);
    promtool(
        &folder,
        &[
            "check",
            "rules",
            "--lint=all",
            "--lint-fatal",
            "rules.yaml",
            "guide.yaml",
        ],
    );
    promtool(&folder, &["test", "rules", "rules_test.yaml"]);
}
