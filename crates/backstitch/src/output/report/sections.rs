//! The sections of the report: what stands in which table, in words. It knows nothing of the formats.

use std::fmt::Write as _;

use crate::hygiene::{Component, Coverage, Listed, Report, Team, Unclaimed};
use crate::output::screen::counted;

/// How many names one cell lists before it counts the rest.
const NAMES: usize = 3;

/// A table with its heading.
pub(super) struct Section {
    pub title: &'static str,
    /// What it says, and how it is measured.
    pub says: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// How many rows were cut.
    pub cut: u64,
    /// What stands there instead of an empty table.
    pub empty: &'static str,
}

/// A column of a table.
pub(super) struct Column {
    pub title: &'static str,
    pub numeric: bool,
}

/// What stands in one place of a table.
pub(super) enum Cell {
    /// A name, as its source wrote it.
    Name(String),
    /// A sentence.
    Text(String),
    /// A count.
    Count(u64),
    /// A share, 0 to 1.
    Share(f64),
}

impl Cell {
    /// Without any format.
    pub(super) fn plain(&self) -> String {
        match self {
            Self::Name(text) | Self::Text(text) => text.clone(),
            Self::Count(count) => count.to_string(),
            Self::Share(share) => percent(*share),
        }
    }
}

/// `76.7%`.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// The whole in a sentence or two.
pub(super) fn lead(report: &Report) -> Vec<String> {
    let total = &report.total;
    let mut lead = vec![format!(
        "{} of {} have an owner ({}); {} in the catalog.",
        total.counts.owned,
        counted(total.counts.services, "Service", "Services"),
        percent(total.coverage),
        counted(report.components, "component", "components"),
    )];
    if report.ignored_services > 0 {
        let ignored = counted(report.ignored_services, "Service is", "Services are");
        lead.push(format!("{ignored} ignored by decision, and not counted."));
    }
    match (&report.since, &total.then, &report.no_trend) {
        (Some(since), Some(then), _) => lead.push(format!(
            "At {since}, {} of {} had an owner ({}). The change since: {}.",
            then.counts.owned,
            then.counts.services,
            percent(then.coverage),
            points(total),
        )),
        (.., Some(why)) => lead.push(format!("There is no trend: {why}.")),
        _ => {}
    }
    lead
}

/// The difference of two shares.
fn points(coverage: &Coverage) -> String {
    let Some(then) = &coverage.then else {
        return String::new();
    };
    let points = (coverage.coverage - then.coverage) * 100.0;
    if points.abs() < 0.05 {
        "the same".to_owned()
    } else {
        format!("{points:+.1} points")
    }
}

/// All sections, in order.
pub(super) fn sections(report: &Report) -> Vec<Section> {
    let has_past = report.since.is_some();
    let mut sections = vec![
        covered(
            "Coverage by cluster",
            "The share of Services whose owner is known.",
            "Cluster",
            &report.clusters,
            has_past,
        ),
        covered(
            "Coverage by namespace",
            "The namespaces with the most Services without an owner first.",
            "Namespace",
            &report.namespaces,
            has_past,
        ),
        teams(&report.teams, has_past),
        unclaimed(&report.unclaimed, report.unclaimed_not_asked),
        components(
            "Components that run nowhere",
            "They name a Service, and no cluster has it; or a field of theirs cannot be used.",
            &report.not_running,
        ),
        components(
            "Conflicts",
            "Another component has their Service.",
            &report.conflicts,
        ),
        components(
            "Ambiguous",
            "Several Services fit, and nothing says which is meant.",
            &report.ambiguous,
        ),
    ];
    sections.extend(owners(report));
    sections
}

fn column(title: &'static str) -> Column {
    Column {
        title,
        numeric: false,
    }
}

fn number(title: &'static str) -> Column {
    Column {
        title,
        numeric: true,
    }
}

fn covered(
    title: &'static str,
    says: &str,
    of: &'static str,
    listed: &Listed<Coverage>,
    has_past: bool,
) -> Section {
    let mut columns = vec![
        column(of),
        number("Services"),
        number("Owned"),
        number("Coverage"),
    ];
    if has_past {
        columns.extend([number("Then"), number("Change")]);
    }
    let row = |it: &Coverage| {
        let mut row = vec![
            Cell::Name(it.name.clone()),
            Cell::Count(it.counts.services),
            Cell::Count(it.counts.owned),
            Cell::Share(it.coverage),
        ];
        if let Some(then) = &it.then {
            row.push(Cell::Text(percent(then.coverage)));
            row.push(Cell::Text(points(it)));
        }
        row
    };
    Section {
        title,
        says: says.to_owned(),
        columns,
        rows: listed.items.iter().map(row).collect(),
        cut: listed.cut(),
        empty: "There is no Service.",
    }
}

