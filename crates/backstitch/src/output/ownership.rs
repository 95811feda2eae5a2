//! Who owns something and how to reach them, for people.

use std::collections::BTreeMap;
use std::io::{self, Write};

use api::{OwnerContact, OwnerReasoning, ResolveAnswer, ResolvedOwner};

use super::diff::words;
use super::explanation::outcome_words;
use super::paint::{Paint, Style};
use super::screen::printable;

/// Writes an answer about a Service or a workload.
pub(crate) fn write(
    subject: &str,
    answer: &ResolveAnswer,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let named = match (&answer.workload, &answer.service) {
        (Some(workload), _) => format!("{} {}", workload.kind, workload.place()),
        (None, Some(service)) => format!("Service {service}"),
        (None, None) => subject.to_owned(),
    };
    writeln!(out, "{}", paint.paint(Style::Heading, printable(&named)))?;
    if let Some(at) = &answer.at {
        field("at", at, out)?;
    }
    if answer
        .owners
        .iter()
        .all(|resolved| resolved.owner.is_none())
    {
        let is = if answer.at.is_some() { "was" } else { "is" };
        let nobody = match answer
            .owners
            .iter()
            .find_map(|resolved| resolved.component.as_deref())
        {
            Some(component) => {
                let has = if answer.at.is_some() { "had" } else { "has" };
                format!("nobody: `{component}` {is} stitched to it and {has} no owner")
            }
            None if answer.owners.is_empty() => "nobody".to_owned(),
            None => format!("nobody: no component {is} stitched to it"),
        };
        field(
            "owner",
            &paint.paint(Style::Warning, printable(&nobody)),
            out,
        )?;
    }
    let several = answer.owners.len() > 1;
    for resolved in &answer.owners {
        let Some(owner) = &resolved.owner else {
            if several {
                field(
                    "owner",
                    &format!("nobody, by Service {}", resolved.service),
                    out,
                )?;
            }
            since(resolved, out)?;
            continue;
        };
        contact(owner, paint, out)?;
        if several || answer.workload.is_some() {
            field("service", &resolved.service, out)?;
        }
        if let Some(component) = &resolved.component {
            field("component", component, out)?;
        }
        since(resolved, out)?;
    }
    let confidence = match answer.confidence {
        api::Confidence::Exact => "exact: the Service itself",
        api::Confidence::Inherited => "inherited from the Service it is behind",
        api::Confidence::Guess => "a guess: by its name",
        api::Confidence::Shared => "shared: its Services have different owners",
        api::Confidence::Unknown => "unknown",
    };
    field("confidence", confidence, out)?;
    list("path", &answer.path, out)?;
    list("candidates", &answer.candidates, out)
}

/// Since when it was so, and what made it so; nothing where it is asked about now.
fn since(resolved: &ResolvedOwner, out: &mut dyn Write) -> io::Result<()> {
    match (&resolved.since, &resolved.cause) {
        (Some(since), Some(cause)) => {
            let shown = format!("{since}, by {}", words(cause));
            field("since", &printable(&shown), out)
        }
        _ => Ok(()),
    }
}

/// Writes the owner of a component, per instance.
pub(crate) fn write_component(
    reference: &str,
    by_instance: &BTreeMap<&str, &OwnerReasoning>,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    if by_instance.is_empty() {
        writeln!(out, "{}", paint.paint(Style::Heading, printable(reference)))?;
        return field(
            "owner",
            "unknown: its instance covers no cluster that was read",
            out,
        );
    }
    for (instance, reasoning) in by_instance {
        let heading = format!(
            "{} of catalog {}",
            printable(reference),
            printable(instance)
        );
        writeln!(out, "{}", paint.paint(Style::Heading, heading))?;
        match &reasoning.owner {
            Some(owner) => contact(owner, paint, out)?,
            None => field("owner", &paint.paint(Style::Warning, "nobody"), out)?,
        }
        if let Some(source) = &reasoning.source {
            field("source", source, out)?;
        }
        let tried: Vec<String> = reasoning
            .tried
            .iter()
            .map(|tried| {
                format!(
                    "{} = {}: {}",
                    tried.path,
                    tried.target,
                    outcome_words(tried.outcome)
                )
            })
            .collect();
        list("path", &tried, out)?;
    }
    Ok(())
}

fn contact(owner: &OwnerContact, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let name = printable(&owner.display_name);
    let shown = format!("{} ({})", paint.paint(Style::Good, name), owner.reference);
    field("owner", &shown, out)?;
    match (&owner.email, owner.contacts.is_empty()) {
        (Some(email), _) => field("e-mail", &printable(email), out)?,
        (None, true) => field("e-mail", "none in the catalog", out)?,
        (None, false) => {}
    }
    for way in &owner.contacts {
        let mut shown = printable(&way.value).into_owned();
        if let Some(title) = &way.title {
            shown = format!("{shown} ({})", printable(title));
        }
        if let Some(of) = &owner.contacts_of {
            shown = format!("{shown}, of {of}");
        }
        field(way.kind.as_str(), &shown, out)?;
    }
    Ok(())
}

fn field(name: &str, value: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  {name:<10}  {value}")
}

fn list(name: &str, values: &[String], out: &mut dyn Write) -> io::Result<()> {
    let names = std::iter::once(name).chain(std::iter::repeat(""));
    names
        .zip(values)
        .try_for_each(|(name, value)| field(name, &printable(value), out))
}
