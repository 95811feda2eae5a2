//! Metrics of the state, read at scrape time.

mod alerts;
mod sources;

use std::fmt;
use std::sync::{Arc, RwLock};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeMetric,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;
use tokio::sync::Semaphore;
use topology::query::{ClusterSummary, Summary};
use topology::topology::Topology;
use topology::verdict::{OwnerState, ServiceState, VerdictKind};

use crate::alerts::Alerts;
use crate::app::MAX_STREAMS;
use crate::status::{Sources, StoreState};

/// Reads the topology and the sources.
pub(crate) struct StateCollector {
    pub(crate) topology: Arc<RwLock<Topology>>,
    pub(crate) sources: Arc<Sources>,
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) alerts: Option<Arc<Alerts>>,
    pub(crate) clock: fn() -> i64,
}

impl fmt::Debug for StateCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateCollector").finish_non_exhaustive()
    }
}

impl Collector for StateCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        // A topology that a writer left half done is not measured; `/healthz` says so.
        let counts = self
            .topology
            .read()
            .ok()
            .map(|topology| (topology.summary(), topology.cluster_summaries()));
        if let Some((summary, clusters)) = counts {
            encode_counts(&mut encoder, &summary, &clusters)?;
        }
        sources::encode(&mut encoder, &self.sources.list())?;
        encode_store(&mut encoder, self.sources.store())?;
        if let Some(alerts) = &self.alerts {
            alerts::encode(&mut encoder, alerts, (self.clock)())?;
        }
        let open = MAX_STREAMS - self.streams.available_permits();
        gauges(
            &mut encoder,
            ("event_streams", "Event streams open"),
            None,
            [([], open as u64)],
        )
    }
}

/// Name and help of a metric.
type Name = (&'static str, &'static str);

fn gauges<'l, const LABELS: usize, V>(
    encoder: &mut DescriptorEncoder<'_>,
    name: Name,
    unit: Option<&Unit>,
    values: impl IntoIterator<Item = ([(&'l str, &'l str); LABELS], V)>,
) -> Result<(), fmt::Error>
where
    V: EncodeGaugeValue + Clone,
    ConstGauge<V>: EncodeMetric,
{
    let gauges = values
        .into_iter()
        .map(|(labels, value)| (labels, ConstGauge::new(value)));
    family(encoder, name, unit, MetricType::Gauge, gauges)
}

/// As [`gauges`], of what only grows.
fn counters<'l, const LABELS: usize, V>(
    encoder: &mut DescriptorEncoder<'_>,
    name: Name,
    unit: Option<&Unit>,
    values: impl IntoIterator<Item = ([(&'l str, &'l str); LABELS], V)>,
) -> Result<(), fmt::Error>
where
    V: EncodeCounterValue + Clone,
    ConstCounter<V>: EncodeMetric,
{
    let counters = values
        .into_iter()
        .map(|(labels, value)| (labels, ConstCounter::new(value)));
    family(encoder, name, unit, MetricType::Counter, counters)
}

fn family<'l, const LABELS: usize>(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): Name,
    unit: Option<&Unit>,
    kind: MetricType,
    values: impl IntoIterator<Item = ([(&'l str, &'l str); LABELS], impl EncodeMetric)>,
) -> Result<(), fmt::Error> {
    // The registry ends the help of what it owns with a full stop.
    let help = format!("{help}.");
    let mut metric = encoder.encode_descriptor(name, &help, unit, kind)?;
    for (labels, value) in values {
        if LABELS == 0 {
            return value.encode(metric);
        }
        value.encode(metric.encode_family(&labels)?)?;
    }
    Ok(())
}

fn encode_counts(
    encoder: &mut DescriptorEncoder<'_>,
    summary: &Summary,
    clusters: &[ClusterSummary],
) -> Result<(), fmt::Error> {
    gauges(
        encoder,
        ("components", "Components, each counted once"),
        None,
        [([], summary.components as u64)],
    )?;
    gauges(
        encoder,
        (
            "verdicts",
            "Components in the clusters they are covered by, by verdict",
        ),
        None,
        of_each(clusters, |of| {
            let words = VerdictKind::ALL.map(VerdictKind::as_str);
            words.into_iter().zip(of.verdicts)
        })
        .map(|(cluster, kind, count)| ([("cluster", cluster), ("verdict", kind)], count)),
    )?;
    gauges(
        encoder,
        (
            "verdict_owners",
            "Components in the clusters they are covered by, by the state of their owner",
        ),
        None,
        of_each(clusters, |of| {
            let words = OwnerState::ALL.map(OwnerState::as_str);
            words.into_iter().zip(of.owner_states)
        })
        .map(|(cluster, state, count)| ([("cluster", cluster), ("state", state)], count)),
    )?;
    gauges(
        encoder,
        ("services", "Services, by what is known of their owner"),
        None,
        of_each(clusters, |of| {
            let words = ServiceState::ALL.map(ServiceState::as_str);
            words.into_iter().zip(of.service_states)
        })
        .map(|(cluster, state, count)| ([("cluster", cluster), ("state", state)], count)),
    )?;
    gauges(
        encoder,
        ("owners", "Groups and Users"),
        None,
        [([], summary.owners as u64)],
    )?;
    gauges(
        encoder,
        (
            "coverage_ratio",
            "Owned services of all services that nobody ignores",
        ),
        None,
        [([], summary.coverage())],
    )?;
    gauges(
        encoder,
        (
            "cluster_coverage_ratio",
            "Owned services of all services of a cluster that nobody ignores",
        ),
        None,
        // Of nothing there is no share: one that is not read yet would seem to have lost owners later.
        clusters
            .iter()
            .filter(|of| of.services > 0)
            .map(|of| ([("cluster", &*of.cluster)], of.coverage())),
    )
}

fn encode_store(encoder: &mut DescriptorEncoder<'_>, store: StoreState) -> Result<(), fmt::Error> {
    gauges(
        encoder,
        ("store_up", "Whether the store took the last write"),
        None,
        [([], u64::from(store.failing.is_none()))],
    )?;
    gauges(
        encoder,
        (
            "store_failing_since_timestamp",
            "When the first of the writes was refused that were refused in a row up to now",
        ),
        Some(&Unit::Seconds),
        store.failing.map(|failing| ([], failing.since)),
    )?;
    counters(
        encoder,
        ("store_failures", "Writes that the store refused"),
        None,
        [([], store.failures)],
    )
}

/// Cluster, word and count of all counts that each cluster has.
fn of_each<C: Iterator<Item = (&'static str, usize)>>(
    clusters: &[ClusterSummary],
    counts: impl Fn(&ClusterSummary) -> C,
) -> impl Iterator<Item = (&str, &'static str, u64)> {
    clusters
        .iter()
        .flat_map(move |of| counts(of).map(move |(word, count)| (&*of.cluster, word, count as u64)))
}
