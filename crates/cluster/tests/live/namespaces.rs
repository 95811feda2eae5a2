//! Clusters of which some namespaces are read, by a role in each.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cluster::live::{Namespaces, Pace, list_once};
use topology::fact::{ObjectFact, ObjectKind};

use crate::scripted::{
    After, Reply, Request, Scripted, event, quiet, refusal, service_in, services_in, status,
};
use crate::watch::Watched;

const SHOP: &str = "/api/v1/namespaces/shop/services";
const BANK: &str = "/api/v1/namespaces/bank/services";

fn both() -> Namespaces {
    Namespaces::Named(vec!["shop".into(), "bank".into()])
}

/// A user who has a role in the two namespaces and none over the cluster.
fn permitted(request: &Request<'_>) -> Reply {
    if request.path.contains("/namespaces/shop/") || request.path.contains("/namespaces/bank/") {
        quiet(request)
    } else {
        refusal(403, r#"it is forbidden: User "jane" cannot list it"#)
    }
}

#[tokio::test]
async fn s22_a_kind_is_whole_once_all_of_its_namespaces_were_listed() {
    let server =
        Scripted::start(
            |request| match (request.path, request.is_watch(), request.before) {
                (SHOP, false, _) => services_in("shop", 7, &["cart"], ""),
                (BANK, false, _) => services_in("bank", 8, &["vault"], ""),
                (BANK, true, 0) => Reply::Events(
                    vec![event("DELETED", &service_in("bank", "vault", 9))],
                    After::Open,
                ),
                _ => permitted(request),
            },
        )
        .await;
    let mut watched = Watched::of(server, both());
    assert_eq!(
        watched.next(2).await,
        ["restarted [cart vault]", "deleted vault"]
    );
    assert_eq!(watched.server.queries("/api/v1/services").len(), 0);
}

#[tokio::test]
async fn s22_a_namespace_that_fails_removes_nothing_and_leaves_the_others_live() {
    for code in [403, 500] {
        let mended = Arc::new(AtomicBool::new(false));
        let gate = Arc::clone(&mended);
        let server = Scripted::start(move |request| {
            match (request.path, request.is_watch(), request.before) {
                (SHOP, false, _) => services_in("shop", 7, &["cart"], ""),
                (SHOP, true, 0) => Reply::Events(
                    vec![event("MODIFIED", &service_in("shop", "cart", 9))],
                    After::Open,
                ),
                (BANK, false, _) if !gate.load(Ordering::SeqCst) => {
                    refusal(code, r#"it is forbidden: User "jane" cannot list it"#)
                }
                (BANK, false, _) => services_in("bank", 8, &["vault"], ""),
                _ => permitted(request),
            }
        })
        .await;
        let mut watched = Watched::of(server, both());
        let mut applied = 0;
        let mut failed = 0;
        while applied < 2 || failed < 3 {
            let seen = watched.next(1).await;
            match &*seen[0] {
                // First of the list, then of the watch.
                "applied cart" => applied += 1,
                update => {
                    assert!(update.contains("services in namespace `bank`"), "{update}");
                    failed += 1;
                }
            }
        }
        mended.store(true, Ordering::SeqCst);
        loop {
            let seen = watched.next(1).await;
            if !seen[0].contains("namespace `bank`") {
                assert_eq!(seen, ["restarted [cart vault]"]);
                break;
            }
        }
    }
}

#[tokio::test]
async fn s22_a_namespace_whose_version_is_too_old_lists_the_kind_again() {
    let server =
        Scripted::start(
            |request| match (request.path, request.is_watch(), request.before) {
                (SHOP, false, _) => services_in("shop", 7, &["cart"], ""),
                (BANK, false, 0) => services_in("bank", 8, &["vault"], ""),
                (BANK, false, _) => services_in("bank", 9, &["till"], ""),
                (BANK, true, 0) => {
                    Reply::Events(vec![event("ERROR", &status(410, "too old"))], After::Open)
                }
                _ => permitted(request),
            },
        )
        .await;
    let mut watched = Watched::of(server, both());
    assert_eq!(
        watched.next(2).await,
        ["restarted [cart vault]", "restarted [cart till]"]
    );
}

#[tokio::test]
async fn s6_namespaces_that_were_named_are_taken_to_exist_where_they_may_not_be_listed() {
    let mut watched = Watched::of(Scripted::start(permitted).await, both());
    watched.kind = ObjectKind::Namespace;
    assert_eq!(
        watched.next(3).await,
        ["applied shop", "applied bank", "not served"]
    );

    let server = Scripted::start(permitted).await;
    let api = server.api.clone().within(both());
    let generation = list_once(&api, &Pace::default(), &mut |_| {})
        .await
        .expect("a generation");
    let names: Vec<_> = generation.objects.iter().map(ObjectFact::key).collect();
    let names: Vec<_> = names.iter().map(|key| &*key.name).collect();
    assert_eq!(names, ["bank", "shop"]);
    assert_eq!(generation.faults, []);
}
