//! What the doctor found: lines to read from top to bottom, and the document of `-o json`, whose keys are a stable interface.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use super::paint::{Paint, Style};
use super::screen::{counted, printable};
use crate::doctor::{About, Check, Outcome, Report, Section};

/// Which checks are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// All of them.
    All,
    /// Warnings and failures.
    WhatIsWrong,
}

/// The document.
#[derive(Debug, Serialize)]
pub(crate) struct Document<'r> {
    program: Program,
    checked_at: String,
    outcome: Outcome,
    counts: Counts,
    checks: Vec<Row<'r>>,
}

/// Which program this is, and on which system.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Program {
    version: &'static str,
    build: &'static str,
    os: &'static str,
    architecture: &'static str,
}

impl Program {
    /// This one.
    pub(crate) fn this() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            build: if cfg!(debug_assertions) {
                "debug"
            } else {
                "release"
            },
            os: std::env::consts::OS,
            architecture: std::env::consts::ARCH,
        }
    }
}

#[derive(Debug, Serialize)]
struct Counts {
    ok: usize,
    note: usize,
    warn: usize,
    fail: usize,
}

#[derive(Debug, Serialize)]
struct Row<'r> {
    about: About,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'r str>,
    #[serde(flatten)]
    check: &'r Check,
}

impl<'r> Document<'r> {
    /// Of a report that was made then.
    pub(crate) fn of(report: &'r Report, at: jiff::Timestamp) -> Self {
        let rows = report.checks().map(|(section, check)| Row {
            about: section.about,
            name: section.name.as_deref(),
            check,
        });
        let second = jiff::Timestamp::from_second(at.as_second()).unwrap_or(at);
        Self {
            program: Program::this(),
            checked_at: second.to_string(),
            outcome: report.outcome(),
            counts: Counts {
                ok: report.count(Outcome::Ok),
                note: report.count(Outcome::Note),
                warn: report.count(Outcome::Warn),
                fail: report.count(Outcome::Fail),
            },
            checks: rows.collect(),
        }
    }
}

/// Writes each section with its checks and their remedies, then the counts and what to do first.
pub(crate) fn write(
    report: &Report,
    shown: Shown,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let is_shown = |check: &&Check| shown == Shown::All || check.outcome > Outcome::Note;
    for section in &report.sections {
        let mut checks = section.checks.iter().filter(is_shown).peekable();
        if checks.peek().is_none() {
            continue;
        }
        writeln!(out, "{}", paint.paint(Style::Heading, heading(section)))?;
        for check in checks {
            line(check, paint, out)?;
        }
        writeln!(out)?;
    }
    let counts: Vec<String> = Outcome::ALL
        .iter()
        .rev()
        .map(|outcome| (outcome, report.count(*outcome) as u64))
        .filter(|(_, count)| *count > 0)
        .map(|(outcome, count)| match outcome {
            Outcome::Ok => format!("{count} ok"),
            Outcome::Note => counted(count, "note", "notes"),
            Outcome::Warn => counted(count, "warning", "warnings"),
            Outcome::Fail => counted(count, "failure", "failures"),
        })
        .collect();
    writeln!(out, "{}", counts.join(", "))?;
    let Some((section, check)) = report.first_failure() else {
        return Ok(());
    };
    let what = format!("{}: {}", heading(section), printable(&check.what));
    writeln!(out, "{}: {what}", paint.paint(Style::Hint, "first"))?;
    match &check.remedy {
        Some(remedy) => indented(remedy, 2, out),
        None => Ok(()),
    }
}

fn line(check: &Check, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let (word, style) = match check.outcome {
        Outcome::Ok => ("ok  ", Style::Good),
        Outcome::Note => ("note", Style::Faint),
        Outcome::Warn => ("warn", Style::Warning),
        Outcome::Fail => ("FAIL", Style::Error),
    };
    writeln!(
        out,
        "  {}  {}: {}",
        paint.paint(style, word),
        printable(&check.what),
        printable(&check.message)
    )?;
    match &check.remedy {
        Some(remedy) => indented(remedy, 8, out),
        None => Ok(()),
    }
}

fn indented(text: &str, by: usize, out: &mut dyn Write) -> io::Result<()> {
    text.lines()
        .try_for_each(|line| writeln!(out, "{:by$}{}", "", printable(line)))
}

fn heading(section: &Section) -> Cow<'static, str> {
    match &section.name {
        Some(name) => format!("{} {}", section.about.as_str(), printable(name)).into(),
        None => section.about.as_str().into(),
    }
}
