//! Metrics of the alerts that wait to be handed on.

use std::fmt;

use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::registry::Unit;

use super::gauges;
use crate::alerts::{Alerts, age};

pub(super) fn encode(
    encoder: &mut DescriptorEncoder<'_>,
    alerts: &Alerts,
    now: i64,
) -> Result<(), fmt::Error> {
    // A queue that cannot be read is not measured; what comes is refused then, which is counted.
    let Ok(standing) = alerts.standing() else {
        return Ok(());
    };
    gauges(
        encoder,
        (
            "alerts_queue_length",
            "Notifications that wait to be forwarded",
        ),
        None,
        [([], standing.entries)],
    )?;
    gauges(
        encoder,
        ("alerts_queue_alerts", "Alerts in those"),
        None,
        [([], standing.items)],
    )?;
    gauges(
        encoder,
        (
            "alerts_queue_oldest_age",
            "How long the oldest of them has waited; 0 where none does",
        ),
        Some(&Unit::Seconds),
        [([], age(standing, now).unwrap_or(0))],
    )?;
    gauges(
        encoder,
        (
            "alerts_dead_letters",
            "Notifications that were given up and are kept",
        ),
        None,
        [([], standing.dead)],
    )
}