fn teams(listed: &Listed<Team>, has_past: bool) -> Section {
    let mut columns = vec![column("Team"), column("Reference"), number("Services")];
    if has_past {
        columns.push(number("Then"));
    }
    columns.extend([number("Components"), number("Stitched")]);
    let row = |it: &Team| {
        let mut row = vec![
            Cell::Text(it.display_name.clone()),
            Cell::Name(it.owner.clone()),
            Cell::Count(it.services),
        ];
        row.extend(it.services_then.map(Cell::Count));
        row.extend([Cell::Count(it.components), Cell::Count(it.stitched)]);
        row
    };
    Section {
        title: "By team",
        says: "What each owner has, and how many of its components are stitched to a Service."
            .to_owned(),
        columns,
        rows: listed.items.iter().map(row).collect(),
        cut: listed.cut(),
        empty: "Nobody owns anything.",
    }
}

fn unclaimed(listed: &Listed<Unclaimed>, not_asked: u64) -> Section {
    let mut says = "Those first that most depends on: the workloads and pods behind them, the Ingresses and routes in front \
                    of them and the components that name them, each counted once."
        .to_owned();
    if not_asked > 0 {
        let _ = write!(
            says,
            " Of {not_asked} it is not known what is around them; they stand last."
        );
    }
    let row = |it: &Unclaimed| {
        vec![
            Cell::Name(it.service.clone()),
            Cell::Count(it.dependents),
            Cell::Count(it.workloads),
            Cell::Count(it.pods),
            Cell::Count(it.in_front),
            Cell::Name(names(&it.named_by, it.named_by.len() as u64)),
        ]
    };
    Section {
        title: "Unclaimed Services",
        says,
        columns: vec![
            column("Service"),
            number("Dependents"),
            number("Workloads"),
            number("Pods"),
            number("In front"),
            column("Named by"),
        ],
        rows: listed.items.iter().map(row).collect(),
        cut: listed.cut(),
        empty: "Every Service is claimed.",
    }
}

fn components(title: &'static str, says: &str, listed: &Listed<Component>) -> Section {
    let row = |it: &Component| {
        vec![
            Cell::Name(it.component.clone()),
            Cell::Name(names(&it.clusters, it.clusters.len() as u64)),
            Cell::Text(it.verdict.to_string()),
            Cell::Name(it.owner.clone().unwrap_or_default()),
            Cell::Text(it.reason.clone()),
        ]
    };
    Section {
        title,
        says: says.to_owned(),
        columns: vec![
            column("Component"),
            column("Clusters"),
            column("Verdict"),
            column("Owner"),
            column("Why"),
        ],
        rows: listed.items.iter().map(row).collect(),
        cut: listed.cut(),
        empty: "There is none.",
    }
}

fn owners(report: &Report) -> [Section; 3] {
    let dangling = report.dangling_owners.items.iter().map(|it| {
        vec![
            Cell::Name(it.owner.clone()),
            Cell::Count(it.components.total),
            Cell::Name(names(&it.components.items, it.components.total)),
        ]
    });
    let unreachable = report.owners_without_contact.items.iter().map(|it| {
        vec![
            Cell::Text(it.display_name.clone()),
            Cell::Name(it.owner.clone()),
            Cell::Count(it.services),
            Cell::Count(it.components),
        ]
    });
    let duplicates = report.duplicate_ids.items.iter().map(|it| {
        vec![
            Cell::Name(it.kubernetes_id.clone()),
            Cell::Name(it.kubernetes_namespace.clone().unwrap_or_default()),
            Cell::Name(names(&it.clusters, it.clusters.len() as u64)),
            Cell::Name(names(&it.components, it.components.len() as u64)),
        ]
    });
    let mut reached = "They own something, and neither they nor a Group above them has an e-mail address, a channel or a link."
        .to_owned();
    if report.owners_not_asked > 0 {
        let count = counted(report.owners_not_asked, "owner was", "owners were");
        let _ = write!(reached, " {count} not looked at: there are too many.");
    }
    [
        Section {
            title: "Owners that are not there",
            says: "What components name as their owner, and no catalog has.".to_owned(),
            columns: vec![column("Named"), number("Components"), column("By")],
            rows: dangling.collect(),
            cut: report.dangling_owners.cut(),
            empty: "Every owner that is named is there.",
        },
        Section {
            title: "Owners without contacts",
            says: reached,
            columns: vec![
                column("Team"),
                column("Reference"),
                number("Services"),
                number("Components"),
            ],
            rows: unreachable.collect(),
            cut: report.owners_without_contact.cut(),
            empty: "Every owner can be reached.",
        },
        Section {
            title: "Duplicate Kubernetes ids",
            says: "Several components with the same Kubernetes id and namespace in a cluster: at most one of them gets the Service."
                .to_owned(),
            columns: vec![
                column("Kubernetes id"),
                column("Namespace"),
                column("Clusters"),
                column("Components"),
            ],
            rows: duplicates.collect(),
            cut: report.duplicate_ids.cut(),
            empty: "Every id is that of one component.",
        },
    ]
}

/// The first names, and how many more there are.
pub(super) fn names(names: &[String], total: u64) -> String {
    let shown = names.iter().take(NAMES).cloned();
    let shown: Vec<String> = shown.collect();
    let more = total.saturating_sub(shown.len() as u64);
    let shown = shown.join(", ");
    match more {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
