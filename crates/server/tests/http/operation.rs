use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use api::{Phase, SourceKind};
use insta::assert_snapshot;
use server::Access;
use server::owner_info::{Owned, OwnerInfo};
use server::status::{Failing, FailureKind, NextAttempt, SourceId};

use crate::company::{Company, READ_AT, request};

#[tokio::test]
async fn ready_means_that_the_last_state_is_loaded() {
    // S26: a stale source does not make the server unready.
    let company = Company::new();
    let id = SourceId {
        kind: SourceKind::Catalog,
        name: "default".into(),
    };
    company.state.sources.update(&id, |_| ());
    let before = company.ask(request("/readyz")).await;
    assert_eq!(before.status, 503);
    assert_eq!(
        before.text,
        r#"{"ready":false,"not_current":["catalog/default: starting"]}"#
    );

    company
        .state
        .sources
        .update(&id, |state| state.last_good = Some(READ_AT));
    company.state.sources.set_loaded();
    let after = company.ask(request("/readyz")).await;
    assert_eq!(after.status, 200);
    assert_eq!(
        after.text,
        r#"{"ready":true,"not_current":["catalog/default: stale"]}"#
    );
}

#[tokio::test]
async fn a_writer_that_panicked_leaves_no_answers() {
    let company = Company::new();
    assert_eq!(company.get("/healthz").await["status"], "ok");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _topology = company.state.topology.write().unwrap();
        std::panic::resume_unwind(Box::new("a fault in the writer"));
    }));
    assert!(panicked.is_err());
    for path in ["/healthz", "/api/v1/services", "/api/v1/summary"] {
        let answer = company.ask(request(path)).await;
        assert_eq!(answer.status, 500, "{path}");
        let _ = answer.problem();
    }
    assert_eq!(company.ask(request("/metrics")).await.status, 200);
}

/// The lines of metrics that are neither of a source nor of an owner, and do not differ between runs.
fn steady(text: &str) -> Vec<&str> {
    let others = [
        "duration",
        "backstitch_build",
        "backstitch_source",
        "service_owner",
        "workload_owner",
        "owner_info",
    ];
    text.lines()
        .filter(|line| !others.iter().any(|other| line.contains(other)))
        .collect()
}

