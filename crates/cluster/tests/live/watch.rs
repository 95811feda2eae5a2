//! Watching an API server through everything that happens to watches.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::scripted::{
    After, Reply, Request, Scripted, event, quiet, refusal, service, services, status,
};
use cluster::live::{Namespaces, Pace, Update, watch};
use tokio::sync::mpsc;
use topology::fact::{ObjectKind, WorkloadKind};

const SERVICES: &str = "/api/v1/services";

/// Short pauses, so that a test of many failures is over soon; nothing is asserted about real time.
pub(crate) const PACE: Pace = Pace {
    page_size: 2,
    answer_timeout: Duration::from_secs(20),
    stream_silence: Duration::from_secs(20),
    watch_timeout: Duration::from_mins(1),
    first_retry: Duration::from_millis(1),
    longest_retry: Duration::from_millis(4),
    refused_retry: Duration::from_millis(2),
};

pub(crate) struct Watched {
    pub(crate) server: Scripted,
    updates: mpsc::Receiver<Update>,
    pub(crate) kind: ObjectKind,
}

impl Watched {
    async fn start(script: impl Fn(&Request<'_>) -> Reply + Send + Sync + 'static) -> Self {
        Self::of(Scripted::start(script).await, Namespaces::All)
    }

    pub(crate) fn of(server: Scripted, namespaces: Namespaces) -> Self {
        Self::at(PACE, server, namespaces)
    }

    pub(crate) fn at(pace: Pace, server: Scripted, namespaces: Namespaces) -> Self {
        let api = server.api.clone().within(namespaces);
        let (sender, updates) = mpsc::channel(1);
        tokio::spawn(watch(api, pace, 1, sender));
        Self {
            server,
            updates,
            kind: ObjectKind::Service,
        }
    }

    /// The next so many updates of the kind under test.
    pub(crate) async fn next(&mut self, count: usize) -> Vec<String> {
        let mut seen = Vec::new();
        while seen.len() < count {
            let update = self.updates.recv().await.expect("watching goes on");
            if kind_of(&update) == self.kind {
                seen.push(shown(&update).replace(self.server.api.address(), "<server>"));
            }
        }
        seen
    }

    /// The versions that watches began at, in order.
    pub(crate) fn versions(&self) -> Vec<String> {
        let versions = self.server.queries(SERVICES);
        versions
            .iter()
            .filter_map(|query| query.split_once("resourceVersion="))
            .map(|(_, version)| version.to_owned())
            .collect()
    }
}

fn kind_of(update: &Update) -> ObjectKind {
    match update {
        Update::Restarted { kind, .. }
        | Update::Faulty { kind, .. }
        | Update::Failed { kind, .. }
        | Update::Forbidden { kind, .. }
        | Update::NotServed { kind, .. } => *kind,
        Update::Applied(object) => object.key().kind,
        Update::Deleted(key) => key.kind,
    }
}

fn shown(update: &Update) -> String {
    match update {
        Update::Restarted { objects, .. } => {
            let names: Vec<_> = objects.keys().map(|key| key.name.to_string()).collect();
            format!("restarted [{}]", names.join(" "))
        }
        Update::Applied(object) => format!("applied {}", object.key().name),
        Update::Deleted(key) => format!("deleted {}", key.name),
        Update::Faulty { faults, .. } => format!("faulty {}", faults[0].place),
        Update::Failed { error, .. } => format!("failed: {error}"),
        Update::Forbidden { error, .. } => format!("forbidden: {error}"),
        Update::NotServed { .. } => "not served".to_owned(),
    }
}

pub(crate) fn bookmark(version: u32) -> String {
    event(
        "BOOKMARK",
        &format!(
            r#"{{"kind":"Service","apiVersion":"v1","metadata":{{"resourceVersion":"{version}"}}}}"#
        ),
    )
}

#[tokio::test]
async fn a_complete_list_then_changes_then_on_from_the_last_version() {
    let mut watched =
        Watched::start(
            |request| match (request.path, request.is_watch(), request.before) {
                (SERVICES, false, 0) => services(7, &["a", "b"], "more"),
                (SERVICES, false, _) => services(7, &["c"], ""),
                (SERVICES, true, 0) => Reply::Events(
                    vec![
                        event("ADDED", &service("d", 8)),
                        event("MODIFIED", &service("a", 9)),
                        event("DELETED", &service("b", 10)),
                    ],
                    After::End,
                ),
                (SERVICES, true, 1) => Reply::Events(vec![bookmark(20)], After::End),
                (SERVICES, true, 2) => {
                    Reply::Events(vec![event("ADDED", &service("e", 21))], After::Open)
                }
                _ => quiet(request),
            },
        )
        .await;
    assert_eq!(
        watched.next(5).await,
        [
            "restarted [a b c]",
            "applied d",
            "applied a",
            "deleted b",
            "applied e"
        ]
    );
    assert_eq!(watched.versions(), ["7", "10", "20"]);
}

#[tokio::test]
async fn a_connection_that_is_cut_loses_nothing() {
    let mut watched =
        Watched::start(
            |request| match (request.path, request.is_watch(), request.before) {
                (SERVICES, false, _) => services(7, &["a"], ""),
                (SERVICES, true, 0) => {
                    Reply::Events(vec![event("ADDED", &service("b", 8))], After::Cut)
                }
                (SERVICES, true, 1) => {
                    Reply::Events(vec![event("ADDED", &service("c", 9))], After::Open)
                }
                _ => quiet(request),
            },
        )
        .await;
    let seen: Vec<_> = watched
        .next(3)
        .await
        .into_iter()
        .filter(|update| !update.starts_with("failed"))
        .collect();
    let seen = if seen.len() < 3 {
        [seen, watched.next(1).await].concat()
    } else {
        seen
    };
    assert_eq!(seen, ["restarted [a]", "applied b", "applied c"]);
    assert_eq!(watched.versions(), ["7", "8"]);
}

#[tokio::test]
async fn a_version_that_is_too_old_means_a_new_list() {
    // The real server says it in an event (HTTP 200); some things between say it as the answer.
    for in_event in [true, false] {
        let mut watched = Watched::start(move |request| {
            match (request.path, request.is_watch(), request.before) {
                (SERVICES, false, 0) => services(7, &["a", "b"], ""),
                (SERVICES, false, _) => services(30, &["b", "c"], ""),
                (SERVICES, true, 0) if in_event => Reply::Events(
                    vec![event(
                        "ERROR",
                        &status(410, "too old resource version: 7 (29)"),
                    )],
                    After::Open,
                ),
                (SERVICES, true, 0) => refusal(410, "too old"),
                _ => quiet(request),
            }
        })
        .await;
        assert_eq!(
            watched.next(2).await,
            ["restarted [a b]", "restarted [b c]"]
        );
    }
}

#[tokio::test]
async fn a_list_that_fails_midway_says_nothing_until_it_is_complete() {
    let mut watched =
        Watched::start(
            |request| match (request.path, request.is_watch(), request.before) {
                (SERVICES, false, 0) => services(7, &["a", "b"], "more"),
                (SERVICES, false, 1) => refusal(500, "etcd is away"),
                (SERVICES, false, 2) => services(8, &["a"], ""),
                _ => quiet(request),
            },
        )
        .await;
    let expected = [
        "failed: `<server>` answered 500 when asked for services: etcd is away",
        "restarted [a]",
    ];
    assert_eq!(watched.next(2).await, expected);
}

#[tokio::test]
async fn a_watch_that_keeps_failing_ends_in_a_new_list() {
    let mut watched =
        Watched::start(
            |request| match (request.path, request.is_watch(), request.before) {
                (SERVICES, false, 0) => services(7, &["a"], ""),
                (SERVICES, false, _) => services(8, &["b"], ""),
                (SERVICES, true, 0..5) => refusal(500, "no"),
                _ => quiet(request),
            },
        )
        .await;
    let seen = watched.next(7).await;
    assert_eq!(
        (seen[0].as_str(), seen[6].as_str()),
        ("restarted [a]", "restarted [b]")
    );
    assert!(
        seen[1..6]
            .iter()
            .all(|update| update.starts_with("failed: ")),
        "{seen:?}"
    );
}

#[tokio::test]
async fn a_permission_that_is_granted_later_is_noticed() {
    let granted = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&granted);
    let mut watched = Watched::start(move |request| match (request.path, request.is_watch()) {
        (SERVICES, false) if !gate.load(Ordering::SeqCst) => {
            refusal(403, r#"services is forbidden: User "jane" cannot"#)
        }
        (SERVICES, false) => services(8, &["a"], ""),
        _ => quiet(request),
    })
    .await;
    let refused = "forbidden: `<server>` does not permit `jane` to read services (403 Forbidden)";
    assert_eq!(watched.next(3).await, [refused; 3]);
    granted.store(true, Ordering::SeqCst);
    loop {
        let seen = watched.next(1).await;
        if seen != [refused] {
            assert_eq!(seen, ["restarted [a]"]);
            break;
        }
    }
}

#[tokio::test]
async fn endpoints_stand_in_for_slices_until_those_are_served() {
    const SLICES: &str = "/apis/discovery.k8s.io/v1/endpointslices";
    let list = |kind: &str, name: &str| {
        Reply::Body(
            200,
            format!(
                r#"{{"kind":"{kind}","metadata":{{"resourceVersion":"5"}},"items":[{{"metadata":{{"name":"{name}","namespace":"x"}}}}]}}"#
            ),
        )
    };
    let mut watched =
        Watched::start(
            move |request| match (request.path, request.is_watch(), request.before) {
                (SLICES, false, 0) => refusal(404, "no"),
                (SLICES, false, _) => list("EndpointSliceList", "slice"),
                ("/api/v1/endpoints", false, _) => list("EndpointsList", "endpoints"),
                ("/api/v1/endpoints", true, _) => refusal(410, "too old"),
                _ => quiet(request),
            },
        )
        .await;
    watched.kind = ObjectKind::Workload(WorkloadKind::Endpoints);
    assert_eq!(
        watched.next(2).await,
        ["restarted [endpoints]", "restarted []"]
    );
    watched.kind = ObjectKind::Workload(WorkloadKind::EndpointSlice);
    assert_eq!(watched.next(1).await, ["restarted [slice]"]);
}

#[tokio::test]
async fn a_kind_that_is_not_served_is_said_so_and_asked_for_again() {
    let mut watched = Watched::start(|request| match (request.path, request.before) {
        ("/apis/batch/v1/cronjobs", 0) => refusal(404, "no"),
        _ => quiet(request),
    })
    .await;
    watched.kind = ObjectKind::Workload(WorkloadKind::CronJob);
    assert_eq!(watched.next(2).await, ["not served", "restarted []"]);
}

#[tokio::test]
async fn a_part_of_an_object_that_cannot_be_used_is_told() {
    let odd =
        r#"{"metadata":{"name":"a","namespace":"shop","resourceVersion":"8","labels":{"x":1}}}"#;
    let mut watched =
        Watched::start(
            move |request| match (request.path, request.is_watch(), request.before) {
                (SERVICES, true, 0) => Reply::Events(vec![event("MODIFIED", odd)], After::Open),
                _ => quiet(request),
            },
        )
        .await;
    let expected = [
        "restarted []",
        "faulty <server>, Service shop/a, metadata.labels.x",
        "applied a",
    ];
    assert_eq!(watched.next(3).await, expected);
}

#[tokio::test]
async fn it_ends_when_nobody_listens() {
    let server = Scripted::start(quiet).await;
    let (sender, updates) = mpsc::channel(1);
    let watching = tokio::spawn(watch(server.api.clone(), PACE, 1, sender));
    drop(updates);
    watching.await.expect("it ends by itself");
}
