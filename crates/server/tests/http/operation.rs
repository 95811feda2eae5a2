use std::panic::{AssertUnwindSafe, catch_unwind};

use api::SourceKind;
use insta::assert_snapshot;
use server::status::SourceId;

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

#[tokio::test]
async fn metrics_are_read_from_the_state() {
    let company = Company::new();
    let id = SourceId {
        kind: SourceKind::Cluster,
        name: "eu1".into(),
    };
    company.state.sources.update(&id, |state| {
        state.last_good = Some(READ_AT);
        state.current = true;
        state.counts.insert("services", 6);
    });
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
    let mut steady: Vec<&str> = answer
        .text
        .lines()
        .filter(|line| !line.contains("duration") && !line.contains("backstitch_build"))
        .collect();
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
    backstitch_verdicts{verdict="stitched"} 3
    backstitch_verdicts{verdict="no-kubernetes-id"} 1
    backstitch_verdicts{verdict="service-not-found"} 1
    backstitch_verdicts{verdict="ambiguous"} 1
    backstitch_verdicts{verdict="conflict"} 1
    backstitch_verdicts{verdict="invalid"} 1
    # HELP backstitch_verdict_owners Components in the clusters they are covered by, by the state of their owner.
    # TYPE backstitch_verdict_owners gauge
    backstitch_verdict_owners{state="resolved"} 5
    backstitch_verdict_owners{state="unresolved"} 1
    backstitch_verdict_owners{state="none"} 2
    # HELP backstitch_services Services, by what is known of their owner.
    # TYPE backstitch_services gauge
    backstitch_services{state="owned"} 2
    backstitch_services{state="stitched-without-owner"} 1
    backstitch_services{state="unclaimed"} 4
    # HELP backstitch_owners Groups and Users.
    # TYPE backstitch_owners gauge
    backstitch_owners 4
    # HELP backstitch_coverage_ratio Owned services of all services.
    # TYPE backstitch_coverage_ratio gauge
    backstitch_coverage_ratio 0.2857142857142857
    # HELP backstitch_source_last_good_timestamp_seconds When the last good generation was read.
    # TYPE backstitch_source_last_good_timestamp_seconds gauge
    # UNIT backstitch_source_last_good_timestamp_seconds seconds
    backstitch_source_last_good_timestamp_seconds{kind="cluster",source="eu1"} 1700000000
    # HELP backstitch_source_failing_since_timestamp_seconds When the first of the reads failed that failed in a row up to now.
    # TYPE backstitch_source_failing_since_timestamp_seconds gauge
    # UNIT backstitch_source_failing_since_timestamp_seconds seconds
    # HELP backstitch_source_next_attempt_timestamp_seconds When it is read next.
    # TYPE backstitch_source_next_attempt_timestamp_seconds gauge
    # UNIT backstitch_source_next_attempt_timestamp_seconds seconds
    # HELP backstitch_source_phase 1 for the phase that a source is in.
    # TYPE backstitch_source_phase gauge
    backstitch_source_phase{kind="cluster",source="eu1",phase="ready"} 1
    # HELP backstitch_source_up Whether what is known of a source is what it said when it was last read.
    # TYPE backstitch_source_up gauge
    backstitch_source_up{kind="cluster",source="eu1"} 1
    # HELP backstitch_source_failures_in_a_row Reads that failed in a row up to now.
    # TYPE backstitch_source_failures_in_a_row gauge
    backstitch_source_failures_in_a_row{kind="cluster",source="eu1"} 0
    # HELP backstitch_source_held_removals Removals that wait for confirmation.
    # TYPE backstitch_source_held_removals gauge
    backstitch_source_held_removals{kind="cluster",source="eu1"} 0
    # HELP backstitch_source_faults Parts of the last read that could not be used.
    # TYPE backstitch_source_faults gauge
    backstitch_source_faults{kind="cluster",source="eu1"} 0
    # HELP backstitch_source_warnings What is no failure of a source and should be known.
    # TYPE backstitch_source_warnings gauge
    backstitch_source_warnings{kind="cluster",source="eu1"} 0
    # HELP backstitch_source_generation Number of the last good generation.
    # TYPE backstitch_source_generation gauge
    backstitch_source_generation{kind="cluster",source="eu1"} 0
    # HELP backstitch_source_objects Entities or objects in the last good generation.
    # TYPE backstitch_source_objects gauge
    backstitch_source_objects{kind="cluster",source="eu1",object="services"} 6
    # HELP backstitch_source_changes Entities or objects that changed.
    # TYPE backstitch_source_changes counter
    backstitch_source_changes_total{kind="cluster",source="eu1",change="added"} 0
    backstitch_source_changes_total{kind="cluster",source="eu1",change="changed"} 0
    backstitch_source_changes_total{kind="cluster",source="eu1",change="removed"} 0
    # HELP backstitch_source_reads Reads that ended, well or not.
    # TYPE backstitch_source_reads counter
    backstitch_source_reads_total{kind="cluster",source="eu1"} 0
    # HELP backstitch_source_failures Reads that failed, wholly or in part.
    # TYPE backstitch_source_failures counter
    backstitch_source_failures_total{kind="cluster",source="eu1"} 0
    # HELP backstitch_source_requests Requests answered with a page, of reads that ended well.
    # TYPE backstitch_source_requests counter
    backstitch_source_requests_total{kind="cluster",source="eu1"} 0
    # HELP backstitch_source_received_bytes Bytes of those pages, after decompression.
    # TYPE backstitch_source_received_bytes counter
    # UNIT backstitch_source_received_bytes bytes
    backstitch_source_received_bytes_total{kind="cluster",source="eu1"} 0
    # HELP backstitch_source_repaired_entities Entities that the pages had missed, and that were asked for.
    # TYPE backstitch_source_repaired_entities counter
    backstitch_source_repaired_entities_total{kind="cluster",source="eu1"} 0
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
