//! Lookups in process over 100,000 Services: router, handler, rendering, JSON; no sockets.
//!
//! `cargo bench -p server --bench lookups`

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

mod company;

use std::hint::black_box;
use std::sync::{Arc, RwLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use server::events::Events;
use server::owner_info::OwnerInfo;
use server::status::Sources;
use server::{Access, AppState};

use company::{name, namespace};

const SERVICES: usize = 100_000;

/// Every other namespace has a pod per Service, a hundred in all.
fn pods(index: usize) -> usize {
    usize::from(index.is_multiple_of(2))
}

fn router() -> Router {
    let (topology, _, _) = company::topology(SERVICES, pods);
    let state = AppState {
        topology: Arc::new(RwLock::new(topology)),
        sources: Arc::new(Sources::default()),
        events: Arc::new(Events::new(0)),
        history: None,
        decisions: None,
        api_tokens: None,
        previews: server::preview::Desk::default(),
        integrations: None,
        owner_info: OwnerInfo::default(),
        alerts: None,
        notifications: None,
        clock: || 0,
    };
    server::router(state, Access::default())
}

/// Paths that ask for ever other Services, so that nothing stays in the processor's caches by accident.
fn paths(of: impl Fn(usize) -> String) -> impl Iterator<Item = String> {
    let paths: Vec<String> = (0..4096).map(|i| of(i * 7919 % SERVICES)).collect();
    paths.into_iter().cycle()
}

fn lookups(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let router = router();
    let ask = |path: String| {
        runtime.block_on(async {
            let request = Request::get(path)
                .header("host", "localhost:8080")
                .body(Body::empty())
                .unwrap();
            let response = tower::ServiceExt::oneshot(router.clone(), request)
                .await
                .unwrap();
            assert_eq!(response.status(), 200);
            black_box(to_bytes(response.into_body(), 1 << 24).await.unwrap());
        });
    };
    let mut group = criterion.benchmark_group("lookups");
    group.throughput(Throughput::Elements(1));
    let mut bench = |id: &str, mut paths: Box<dyn Iterator<Item = String>>| {
        group.bench_function(id, |bencher| {
            bencher.iter(|| ask(paths.next().unwrap()));
        });
    };
    let get = |i| {
        format!(
            "/api/v1/services/production-eu/{}/{}",
            namespace(i),
            name(i)
        )
    };
    bench(
        "get a service among 100 pods",
        Box::new(paths(move |i| get(i & !1))),
    );
    bench(
        "get a service among no pods",
        Box::new(paths(move |i| get(i | 1))),
    );
    bench(
        "resolve a service",
        Box::new(paths(|i| {
            format!(
                "/api/v1/resolve?cluster=production-eu&namespace={}&service={}",
                namespace(i),
                name(i)
            )
        })),
    );
    bench(
        "resolve a pod",
        Box::new(paths(|i| {
            format!(
                "/api/v1/resolve?cluster=production-eu&namespace={}&pod={}-0",
                namespace(i & !1),
                name(i & !1)
            )
        })),
    );
    bench(
        "get a component",
        Box::new(paths(|i| format!("/api/v1/components/{}", name(i)))),
    );
    bench(
        "list 100 services",
        Box::new(paths(|_| "/api/v1/services".to_owned())),
    );
    bench("summary", Box::new(paths(|_| "/api/v1/summary".to_owned())));
    group.finish();
}

criterion_group!(benches, lookups);
criterion_main!(benches);
