//! What asks over all there is: searches, facets and pages of Services in other orders, over 100,000 Services, as many
//! components, 300,000 pods and 500 Groups; and the same searches over a fifth of that, 100,000 objects in all.
//! `cargo bench -p topology --bench search` runs it.
//!
//! Each is measured whole, from the first slice to the last, as one caller would run it without waiting between them.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use topology::apply::{CatalogDelta, ClusterDelta, Delta};
use topology::entity_ref::EntityRef;
use topology::facets::ServiceFacets;
use topology::fact::{
    ComponentFact, EntityFact, Found, ObjectFact, OwnerClaim, OwnerFact, OwnerKind, OwnerTarget,
    ServiceFact, WorkloadFact, WorkloadKind,
};
use topology::query::{ServiceFilter, Slice};
use topology::search::{MAX_FOUND, Query, Search};
use topology::settings::InstanceSettings;
use topology::sorted::{ServiceSort, SortedServices};
use topology::teams::Teams;
use topology::topology::Topology;

/// What the binary uses.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SERVICES: usize = 100_000;
const PODS: usize = 3;
const TEAMS: usize = 500;
const NAMESPACES: usize = 1_000;

/// Names as people give them, of a few hundred words in ever other company.
fn name(index: usize) -> String {
    const FIRST: [&str; 10] = [
        "checkout",
        "billing",
        "search",
        "catalog",
        "payments",
        "ledger",
        "inventory",
        "identity",
        "shipping",
        "notification",
    ];
    const SECOND: [&str; 10] = [
        "api",
        "worker",
        "gateway",
        "frontend",
        "scheduler",
        "proxy",
        "exporter",
        "webhook",
        "sync",
        "store",
    ];
    format!(
        "{}-{}-{:04}",
        FIRST[index % 10],
        SECOND[index / 10 % 10],
        index / 100
    )
}

fn namespace(index: usize) -> String {
    format!("team-{:03}-live", index % NAMESPACES)
}

fn company(services: usize) -> Topology {
    let mut topology = Topology::new("causely.ai");
    let cluster = topology.set_cluster("production-eu");
    let instance = topology.set_instance(InstanceSettings::named("default"));
    let objects = (0..services).map(service);
    let pods = (0..services).flat_map(|index| (0..PODS).map(move |pod| self::pod(index, pod)));
    topology.apply(Delta::Cluster(ClusterDelta {
        cluster,
        upserts: objects.chain(pods).collect(),
        removals: Vec::new(),
    }));
    topology.apply(Delta::Catalog(CatalogDelta {
        instance,
        generation: 1,
        read_at: 0,
        upserts: (0..TEAMS)
            .map(group)
            .chain((0..services).map(component))
            .collect(),
        removals: Vec::new(),
    }));
    topology
}

fn team(index: usize) -> EntityRef {
    EntityRef::new("group", "default", &format!("team-{:03}", index % TEAMS))
}

fn group(index: usize) -> EntityFact {
    EntityFact::Owner(Box::new(OwnerFact {
        reference: team(index),
        kind: OwnerKind::Group,
        display_name: format!("Team {index}").into(),
        email: Some(format!("team-{index}@example.com").into()),
        contacts: Vec::new(),
        // Ten to each, three levels deep.
        parent: (index > 0).then(|| team((index - 1) / 10)),
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
        system: Some(format!("system-{}", index % 100).into()),
        dependencies: Vec::new(),
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

fn pod(index: usize, pod: usize) -> ObjectFact {
    ObjectFact::Workload(Box::new(WorkloadFact {
        kind: WorkloadKind::Pod,
        namespace: namespace(index).into(),
        name: format!("{}-7d4b9c6f5-{:05x}", name(index), index * PODS + pod).into(),
        uid: Some(format!("uid-{index}-{pod}").into()),
        pod_labels: vec![("app".into(), name(index).into())],
        controller: None,
        service: None,
        node: Some(format!("node-{:04}", index % 1_000).into()),
        refers: Vec::new(),
    }))
}

fn search(topology: &Topology, text: &str) -> usize {
    let Ok(query) = Query::parse(text) else {
        return 0;
    };
    let mut search = Search::new(query, MAX_FOUND);
    while search.slice(topology, || true) == Slice::Cut {}
    search.found(topology).len()
}

fn facets(topology: &Topology, filter: &ServiceFilter) -> usize {
    let mut facets = ServiceFacets::default();
    while facets.slice(topology, filter, || true) == Slice::Cut {}
    facets.end().total
}

fn page(topology: &Topology, sort: ServiceSort) -> usize {
    let filter = ServiceFilter::default();
    let mut page = SortedServices::new(sort, None, 100);
    while page.slice(topology, &filter, || true) == Slice::Cut {}
    page.end(topology).items.len()
}

fn teams(topology: &Topology) -> usize {
    let mut teams = Teams::default();
    while teams.slice(topology, || true) == Slice::Cut {}
    teams.end().0.len()
}

fn searches(criterion: &mut Criterion, title: &str, topology: &Topology) {
    let mut group = criterion.benchmark_group(title);
    group.sample_size(20);
    for (id, text) in [
        ("a name", "checkout-api-0017"),
        ("a beginning", "check"),
        ("two words", "team-017 billing"),
        ("two words that nothing has", "zzzzzz yyyyyy"),
        ("a slip", "chekcout-api"),
        ("letters in order", "pymtgw"),
        ("one letter", "e"),
        ("nothing", "zzzzzz"),
    ] {
        group.bench_function(format!("search for {id}"), |bencher| {
            bencher.iter(|| black_box(search(topology, text)));
        });
    }
    group.finish();
}

fn over_all(criterion: &mut Criterion) {
    // `cargo test --all-targets` runs benchmarks once to see that they run: a small size shows that.
    let testing = std::env::args().any(|argument| argument == "--test");
    let small = testing || cfg!(debug_assertions);
    let topology = company(if small { 200 } else { SERVICES });
    searches(
        criterion,
        "over 100,000 objects",
        &company(if small { 40 } else { SERVICES / 5 }),
    );
    searches(criterion, "over all", &topology);
    let mut group = criterion.benchmark_group("over all");
    group.sample_size(20);
    let some = ServiceFilter {
        team: Some("Team 17".to_owned()),
        ..ServiceFilter::default()
    };
    for (id, filter) in [("all", ServiceFilter::default()), ("a team", some)] {
        group.bench_function(format!("facets of {id}"), |bencher| {
            bencher.iter(|| black_box(facets(&topology, &filter)));
        });
    }
    for sort in ServiceSort::ALL {
        group.bench_function(format!("a page by {}", sort.as_str()), |bencher| {
            bencher.iter(|| black_box(page(&topology, sort)));
        });
    }
    group.bench_function("teams", |bencher| {
        bencher.iter(|| black_box(teams(&topology)));
    });
    group.finish();
}

criterion_group!(benches, over_all);
criterion_main!(benches);
