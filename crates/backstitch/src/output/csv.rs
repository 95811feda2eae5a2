//! The table for spreadsheets: one line per component and cluster.

use std::io::{self, Write};

use server::render;
use topology::query::ComponentFilter;
use topology::topology::Topology;

use super::walk;

const HEADER: [&str; 13] = [
    "cluster",
    "component",
    "instance",
    "verdict",
    "rule",
    "services",
    "candidates",
    "owner_state",
    "owner",
    "owner_source",
    "conflict_with",
    "reason",
    "fix",
];

/// Writes the lines of these verdicts; of all, where none is named. Lists are separated by blanks.
pub(crate) fn write(
    topology: &Topology,
    only: &[api::Verdict],
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(HEADER).map_err(io_error)?;
    for verdict in walk::verdicts(topology, ComponentFilter::default()) {
        let row = render::component_row(&verdict);
        if !only.is_empty() && !only.contains(&row.verdict) {
            continue;
        }
        csv.write_record([
            row.cluster.as_str(),
            &row.reference,
            &row.instance,
            row.verdict.as_str(),
            row.rule.map_or("", api::MatchRule::as_str),
            &row.services.join(" "),
            &row.candidates.join(" "),
            row.owner.state.as_str(),
            row.owner.reference.as_deref().unwrap_or_default(),
            row.owner.source.as_deref().unwrap_or_default(),
            row.conflict_with.as_deref().unwrap_or_default(),
            &row.reason,
            row.fix.as_deref().unwrap_or_default(),
        ])
        .map_err(io_error)?;
    }
    csv.flush()
}

/// The error of the stream, where it is one: a closed pipe has to be told from a full disk.
pub(super) fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
