//! Lookups in process over 100,000 Services: router, handler, rendering, JSON; no sockets.
//!
//! `cargo bench -p server --bench lookups`

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

use std::hint::black_box;
use std::sync::{Arc, RwLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use server::events::Events;
use server::status::Sources;
use server::{Access, AppState};
use topology::apply::{CatalogDelta, ClusterDelta, Delta};
use topology::entity_ref::EntityRef;
use topology::fact::{
    ComponentFact, EntityFact, Found, ObjectFact, OwnerClaim, OwnerFact, OwnerKind, OwnerTarget,
    ServiceFact, WorkloadFact, WorkloadKind,
};
use topology::labels::DEFAULT_PREFIX;
use topology::settings::InstanceSettings;
use topology::topology::Topology;

const SERVICES: usize = 100_000;
const NAMESPACES: usize = 1_000;
const TEAMS: usize = 500;

fn namespace(index: usize) -> String {
    format!("namespace-{:04}", index % NAMESPACES)
}

fn name(index: usize) -> String {
    format!("some-lifelike-service-{index:06}")
}

fn team(index: usize) -> EntityRef {
    EntityRef::new("group", "default", &format!("team-{:03}", index % TEAMS))
}

fn owner(index: usize) -> EntityFact {
    EntityFact::Owner(Box::new(OwnerFact {
        reference: team(index),
        kind: OwnerKind::Group,
        display_name: format!("Team {index}").into(),
        email: Some(format!("team-{index}@example.com").into()),
        parent: None,
        children: Vec::new(),
        members: Vec::new(),
        member_of: Vec::new(),
    }))
}

fn component(index: usize) -> EntityFact {
    let found = |value: String| Found {
        path: 0,
        value: value.into(),
    };
    EntityFact::Component(Box::new(ComponentFact {
        reference: EntityRef::new("component", "default", &name(index)),
        name: name(index).into(),
        kubernetes_id: Some(found(name(index))),
        kubernetes_namespace: Some(found(namespace(index))),
        label_selector: None,
        kubernetes_cluster: None,
        owners: vec![OwnerClaim {
            path: 0,
            target: OwnerTarget::Ref(team(index)),
        }],
        component_type: Some("service".into()),
        lifecycle: Some("production".into()),
        system: Some("platform".into()),
        orphan: false,
        fault: None,
    }))
}

fn service(index: usize) -> ObjectFact {
    ObjectFact::Service(Box::new(ServiceFact {
        namespace: namespace(index).into(),
        name: name(index).into(),
        labels: Vec::new(),
        selector: vec![("app".into(), name(index).into())],
        external_name: false,
    }))
}

/// Every other namespace has a pod per Service, a hundred in all.
fn has_pods(index: usize) -> bool {
    index.is_multiple_of(2)
}

fn pod(index: usize) -> ObjectFact {
    ObjectFact::Workload(Box::new(WorkloadFact {
        kind: WorkloadKind::Pod,
        namespace: namespace(index).into(),
        name: format!("{}-0", name(index)).into(),
        uid: Some(format!("uid-{index}").into()),
        pod_labels: vec![("app".into(), name(index).into())],
        controller: None,
        service: None,
        node: None,
    }))
}

fn router() -> Router {
    let mut topology = Topology::new(DEFAULT_PREFIX);
    let cluster = topology.set_cluster("production-eu");
    let instance = topology.set_instance(InstanceSettings::named("default"));
    topology.apply(Delta::Cluster(ClusterDelta {
        cluster,
        upserts: (0..SERVICES)
            .map(service)
            .chain((0..SERVICES).filter(|i| has_pods(*i)).map(pod))
            .collect(),
        removals: Vec::new(),
    }));
    topology.apply(Delta::Catalog(CatalogDelta {
        instance,
        generation: 1,
        read_at: 0,
        upserts: (0..TEAMS)
            .map(owner)
            .chain((0..SERVICES).map(component))
            .collect(),
        removals: Vec::new(),
    }));
    let state = AppState {
        topology: Arc::new(RwLock::new(topology)),
        sources: Arc::new(Sources::default()),
        events: Arc::new(Events::new(0)),
        history: None,
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
