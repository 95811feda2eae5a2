//! Lists as the first events of a watch, where a server sends them, and pages where it does not.

use std::sync::Mutex;
use std::time::Duration;

use cluster::live::{Namespaces, Pace};

use crate::scripted::{After, Reply, Scripted, event, quiet, refusal, service, services, status};
use crate::watch::{PACE, Watched, bookmark};

const SERVICES: &str = "/api/v1/services";

fn end(version: u32) -> String {
    event(
        "BOOKMARK",
        &format!(
            r#"{{"kind":"Service","apiVersion":"v1","metadata":{{"resourceVersion":"{version}","annotations":{{"k8s.io/initial-events-end":"true"}}}}}}"#
        ),
    )
}

#[tokio::test]
async fn a_list_is_whole_at_the_bookmark_that_ends_it_and_watched_from_there() {
    let server = Scripted::streaming(|request| {
        match (request.path, request.is_stream(), request.is_watch()) {
            (SERVICES, true, _) => Reply::Events(
                vec![
                    event("ADDED", &service("a", 3)),
                    event("ADDED", &service("b", 4)),
                    bookmark(5),
                    event("ADDED", &service("c", 4)),
                    // These came while the list was sent.
                    event("MODIFIED", &service("a", 6)),
                    event("DELETED", &service("b", 7)),
                    end(8),
                ],
                After::Open,
            ),
            (SERVICES, false, true) => {
                Reply::Events(vec![event("ADDED", &service("d", 9))], After::Open)
            }
            (SERVICES, false, false) => refusal(500, "no list is to be asked for"),
            _ => quiet(request),
        }
    })
    .await;
    let mut watched = Watched::of(server, Namespaces::All);
    assert_eq!(watched.next(2).await, ["restarted [c a]", "applied d"]);
    let asked = &watched.server.queries(SERVICES)[0];
    for part in [
        "watch=true",
        "sendInitialEvents=true",
        "resourceVersionMatch=NotOlderThan",
        "allowWatchBookmarks=true",
    ] {
        assert!(asked.contains(part), "{part} in {asked}");
    }
    assert_eq!(watched.versions()[1], "8");
}

#[tokio::test]
async fn where_streams_are_not_served_pages_are_asked_for_and_streams_never_again() {
    // As a 1.33 server says it, as one with an old etcd, and as something between that cuts it.
    let refusals: [fn() -> Reply; 5] = [
        || refusal(422, "sendInitialEvents is forbidden for watch"),
        || refusal(400, "unknown parameter"),
        || {
            let failed = status(500, "RequestWatchProgress is disabled");
            Reply::Events(
                vec![event("ADDED", &service("lost", 1)), event("ERROR", &failed)],
                After::Open,
            )
        },
        || Reply::Events(vec![event("ADDED", &service("lost", 1))], After::End),
        || Reply::Events(vec![event("ADDED", &service("lost", 1))], After::Cut),
    ];
    for refused in refusals {
        let refused = Mutex::new(Some(refused));
        let server = Scripted::streaming(move |request| {
            match (request.path, request.is_stream(), request.is_watch()) {
                (SERVICES, true, _) => {
                    let once = refused.lock().expect("the reply").take();
                    once.expect("one stream is asked for")()
                }
                (SERVICES, false, false) => services(7, &["a"], ""),
                (SERVICES, false, true) if request.before == 1 => Reply::Events(
                    vec![event("ERROR", &status(410, "too old resource version"))],
                    After::Open,
                ),
                _ => quiet(request),
            }
        })
        .await;
        let mut watched = Watched::of(server, Namespaces::All);
        assert_eq!(
            watched.next(2).await,
            ["restarted [a]", "restarted [a]"],
            "a new list after 410 is asked for by pages"
        );
    }
}

#[tokio::test]
async fn a_stream_that_is_silent_or_never_ends_is_given_up_for_pages() {
    // Nothing at all, nothing after the head, and a plain watch: what there is, changes, and never an end.
    let silences: [fn() -> Reply; 3] = [
        || Reply::Silence,
        || Reply::Events(Vec::new(), After::Open),
        || {
            let events = vec![
                event("ADDED", &service("lost", 1)),
                event("MODIFIED", &service("lost", 2)),
                bookmark(2),
            ];
            Reply::Events(events, After::Open)
        },
    ];
    for silence in silences {
        let server = Scripted::streaming(move |request| {
            match (request.path, request.is_stream(), request.is_watch()) {
                (SERVICES, true, _) => silence(),
                (SERVICES, false, false) => services(7, &["a"], ""),
                _ => quiet(request),
            }
        })
        .await;
        let pace = Pace {
            stream_silence: Duration::from_millis(50),
            ..PACE
        };
        let mut watched = Watched::at(pace, server, Namespaces::All);
        assert_eq!(watched.next(1).await, ["restarted [a]"]);
    }
}

#[tokio::test]
async fn a_refusal_that_holds_for_pages_as_well_is_no_reason_to_ask_for_them() {
    let server = Scripted::streaming(|request| match (request.path, request.is_stream()) {
        (SERVICES, true) if request.before < 2 => {
            refusal(403, r#"services is forbidden: User "jane" cannot"#)
        }
        (SERVICES, true) => Reply::Events(vec![end(3)], After::Open),
        (SERVICES, false) if !request.is_watch() => services(7, &["a"], ""),
        _ => quiet(request),
    })
    .await;
    let mut watched = Watched::of(server, Namespaces::All);
    let refused = "forbidden: `<server>` does not permit `jane` to read services (403 Forbidden)";
    assert_eq!(watched.next(3).await, [refused, refused, "restarted []"]);
}
