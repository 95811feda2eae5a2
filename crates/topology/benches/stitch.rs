//! Stitching from scratch and one change at a time, over a million components and a million Services, and the memory
//! that this takes. `cargo xtask bench core` runs it; `BACKSTITCH_BENCH_SIZE` sets another size.
//!
//! One run from scratch is the measurement: a distribution over runs of this size says more about the machine than
//! about the code, and it is the time on the processor that counts. Beside it stands a baseline that any such program pays: the same names put into standard maps of
//! owned strings, once. Single changes are many; their median and 99th percentile are given.
#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use topology::apply::{CatalogDelta, ClusterDelta, Delta};
use topology::entity_ref::EntityRef;
use topology::fact::{
    ComponentFact, EntityFact, Found, ObjectFact, OwnerClaim, OwnerFact, OwnerKind, OwnerTarget,
    ServiceFact,
};
use topology::settings::{InstanceSettings, MatchRule};
use topology::topology::{ClusterId, InstanceId, Topology};

/// What the binary uses.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const TEAMS: usize = 2_000;
const NAMESPACES: usize = 500;
const CHANGES: usize = 20_000;

fn main() {
    // `cargo test --all-targets` runs benchmarks once to see that they run: a small size shows that.
    let testing = std::env::args().any(|argument| argument == "--test");
    let size = match std::env::var("BACKSTITCH_BENCH_SIZE") {
        Ok(size) => size.parse().unwrap_or(1_000_000),
        Err(_) if testing || cfg!(debug_assertions) => 2_000,
        Err(_) => 1_000_000,
    };
    println!("{size} components x {size} Services, all four rules, names of 30 characters\n");
    println!("| what | result | of the baseline |");
    println!("| --- | --- | --- |");
    // First, while the heap holds nothing that could be used again.
    memory(size);
    let baseline = baseline(size);
    row(
        "baseline: names into maps of owned strings",
        seconds(baseline),
        "1.00",
    );

    let mut topology = Topology::new("causely.ai");
    let cluster = topology.set_cluster("prod");
    let instance = topology.set_instance(InstanceSettings {
        match_rules: MatchRule::ALL.to_vec(),
        ..InstanceSettings::named("main")
    });
    let owners: Vec<EntityFact> = (0..TEAMS).map(team).collect();
    apply_entities(&mut topology, instance, owners);

    let services = (0..size).map(service).collect();
    let start = on_cpu();
    apply_objects(&mut topology, cluster, services);
    let service_time = on_cpu().saturating_sub(start);
    let components: Vec<EntityFact> = (0..size).map(component).collect();
    let start = on_cpu();
    apply_entities(&mut topology, instance, components);
    let component_time = on_cpu().saturating_sub(start);
    let total = service_time + component_time;
    let share = |time: Duration| format!("{:.2}", time.as_secs_f64() / baseline.as_secs_f64());
    row(
        "Services applied",
        seconds(service_time),
        &share(service_time),
    );
    row(
        "components applied and stitched",
        seconds(component_time),
        &share(component_time),
    );
    row("**from scratch**", seconds(total), &share(total));
    let summary = topology.summary();
    assert_eq!(summary.services, size, "every Service is there");
    row("stitched", format!("{} of {size}", summary.verdicts[0]), "");

    changes(&mut topology, instance, cluster, size);
}

fn row(what: &str, result: impl std::fmt::Display, ratio: &str) {
    println!("| {what} | {result} | {ratio} |");
}

fn seconds(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}

/// What reading the same names into ordinary maps costs: no stitching, no owners, no reasons.
fn baseline(size: usize) -> Duration {
    let pairs: Vec<(String, String)> = (0..size).map(|i| (namespace(i), service_name(i))).collect();
    let names: Vec<String> = (0..size).map(component_name).collect();
    let start = on_cpu();
    let services: HashMap<(String, String), usize> = pairs
        .into_iter()
        .enumerate()
        .map(|(i, pair)| (pair, i))
        .collect();
    let components: HashMap<String, usize> = names
        .into_iter()
        .enumerate()
        .map(|(i, name)| (name, i))
        .collect();
    let time = on_cpu().saturating_sub(start);
    black_box((services, components));
    time
}

