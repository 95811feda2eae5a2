//! The report as one flat table for spreadsheets; column `section` says what a row is about.

use std::io::{self, Write};

use crate::hygiene::{Component, Coverage, Report};
use crate::output::csv::io_error;

const HEADER: [&str; 14] = [
    "section",
    "subject",
    "name",
    "clusters",
    "services",
    "owned",
    "coverage",
    "services_then",
    "coverage_then",
    "components",
    "dependents",
    "owner",
    "verdict",
    "detail",
];

/// One line; what does not apply is empty.
#[derive(Default)]
struct Row {
    section: &'static str,
    subject: String,
    name: String,
    clusters: String,
    services: Option<u64>,
    owned: Option<u64>,
    coverage: Option<f64>,
    services_then: Option<u64>,
    coverage_then: Option<f64>,
    components: Option<u64>,
    dependents: Option<u64>,
    owner: String,
    verdict: String,
    detail: String,
}

/// Writes it.
pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(HEADER).map_err(io_error)?;
    for row in rows(report) {
        let count = |count: Option<u64>| count.map(|it| it.to_string()).unwrap_or_default();
        let share = |share: Option<f64>| share.map(|it| format!("{it:.4}")).unwrap_or_default();
        csv.write_record([
            row.section.to_owned(),
            harmless(row.subject),
            harmless(row.name),
            harmless(row.clusters),
            count(row.services),
            count(row.owned),
            share(row.coverage),
            count(row.services_then),
            share(row.coverage_then),
            count(row.components),
            count(row.dependents),
            harmless(row.owner),
            row.verdict,
            harmless(row.detail),
        ])
        .map_err(io_error)?;
    }
    csv.flush()
}

/// What a spreadsheet would take for a formula gets a quote before it, by which it is a text.
fn harmless(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{text}")
    } else {
        text
    }
}

fn rows(report: &Report) -> Vec<Row> {
    let mut rows = vec![covered("total", &report.total)];
    let by_cluster = report.clusters.items.iter();
    rows.extend(by_cluster.map(|it| covered("cluster", it)));
    let by_namespace = report.namespaces.items.iter();
    rows.extend(by_namespace.map(|it| covered("namespace", it)));
    rows.extend(report.teams.items.iter().map(|it| Row {
        section: "team",
        subject: it.owner.clone(),
        name: it.display_name.clone(),
        services: Some(it.services),
        services_then: it.services_then,
        components: Some(it.components),
        detail: format!("{} stitched", it.stitched),
        ..Row::default()
    }));
    rows.extend(report.unclaimed.items.iter().map(|it| Row {
        section: "unclaimed",
        subject: it.service.clone(),
        dependents: Some(it.dependents),
        detail: format!(
            "workloads {}, pods {}, in front {}, named by {}",
            it.workloads,
            it.pods,
            it.in_front,
            it.named_by.len()
        ),
        ..Row::default()
    }));
    for (section, listed) in [
        ("not-running", &report.not_running),
        ("conflict", &report.conflicts),
        ("ambiguous", &report.ambiguous),
    ] {
        rows.extend(listed.items.iter().map(|it| component(section, it)));
    }
    rows.extend(report.dangling_owners.items.iter().map(|it| Row {
        section: "dangling-owner",
        subject: it.owner.clone(),
        components: Some(it.components.total),
        detail: it.components.items.join(" "),
        ..Row::default()
    }));
    rows.extend(report.owners_without_contact.items.iter().map(|it| Row {
        section: "owner-without-contact",
        subject: it.owner.clone(),
        name: it.display_name.clone(),
        services: Some(it.services),
        components: Some(it.components),
        ..Row::default()
    }));
    rows.extend(report.duplicate_ids.items.iter().map(|it| Row {
        section: "duplicate-id",
        subject: it.kubernetes_id.clone(),
        name: it.kubernetes_namespace.clone().unwrap_or_default(),
        clusters: it.clusters.join(" "),
        components: Some(it.components.len() as u64),
        detail: it.components.join(" "),
        ..Row::default()
    }));
    for (section, cut) in [
        ("cluster", report.clusters.cut()),
        ("namespace", report.namespaces.cut()),
        ("team", report.teams.cut()),
        ("unclaimed", report.unclaimed.cut()),
        ("not-running", report.not_running.cut()),
        ("conflict", report.conflicts.cut()),
        ("ambiguous", report.ambiguous.cut()),
        ("dangling-owner", report.dangling_owners.cut()),
        ("owner-without-contact", report.owners_without_contact.cut()),
        ("duplicate-id", report.duplicate_ids.cut()),
    ] {
        if cut > 0 {
            rows.push(Row {
                section: "cut",
                subject: section.to_owned(),
                detail: format!("{cut} more are not shown"),
                ..Row::default()
            });
        }
    }
    rows
}

fn covered(section: &'static str, it: &Coverage) -> Row {
    Row {
        section,
        subject: it.name.clone(),
        services: Some(it.counts.services),
        owned: Some(it.counts.owned),
        coverage: Some(it.coverage),
        services_then: it.then.map(|then| then.counts.services),
        coverage_then: it.then.map(|then| then.coverage),
        ..Row::default()
    }
}

fn component(section: &'static str, it: &Component) -> Row {
    Row {
        section,
        subject: it.component.clone(),
        name: it.instance.clone(),
        clusters: it.clusters.join(" "),
        owner: it.owner.clone().unwrap_or_default(),
        verdict: it.verdict.to_string(),
        detail: it.reason.clone(),
        ..Row::default()
    }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, expected) in [
            ("cart", "cart"),
            ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@x", "'@x"),
            ("\t=x", "'\t=x"),
        ] {
            assert_eq!(harmless(text.to_owned()), expected);
        }
    }
}
