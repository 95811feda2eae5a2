//! What is suggested, as a list to read.

use std::io::{self, Write};

use super::paint::{Paint, Style};
use super::screen::{counted, printable};
use crate::suggest::{ByHand, Draft, Evidence, Patch, Suggestions};

/// Writes it: changes, drafts, and what is to be done by hand.
pub(crate) fn write(made: &Suggestions, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let heading = |count: usize, one: &str, many: &str| {
        paint.paint(Style::Heading, counted(count as u64, one, many))
    };
    let patches = heading(
        made.patches.len(),
        "change to a component, with how sure it is",
        "changes to components, the surest first",
    );
    writeln!(out, "{patches}")?;
    for patch in &made.patches {
        write_patch(patch, paint, out)?;
    }
    let drafts = heading(
        made.drafts.len(),
        "draft for a Service that nobody has",
        "drafts for Services that nobody has, the surest owner first",
    );
    writeln!(out, "\n{drafts}")?;
    for draft in &made.drafts {
        write_draft(draft, paint, out)?;
    }
    let by_hand = heading(made.by_hand.len(), "thing by hand", "things by hand");
    writeln!(out, "\n{by_hand}")?;
    for by_hand in &made.by_hand {
        write_by_hand(by_hand, paint, out)?;
    }
    if made.not_asked > 0 {
        let count = counted(made.not_asked, "component was", "components were");
        writeln!(out, "\n{count} not looked at: there are too many")?;
    }
    Ok(())
}

fn write_patch(patch: &Patch, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let services = patch.services.join(", ");
    writeln!(
        out,
        "  {}  {} is {}",
        sure(patch.confidence, paint),
        printable(&patch.component),
        printable(&services)
    )?;
    for change in &patch.changes {
        let from = change.from.as_deref().unwrap_or("nothing");
        let line = format!("{}: {from} -> {}", change.path, change.to);
        let line = printable(&line).into_owned();
        writeln!(out, "        {}", paint.paint(Style::Hint, line))?;
    }
    write_evidence(&patch.evidence, paint, out)
}

fn write_draft(draft: &Draft, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let services = draft.services.join(", ");
    let owner = match &draft.owner {
        Some(owner) => format!("owner {owner}"),
        None => "nobody is known to own it".to_owned(),
    };
    writeln!(
        out,
        "  {}  {}: component {}, {}",
        sure(draft.confidence, paint),
        printable(&services),
        printable(&draft.name),
        printable(&owner)
    )?;
    write_evidence(&draft.evidence, paint, out)
}

fn write_evidence(evidence: &[Evidence], paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    for evidence in evidence {
        let line = format!("{:.2}  {}", evidence.factor, printable(&evidence.says));
        writeln!(out, "        {}", paint.paint(Style::Faint, line))?;
    }
    Ok(())
}

fn write_by_hand(by_hand: &ByHand, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "  {} in {}: {}",
        printable(&by_hand.component),
        printable(&by_hand.clusters.join(", ")),
        paint.paint(Style::Warning, by_hand.verdict)
    )?;
    writeln!(out, "        {}", printable(&by_hand.reason))?;
    if let Some(fix) = &by_hand.fix {
        writeln!(out, "        {}", paint.paint(Style::Hint, printable(fix)))?;
    }
    Ok(())
}

fn sure(confidence: f64, paint: Paint) -> String {
    let style = if confidence >= 0.8 {
        Style::Good
    } else {
        Style::Warning
    };
    paint.paint(style, format!("{confidence:.2}"))
}
