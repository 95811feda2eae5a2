//! What people decided, for people. A block for each; texts that others wrote are never trusted.

use std::io::{self, Write};

use api::{Decision, DecisionKind, DecisionRequest, DecisionState};

use super::paint::{Paint, Style};
use super::screen::{counted, printable};

/// Writes a line of counts and a block for each.
pub(crate) fn write(decisions: &[Decision], paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let count = counted(decisions.len() as u64, "decision", "decisions");
    let states: Vec<String> = DecisionState::ALL
        .iter()
        .map(|state| {
            let of = decisions.iter().filter(|it| it.state == *state);
            (of.count(), state)
        })
        .filter(|(count, _)| *count > 0)
        .map(|(count, state)| format!("{count} {}", in_words(*state)))
        .collect();
    match states.as_slice() {
        [] => writeln!(out, "{count}")?,
        states => writeln!(out, "{count}: {}", states.join(", "))?,
    }
    for decision in decisions {
        writeln!(out)?;
        write_one(decision, paint, out)?;
    }
    Ok(())
}

/// Writes one.
pub(crate) fn write_one(decision: &Decision, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let what = what(
        decision.kind,
        &Named {
            component: decision.component.as_deref(),
            instance: decision.instance.as_deref(),
            service: decision.service.as_deref(),
            source: decision
                .source
                .as_ref()
                .map(|source| format!("{} {}", source.kind, source.name)),
        },
    );
    writeln!(
        out,
        "{} {}",
        paint.paint(Style::Heading, format!("#{}", decision.id)),
        printable(&what)
    )?;
    let until = decision
        .until
        .as_deref()
        .map_or_else(String::new, |until| format!(", until {until}"));
    let by = format!("{}, {}{until}", decision.author, decision.made_at);
    field("by", &printable(&by), out)?;
    if !decision.reason.is_empty() {
        for line in decision.reason.lines() {
            field("because", &printable(line), out)?;
        }
    }
    if let Some(why) = &decision.stale {
        field("stale", &paint.paint(Style::Warning, printable(why)), out)?;
    }
    if let Some(end) = &decision.ended {
        let by = end
            .by
            .as_deref()
            .map_or_else(String::new, |by| format!(" by {by}"));
        let why = match end.why.as_str() {
            "" => String::new(),
            why => format!(": {why}"),
        };
        field("ended", &printable(&format!("{}{by}{why}", end.at)), out)?;
    }
    Ok(())
}

/// Writes what would be decided.
pub(crate) fn write_planned(
    request: &DecisionRequest,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let what = what(
        request.kind,
        &Named {
            component: request.component.as_deref(),
            instance: request.instance.as_deref(),
            service: request.service.as_deref(),
            source: request
                .source
                .as_ref()
                .map(|source| format!("{} {}", source.kind, source.name)),
        },
    );
    let would = paint.paint(Style::Heading, "would decide:");
    writeln!(out, "{would} {}", printable(&what))
}

/// Writes what would be withdrawn.
pub(crate) fn write_leaving(
    decision: &Decision,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    write!(out, "{} ", paint.paint(Style::Heading, "would withdraw:"))?;
    write_one(decision, paint, out)
}

/// Writes how many stood already.
pub(crate) fn write_unchanged(count: u64, out: &mut dyn Write) -> io::Result<()> {
    if count == 0 {
        return Ok(());
    }
    let already = counted(count, "decision stands already", "decisions stand already");
    writeln!(out, "{already}")
}

/// What a decision names.
struct Named<'d> {
    component: Option<&'d str>,
    instance: Option<&'d str>,
    service: Option<&'d str>,
    source: Option<String>,
}

/// A decision in a sentence.
fn what(kind: DecisionKind, named: &Named<'_>) -> String {
    let component = match (named.component, named.instance) {
        (Some(component), Some(instance)) => format!("{component} of {instance}"),
        (Some(component), None) => component.to_owned(),
        (None, _) => String::new(),
    };
    let service = named.service.unwrap_or_default();
    match kind {
        DecisionKind::Pin => format!("{component} is {service}"),
        DecisionKind::Prefer => format!("{component} has {service}, whoever else claims it"),
        DecisionKind::Ignore if component.is_empty() => {
            format!("{service} need not have an owner")
        }
        DecisionKind::Ignore => format!("{component} need not run"),
        DecisionKind::ConfirmRemovals => {
            let source = named.source.as_deref().unwrap_or_default();
            format!("what is held back of {source} is gone")
        }
    }
}

fn in_words(state: DecisionState) -> &'static str {
    match state {
        DecisionState::InForce => "in force",
        DecisionState::Stale => "stale",
        DecisionState::Ended => "ended",
    }
}

fn field(name: &str, value: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  {name:<9}{value}")
}
