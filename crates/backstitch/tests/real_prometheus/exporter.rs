//! What kube-state-metrics, the rules of the kubernetes-mixin and applications would give of the demo's clusters.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Place and name of a pod, its Deployment, and its cluster's label, which only what comes from elsewhere has.
const PODS: [(&str, &str, &str, &str); 6] = [
    (
        "billing",
        "payment-gateway-ddb6f7ff5-qbt9r",
        "payment-gateway",
        "",
    ),
    (
        "billing",
        "payment-gateway-ddb6f7ff5-xkzsw",
        "payment-gateway",
        "",
    ),
    (
        "billing",
        "tariff-engine-d47f9dc9d-rr9gc",
        "tariff-engine",
        "",
    ),
    // Nobody's.
    ("dispatch", "returns-8f4cd5d5c-624qh", "returns", ""),
    // Of several teams.
    (
        "dispatch",
        "dispatch-core-99db5c4584-5rx78",
        "dispatch-core",
        "",
    ),
    // Another cluster has a workload of the same name.
    (
        "dispatch",
        "route-optimizer-d5f86c4fd-sxd5w",
        "route-optimizer",
        "us-east-1",
    ),
];

const CRASHING: [usize; 3] = [0, 3, 5];

const SERVICES: [(&str, &str); 13] = [
    ("billing", "credit-control"),
    ("billing", "invoice-service"),
    ("billing", "payment-gateway"),
    ("billing", "tariff-engine"),
    ("dispatch", "courier-assignment"),
    ("dispatch", "driver-app-bff"),
    ("dispatch", "geo-index"),
    ("dispatch", "linehaul-scheduler"),
    ("dispatch", "returns"),
    ("dispatch", "route-optimizer"),
    ("dispatch", "traffic-feed"),
    ("dispatch", "zone-service"),
    ("legacy", "unheard-of"),
];

/// Requests between two scrapes, by code.
const REQUESTS: [(&str, &str, &str, u64); 5] = [
    ("billing", "payment-gateway", "200", 199),
    ("billing", "payment-gateway", "500", 1),
    ("billing", "tariff-engine", "200", 100),
    ("billing", "tariff-engine", "500", 0),
    ("dispatch", "returns", "200", 10),
];

/// Serves them on the loopback, until dropped.
pub(crate) struct Exporter {
    address: String,
    server: JoinHandle<()>,
}

impl Exporter {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address").to_string();
        let scrapes = Arc::new(AtomicU64::new(0));
        let text = move || {
            let scrape = scrapes.fetch_add(1, Ordering::Relaxed);
            async move { series(scrape) }
        };
        let router = Router::new().route("/metrics", get(text));
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("it serves");
        });
        Self { address, server }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn series(scrape: u64) -> String {
    let mut text = String::new();
    let mut add = |name: &str, labels: &[(&str, &str)], value: u64| {
        let labels = labels.iter().filter(|(_, value)| !value.is_empty());
        let labels: Vec<String> = labels
            .map(|(key, value)| format!("{key}=\"{value}\""))
            .collect();
        let labels = labels.join(",");
        writeln!(text, "{name}{{{labels}}} {value}").expect("a text takes everything");
    };
    for (index, (namespace, pod, workload, cluster)) in PODS.into_iter().enumerate() {
        let place = [("namespace", namespace), ("pod", pod), ("cluster", cluster)];
        let with = |more: &[(&'static str, &'static str)]| [&place[..], more].concat();
        add(
            "namespace_workload_pod:kube_pod_owner:relabel",
            &with(&[("workload", workload), ("workload_type", "deployment")]),
            1,
        );
        add(
            "kube_pod_container_resource_requests",
            &with(&[("container", "app"), ("resource", "cpu"), ("unit", "core")]),
            2,
        );
        if CRASHING.contains(&index) {
            let why = [("container", "app"), ("reason", "CrashLoopBackOff")];
            add("kube_pod_container_status_waiting_reason", &with(&why), 1);
        }
    }
    for (namespace, deployment, wanted, available) in [
        ("billing", "payment-gateway", 2, 1),
        ("billing", "tariff-engine", 1, 1),
        ("dispatch", "returns", 1, 0),
    ] {
        let labels = [("namespace", namespace), ("deployment", deployment)];
        add("kube_deployment_spec_replicas", &labels, wanted);
        let name = "kube_deployment_status_replicas_available";
        add(name, &labels, available);
    }
    for (namespace, service) in SERVICES {
        let labels = [("namespace", namespace), ("service", service)];
        add("kube_service_info", &labels, 1);
    }
    for (namespace, service, code, count) in REQUESTS {
        let labels = [
            ("namespace", namespace),
            ("service", service),
            ("code", code),
        ];
        add("http_requests_total", &labels, count * scrape);
    }
    text
}
