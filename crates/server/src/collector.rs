//! Metrics of the state, read at scrape time.

use std::fmt;
use std::sync::{Arc, RwLock};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;
use tokio::sync::Semaphore;
use topology::query::Summary;
use topology::topology::Topology;
use topology::verdict::{OwnerState, ServiceState, VerdictKind};

use crate::app::MAX_STREAMS;
use crate::status::{SourceId, SourceState, Sources};

/// Reads the topology and the sources.
pub(crate) struct StateCollector {
    pub(crate) topology: Arc<RwLock<Topology>>,
    pub(crate) sources: Arc<Sources>,
    pub(crate) streams: Arc<Semaphore>,
}

impl fmt::Debug for StateCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateCollector").finish_non_exhaustive()
    }
}

impl Collector for StateCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        // A topology that a writer left half done is not measured; `/healthz` says so.
        let summary = self.topology.read().ok().map(|topology| topology.summary());
        if let Some(summary) = summary {
            encode_summary(&mut encoder, &summary)?;
        }
        encode_sources(&mut encoder, &self.sources.list())?;
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
    (name, help): Name,
    unit: Option<&Unit>,
    values: impl IntoIterator<Item = ([(&'l str, &'l str); LABELS], V)>,
) -> Result<(), fmt::Error>
where
    V: EncodeGaugeValue + Clone,
    ConstGauge<V>: EncodeMetric,
{
    // The registry ends the help of what it owns with a full stop.
    let help = format!("{help}.");
    let mut metric = encoder.encode_descriptor(name, &help, unit, MetricType::Gauge)?;
    for (labels, value) in values {
        let gauge = ConstGauge::new(value);
        if LABELS == 0 {
            gauge.encode(metric)?;
            break;
        }
        gauge.encode(metric.encode_family(&labels)?)?;
    }
    Ok(())
}

fn encode_summary(
    encoder: &mut DescriptorEncoder<'_>,
    summary: &Summary,
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
        VerdictKind::ALL
            .iter()
            .zip(summary.verdicts)
            .map(|(kind, count)| ([("verdict", kind.as_str())], count as u64)),
    )?;
    gauges(
        encoder,
        (
            "verdict_owners",
            "Components in the clusters they are covered by, by the state of their owner",
        ),
        None,
        OwnerState::ALL
            .iter()
            .zip(summary.owner_states)
            .map(|(state, count)| ([("state", state.as_str())], count as u64)),
    )?;
    gauges(
        encoder,
        ("services", "Services, by what is known of their owner"),
        None,
        ServiceState::ALL
            .iter()
            .zip(summary.service_states)
            .map(|(state, count)| ([("state", state.as_str())], count as u64)),
    )?;
    gauges(
        encoder,
        ("owners", "Groups and Users"),
        None,
        [([], summary.owners as u64)],
    )?;
    gauges(
        encoder,
        ("coverage_ratio", "Owned services of all services"),
        None,
        [([], summary.coverage())],
    )
}

fn encode_sources(
    encoder: &mut DescriptorEncoder<'_>,
    sources: &[(SourceId, SourceState)],
) -> Result<(), fmt::Error> {
    fn of(id: &SourceId) -> [(&str, &str); 2] {
        [("kind", id.kind.as_str()), ("source", id.name.as_str())]
    }
    gauges(
        encoder,
        (
            "source_last_good_timestamp",
            "When the last good generation was read",
        ),
        Some(&Unit::Seconds),
        sources
            .iter()
            .filter_map(|(id, state)| Some((of(id), state.last_good?))),
    )?;
    gauges(
        encoder,
        ("source_phase", "1 for the phase that a source is in"),
        None,
        sources.iter().map(|(id, state)| {
            let [kind, source] = of(id);
            ([kind, source, ("phase", state.phase().as_str())], 1_u64)
        }),
    )?;
    gauges(
        encoder,
        (
            "source_objects",
            "Entities or objects in the last good generation",
        ),
        None,
        sources.iter().flat_map(|(id, state)| {
            let [kind, source] = of(id);
            state
                .counts
                .iter()
                .map(move |(object, count)| ([kind, source, ("object", *object)], *count))
        }),
    )?;
    gauges(
        encoder,
        (
            "source_held_removals",
            "Removals that wait for confirmation",
        ),
        None,
        sources
            .iter()
            .map(|(id, state)| (of(id), state.held.map_or(0, |held| held.removals))),
    )
}
