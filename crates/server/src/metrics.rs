//! What Prometheus reads: requests counted as they come, everything else read from the state at scrape time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use tokio::sync::Semaphore;

use crate::app::AppState;
use crate::collector::StateCollector;

/// Lookups take microseconds, a summary over everything milliseconds.
const DURATION_BUCKETS: [f64; 10] = [
    0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0,
];

/// The registry and the counters that handlers write.
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) requests: Requests,
    told_left_out: AtomicBool,
}

/// Requests by route.
#[derive(Clone)]
pub(crate) struct Requests {
    total: Family<RequestLabels, Counter>,
    duration: Family<RouteLabels, Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

impl Requests {
    fn new() -> Self {
        Self {
            total: Family::default(),
            duration: Family::new_with_constructor(|| Histogram::new(DURATION_BUCKETS)),
        }
    }

    pub(crate) fn record(
        &self,
        method: &Method,
        route: &str,
        status: StatusCode,
        duration: Duration,
    ) {
        let labels = RequestLabels {
            method: method_word(method),
            route: route.to_owned(),
            status: status.as_u16(),
        };
        self.total.get_or_create(&labels).inc();
        let labels = RouteLabels {
            route: labels.route,
        };
        self.duration
            .get_or_create(&labels)
            .observe(duration.as_secs_f64());
    }
}

/// A closed list: a method can be any word, and strangers must not grow the metrics.
fn method_word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

impl Metrics {
    pub(crate) fn new(state: &AppState, streams: Arc<Semaphore>) -> Self {
        let mut registry = Registry::with_prefix("backstitch");
        registry.register(
            "build",
            "The running program",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        let requests = Requests::new();
        registry.register(
            "http_requests",
            "HTTP requests answered",
            requests.total.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "Time from a request's head to its answer's head",
            Unit::Seconds,
            requests.duration.clone(),
        );
        if let Some(alerts) = &state.alerts {
            let counters = &alerts.counters;
            for (name, help, counter) in [
                (
                    "alerts_received",
                    "Alerts that came from Alertmanager",
                    &counters.received,
                ),
                (
                    "alerts_enriched",
                    "Alerts that got an owner",
                    &counters.enriched,
                ),
                (
                    "alerts_returned",
                    "Alerts that came back and were not forwarded again",
                    &counters.returned,
                ),
                (
                    "alerts_forwarded",
                    "Alerts that the target took",
                    &counters.forwarded,
                ),
                (
                    "alerts_failed",
                    "Alerts that were given up",
                    &counters.failed,
                ),
                (
                    "alerts_refused_notifications",
                    "Notifications for which there was no room or no time, and that Alertmanager sends again",
                    &counters.refused,
                ),
                (
                    "alerts_forward_failures",
                    "Attempts to forward a notification that failed",
                    &counters.failures,
                ),
            ] {
                registry.register(name, help, counter.clone());
            }
        }
        if let Some(notifications) = &state.notifications {
            notifications.register(&mut registry);
        }
        registry.register_collector(Box::new(StateCollector {
            topology: Arc::clone(&state.topology),
            sources: Arc::clone(&state.sources),
            streams,
            alerts: state.alerts.clone(),
            clock: state.clock,
        }));
        Self {
            registry,
            requests,
            told_left_out: AtomicBool::new(false),
        }
    }

    /// All but who owns what, as `OpenMetrics` text that goes on.
    pub(crate) fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode_registry(&mut text, &self.registry)?;
        Ok(text)
    }

    /// Tells the log, once, that so many series are missing.
    pub(crate) fn tell_left_out(&self, beyond: u64, most: usize) {
        if beyond > 0 && !self.told_left_out.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "{beyond} series of owners are left out of the metrics, past the {most} that there may be: \
                 raise `metrics.most_series`, or list less in `metrics.owners`"
            );
        }
    }
}
