//! The table of `stitch`: what became of each component, and which Services nobody owns.
//!
//! Rows are made in two passes, one for the widths and one for the lines, so that a large company costs time and no
//! memory.

use std::io::{self, Write};

use server::render;
use topology::query::{ComponentFilter, ServiceFilter};
use topology::topology::Topology;
use topology::verdict::{OwnerState, ServiceState, Verdict, VerdictKind};

use super::paint::{Paint, Style};
use super::screen::{counted, cut, fold, printable};
use super::walk;

/// How a table is laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// How wide lines may be.
    pub width: usize,
    /// In which colours.
    pub paint: Paint,
}

/// Below this width a row is two lines.
const STACKED_BELOW: usize = 80;
/// The columns.
const HEADER: [&str; 4] = ["COMPONENT", "VERDICT", "OWNER", "SERVICES"];
/// Before the line that says why a component is not stitched.
const INDENT: &str = "    ";
/// Owners give way to the other columns down to this width.
const LEAST_OWNER: usize = 18;
/// Components give way to Services down to this width.
const LEAST_COMPONENT: usize = 26;
/// How many lines Services or a reason take at most.
const MAX_LINES: usize = 3;
/// How many names of a list are shown.
const NAMES_SHOWN: usize = 3;
/// How many Services without an owner are shown.
const SERVICES_SHOWN: usize = 20;
/// What stands between two columns.
const GAP: usize = 2;
/// The width of the longest verdict.
const VERDICT_WIDTH: usize = 17;

/// Writes the components of each cluster under a heading of its own.
pub(crate) fn write(
    topology: &Topology,
    only: &[api::Verdict],
    layout: Layout,
    out: &mut dyn Write,
) -> io::Result<()> {
    let wanted = |row: &api::ComponentRow| only.is_empty() || only.contains(&row.verdict);
    let rows = || {
        walk::verdicts(topology, ComponentFilter::default()).filter_map(|verdict| {
            let row = render::component_row(&verdict);
            wanted(&row).then(|| (Cells::of(topology, &verdict), row))
        })
    };
    let widths = rows().fold(Widths::default(), |widths, (cells, _)| widths.with(&cells));
    let widths = widths.fitted(layout.width);
    let mut cluster = None;
    for (cells, row) in rows() {
        if cluster.as_deref() != Some(row.cluster.as_str()) {
            heading(&row.cluster, widths, layout, out)?;
            cluster = Some(row.cluster.clone());
        }
        line(&cells, row.verdict, widths, layout, out)?;
    }
    if cluster.is_none() {
        writeln!(
            out,
            "\nno component{}",
            if only.is_empty() {
                ""
            } else {
                " has such a verdict"
            }
        )?;
    }
    Ok(())
}

/// The texts of one row.
struct Cells {
    component: String,
    owner: String,
    /// The Services that it is stitched to.
    services: Option<String>,
    /// Why it is stitched to none, or why what it is stitched to has no owner.
    why: Option<String>,
}

impl Cells {
    fn of(topology: &Topology, verdict: &Verdict) -> Self {
        let component = short_reference(&verdict.component.reference.to_string(), "component");
        let component = match topology.instances().nth(1) {
            Some(_) => format!("{component} ({})", verdict.component.instance),
            None => component,
        };
        let owner = match &verdict.owner.owner {
            Some(owner) => short_reference(&owner.reference.to_string(), "group"),
            None => format!("({})", verdict.owner.state.as_str()),
        };
        let (services, why) = match verdict.kind {
            VerdictKind::Stitched => {
                let names = verdict
                    .services
                    .iter()
                    .map(|service| format!("{}/{}", service.namespace, service.name));
                (
                    Some(names_shown(names, verdict.services.len())),
                    why_without_owner(verdict),
                )
            }
            _ => (None, Some(verdict.reason())),
        };
        Self {
            component: printable(&component).into_owned(),
            owner: printable(&owner).into_owned(),
            services: services.map(|services| printable(&services).into_owned()),
            why: why.map(|why| printable(&why).into_owned()),
        }
    }
}

fn why_without_owner(verdict: &Verdict) -> Option<String> {
    match verdict.owner.state {
        OwnerState::Resolved => None,
        OwnerState::None => Some("no owner: no field names one".to_owned()),
        OwnerState::Unresolved => {
            let tried = verdict
                .owner
                .tried
                .iter()
                .map(|tried| format!("`{}`", tried.target));
            let tried = names_shown(tried, verdict.owner.tried.len());
            Some(format!(
                "no owner: {tried} is no Group or User of its catalog"
            ))
        }
    }
}