#[tokio::test]
async fn metrics_are_read_from_the_state() {
    let company = Company::new();
    let id = SourceId {
        kind: SourceKind::Cluster,
        name: "eu1".into(),
    };
    company.state.sources.update(&id, |_| ());
    for path in [
        "/api/v1/services/eu1/shop/checkout",
        "/api/v1/services/eu1/shop/cart",
        "/odd",
    ] {
        company.ask(request(path)).await;
    }
    let answer = company.ask(request("/metrics")).await;
    assert!(
        answer
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    let mut steady = steady(&answer.text);
    // Counters come in the order of a hash map.
    steady.sort_by_key(|line| line.starts_with("backstitch_http").then_some(*line));
    assert_snapshot!(steady.join("\n"), @r#"
    # HELP backstitch_http_requests HTTP requests answered.
    # TYPE backstitch_http_requests counter
    # HELP backstitch_components Components, each counted once.
    # TYPE backstitch_components gauge
    backstitch_components 8
    # HELP backstitch_verdicts Components in the clusters they are covered by, by verdict.
    # TYPE backstitch_verdicts gauge
    backstitch_verdicts{cluster="eu1",verdict="stitched"} 3
    backstitch_verdicts{cluster="eu1",verdict="no-kubernetes-id"} 1
    backstitch_verdicts{cluster="eu1",verdict="service-not-found"} 1
    backstitch_verdicts{cluster="eu1",verdict="ambiguous"} 1
    backstitch_verdicts{cluster="eu1",verdict="conflict"} 1
    backstitch_verdicts{cluster="eu1",verdict="invalid"} 1
    backstitch_verdicts{cluster="us1",verdict="stitched"} 0
    backstitch_verdicts{cluster="us1",verdict="no-kubernetes-id"} 0
    backstitch_verdicts{cluster="us1",verdict="service-not-found"} 0
    backstitch_verdicts{cluster="us1",verdict="ambiguous"} 0
    backstitch_verdicts{cluster="us1",verdict="conflict"} 0
    backstitch_verdicts{cluster="us1",verdict="invalid"} 0
    # HELP backstitch_verdict_owners Components in the clusters they are covered by, by the state of their owner.
    # TYPE backstitch_verdict_owners gauge
    backstitch_verdict_owners{cluster="eu1",state="resolved"} 5
    backstitch_verdict_owners{cluster="eu1",state="unresolved"} 1
    backstitch_verdict_owners{cluster="eu1",state="none"} 2
    backstitch_verdict_owners{cluster="us1",state="resolved"} 0
    backstitch_verdict_owners{cluster="us1",state="unresolved"} 0
    backstitch_verdict_owners{cluster="us1",state="none"} 0
    # HELP backstitch_services Services, by what is known of their owner.
    # TYPE backstitch_services gauge
    backstitch_services{cluster="eu1",state="owned"} 2
    backstitch_services{cluster="eu1",state="stitched-without-owner"} 1
    backstitch_services{cluster="eu1",state="unclaimed"} 3
    backstitch_services{cluster="us1",state="owned"} 0
    backstitch_services{cluster="us1",state="stitched-without-owner"} 0
    backstitch_services{cluster="us1",state="unclaimed"} 1
    # HELP backstitch_owners Groups and Users.
    # TYPE backstitch_owners gauge
    backstitch_owners 4
    # HELP backstitch_coverage_ratio Owned services of all services that nobody ignores.
    # TYPE backstitch_coverage_ratio gauge
    backstitch_coverage_ratio 0.2857142857142857
    # HELP backstitch_cluster_coverage_ratio Owned services of all services of a cluster that nobody ignores.
    # TYPE backstitch_cluster_coverage_ratio gauge
    backstitch_cluster_coverage_ratio{cluster="eu1"} 0.3333333333333333
    backstitch_cluster_coverage_ratio{cluster="us1"} 0.0
    # HELP backstitch_store_up Whether the store took the last write.
    # TYPE backstitch_store_up gauge
    backstitch_store_up 1
    # HELP backstitch_store_failing_since_timestamp_seconds When the first of the writes was refused that were refused in a row up to now.
    # TYPE backstitch_store_failing_since_timestamp_seconds gauge
    # UNIT backstitch_store_failing_since_timestamp_seconds seconds
    # HELP backstitch_store_failures Writes that the store refused.
    # TYPE backstitch_store_failures counter
    backstitch_store_failures_total 0
    # HELP backstitch_event_streams Event streams open.
    # TYPE backstitch_event_streams gauge
    backstitch_event_streams 0
    # EOF
    backstitch_http_requests_total{method="GET",route="/api/v1/services/{cluster}/{namespace}/{name}",status="200"} 2
    backstitch_http_requests_total{method="GET",route="unmatched",status="404"} 1
    "#);
    for line in [
        "backstitch_build_info{version=",
        r#"backstitch_http_request_duration_seconds_count{route="/api/v1/services/{cluster}/{namespace}/{name}"} 2"#,
    ] {
        assert!(answer.text.contains(line), "{line}\n{}", answer.text);
    }
}

#[tokio::test]
async fn metrics_of_a_source_say_where_it_stands_and_what_reading_it_costs() {
    let company = Company::new();
    let id = SourceId {
        kind: SourceKind::Catalog,
        name: "main".into(),
    };
    company.state.sources.update(&id, |state| {
        state.last_good = Some(READ_AT);
        state.generation = 7;
        state.counts.insert("components", 6);
        state.reads = 9;
        state.last_read = Some(api::SourceRead {
            duration_milliseconds: 1_250,
            cost: None,
        });
        state.totals = api::SourceTotals {
            failures: 2,
            requests: 30,
            bytes: 4_000,
            repaired: 1,
            added: 10,
            changed: 5,
            removed: 4,
        };
        state.failures = [(FailureKind::Unreachable, 2), (FailureKind::Answer, 1)].into();
        state.failing = Some(Failing {
            since: READ_AT + 10,
            times: 2,
        });
        state.held = Some(api::HeldBack {
            removals: 40,
            times: 1,
            confirmations: 3,
        });
        state.next_attempt = Some(NextAttempt {
            at: READ_AT + 90,
            pause: 60,
        });
        state.faults.total = 3;
        state.warnings = vec!["the certificate is not verified".into()];
    });
    let answer = company.ask(request("/metrics")).await;
    let values: Vec<&str> = answer
        .text
        .lines()
        .filter(|line| line.starts_with("backstitch_source"))
        .collect();
    assert_snapshot!(values.join("\n"), @r#"
    backstitch_source_last_good_timestamp_seconds{kind="catalog",source="main"} 1700000000
    backstitch_source_failing_since_timestamp_seconds{kind="catalog",source="main"} 1700000010
    backstitch_source_next_attempt_timestamp_seconds{kind="catalog",source="main"} 1700000090
    backstitch_source_phase{kind="catalog",source="main",phase="held"} 1
    backstitch_source_up{kind="catalog",source="main"} 0
    backstitch_source_failures_in_a_row{kind="catalog",source="main"} 2
    backstitch_source_held_removals{kind="catalog",source="main"} 40
    backstitch_source_faults{kind="catalog",source="main"} 3
    backstitch_source_warnings{kind="catalog",source="main"} 1
    backstitch_source_generation{kind="catalog",source="main"} 7
    backstitch_source_objects{kind="catalog",source="main",object="components"} 6
    backstitch_source_changes_total{kind="catalog",source="main",change="added"} 10
    backstitch_source_changes_total{kind="catalog",source="main",change="changed"} 5
    backstitch_source_changes_total{kind="catalog",source="main",change="removed"} 4
    backstitch_source_reads_total{kind="catalog",source="main"} 9
    backstitch_source_requests_total{kind="catalog",source="main"} 30
    backstitch_source_received_bytes_total{kind="catalog",source="main"} 4000
    backstitch_source_repaired_entities_total{kind="catalog",source="main"} 1
    backstitch_source_failures_total{kind="catalog",source="main",reason="unreachable"} 2
    backstitch_source_failures_total{kind="catalog",source="main",reason="refused"} 0
    backstitch_source_failures_total{kind="catalog",source="main",reason="rate-limited"} 0
    backstitch_source_failures_total{kind="catalog",source="main",reason="answer"} 1
    backstitch_source_failures_total{kind="catalog",source="main",reason="files"} 0
    backstitch_source_failures_total{kind="catalog",source="main",reason="settings"} 0
    backstitch_source_failures_total{kind="catalog",source="main",reason="program"} 0
    backstitch_source_read_duration_seconds{kind="catalog",source="main"} 1.25
    "#);
}

/// Every name of ours that stands in a text, but for those of records.
fn names_in(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
        .filter(|word| word.starts_with("backstitch_"))
        .collect()
}

#[tokio::test]
async fn what_is_shipped_for_prometheus_asks_for_what_there_is() {
    let settings = OwnerInfo {
        of: Owned::ALL.into(),
        ..OwnerInfo::default()
    };
    let company = Company::telling(crate::company::topology(), Access::default(), settings);
    let id = SourceId {
        kind: SourceKind::Catalog,
        name: "main".into(),
    };
    company.state.sources.update(&id, |state| {
        state.last_good = Some(READ_AT);
        state.counts.insert("components", 6);
        state.last_read = Some(api::SourceRead {
            duration_milliseconds: 1_250,
            cost: None,
        });
        state.next_attempt = Some(NextAttempt {
            at: READ_AT + 90,
            pause: 60,
        });
    });
    company.ask(request("/metrics")).await;
    let metrics = company.ask(request("/metrics")).await.text;
    let names: BTreeSet<&str> = metrics
        .lines()
        .map(|line| line.trim_start_matches("# TYPE "))
        .filter_map(|line| line.split(['{', ' ']).next())
        .collect();
    for (shipped, least) in [
        (
            include_str!("../../../../tests/chart/golden/everything.yaml"),
            8,
        ),
        (include_str!("../../../../deploy/prometheus/rules.yaml"), 8),
        (
            include_str!("../../../../deploy/grafana/backstitch.json"),
            12,
        ),
        (include_str!("../../../../docs/guides/prometheus.md"), 15),
    ] {
        let asked: BTreeSet<&str> = names_in(shipped)
            .into_iter()
            // The beginnings of names, in a pattern.
            .filter(|name| !name.ends_with('_'))
            .collect();
        let unknown: Vec<&&str> = asked.difference(&names).collect();
        assert!(unknown.is_empty(), "no metric is called {unknown:?}");
        assert!(asked.len() >= least, "{asked:?}");
    }
    let rules = include_str!("../../../../deploy/prometheus/rules.yaml");
    for phase in [Phase::Failing, Phase::Stale] {
        assert!(rules.contains(&format!("phase=\"{}\"", phase.as_str())));
    }
}
