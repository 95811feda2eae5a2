//! Metrics of the sources: where each stands, what it has, and what reading it costs.

use std::fmt;

use api::Phase;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::registry::Unit;

use super::{Name, counters, gauges};
use crate::status::{FailureKind, SourceId, SourceState};

/// A metric of every source, and how it is read.
type Of<V> = (Name, fn(&SourceState) -> V);

pub(super) fn encode(
    encoder: &mut DescriptorEncoder<'_>,
    sources: &[(SourceId, SourceState)],
) -> Result<(), fmt::Error> {
    standing(encoder, sources)?;
    holdings(encoder, sources)?;
    costs(encoder, sources)
}

fn of(id: &SourceId) -> [(&str, &str); 2] {
    [("kind", id.kind.as_str()), ("source", id.name.as_str())]
}

fn standing(
    encoder: &mut DescriptorEncoder<'_>,
    sources: &[(SourceId, SourceState)],
) -> Result<(), fmt::Error> {
    let times: [Of<Option<i64>>; 3] = [
        (
            (
                "source_last_good_timestamp",
                "When the last good generation was read",
            ),
            |state| state.last_good,
        ),
        (
            (
                "source_failing_since_timestamp",
                "When the first of the reads failed that failed in a row up to now",
            ),
            |state| state.failing.map(|failing| failing.since),
        ),
        (
            ("source_next_attempt_timestamp", "When it is read next"),
            |state| state.next_attempt.map(|next| next.at),
        ),
    ];
    for (name, value) in times {
        gauges(
            encoder,
            name,
            Some(&Unit::Seconds),
            sources
                .iter()
                .filter_map(|(id, state)| Some((of(id), value(state)?))),
        )?;
    }
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
            "source_up",
            "Whether what is known of a source is what it said when it was last read",
        ),
        None,
        sources
            .iter()
            .map(|(id, state)| (of(id), u64::from(state.phase() == Phase::Ready))),
    )?;
    let numbers: [Of<u64>; 4] = [
        (
            (
                "source_failures_in_a_row",
                "Reads that failed in a row up to now",
            ),
            |state| state.failing.map_or(0, |failing| u64::from(failing.times)),
        ),
        (
            (
                "source_held_removals",
                "Removals that wait for confirmation",
            ),
            |state| state.held.map_or(0, |held| held.removals),
        ),
        (
            (
                "source_faults",
                "Parts of the last read that could not be used",
            ),
            |state| state.faults.total,
        ),
        (
            (
                "source_warnings",
                "What is no failure of a source and should be known",
            ),
            |state| state.warnings.len() as u64,
        ),
    ];
    for (name, value) in numbers {
        gauges(
            encoder,
            name,
            None,
            sources.iter().map(|(id, state)| (of(id), value(state))),
        )?;
    }
    Ok(())
}

fn holdings(
    encoder: &mut DescriptorEncoder<'_>,
    sources: &[(SourceId, SourceState)],
) -> Result<(), fmt::Error> {
    gauges(
        encoder,
        ("source_generation", "Number of the last good generation"),
        None,
        sources
            .iter()
            .map(|(id, state)| (of(id), u64::from(state.generation))),
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
    counters(
        encoder,
        ("source_changes", "Entities or objects that changed"),
        None,
        sources.iter().flat_map(|(id, state)| {
            let [kind, source] = of(id);
            let totals = state.totals;
            [
                ("added", totals.added),
                ("changed", totals.changed),
                ("removed", totals.removed),
            ]
            .map(|(change, count)| ([kind, source, ("change", change)], count))
        }),
    )
}

fn costs(
    encoder: &mut DescriptorEncoder<'_>,
    sources: &[(SourceId, SourceState)],
) -> Result<(), fmt::Error> {
    let sums: [(Option<Unit>, Of<u64>); 4] = [
        (
            None,
            (("source_reads", "Reads that ended, well or not"), |state| {
                state.reads
            }),
        ),
        (
            None,
            (
                (
                    "source_requests",
                    "Requests answered with a page, of reads that ended well",
                ),
                |state| state.totals.requests,
            ),
        ),
        (
            Some(Unit::Bytes),
            (
                (
                    "source_received",
                    "Bytes of those pages, after decompression",
                ),
                |state| state.totals.bytes,
            ),
        ),
        (
            None,
            (
                (
                    "source_repaired_entities",
                    "Entities that the pages had missed, and that were asked for",
                ),
                |state| state.totals.repaired,
            ),
        ),
    ];
    for (unit, (name, value)) in sums {
        counters(
            encoder,
            name,
            unit.as_ref(),
            sources.iter().map(|(id, state)| (of(id), value(state))),
        )?;
    }
    counters(
        encoder,
        (
            "source_failures",
            "Reads that failed, wholly or in part, by what they failed",
        ),
        None,
        sources.iter().flat_map(|(id, state)| {
            let [kind, source] = of(id);
            FailureKind::ALL.map(|reason| {
                let count = state.failures.get(&reason).copied();
                let reason = ("reason", reason.as_str());
                ([kind, source, reason], count.unwrap_or_default())
            })
        }),
    )?;
    gauges(
        encoder,
        ("source_read_duration", "How long the last read took"),
        Some(&Unit::Seconds),
        sources.iter().filter_map(|(id, state)| {
            let milliseconds = state.last_read?.duration_milliseconds;
            Some((of(id), seconds(milliseconds)))
        }),
    )
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no read takes so many milliseconds that a float cannot tell them apart"
)]
fn seconds(milliseconds: u64) -> f64 {
    milliseconds as f64 / 1_000.0
}