/// A reference without what goes without saying: the kind that is usual here, and the default namespace.
fn short_reference(reference: &str, kind: &str) -> String {
    let (own_kind, rest) = reference.split_once(':').unwrap_or((kind, reference));
    let rest = rest.strip_prefix("default/").unwrap_or(rest);
    if own_kind == kind {
        rest.to_owned()
    } else {
        format!("{own_kind}:{rest}")
    }
}

fn names_shown(names: impl Iterator<Item = String>, total: usize) -> String {
    let shown: Vec<String> = names.take(NAMES_SHOWN).collect();
    match total.saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Widths of the columns but the verdict's.
#[derive(Clone, Copy, Default)]
struct Widths {
    component: usize,
    owner: usize,
    services: usize,
}

impl Widths {
    fn with(self, cells: &Cells) -> Self {
        let length = |text: &str| text.chars().count();
        Self {
            component: self.component.max(length(&cells.component)),
            owner: self.owner.max(length(&cells.owner)),
            services: self
                .services
                .max(cells.services.as_deref().map_or(0, length)),
        }
    }

    /// As wide as there is room for: first the owners give way, then the components, then the Services.
    fn fitted(self, width: usize) -> Self {
        let room = width.saturating_sub(VERDICT_WIDTH + 3 * GAP);
        let mut component = self.component.max(HEADER[0].len());
        let mut owner = self.owner.max(HEADER[2].len());
        let services = self.services.max(HEADER[3].len());
        let over = (component + owner + services).saturating_sub(room);
        let owner_gives = over.min(owner.saturating_sub(LEAST_OWNER));
        owner -= owner_gives;
        let component_gives = (over - owner_gives).min(component.saturating_sub(LEAST_COMPONENT));
        component -= component_gives;
        Self {
            component,
            owner,
            services: room.saturating_sub(component + owner).max(1),
        }
    }

    /// Where the last column begins.
    fn before_services(self) -> usize {
        self.component + VERDICT_WIDTH + self.owner + 3 * GAP
    }
}

fn heading(cluster: &str, widths: Widths, layout: Layout, out: &mut dyn Write) -> io::Result<()> {
    let cluster = format!("Cluster {}", printable(cluster));
    writeln!(out, "\n{}", layout.paint.paint(Style::Heading, cluster))?;
    if layout.width < STACKED_BELOW {
        return Ok(());
    }
    let [component, verdict, owner, services] = HEADER;
    let columns = format!(
        "{component:<component_width$}  {verdict:<VERDICT_WIDTH$}  {owner:<owner_width$}  {services}",
        component_width = widths.component,
        owner_width = widths.owner,
    );
    writeln!(out, "{}", layout.paint.paint(Style::Faint, columns))
}

fn line(
    cells: &Cells,
    verdict: api::Verdict,
    widths: Widths,
    layout: Layout,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = match verdict {
        api::Verdict::Stitched => Style::Good,
        api::Verdict::Invalid => Style::Error,
        _ => Style::Warning,
    };
    if layout.width < STACKED_BELOW {
        let verdict = layout.paint.paint(style, verdict);
        let owner_room = layout.width.saturating_sub(VERDICT_WIDTH + 4 * GAP).max(1);
        writeln!(out, "{}", cut(&cells.component, layout.width))?;
        writeln!(
            out,
            "    {verdict}, owner {}",
            cut(&cells.owner, owner_room)
        )?;
    } else {
        let verdict = layout
            .paint
            .paint(style, format_args!("{verdict:<VERDICT_WIDTH$}"));
        let start = format!(
            "{:<component$}  {verdict}  {:<owner$}  ",
            cut(&cells.component, widths.component),
            cut(&cells.owner, widths.owner),
            component = widths.component,
            owner = widths.owner,
        );
        let services = folded(cells.services.as_deref().unwrap_or("-"), widths.services);
        let mut services = services.iter();
        writeln!(out, "{start}{}", services.next().map_or("", String::as_str))?;
        let margin = " ".repeat(widths.before_services());
        services.try_for_each(|service| writeln!(out, "{margin}{service}"))?;
    }
    let services = cells
        .services
        .as_ref()
        .filter(|_| layout.width < STACKED_BELOW);
    services
        .into_iter()
        .chain(&cells.why)
        .flat_map(|text| folded(text, layout.width - INDENT.len()))
        .try_for_each(|line| writeln!(out, "{INDENT}{line}"))
}

/// At most [`MAX_LINES`] lines, the last cut where more would follow.
fn folded(text: &str, width: usize) -> Vec<String> {
    let mut lines = fold(text, width);
    if lines.len() > MAX_LINES {
        lines.truncate(MAX_LINES);
        if let Some(last) = lines.last_mut() {
            *last = cut(&format!("{last} …"), width);
        }
    }
    lines
}

/// Writes the Services that nobody owns, the first of them.
pub(crate) fn write_unowned(
    topology: &Topology,
    layout: Layout,
    out: &mut dyn Write,
) -> io::Result<()> {
    let unowned = || {
        walk::services(topology, ServiceFilter::default())
            .map(|id| topology.service(id))
            .filter(|service| service.state != ServiceState::Owned)
    };
    let total = unowned().count();
    if total == 0 {
        return Ok(());
    }
    let heading = format!(
        "{} without an owner",
        counted(total as u64, "Service", "Services")
    );
    writeln!(out, "\n{}", layout.paint.paint(Style::Heading, heading))?;
    let shown: Vec<(String, &'static str)> = unowned()
        .take(SERVICES_SHOWN)
        .map(|service| {
            (
                printable(&service.key().to_string()).into_owned(),
                service.state.as_str(),
            )
        })
        .collect();
    let longest = shown
        .iter()
        .map(|(id, _)| id.chars().count())
        .max()
        .unwrap_or_default();
    let room = layout
        .width
        .saturating_sub("stitched-without-owner".len() + GAP)
        .max(1);
    let width = longest.min(room);
    for (id, state) in &shown {
        writeln!(out, "{:<width$}  {state}", cut(id, width))?;
    }
    match total - shown.len() {
        0 => Ok(()),
        more => writeln!(out, "and {more} more (`-o wide` lists all)"),
    }
}

/// Writes every column of every component, and every Service, nothing cut.
pub(crate) fn write_wide(
    topology: &Topology,
    only: &[api::Verdict],
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let dash = |text: Option<&str>| {
        text.filter(|text| !text.is_empty())
            .unwrap_or("-")
            .to_owned()
    };
    let components = || {
        walk::verdicts(topology, ComponentFilter::default())
            .map(|verdict| render::component_row(&verdict))
            .filter(|row| only.is_empty() || only.contains(&row.verdict))
            .map(|row| {
                let owner = row
                    .owner
                    .reference
                    .clone()
                    .unwrap_or_else(|| format!("({})", row.owner.state));
                let why = match &row.fix {
                    Some(fix) => format!("{}; fix: {fix}", row.reason),
                    None => row.reason.clone(),
                };
                [
                    row.cluster,
                    row.reference,
                    row.instance,
                    row.verdict.as_str().to_owned(),
                    dash(row.rule.map(api::MatchRule::as_str)),
                    dash(Some(&row.services.join(","))),
                    owner,
                    dash(row.owner.source.as_deref()),
                    why,
                ]
            })
    };
    let header = [
        "CLUSTER",
        "COMPONENT",
        "INSTANCE",
        "VERDICT",
        "RULE",
        "SERVICES",
        "OWNER",
        "OWNER SOURCE",
        "WHY",
    ];
    columns(header, components, paint, out)?;
    if !only.is_empty() {
        return Ok(());
    }
    let services = || {
        walk::services(topology, ServiceFilter::default()).map(|id| {
            let row = render::service_row(topology, id);
            [
                row.id,
                row.state.as_str().to_owned(),
                dash(row.component.as_deref()),
                dash(row.owner.as_deref()),
            ]
        })
    };
    columns(
        ["SERVICE", "STATE", "COMPONENT", "OWNER"],
        services,
        paint,
        out,
    )
}

fn columns<const N: usize, I: Iterator<Item = [String; N]>>(
    header: [&str; N],
    rows: impl Fn() -> I,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let widths = rows().fold(header.map(str::len), |widths, row| {
        let mut column = 0;
        widths.map(|width| {
            column += 1;
            width.max(printable(&row[column - 1]).chars().count())
        })
    });
    let line = |cells: [&str; N]| {
        let padded = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{:<width$}", printable(cell)));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    writeln!(out, "\n{}", paint.paint(Style::Faint, line(header)))?;
    rows().try_for_each(|row| writeln!(out, "{}", line(row.each_ref().map(String::as_str))))
}
