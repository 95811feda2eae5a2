//! What is written back to a cluster, as a difference to read.

use std::io::{self, Write};

use super::paint::{Paint, Style};
use super::screen::{counted, printable};
use crate::writeback::{Change, Clash, Plan};

/// Writes what changes on each object, what others have, and the counts.
pub(crate) fn write(
    cluster: &str,
    plan: &Plan,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    for step in &plan.steps {
        let object = &step.object;
        let name = format!(
            "{} {cluster}/{}/{}",
            object.kind.as_str(),
            object.namespace,
            object.name
        );
        writeln!(out, "{}", paint.paint(Style::Heading, printable(&name)))?;
        for change in &step.changes {
            write_change(change, paint, out)?;
        }
    }
    for clash in &plan.clashes {
        write_clash(cluster, clash, paint, out)?;
    }
    let steps = plan.steps.len() as u64;
    let mut counts = vec![
        counted(steps, "object to write", "objects to write"),
        format!("{} as they should be", plan.unchanged),
    ];
    if !plan.clashes.is_empty() {
        let clashes = plan.clashes.len() as u64;
        counts.push(counted(
            clashes,
            "annotation that somebody else has",
            "annotations that somebody else has",
        ));
    }
    writeln!(out, "cluster {}: {}", printable(cluster), counts.join(", "))
}

fn write_change(change: &Change, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let key = printable(&change.key).into_owned();
    match (&change.before, &change.after) {
        (None, Some(after)) => {
            let line = format!("+ {key}: {}", printable(after));
            writeln!(out, "  {}", paint.paint(Style::Good, line))
        }
        (Some(before), None) => {
            let line = format!("- {key}: {}", printable(before));
            writeln!(out, "  {}", paint.paint(Style::Error, line))
        }
        (before, after) => {
            let text = |side: &Option<Box<str>>| {
                let side = side.as_deref().unwrap_or_default();
                printable(side).into_owned()
            };
            let line = format!("~ {key}: {}, was {}", text(after), text(before));
            writeln!(out, "  {}", paint.paint(Style::Warning, line))
        }
    }
}

fn write_clash(cluster: &str, clash: &Clash, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let name = format!(
        "{} {cluster}/{}/{}",
        clash.object.kind.as_str(),
        clash.object.namespace,
        clash.object.name
    );
    writeln!(out, "{}", paint.paint(Style::Heading, printable(&name)))?;
    let who = clash
        .manager
        .as_deref()
        .map_or_else(String::new, |manager| format!(" by `{manager}`"));
    let line = format!(
        "! {}: {}{who}, left alone; it should be {}",
        clash.key, clash.theirs, clash.wanted
    );
    writeln!(out, "  {}", paint.paint(Style::Warning, printable(&line)))
}

/// Says that nothing is taken away, and why.
pub(crate) fn write_withheld(why: &str, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let word = paint.paint(Style::Warning, "warning");
    writeln!(
        out,
        "{word}: no annotation is taken away, because {}",
        printable(why)
    )
}

/// Says what was written.
pub(crate) fn write_done(
    cluster: &str,
    done: usize,
    gone: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let written = counted(done as u64, "object written", "objects written");
    let gone = match gone {
        0 => String::new(),
        gone => format!(", {gone} gone meanwhile"),
    };
    writeln!(out, "cluster {}: {written}{gone}", printable(cluster))
}
