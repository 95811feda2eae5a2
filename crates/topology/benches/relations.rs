//! Which pods are behind each Service, and which Services are over each pod: 5,000 Services and 50,000 pods.
//! `cargo bench -p topology --bench relations` runs it.
//!
//! Once over a hundred namespaces, and once with everything in one namespace, where every pod and every selector has
//! `app.kubernetes.io/part-of` with the same value, and the names of the Services are known from a catalog before. Beside it
//! stands the baseline: each selector held against the labels of every pod, for a tenth of the Services, and ten times that.
#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use topology::apply::{ClusterDelta, Delta};
use topology::fact::{LabelPairs, ObjectFact, ServiceFact, WorkloadFact, WorkloadKind};
use topology::topology::{ServiceId, Topology, WorkloadId};

/// What the binary uses.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PART_OF: &str = "app.kubernetes.io/part-of";
/// The baseline is run for one in so many Services.
const SHARE: usize = 10;

fn main() {
    // `cargo test --all-targets` runs benchmarks once to see that they run: a small size shows that.
    let testing = std::env::args().any(|argument| argument == "--test");
    let services = if testing || cfg!(debug_assertions) {
        50
    } else {
        5_000
    };
    let pods = services * 10;
    println!("{services} Services x {pods} pods, 6 labels each\n");
    println!("| what | 100 namespaces | one namespace, a pair that all share |");
    println!("| --- | --- | --- |");
    let spread = Cluster::new(services, pods, 100);
    let crowded = Cluster::new(services, pods, 1);
    let measured = [spread.measure(), crowded.measure()];
    let rows: [(&str, Figure); 4] = [
        ("objects applied", |it| it.applied),
        ("the pods of every Service", |it| it.pods_of_services),
        ("the Services of every pod", |it| it.services_of_pods),
        ("baseline: all with all (a tenth, times ten)", |it| {
            it.baseline
        }),
    ];
    for (what, time) in rows {
        let [spread, crowded] = measured.each_ref().map(|it| time(it).as_secs_f64());
        println!("| {what} | {spread:.3} s | {crowded:.3} s |");
    }
}

/// One of the times that were measured.
type Figure = fn(&Measured) -> Duration;

struct Measured {
    applied: Duration,
    pods_of_services: Duration,
    services_of_pods: Duration,
    baseline: Duration,
}

struct Cluster {
    services: Vec<ServiceFact>,
    pods: Vec<WorkloadFact>,
}

impl Cluster {
    fn new(services: usize, pods: usize, namespaces: usize) -> Self {
        let namespace = |i: usize| format!("team-{:03}", i % namespaces).into();
        let pair = |key: &str, value: String| (key.into(), value.into());
        let app = |i: usize| pair("app", format!("service-{i:05}"));
        let part_of = || pair(PART_OF, "shop".to_owned());
        Self {
            services: (0..services)
                .map(|i| ServiceFact {
                    namespace: namespace(i),
                    name: format!("service-{i:05}").into(),
                    labels: Vec::new(),
                    selector: vec![app(i), part_of()],
                    external_name: false,
                })
                .collect(),
            pods: (0..pods)
                .map(|i| WorkloadFact {
                    kind: WorkloadKind::Pod,
                    namespace: namespace(i % services),
                    name: format!("service-{:05}-7d4b9c6f5-{i:05}", i % services).into(),
                    uid: None,
                    pod_labels: vec![
                        app(i % services),
                        part_of(),
                        pair("app.kubernetes.io/managed-by", "helm".to_owned()),
                        pair("app.kubernetes.io/version", format!("1.{}", i % 7)),
                        pair("pod-template-hash", format!("{:09x}", i % services)),
                        pair("tier", "backend".to_owned()),
                    ],
                    controller: None,
                    service: None,
                    node: Some(format!("node-{:04}", i % 1_000).into()),
                    refers: Vec::new(),
                })
                .collect(),
        }
    }

    fn measure(&self) -> Measured {
        let mut topology = Topology::new("causely.ai");
        let cluster = topology.set_cluster("prod");
        // What a catalog would have made known before: the values that are rare are then the older ones.
        let names = self.services.iter().map(|it| ServiceFact {
            selector: Vec::new(),
            ..it.clone()
        });
        let names: Vec<_> = names.map(|it| ObjectFact::Service(Box::new(it))).collect();
        topology.apply(Delta::Cluster(ClusterDelta {
            cluster,
            upserts: names,
            removals: Vec::new(),
        }));
        let services = self.services.iter().cloned();
        let services = services.map(|it| ObjectFact::Service(Box::new(it)));
        let pods = self.pods.iter().cloned();
        let pods = pods.map(|it| ObjectFact::Workload(Box::new(it)));
        let upserts: Vec<_> = services.chain(pods).collect();
        let start = Instant::now();
        topology.apply(Delta::Cluster(ClusterDelta {
            cluster,
            upserts,
            removals: Vec::new(),
        }));
        let applied = start.elapsed();

        let names = self.services.iter().map(|it| &*it.name);
        let ids: Vec<ServiceId> = names
            .flat_map(|name| topology.find_services(None, None, name))
            .collect();
        let start = Instant::now();
        let joined: usize = ids.iter().map(|id| topology.behind(*id).len()).sum();
        let pods_of_services = start.elapsed();
        assert_eq!(joined, self.pods.len(), "every pod is behind one Service");

        let ids: Vec<WorkloadId> = topology.workloads_of(cluster).collect();
        let start = Instant::now();
        let joined: usize = ids.iter().map(|id| topology.inherited(*id).len()).sum();
        let services_of_pods = start.elapsed();
        assert_eq!(joined, self.pods.len(), "one Service is over every pod");

        Measured {
            applied,
            pods_of_services,
            services_of_pods,
            baseline: self.all_with_all(),
        }
    }

    /// Every selector against every pod, as plain maps.
    fn all_with_all(&self) -> Duration {
        let map = |pairs: &LabelPairs| -> BTreeMap<String, String> {
            pairs
                .iter()
                .map(|(key, value)| (key.to_string(), value.to_string()))
                .collect()
        };
        let pods: Vec<_> = self
            .pods
            .iter()
            .map(|pod| (&pod.namespace, map(&pod.pod_labels)))
            .collect();
        let some: Vec<_> = self
            .services
            .iter()
            .step_by(SHARE)
            .map(|service| (&service.namespace, map(&service.selector)))
            .collect();
        let start = Instant::now();
        let mut joined = 0_usize;
        for (namespace, selector) in &some {
            joined += pods
                .iter()
                .filter(|(other, labels)| {
                    other == namespace
                        && selector
                            .iter()
                            .all(|(key, value)| labels.get(key) == Some(value))
                })
                .count();
        }
        black_box(joined);
        start.elapsed() * 10
    }
}
