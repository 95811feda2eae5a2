//! The counts above the table.

use std::io::{self, Write};

use topology::query::Summary;
use topology::topology::Topology;
use topology::verdict::{OwnerState, ServiceState, VerdictKind};

use super::paint::{Paint, Style};
use super::screen::{counted, percent};

/// Writes how much is owned, and what became of the components.
pub(crate) fn write(topology: &Topology, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let summary = topology.summary();
    let services = summary.services as u64;
    let owned = summary.service_states[0] as u64;
    let clusters = counted(topology.clusters().count() as u64, "cluster", "clusters");
    let heading = format!(
        "{} of {} in {clusters} {} an owner ({})",
        owned,
        counted(services, "Service", "Services"),
        if owned == 1 { "has" } else { "have" },
        percent(owned, services)
    );
    writeln!(out, "{}", paint.paint(Style::Heading, heading))?;
    let states = ServiceState::ALL.map(ServiceState::as_str);
    counts(&states, &summary.service_states, paint, out)?;

    let instances = counted(topology.instances().count() as u64, "catalog", "catalogs");
    let verdicts: usize = summary.verdicts.iter().sum();
    let heading = format!(
        "{} in {instances}, {}",
        counted(summary.components as u64, "component", "components"),
        counted(verdicts as u64, "verdict", "verdicts"),
    );
    writeln!(out, "\n{}", paint.paint(Style::Heading, heading))?;
    counts(
        &VerdictKind::ALL.map(VerdictKind::as_str),
        &summary.verdicts,
        paint,
        out,
    )?;

    let heading = format!(
        "Their owners, of {} known",
        counted(summary.owners as u64, "Group or User", "Groups and Users")
    );
    writeln!(out, "\n{}", paint.paint(Style::Heading, heading))?;
    owners(&summary, paint, out)
}

fn owners(summary: &Summary, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    counts(
        &OwnerState::ALL.map(OwnerState::as_str),
        &summary.owner_states,
        paint,
        out,
    )
}

fn counts(words: &[&str], counts: &[usize], paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let total: usize = counts.iter().sum();
    for (index, (word, count)) in words.iter().zip(counts).enumerate() {
        let line = format!(
            "  {word:<22} {count:>7}  {:>6}",
            percent(*count as u64, total as u64)
        );
        // The first of each list is the good one.
        let style = match (index, count) {
            (_, 0) => Style::Faint,
            (0, _) => Style::Good,
            _ => Style::Warning,
        };
        writeln!(out, "{}", paint.paint(style, line))?;
    }
    Ok(())
}