/// One changed component, Service or group at a time.
fn changes(topology: &mut Topology, instance: InstanceId, cluster: ClusterId, size: usize) {
    let changes = CHANGES.min(size);
    let stride = size / changes;
    let mut moved = Vec::with_capacity(changes);
    let mut renamed = Vec::with_capacity(changes);
    let mut owned = Vec::with_capacity(changes);
    for step in 0..changes {
        let i = step * stride;
        // A component names another Service, and later its own again.
        let mut other = component(i);
        if let EntityFact::Component(fact) = &mut other {
            fact.kubernetes_id = Some(Found {
                path: 0,
                value: service_name((i + 1) % size).into(),
            });
        }
        moved.push(time(|| apply_entities(topology, instance, vec![other])));
        moved.push(time(|| {
            apply_entities(topology, instance, vec![component(i)]);
        }));
        // A Service goes and comes back.
        let ObjectFact::Service(fact) = service(i) else {
            continue;
        };
        let key = ObjectFact::Service(fact.clone()).key();
        renamed.push(time(|| {
            black_box(topology.apply(Delta::Cluster(ClusterDelta {
                cluster,
                upserts: Vec::new(),
                removals: vec![key],
            })));
        }));
        renamed.push(time(|| {
            apply_objects(topology, cluster, vec![ObjectFact::Service(fact)]);
        }));
        // A component changes hands.
        let mut handed = component(i);
        if let EntityFact::Component(fact) = &mut handed {
            fact.owners = vec![owner_claim((i + 7) % TEAMS)];
        }
        owned.push(time(|| apply_entities(topology, instance, vec![handed])));
    }
    quantiles("one component names another Service", moved);
    quantiles("one Service goes or comes back", renamed);
    quantiles("one component gets another owner", owned);
    let mut groups = Vec::new();
    for i in 0..TEAMS.min(200) {
        let EntityFact::Owner(fact) = team(i) else {
            continue;
        };
        let reference = fact.reference.clone();
        groups.push(time(|| {
            black_box(topology.apply(Delta::Catalog(CatalogDelta {
                instance,
                generation: 2,
                read_at: 0,
                upserts: Vec::new(),
                removals: vec![reference],
            })));
        }));
        groups.push(time(|| {
            apply_entities(topology, instance, vec![EntityFact::Owner(fact)]);
        }));
    }
    quantiles(
        &format!(
            "one group goes or comes back, the owner of {}",
            size / TEAMS
        ),
        groups,
    );
}

fn quantiles(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| {
        times
            .get(times.len() * share / 100)
            .copied()
            .unwrap_or_default()
    };
    row(
        what,
        format!(
            "median {:.1} µs, p99 {:.1} µs",
            at(50).as_secs_f64() * 1e6,
            at(99).as_secs_f64() * 1e6
        ),
        "",
    );
}

/// Heap per record, as the growth of resident memory while facts arrive in batches and are dropped.
fn memory(size: usize) {
    const BATCH: usize = 10_000;
    let mut topology = Topology::new("causely.ai");
    let cluster = topology.set_cluster("prod");
    let instance = topology.set_instance(InstanceSettings::named("main"));
    apply_entities(&mut topology, instance, (0..TEAMS).map(team).collect());
    let before = resident();
    for start in (0..size).step_by(BATCH) {
        let batch = (start..size.min(start + BATCH)).map(service).collect();
        apply_objects(&mut topology, cluster, batch);
    }
    let with_services = resident();
    for start in (0..size).step_by(BATCH) {
        let batch = (start..size.min(start + BATCH)).map(component).collect();
        apply_entities(&mut topology, instance, batch);
    }
    let with_components = resident();
    let each = |bytes: usize| format!("{} bytes", bytes / size);
    row(
        "memory per Service",
        each(with_services.saturating_sub(before)),
        "",
    );
    row(
        "memory per component",
        each(with_components.saturating_sub(with_services)),
        "",
    );
    black_box(topology);
}

