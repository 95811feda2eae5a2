//! What is different since a time, for people and for programs.

use std::io::{self, Write};

use api::Cause;
use serde::Serialize;

use super::paint::{Paint, Style};
use super::screen::{counted, printable};
use crate::diff::{Difference, Kind, Team};

/// All that `backstitch diff` says.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Diff {
    /// The time that is compared with.
    pub since: String,
    /// The time of the server.
    pub until: String,
    /// What is different, by team.
    pub teams: Vec<Team>,
}

/// Writes it by team.
pub(crate) fn write(diff: &Diff, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    if diff.teams.is_empty() {
        return writeln!(out, "nothing is different since {}", diff.since);
    }
    for (index, team) in diff.teams.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        let name = team.team.as_deref().unwrap_or("nobody");
        let count = counted(team.differences.len() as u64, "Service", "Services");
        let heading = format!("{}: {count}", printable(name));
        writeln!(out, "{}", paint.paint(Style::Heading, heading))?;
        let length = |it: &Difference| printable(&it.service).chars().count();
        let width = team.differences.iter().map(length).max().unwrap_or(0);
        for difference in &team.differences {
            let service = printable(&difference.service);
            let pad = width - service.chars().count();
            writeln!(
                out,
                "  {}  {service}{:pad$}  {}, by {}{}",
                difference.time,
                "",
                what(difference, team.team.as_deref(), paint),
                printable(&words(&difference.cause)),
                match difference.changes {
                    1 => String::new(),
                    several => format!(", the last of {several} changes"),
                }
            )?;
        }
    }
    Ok(())
}

/// What happened, as the team sees it.
fn what(difference: &Difference, team: Option<&str>, paint: Paint) -> String {
    let words = difference.kind.words();
    let other = |owner: &Option<String>| {
        let owner = owner.as_deref().unwrap_or("nobody");
        printable(owner).into_owned()
    };
    let (style, text) = match difference.kind {
        Kind::ChangedHands if difference.to.as_deref() == team => (
            Style::Good,
            format!("{words}: from {}", other(&difference.from)),
        ),
        Kind::ChangedHands => (
            Style::Warning,
            format!("{words}: to {}", other(&difference.to)),
        ),
        Kind::Claimed => (Style::Good, words.to_owned()),
        Kind::Appeared => (Style::Heading, words.to_owned()),
        Kind::Gone | Kind::LostItsOwner | Kind::Unclaimed => (Style::Warning, words.to_owned()),
    };
    paint.paint(style, text)
}

/// ``read 9 of catalog `main` ``, or `decision 4`
pub(crate) fn words(cause: &Cause) -> String {
    match cause {
        Cause::Read(read) => format!(
            "read {} of {} `{}`",
            read.generation, read.kind, read.source
        ),
        Cause::Decision(made) => format!("decision {}", made.decision),
    }
}