/// Resident memory of this process in bytes; 0 where the system does not tell.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|kibibytes| kibibytes.parse::<usize>().ok())
        .map_or(0, |kibibytes| kibibytes * 1024)
}

/// Time that this (single-threaded) process had a processor for, which other work on the machine does not lengthen.
fn on_cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = stat.split_whitespace().next();
    Duration::from_nanos(nanoseconds.and_then(|it| it.parse().ok()).unwrap_or(0))
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn apply_entities(topology: &mut Topology, instance: InstanceId, upserts: Vec<EntityFact>) {
    black_box(topology.apply(Delta::Catalog(CatalogDelta {
        instance,
        generation: 1,
        read_at: 1_700_000_000,
        upserts,
        removals: Vec::new(),
    })));
}

fn apply_objects(topology: &mut Topology, cluster: ClusterId, upserts: Vec<ObjectFact>) {
    black_box(topology.apply(Delta::Cluster(ClusterDelta {
        cluster,
        upserts,
        removals: Vec::new(),
    })));
}

fn namespace(i: usize) -> String {
    format!("team-{:03}-production", i % NAMESPACES)
}

/// Thirty characters, in no order.
fn service_name(i: usize) -> String {
    format!("{:08x}-payment-gateway-{:05}", scattered(i), i % 100_000)
}

/// Thirty characters, another name than the Service's.
fn component_name(i: usize) -> String {
    format!("{:08x}-checkout-website-{:04}", scattered(i), i % 10_000)
}

fn scattered(i: usize) -> u32 {
    u32::try_from(i)
        .unwrap_or(u32::MAX)
        .wrapping_mul(2_654_435_761)
}

fn team(i: usize) -> EntityFact {
    EntityFact::Owner(Box::new(OwnerFact {
        reference: EntityRef::new("group", "default", &format!("team-{i}")),
        kind: OwnerKind::Group,
        display_name: format!("Team {i}").into(),
        email: Some(format!("team-{i}@example.com").into()),
        contacts: Vec::new(),
        parent: None,
        children: Vec::new(),
        members: Vec::new(),
        member_of: Vec::new(),
    }))
}

fn owner_claim(i: usize) -> OwnerClaim {
    OwnerClaim {
        path: 0,
        target: OwnerTarget::Ref(EntityRef::new("group", "default", &format!("team-{i}"))),
    }
}

fn component(i: usize) -> EntityFact {
    let name = component_name(i);
    EntityFact::Component(Box::new(ComponentFact {
        reference: EntityRef::new("component", "default", &name),
        name: name.into(),
        // Every tenth has no id and goes by its own name; of the others a third gives no namespace.
        kubernetes_id: (!i.is_multiple_of(10)).then(|| Found {
            path: 0,
            value: service_name(i).into(),
        }),
        kubernetes_namespace: (!i.is_multiple_of(3)).then(|| Found {
            path: 0,
            value: namespace(i).into(),
        }),
        label_selector: None,
        kubernetes_cluster: None,
        owners: vec![owner_claim(i % TEAMS)],
        component_type: Some("service".into()),
        lifecycle: Some("production".into()),
        system: Some(format!("system-{}", i % 1_000).into()),
        dependencies: Vec::new(),
        orphan: false,
        fault: None,
    }))
}

fn service(i: usize) -> ObjectFact {
    let name = service_name(i);
    let pair = |key: &str, value: &str| (Box::from(key), Box::from(value));
    ObjectFact::Service(Box::new(ServiceFact {
        namespace: namespace(i).into(),
        labels: vec![
            pair("app.kubernetes.io/managed-by", "Helm"),
            pair("app.kubernetes.io/name", &name),
            pair(
                "app.kubernetes.io/part-of",
                &format!("system-{}", i % 1_000),
            ),
        ],
        selector: vec![
            pair("app.kubernetes.io/instance", "production"),
            pair("app.kubernetes.io/name", &name),
        ],
        name: name.into(),
        external_name: false,
    }))
}
